"""Queues of one person's (or entity's) deliveries in one org, leased to one worker at a time.

A lane is a queue, not a lock on the person: claims are that. The two rules against a lost wake-up: whoever adds work locks the lane's row
and only lowers its due time, and whoever lets go first locks the row and then, in a second statement, looks for what is left. Rows are
always locked in the order of their ids.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.model import Priority
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert, least

COUNTED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Lease:
    """The lanes one worker holds for one turn."""

    id: str
    connection_id: str
    slot: int
    lane_ids: tuple[str, ...]
    priority: Priority


@dataclass(frozen=True, slots=True)
class Due:
    """Work that waits in one slot of one connection at one priority."""

    connection_id: str
    slot: int
    priority: Priority
    lanes: int
    oldest: datetime


def lane_id(connection_id: str, lane_key: str) -> str:
    """Return the id of a lane, which follows from its connection and key, so that nothing has to be read to find it."""
    return hashlib.blake2b(f"{connection_id}:{lane_key}".encode(), digest_size=16).hexdigest()


def slot_of(lane_key: str, slots: int) -> int:
    """Return the write slot of a lane among so many."""
    return int(lane_key[:8], 16) % max(slots, 1)


def _opening() -> Repeated:
    lane = tables.lane
    statement = insert(lane)
    new = statement.excluded
    better = case((or_(lane.c.due_at.is_(None), new.priority < lane.c.priority), new.priority), else_=lane.c.priority)
    sooner = {"due_at": least(lane.c.due_at, new.due_at), "priority": better}
    return Repeated(statement.on_conflict_do_update(index_elements=[lane.c.id], set_=sooner))


_OPEN = _opening()


async def add_work(tx: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Open lanes that are new, and make all due no later than their row says; the rows stay locked to the end of the transaction."""
    await _OPEN.execute(tx, sorted(rows, key=lambda row: row["id"]))


async def wake(tx: AsyncConnection, lane_ids: Iterable[str], due_at: datetime) -> None:
    """Make lanes due no later than `due_at`; the rows stay locked to the end of the transaction."""
    lane = tables.lane
    for part in chunks(sorted(set(lane_ids))):
        await tx.execute(select(lane.c.id).where(lane.c.id.in_(part)).order_by(lane.c.id).with_for_update())
        sooner = or_(lane.c.due_at.is_(None), lane.c.due_at > due_at)
        await tx.execute(update(lane).where(lane.c.id.in_(part), sooner).values(due_at=due_at))


async def due_connections(tx: AsyncConnection, now: datetime) -> tuple[Due, ...]:
    """Return what waits, best priority first, then the longest waiting; of a long queue no more than `COUNTED_AT_MOST` lanes count."""
    connection = tables.connection
    found: list[Due] = []
    for row in (await tx.execute(select(connection.c.id, connection.c.slots))).all():
        for slot in range(row.slots):
            found.extend(await _due_in(tx, row.id, slot, now))
    return tuple(sorted(found, key=lambda due: (due.priority, due.oldest)))


async def lease(
    tx: AsyncConnection, connection_id: str, slot: int, lease_id: str, limit: int, seconds: float, now: datetime
) -> Lease | None:
    """Take due lanes of the best priority that waits, longest waiting first; None when nothing is due.

    Lanes whose lease ran out are due like others. Lanes of one priority only, so that a backfill never spends calls as a stream.
    """
    for priority in Priority:
        lane_ids = await _lock_free(tx, connection_id, slot, priority, limit, now)
        if lane_ids:
            values = {"lease_id": lease_id, "leased_until": now + timedelta(seconds=seconds)}
            for part in chunks(lane_ids):
                await tx.execute(update(tables.lane).where(tables.lane.c.id.in_(part)).values(values))
            return Lease(lease_id, connection_id, slot, lane_ids, priority)
    return None


async def extend(tx: AsyncConnection, lease: Lease, seconds: float, now: datetime) -> bool:
    """Go on holding all lanes of the lease; False when any of them is no longer held, whoever has it now."""
    lane = tables.lane
    until = now + timedelta(seconds=seconds)
    extended = 0
    for part in chunks(sorted(lease.lane_ids)):
        mine = and_(lane.c.id.in_(part), lane.c.lease_id == lease.id)
        extended += (await tx.execute(update(lane).where(mine).values(leased_until=until))).rowcount
    return extended == len(lease.lane_ids)


async def held(tx: AsyncConnection, lease: Lease, lane_ids: Iterable[str]) -> frozenset[str]:
    """Return those lanes the lease still holds, locked to the end of the transaction."""
    lane = tables.lane
    mine: set[str] = set()
    for part in chunks(sorted(set(lane_ids))):
        statement = select(lane.c.id).where(lane.c.id.in_(part), lane.c.lease_id == lease.id).order_by(lane.c.id).with_for_update()
        mine.update((await tx.scalars(statement)).all())
    return frozenset(mine)


