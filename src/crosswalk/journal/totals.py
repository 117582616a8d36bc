"""How deliveries ended, by the hour they were received in: the numbers behind the tally and the chart, at any size of the log.

An hour is counted once it is over and nothing in it waits any more; until then it is counted again when somebody looks and the count is a
minute old. Whoever moves deliveries of a counted hour (a replay, a skip by hand) calls `recount`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.reasons import Reason, State
from crosswalk.store import ids as store_ids
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.statements import chunks, every, insert

HOUR = timedelta(hours=1)
_OLD = timedelta(minutes=1)
_RECOUNTED_AT_ONCE = 48  # hours in one transaction


@dataclass(frozen=True, slots=True)
class Total:
    """How many deliveries of one sync, received in one hour, are in one state for one reason."""

    hour: datetime
    sync_id: str
    state: State
    reason: Reason | None
    number: int


async def between(database: Database, since: datetime, until: datetime, now: datetime, syncs: Collection[str] | None = None) -> list[Total]:
    """Return the totals of the hours from that of `since` to that of `until`, at most a minute old; `syncs` narrows."""
    async with database.read() as tx:
        oldest = await tx.scalar(select(func.min(tables.delivery.c.id)))
        if oldest is None:
            return []
        first, last = max(_hour(since), _hour(store_ids.moment(oldest))), min(_hour(until), _hour(now))
        wanted = await _uncounted(tx, first, last, now)
    for part in chunks(wanted, _RECOUNTED_AT_ONCE):
        async with database.write() as tx:
            await _count(tx, part, now)
    total = tables.delivery_total
    statement = select(total).where(total.c.hour.between(first, last)).order_by(total.c.hour)
    if syncs is not None:
        statement = statement.where(total.c.sync_id.in_(list(syncs)))
    async with database.read() as tx:
        return [_total(row) for row in await tx.execute(statement)]


async def recount(tx: AsyncConnection, delivery_ids: Iterable[str], now: datetime) -> None:
    """Let the hours of deliveries that were moved be counted anew within a minute."""
    counted = tables.delivery_hour
    for part in chunks(sorted({_hour(store_ids.moment(delivery_id)) for delivery_id in delivery_ids})):
        await tx.execute(update(counted).where(counted.c.hour.in_(part)).values(is_over=False, counted_at=now))


async def _uncounted(tx: AsyncConnection, first: datetime, last: datetime, now: datetime) -> list[datetime]:
    counted = tables.delivery_hour
    settled = or_(counted.c.is_over, counted.c.counted_at > now - _OLD)
    known = set(await tx.scalars(select(counted.c.hour).where(counted.c.hour.between(first, last), settled)))
    hours = (first + number * HOUR for number in range(int((last - first) / HOUR) + 1))
    return [hour for hour in hours if hour not in known]


async def _count(tx: AsyncConnection, hours: list[datetime], now: datetime) -> None:
    delivery, total = tables.delivery, tables.delivery_total
    found: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for hour in hours:
        group = (delivery.c.sync_id, delivery.c.state, delivery.c.reason)
        within = (delivery.c.id >= store_ids.first(hour), delivery.c.id < store_ids.first(hour + HOUR))
        rows = (await tx.execute(select(*group, func.count()).where(*within).group_by(*group))).all()
        found += [{"hour": hour, "sync_id": row[0], "state": row[1], "reason": row[2] or "", "number": row[3]} for row in rows]
        waits = any(row[1] == State.WAITING.value for row in rows)
        marks.append({"hour": hour, "counted_at": now, "is_over": not waits and hour + HOUR + _OLD <= now})
    await tx.execute(delete(total).where(total.c.hour.in_(hours)))
    await every(tx, insert(total), found)
    mark = insert(tables.delivery_hour)
    replaced = {name: mark.excluded[name] for name in ("counted_at", "is_over")}
    older = tables.delivery_hour.c.counted_at < mark.excluded.counted_at  # else somebody moved deliveries of it while we counted
    await every(tx, mark.on_conflict_do_update(index_elements=["hour"], set_=replaced, where=older), marks)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _total(row: Any) -> Total:
    return Total(row.hour, row.sync_id, State(row.state), Reason(row.reason) if row.reason else None, row.number)
