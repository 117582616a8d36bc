"""Which lane an event belongs to, and what we learn about who somebody is.

An event goes to the lane of its best known key: e-mail, then the source's user id, then the anonymous id; about nobody, to the lane of its
entity. Lanes are never merged, since they are queues and claims do what is needed. A weak key remembers the strong ones it was seen with,
so that a later event with only a user id can still be matched by e-mail; an anonymous id seen with two people remembers neither.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.model import Event
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert
from crosswalk.store.vault import Vault

KEYS_PER_LANE = 50
_SYNTHETIC_DOMAINS = ("@unknown.livestorm.co",)


class Kind(StrEnum):
    """What can tell who somebody is, best first; the values are the keys of `Event.person`."""

    EMAIL = "email"
    USER_ID = "user_id"
    ANONYMOUS_ID = "anonymous_id"


PHONE = "phone"
PREVIOUS_ID = "previous_id"  # what an alias event called its user before


class Key(NamedTuple):
    """One value that tells who somebody is within one source; known in the database by its HMAC."""

    source_id: str
    kind: Kind
    value_hmac: str
    value: str


@dataclass(slots=True)
class Known:
    """What the database holds about one key."""

    lane_key: str
    strong: dict[str, str | None]
    freshness: str = ""
    is_new: bool = False


@dataclass(slots=True)
class Learnt:
    """What one commit adds: lanes by event, rows to write, lanes whose people are known better now."""

    lane_keys: dict[str, str] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)


def normalised(kind: str, value: Any) -> str | None:
    """Return the value in the form in which two spellings are equal, or None when it tells nothing."""
    text = unicodedata.normalize("NFC", str(value).strip())
    if not text:
        return None
    if kind == PHONE:
        return "".join(character for character in text if character.isdigit()) or None
    if kind != Kind.EMAIL:
        return text
    text = text.lower()
    return None if "@" not in text or text.endswith(_SYNTHETIC_DOMAINS) else text


def value_hmac(vault: Vault, kind: str, value: str) -> str:
    """Return the HMAC by which a normalised value is known, in `identity` and in `suppression`."""
    return vault.hmac(f"{kind}={value}")


def scoped_hmac(vault: Vault, source_id: str, value_hmac: str) -> str:
    """Return the HMAC by which `suppression` knows a user id, which means somebody within its source only."""
    return vault.hmac(f"{source_id}:{value_hmac}")


def keys(event: Event, vault: Vault) -> tuple[Key, ...]:
    """Return the keys an event carries, best first; the previous id of an alias comes last."""
    found: list[Key] = []
    for name, kind in (*((kind, kind) for kind in Kind), (PREVIOUS_ID, Kind.USER_ID)):
        value = event.person.get(name)
        text = normalised(kind, value) if value is not None else None
        if text is not None:
            found.append(Key(event.source_id, kind, value_hmac(vault, kind, text), text))
    return tuple(found)


def phone_hmacs(event: Event, vault: Vault) -> tuple[str, ...]:
    """Return the HMAC of the phone number, which is no key of a lane but may belong to somebody who asked to be forgotten."""
    text = normalised(PHONE, event.person.get(PHONE) or "")
    return () if text is None else (value_hmac(vault, PHONE, text),)


def fallback_lane(event: Event, vault: Vault) -> str:
    """Return the lane of an event about nobody: that of its entity, else its own."""
    return vault.hmac(f"lane:{event.source_id}:{event.entity_id or event.id}")


def own_lane(key: Key, vault: Vault) -> str:
    """Return the lane a key opens when it is nobody's yet; an e-mail means the same person in every source."""
    scope = "" if key.kind is Kind.EMAIL else key.source_id
    return vault.hmac(f"lane:{scope}:{key.kind}={key.value}")


async def learn(tx: AsyncConnection, vault: Vault, people: Sequence[tuple[Event, tuple[Key, ...]]]) -> Learnt:
    """Choose the lane of each event, in order, and write what the events tell about identities."""
    known = await _read(tx, vault, {key for _, found in people for key in found})
    sizes = await _sizes(tx, known, people)
    learnt = Learnt()
    for event, found in people:
        learnt.lane_keys[event.id] = _choose(event, found, known, sizes, vault, learnt)
        _teach(event, found, known, learnt)
    await _write(tx, vault, known, learnt)
    return learnt


async def strong_keys(tx: AsyncConnection, vault: Vault, events: Iterable[Event]) -> Mapping[str, Mapping[str, str]]:
    """Return, by event id, the keys learnt from other events for people whose event does not carry them itself."""
    asked = {event.id: (event, keys(event, vault)) for event in events}
    known = await _read(tx, vault, {key for _, found in asked.values() for key in found if key.kind is not Kind.EMAIL})
    answer: dict[str, Mapping[str, str]] = {}
    for event_id, (event, found) in asked.items():
        learnt: dict[str, str] = {}
        for key in found:
            for kind, value in known[key].strong.items() if key in known else ():
                if value is not None and not event.person.get(kind):
                    learnt.setdefault(kind, value)
        if learnt:
            answer[event_id] = learnt
    return answer


async def suppressed(tx: AsyncConnection, hmacs: Iterable[str]) -> set[str]:
    """Return which of the values belong to people who asked to be forgotten."""
    column = tables.suppression.c.value_hmac
    found: set[str] = set()
    for part in chunks(sorted(set(hmacs))):
        found.update((await tx.scalars(select(column).where(column.in_(part)))).all())
    return found


