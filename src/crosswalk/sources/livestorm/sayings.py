"""What people wrote in a session, its chat messages and questions, as events with their author beside them.

Messages name their author by an id alone, so the session's people are read once for all of them. What the team wrote comes without its
author: nobody of the team is to become a lead.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crosswalk.model import Accepted, Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.base import NewId
from crosswalk.sources.livestorm import listing, people
from crosswalk.sources.livestorm.catalogue import CHAT_MESSAGE, QUESTION
from crosswalk.sources.livestorm.records import without_synthetic_email
from crosswalk.sources.vendor_api import VendorApi

CHAT, QUESTIONS = "chat", "questions"
_PATHS = {CHAT: "chat_messages", QUESTIONS: "questions"}
_TYPES = {CHAT: CHAT_MESSAGE, QUESTIONS: QUESTION}
_AUTHORS = ("author_id", "question_author_id")
_TEAM = "team_member"
_AUTHOR = ("first_name", "last_name", "email")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """One stream of what was said in a session; `session` and `event` are put beside each item."""

    api: VendorApi
    stream: str
    source_id: str
    session: Json
    received_at: datetime

    async def items(self) -> tuple[Any, ...]:
        """Return everything that was said, as Livestorm lists it."""
        return await listing.whole(self.api, f"sessions/{self.session['id']}/{_PATHS[self.stream]}", {})

    async def accept(self, items: Iterable[Any], event: Mapping[str, Any] | None, new_id: NewId) -> Accepted:
        """Return the items as events, and apart from them what cannot be read."""
        authors = await self._authors()
        found = [self._event(item, event, authors, new_id) for item in items]
        return Accepted(
            events=tuple(one for one in found if isinstance(one, Event)), invalid=tuple(one for one in found if isinstance(one, Rejected))
        )

    async def _authors(self) -> dict[str, Json]:
        """Return who takes part, by id, with what tells who it is; nobody of the team."""
        listed = await listing.whole(self.api, f"sessions/{self.session['id']}/people", {})
        return dict(_participants(listed))

    def _event(self, item: Any, event: Mapping[str, Any] | None, authors: Mapping[str, Json], new_id: NewId) -> Event | Rejected:
        attributes = item.get("attributes") if isinstance(item, dict) else None
        own = identifiers.text(item.get("id")) if isinstance(item, dict) else ""
        if not own or not isinstance(attributes, dict) or bodies.deeper_than(item, people.MAX_DEPTH):
            return people.rejected_item(f"sessions/{self.session['id']}/{_PATHS[self.stream]}", item)
        author_id = next((told for name in _AUTHORS if (told := identifiers.text(attributes.get(name)))), "")
        author = None if attributes.get("from_team_member") is True else authors.get(author_id)
        changed = _changed(attributes)
        entity_id = f"{self.session['id']}:{_PATHS[self.stream]}:{own}"
        return Event(
            id=new_id(),
            source_id=self.source_id,
            type=_TYPES[self.stream],
            occurred_at=moments.believable(changed, self.received_at),
            received_at=self.received_at,
            payload={"data": item, "included": [one for one in (self.session, event, author) if one]},
            entity_id=entity_id,
            revision=int((changed or self.received_at).timestamp()),
            message_id=f"{_TYPES[self.stream]}:{hashlib.sha256(entity_id.encode()).hexdigest()}",
            person=_person(author),
            group_id=str(self.session["id"]),
            rank=1,
        )


def _participants(listed: Iterable[Any]) -> Iterator[tuple[str, Json]]:
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("attributes"), dict):
            continue
        attributes = without_synthetic_email({"data": item})["data"]["attributes"]
        own = identifiers.text(item.get("id"))
        if own and attributes.get("role") != _TEAM:
            yield own, {"id": own, "type": "people", "attributes": {name: attributes.get(name) for name in _AUTHOR}}


def _person(author: Json | None) -> dict[str, str]:
    if author is None:
        return {}
    email = identifiers.text(author["attributes"].get("email"))
    return {"user_id": author["id"], **({"email": email} if email else {})}


def _changed(attributes: Mapping[str, Any]) -> datetime | None:
    """Return the last time of change: an answer changes its question."""
    times = (moments.from_unix(attributes.get(name)) for name in ("updated_at", "responded_at", "created_at"))
    return max((moment for moment in times if moment), default=None)
