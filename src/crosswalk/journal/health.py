"""Is everything arriving, and what waits for a person: the numbers of the home page.

Each is found by an index or from the hourly totals, so that it costs the same after a year.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.reasons import Reason, State
from crosswalk.store import ids as store_ids
from crosswalk.store import tables

_TYPICAL_OF = 100
_DAY = timedelta(days=1)
_DAYS = 5  # the latest days with events tell what is usual for a source


@dataclass(frozen=True, slots=True)
class Door:
    """What reached us since a day began, by how it was taken; `received` is the sum of the other four."""

    since: str
    received: int
    events: int
    notices: int
    repeats: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Deliveries of one sync that are held for one reason."""

    sync_id: str
    reason: Reason
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Suspended:
    """Mapping rows of one sync that drift has put out of use."""

    sync_id: str
    object: str
    fields: tuple[str, ...]
    sentence: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls of one org in the last 24 hours, as far as the org told."""

    own: int
    used: int | None
    limit: int | None
    reserve: int

    @property
    def others(self) -> int | None:
        """Calls of other programs."""
        return None if self.used is None else max(0, self.used - self.own)

    @property
    def free(self) -> int | None:
        """Calls left without the reserve."""
        return None if self.limit is None or self.used is None else max(0, self.limit - max(self.used, self.own) - self.reserve)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long events of a source usually take into the org, and when the last one came."""

    typical_seconds: float | None
    last_at: datetime | None
    is_quiet: bool


async def door(tx: AsyncConnection, since: datetime, sources: Collection[str]) -> Door:
    """Return what reached the sources since the day of `since` began, UTC."""
    count = tables.received_count
    day = since.astimezone(UTC).date().isoformat()
    columns = (count.c.received, count.c.events, count.c.notices, count.c.repeats, count.c.rejected)
    found = select(*(func.coalesce(func.sum(column), 0) for column in columns))
    row = (await tx.execute(found.where(count.c.source_id.in_(list(sources)), count.c.day >= day))).one()
    return Door(day, *(int(value) for value in row))


async def held(tx: AsyncConnection, syncs: Collection[str]) -> list[Cause]:
    """Return what is held, by sync and reason, the newest trouble first."""
    delivery = tables.delivery
    statement = (
        select(delivery.c.sync_id, delivery.c.reason, func.count(), func.min(delivery.c.id), func.max(delivery.c.id))
        .where(delivery.c.sync_id.in_(list(syncs)), delivery.c.state == State.HELD.value)
        .group_by(delivery.c.sync_id, delivery.c.reason)
    )
    rows = sorted((await tx.execute(statement)).all(), key=lambda row: str(row[4]), reverse=True)
    return [Cause(row[0], Reason(row[1]), row[2], store_ids.moment(row[3])) for row in rows]


async def suspended(tx: AsyncConnection, versions: Collection[tuple[str, int]]) -> list[Suspended]:
    """Return the rows that are out of use in the mapping versions given, one entry for each sync and object."""
    row = tables.suspended_row
    syncs = [sync_id for sync_id, _ in versions]
    found = (await tx.execute(select(row).where(row.c.sync_id.in_(syncs)).order_by(row.c.at.desc(), row.c.field))).all()
    current = set(versions)
    grouped: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(found):
        if (one.sync_id, one.version) in current:
            grouped.setdefault((one.sync_id, one.object), []).append(place)
    return [
        Suspended(sync_id, name, tuple(found[place].field for place in places), found[places[0]].sentence, found[places[-1]].at)
        for (sync_id, name), places in grouped.items()
    ]


async def calls(tx: AsyncConnection, connection_id: str, now: datetime) -> Calls:
    """Return the calls of one connection's org in the last 24 hours."""
    call, connection = tables.api_call, tables.connection
    own = await tx.scalar(
        select(func.count()).select_from(call).where(call.c.connection_id == connection_id, call.c.started_at >= now - _DAY)
    )
    row = (
        await tx.execute(
            select(connection.c.used_seen, connection.c.limit_max, connection.c.reserve).where(connection.c.id == connection_id)
        )
    ).one()
    return Calls(own or 0, row.used_seen, row.limit_max, row.reserve)


async def freshness(tx: AsyncConnection, source_id: str, syncs: Sequence[str], now: datetime, most: timedelta | None = None) -> Freshness:
    """Return how fresh the events of a source are in the org; it is quiet after `most`, or after longer than usual."""
    delivery = tables.delivery
    delays: list[float] = []
    for sync_id in syncs:
        newest = (
            select(delivery.c.id, delivery.c.updated_at)
            .where(delivery.c.sync_id == sync_id, delivery.c.state == State.WRITTEN.value, delivery.c.reason.is_(None))
            .order_by(delivery.c.id.desc())
            .limit(_TYPICAL_OF)
        )
        delays += [(row.updated_at - store_ids.moment(row.id)).total_seconds() for row in await tx.execute(newest)]
    is_quiet = await silent_since(tx, source_id, now, most) is not None
    return Freshness(median(delays) if delays else None, await _last_event(tx, source_id), is_quiet)


async def silent_since(tx: AsyncConnection, source_id: str, now: datetime, most: timedelta | None = None) -> datetime | None:
    """Return when the last event of a source came if that is longer ago than `most`, or than is usual; None if it is not."""
    last = await _last_event(tx, source_id)
    if last is None:
        return None
    is_silent = now - last > most if most else _is_quiet(await _days(tx, source_id), last, now)
    return last if is_silent else None


async def _last_event(tx: AsyncConnection, source_id: str) -> datetime | None:
    event = tables.event
    found: datetime | None = await tx.scalar(select(func.max(event.c.received_at)).where(event.c.source_id == source_id))
    return found


async def _days(tx: AsyncConnection, source_id: str) -> Sequence[str]:
    """Return the latest days on which events came, the last one first."""
    count = tables.received_count
    found = select(count.c.day).where(count.c.source_id == source_id, count.c.events > 0).order_by(count.c.day.desc()).limit(_DAYS)
    return (await tx.scalars(found)).all()


def _is_quiet(days: Sequence[str], last: datetime, now: datetime) -> bool:
    """Tell whether a source is quiet for longer than usual: twice the widest gap between its latest days with events, at least two days."""
    if len(days) < _DAYS:
        return False
    dates = [datetime.fromisoformat(day) for day in days]
    widest = max(later - earlier for later, earlier in pairwise(dates))
    return now - last > max(widest, _DAY) * 2