def _choose(event: Event, found: tuple[Key, ...], known: dict[Key, Known], sizes: Counter[str], vault: Vault, learnt: Learnt) -> str:
    if not found:
        return fallback_lane(event, vault)
    best = next((key for key in found if key in known), None)
    lane_key = known[best].lane_key if best else own_lane(found[0], vault)
    if best is not None and best is not found[0] and sizes[lane_key] >= KEYS_PER_LANE:
        lane_key = own_lane(found[0], vault)  # a kiosk or a shared device: this person gets a lane
    for key in found:
        if key not in known:
            lane = lane_key if key is found[0] or sizes[lane_key] < KEYS_PER_LANE else own_lane(key, vault)
            known[key] = Known(lane, {}, is_new=True)
            sizes[lane] += 1
            learnt.changed.add(key)
    return lane_key


def _teach(event: Event, found: tuple[Key, ...], known: dict[Key, Known], learnt: Learnt) -> None:
    """Let each weak key remember the stronger ones beside it."""
    for position, key in enumerate(found):
        strong = {other.kind.value: other.value for other in found[:position] if _is_stronger(other, key)}
        if not strong:
            continue
        entry = known[key]
        if key.kind is Kind.ANONYMOUS_ID:
            merged: dict[str, str | None] = {
                kind: value if entry.strong.get(kind, value) == value else None for kind, value in strong.items()
            }
        elif event.freshness > entry.freshness:
            merged = dict(strong)
        else:
            continue
        if entry.strong | merged != entry.strong and not entry.is_new:
            learnt.woken.add(entry.lane_key)
        if entry.strong | merged != entry.strong or key.kind is Kind.USER_ID:
            learnt.changed.add(key)
        entry.strong.update(merged)
        entry.freshness = max(entry.freshness, event.freshness)


def _is_stronger(other: Key, key: Key) -> bool:
    return (other.kind is Kind.EMAIL and key.kind is not Kind.EMAIL) or (other.kind is Kind.USER_ID and key.kind is Kind.ANONYMOUS_ID)


async def _read(tx: AsyncConnection, vault: Vault, wanted: set[Key]) -> dict[Key, Known]:
    table = tables.identity
    by_row = {(key.source_id, key.kind.value, key.value_hmac): key for key in wanted}
    known: dict[Key, Known] = {}
    for part in chunks(sorted(by_row)):
        statement = select(table).where(
            table.c.source_id.in_({row[0] for row in part}),
            table.c.kind.in_([kind.value for kind in Kind]),
            table.c.value_hmac.in_([row[2] for row in part]),
        )
        for row in await tx.execute(statement):
            key = by_row.get((row.source_id, row.kind, row.value_hmac))
            if key is not None:
                known[key] = Known(row.lane_key, _opened(vault, row.strong_keys_ct), row.freshness)
    return known


def _opened(vault: Vault, sealed: bytes | None) -> dict[str, str | None]:
    if sealed is None:
        return {}
    try:
        return dict(vault.open(sealed))
    except ConfigurationError:
        return {}  # its key is lost: it will be learnt again


async def _sizes(tx: AsyncConnection, known: Mapping[Key, Known], people: Sequence[tuple[Event, tuple[Key, ...]]]) -> Counter[str]:
    """Count the keys of those lanes that may gain one."""
    gaining = {known[key].lane_key for _, found in people if any(key not in known for key in found) for key in found if key in known}
    column = tables.identity.c.lane_key
    sizes: Counter[str] = Counter()
    for part in chunks(sorted(gaining)):
        for lane_key, size in await tx.execute(select(column, func.count()).where(column.in_(part)).group_by(column)):
            sizes[lane_key] = size
    return sizes


_ADD = Repeated(insert(tables.identity).on_conflict_do_nothing())
_TEACH = Repeated(
    update(tables.identity)
    .where(
        tables.identity.c.source_id == bindparam("of_source"),
        tables.identity.c.kind == bindparam("of_kind"),
        tables.identity.c.value_hmac == bindparam("of_value"),
        or_(tables.identity.c.freshness <= bindparam("new_freshness"), tables.identity.c.kind == Kind.ANONYMOUS_ID.value),
    )
    .values(strong_keys_ct=bindparam("new_strong"), freshness=bindparam("new_freshness"))
)


async def _write(tx: AsyncConnection, vault: Vault, known: Mapping[Key, Known], learnt: Learnt) -> None:
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for key in sorted(learnt.changed):
        entry = known[key]
        row = {
            "source_id": key.source_id,
            "kind": key.kind.value,
            "value_hmac": key.value_hmac,
            "lane_key": entry.lane_key,
            "strong_keys_ct": vault.seal(entry.strong) if entry.strong else None,
            "freshness": entry.freshness,
        }
        (new if entry.is_new else old).append(row)
    await _ADD.execute(tx, new)
    await _TEACH.execute(tx, [_renamed(row) for row in old])


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "of_source": row["source_id"],
        "of_kind": row["kind"],
        "of_value": row["value_hmac"],
        "new_strong": row["strong_keys_ct"],
        "new_freshness": row["freshness"],
    }
