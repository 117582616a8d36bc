"""One entry of a batch as an event.

What the gateway would write into the event (message id, time of receipt) we keep beside it: the stored entry is as the client sent it,
but for the write key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crosswalk.model import EPOCH, Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.base import NewId

GROUP = "group"
NO_IDS = "request neither has anonymousId nor userId"
NOT_AN_EVENT = "event is not a valid rudder event"
_EXEMPT = frozenset({"extract", "record"})


def read(entry: Any, source_id: str, received_at: datetime, new_id: NewId, max_depth: int) -> Event | Rejected:
    """Turn an entry into an event, or say why it is none."""
    if not isinstance(entry, dict):
        return Rejected("not_an_event", NOT_AN_EVENT, bodies.encode(entry))
    kept = {name: value for name, value in entry.items() if name != "writeKey"}
    if bodies.deeper_than(kept, max_depth):
        return Rejected("too_deep", bodies.too_deep().sentence, b"")
    body = bodies.encode(kept)
    kind = identifiers.type_name(kept.get("type"))
    user_id, anonymous_id = identifiers.text(kept.get("userId")), identifiers.text(kept.get("anonymousId"))
    if not (user_id or anonymous_id or kind in _EXEMPT):
        return Rejected("no_ids", NO_IDS, body)
    return Event(
        id=new_id(),
        source_id=source_id,
        type=kind,
        occurred_at=moments.believable(_claimed(kept, received_at), received_at),
        received_at=received_at,
        payload=kept,
        body=body,
        message_id=identifiers.text(kept.get("messageId")) or new_id(),
        person=_person(kept, kind, user_id, anonymous_id),
    )


def _claimed(entry: Mapping[str, Any], received_at: datetime) -> datetime:
    """Correct the client's clock: a `timestamp` stands, else the pause between making and sending is taken off the time of receipt."""
    stated = moments.from_iso(entry.get("timestamp"))
    if stated:
        return stated
    made_at = moments.from_iso(entry.get("originalTimestamp")) or received_at
    sent_at = moments.from_iso(entry.get("sentAt")) or received_at
    return max(EPOCH, received_at - (sent_at - made_at))


def _person(entry: Mapping[str, Any], kind: str, user_id: str, anonymous_id: str) -> Mapping[str, str]:
    found = {
        "email": _trait(entry, kind, "email"),
        "user_id": user_id,
        "anonymous_id": anonymous_id,
        "phone": _trait(entry, kind, "phone"),
    }
    if kind == "alias":
        found["previous_id"] = identifiers.text(entry.get("previousId"))
    return {key: value for key, value in found.items() if value}


def _trait(entry: Mapping[str, Any], kind: str, name: str) -> str:
    """Return a trait of the person; the root traits of a group call tell about the group."""
    root = {} if kind == GROUP else _object(entry.get("traits"))
    context = _object(_object(entry.get("context")).get("traits"))
    properties = _object(entry.get("properties"))
    values = (identifiers.text(holder.get(name)) for holder in (root, context, properties))
    return next((value for value in values if value), "")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
