"""One shared commit: the events and notices of many requests, with everything that follows from them, in a handful of statements."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import counts, entities, identity, routing
from crosswalk.inbox.prepare import EventStatus, NoticeState, Prepared, PreparedEvent, forgotten
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SyncConfig
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert
from crosswalk.store.vault import Vault

_KEEP = insert(tables.event).on_conflict_do_nothing().returning(tables.event.c.id)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the items of one request: each counts in exactly one of the four."""

    events: int = 0
    notices: int = 0
    repeats: int = 0
    invalid: int = 0

    def __add__(self, more: "Receipt") -> "Receipt":
        """Return what became of both."""
        return Receipt(self.events + more.events, self.notices + more.notices, self.repeats + more.repeats, self.invalid + more.invalid)


class Commit:
    """Writes requests within a transaction that the caller opened."""

    def __init__(self, vault: Vault, ids: Ids) -> None:
        self._vault = vault
        self._ids = ids

    async def write(self, tx: AsyncConnection, requests: Sequence[Prepared], configuration: Configuration, now: datetime) -> list[Receipt]:
        """Keep what is new of each request and return what became of it; nothing is kept when this raises."""
        items = await self._unsuppressed(tx, requests)
        fresh = await entities.news(tx, [item for found in items for item in found])
        new = await self._insert_events(tx, fresh, configuration)
        await self._route(tx, fresh, new, configuration, now)
        noticed = await self._insert_notices(tx, requests, now)
        receipts = [_receipt(request, found, new, noticed) for request, found in zip(requests, items, strict=True)]
        await counts.add(tx, _counted(requests, receipts), now)
        return receipts

    async def _unsuppressed(self, tx: AsyncConnection, requests: Sequence[Prepared]) -> list[tuple[PreparedEvent, ...]]:
        hmacs = {hmac for request in requests for item in request.events for hmac in item.suppression_hmacs}
        found = await identity.suppressed(tx, hmacs)
        if not found:
            return [request.events for request in requests]
        return [
            tuple(forgotten(item) if found.intersection(item.suppression_hmacs) else item for item in request.events)
            for request in requests
        ]

    async def _insert_events(
        self, tx: AsyncConnection, items: Sequence[PreparedEvent], configuration: Configuration
    ) -> Mapping[str, tuple[SyncConfig, ...]]:
        """Insert what is no repeat and return the syncs of each new event by its id."""
        syncs = {item.event.id: _syncs(item, configuration) for item in items}
        rows = sorted((_event_row(item, bool(syncs[item.event.id])) for item in items), key=lambda row: row["message_key"])
        if not rows:
            return {}
        inserted = (await tx.execute(_KEEP, rows)).scalars().all()
        return {event_id: syncs[event_id] for event_id in inserted}

    async def _route(
        self,
        tx: AsyncConnection,
        items: Sequence[PreparedEvent],
        new: Mapping[str, tuple[SyncConfig, ...]],
        configuration: Configuration,
        now: datetime,
    ) -> None:
        people = [item for item in items if item.event.id in new and item.problem is None]
        learnt = await identity.learn(tx, self._vault, [(item.event, item.keys) for item in people])
        routed = [routing.Routed(item, learnt.lane_keys[item.event.id], new[item.event.id]) for item in people]
        if learnt.woken:
            await routing.wake_learnt(tx, learnt.woken, configuration.connections, now)
        await routing.deliver(tx, routed, configuration, self._ids, now)

    async def _insert_notices(self, tx: AsyncConnection, requests: Sequence[Prepared], now: datetime) -> set[str]:
        rows: list[dict[str, Any]] = [
            {
                "id": prepared.notice.id,
                "source_id": request.provenance.source_id,
                "message_key": prepared.message_key,
                "kind": prepared.notice.kind,
                "state": NoticeState.TO_FETCH.value,
                "received_at": prepared.notice.received_at,
                "due_at": now,
                "attempts": 0,
                "payload_ct": prepared.payload_ct,
            }
            for request in requests
            for prepared in request.notices
        ]
        if not rows:
            return set()
        rows.sort(key=lambda row: row["message_key"])
        statement = insert(tables.notice).on_conflict_do_nothing().returning(tables.notice.c.id)
        return set((await tx.execute(statement, rows)).scalars().all())


def _syncs(item: PreparedEvent, configuration: Configuration) -> tuple[SyncConfig, ...]:
    if item.problem is not None:
        return ()
    return tuple(sync for sync in configuration.syncs_of(item.event.source_id) if sync.takes(item.event.type))


def _event_row(item: PreparedEvent, is_routed: bool) -> dict[str, Any]:  # noqa: FBT001 - a private step
    event = item.event
    status = EventStatus.ROUTED if is_routed else EventStatus.UNROUTED
    return {
        "id": event.id,
        "source_id": event.source_id,
        "message_key": item.message_key,
        "entity_id": event.entity_id,
        "revision": event.revision,
        "message_id": event.message_id,
        "group_id": event.group_id,
        "type": event.type,
        "rank": event.rank,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "status": (EventStatus.INVALID if item.problem else status).value,
        "code": item.problem.code if item.problem else None,
        "detail": item.problem.sentence if item.problem else None,
        "run_id": item.provenance.run_id,
        "person_ct": item.person_ct,
        "payload_ct": item.payload_ct,
    }


def _receipt(request: Prepared, items: Sequence[PreparedEvent], new: Container[str], noticed: Container[str]) -> Receipt:
    kept = [item for item in items if item.event.id in new]
    notices = sum(prepared.notice.id in noticed for prepared in request.notices)
    invalid = sum(item.problem is not None for item in kept)
    return Receipt(
        events=len(kept) - invalid,
        notices=notices,
        repeats=len(items) - len(kept) + len(request.notices) - notices,
        invalid=invalid,
    )


def _counted(requests: Sequence[Prepared], receipts: Sequence[Receipt]) -> Mapping[str, counts.Count]:
    """Add up by source; an invalid item is an event of that status."""
    found: dict[str, counts.Count] = {}
    for request, receipt in zip(requests, receipts, strict=True):
        count = found.setdefault(request.provenance.source_id, counts.Count())
        count.events += receipt.events + receipt.invalid
        count.notices += receipt.notices
        count.repeats += receipt.repeats
    return found
