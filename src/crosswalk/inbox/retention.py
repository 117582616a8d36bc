"""Personal values are kept as long as they are needed and no longer.

Content is blanked, rows stay: without them repeats could not be told, nor would the sums add up. What has not come to an end keeps its
content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import NoticeState
from crosswalk.model import ChangeState
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.statements import chunks


@dataclass(frozen=True, slots=True)
class Blanked:
    """How many rows lost their content."""

    events: int = 0
    notices: int = 0
    changes: int = 0


async def blank(tx: AsyncConnection, source_id: str, before: datetime, limit: int = 1_000) -> Blanked:
    """Blank the content of a source's events and notices received before that time whose work has ended; at most `limit` each."""
    event, delivery, notice = tables.event, tables.delivery, tables.notice
    waiting = exists().where(delivery.c.event_id == event.c.id, delivery.c.state == State.WAITING.value)
    old_events = and_(
        event.c.source_id == source_id,
        event.c.received_at < before,
        or_(event.c.payload_ct.is_not(None), event.c.person_ct.is_not(None)),
        ~waiting,
    )
    events = await _ids(tx, event.c.id, old_events, limit)
    await blank_events(tx, events)
    ended = notice.c.state != NoticeState.TO_FETCH.value
    old_notices = and_(notice.c.source_id == source_id, notice.c.received_at < before, ended, notice.c.payload_ct.is_not(None))
    notices = await _ids(tx, notice.c.id, old_notices, limit)
    for part in chunks(notices):
        await tx.execute(update(notice).where(notice.c.id.in_(part)).values(payload_ct=None))
    return Blanked(len(events), len(notices))


async def blank_changes(tx: AsyncConnection, before: datetime, limit: int = 1_000) -> Blanked:
    """Blank bodies and before-images of changes that ended before that time: they can then no longer be undone."""
    change = tables.change
    ended = change.c.state.in_([ChangeState.KNOWN.value, ChangeState.VOID.value])
    full = or_(change.c.body_ct.is_not(None), change.c.before_ct.is_not(None))
    found = await _ids(tx, change.c.id, and_(ended, full, change.c.planned_at < before), limit)
    await blank_bodies(tx, found)
    return Blanked(changes=len(found))


async def blank_events(tx: AsyncConnection, event_ids: Sequence[str]) -> None:
    """Take the content from events, whatever state they are in."""
    event = tables.event
    for part in chunks(event_ids):
        await tx.execute(update(event).where(event.c.id.in_(part)).values(payload_ct=None, person_ct=None))


async def blank_bodies(tx: AsyncConnection, change_ids: Sequence[str]) -> None:
    """Take body and before-image from changes."""
    change = tables.change
    for part in chunks(change_ids):
        await tx.execute(update(change).where(change.c.id.in_(part)).values(body_ct=None, before_ct=None))


async def _ids(tx: AsyncConnection, column: ColumnElement[str], condition: ColumnElement[bool], limit: int) -> Sequence[str]:
    return (await tx.scalars(select(column).where(condition).order_by(column).limit(limit))).all()
