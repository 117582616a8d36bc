"""How a chat went: when it ended and by whom, how long it took, how fast the answer came, how much was said.

LiveChat has no field for the end of a thread. It is when the message that closes it was written, else when the last thing was said; answers
given after the close do not move it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crosswalk.sources import identifiers
from crosswalk.sources.livechat import answers
from crosswalk.sources.moments import from_iso

Json = Mapping[str, Any]

BY_AGENT, BY_VISITOR, BY_SYSTEM = "agent", "visitor", "system"

_CLOSED_BY = {
    "manual_archived_agent": BY_AGENT,
    "manual_archived_customer": BY_VISITOR,
    "archived_customer_disconnected": BY_VISITOR,
    "system_archived": BY_SYSTEM,
}
_CLOSED_BY_ROUTING = "routing.archived_"


def of_thread(thread: Json, events: Sequence[Json], visitor_id: str) -> dict[str, Any]:
    """Return what can be told; what cannot is left out. The end and what follows from it are told only once the thread is closed."""
    begun = from_iso(thread.get("created_at"))
    told: dict[str, Any] = {"messages_count": len(_said(events))} if events else {}
    if events:
        by_visitor = [event for event in _said(events) if event.get("author_id") == visitor_id]
        told["visitor_messages_count"] = len(by_visitor)
        told["agent_messages_count"] = len(_said(events)) - len(by_visitor)
    answered = _first_response(events, visitor_id)
    if answered is not None:
        told["first_response_seconds"] = answered
    if thread.get("active"):
        return told
    closing = next((event for event in events if closed_by(event)), None)
    ended = _created(closing) if closing else _last_before_the_close(events)
    if closing:
        told["ended_by"] = closed_by(closing)
    if ended:
        told["ended_at"] = ended.isoformat()
    if ended and begun:
        told["duration_seconds"] = max(int((ended - begun).total_seconds()), 0)
    return told


def closed_by(event: Json) -> str:
    """Return who closed the thread with this event; nothing when it does not close it."""
    if event.get("type") != "system_message":
        return ""
    kind = identifiers.text(event.get("system_message_type"))
    return BY_SYSTEM if kind.startswith(_CLOSED_BY_ROUTING) else _CLOSED_BY.get(kind, "")


def last_activity(thread: Json, events: Sequence[Json]) -> datetime | None:
    """Return when the last thing happened in a thread that carries a time."""
    times = [from_iso(thread.get("created_at")), *map(_created, events)]
    return max((moment for moment in times if moment), default=None)


def _said(events: Sequence[Json]) -> list[Json]:
    """Return the messages both sides could see."""
    return [event for event in events if event.get("type") == "message" and event.get("visibility") != "agents"]


def _first_response(events: Sequence[Json], visitor_id: str) -> int | None:
    """Return the seconds from the visitor's first message to the first answer by hand."""
    asked: datetime | None = None
    for event in _said(events):
        at = _created(event)
        if at is None:
            continue
        if event.get("author_id") == visitor_id:
            asked = asked or at
        elif asked and not _is_greeting(event):
            return int((at - asked).total_seconds())
    return None


def _is_greeting(event: Json) -> bool:
    properties = event.get("properties")
    own = properties.get("lc2") if isinstance(properties, dict) else None
    return isinstance(own, dict) and own.get("welcome_message") is True


def _last_before_the_close(events: Sequence[Json]) -> datetime | None:
    told = (_created(event) for event in events if answers.form_type(event) != answers.POSTCHAT)
    return max((moment for moment in told if moment), default=None)


def _created(event: Json) -> datetime | None:
    return from_iso(event.get("created_at"))
