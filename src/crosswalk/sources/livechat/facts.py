"""What a chat event says about its thread, for telling a repeat from news.

Left out is what changes without the chat: who is looking, the visitor's other visits and counters, and whatever was looked up beside it.
Read again a month later, an unchanged thread must not look new.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from crosswalk.model import Event
from crosswalk.sources import bodies
from crosswalk.sources.livechat import answers
from crosswalk.sources.livechat.chats import STARTED, UPDATED

_VISITOR = ("id", "name", "email", "email_verified", "phone_number", "address")
_AGENT = ("id", "name", "email")
_DERIVED = ("tags",)
_THREAD = ("queues_duration", "customer_visit", "restricted_access")
_PASSING = frozenset({"routing", "statistics"})
_LASTING = frozenset({"routing.start_url", "routing.referrer", "routing.transcript_email"})
_EVENT_NOISE = frozenset({"custom_id", "properties"})


def of_event(event: Event) -> Mapping[str, str]:
    """Return each fact by its key, as canonical text; a chat message has none."""
    payload = _object(event.payload)
    if event.entity_id is None:
        return {}
    thread = _object(payload.get("thread"))
    found: dict[str, Any] = {"is_over": event.type not in (STARTED, UPDATED)}
    found |= _members("customer", payload, _VISITOR) | _members("agent", payload, _AGENT)
    found |= _members("thread", payload, _THREAD) | _members("derived", payload, _DERIVED)
    found |= {f"variable.{name}": value for name, value in _object(payload.get("variables")).items()}
    found |= dict(_properties("", _object(payload.get("properties")))) | dict(_properties("thread.", _object(thread.get("properties"))))
    if "group_ids" in _object(thread.get("access")):
        found["groups"] = thread["access"]["group_ids"]
    if "text" in _object(thread.get("summary")):
        found["summary"] = thread["summary"]["text"]
    if "events" in thread:
        found["events"] = [_said(one) for one in answers.objects(thread["events"])]
    return {name: bodies.canonical(value) for name, value in found.items()}


def _members(name: str, payload: Mapping[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    holder = _object(payload.get(name))
    return {f"{name}.{member}": holder[member] for member in wanted if member in holder}


def _properties(place: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the properties that last: ratings, sales, where the chat began; those of the routing come and go. Own ones all count."""
    for namespace, members in properties.items():
        for name, value in _object(members).items():
            if namespace not in _PASSING or f"{namespace}.{name}" in _LASTING:
                yield f"{place}{namespace}.{name}", value


def _said(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in _EVENT_NOISE}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
