"""Personal values are kept as long as they are needed and no longer.

Content is blanked, rows stay: without them repeats could not be told, nor would the sums add up. What has not come to an end keeps its
content. Everything goes in bounded batches, each begun where the one before ended, so that whoever dies in between leaves nothing half
done and the next one goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import NoticeState
from crosswalk.model import ChangeState
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.statements import chunks

FORGOTTEN = "forgotten"  # the code of an event whose person asked to be forgotten
_ENDED = (ChangeState.KNOWN.value, ChangeState.VOID.value)
TRACES: tuple[tuple[Table, str], ...] = (
    (tables.refusal, "at"),
    (tables.callout, "at"),
    (tables.api_call, "started_at"),
    (tables.alert, "cleared_at"),  # one that is raised has no such time and stays
)


@dataclass(frozen=True, slots=True)
class Batch:
    """How many rows one batch dealt with, and where it ended; no end means that nothing is left."""

    rows: int = 0
    last: str | None = None


async def blank_old_events(tx: AsyncConnection, source_id: str, before: datetime, limit: int = 1_000, after: str = "") -> Batch:
    """Blank the content of a source's events received before that time whose work has ended; at most `limit`."""
    event, delivery = tables.event, tables.delivery
    waiting = exists().where(delivery.c.event_id == event.c.id, delivery.c.state == State.WAITING.value)
    full = or_(event.c.payload_ct.is_not(None), event.c.person_ct.is_not(None))
    old = and_(event.c.source_id == source_id, event.c.received_at < before, full, ~waiting)
    found = await _ids(tx, event.c.id, old, limit, after)
    await blank_events(tx, found)
    return _batch(found)


async def blank_old_notices(tx: AsyncConnection, source_id: str, before: datetime, limit: int = 1_000, after: str = "") -> Batch:
    """Blank the content of a source's notices received before that time that need no fetching any more; at most `limit`."""
    notice = tables.notice
    ended = notice.c.state != NoticeState.TO_FETCH.value
    old = and_(notice.c.source_id == source_id, notice.c.received_at < before, ended, notice.c.payload_ct.is_not(None))
    found = await _ids(tx, notice.c.id, old, limit, after)
    await blank_notices(tx, found)
    return _batch(found)


async def blank_old_changes(tx: AsyncConnection, before: datetime, limit: int = 1_000, after: str = "") -> Batch:
    """Blank bodies and before-images of changes that ended before that time: they can then no longer be undone."""
    change = tables.change
    old = and_(change.c.state.in_(_ENDED), has_body(), change.c.planned_at < before)
    found = await _ids(tx, change.c.id, old, limit, after)
    await blank_bodies(tx, found)
    return _batch(found)


async def blank_forgotten(tx: AsyncConnection, limit: int = 1_000, after: str = "") -> Batch:
    """Blank changes that were made for forgotten people and have ended by now."""
    change = tables.change
    ended = change.c.state.in_(_ENDED) & (change.c.id > after)
    found = (await tx.scalars(of_forgotten(select(change.c.id)).where(ended).distinct().order_by(change.c.id).limit(limit))).all()
    await blank_bodies(tx, found)
    return _batch(found)


def of_forgotten(changes: Select[Any]) -> Select[Any]:
    """Narrow a query of changes to those that have content and were made for events of forgotten people."""
    change, involved, delivery, event = tables.change, tables.change_delivery, tables.delivery, tables.event
    return (
        changes.join(involved, involved.c.change_id == change.c.id)
        .join(delivery, delivery.c.id == involved.c.delivery_id)
        .join(event, event.c.id == delivery.c.event_id)
        .where(event.c.code == FORGOTTEN, has_body())
    )


def has_body() -> ColumnElement[bool]:
    """Tell whether a change still has content."""
    change = tables.change
    return or_(change.c.body_ct.is_not(None), change.c.before_ct.is_not(None), change.c.error_ct.is_not(None))


async def delete_old_traces(tx: AsyncConnection, table: Table, column: str, before: datetime, most: int, limit: int = 1_000) -> Batch:
    """Delete traces of requests and calls made before that time, and the oldest of those beyond `most` rows."""
    beyond = select(table.c.id).order_by(table.c.id.desc()).offset(most).limit(1).scalar_subquery()
    found = await _ids(tx, table.c.id, or_(table.c[column] < before, table.c.id <= beyond), limit, "")
    for part in chunks(found):
        await tx.execute(delete(table).where(table.c.id.in_(part)))
    return _batch(found)


async def blank_events(tx: AsyncConnection, event_ids: Sequence[str]) -> None:
    """Take the content from events, whatever state they are in."""
    event = tables.event
    for part in chunks(event_ids):
        await tx.execute(update(event).where(event.c.id.in_(part)).values(payload_ct=None, person_ct=None))


async def blank_notices(tx: AsyncConnection, notice_ids: Sequence[str]) -> None:
    """Take the content from notices."""
    notice = tables.notice
    for part in chunks(notice_ids):
        await tx.execute(update(notice).where(notice.c.id.in_(part)).values(payload_ct=None))


async def blank_bodies(tx: AsyncConnection, change_ids: Sequence[str]) -> None:
    """Take body, before-image and Salesforce's own words, which may quote values, from changes."""
    change = tables.change
    for part in chunks(change_ids):
        await tx.execute(update(change).where(change.c.id.in_(part)).values(body_ct=None, before_ct=None, error_ct=None))


async def _ids(tx: AsyncConnection, column: ColumnElement[str], condition: ColumnElement[bool], limit: int, after: str) -> Sequence[str]:
    return (await tx.scalars(select(column).where(condition, column > after).order_by(column).limit(limit))).all()


def _batch(found: Sequence[str]) -> Batch:
    return Batch(len(found), found[-1] if found else None)
