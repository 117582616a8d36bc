"""The log of deliveries, newest first, a page at a time.

Pages are found by the id they end with, not by counting rows: ids climb with time, so a page stays where it is while new deliveries come.
A filter is taken apart into pieces that one index each delivers in the order of ids, so that a page costs the same among a million.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import identity, stored
from crosswalk.inbox.identity import Kind
from crosswalk.journal import outcomes, runs
from crosswalk.model import Delivery, Event, Outcome
from crosswalk.reasons import Reason, State
from crosswalk.record_ids import full as full_record_id
from crosswalk.store import ids as store_ids
from crosswalk.store import tables
from crosswalk.store.statements import chunks
from crosswalk.store.vault import Vault

_AT_ONCE = 200  # pieces of a filter in one statement; SQLite takes 500


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted; what is not set does not narrow. Times are those of receipt."""

    states: Collection[State] = ()
    reasons: Collection[Reason] = ()
    source_id: str | None = None
    sync_id: str | None = None
    sync_ids: Collection[str] | None = None  # those the reader may see
    run_id: str | None = None
    record_id: str | None = None
    lane_ids: Collection[str] | None = None  # those of one person
    delivery_ids: Collection[str] | None = None
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
    beyond = true() if after is None else delivery.c.id < after
    found: list[str] = []
    for pieces in chunks(await _pieces(tx, wanted), _AT_ONCE):
        newest = (select(delivery.c.id).where(piece, beyond).order_by(delivery.c.id.desc()).limit(limit + 1) for piece in pieces)
        found += (await tx.scalars(_together(newest))).all()
    chosen = sorted(set(found), reverse=True)[: limit + 1]
    rows = await tx.execute(_entries().where(delivery.c.id.in_(chosen[:limit])).order_by(delivery.c.id.desc()))
    return Page(tuple(_entry(row) for row in rows), chosen[limit - 1] if len(chosen) > limit else None)


async def count(tx: AsyncConnection, wanted: Filter, most: int) -> int:
    """Return how many deliveries the filter finds, counting no further than `most`."""
    counted = 0
    for pieces in chunks(await _pieces(tx, wanted), _AT_ONCE):
        several = _together(select(tables.delivery.c.id).where(piece).limit(most) for piece in pieces).subquery()
        counted += await tx.scalar(select(func.count()).select_from(select(several.c.id).limit(most).subquery())) or 0
        if counted >= most:
            return most
    return counted


async def ids(tx: AsyncConnection, wanted: Filter, limit: int) -> tuple[str, ...]:
    """Return the ids of what the filter finds, oldest first, as for a replay of all of it."""
    delivery = tables.delivery
    found: list[str] = []
    for piece in await _pieces(tx, wanted):
        found += (await tx.scalars(select(delivery.c.id).where(piece).order_by(delivery.c.id).limit(limit))).all()
    return tuple(sorted(found)[:limit])


async def syncs_of(tx: AsyncConnection, delivery_ids: Sequence[str]) -> set[str]:
    """Return the syncs that deliveries belong to."""
    delivery = tables.delivery
    found: set[str] = set()
    for part in chunks(delivery_ids):
        found.update(await tx.scalars(select(delivery.c.sync_id).where(delivery.c.id.in_(part)).distinct()))
    return found


async def full(tx: AsyncConnection, vault: Vault, delivery_id: str) -> Full | None:
    """Return one delivery with its event and how each step ended, or None when there is no such delivery."""
    row = (await tx.execute(_entries().where(tables.delivery.c.id == delivery_id))).first()
    if row is None:
        return None
    event_row = (await tx.execute(select(tables.event).where(tables.event.c.id == row.event_id))).one()
    steps = await outcomes.of_delivery(tx, delivery_id)
    return Full(_entry(row), stored.event(event_row, event_row.id, vault), tuple(steps))


async def searched(tx: AsyncConnection, vault: Vault, text: str) -> Filter:
    """Return the filter for what somebody typed: an e-mail address, a record id, a delivery id, or else a user or message id.

    Personal values are found by their HMAC, so only whole ones.
    """
    text = text.strip()
    if email := identity.normalised(Kind.EMAIL, text):
        return Filter(lane_ids=await _lanes_of(tx, [identity.value_hmac(vault, Kind.EMAIL, email)]))
    if await tx.scalar(select(tables.delivery.c.id).where(tables.delivery.c.id == text)):
        return Filter(delivery_ids=(text,))
    record_id = full_record_id(text)
    if record_id and await tx.scalar(select(tables.step_outcome.c.record_id).where(tables.step_outcome.c.record_id == record_id).limit(1)):
        return Filter(record_id=record_id)
    if by_message := await _of_message(tx, text):
        return Filter(delivery_ids=by_message)
    kinds = (Kind.USER_ID, Kind.ANONYMOUS_ID)
    return Filter(lane_ids=await _lanes_of(tx, [identity.value_hmac(vault, kind, text) for kind in kinds]))


