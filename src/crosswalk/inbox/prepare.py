"""Everything about a request that can be done before the shared commit: cleaning, hashing, sealing.

It runs in the caller's own task, so that what cannot be prepared fails its own request and nobody else's. The stored bytes are the body
as received when the payload was parsed from it, else the payload itself: a mapping reads exactly what the source made.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from crosswalk.inbox import identity
from crosswalk.model import Accepted, Event, Notice, Priority, Rejected
from crosswalk.sources import bodies
from crosswalk.store.ids import Ids
from crosswalk.store.texts import storable
from crosswalk.store.vault import Vault

Fingerprint = Callable[[Event], Mapping[str, str]]

_AHEAD_AT_MOST = timedelta(minutes=5)
_ID_LENGTH = 255
_TYPE_LENGTH = 80
_CODE_LENGTH = 40
_UNSTORABLE = Rejected("unstorable", "The database refused the event as it came; its body is kept, mend the sender.", b"")
_SUPPRESSED = Rejected("suppressed", "The person asked to be forgotten; nothing of the event was kept.", b"")


class EventStatus(StrEnum):
    """What became of an event at the door."""

    ROUTED = "routed"
    UNROUTED = "unrouted"
    INVALID = "invalid"


class NoticeState(StrEnum):
    """Where a notice stands."""

    TO_FETCH = "to_fetch"
    DONE = "done"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a request came from and how urgent it is."""

    source_id: str
    at: datetime
    run_id: str | None = None
    priority: Priority = Priority.STREAM


@dataclass(frozen=True, slots=True)
class PreparedEvent:
    """An event ready to be stored; `problem` makes it an invalid one."""

    event: Event
    message_key: str
    provenance: Provenance
    keys: tuple[identity.Key, ...] = ()
    suppression_hmacs: tuple[str, ...] = ()
    hashes: Mapping[str, str] | None = None
    person_ct: bytes | None = None
    payload_ct: bytes | None = None
    problem: Rejected | None = None


@dataclass(frozen=True, slots=True)
class PreparedNotice:
    """A notice ready to be stored."""

    notice: Notice
    message_key: str
    payload_ct: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """One request, ready to be stored."""

    provenance: Provenance
    events: tuple[PreparedEvent, ...] = ()
    notices: tuple[PreparedNotice, ...] = ()

    @property
    def size(self) -> int:
        """How many items it holds."""
        return len(self.events) + len(self.notices)


class Preparation:
    """Prepares what sources accepted."""

    def __init__(self, vault: Vault, ids: Ids) -> None:
        self._vault = vault
        self._ids = ids

    def request(self, accepted: Accepted, provenance: Provenance, fingerprint: Fingerprint) -> Prepared:
        """Prepare all items of a request; what is wrong with one raises."""
        events = [self._event(event, provenance, fingerprint) for event in accepted.events]
        events += [self._problem(rejected, provenance, self._vault.seal(rejected.body)) for rejected in accepted.invalid]
        return Prepared(provenance, tuple(events), self._notices(accepted))

    def unstorable(self, item: PreparedEvent) -> PreparedEvent:
        """Return an item that the database refused as an invalid event, which any database takes."""
        return self._problem(_UNSTORABLE, item.provenance, item.payload_ct)

    def _notices(self, accepted: Accepted) -> tuple[PreparedNotice, ...]:
        return tuple(
            PreparedNotice(
                replace(notice, kind=storable(notice.kind, _TYPE_LENGTH)),
                storable(notice.message_key, _ID_LENGTH),
                self._vault.seal(notice.payload),
            )
            for notice in accepted.notices
        )

    def _event(self, event: Event, provenance: Provenance, fingerprint: Fingerprint) -> PreparedEvent:
        hashes = None
        if event.entity_id is not None:
            hashes = {name: self._vault.hmac(f"{name}={text}") for name, text in fingerprint(event).items()}
        cleaned = _storable(event)
        by_message = cleaned.entity_id is None and cleaned.message_id is not None
        keys = identity.keys(cleaned, self._vault)
        return PreparedEvent(
            event=cleaned,
            message_key=f"m:{cleaned.message_id}" if by_message else f"e:{cleaned.id}",
            provenance=provenance,
            keys=keys,
            suppression_hmacs=self._suppression_hmacs(cleaned, keys),
            hashes=hashes,
            person_ct=self._vault.seal(dict(cleaned.person)) if cleaned.person else None,
            payload_ct=self._vault.seal(stored_bytes(cleaned)),
        )

    def _suppression_hmacs(self, event: Event, keys: Sequence[identity.Key]) -> tuple[str, ...]:
        """Return whatever of the event may belong to somebody who asked to be forgotten."""
        ids = (key for key in keys if key.kind is identity.Kind.USER_ID)
        scoped = (identity.scoped_hmac(self._vault, key.source_id, key.value_hmac) for key in ids)
        return (*(key.value_hmac for key in keys), *scoped, *identity.phone_hmacs(event, self._vault))

    def _problem(self, problem: Rejected, provenance: Provenance, payload_ct: bytes | None) -> PreparedEvent:
        at = provenance.at
        event = Event(id=self._ids.new(), source_id=provenance.source_id, type="", occurred_at=at, received_at=at, payload=None)
        short = replace(problem, code=storable(problem.code, _CODE_LENGTH), body=b"")
        key = self._vault.hmac(problem.key) if problem.key else event.id
        return PreparedEvent(event, f"x:{key}", provenance, payload_ct=payload_ct, problem=short)


def forgotten(item: PreparedEvent) -> PreparedEvent:
    """Return the event of somebody who asked to be forgotten: counted once, without any of its content."""
    stable = hashlib.sha256(f"{item.suppression_hmacs[0]}:{item.event.entity_id or item.event.message_id or item.event.id}".encode())
    event = replace(item.event, entity_id=None, message_id=None, group_id=None, revision=None, person={}, payload=None, body=b"", type="")
    return PreparedEvent(event, f"s:{stable.hexdigest()}", item.provenance, problem=_SUPPRESSED)


def stored_bytes(event: Event) -> bytes:
    """Return what is kept of an event: bytes that parse to its payload."""
    if event.body:
        try:
            if bodies.read(event.body) == event.payload:
                return event.body
        except ValueError:
            pass
    return json.dumps(event.payload, separators=(",", ":")).encode()


def _storable(event: Event) -> Event:
    """Return the event as every database takes it: nearly always the event itself."""
    wanted: dict[str, Any] = {
        "type": storable(event.type, _TYPE_LENGTH),
        "entity_id": _cleaned(event.entity_id),
        "message_id": _cleaned(event.message_id),
        "group_id": _cleaned(event.group_id),
        "occurred_at": min(event.occurred_at, event.received_at + _AHEAD_AT_MOST),
    }
    changed = {name: value for name, value in wanted.items() if value != getattr(event, name)}
    return replace(event, **changed) if changed else event


def _cleaned(text: str | None) -> str | None:
    return None if text is None else storable(text, _ID_LENGTH)
