"""Works off one run in this process until everything of it has ended, or waits for something that will not come by itself.

Another worker may be at work beside us: whoever is first has the lanes, and the other looks on.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.cli import process
from crosswalk.cli.pace import Pace
from crosswalk.engine.worker import Worker
from crosswalk.errors import PauseConnection, RetryLater
from crosswalk.journal import log, runs, tallies
from crosswalk.journal.log import Entry, Filter
from crosswalk.journal.runs import RunState
from crosswalk.reasons import Reason, State
from crosswalk.runtime import Runtime
from crosswalk.store import tables

_GOES_ON = frozenset({Reason.QUEUED, Reason.CLAIMED, Reason.SETTLING})
_POLL_SECONDS = 0.3
_LOOKS_SHARE = 20  # counting a long run takes seconds: no more than a twentieth of the time goes into looking on
_EXAMPLES = 5
_UNHAPPY = (State.HELD, State.WAITING)


Counts = Mapping[str, int]
Left = Counter[tuple[str, str]]  # how many deliveries of a run are held or wait, by state and reason


async def drain(parts: Runtime, run_id: str, stop: asyncio.Event, console: Console) -> int:
    """Work until the run has ended, tell what it came to, and return the exit code: 0 when nothing is held or waits."""
    worker, clock = parts.worker(), parts.engine.clock
    next_look = 0.0
    with Pace(console, clock, "deliveries").counting(0) as pace:
        while not stop.is_set():
            worked = await _swept(worker)
            began = clock.monotonic()
            if worked and began < next_look:
                continue
            ended, left = await _looked(parts, run_id)
            next_look = clock.monotonic() + _LOOKS_SHARE * (clock.monotonic() - began)
            total = ended + left.total()
            done = total - sum(number for (state, _), number in left.items() if state == State.WAITING)
            pace.reached(done, f"{done:,} of {total:,}", total)
            if not _moving(left):
                break
            if not worked:
                await _refuse_paused(parts, run_id)
                await clock.sleep(_POLL_SECONDS)
    return await _finished(parts, run_id, console, stopped=stop.is_set())


async def _swept(worker: Worker) -> int:
    try:
        return await worker.sweep(linger=False)
    except RetryLater:  # somebody else has the database for a moment
        return 0


async def _looked(parts: Runtime, run_id: str) -> tuple[int, Left]:
    """Count the deliveries of a run: those that are done with, and those that are held or wait."""
    delivery = tables.delivery
    kinds = {(reason.state.value, reason.value): (delivery.c.reason == reason.value) for reason in Reason if reason.state in _UNHAPPY}
    rows = select(delivery.c.id).where(delivery.c.run_id == run_id)
    async with parts.database.read() as tx:
        total = await tx.scalar(rows.with_only_columns(func.count())) or 0
        left = Counter(await tallies.tally(tx, rows, kinds))
    return total - left.total(), left


def _moving(left: Left) -> bool:
    """Whether something goes on by itself, soon."""
    return any(state == State.WAITING and reason in _GOES_ON for state, reason in left)


async def _refuse_paused(parts: Runtime, run_id: str) -> None:
    """Raise `PauseConnection` when nothing can go on because the connection is paused; the run ends with that."""
    configuration = await parts.engine.configuration.current()
    async with parts.database.read() as tx:
        page = await log.page(tx, Filter(states=(State.WAITING,), run_id=run_id), 1)
    for entry in page.entries:
        connection = configuration.connections[configuration.syncs[entry.delivery.sync_id].connection_id]
        if connection.paused_reason:
            async with parts.database.write() as tx:
                await runs.finish(tx, run_id, RunState.STOPPED, parts.engine.clock.now(), connection.paused_reason)
            raise PauseConnection(f"The connection {connection.name!r} is paused: {connection.paused_reason}")


async def _finished(parts: Runtime, run_id: str, console: Console, *, stopped: bool) -> int:
    _, left = await _looked(parts, run_id)
    end = RunState.STOPPED if stopped else RunState.DONE
    async with parts.database.write() as tx:
        totals = await runs.finish(tx, run_id, end, parts.engine.clock.now())
    async with parts.database.read() as tx:
        examples = (await log.page(tx, Filter(states=_UNHAPPY, run_id=run_id), _EXAMPLES)).entries if left else ()
        written = await _written(tx, run_id)
    _tell(console, totals.deliveries, written, left, examples)
    if stopped:
        console.print("Stopped; a running `crosswalk serve` or `crosswalk worker` goes on with what is left.")
        return process.INTERRUPTED
    return process.ERROR if left else 0


async def _written(tx: AsyncConnection, run_id: str) -> dict[str, int]:
    """Count the records written since the run began for deliveries of it; a change may serve several, and a replayed one has older ones."""
    began = select(tables.run.c.started_at).where(tables.run.c.id == run_id).scalar_subquery()
    change, delivery, both = tables.change, tables.delivery, tables.change_delivery
    of_run = exists().where(both.c.change_id == change.c.id, delivery.c.id == both.c.delivery_id, delivery.c.run_id == run_id)
    return await tallies.by_write(tx, select(change.c.id).where(change.c.result == "written", change.c.planned_at >= began, of_run))


def _tell(console: Console, deliveries: Counts, records: Counts, left: Left, examples: Sequence[Entry]) -> None:
    for title, counts in (("deliveries", deliveries), ("records", records)):
        console.print(f"{title}: " + (", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) or "none"))
    for (state, reason), number in left.most_common():
        console.print(f"[yellow]{number:,} {state}({reason})[/yellow]: {Reason(reason).sentence if reason else ''}")
    for entry in examples:
        console.print(f"    {entry.delivery.id}  {entry.delivery.reason}  {escape(entry.detail)}")
