"""A record of LivePerson's without its many spellings of "nothing", and with its engagement attributes in order.

Nothing is written as null, as the texts "undefined", "null", "NA" and "Unassigned", and as -1 for ids and times. All of them are taken
out, so that a path finds the next value or none, and no field is ever filled with them. What people typed is left as they typed it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crosswalk.sources import identifiers

Json = dict[str, Any]

_NOTHING = frozenset({"undefined", "null"})
_UNKNOWN = frozenset({"NA", "Unassigned", "UNASSIGNED"})
_VERBATIM = frozenset(
    {"transcript", "messageRecords", "surveys", "conversationSurveys", "chatTranscript", "surveyQuestions", "messageScores"}
)
_CODES = frozenset({"countryCode"})  # NA is Namibia
_NOWHERE = -1
_FILLED_FROM_OLDER = {"CUSTOMER_INFO": "customerInfo", "PERSONAL_INFO": "personalInfo"}
_TYPES = {
    "customerInfo": "CUSTOMER_INFO",
    "personalInfo": "PERSONAL_INFO",
    "marketingCampaignInfo": "MARKETING_CAMPAIGN_INFO",
    "lead": "LEAD",
    "serviceActivity": "SERVICE_ACTIVITY",
    "visitorError": "VISITOR_ERROR",
    "cartStatus": "CART_STATUS",
    "purchase": "PURCHASE",
    "viewedProduct": "VIEWED_PRODUCT",
    "searchContent": "SEARCH_CONTENT",
}
_DOUBLED = ("customerInfo", "personalInfo", "marketingCampaignInfo", "lead", "serviceActivity", "visitorError")
_OTHER_NAMES = {"viewProduct": "viewedProduct", "formFillingError": "visitorError"}
_STAMPS = frozenset({"serverTimeStamp", "originalTimeStamp", "isAuthenticated"})
_RENAMED = {
    "info": {
        "agentFullname": "agentFullName",
        "agentName": "agentFullName",
        "isEnded": "ended",
        "isChatDataEnriched": "chatDataEnriched",
        "csat": "csatRate",
    },
    "campaign": {"LocationId": "locationId"},
}
_RENAMED_BLOCKS = {"consumerParticipant": "consumerParticipants", "messageScore": "messageScores"}


def cleaned(record: Json, *, newest_first: bool) -> Json:
    """Return the record with one spelling for each name, nothing where it says nothing, and its attributes in order."""
    blocks = {_RENAMED_BLOCKS.get(name, name): block for name, block in record.items()}
    found = {name: block if name in _VERBATIM else _something(block) for name, block in blocks.items() if block is not None}
    for name, renamed in _RENAMED.items():
        if isinstance(found.get(name), dict):
            found[name] = {renamed.get(member, member): value for member, value in found[name].items()} | _members_of(found[name], renamed)
    attributes = _attributes(found, newest_first=newest_first)
    if attributes:
        found["sdes"] = {**_object(found.get("sdes")), "events": attributes}
    return found


def _members_of(block: Json, renamed: Mapping[str, str]) -> Json:
    """Return the members that have their right name already: they win over those that are renamed to it."""
    return {member: block[member] for member in renamed.values() if member in block}


def objects(value: Any) -> list[Json]:
    """Return the objects of a list, and nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _something(value: Any, name: str = "") -> Any:
    """Return the value without members that say nothing; deeper than any record goes it is left as it is."""
    if isinstance(value, dict):
        return {key: _something(member, key) for key, member in value.items() if not _is_nothing(key, member)}
    if isinstance(value, list):
        return [_something(item, name) for item in value if not _is_nothing(name, item)]
    return value


def _is_nothing(name: str, value: Any) -> bool:
    if value is None or value == "":
        return True
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING or (value in _UNKNOWN and name not in _CODES)
    is_place = name.endswith(("Id", "Time", "TimeL"))
    return is_place and not isinstance(value, bool) and value == _NOWHERE


def _attributes(record: Mapping[str, Any], *, newest_first: bool) -> list[Json]:
    """Return the authenticated attributes, then the others, so that a path finds a proven value first."""
    found = []
    for block in ("sdes", "unAuthSdes"):
        events = [_one_shape(event) for event in objects(_object(record.get(block)).get("events"))]
        found += sorted(events, key=_stamp, reverse=True) if newest_first else events
    for kind, member in _FILLED_FROM_OLDER.items() if newest_first else ():
        _fill(member, [event for event in found if event.get("sdeType") == kind])
    return found


def _one_shape(event: Json) -> Json:
    """Return an attribute as new ones are written: with its type, and the doubled name inside."""
    found = {_OTHER_NAMES.get(name, name): value for name, value in event.items()}
    for name, kind in _TYPES.items():
        inner = found.get(name)
        if not isinstance(inner, dict):
            continue
        if not found.get("sdeType"):
            found["sdeType"] = kind
        if name in _DOUBLED and not isinstance(inner.get(name), dict):
            stamps = {key: value for key, value in inner.items() if key in _STAMPS}
            found[name] = {**stamps, name: {key: value for key, value in inner.items() if key not in _STAMPS}}
    return found


def _stamp(event: Mapping[str, Any]) -> int:
    inner = next((value for name in _TYPES if isinstance(value := event.get(name), dict)), {})
    text = identifiers.text(event.get("serverTimeStamp") or inner.get("serverTimeStamp"))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004 - no time has more digits


def _fill(member: str, events: Iterable[Json]) -> None:
    """Give the first attribute what only later ones in the list say: each page view tells a part of who somebody is."""
    first, *others = [*events] or [{}]
    known = _object(_object(first.get(member)).get(member))
    for other in others:
        told = _object(_object(other.get(member)).get(member))
        known = {**told, **known}
    if others:
        first[member] = {**_object(first.get(member)), member: known}


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
