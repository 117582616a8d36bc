"""Bounded pieces of work with totals: a pull, a backfill, a manual range, a replay, a test delivery, an undo.

Totals are counted from what the run did, so that a crash cannot make them wrong; they are counted again as long as something of the run
waits. The progress of a pull moves in the transaction of each page, for the same reason.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, exists, func, or_, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.journal import tallies
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert
from crosswalk.store.texts import storable

_DETAIL_LENGTH = 2_000


class RunKind(StrEnum):
    """What a run is for; `PULLS` are those that ask a source's system."""

    PULL = "pull"
    PERIODIC = "periodic"
    DAILY = "daily"
    ON_DEMAND = "on_demand"
    REREAD = "reread"
    BACKFILL = "backfill"
    MANUAL = "manual"
    REPLAY = "replay"
    TEST = "test"
    UNDO = "undo"


PULLS = frozenset({RunKind.PULL, RunKind.PERIODIC, RunKind.DAILY, RunKind.ON_DEMAND, RunKind.REREAD, RunKind.MANUAL})


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Result(StrEnum):
    """What a run came to; it is green only when every record has an end state and none needs a person."""

    RUNNING = "running"
    WRITING = "writing"  # everything is read, something still waits to be written
    GREEN = "green"
    NEEDS_A_PERSON = "needs_a_person"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come: each item that was read counts in exactly one of events, notices, repeats and invalid."""

    pages: int = 0
    events: int = 0
    notices: int = 0
    repeats: int = 0
    invalid: int = 0
    calls: int = 0
    start: str | None = None  # the window, as ISO 8601
    end: str | None = None

    @property
    def read(self) -> int:
        """How many items were read."""
        return self.events + self.notices + self.repeats + self.invalid


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run did: events kept, the deliveries of them by state, written records by object and operation, API calls."""

    events: int = 0
    deliveries: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    api_calls: int = 0

    @property
    def waiting(self) -> int:
        """Deliveries without an end state; a run is green only when there are none."""
        return self.deliveries.get(State.WAITING.value, 0)

    @property
    def held(self) -> int:
        """Deliveries that wait for a person."""
        return self.deliveries.get(State.HELD.value, 0)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the console shows it."""

    id: str
    kind: RunKind
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    sync_id: str | None
    source_id: str | None
    totals: Totals
    detail: str
    stream: str | None = None
    progress: Progress = field(default_factory=Progress)
    stop_requested_at: datetime | None = None

    @property
    def result(self) -> Result:
        """What the run came to, as far as is known now."""
        if self.state is not RunState.DONE:
            return Result(self.state.value)
        if self.totals.held or self.progress.invalid:
            return Result.NEEDS_A_PERSON
        return Result.WRITING if self.totals.waiting else Result.GREEN


@dataclass(frozen=True, slots=True)
class Seen:
    """The sources and syncs whose runs a reader may see; of a run that belongs to neither, its deliveries decide."""

    sources: Collection[str]
    syncs: Collection[str]


@dataclass(frozen=True, slots=True)
class Cause:
    """So many deliveries of a run are in one state for one reason."""

    state: State
    reason: Reason
    number: int


async def start(
    tx: AsyncConnection,
    ids: Ids,
    kind: RunKind,
    now: datetime,
    *,
    sync_id: str | None = None,
    source_id: str | None = None,
    stream: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Begin a run and return its id, to be given to everything the run does."""
    run_id = ids.new()
    row: dict[str, Any] = {
        "id": run_id,
        "kind": kind.value,
        "sync_id": sync_id,
        "source_id": source_id,
        "stream": stream,
        "state": RunState.RUNNING.value,
        "started_at": now,
        "totals": {},
        "progress": asdict(progress or Progress()),
    }
    await tx.execute(insert(tables.run), [row])
    return run_id


async def advance(tx: AsyncConnection, run_id: str, progress: Progress) -> bool:
    """Write down how far a run has come and tell whether it is to stop; pass the transaction that keeps the page."""
    run = tables.run
    statement = update(run).where(run.c.id == run_id).values(progress=asdict(progress)).returning(run.c.stop_requested_at)
    return await tx.scalar(statement) is not None


async def interrupt(tx: AsyncConnection, source_id: str, stream: str, kinds: Iterable[RunKind], now: datetime) -> None:
    """End the runs of a stream whose process died; the caller has the stream to itself, so none of them is under way."""
    run = tables.run
    dead = select(run.c.id).where(
        run.c.source_id == source_id,
        run.c.stream == stream,
        run.c.kind.in_([kind.value for kind in kinds]),
        run.c.state == RunState.RUNNING.value,
    )
    for run_id in (await tx.scalars(dead)).all():
        await finish(tx, run_id, RunState.STOPPED, now, "It was interrupted; a later run went on with it.")


async def request_stop(tx: AsyncConnection, run_id: str, now: datetime) -> None:
    """Ask a pull to stop; it finishes its page first. Raise `ConfigurationError` when there is nothing that could stop."""
    found = await get(tx, run_id)
    if found is None:
        raise ConfigurationError(f"There is no run {run_id!r}; `crosswalk runs` lists them.")
    if found.state is not RunState.RUNNING:
        raise ConfigurationError(f"The run {run_id} has ended already ({found.state}); there is nothing to stop.")
    if found.kind not in PULLS:
        raise ConfigurationError(f"A run of the kind {found.kind} ends with the command that started it; interrupt that one.")
    await tx.execute(update(tables.run).where(tables.run.c.id == run_id).values(stop_requested_at=now))


