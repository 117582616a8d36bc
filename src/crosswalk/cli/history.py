"""`log` and `replay`: what became of deliveries, and another attempt at those one chooses."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import runtime
from crosswalk.cli import bodies, draining, failed_calls, process
from crosswalk.errors import ConfigurationError
from crosswalk.inbox import deliveries
from crosswalk.journal import log as journal
from crosswalk.journal import outcomes, runs
from crosswalk.journal.log import Entry, Filter
from crosswalk.journal.runs import RunKind
from crosswalk.reasons import Reason, State
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration

_EVERYTHING = 1_000_000

States = Annotated[list[State] | None, typer.Option("--state", help="Only deliveries in this state; may be given again.")]
Reasons = Annotated[list[Reason] | None, typer.Option("--reason", help="Only deliveries with this reason; may be given again.")]
SourceName = Annotated[str | None, typer.Option("--source", help="Only deliveries of this source.")]
SyncName = Annotated[str | None, typer.Option("--sync", help="Only deliveries of this sync.")]
RunId = Annotated[str | None, typer.Option("--run", help="Only deliveries of this run.")]


def log(
    state: States = None,
    reason: Reasons = None,
    source: SourceName = None,
    sync: SyncName = None,
    run: RunId = None,
    record: Annotated[str | None, typer.Option(help="Only deliveries that led to this Salesforce record.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only deliveries received since then, UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a delivery, its steps included.")] = False,
    callouts: Annotated[bool, typer.Option("--callouts", help="Show calls to a source or to Salesforce that failed, instead.")] = False,
) -> None:
    """Show deliveries, newest first: how each ended, or what it waits for; or the calls that failed."""
    moment = since.replace(tzinfo=UTC) if since else None
    if callouts:
        if state or reason or sync or run or record:
            raise typer.BadParameter("--callouts goes with --source, --since, --limit and --json only.")
        process.run(lambda settings: failed_calls.show(settings, source, moment, limit, as_json=as_json))
    chosen = Filter(states=state or (), reasons=reason or (), run_id=run, record_id=record, since=moment)
    process.run(lambda settings: _log(settings, chosen, source, sync, limit, as_json=as_json))


def replay(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of deliveries, as `log` shows them.")] = None,
    state: States = None,
    reason: Reasons = None,
    source: SourceName = None,
    sync: SyncName = None,
    run: RunId = None,
) -> None:
    """Try deliveries again, by id or all that a filter finds, and end when that is done."""
    if not (ids or state or reason or source or sync or run):
        raise typer.BadParameter("Name deliveries by id, or choose them with --state, --reason, --source, --sync or --run.")
    chosen = Filter(states=state or (), reasons=reason or (), run_id=run)
    process.run(lambda settings: _replay(settings, ids or [], chosen, source, sync))


async def _log(settings: Settings, chosen: Filter, source: str | None, sync: str | None, limit: int, *, as_json: bool) -> int:
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        wanted = _narrowed(chosen, configuration, source, sync)
        async with parts.database.read() as tx:
            page = await journal.page(tx, wanted, limit)
            if as_json:
                for entry in page.entries:
                    typer.echo(json.dumps(await _plain(tx, entry, configuration), ensure_ascii=False, default=str))
                return 0
    console = process.console()
    console.print(_table(page.entries, configuration))
    if page.next:
        console.print("There are more; narrow the filter or raise --limit.")
    return 0


async def _replay(settings: Settings, ids: Sequence[str], chosen: Filter, source: str | None, sync: str | None) -> int:
    stop, console = process.stop_on_signal(), process.console()
    async with runtime.opened(settings) as parts:
        engine = parts.engine
        wanted = _narrowed(chosen, await engine.configuration.current(), source, sync)
        async with parts.database.write() as tx:
            found = tuple(ids) or await journal.ids(tx, wanted, _EVERYTHING)
            run_id = await runs.start(tx, engine.ids, RunKind.REPLAY, engine.clock.now())
            queued = await deliveries.replay(tx, found, engine.clock.now(), run_id)
        console.print(f"run {run_id}: {len(queued):,} of {len(found):,} deliveries queued again")
        if len(queued) < len(found):
            console.print("The others do not exist, or their payload is no longer kept.")
        code = await draining.drain(parts, run_id, stop, console)
    return code or (process.ERROR if len(queued) < len(found) else 0)


def _narrowed(chosen: Filter, configuration: Configuration, source: str | None, sync: str | None) -> Filter:
    """Return the filter with names turned into ids; raise `ConfigurationError` for a name nobody has."""
    source_id = bodies.source_named(configuration, source).id if source else None
    sync_id = None
    if sync:
        found = next((each for each in configuration.syncs.values() if each.name == sync), None)
        if found is None:
            known = ", ".join(sorted(each.name for each in configuration.syncs.values())) or "none"
            raise ConfigurationError(f"There is no sync named {sync!r}; known are: {known}.")
        sync_id = found.id
    return replace(chosen, source_id=source_id, sync_id=sync_id)


def _table(entries: Sequence[Entry], configuration: Configuration) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("delivery", no_wrap=True)
    for title in ("received", "source", "event", "sync", "outcome", "detail"):
        table.add_column(title, overflow="fold")
    for entry in entries:
        delivery = entry.delivery
        outcome = f"{delivery.state}({delivery.reason})" if delivery.reason else delivery.state.value
        names = _names(entry, configuration)
        received = entry.received_at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(delivery.id, received, names["source"], entry.event_type, names["sync"], outcome, escape(entry.detail))
    return table


async def _plain(tx: AsyncConnection, entry: Entry, configuration: Configuration) -> dict[str, Any]:
    delivery = entry.delivery
    steps = [msgspec.to_builtins(step) for step in await outcomes.of_delivery(tx, delivery.id)]
    return {
        "id": delivery.id,
        "event_id": delivery.event_id,
        "type": entry.event_type,
        **_names(entry, configuration),
        "occurred_at": delivery.occurred_at,
        "received_at": entry.received_at,
        "state": delivery.state,
        "reason": delivery.reason,
        "detail": entry.detail,
        "due_at": delivery.due_at,
        "attempts": delivery.attempts,
        "run_id": delivery.run_id,
        "steps": [{name: value for name, value in step.items() if name not in {"delivery_id", "due_at"}} for step in steps],
    }


def _names(entry: Entry, configuration: Configuration) -> dict[str, str]:
    source, sync = configuration.sources.get(entry.source_id), configuration.syncs.get(entry.delivery.sync_id)
    return {"source": source.name if source else entry.source_id, "sync": sync.name if sync else entry.delivery.sync_id}
