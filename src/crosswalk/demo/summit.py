"""One Kaltura event with one session: the profiles of who registered, and what three reports say of those who came.

Every figure of a report is drawn for one attendee, so the reports agree with each other.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crosswalk.demo.people import Person

Profile = dict[str, Any]

EVENT_ID = "508311"
NAME = "Partner Summit"
_APP = "3b9c5d70-8a21-4f6e-9d04-c1e7f2a6b835"
_ENTRY = "1_k4zq81ab"
_BEGINS, _LASTS = timedelta(hours=2), timedelta(minutes=60)
_STAYED_AWAY = ("registered", "confirmed", "autoConfirmed", "unregistered")
_CAME = ("attended", "participated")
_CAME_SHARE = 0.6
_QUESTIONS = {
    "Which region are you in?": ("North", "South", "Overseas"),
    "Shall we do this again?": ("Yes", "No"),
    "How was it?": ("4", "5"),
}
_ANSWERS_SHARE = 0.7
_REACTIONS = ("clap", "heart", "think", "wow", "smile")


@dataclass(frozen=True, slots=True)
class Summit:
    """The event as Kaltura holds it; a report is a list of rows by column."""

    starts_at: datetime
    profiles: Sequence[Profile]
    views: Sequence[dict[str, Any]]
    reactions: Sequence[dict[str, Any]]
    polls: Sequence[dict[str, Any]]

    @property
    def event(self) -> dict[str, Any]:
        """Return the event as it is listed."""
        return {"id": int(EVENT_ID), "name": NAME, **self._span(), "timezone": "Europe/Madrid"}

    @property
    def session(self) -> dict[str, Any]:
        """Return its one session."""
        return {"id": _ENTRY, "type": "LiveWebcast", "name": "Opening keynote", **self._span()}

    @property
    def app(self) -> dict[str, Any]:
        """Return the application its profiles belong to."""
        return {"id": _APP, "appCustomId": EVENT_ID, "appCustomName": NAME, "appType": "epmEvent"}

    def _span(self) -> dict[str, str]:
        return {"startDate": _stamp(self.starts_at), "endDate": _stamp(self.starts_at + _LASTS)}


def summit(random: Random, people: Sequence[Person], since: datetime) -> Summit:
    """Return the event two hours after that moment, with one profile of everybody."""
    starts_at = since + _BEGINS
    profiles, views, reactions, polls = [], [], [], []
    for number, person in enumerate(people):
        came = random.random() < _CAME_SHARE
        status = random.choice(_CAME if came else _STAYED_AWAY)
        profiles.append(_profile(number, person, status, starts_at + timedelta(seconds=2 * number)))
        if came:
            answers = _answers(random, person) if random.random() < _ANSWERS_SHARE else []
            views.append(_viewed(random, person))
            reactions.append(_reacted(random, person, len(answers)))
            polls += answers
    return Summit(starts_at, profiles, views, reactions, polls)


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return a report as a file with a header; without rows there is nothing to head."""
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def _profile(number: int, person: Person, status: str, at: datetime) -> Profile:
    return {
        "id": f"profile-{number:04}",
        "appGuid": _APP,
        "userId": person.email,
        "profileData": {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "email": person.email,
            "company": person.company.name,
            "title": person.title,
            "country": person.place.code,
        },
        "eventData": {"regOrigin": "registration", "attendanceStatus": status, "statusUpdateTime": _stamp(at)},
        "updatedAt": _stamp(at),
        "objectType": "UserProfile",
    }


def _viewed(random: Random, person: Person) -> dict[str, Any]:
    live = random.randrange(5, 61)
    return {
        "user_id": person.email,
        "user_name": person.name,
        "count_plays": random.randrange(1, 4),
        "sum_view_period": live + random.randrange(10),
        "sum_live_view_period": live,
        "total_completion_rate": round(live / 60, 2),
    }


def _reacted(random: Random, person: Person, answered: int) -> dict[str, Any]:
    clicks = {f"{name}_clicked_count": random.randrange(4) for name in _REACTIONS}
    return {
        "email": person.email,
        "combined_live_engaged_users_play_time_ratio": round(random.random(), 4),
        "raise_hand": random.randrange(2),
        **clicks,
        "total_reactions_activity": sum(clicks.values()),
        "answered_polls": answered,
        "messages_sent_group": random.randrange(5),
    }


def _answers(random: Random, person: Person) -> list[dict[str, Any]]:
    return [
        {
            "email": person.email,
            "poll_type": "multiple choice",
            "question": question,
            "answer": random.choice(choices),
            "created_at": f"{place:02}",
        }
        for place, (question, choices) in enumerate(_QUESTIONS.items())
    ]


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
