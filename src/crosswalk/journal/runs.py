"""Bounded pieces of work with totals: a pull, a backfill, a manual range, a replay, an undo.

Totals are counted from what the run did, never added up along the way, so that a crash cannot make them wrong; finishing a run writes them
down once.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert
from crosswalk.store.texts import storable

_DETAIL_LENGTH = 2_000


class RunKind(StrEnum):
    """What a run is for."""

    PULL = "pull"
    BACKFILL = "backfill"
    MANUAL = "manual"
    REPLAY = "replay"
    UNDO = "undo"


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run did: deliveries by state, written records by object and operation, API calls."""

    events: int = 0
    deliveries: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    api_calls: int = 0

    @property
    def waiting(self) -> int:
        """Deliveries without an end state; a run is green only when there are none."""
        return self.deliveries.get(State.WAITING.value, 0)


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


async def start(
    tx: AsyncConnection, ids: Ids, kind: RunKind, now: datetime, *, sync_id: str | None = None, source_id: str | None = None
) -> str:
    """Begin a run and return its id, to be given to everything the run does."""
    run_id = ids.new()
    row: dict[str, Any] = {
        "id": run_id,
        "kind": kind.value,
        "sync_id": sync_id,
        "source_id": source_id,
        "state": RunState.RUNNING.value,
        "started_at": now,
        "totals": {},
    }
    await tx.execute(insert(tables.run), [row])
    return run_id


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
    by_state = select(delivery.c.state, func.count()).where(delivery.c.run_id == run_id).group_by(delivery.c.state)
    written = (
        select(change.c.object, change.c.operation, func.count())
        .where(change.c.run_id == run_id, change.c.result == "written")
        .group_by(change.c.object, change.c.operation)
    )
    return Totals(
        events=await tx.scalar(select(func.count()).select_from(event).where(event.c.run_id == run_id)) or 0,
        deliveries={row[0]: row[1] for row in await tx.execute(by_state)},
        records={f"{row[0]} {row[1]}": row[2] for row in await tx.execute(written)},
        api_calls=await tx.scalar(select(func.count()).select_from(call).where(call.c.run_id == run_id)) or 0,
    )


async def get(tx: AsyncConnection, run_id: str) -> Run | None:
    """Return a run; its totals are counted while it runs and read afterwards."""
    row = (await tx.execute(select(tables.run).where(tables.run.c.id == run_id))).first()
    if row is None:
        return None
    return _run(row, await totals(tx, run_id) if row.state == RunState.RUNNING else None)


async def recent(tx: AsyncConnection, limit: int, before: str | None = None) -> list[Run]:
    """Return the newest runs, those before the run `before` when one is given."""
    run = tables.run
    statement = select(run).order_by(run.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(run.c.id < before)
    return [_run(row, None) for row in await tx.execute(statement)]


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
    )
