"""The log of deliveries, newest first, a page at a time.

Pages are found by the id they end with, not by counting rows: ids climb with time, so a page stays where it is while new deliveries come.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import stored
from crosswalk.journal import outcomes
from crosswalk.model import Delivery, Event, Outcome
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted; what is not set does not narrow. Times are those of receipt."""

    states: Collection[State] = ()
    reasons: Collection[Reason] = ()
    source_id: str | None = None
    sync_id: str | None = None
    run_id: str | None = None
    event_type: str | None = None
    record_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One delivery as the log shows it."""

    delivery: Delivery
    detail: str
    source_id: str
    event_type: str
    received_at: datetime
    updated_at: datetime
    has_payload: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, and where the next page begins: None at the end."""

    entries: tuple[Entry, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Full:
    """Everything about one delivery."""

    entry: Entry
    event: Event
    steps: tuple[Outcome, ...]


async def page(tx: AsyncConnection, wanted: Filter, limit: int, after: str | None = None) -> Page:
    """Return the newest entries, or those that follow the page which ended with `after`."""
    delivery = tables.delivery
    statement = _entries().where(*_conditions(wanted)).order_by(delivery.c.id.desc()).limit(limit + 1)
    if after is not None:
        statement = statement.where(delivery.c.id < after)
    entries = [_entry(row) for row in await tx.execute(statement)]
    more = entries[limit - 1].delivery.id if len(entries) > limit else None
    return Page(tuple(entries[:limit]), more)


async def ids(tx: AsyncConnection, wanted: Filter, limit: int) -> tuple[str, ...]:
    """Return the ids of what the filter finds, oldest first, as for a replay of all of it."""
    delivery, event = tables.delivery, tables.event
    statement = select(delivery.c.id).join(event, event.c.id == delivery.c.event_id).where(*_conditions(wanted))
    return tuple((await tx.scalars(statement.order_by(delivery.c.id).limit(limit))).all())


async def full(tx: AsyncConnection, vault: Vault, delivery_id: str) -> Full | None:
    """Return one delivery with its event and how each step ended, or None when there is no such delivery."""
    row = (await tx.execute(_entries().where(tables.delivery.c.id == delivery_id))).first()
    if row is None:
        return None
    event_row = (await tx.execute(select(tables.event).where(tables.event.c.id == row.event_id))).one()
    steps = await outcomes.of_delivery(tx, delivery_id)
    return Full(_entry(row), stored.event(event_row, event_row.id, vault), tuple(steps))


def _entries() -> Select[Any]:
    delivery, event = tables.delivery, tables.event
    return select(
        delivery, event.c.source_id, event.c.type, event.c.received_at, event.c.payload_ct.is_not(None).label("has_payload")
    ).join(event, event.c.id == delivery.c.event_id)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    delivery, event, outcome = tables.delivery, tables.event, tables.step_outcome
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(delivery.c.state.in_([state.value for state in wanted.states]))
    if wanted.reasons:
        conditions.append(delivery.c.reason.in_([reason.value for reason in wanted.reasons]))
    for column, value in (
        (event.c.source_id, wanted.source_id),
        (delivery.c.sync_id, wanted.sync_id),
        (delivery.c.run_id, wanted.run_id),
        (event.c.type, wanted.event_type),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.since is not None:
        conditions.append(event.c.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(event.c.received_at < wanted.until)
    if wanted.record_id is not None:
        conditions.append(exists().where(outcome.c.delivery_id == delivery.c.id, outcome.c.record_id == wanted.record_id))
    return conditions


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        delivery=stored.delivery(row),
        detail=row.detail or "",
        source_id=row.source_id,
        event_type=row.type,
        received_at=row.received_at,
        updated_at=row.updated_at,
        has_payload=bool(row.has_payload),
    )
