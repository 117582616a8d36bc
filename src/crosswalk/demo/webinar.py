"""One webinar as Livestorm tells of it: who registered, who came or stayed away, who watched the replay.

Some people register twice and spell their address in other letters the second time: two registrations, one person. A few webhooks come
twice, as after a lost answer.
"""

import urllib.parse
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crosswalk.demo.people import Person
from crosswalk.demo.visits import Visit, form_fields, visit
from crosswalk.sources.livestorm.catalogue import ATTENDED, NOT_ATTENDED, REGISTERED, WATCHED_REPLAY

Webhook = dict[str, Any]

_DURATION = timedelta(minutes=48)
_ATTENDED_SHARE = 0.62
_REPLAY_SHARE = 0.18
_REDELIVERED = 12


@dataclass(frozen=True, slots=True)
class Webinar:
    """One session of one webinar."""

    title: str
    started_at: datetime
    event_id: str
    session_id: str
    organization_id: str

    @property
    def ended_at(self) -> datetime:
        """Return when it was over."""
        return self.started_at + _DURATION


@dataclass(frozen=True, slots=True)
class Registration:
    """One form that was sent in; the id is Livestorm's for the person who did."""

    id: str
    key: str
    person: Person
    email: str
    registered_at: datetime
    visit: Visit
    fields: tuple[dict[str, Any], ...]
    minutes: int | None = None  # None: stayed away
    replayed_at: datetime | None = None


def webinar(random: Random, started_at: datetime) -> Webinar:
    """Return the webinar that began at that moment."""
    return Webinar("Routes that plan themselves", started_at, _uuid(random), _uuid(random), _uuid(random))


def registrations(random: Random, people: Sequence[Person], again: Sequence[Person], told: Webinar) -> list[Registration]:
    """Return one registration of everybody, and a second one of those named in `again`, in the order they came in."""
    made = [_registration(random, person, person.email, told) for person in people]
    made += [_registration(random, person, _respelled(random, person.email), told) for person in again]
    return sorted(made, key=lambda registration: registration.registered_at)


def webhooks(registered: Sequence[Registration], told: Webinar) -> list[Webhook]:
    """Return what Livestorm posts: registrations, then after the end everybody's attendance, then replays."""
    ended = int(told.ended_at.timestamp())
    bodies = [_body(told, one, REGISTERED, int(one.registered_at.timestamp()), _before()) for one in registered]
    bodies += [
        _body(told, one, NOT_ATTENDED if one.minutes is None else ATTENDED, ended + 120 + number, _attendance(one, told, replayed=False))
        for number, one in enumerate(registered)
    ]
    bodies += [
        _body(told, one, WATCHED_REPLAY, int(one.replayed_at.timestamp()), _attendance(one, told, replayed=True))
        for one in registered
        if one.replayed_at
    ]
    return bodies


def redelivered(random: Random, bodies: Sequence[Webhook]) -> list[Webhook]:
    """Return the few that Livestorm posts a second time, because it did not hear the answer."""
    return random.sample(list(bodies), min(_REDELIVERED, len(bodies)))


def _registration(random: Random, person: Person, email: str, told: Webinar) -> Registration:
    attends = random.random() < _ATTENDED_SHARE
    watches = random.random() < _REPLAY_SHARE
    return Registration(
        id=_uuid(random),
        key=f"{random.getrandbits(88):022x}",
        person=person,
        email=email,
        registered_at=told.started_at - timedelta(seconds=random.randrange(7_200, 21 * 86_400)),
        visit=visit(random, person),
        fields=form_fields(random, person, email),
        minutes=random.randrange(4, int(_DURATION.total_seconds() // 60) + 1) if attends else None,
        replayed_at=told.ended_at + timedelta(seconds=random.randrange(3_600, 20 * 3_600)) if watches else None,
    )


def _respelled(random: Random, email: str) -> str:
    """Return the address as people write it who do not care about capitals."""
    local, _, domain = email.partition("@")
    titled = ".".join(part.capitalize() for part in local.split("."))
    return random.choice((email.upper(), f"{titled}@{domain}", f"{titled}@{domain.capitalize()}"))


def _body(told: Webinar, one: Registration, kind: str, changed: int, detail: dict[str, Any]) -> Webhook:
    registered = int(one.registered_at.timestamp())
    counts = {name: detail.pop(name) for name in ("messages_count", "questions_count", "votes_count", "up_votes_count")}
    return {
        "data": {
            "id": one.id,
            "type": "people",
            "attributes": {
                "role": "participant",
                "created_at": registered,
                "updated_at": changed,
                "timezone": one.person.place.zone,
                "first_name": one.person.first_name,
                "last_name": one.person.last_name,
                "email": one.email,
                "avatar_link": None,
                "registrant_detail": {
                    "event_id": told.event_id,
                    "session_id": told.session_id,
                    "created_at": registered,
                    "updated_at": changed,
                    "fields": list(one.fields),
                    **one.visit.detail(),
                    "password_key": one.key,
                    "connection_link": _link(told, one),
                    **detail,
                    "registration_type": "API",
                    "is_highlighted": False,
                    "is_guest_speaker": False,
                    "session_role": None,
                },
                **counts,
                "replay_view_detail": None,
            },
            "meta": {"webhook": {"event": kind, "organization_id": told.organization_id}},
        }
    }


def _before() -> dict[str, Any]:
    """Return what Livestorm says of attendance before there is any."""
    nothing = {"messages_count": 0, "questions_count": 0, "votes_count": 0, "up_votes_count": 0}
    return {"attended": False, "attendance_rate": None, "attendance_duration": 0, "has_viewed_replay": False, **nothing}


def _attendance(one: Registration, told: Webinar, *, replayed: bool) -> dict[str, Any]:
    seconds = 60 * (one.minutes or 0)
    rate = round(100 * seconds / (told.ended_at - told.started_at).total_seconds(), 1)
    talk = (one.minutes or 0) // 8
    return {
        "attended": one.minutes is not None,
        "attendance_rate": rate,
        "attendance_duration": seconds,
        "has_viewed_replay": replayed,
        "messages_count": talk,
        "questions_count": talk // 3,
        "votes_count": talk // 2,
        "up_votes_count": talk // 4,
    }


def _link(told: Webinar, one: Registration) -> str:
    query = urllib.parse.urlencode({"email": one.email, "key": one.key, "s": told.session_id})
    return f"https://app.livestorm.co/p/{told.event_id}/live?{query}"


def _uuid(random: Random) -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))
