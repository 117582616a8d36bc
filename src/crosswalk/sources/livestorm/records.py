"""A record of Livestorm as an event or a notice, whether a webhook brought it or a pull.

`session.ended` carries no people, so it is a notice; other types than those of people are kept as events that no preset uses. The session
and event that a pull puts beside a person are part of the fingerprint, so that a pull completes what a webhook left out; the webhook that
comes second tells less and is a repeat. Both have one message id, so that what is made once per event is made once.
"""

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crosswalk.model import Event, Notice, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.livestorm.catalogue import ATTENDED, NOT_ATTENDED, REGISTERED, WATCHED_REPLAY

SESSION_ENDED = "session.ended"
SYNTHETIC_DOMAIN = "@unknown.livestorm.co"
_RANKS = {REGISTERED: 0, ATTENDED: 1, NOT_ATTENDED: 1, WATCHED_REPLAY: 2}
_STATUS_KEYS = {REGISTERED: "session_status", ATTENDED: "session_status", NOT_ATTENDED: "session_status", WATCHED_REPLAY: "replay_status"}
_CHANGE_TIMES = frozenset({"attributes.updated_at", "attributes.registrant_detail.updated_at"})


@dataclass(frozen=True, slots=True)
class Record:
    """The parts of one record that decide what it is."""

    type: str
    id: str
    attributes: Mapping[str, Any]
    detail: Mapping[str, Any]
    payload: Mapping[str, Any]

    @classmethod
    def of_webhook(cls, payload: Mapping[str, Any]) -> "Record | Rejected":
        """Take a webhook apart, or say what it lacks."""
        kind = _event_type(_object(payload.get("data"))) or _event_type(payload)
        if not kind:
            return _rejected(
                "type_missing", "The webhook names no event in data.meta.webhook.event; register it through the REST API.", payload
            )
        return cls.read(kind, payload)

    @classmethod
    def read(cls, kind: str, payload: Mapping[str, Any]) -> "Record | Rejected":
        """Take a record apart that is known to be about events of a type, or say what it lacks."""
        data = _object(payload.get("data"))
        record_id = identifiers.text(data.get("id"))
        if not record_id:
            return _rejected("id_missing", "The record has no data.id, so nothing can be told about whom it is.", payload)
        attributes = _object(data.get("attributes"))
        detail = _object(attributes.get("registrant_detail"))
        if kind in _RANKS and not identifiers.text(detail.get("session_id")):
            return _rejected("session_missing", "The record has no registrant_detail.session_id, so its session is unknown.", payload)
        return cls(kind, record_id, attributes, detail, payload)

    @property
    def is_notice(self) -> bool:
        """Whether the data must be fetched."""
        return self.type == SESSION_ENDED

    @property
    def is_about_person(self) -> bool:
        """Whether it is a person in a session."""
        return self.type in _RANKS

    @property
    def session_id(self) -> str:
        """The session of a person; empty for anything else."""
        return identifiers.text(self.detail.get("session_id"))

    @property
    def changed(self) -> int | None:
        """The last time of change, in Unix seconds."""
        times = (self.attributes.get("updated_at"), self.detail.get("updated_at"))
        known = [moment for moment in map(moments.from_unix, times) if moment]
        return int(max(known).timestamp()) if known else None

    def notice(self, source_id: str, received_at: datetime, notice_id: str) -> Notice:
        """Return the notice that the session's people are to be read, or the session of this person."""
        key = f"{self.type}:{self.id}:{self.changed or ''}"
        if self.is_about_person:  # two changes within a second are two notices
            told = hashlib.sha256(bodies.canonical(self.attributes).encode()).hexdigest()[:16]
            key = f"{self.type}:{self.session_id}:{self.id}:{told}"
        return Notice(notice_id, source_id, self.type, key, self.payload, received_at)

    def event(self, source_id: str, received_at: datetime, event_id: str, body: bytes) -> Event:
        """Return the event; a person's record is an entity with a revision, anything else a message."""
        about_person, session_id = self.is_about_person, self.session_id
        return Event(
            id=event_id,
            source_id=source_id,
            type=self.type,
            occurred_at=moments.believable(self._claimed(), received_at),
            received_at=received_at,
            payload=self.payload,
            body=body,
            entity_id=f"{session_id}:{self.id}" if about_person else None,
            revision=(self.changed or int(received_at.timestamp())) if about_person else None,
            message_id=f"{self.type}:{session_id}:{self.id}:{self.changed or ''}"
            if session_id
            else f"{self.type}:{self.id}:{self.changed or ''}",
            person=self._person() if about_person else {},
            group_id=session_id or None,
            rank=_RANKS.get(self.type, 0),
        )

    def _claimed(self) -> datetime | None:
        changed = moments.from_unix(self.changed)
        if self.type == REGISTERED:
            return moments.from_unix(self.detail.get("created_at")) or changed
        return changed

    def _person(self) -> Mapping[str, str]:
        email = identifiers.text(self.attributes.get("email")) or identifiers.text(_form_value(self.detail, "email"))
        phone = identifiers.text(_form_value(self.detail, "phone"))
        found = {"email": email, "user_id": self.id, "phone": phone}
        return {kind: value for kind, value in found.items() if value}


def without_synthetic_email(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with the address that Livestorm makes up blanked; the same object when there is none."""
    if not any(_synthetic(holder.get(member)) for holder, member in _email_places(payload)):
        return payload
    blanked = copy.deepcopy(payload)
    for holder, member in _email_places(blanked):
        if _synthetic(holder.get(member)):
            holder[member] = None
    return blanked


def fingerprint_of(event: Event) -> Mapping[str, str]:
    """Return the leaves of the record by their place, the fields of the form by their slug; what stands beside it by its type."""
    payload = _object(event.payload)
    data = _object(payload.get("data"))
    found = {key: bodies.canonical(value) for key, value in _leaves("attributes", data.get("attributes")) if key not in _CHANGE_TIMES}
    included = payload.get("included")
    for beside in (_object(one) for one in included) if isinstance(included, list) else ():
        leaves = _leaves(identifiers.text(beside.get("type")), beside.get("attributes"))
        found |= {key: bodies.canonical(value) for key, value in leaves if value is not None}
    if event.type in _STATUS_KEYS:
        found[_STATUS_KEYS[event.type]] = event.type
    return found


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{place}.{name}", member)
    elif place == "attributes.registrant_detail.fields":
        yield from ((f"fields.{field.get('id')}", field.get("value")) for field in _form_fields({"fields": value}))
    else:
        yield place, value


def _event_type(holder: Mapping[str, Any]) -> str:
    return identifiers.text(_object(_object(holder.get("meta")).get("webhook")).get("event"))


def _email_places(payload: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    attributes = _object(_object(payload.get("data")).get("attributes"))
    yield attributes, "email"
    for field in _form_fields(_object(attributes.get("registrant_detail"))):
        if field.get("id") == "email":
            yield field, "value"


def _form_fields(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    fields = detail.get("fields")
    return [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []


def _form_value(detail: Mapping[str, Any], slug: str) -> Any:
    return next((field.get("value") for field in _form_fields(detail) if field.get("id") == slug), None)


def _synthetic(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower().endswith(SYNTHETIC_DOMAIN)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rejected(code: str, sentence: str, payload: Mapping[str, Any]) -> Rejected:
    return Rejected(code, sentence, bodies.encode(payload))
