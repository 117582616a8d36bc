"""Sessions that are over are read again, because their systems add to them for weeks: attendance, reports, replays.

Which sessions are over is told by the pages of pulls; the times are the source's own. One job stands for a session, however often it is
told, and moves from one time to the next; past the last one it is gone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.engine import jobs
from crosswalk.engine.jobs import Job, JobKind
from crosswalk.engine.vendors import Vendor
from crosswalk.sources.base import Ended, Refetching
from crosswalk.store.ids import Ids


async def note(tx: AsyncConnection, ids: Ids, vendor: Vendor, ended: Iterable[Ended], now: datetime) -> None:
    """Plan the next reading of sessions that a page told are over; those planned already stay as they are."""
    if not isinstance(vendor.kind, Refetching):
        return
    late = vendor.kind.late_data(vendor.source.settings)
    planned = [_planned(ids, vendor.source.id, session, due) for session in ended if (due := following(session.at, late, now))]
    await jobs.add(tx, planned, now)


def following(ended_at: datetime, late: Sequence[timedelta], now: datetime) -> datetime | None:
    """Return when a session is read next; None after the last time."""
    return min((ended_at + after for after in late if ended_at + after > now), default=None)


def _planned(ids: Ids, source_id: str, session: Ended, due: datetime) -> Job:
    return Job(
        id=ids.new(),
        source_id=source_id,
        key=f"{JobKind.REREAD}:{session.subject}",
        kind=JobKind.REREAD,
        due_at=due,
        subject=session.subject,
        range_end=session.at,
    )
