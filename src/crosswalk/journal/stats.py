"""The numbers of the console's footer, and whether they add up.

Each side of a sum is counted from another place: what reached us from the counters written at the door, what became of it from the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import EventStatus
from crosswalk.model import Operation
from crosswalk.reasons import State
from crosswalk.store import tables


@dataclass(frozen=True, slots=True)
class Received:
    """What reached us, by how it was taken."""

    received: int
    events: int
    notices: int
    repeats: int
    rejected: int

    @property
    def holds(self) -> bool:
        """Whether every item was taken in exactly one way."""
        return self.received == self.events + self.notices + self.repeats + self.rejected


@dataclass(frozen=True, slots=True)
class Records:
    """What was done to the records of one object; `unchanged` counts steps that found nothing to write."""

    object: str
    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Sums:
    """All totals at one moment."""

    received: Received
    events: Mapping[EventStatus, int]
    deliveries: int
    by_state: Mapping[State, int]
    by_reason: Mapping[str, int]
    records: tuple[Records, ...]
    api_calls: int

    @property
    def events_hold(self) -> bool:
        """Whether every counted event is a row that is routed, unrouted or invalid."""
        return self.received.events == sum(self.events.values())

    @property
    def deliveries_hold(self) -> bool:
        """Whether every delivery is in one of the states."""
        return self.deliveries == sum(self.by_state.values())

    @property
    def hold(self) -> bool:
        """Whether all three sums hold."""
        return self.received.holds and self.events_hold and self.deliveries_hold


async def sums(tx: AsyncConnection) -> Sums:
    """Count everything; call it in a `read` transaction, where SQLite shows one moment."""
    event, delivery = tables.event, tables.delivery
    statuses = {row[0]: row[1] for row in await tx.execute(select(event.c.status, func.count()).group_by(event.c.status))}
    grouped = (
        await tx.execute(select(delivery.c.state, delivery.c.reason, func.count()).group_by(delivery.c.state, delivery.c.reason))
    ).all()
    by_state = dict.fromkeys(State, 0)
    by_reason: dict[str, int] = {}
    for state, reason, count in grouped:
        if state in by_state:
            by_state[State(state)] += count
        if reason is not None:
            by_reason[reason] = by_reason.get(reason, 0) + count
    return Sums(
        received=await _received(tx),
        events={status: statuses.get(status.value, 0) for status in EventStatus},
        deliveries=sum(count for _, _, count in grouped),
        by_state=by_state,
        by_reason=by_reason,
        records=await records(tx),
        api_calls=await tx.scalar(select(func.count()).select_from(tables.api_call)) or 0,
    )


async def records(tx: AsyncConnection) -> tuple[Records, ...]:
    """Count created, updated and unchanged records by object, in the order of object names."""
    change, outcome = tables.change, tables.step_outcome
    written = (
        select(
            change.c.object,
            func.sum(case((change.c.operation == Operation.INSERT.value, 1), else_=0)),
            func.sum(case((change.c.operation == Operation.UPDATE.value, 1), else_=0)),
        )
        .where(change.c.result == "written")
        .group_by(change.c.object)
    )
    counted: dict[str, list[int]] = {row[0]: [int(row[1]), int(row[2]), 0] for row in await tx.execute(written)}
    unchanged = (
        select(outcome.c.object, func.count())
        .where(outcome.c.state == State.UNCHANGED.value, outcome.c.object.is_not(None))
        .group_by(outcome.c.object)
    )
    for name, count in await tx.execute(unchanged):
        counted.setdefault(name, [0, 0, 0])[2] = count
    return tuple(Records(name, *counted[name]) for name in sorted(counted))


async def _received(tx: AsyncConnection) -> Received:
    count = tables.received_count
    columns = (count.c.received, count.c.events, count.c.notices, count.c.repeats, count.c.rejected)
    row = (await tx.execute(select(*(func.coalesce(func.sum(column), 0) for column in columns)))).one()
    return Received(*(int(value) for value in row))
