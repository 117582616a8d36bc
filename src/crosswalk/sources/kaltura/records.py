"""An attendee's profile, and what reports say about an attendee in a session, as events.

The entity of a profile is the profile in its event, that of an engagement the attendee in the session: its totals are re-read and replaced.
Reports bear no time of change, so what they say is as new as the moment it was read, and the same totals read again are a repeat.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crosswalk.model import Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.kaltura import statuses
from crosswalk.sources.kaltura.catalogue import POLL_SLOTS, PROFILE, SESSION

Json = dict[str, Any]
_RESTLESS = frozenset({"profile.updatedAt", "profile.loginData.lastLoginDate", "profile.loginData.lastLoginType"})
_FACTS = ("profile", "report", "polls")
_EVENT = ("name", "startDate", "endDate", "timezone")
_SESSION = ("name", "startDate", "endDate")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the events of one page have in common."""

    source_id: str
    received_at: datetime
    event: Mapping[str, Any]

    def profile(self, profile: Any, event_id: str) -> Event | Rejected:
        """Return the event that a profile stands for, or why it cannot be read."""
        if not isinstance(profile, dict) or not identifiers.text(profile.get("id")):
            return unreadable("The list of profiles holds something that is no profile.", profile)
        changed = moments.from_iso(profile.get("updatedAt"))
        claimed = moments.from_iso(_object(profile.get("eventData")).get("statusUpdateTime")) or changed
        return Event(
            id=event_id,
            source_id=self.source_id,
            type=PROFILE,
            occurred_at=moments.believable(claimed, self.received_at),
            received_at=self.received_at,
            payload=self._payload(profile),
            entity_id=f"{self.event['id']}:{identifiers.text(profile['id'])}",
            revision=int((changed or self.received_at).timestamp() * 1000),
            person=person_of(profile),
            group_id=self.event["id"],
        )

    def engagement(
        self, session: Mapping[str, Any], email: str, found: tuple[Json, Json, list[Json]], event_id: str, left_out: str = ""
    ) -> Event:
        """Return the event of an attendee in a session; `found` holds profile, report and polls, `left_out` says what is missing."""
        profile, report, polls = found
        payload = self._payload(profile) | {"session": dict(session), "report": report, "polls": polls[:POLL_SLOTS]}
        payload["person"] = {**payload["person"], "email": email}
        beyond = len(polls) - POLL_SLOTS
        if beyond > 0:
            payload["polls_left_out"] = f"{beyond} poll{'s' * (beyond > 1)} beyond the ten slots"
        if left_out:
            payload["reports_left_out"] = left_out
        return Event(
            id=event_id,
            source_id=self.source_id,
            type=SESSION,
            occurred_at=self.received_at,
            received_at=self.received_at,
            payload=payload,
            entity_id=f"{self.event['id']}:{session['id']}:{identifiers.disguised(email)}",
            revision=int(self.received_at.timestamp() * 1000),
            person=payload["person"],
            group_id=self.event["id"],
            rank=1,
        )

    def _payload(self, profile: Mapping[str, Any]) -> Json:
        code = identifiers.text(_object(profile.get("eventData")).get("attendanceStatus"))
        status = statuses.named(code)
        told = {"code": code, "value": status.value, "label": status.label} if code else {}
        return {"profile": dict(profile), "person": person_of(profile), "event": dict(self.event), "status": told}


def person_of(profile: Mapping[str, Any]) -> dict[str, str]:
    """Return who a profile is about; a user id that is an address stands in for a form without one."""
    user_id = identifiers.text(profile.get("userId"))
    email = identifiers.text(_object(profile.get("profileData")).get("email")) or (user_id if "@" in user_id else "")
    return {kind: value for kind, value in (("email", email), ("user_id", user_id)) if value}


def event_of(record: Any) -> Json | None:
    """Return what we need of a Kaltura event; None for something that is none."""
    return _trimmed(record, _EVENT)


def event_number(event: Mapping[str, Any]) -> int | str:
    """Return the id of an event as the Events API takes it: a number."""
    event_id = str(event["id"])
    return int(event_id) if event_id.isascii() and event_id.isdigit() else event_id


def session_of(record: Any) -> Json | None:
    """Return what we need of a session; None for something that is none."""
    return _trimmed(record, _SESSION)


def unreadable(sentence: str, item: Any) -> Rejected:
    """Return what becomes of an item that cannot be read; it counts once however often it is found."""
    written = bodies.encode(item)
    return Rejected("not_an_object", sentence, written, key=f"kaltura:{hashlib.sha256(written).hexdigest()}")


def fingerprint_of(event: Event) -> Mapping[str, str]:
    """Return the leaves of profile, report and polls by their place, without what changes by itself."""
    payload = _object(event.payload)
    leaves = ((place, value) for name in _FACTS if name in payload for place, value in _leaves(name, payload[name]))
    return {place: bodies.canonical(value) for place, value in leaves if place not in _RESTLESS}


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{place}.{name}", member)
    else:
        yield place, value


def _trimmed(record: Any, names: tuple[str, ...]) -> Json | None:
    if not isinstance(record, dict) or not identifiers.text(record.get("id")):
        return None
    return {"id": identifiers.text(record["id"]), **{name: record.get(name) for name in names}}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