async def request_stop_of(tx: AsyncConnection, source_id: str, now: datetime) -> None:
    """Ask every pull of a source that is under way to stop after its page."""
    run = tables.run
    pulls = run.c.kind.in_([kind.value for kind in PULLS])
    under_way = (run.c.source_id == source_id, run.c.state == RunState.RUNNING.value, pulls)
    await tx.execute(update(run).where(*under_way).values(stop_requested_at=now))


async def reopen(tx: AsyncConnection, run_id: str) -> None:
    """Go on with a run that was broken off."""
    await tx.execute(update(tables.run).where(tables.run.c.id == run_id).values(state=RunState.RUNNING.value, ended_at=None, detail=None))


async def finish(tx: AsyncConnection, run_id: str, state: RunState, now: datetime, detail: str = "") -> Totals:
    """End a run and write its totals down; what its deliveries do later shows in `totals` alone."""
    counted = await totals(tx, run_id)
    values = {
        "state": state.value,
        "ended_at": now,
        "totals": asdict(counted),
        "detail": storable(detail, _DETAIL_LENGTH) or None,
    }
    await tx.execute(update(tables.run).where(tables.run.c.id == run_id).values(values))
    return counted


async def totals(tx: AsyncConnection, run_id: str) -> Totals:
    """Count what a run has done so far."""
    event, delivery, change, call = tables.event, tables.delivery, tables.change, tables.api_call
    own = select(delivery.c.id).where(delivery.c.run_id == run_id)
    moved = select(delivery.c.id).join(event, event.c.id == delivery.c.event_id)
    moved = moved.where(event.c.run_id == run_id, delivery.c.run_id.is_distinct_from(run_id))
    written = select(change.c.id).where(change.c.run_id == run_id, change.c.result == "written")
    return Totals(
        events=await tx.scalar(select(func.count()).select_from(event).where(event.c.run_id == run_id)) or 0,
        deliveries=dict(Counter(await tallies.by_state(tx, own)) + Counter(await tallies.by_state(tx, moved))),
        records=await tallies.by_write(tx, written),
        api_calls=await tx.scalar(select(func.count()).select_from(call).where(call.c.run_id == run_id)) or 0,
    )


def deliveries_of(run_id: str) -> CompoundSelect[Any]:
    """Ask for the ids of a run's deliveries: those of a pull's events stay its own when a later replay takes them into another run."""
    event, delivery = tables.event, tables.delivery
    return union(
        select(delivery.c.id).where(delivery.c.run_id == run_id),
        select(delivery.c.id).join(event, event.c.id == delivery.c.event_id).where(event.c.run_id == run_id),
    )


async def causes(tx: AsyncConnection, run_id: str, syncs: Collection[str]) -> list[Cause]:
    """Return why deliveries of a run into these syncs were not written, the most frequent first."""
    delivery = tables.delivery
    statement = (
        select(delivery.c.state, delivery.c.reason, func.count())
        .where(delivery.c.id.in_(deliveries_of(run_id)), delivery.c.sync_id.in_(list(syncs)), delivery.c.reason.is_not(None))
        .group_by(delivery.c.state, delivery.c.reason)
    )
    found = [Cause(State(row[0]), Reason(row[1]), row[2]) for row in await tx.execute(statement)]
    return sorted(found, key=lambda one: (-one.number, one.reason))


async def get(tx: AsyncConnection, run_id: str) -> Run | None:
    """Return a run; its totals are counted as long as it runs or something of it waits, and read afterwards."""
    row = (await tx.execute(select(tables.run).where(tables.run.c.id == run_id))).first()
    return None if row is None else await _counted(tx, row)


async def recent(
    tx: AsyncConnection,
    limit: int,
    before: str | None = None,
    *,
    source_id: str | None = None,
    kind: RunKind | None = None,
    state: RunState | None = None,
    seen: Seen | None = None,
) -> list[Run]:
    """Return the newest runs and those before the run `before`; of a source, kind or state, and of what is seen, where that is given."""
    run = tables.run
    statement = select(run).order_by(run.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(run.c.id < before)
    if source_id is not None:
        statement = statement.where(run.c.source_id == source_id)
    if kind is not None:
        statement = statement.where(run.c.kind == kind.value)
    if state is not None:
        statement = statement.where(run.c.state == state.value)
    if seen is not None:
        statement = statement.where(_within(seen))
    return [await _counted(tx, row) for row in (await tx.execute(statement)).all()]


async def is_seen(tx: AsyncConnection, run_id: str, seen: Seen) -> bool:
    """Tell whether a run is among those that are seen."""
    return await tx.scalar(select(tables.run.c.id).where(tables.run.c.id == run_id, _within(seen))) is not None


def _within(seen: Seen) -> ColumnElement[bool]:
    run, delivery = tables.run, tables.delivery
    syncs = list(seen.syncs)
    replayed = exists().where(delivery.c.run_id == run.c.id, delivery.c.sync_id.in_(syncs))
    nobodys = run.c.source_id.is_(None) & run.c.sync_id.is_(None)
    return or_(run.c.source_id.in_(list(seen.sources)), run.c.sync_id.in_(syncs), nobodys & replayed)


async def _counted(tx: AsyncConnection, row: Any) -> Run:
    """Return a run with totals of now; what has come to its end was written down."""
    stored = _run(row, None)
    unsettled = stored.state is RunState.RUNNING or stored.totals.waiting
    return _run(row, await totals(tx, row.id)) if unsettled else stored


def _run(row: Any, counted: Totals | None) -> Run:
    return Run(
        id=row.id,
        kind=RunKind(row.kind),
        state=RunState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        sync_id=row.sync_id,
        source_id=row.source_id,
        totals=counted or Totals(**row.totals),
        detail=row.detail or "",
        stream=row.stream,
        progress=Progress(**row.progress),
        stop_requested_at=row.stop_requested_at,
    )
