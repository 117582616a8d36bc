"""`run`: does what `preview` shows, at backfill priority, and ends when it is done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from crosswalk import runtime
from crosswalk.cli import bodies, draining, preview, process
from crosswalk.inbox.receive import Receipt
from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind
from crosswalk.model import Accepted, Priority
from crosswalk.runtime import Runtime
from crosswalk.settings import Settings
from crosswalk.sources import registry
from crosswalk.store.configuration import SourceConfig

_AT_ONCE = 500


def run(
    file: Annotated[
        Path, typer.Option("--file", help="JSON lines of bodies as the source posts them; - reads standard input.", allow_dash=True)
    ],
    source: Annotated[str, typer.Option(help="Name of the source.")],
) -> None:
    """Write what the bodies of a file say, and end when all of it is done; 1 when something is held or waits."""
    process.run(lambda settings: _run(settings, file, source))


async def _run(settings: Settings, file: Path, name: str) -> int:
    stop, console, found = process.stop_on_signal(), process.console(), bodies.read(file)
    async with runtime.opened(settings) as parts:
        engine = parts.engine
        configuration = await engine.configuration.current()
        source = bodies.source_named(configuration, name)
        for connection in preview.connections_of(configuration, source):
            await parts.orgs.of(connection)  # a login that fails is told now, not when the work is queued
        accepted = bodies.accepted(source, found, engine.clock.now(), engine.ids.new)
        async with engine.database.write() as tx:
            run_id = await runs.start(tx, engine.ids, RunKind.BACKFILL, engine.clock.now(), source_id=source.id)
        receipt = await _received(parts, source, accepted, run_id)
        console.print(f"run {run_id}: {receipt.events:,} events, {receipt.notices:,} notices, {receipt.repeats:,} received before")
        for item in accepted.invalid:
            console.print(f"invalid {item.code}: {item.sentence}", markup=False)
        code = await draining.drain(parts, run_id, stop, console)
    return code or (process.ERROR if receipt.invalid else 0)


async def _received(parts: Runtime, source: SourceConfig, accepted: Accepted, run_id: str) -> Receipt:
    """Take everything into the inbox, some hundred events a commit."""
    kind, total = registry.source(source.kind), Receipt()
    for part in _parts(accepted):
        receipt = await parts.receiver.receive(source, part, fingerprint=kind.fingerprint, run_id=run_id, priority=Priority.BACKFILL)
        total = Receipt(
            events=total.events + receipt.events,
            notices=total.notices + receipt.notices,
            repeats=total.repeats + receipt.repeats,
            invalid=total.invalid + receipt.invalid,
        )
    return total


def _parts(accepted: Accepted) -> Iterator[Accepted]:
    yield replace(accepted, events=())
    for start in range(0, len(accepted.events), _AT_ONCE):
        yield Accepted(events=accepted.events[start : start + _AT_ONCE])