async def _lanes_of(tx: AsyncConnection, hmacs: Sequence[str]) -> tuple[str, ...]:
    known, lane = tables.identity, tables.lane
    # Both are named, because the indexes begin with them.
    sources, orgs = [(await tx.scalars(select(column))).all() for column in (tables.source.c.id, tables.connection.c.id)]
    keys = select(known.c.lane_key).where(
        known.c.source_id.in_(sources), known.c.kind.in_([kind.value for kind in Kind]), known.c.value_hmac.in_(hmacs)
    )
    return tuple((await tx.scalars(select(lane.c.id).where(lane.c.org.in_(orgs), lane.c.lane_key.in_(keys)))).all())


async def _of_message(tx: AsyncConnection, message_id: str) -> tuple[str, ...]:
    event, delivery = tables.event, tables.delivery
    sources = (await tx.scalars(select(tables.source.c.id))).all()  # named here too
    events = select(event.c.id).where(event.c.source_id.in_(sources), event.c.message_key == f"m:{message_id}")
    return tuple((await tx.scalars(select(delivery.c.id).where(delivery.c.event_id.in_(events)))).all())


def _together(selects: Iterable[Select[Any]]) -> Any:
    """Return the rows of all the statements; each is wrapped, because SQLite takes no limit inside a union."""
    return union_all(*(select(each.subquery().c.id) for each in selects))


def _entries() -> Select[Any]:
    delivery, event = tables.delivery, tables.event
    return select(
        delivery, event.c.source_id, event.c.type, event.c.received_at, event.c.payload_ct.is_not(None).label("has_payload")
    ).join(event, event.c.id == delivery.c.event_id)


async def _pieces(tx: AsyncConnection, wanted: Filter) -> list[ColumnElement[bool]]:
    """Return conditions that together are the filter and of which one index each gives the rows by id."""
    narrowing = and_(true(), *_times(wanted), *_few(wanted))
    syncs = await _syncs(tx, wanted)
    if wanted.lane_ids is not None or wanted.delivery_ids is not None or wanted.record_id or wanted.run_id:
        among = true() if syncs is None else tables.delivery.c.sync_id.in_(syncs)
        return [and_(narrowing, among, _ends(wanted))]
    if syncs is None and not wanted.states and not wanted.reasons:
        return [narrowing]
    everywhere = (await tx.scalars(select(tables.sync.c.id))).all() if syncs is None else syncs
    return [and_(narrowing, tables.delivery.c.sync_id == sync_id, end) for sync_id in everywhere for end in _each_end(wanted)] or [false()]


async def _syncs(tx: AsyncConnection, wanted: Filter) -> Sequence[str] | None:
    """Return the syncs the filter narrows to, or None when it does not."""
    chosen = [set(wanted.sync_ids)] if wanted.sync_ids is not None else []
    if wanted.sync_id is not None:
        chosen.append({wanted.sync_id})
    if wanted.source_id is not None:
        chosen.append(set(await tx.scalars(select(tables.sync.c.id).where(tables.sync.c.source_id == wanted.source_id))))
    return sorted(set.intersection(*chosen)) if chosen else None


def _times(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    """Return what narrows to the times: a delivery has its id from the time of receipt."""
    if wanted.since is not None:
        yield tables.delivery.c.id >= store_ids.first(wanted.since)
    if wanted.until is not None:
        yield tables.delivery.c.id < store_ids.first(wanted.until)


def _few(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    """Return conditions that find a few deliveries by an index of their own."""
    delivery, outcome = tables.delivery, tables.step_outcome
    if wanted.delivery_ids is not None:
        yield delivery.c.id.in_(wanted.delivery_ids)
    if wanted.lane_ids is not None:
        yield delivery.c.lane_id.in_(wanted.lane_ids)
    if wanted.record_id is not None:
        yield delivery.c.id.in_(select(outcome.c.delivery_id).where(outcome.c.record_id == wanted.record_id))
    if wanted.run_id is not None:
        yield delivery.c.id.in_(runs.deliveries_of(wanted.run_id))


def _ends(wanted: Filter) -> ColumnElement[bool]:
    delivery = tables.delivery
    states = delivery.c.state.in_([state.value for state in wanted.states]) if wanted.states else true()
    reasons = delivery.c.reason.in_([reason.value for reason in wanted.reasons]) if wanted.reasons else true()
    return and_(states, reasons)


def _each_end(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    """Return one condition for each state with each reason it may have: the index holds them in this order, then by id."""
    delivery = tables.delivery
    for state in wanted.states or State:
        if not wanted.reasons:
            yield and_(delivery.c.state == state.value, delivery.c.reason.is_(None))
        for reason in Reason:
            if reason.state is state and (not wanted.reasons or reason in wanted.reasons):
                yield and_(delivery.c.state == state.value, delivery.c.reason == reason.value)


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
