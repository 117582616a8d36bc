"""Forgets a person on request: blanks every event, notice, before-image and remark, and takes no more events of that person.

What stays is an HMAC of each key, without which the next pull would bring the person back, and empty rows, without which the sums would
not add up. It may be interrupted anywhere and repeated: what is gone is not found again.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox import belonging, identity, retention
from crosswalk.inbox.belonging import Known, Page, Pair, Wanted
from crosswalk.inbox.prepare import NoticeState
from crosswalk.model import ChangeState
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.statements import chunks, insert
from crosswalk.store.vault import Vault

FORGOTTEN = retention.FORGOTTEN
_REMARK = "The person asked to be forgotten."
_ENDED = {"state": State.SKIPPED.value, "reason": Reason.NO_MATCH_KEY.value, "due_at": None, "deadline": None}
_OPEN = (ChangeState.PLANNED.value, ChangeState.SENT.value)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was blanked. `unsettled` is still needed for what is under way: forget again once it has ended."""

    events: int = 0
    notices: int = 0
    changes: int = 0
    identities: int = 0
    unsettled: int = 0
    deliveries: tuple[str, ...] = ()


async def forget(database: Database, vault: Vault, person: Mapping[str, str], records: Iterable[str], now: datetime) -> Forgotten:
    """Forget whoever any of the values names: "email", "user_id", "anonymous_id", "phone".

    `records` are the ids of records in Salesforce that are the person: what was written to them is blanked too.
    """
    pairs = belonging.normalised(person)
    async with database.write() as tx:  # first, so that nothing new comes in behind the search
        await _suppress(tx, (identity.value_hmac(vault, kind, value) for kind, value in pairs), now)
    async with database.read() as tx:
        wanted = Wanted(pairs, await belonging.learnt(tx, vault, pairs))
    forgetting = _Forgetting(database, vault, wanted, frozenset(records), now)
    await forgetting.events()
    await forgetting.notices()
    await forgetting.changes()
    return await forgetting.identities()


class _Forgetting:
    """One request to be forgotten, on its way through the tables."""

    def __init__(self, database: Database, vault: Vault, wanted: Wanted, records: frozenset[str], now: datetime) -> None:
        self._database, self._vault, self._wanted, self._records, self._now = database, vault, wanted, records, now
        self._events = self._notices = self._changes = 0
        self._unsettled: set[str] = set()
        self._deliveries: list[str] = []
        self._keys: set[Known] = set(wanted.learnt)

    async def events(self) -> None:
        """Blank the person's own events, and those of others that quote them once these have ended."""
        async for page in self._pages(lambda tx, after: belonging.events(tx, self._vault, self._wanted, after)):
            self._keys |= page.keys
            async with self._database.write() as tx:
                await self._suppress_ids(tx, page.keys)
                self._deliveries += await _blank_own(tx, page, self._now)
                quoting = await _ended(tx, page.quoting)
                await retention.blank_events(tx, quoting)
            self._events += len(page.own) + len(quoting)
            self._unsettled |= set(page.quoting) - set(quoting)

    async def notices(self) -> None:
        """Blank notices that quote the person; what they would fetch would not be taken."""
        notice = tables.notice
        ended = {"state": NoticeState.DONE.value, "due_at": None, "detail": _REMARK}
        async for page in self._pages(self._quoting((notice.c.payload_ct,), notice.c.id)):
            async with self._database.write() as tx:
                for part in chunks(page.quoting):
                    await tx.execute(update(notice).where(notice.c.id.in_(part)).values(ended))
                await retention.blank_notices(tx, page.quoting)
            self._notices += len(page.quoting)

    async def changes(self) -> None:
        """Blank what was written for the person's events, to the person's records, or quotes them."""
        change = tables.change
        async for page in self._pages(self._quoting((change.c.body_ct, change.c.before_ct, change.c.error_ct), change.c.id)):
            await self._blank_changes(page.quoting)
        for part in chunks(sorted(self._records)):
            async with self._database.read() as tx:
                found = (await tx.scalars(select(change.c.id).where(change.c.record_id.in_(part), retention.has_body()))).all()
            await self._blank_changes(found)
        after: str | None = ""
        while after is not None:
            async with self._database.write() as tx:
                batch = await retention.blank_forgotten(tx, after=after)
            self._changes, after = self._changes + batch.rows, batch.last
        async with self._database.read() as tx:
            self._unsettled |= set(await tx.scalars(retention.of_forgotten(select(change.c.id)).where(change.c.state.in_(_OPEN))))

    async def identities(self) -> Forgotten:
        """Delete what is known by the person's keys, last: until then a repeated request finds the person by them."""
        table, deleted = tables.identity, 0
        async with self._database.write() as tx:
            for source_id, kind, value_hmac in sorted(self._keys):
                one = (table.c.source_id == source_id, table.c.kind == kind, table.c.value_hmac == value_hmac)
                deleted += (await tx.execute(delete(table).where(*one))).rowcount
        counts = (self._events, self._notices, self._changes, deleted, len(self._unsettled))
        return Forgotten(*counts, deliveries=tuple(self._deliveries))

    async def _suppress_ids(self, tx: AsyncConnection, keys: Iterable[Known]) -> None:
        """Take no more events of a user id of the person either; an id means somebody within its source only."""
        scoped = (identity.scoped_hmac(self._vault, source_id, value_hmac) for source_id, _, value_hmac in keys)
        await _suppress(tx, scoped, self._now)

    async def _blank_changes(self, found: Sequence[str]) -> None:
        """Blank those that have ended; an open one is still needed to learn what became of it."""
        change = tables.change
        async with self._database.write() as tx:
            for part in chunks(found):
                over = (await tx.scalars(select(change.c.id).where(change.c.id.in_(part), change.c.state.not_in(_OPEN)))).all()
                await retention.blank_bodies(tx, over)
                self._changes += len(over)
                self._unsettled |= set(part) - set(over)

    def _quoting(self, columns: Sequence[ColumnElement[Any]], key: ColumnElement[str]) -> "_Search":
        return lambda tx, after: belonging.quoting(tx, self._vault, self._wanted, columns, key, after)

    async def _pages(self, search: "_Search") -> AsyncIterator[Page]:
        after: str | None = ""
        while after is not None:
            async with self._database.read() as tx:
                page = await search(tx, after)
            after = page.last
            if after is not None:
                yield page


