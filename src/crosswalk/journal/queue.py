"""What waits to be done: how much, and since when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import NoticeState
from crosswalk.reasons import State
from crosswalk.store import ids as store_ids
from crosswalk.store import tables


@dataclass(frozen=True, slots=True)
class Queue:
    """Deliveries that wait, those of them that are due, notices still to be fetched, and when the oldest waiting delivery was made."""

    waiting: int
    due: int
    to_fetch: int
    oldest_at: datetime | None


async def read(tx: AsyncConnection, now: datetime) -> Queue:
    """Return what waits at this moment."""
    delivery, notice = tables.delivery, tables.notice
    waiting = delivery.c.state == State.WAITING.value
    number, oldest = (await tx.execute(select(func.count(), func.min(delivery.c.id)).where(waiting))).one()
    due = await tx.scalar(select(func.count()).select_from(delivery).where(waiting, delivery.c.due_at <= now))
    fetch = await tx.scalar(select(func.count()).select_from(notice).where(notice.c.state == NoticeState.TO_FETCH.value))
    return Queue(number, due or 0, fetch or 0, store_ids.moment(oldest) if oldest else None)
