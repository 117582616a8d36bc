"""A person in a session, as the API lists them, as the events that webhooks would have told.

The API tells a state, webhooks tell what led to it: a record of somebody who attended and later watched the replay stands for two events.
Both have the entity and revision of the webhooks, so that whichever comes second is a repeat. What is put beside the person of session and
event is only what the catalogue offers: a description in HTML would be stored once per person.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crosswalk.model import Accepted, Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.base import NewId
from crosswalk.sources.livestorm.catalogue import ATTENDED, NOT_ATTENDED, REGISTERED, WATCHED_REPLAY
from crosswalk.sources.livestorm.records import Record, without_synthetic_email

MAX_DEPTH = 64
_OVER = frozenset({"past", "on_demand"})
_SESSION = ("event_id", "name", "status", "timezone", "room_link", "started_at", "ended_at", "duration")
_EVENT = ("title", "slug", "registration_link")


def session_of(record: Any) -> dict[str, Any] | None:
    """Return what we need of a session, as JSON:API writes it; None for a record that is none."""
    return _trimmed(record, "sessions", _SESSION)


def rejected_session(record: Any) -> Rejected:
    """Return what becomes of a session that cannot be read."""
    return _rejected(
        "not_a_session", "The list of sessions holds something that is no session; its people were not read.", "sessions", record
    )


def rejected_item(place: str, item: Any) -> Rejected:
    """Return what becomes of an item of a list that cannot be read."""
    return _rejected("not_a_record", "The list holds something that is no record with an id.", place, item)


def event_of(record: Any) -> dict[str, Any] | None:
    """Return what we need of an event and its owner."""
    trimmed = _trimmed(record, "events", _EVENT)
    if trimmed:
        owner = _object(_object(_object(record.get("attributes")).get("owner")).get("attributes"))
        trimmed["attributes"]["owner"] = {"attributes": {"email": owner.get("email")}}
    return trimmed


def ended_at(session: Mapping[str, Any]) -> datetime | None:
    """Return when a session ended; None while it has not, or was never held."""
    return moments.from_unix(_object(session.get("attributes")).get("ended_at"))


def is_over(session: Mapping[str, Any]) -> bool:
    """Tell whether a session was held and has ended."""
    return ended_at(session) is not None and _object(session.get("attributes")).get("status") in _OVER


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the people of one page have in common."""

    session: Mapping[str, Any]
    event: Mapping[str, Any] | None
    source_id: str
    received_at: datetime

    def accept(self, items: Iterable[Any], new_id: NewId) -> Accepted:
        """Return the events of the people, and apart from them what cannot be read."""
        found = [one for item in items for one in self._facts(item, new_id)]
        return Accepted(
            events=tuple(one for one in found if isinstance(one, Event)), invalid=tuple(one for one in found if isinstance(one, Rejected))
        )

    def _facts(self, item: Any, new_id: NewId) -> Iterator[Event | Rejected]:
        if not isinstance(item, dict):
            yield _rejected("not_an_object", "The list of people holds something that is no record.", self._place, item)
            return
        if bodies.deeper_than(item, MAX_DEPTH):
            yield _rejected("too_deep", "The record is nested too deep to be read.", self._place, item)
            return
        payload = without_synthetic_email({"data": item, "included": [one for one in (self.session, self.event) if one]})
        for kind in self._types(item):
            record = Record.read(kind, payload)
            if isinstance(record, Rejected):
                yield replace(record, key=_key(self._place, item))
                return
            yield record.event(self.source_id, self.received_at, new_id(), b"")

    def _types(self, item: Mapping[str, Any]) -> Iterator[str]:
        """Attendance is false until the session is over, so true tells that it is, whatever the session looked like when it was listed."""
        detail = _object(_object(item.get("attributes")).get("registrant_detail"))
        if detail.get("attended") is True:
            yield ATTENDED
        else:
            yield NOT_ATTENDED if is_over(self.session) else REGISTERED
        if detail.get("has_viewed_replay") is True:
            yield WATCHED_REPLAY

    @property
    def _place(self) -> str:
        return f"sessions/{self.session.get('id')}"


def _rejected(code: str, sentence: str, place: str, item: Any) -> Rejected:
    return Rejected(code, sentence, _written(item), key=_key(place, item))


def _key(place: str, item: Any) -> str:
    return f"{place}:{hashlib.sha256(_written(item)).hexdigest()}"


def _written(item: Any) -> bytes:
    try:
        return bodies.encode(item)
    except RecursionError:
        return b"null"


def _trimmed(record: Any, kind: str, names: tuple[str, ...]) -> dict[str, Any] | None:
    if not isinstance(record, dict) or not identifiers.text(record.get("id")):
        return None
    attributes = _object(record.get("attributes"))
    return {"id": identifiers.text(record["id"]), "type": kind, "attributes": {name: attributes.get(name) for name in names}}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
