"""Work that is due once: a scheduled pull, a range, one session, a re-reading.

Taking a job pushes its time ahead, again and again while it lasts, so that two processes do not do it at once and one that dies gives it
back by itself within a minute; should two have it all the same, the cursor of its stream keeps one of them out. A job that is done is
deleted: what became of it stands in its run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import alive
from crosswalk.errors import ConfigurationError
from crosswalk.sources.base import Window
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import every, insert
from crosswalk.store.texts import storable

TAKEN_SECONDS = alive.LEASE_SECONDS
MOST_DAYS = 30
_KEY_LENGTH, _SUBJECT_LENGTH = 300, 255


class JobKind(StrEnum):
    """Why something is read."""

    PERIODIC = "periodic"
    DAILY = "daily"
    MANUAL = "manual"
    ON_DEMAND = "on_demand"
    REREAD = "reread"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work; two with one key of one source are the same."""

    id: str
    source_id: str
    key: str
    kind: JobKind
    due_at: datetime
    stream: str | None = None
    subject: str | None = None
    range_start: datetime | None = None
    range_end: datetime | None = None  # of a re-reading: when the session ended
    window_seconds: int | None = None
    attempts: int = 0


async def ask_range(
    tx: AsyncConnection, ids: Ids, source_id: str, streams: Sequence[str], windows: Iterable[Window], now: datetime
) -> None:
    """Queue ranges of streams, as `parts` gives them; the same range asked for twice is read once."""
    wanted = [(stream, window) for window in windows for stream in streams]
    await add(tx, [_range(ids, source_id, stream, window, now) for stream, window in wanted], now)


async def ask_one(tx: AsyncConnection, ids: Ids, source_id: str, subject: str, now: datetime) -> None:
    """Queue one session or conversation to be read now; raise `ConfigurationError` for an id that cannot be one."""
    if not subject or len(subject) > _SUBJECT_LENGTH or storable(subject, _SUBJECT_LENGTH) != subject:
        raise ConfigurationError("This is no id of a session or conversation; copy it from the source's system.")
    key = storable(f"{JobKind.ON_DEMAND}:{subject}", _KEY_LENGTH)
    await add(tx, [Job(ids.new(), source_id, key, JobKind.ON_DEMAND, now, subject=subject)], now)


def parts(window: Window, now: datetime, *, split: bool = False) -> list[Window]:
    """Return a range as runs take it; raise `ConfigurationError` when it is not in the past, or too long and not to be split."""
    if not window.start < window.end <= now:
        raise ConfigurationError("The range must begin before it ends and must not end in the future; correct its begin and its end.")
    most, length = timedelta(days=MOST_DAYS), window.end - window.start
    runs = -(-length // most)
    if runs > 1 and not split:
        days = -(-length // timedelta(days=1))
        raise ConfigurationError(
            f"The range spans {days} days, and one run reads at most {MOST_DAYS}; nothing was read. Ask for a shorter range, or let it be "
            f"split into {runs} runs, one after the other (--split)."
        )
    starts = [window.start + most * number for number in range(runs)]
    return [Window(start, min(start + most, window.end)) for start in starts]


async def add(tx: AsyncConnection, jobs: Iterable[Job], now: datetime) -> None:
    """Queue jobs; one that is queued already stays as it is."""
    rows = sorted(({**asdict(job), "kind": job.kind.value, "created_at": now} for job in jobs), key=lambda row: row["key"])
    await every(tx, insert(tables.job).on_conflict_do_nothing(index_elements=[tables.job.c.source_id, tables.job.c.key]), rows)


async def any_due(tx: AsyncConnection, now: datetime) -> bool:
    """Tell whether a job is due."""
    return (await tx.execute(select(tables.job.c.id).where(tables.job.c.due_at <= now).limit(1))).first() is not None


async def take(tx: AsyncConnection, limit: int, now: datetime) -> list[Job]:
    """Take jobs that are due, longest waiting first; each is ours until `TAKEN_SECONDS` have passed."""
    job = tables.job
    due = select(job).where(job.c.due_at <= now).order_by(job.c.due_at, job.c.id).limit(limit).with_for_update(skip_locked=True)
    found = await _jobs(tx, due)
    if found:
        until = now + timedelta(seconds=TAKEN_SECONDS)
        await tx.execute(update(job).where(job.c.id.in_([one.id for one in found])).values(due_at=until))
    return found


async def hold(tx: AsyncConnection, job: Job, now: datetime) -> None:
    """Keep a job that is under way from being taken by another process."""
    until = now + timedelta(seconds=TAKEN_SECONDS)
    await tx.execute(update(tables.job).where(tables.job.c.id == job.id, tables.job.c.due_at < until).values(due_at=until))


async def again(tx: AsyncConnection, job: Job, due_at: datetime, attempts: int) -> None:
    """Let a job come again; nothing happens when it was dropped meanwhile."""
    await tx.execute(update(tables.job).where(tables.job.c.id == job.id).values(due_at=due_at, attempts=attempts))


async def done(tx: AsyncConnection, job: Job) -> None:
    """Forget a job that has come to its end."""
    await tx.execute(delete(tables.job).where(tables.job.c.id == job.id))


async def drop(tx: AsyncConnection, source_id: str, kind: JobKind) -> None:
    """Forget the queued jobs of a kind, as when it is switched off; one under way ends by itself."""
    await tx.execute(delete(tables.job).where(tables.job.c.source_id == source_id, tables.job.c.kind == kind.value))


async def wake(tx: AsyncConnection, source_id: str, now: datetime) -> None:
    """Make due what waits for its source, as when that is switched on again."""
    job = tables.job
    await tx.execute(update(job).where(job.c.source_id == source_id, job.c.due_at > now).values(due_at=now))


async def queued(tx: AsyncConnection, source_id: str) -> list[Job]:
    """Return what is queued or under way for a source, next first."""
    job = tables.job
    return await _jobs(tx, select(job).where(job.c.source_id == source_id).order_by(job.c.due_at, job.c.id))


def _range(ids: Ids, source_id: str, stream: str, window: Window, now: datetime) -> Job:
    key = storable(f"{JobKind.MANUAL}:{stream}:{window.start.isoformat()}:{window.end.isoformat()}", _KEY_LENGTH)
    return Job(ids.new(), source_id, key, JobKind.MANUAL, now, stream=stream, range_start=window.start, range_end=window.end)


async def _jobs(tx: AsyncConnection, statement: Select[Any]) -> list[Job]:
    return [
        Job(
            id=row.id,
            source_id=row.source_id,
            key=row.key,
            kind=JobKind(row.kind),
            due_at=row.due_at,
            stream=row.stream,
            subject=row.subject,
            range_start=row.range_start,
            range_end=row.range_end,
            window_seconds=row.window_seconds,
            attempts=row.attempts,
        )
        for row in (await tx.execute(statement)).all()
    ]
