"""`preview`: what a run over the bodies of a file would change, record by record, before anything is written."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from crosswalk import flow, runtime
from crosswalk.cli import bodies, process
from crosswalk.engine.files import bodies as accepting
from crosswalk.engine.files import lines
from crosswalk.errors import ConfigurationError
from crosswalk.model import Decision
from crosswalk.settings import Settings
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig
from crosswalk.turn.rehearsal import Preview

_ROWS = 1_000


def preview(
    file: Annotated[Path, typer.Argument(help=bodies.TOLD, allow_dash=True)],
    source: Annotated[str, typer.Option(help="Name of the source.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a decision, and one with the bound.")] = False,
    rows: Annotated[int, typer.Option(min=1, help="How many rows of the file are looked at, from its first.")] = _ROWS,
    encoding: bodies.Encoding = lines.ENCODING,
) -> None:
    """Show every change a run would make: before, after and why; nothing is written."""
    process.run(lambda settings: _preview(settings, _Asked(file, source, rows, encoding), as_json=as_json))


@dataclass(frozen=True, slots=True)
class _Asked:
    file: Path
    source: str
    rows: int
    encoding: str


async def _preview(settings: Settings, asked: _Asked, *, as_json: bool) -> int:
    async with runtime.opened(settings) as parts:
        configuration = await parts.engine.configuration.current()
        source = bodies.source_named(configuration, asked.source)
        with bodies.opened(asked.file, source, settings.max_body_bytes, asked.encoding) as opened:
            accepted = accepting.accepted(source, islice(opened.items, asked.rows), parts.engine.clock.now(), parts.engine.ids.new)
            is_more = next(opened.items, None) is not None
        for item in accepted.invalid:
            typer.echo(f"invalid {item.code}: {item.sentence}", err=True)
        for connection in connections_of(configuration, source):
            org = await parts.orgs.of(connection)
            shown = await flow.preview(parts.engine, org, source, accepted.events)
            if as_json:
                _as_json(connection, shown)
            else:
                _as_text(connection, shown, len(accepted.events))
        if is_more:
            typer.echo(f"Only the first {asked.rows:,} rows were looked at; --rows looks at more.", err=True)
    return 0


def connections_of(configuration: Configuration, source: SourceConfig) -> list[ConnectionConfig]:
    """Return the connections that syncs of a source write to; raise `ConfigurationError` when there are none."""
    ids = dict.fromkeys(sync.connection_id for sync in configuration.syncs_of(source.id))
    found = [configuration.connections[each] for each in ids if each in configuration.connections]
    if not found:
        raise ConfigurationError(f"No sync uses the source {source.name!r}; add one to the workspace and apply it.")
    return found


def _as_json(connection: ConnectionConfig, shown: Preview) -> None:
    lines = [*map(_plain, _once(shown.decisions)), {"api_calls_at_most": shown.calls_at_most}]
    for line in lines:
        typer.echo(json.dumps({"connection": connection.name, **line}, ensure_ascii=False, default=str))


def _plain(decision: Decision) -> dict[str, Any]:
    change = decision.change
    shown: dict[str, Any] = {
        "state": decision.state.value,
        "reason": decision.reason.value if decision.reason else None,
        "detail": decision.detail,
        "object": decision.object,
        "record_id": decision.record_id,
        "step": decision.draft.step,
        "key": decision.draft.key,
        "notes": [note.sentence for note in decision.notes],
    }
    if change:
        shown |= {"operation": change.operation.value, "before": dict(change.before), "after": dict(change.fields)}
        shown["why"] = dict(change.reasons)
    return shown


def _as_text(connection: ConnectionConfig, shown: Preview, events: int) -> None:
    console = process.console()
    decisions = _once(shown.decisions)
    for decision in decisions:
        for line in _lines(decision):
            console.print(line, soft_wrap=True)
    counts = Counter(_title(decision) for decision in decisions)
    console.print(f"\n{events} events for {escape(connection.name)}:", style="bold")
    for title, count in sorted(counts.items()):
        console.print(f"  {count:>6}  {escape(title)}")
    console.print(f"  {shown.calls_at_most:>6}  API calls at most")


def _once(decisions: Iterable[Decision]) -> list[Decision]:
    """Leave out steps that ended for the same reason as an earlier step of their event, before there was a record to speak of."""
    seen: set[tuple[str, str | None]] = set()
    kept = []
    for one in decisions:
        mark = (one.draft.key, one.reason)
        if one.draft.origins or mark not in seen:
            kept.append(one)
        if not one.draft.origins:
            seen.add(mark)
    return kept


def _title(decision: Decision) -> str:
    if decision.change:
        return f"{decision.change.operation.value} {decision.object}"
    return (
        f"{decision.state.value}: {decision.reason.value}" if decision.reason else f"{decision.state.value} {decision.object or ''}".strip()
    )


def _lines(decision: Decision) -> Sequence[str]:
    change = decision.change
    where = escape(f"{decision.object or decision.draft.step} {decision.record_id or ''}".strip())
    lines = []
    if change:
        lines.append(f"[bold]{change.operation.value}[/bold] {where}  [dim]{escape(decision.draft.key)}[/dim]")
        lines += [_field(name, change.before.get(name), value, change.reasons.get(name, "")) for name, value in change.fields.items()]
    elif decision.reason:
        why = decision.detail or decision.reason.sentence
        lines.append(f"[yellow]{decision.state.value}[/yellow] {where}  {decision.reason.value}: {escape(why)}")
    return [*lines, *(f"    note: {escape(note.sentence)}" for note in decision.notes)]


def _field(name: str, before: Any, after: Any, why: str) -> str:
    return f"    {escape(name)}: {_value(before)} → {_value(after)}  [dim]{escape(why)}[/dim]"


def _value(value: Any) -> str:
    return "(empty)" if value in (None, "") else escape(json.dumps(value, ensure_ascii=False, default=str))
