"""Forgets a person on request: blanks every event, before-image and remark, and takes no more events of that person.

Nothing in the database tells whose an event is but its sealed content, so every event is opened once. What stays is an HMAC of each key,
without which the next pull would bring the person back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.inbox import identity, retention
from crosswalk.model import ChangeState
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.statements import chunks, insert
from crosswalk.store.vault import Vault

_PAGE = 1_000
_AT_ONCE = 500
_REMARK = "The person asked to be forgotten."
_ENDED = {"state": State.SKIPPED.value, "reason": Reason.NO_MATCH_KEY.value, "due_at": None, "deadline": None}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was blanked. `unsettled` writes are still needed to learn what became of them: forget again once they have settled."""

    events: int
    changes: int
    identities: int
    unsettled: int


async def forget(database: Database, vault: Vault, person: Mapping[str, str], now: datetime) -> Forgotten:
    """Forget whoever any of the values names: "email", "user_id", "anonymous_id", "phone". Repeat it after an interruption."""
    wanted = _normalised(person)
    async with database.write() as tx:  # first, so that nothing new comes in behind the search
        await _suppress(tx, vault, wanted, now)
    met = dict.fromkeys(wanted)
    events: list[str] = []
    after = ""
    while True:
        async with database.read() as tx:
            found, last = await _search(tx, vault, wanted, after)
        if last is None:
            break
        after = last
        met.update(dict.fromkeys(pair for pairs in found.values() for pair in pairs))
        events.extend(found)
    changes, unsettled = 0, 0
    for part in chunks(events, _AT_ONCE):
        async with database.write() as tx:
            ended, open_ones = await _blank(tx, part, now)
        changes, unsettled = changes + ended, unsettled + open_ones
    async with database.write() as tx:
        identities = await _forget_identities(tx, vault, met, {value for _, value in wanted})
    return Forgotten(len(events), changes, identities, unsettled)


async def _suppress(tx: AsyncConnection, vault: Vault, wanted: Iterable[tuple[str, str]], now: datetime) -> None:
    for kind, value in wanted:
        row = {"value_hmac": identity.value_hmac(vault, kind, value), "at": now}
        await tx.execute(insert(tables.suppression).values(row).on_conflict_do_nothing())


async def _search(
    tx: AsyncConnection, vault: Vault, wanted: frozenset[tuple[str, str]], after: str
) -> tuple[dict[str, frozenset[tuple[str, str]]], str | None]:
    """Look through one page of events; return those of the person with all their keys, and where the page ended."""
    event = tables.event
    statement = (
        select(event.c.id, event.c.person_ct).where(event.c.person_ct.is_not(None), event.c.id > after).order_by(event.c.id).limit(_PAGE)
    )
    found: dict[str, frozenset[tuple[str, str]]] = {}
    last = None
    for row in await tx.execute(statement):
        last = row.id
        keys = _normalised(_opened(vault, row.person_ct))
        if keys & wanted:
            found[row.id] = keys
    return found, last


async def _blank(tx: AsyncConnection, event_ids: Sequence[str], now: datetime) -> tuple[int, int]:
    """Blank events and everything made of them; return how many changes that were, and how many have yet to settle."""
    delivery, outcome = tables.delivery, tables.step_outcome
    deliveries = (await tx.scalars(select(delivery.c.id).where(delivery.c.event_id.in_(event_ids)))).all()
    await retention.blank_events(tx, event_ids)
    for part in chunks(deliveries):
        waiting = (delivery.c.id.in_(part), delivery.c.state == State.WAITING.value)
        await tx.execute(update(delivery).where(*waiting).values(_ENDED | {"updated_at": now}))
        await tx.execute(update(delivery).where(delivery.c.id.in_(part)).values(detail=_REMARK))
        await tx.execute(update(outcome).where(outcome.c.delivery_id.in_(part)).values(detail=_REMARK, notes=None))
    ended, unsettled = await _changes_of(tx, deliveries)
    await retention.blank_bodies(tx, ended)
    return len(ended), len(unsettled)


async def _changes_of(tx: AsyncConnection, deliveries: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the changes made for these deliveries: those that have ended, and the others."""
    change, involved = tables.change, tables.change_delivery
    ended: list[str] = []
    unsettled: list[str] = []
    for part in chunks(deliveries):
        statement = (
            select(change.c.id, change.c.state)
            .join(involved, involved.c.change_id == change.c.id)
            .where(involved.c.delivery_id.in_(part))
            .distinct()
        )
        for row in await tx.execute(statement):
            (ended if row.state in (ChangeState.KNOWN, ChangeState.VOID) else unsettled).append(row.id)
    return ended, unsettled


async def _forget_identities(tx: AsyncConnection, vault: Vault, met: Iterable[tuple[str, str]], values: set[str]) -> int:
    """Delete what is known by the person's keys, and what other keys met beside them have learnt."""
    table = tables.identity
    forgotten = 0
    for part in chunks(sorted({identity.value_hmac(vault, kind, value) for kind, value in met})):
        for row in (await tx.execute(select(table).where(table.c.value_hmac.in_(part)))).all():
            learnt = _opened(vault, row.strong_keys_ct) if row.strong_keys_ct else {}
            own = any(identity.value_hmac(vault, row.kind, value) == row.value_hmac for value in values)
            if own or values & set(learnt.values()):
                mine = (table.c.source_id == row.source_id, table.c.kind == row.kind, table.c.value_hmac == row.value_hmac)
                await tx.execute(delete(table).where(*mine))
                forgotten += 1
    return forgotten


def _opened(vault: Vault, sealed: bytes) -> Mapping[str, str]:
    try:
        opened = vault.open(sealed)
    except ConfigurationError:
        return {}  # its key is lost: nobody can read it any more
    return opened if isinstance(opened, dict) else {}


def _normalised(person: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    pairs = ((kind, identity.normalised(kind, value)) for kind, value in person.items() if value is not None)
    return frozenset((kind, value) for kind, value in pairs if value is not None)