async def release(tx: AsyncConnection, lease: Lease, lane_ids: Iterable[str], now: datetime) -> None:
    """Let go of lanes; each is due again when the first of its waiting deliveries is. Lanes taken by others are left alone."""
    del now  # what is due is due by its own time; no moment is written here
    lane, delivery = tables.lane, tables.delivery
    mine = await held(tx, lease, lane_ids)
    waiting = and_(delivery.c.lane_id == lane.c.id, delivery.c.state == State.WAITING.value)
    for part in chunks(sorted(mine)):  # a statement of its own: it must see what was committed while we waited for the lock
        statement = (
            update(lane)
            .where(lane.c.id.in_(part))
            .values(
                due_at=select(func.min(delivery.c.due_at)).where(waiting).scalar_subquery(),
                priority=func.coalesce(select(func.min(delivery.c.priority)).where(waiting).scalar_subquery(), int(Priority.STREAM)),
                lease_id=None,
                leased_until=None,
            )
        )
        await tx.execute(statement)


async def park(tx: AsyncConnection, lease: Lease, lane_ids: Iterable[str], until: datetime) -> None:
    """Let go of lanes whatever is due in them, until a write without a reply has settled. New work may wake them earlier."""
    lane = tables.lane
    for part in chunks(sorted(await held(tx, lease, lane_ids))):
        await tx.execute(update(lane).where(lane.c.id.in_(part)).values(due_at=until, lease_id=None, leased_until=None))


async def reslot(tx: AsyncConnection, connection_id: str, slots: int) -> None:
    """Move the lanes of a connection into so many slots; call it when the number of slots is lowered."""
    lane = tables.lane
    await tx.execute(update(lane).where(lane.c.org == connection_id, lane.c.slot >= slots).values(slot=lane.c.slot % max(slots, 1)))


async def lease_slot(tx: AsyncConnection, connection_id: str, n: int, lease_id: str, now: datetime, seconds: float) -> bool:
    """Take the exclusive right to write through one slot of an org; False when another holds it."""
    slot = tables.slot
    statement = insert(slot)
    statement = statement.on_conflict_do_update(
        index_elements=[slot.c.org, slot.c.n],
        set_={"lease_id": statement.excluded.lease_id, "leased_until": statement.excluded.leased_until},
        where=or_(slot.c.lease_id.is_(None), slot.c.leased_until <= now, slot.c.lease_id == lease_id),
    )
    row = {"org": connection_id, "n": n, "lease_id": lease_id, "leased_until": now + timedelta(seconds=seconds)}
    return (await tx.execute(statement.values(row).returning(slot.c.n))).first() is not None


async def extend_slot(tx: AsyncConnection, connection_id: str, n: int, lease_id: str, now: datetime, seconds: float) -> bool:
    """Go on holding a slot; False when another took it."""
    result = await tx.execute(
        update(tables.slot).where(_my_slot(connection_id, n, lease_id)).values(leased_until=now + timedelta(seconds=seconds))
    )
    return bool(result.rowcount)


async def release_slot(tx: AsyncConnection, connection_id: str, n: int, lease_id: str) -> bool:
    """Let go of a slot; False when another had taken it."""
    result = await tx.execute(update(tables.slot).where(_my_slot(connection_id, n, lease_id)).values(lease_id=None, leased_until=None))
    return bool(result.rowcount)


async def _lock_free(tx: AsyncConnection, connection_id: str, slot: int, priority: Priority, limit: int, now: datetime) -> tuple[str, ...]:
    lane = tables.lane
    statement = (
        select(lane.c.id)
        .where(lane.c.org == connection_id, lane.c.slot == slot, lane.c.priority == int(priority), _is_free(now))
        .order_by(lane.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return tuple((await tx.scalars(statement)).all())


async def _due_in(tx: AsyncConnection, connection_id: str, slot: int, now: datetime) -> list[Due]:
    lane = tables.lane
    urgent = (lane.c.org == connection_id, lane.c.slot == slot, lane.c.priority.in_([int(priority) for priority in Priority]))
    waiting = select(lane.c.priority, lane.c.due_at).where(*urgent, _is_free(now)).limit(COUNTED_AT_MOST).subquery()
    statement = select(waiting.c.priority, func.count(), func.min(waiting.c.due_at)).group_by(waiting.c.priority)
    return [Due(connection_id, slot, Priority(row[0]), row[1], row[2]) for row in await tx.execute(statement)]


def _is_free(now: datetime) -> ColumnElement[bool]:
    lane = tables.lane
    return and_(lane.c.due_at <= now, or_(lane.c.lease_id.is_(None), lane.c.leased_until <= now))


def _my_slot(connection_id: str, n: int, lease_id: str) -> ColumnElement[bool]:
    slot = tables.slot
    return and_(slot.c.org == connection_id, slot.c.n == n, slot.c.lease_id == lease_id)
