"""A chat object of LiveChat becomes an event about its thread.

The payload is the chat as received, with what a mapping could not find by itself beside it: visitor, agent, custom variables, answers,
and `derived`, which holds times, counts and the transcript. The entity is the thread, because a chat goes on in new threads for years.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crosswalk.model import EPOCH, Event, Rejected
from crosswalk.sources import bodies, identifiers, moments
from crosswalk.sources.livechat import answers, course, transcript
from crosswalk.sources.livechat.answers import Answer

STARTED, UPDATED, ENDED, RESTRICTED = "chat.started", "chat.updated", "chat.ended", "chat.restricted"

Json = dict[str, Any]

_MICROSECOND = datetime.resolution
_RANKS = {STARTED: 0, UPDATED: 1, RESTRICTED: 2, ENDED: 3}


@dataclass(frozen=True, slots=True)
class Directory:
    """Names of groups by their id, and what is known of agents by theirs."""

    groups: Mapping[str, str]
    agents: Mapping[str, Json]

    @classmethod
    def empty(cls) -> "Directory":
        """Return the directory that knows nobody."""
        return cls({}, {})

    def group_names(self, group_ids: Iterable[Any]) -> list[str]:
        """Return the names of those groups that are known."""
        return [self.groups[key] for key in map(identifiers.text, group_ids) if key in self.groups]


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat object with one thread."""

    content: Json
    thread: Json
    events: tuple[Json, ...]
    visitor: Json
    agent: Json
    answers: tuple[Answer, ...]

    @classmethod
    def read(cls, content: Any) -> "Chat | Rejected":
        """Take a chat apart, or say what it lacks."""
        chat = _object(content)
        thread = _object(chat.get("thread"))
        if not identifiers.text(chat.get("id")) or not identifiers.text(thread.get("id")):
            body = bodies.encode(content)
            return Rejected(
                "thread_missing", "The chat has no id or no thread with an id, so nothing can be told about it.", body, body.decode()
            )
        events = tuple(answers.objects(thread.get("events")))
        users = answers.objects(chat.get("users"))
        visitor = next((user for user in users if user.get("type") == "customer"), {})
        return cls(chat, thread, events, visitor, _agent(users, thread.get("user_ids")), tuple(answers.filled(events)))

    def with_session_fields(self, told: Any) -> "Chat":
        """Return the chat with custom variables told by a webhook, where it has none: they go with the visitor's session."""
        if not isinstance(told, list) or not told or not self.visitor or self.visitor.get("session_fields"):
            return self
        return replace(self, visitor={**self.visitor, "session_fields": told})

    @property
    def thread_id(self) -> str:
        """The id of the thread."""
        return identifiers.text(self.thread["id"])

    @property
    def is_active(self) -> bool:
        """Whether the thread goes on."""
        return self.thread.get("active") is True

    def pushed(self, source_id: str, received_at: datetime, event_id: str) -> Event:
        """Return the event of a chat that LiveChat posted. It may have been on its way for a while, so it is as old as its last line."""
        at = moments.believable(course.last_activity(self.thread, self.events), received_at)
        return self._event(STARTED if self.is_active else self._closed, source_id, received_at, event_id, min(at, received_at))

    def fetched(self, source_id: str, received_at: datetime, event_id: str, directory: Directory) -> Event:
        """Return the event of a chat that was read just now. Tags and ratings carry no time, so the reading itself is the revision."""
        kind = UPDATED if self.is_active else self._closed
        return self._event(kind, source_id, received_at, event_id, received_at, directory)

    @property
    def _closed(self) -> str:
        return RESTRICTED if self.thread.get("restricted_access") else ENDED

    def _event(
        self, kind: str, source_id: str, received_at: datetime, event_id: str, known_at: datetime, directory: Directory | None = None
    ) -> Event:
        return Event(
            id=event_id,
            source_id=source_id,
            type=kind,
            occurred_at=moments.believable(course.last_activity(self.thread, self.events), received_at),
            received_at=received_at,
            payload=self._payload(directory or Directory.empty()),
            entity_id=self.thread_id,
            revision=(known_at - EPOCH) // _MICROSECOND,
            person=self._person(),
            rank=_RANKS[kind],
        )

    def _payload(self, directory: Directory) -> Json:
        """Return the chat with what is derived from it."""
        visitor_id = identifiers.text(self.visitor.get("id"))
        derived = course.of_thread(self.thread, self.events, visitor_id) | self._named()
        text = transcript.of_events(self.events, _names(self.content))
        groups = directory.group_names(self._group_ids())
        agent = self.agent | directory.agents.get(identifiers.text(self.agent.get("id")), {})
        found: Json = {
            "properties": _object(self.content.get("properties") or self.content.get("properites")),
            "customer": self.visitor,
            "agent": agent,
            "variables": answers.variables(self.visitor.get("session_fields")),
            "prechat": answers.of_form(self.answers, answers.PRECHAT),
            "postchat": answers.of_form(self.answers, answers.POSTCHAT),
            "derived": derived | self._tagged() | _present({"transcript": text, "group_names": groups, "last_pages": self._last_pages()}),
        }
        return {**self.content, **_present(found)}

    def _tagged(self) -> Json:
        """Return the tags; of a thread we may look into, no tags are an empty list, so that the last one can be taken off a record too."""
        if self._closed == RESTRICTED:
            return {}
        tags = self.thread.get("tags", [])
        return {"tags": tags} if isinstance(tags, list) else {}

    def _named(self) -> Json:
        """Return the visitor's name and address as the visitor or the form has them; a name of one word is a last name."""
        name = identifiers.text(self.visitor.get("name")) or answers.first(self.answers, "name")
        given, _, family = name.partition(" ")
        parts = {"first_name": given if family else "", "last_name": family.strip() or given}
        return _present({"name": name, **parts, "email": self._email()})

    def _email(self) -> str:
        return identifiers.text(self.visitor.get("email")) or answers.first(self.answers, "email")

    def _person(self) -> Mapping[str, str]:
        visitor = self.visitor
        return _present(
            {
                "email": self._email(),
                "user_id": identifiers.text(visitor.get("id")),
                "phone": identifiers.text(visitor.get("phone_number")),
            }
        )

    def _last_pages(self) -> list[str]:
        visit = _object(self.visitor.get("visit") or self.visitor.get("last_visit"))
        return [url for page in answers.objects(visit.get("last_pages")) if (url := identifiers.text(page.get("url")))]

    def _group_ids(self) -> Iterable[Any]:
        access = _object(self.thread.get("access")) or _object(self.content.get("access"))
        groups = access.get("group_ids")
        return groups if isinstance(groups, list) else ()


def _agent(users: Iterable[Json], present: Any) -> Json:
    """Return the last human agent of the thread; a bot's id is no address."""
    joined = [identifiers.text(user_id) for user_id in present] if isinstance(present, list) else []
    agents = {identifiers.text(user.get("id")): user for user in users if user.get("type") == "agent"}
    human = [agents[user_id] for user_id in joined if user_id in agents and "@" in user_id]
    if not human:
        return {}
    last = human[-1]
    return {**last, "email": identifiers.text(last.get("email")) or last["id"]}


def _names(chat: Json) -> Mapping[str, str]:
    users = answers.objects(chat.get("users"))
    return {identifiers.text(user.get("id")): identifiers.text(user.get("name")) for user in users}


def _present(found: Json) -> Json:
    return {name: value for name, value in found.items() if value}


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