_Search = Callable[[AsyncConnection, str], Coroutine[Any, Any, Page]]


async def _suppress(tx: AsyncConnection, hmacs: Iterable[str], now: datetime) -> None:
    for value_hmac in sorted(set(hmacs)):
        await tx.execute(insert(tables.suppression).values(value_hmac=value_hmac, at=now).on_conflict_do_nothing())


async def _blank_own(tx: AsyncConnection, page: Page, now: datetime) -> list[str]:
    """Blank events and everything made of them, end what waits, and return their deliveries."""
    event, delivery, outcome = tables.event, tables.delivery, tables.step_outcome
    deliveries = [one for part in chunks(page.own) for one in await tx.scalars(select(delivery.c.id).where(delivery.c.event_id.in_(part)))]
    await retention.blank_events(tx, page.own)
    nameless = {"code": FORGOTTEN, "detail": _REMARK, "entity_id": None, "message_id": None, "message_key": "f:" + event.c.id}
    for part in chunks(page.own):
        await tx.execute(update(event).where(event.c.id.in_(part)).values(nameless))
    for part in chunks(deliveries):
        waiting = (delivery.c.id.in_(part), delivery.c.state == State.WAITING.value)
        await tx.execute(update(delivery).where(*waiting).values(_ENDED | {"updated_at": now}))
        await tx.execute(update(delivery).where(delivery.c.id.in_(part)).values(detail=_REMARK))
        await tx.execute(update(outcome).where(outcome.c.delivery_id.in_(part)).values(detail=_REMARK, notes=None))
    await _delete_entities(tx, page.entities)
    return deliveries


async def _delete_entities(tx: AsyncConnection, entities: Iterable[Pair]) -> None:
    """Delete what is remembered of the entities of the person's events: an id may be an e-mail address."""
    entity = tables.entity
    for source_id, entity_id in sorted(entities):
        await tx.execute(delete(entity).where(entity.c.source_id == source_id, entity.c.entity_id == entity_id))


async def _ended(tx: AsyncConnection, event_ids: Sequence[str]) -> list[str]:
    """Return the events of which no delivery waits any more."""
    event, delivery = tables.event, tables.delivery
    waiting = exists().where(delivery.c.event_id == event.c.id, delivery.c.state == State.WAITING.value)
    ended: list[str] = []
    for part in chunks(event_ids):
        ended += (await tx.scalars(select(event.c.id).where(event.c.id.in_(part), ~waiting))).all()
    return ended
