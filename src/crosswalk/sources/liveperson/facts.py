"""What a conversation says, fact by fact, for telling a repeat from news.

A list tells less of the visitor than a single fetch does, so answers and attributes are facts one by one: what is left out is not compared.
The blocks about the conversation itself, and what was said, count as a whole, and only where LivePerson says that nothing is missing, so
that a part that comes later never looks new.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from crosswalk.model import Event
from crosswalk.sources import bodies, identifiers
from crosswalk.sources.liveperson.cleaning import objects

ENDED = frozenset({"chat.ended", "messaging.ended"})

_BLOCKS = ("info", "campaign", "visitorInfo", "monitoring", "summary")
_WIDGET = ("chatInfo", "chattingAgentInfo", "visitorInfo", "campaignInfo", "engagementInfo", "SDE", "surveyQuestions")
_RESTLESS = frozenset({"isPartial", "isTruncated", "chatDataEnriched", "visitorTyping"})
_CONSUMER = ("firstName", "lastName", "consumerName", "email", "phone")
_LONGEST_KEY = 200
_LINE = ("text", "json", "by", "source", "subType", "timeL", "time")


def of_event(event: Event) -> Mapping[str, str]:
    """Return each fact by its key, as canonical text."""
    payload = _object(event.payload)
    found: dict[str, Any] = {"is_over": event.type in ENDED}
    found |= dict(_answers(payload)) | dict(_attributes(payload))
    if not is_partial(payload):
        found |= dict(_blocks(payload)) | dict(_said(payload))
    return {name: bodies.canonical(value) for name, value in found.items()}


def is_partial(payload: Mapping[str, Any]) -> bool:
    """Tell whether LivePerson says that a part of the conversation is still missing."""
    return _object(payload.get("info")).get("isPartial") is True


def _blocks(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _WIDGET if "chatInfo" in payload else _BLOCKS:
        block = _object(payload.get(name))
        told = {member: value for member, value in block.items() if member not in _RESTLESS and value is not None}
        if told:
            yield name, told
    consumer = next(iter(objects(payload.get("consumerParticipants"))), {})
    if consumer:
        yield "consumer", {name: consumer[name] for name in _CONSUMER if name in consumer}


def _answers(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, questions in _object(payload.get("surveys")).items():
        for one in objects(questions):
            yield _named(name, one.get("displayName")), one.get("value")
    for survey in objects(payload.get("conversationSurveys")):
        for one in objects(survey.get("surveyData")):
            yield _named(survey.get("surveyType"), one.get("question")), one.get("answer")


def _attributes(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the fields of the newest attribute of each type; older ones are left out of lists."""
    seen: set[str] = set()
    for event in objects(_object(payload.get("sdes")).get("events")):
        kind = identifiers.text(event.get("sdeType"))
        if kind in seen:
            continue
        seen.add(kind)
        inner = next((value for value in event.values() if isinstance(value, dict)), {})
        yield from ((place, value) for place, value in _leaves(kind, inner) if not place.endswith("TimeStamp"))


def _said(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for block in ("transcript", "chatTranscript"):
        lines = objects(_object(payload.get(block)).get("lines"))
        if lines:
            yield "said", [{name: line[name] for name in _LINE if name in line} for line in lines]
    messages = objects(payload.get("messageRecords"))
    if messages:
        yield "said", [[message.get("messageId"), message.get("messageData")] for message in messages]


def _named(survey: Any, question: Any) -> str:
    """Return the key of an answer; it is stored with every conversation, so that an endless question is cut."""
    return f"{identifiers.text(survey)}.{identifiers.text(question)}"[:_LONGEST_KEY]


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(f"{place}.{name}", member)
    elif value is not None:
        yield place, value


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
