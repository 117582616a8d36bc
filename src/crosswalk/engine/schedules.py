"""When a source is read by itself: its periodic and its daily job, as data.

Both start some minutes after the hour, the same minutes every time and others for other sources, so that not everybody asks at once. The
periodic job keeps its distance through a change of the clock, the daily one keeps the admin's hour: in a night without that hour it runs
when the hour would have begun, in a night that has it twice it runs once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import jobs
from crosswalk.engine.jobs import JobKind
from crosswalk.errors import ConfigurationError
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert

KINDS = (JobKind.PERIODIC, JobKind.DAILY)
EVERY_HOURS = (1, 2, 3, 4, 6, 8, 12)
MOST_WINDOW_HOURS = 720
_DAY_HOURS = 24
_LATEST_MINUTE = 29
_DEFAULT_EVERY, _DEFAULT_HOUR = 3, 4
_DEFAULT_WINDOWS = {JobKind.PERIODIC: timedelta(hours=6), JobKind.DAILY: timedelta(hours=48)}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One job of one source; `cron` is minute and hour, of UTC for the periodic job and of `zone` for the daily one."""

    source_id: str
    kind: JobKind
    is_on: bool
    cron: str
    zone: str
    window: timedelta
    next_at: datetime | None = None

    @property
    def every_hours(self) -> int:
        """How often the job runs."""
        hour = self.cron.split()[1]
        return int(hour.removeprefix("*/")) if hour.startswith("*/") else _DAY_HOURS

    @property
    def hour(self) -> int | None:
        """The hour of the daily job; None for the periodic one."""
        return int(self.cron.split()[1]) if self.kind is JobKind.DAILY else None

    @property
    def minute(self) -> int:
        """The minute at which the job starts."""
        return int(self.cron.split()[0])

    @property
    def window_hours(self) -> float:
        """How far the job looks back."""
        return self.window / _HOUR

    def after(self, moment: datetime) -> datetime:
        """Return the first start after a moment, in UTC."""
        zone = UTC if self.kind is JobKind.PERIODIC else ZoneInfo(self.zone)
        starts = (found.astimezone(UTC) for found in CronSim(self.cron, moment.astimezone(zone)))
        return next(start for start in starts if start > moment)  # in an hour that comes twice, cronsim begins with the first


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be different about a job; None leaves it as it is."""

    is_on: bool | None = None
    every_hours: int | None = None
    hour: int | None = None
    zone: str | None = None
    window_hours: float | None = None


def standard(source_id: str, kind: JobKind) -> Schedule:
    """Return a job as it is before anybody has touched it: switched off."""
    hours = f"*/{_DEFAULT_EVERY}" if kind is JobKind.PERIODIC else str(_DEFAULT_HOUR)
    return Schedule(source_id, kind, False, f"{minute_of(source_id)} {hours} * * *", "UTC", _DEFAULT_WINDOWS[kind])


def minute_of(source_id: str) -> int:
    """Return the minute after the hour at which the jobs of a source start: spread over sources, the same for ever."""
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:4]) % _LATEST_MINUTE + 1


def changed(schedule: Schedule, wish: Wish) -> Schedule:
    """Return a schedule as it is wanted; raise `ConfigurationError` that says what can be had."""
    hours = schedule.cron.split()[1]
    if wish.every_hours is not None:
        hours = _every(schedule, wish.every_hours)
    if wish.hour is not None:
        hours = _at(schedule, wish.hour)
    window = schedule.window if wish.window_hours is None else wish.window_hours * _HOUR
    made = replace(
        schedule,
        is_on=schedule.is_on if wish.is_on is None else wish.is_on,
        cron=f"{schedule.minute} {hours} * * *",
        zone=schedule.zone if wish.zone is None else _zone(wish.zone),
        window=window,
    )
    if not made.every_hours <= made.window_hours <= MOST_WINDOW_HOURS:
        raise ConfigurationError(
            f"The {made.kind} job runs every {made.every_hours} hours, so it looks back at least as far, and at most {MOST_WINDOW_HOURS} "
            "hours; choose a window between them."
        )
    return made


async def of_source(tx: AsyncConnection, source_id: str) -> Mapping[JobKind, Schedule]:
    """Return the jobs of a source, those nobody has touched as they are by default."""
    schedule = tables.schedule
    rows = (await tx.execute(select(schedule).where(schedule.c.source_id == source_id))).all()
    return {kind: standard(source_id, kind) for kind in KINDS} | {JobKind(row.kind): _schedule(row) for row in rows}


async def stored(tx: AsyncConnection) -> Mapping[str, Mapping[JobKind, Schedule]]:
    """Return the jobs that somebody has touched, by source."""
    found: dict[str, dict[JobKind, Schedule]] = {}
    for row in (await tx.execute(select(tables.schedule))).all():
        found.setdefault(row.source_id, {})[JobKind(row.kind)] = _schedule(row)
    return found


async def save(tx: AsyncConnection, ids: Ids, schedule: Schedule, now: datetime) -> Schedule:
    """Store a schedule and return it with its next start; what is queued of a job that is switched off is dropped."""
    made = replace(schedule, next_at=schedule.after(now) if schedule.is_on else None)
    values = {
        "state": "on" if made.is_on else "off",
        "cron": made.cron,
        "zone": made.zone,
        "window_seconds": int(made.window.total_seconds()),
        "next_at": made.next_at,
    }
    table = tables.schedule
    statement = insert(table).values(id=ids.new(), source_id=made.source_id, kind=made.kind.value, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=[table.c.source_id, table.c.kind], set_=values))
    if not made.is_on:
        await jobs.drop(tx, made.source_id, made.kind)
    return made


async def any_due(tx: AsyncConnection, now: datetime) -> bool:
    """Tell whether a job is to start."""
    return (await tx.execute(select(tables.schedule.c.id).where(tables.schedule.c.next_at <= now).limit(1))).first() is not None


async def start_due(tx: AsyncConnection, now: datetime) -> list[Schedule]:
    """Return the schedules whose time has come and move them on; however long nobody looked, each comes once.

    Whoever moves a schedule starts its job: of several processes only one finds it due.
    """
    table = tables.schedule
    due = select(table).where(table.c.next_at <= now).order_by(table.c.next_at, table.c.id).with_for_update(skip_locked=True)
    started = []
    for row in (await tx.execute(due)).all():
        schedule = _schedule(row)
        await tx.execute(update(table).where(table.c.id == row.id).values(next_at=schedule.after(now)))
        started.append(schedule)
    return started


def sentence(schedule: Schedule) -> str:
    """Return a job in words, without whether it is on."""
    window = f"{schedule.window_hours:g} hours"
    if schedule.kind is JobKind.DAILY:
        return f"Every day at {schedule.hour:02}:{schedule.minute:02} {schedule.zone}, the last {window}."
    often = "Every hour" if schedule.every_hours == 1 else f"Every {schedule.every_hours} hours"
    return f"{often}, the last {window}. Starts a few minutes after the hour; yours is at :{schedule.minute:02}."


def _every(schedule: Schedule, hours: int) -> str:
    if schedule.kind is not JobKind.PERIODIC:
        raise ConfigurationError("The daily job runs once a day; choose its hour, or how often the periodic job runs.")
    if hours not in EVERY_HOURS:
        raise ConfigurationError(f"The periodic job runs every {', '.join(map(str, EVERY_HOURS))} hours; choose one of these.")
    return f"*/{hours}"


def _at(schedule: Schedule, hour: int) -> str:
    if schedule.kind is not JobKind.DAILY:
        raise ConfigurationError("The periodic job has no hour of its own; choose the hour of the daily job.")
    if not 0 <= hour < _DAY_HOURS:
        raise ConfigurationError("An hour of the day is from 0 to 23; choose one of these.")
    return str(hour)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"There is no time zone {name!r}; give its name as in Europe/Paris.") from None
    return name


def _schedule(row: Any) -> Schedule:
    return Schedule(
        source_id=row.source_id,
        kind=JobKind(row.kind),
        is_on=row.state == "on",
        cron=row.cron,
        zone=row.zone,
        window=timedelta(seconds=row.window_seconds),
        next_at=row.next_at,
    )
