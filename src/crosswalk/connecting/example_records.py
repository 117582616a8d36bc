"""What the examples hold, as each system documents it: one fictional visitor of a fictional company."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

Record = Mapping[str, Any]

PERSON: Mapping[str, str] = MappingProxyType(
    {"email": "ines.moreau@atelier-lumen.example", "first_name": "Inès", "last_name": "Moreau", "company": "Atelier Lumen"}
)
KALTURA_EVENT: Record = MappingProxyType(
    {"id": "example-event", "name": "Example event", "startDate": None, "endDate": None, "timezone": "Europe/Paris"}
)
_NAME = f"{PERSON['first_name']} {PERSON['last_name']}"
_AGENT, _AGENT_NAME = "maya.lind@harbor-supply.example", "Maya Lind"
_SAID = ("Can I change the address of a delivery?", "Until it is packed, yes. I have changed it.")
_BETWEEN_LINES = timedelta(seconds=40)


def registration(at: int, unique: str) -> Record:
    """Return Livestorm's webhook `people.registered`; `at` in seconds since 1970."""
    named = {name: PERSON[name] for name in ("email", "first_name", "last_name")}
    detail = {
        "event_id": "example-event",
        "session_id": "example-session",
        "created_at": at,
        "updated_at": at,
        "fields": [{"id": name, "type": "text", "value": value} for name, value in PERSON.items()],
        "attended": False,
        "has_viewed_replay": False,
    }
    person = {"role": "participant", "created_at": at, "updated_at": at, **named}
    attributes = {**person, "registrant_detail": detail, "messages_count": 0, "questions_count": 0, "votes_count": 0, "up_votes_count": 0}
    meta = {"webhook": {"event": "people.registered", "organization_id": "example"}}
    return {"data": {"id": unique, "type": "people", "attributes": attributes, "meta": meta}}


def identify(unique: str) -> Record:
    """Return RudderStack's call `identify`."""
    traits = {"email": PERSON["email"], "firstName": PERSON["first_name"], "lastName": PERSON["last_name"], "company": PERSON["company"]}
    return {"type": "identify", "userId": "example-user", "messageId": unique, "traits": traits, "integrations": {"Salesforce": True}}


def chat(began: datetime, unique: str) -> Record:
    """Return a chat of LiveChat's archive with one ended thread."""
    visitor = {"id": "example-visitor", "type": "customer", "name": _NAME, "email": PERSON["email"], "created_at": _stamp(began)}
    agent = {"id": _AGENT, "type": "agent", "name": _AGENT_NAME, "email": _AGENT, "present": False}
    events = [
        {
            "id": f"{unique}_{place}",
            "type": "message",
            "visibility": "all",
            "created_at": _stamp(began + place * _BETWEEN_LINES),
            "author_id": author,
            "text": text,
        }
        for place, (author, text) in enumerate(zip((visitor["id"], _AGENT), _SAID, strict=True), 1)
    ]
    thread = {
        "id": unique,
        "active": False,
        "user_ids": [visitor["id"], _AGENT],
        "events": events,
        "tags": ["example"],
        "properties": {"rating": {"score": 1}},
        "created_at": _stamp(began),
    }
    return {"id": f"chat-{unique}", "users": [visitor, agent], "thread": thread, "properties": {}}


def profile(at: datetime, unique: str) -> Record:
    """Return the profile of an attendee of a Kaltura event who registered just now."""
    form = {"firstName": PERSON["first_name"], "lastName": PERSON["last_name"], "email": PERSON["email"], "company": PERSON["company"]}
    standing = {"regOrigin": "registration", "attendanceStatus": "registered", "isRegistered": True, "statusUpdateTime": _stamp(at)}
    return {
        "id": unique,
        "userId": PERSON["email"],
        "status": "enabled",
        "profileData": {**form, "country": "FR"},
        "eventData": standing,
        "createdAt": _stamp(at),
        "updatedAt": _stamp(at),
        "objectType": "UserProfile",
    }


def conversation(began: datetime, engagement_id: str, account_id: str) -> Record:
    """Return a chat of LivePerson's engagement history that has ended."""
    ended = began + 2 * _BETWEEN_LINES
    speakers = ((PERSON["first_name"], "visitor"), (_AGENT_NAME, "agent"))
    lines = [
        {**_times("time", began + place * _BETWEEN_LINES), "text": text, "by": by, "source": source, "lineSeq": str(place)}
        for place, (text, (by, source)) in enumerate(zip(_SAID, speakers, strict=True), 1)
    ]
    answers = {"Name": _NAME, "Email": PERSON["email"]}
    return {
        "info": {
            **_times("startTime", began),
            **_times("endTime", ended),
            "engagementId": engagement_id,
            "accountId": account_id,
            "visitorId": "example-visitor",
            "visitorName": _NAME,
            "skillName": "Orders",
            "agentFullName": _AGENT_NAME,
            "agentLoginName": _AGENT,
            "isPartial": False,
        },
        "transcript": {"lines": lines},
        "campaign": {"campaignName": "Order support", "goalName": "Resolve order questions"},
        "surveys": {"preChat": [{"displayName": name, "value": value, "values": [value]} for name, value in answers.items()]},
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _times(name: str, moment: datetime) -> dict[str, Any]:
    """Return a moment as LivePerson writes it, in words and in milliseconds since 1970."""
    return {name: moment.strftime("%Y-%m-%d %H:%M:%S.000+0000"), f"{name}L": int(moment.timestamp() * 1000)}
