"""One event for one sync: what is due, what became of it, and how it is woken.

Only the holder of a lane's lease moves its deliveries; everybody else may only make them due. Whatever is moved or woken, the rows of the
lanes are locked first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.inbox import identity, lanes, stored
from crosswalk.inbox.lanes import Lease
from crosswalk.inbox.routing import QUEUE_DEADLINE
from crosswalk.model import Delivery, Event
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.configuration import SyncState
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, every
from crosswalk.store.texts import storable
from crosswalk.store.vault import Vault

_DETAIL_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery that is due, with its event and what is known about its sync; `unreadable` says why the event cannot be opened."""

    delivery: Delivery
    event: Event
    split: bool
    sync_state: SyncState
    sync_position: int
    sync_version: int
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a turn made of a delivery. A waiting one needs `due_at`; without a `deadline` its old one stays.

    `attempted` says that the org was asked to write and did not, or that it is over; merely having waited is no attempt.
    """

    state: State
    reason: Reason | None = None
    detail: str = ""
    due_at: datetime | None = None
    deadline: datetime | None = None
    split: bool = False
    attempted: bool = True


async def due(tx: AsyncConnection, vault: Vault, lease: Lease, now: datetime, cap: int) -> list[Work]:
    """Return what is due in the leased lanes, at most `cap` of each lane, in the total order of events."""
    found: list[Work] = []
    events: dict[str, tuple[Event, str]] = {}  # an event that several syncs take is opened once
    for part in chunks(lease.lane_ids):
        for row in await tx.execute(_due(part, now, cap)):
            if row.event_id not in events:
                events[row.event_id] = _opened(row, vault)
            found.append(_work(row, *events[row.event_id]))
    found.sort(key=lambda work: work.event.freshness)
    return found


async def strong_keys(tx: AsyncConnection, vault: Vault, works: Sequence[Work]) -> Mapping[str, Mapping[str, str]]:
    """Return, by event id, keys of the person that other events told: kind ("email", "user_id") → value."""
    return await identity.strong_keys(tx, vault, {work.event.id: work.event for work in works}.values())


async def finish(tx: AsyncConnection, lease: Lease, fates: Mapping[str, Fate], now: datetime) -> frozenset[str]:
    """Move deliveries to their fate and return those moved; those whose lane is no longer held are left to its new holder."""
    delivery = tables.delivery
    lane_of: dict[str, str] = {}
    for part in chunks(sorted(fates)):
        for row in await tx.execute(select(delivery.c.id, delivery.c.lane_id).where(delivery.c.id.in_(part))):
            lane_of[row.id] = row.lane_id
    held = await lanes.held(tx, lease, lane_of.values())
    mine = frozenset(delivery_id for delivery_id, lane_id in lane_of.items() if lane_id in held)
    rows = [_moved(delivery_id, fates[delivery_id], now) for delivery_id in sorted(mine)]
    await _MOVE.execute(tx, [row for row in rows if "new_deadline" in row])
    await _MOVE_KEEPING_DEADLINE.execute(tx, [row for row in rows if "new_deadline" not in row])
    return mine


async def wake(tx: AsyncConnection, connection_id: str, reasons: Iterable[Reason], now: datetime) -> int:
    """Make deliveries of a connection that wait for one of the reasons due, as when a parent record appeared; return how many."""
    of_connection = select(tables.sync.c.id).where(tables.sync.c.connection_id == connection_id)
    return await _wake(tx, and_(tables.delivery.c.sync_id.in_(of_connection), _waits_for(reasons)), now)


async def wake_group(tx: AsyncConnection, connection_id: str, source_id: str, group_id: str | None, now: datetime) -> int:
    """Make deliveries due that wait for a campaign of one session or event, or with None of any of the source; return how many."""
    of_connection = select(tables.sync.c.id).where(tables.sync.c.connection_id == connection_id, tables.sync.c.source_id == source_id)
    which = and_(tables.delivery.c.sync_id.in_(of_connection), _waits_for([Reason.NO_CAMPAIGN]))
    if group_id is not None:
        event = tables.event
        which = and_(which, exists().where(event.c.id == tables.delivery.c.event_id, event.c.group_id == group_id))
    return await _wake(tx, which, now)


async def wake_sync(tx: AsyncConnection, sync_id: str, reasons: Iterable[Reason], now: datetime) -> int:
    """Make deliveries of one sync that wait for one of the reasons due, as when it is resumed or removed; return how many."""
    return await _wake(tx, and_(tables.delivery.c.sync_id == sync_id, _waits_for(reasons)), now)


async def replay(tx: AsyncConnection, delivery_ids: Sequence[str], now: datetime, run_id: str | None = None) -> tuple[str, ...]:
    """Queue deliveries again, whatever became of them, and return those queued: an event whose payload is gone cannot be replayed.

    It is a new attempt: what became of the steps before is forgotten, and so is how often they were tried.
    """
    delivery, event, step = tables.delivery, tables.event, tables.step_outcome
    replayed: list[str] = []
    for part in chunks(sorted(set(delivery_ids))):
        statement = (
            select(delivery.c.id, delivery.c.lane_id)
            .join(event, event.c.id == delivery.c.event_id)
            .where(delivery.c.id.in_(part), event.c.payload_ct.is_not(None))
        )
        rows = (await tx.execute(statement)).all()
        await lanes.wake(tx, (row.lane_id for row in rows), now)
        values: dict[str, Any] = {
            "state": State.WAITING.value,
            "reason": Reason.QUEUED.value,
            "detail": None,
            "due_at": now,
            "deadline": now + QUEUE_DEADLINE,
            "split": False,
            "attempts": 0,
            "updated_at": now,
        }
        if run_id is not None:
            values["run_id"] = run_id
        found = [row.id for row in rows]
        await tx.execute(update(delivery).where(delivery.c.id.in_(found)).values(values))
        await tx.execute(delete(step).where(step.c.delivery_id.in_(found)))
        replayed.extend(found)
    return tuple(replayed)


async def expire_deadlines(tx: AsyncConnection, now: datetime) -> int:
    """Hold what waited past its deadline, unless a turn is at work on its lane; return how many."""
    delivery, lane = tables.delivery, tables.lane
    statement = (
        select(delivery.c.id, delivery.c.lane_id, delivery.c.reason)
        .join(lane, lane.c.id == delivery.c.lane_id)
        .where(
            delivery.c.state == State.WAITING.value,
            delivery.c.deadline <= now,
            or_(lane.c.lease_id.is_(None), lane.c.leased_until <= now),
        )
        .limit(1_000)
    )
    rows = (await tx.execute(statement)).all()
    await lanes.wake(tx, {row.lane_id for row in rows}, now)  # locks them; the next turn finds what is left
    expired = (
        update(delivery)
        .where(delivery.c.id == bindparam("of_delivery"), delivery.c.state == State.WAITING.value, delivery.c.deadline <= now)
        .values(
            state=State.HELD.value,
            reason=Reason.DEADLINE.value,
            detail=bindparam("waited_for"),
            due_at=None,
            deadline=None,
            updated_at=now,
        )
    )
    await every(tx, expired, [{"of_delivery": row.id, "waited_for": f"It waited for: {row.reason}."} for row in rows])
    return len(rows)


_MOVED = {
    "state": bindparam("new_state"),
    "reason": bindparam("new_reason"),
    "detail": bindparam("new_detail"),
    "due_at": bindparam("new_due_at"),
    "split": bindparam("new_split"),
    "attempts": tables.delivery.c.attempts + bindparam("new_attempts"),
    "updated_at": bindparam("now"),
}
_MOVING = update(tables.delivery).where(tables.delivery.c.id == bindparam("of_delivery")).values(_MOVED)
_MOVE_KEEPING_DEADLINE = Repeated(_MOVING)
_MOVE = Repeated(_MOVING.values(deadline=bindparam("new_deadline")))


def _moved(delivery_id: str, fate: Fate, now: datetime) -> dict[str, Any]:
    if fate.state is State.WAITING and fate.due_at is None:
        raise ValueError("a waiting delivery needs the time at which it goes on")
    row = {
        "of_delivery": delivery_id,
        "new_state": fate.state.value,
        "new_reason": fate.reason.value if fate.reason else None,
        "new_detail": storable(fate.detail, _DETAIL_LENGTH) or None,
        "new_due_at": fate.due_at if fate.state is State.WAITING else None,
        "new_split": fate.split,
        "new_attempts": int(fate.attempted),
        "now": now,
    }
    if fate.state is State.WAITING:
        return row if fate.deadline is None else row | {"new_deadline": fate.deadline}
    return row | {"new_deadline": None}


async def _wake(tx: AsyncConnection, which: ColumnElement[bool], now: datetime) -> int:
    delivery = tables.delivery
    lane_ids = (await tx.scalars(select(delivery.c.lane_id).where(which).distinct())).all()
    await lanes.wake(tx, lane_ids, now)
    result = await tx.execute(update(delivery).where(which, delivery.c.due_at > now).values(due_at=now, updated_at=now))
    return result.rowcount


def _waits_for(reasons: Iterable[Reason]) -> ColumnElement[bool]:
    delivery = tables.delivery
    return and_(delivery.c.state == State.WAITING.value, delivery.c.reason.in_([reason.value for reason in reasons]))


def _due(lane_ids: Sequence[str], now: datetime, cap: int) -> Any:
    delivery, event, sync = tables.delivery, tables.event, tables.sync
    order = (event.c.occurred_at, event.c.rank, func.coalesce(event.c.revision, 0), event.c.message_id, event.c.id)
    place = func.row_number().over(partition_by=delivery.c.lane_id, order_by=order).label("place")
    ranked = (
        select(delivery.c.id, place)
        .join(event, event.c.id == delivery.c.event_id)
        .where(delivery.c.lane_id.in_(lane_ids), delivery.c.state == State.WAITING.value, delivery.c.due_at <= now)
        .subquery()
    )
    return (
        select(
            delivery,
            event.c.source_id,
            event.c.entity_id,
            event.c.revision,
            event.c.message_id,
            event.c.group_id,
            event.c.type,
            event.c.rank,
            event.c.received_at,
            event.c.person_ct,
            event.c.payload_ct,
            sync.c.state.label("sync_state"),
            sync.c.position,
            sync.c.current_version,
        )
        .join(ranked, ranked.c.id == delivery.c.id)
        .join(event, event.c.id == delivery.c.event_id)
        .join(sync, sync.c.id == delivery.c.sync_id)
        .where(ranked.c.place <= cap)
    )


def _opened(row: Any, vault: Vault) -> tuple[Event, str]:
    """Return the event, or without its content and why: one that cannot be opened must not stop the others."""
    try:
        return stored.event(row, row.event_id, vault), ""
    except ConfigurationError as error:
        return stored.without_content(row, row.event_id), error.sentence


def _work(row: Any, event: Event, unreadable: str) -> Work:
    return Work(
        delivery=stored.delivery(row),
        event=event,
        split=row.split,
        sync_state=SyncState(row.sync_state),
        sync_position=row.position,
        sync_version=row.current_version,
        unreadable=unreadable,
    )
