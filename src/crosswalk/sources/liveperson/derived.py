"""What is worked out from a conversation, because a mapping could not find it by itself: who the visitor is, times, dates, the transcript.

It stands in the payload under `derived`, with the same names for chat and messaging, for the history and for the widget.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from crosswalk.sources import identifiers, moments
from crosswalk.sources.liveperson import transcript
from crosswalk.sources.liveperson.cleaning import objects
from crosswalk.sources.liveperson.settings import LivePersonSettings

Json = dict[str, Any]

CHAT, MESSAGING = "Chat", "Messaging"
_CUSTOMER, _PERSONAL = "CUSTOMER_INFO", "PERSONAL_INFO"
_CHANNELS = ("Direct", "Search", "Social", "Email", "Referral", "Paid search", "Display")


def of_chat(record: Json, settings: LivePersonSettings) -> Json:
    """Return what is worked out from a chat of the history."""
    info, lines = _object(record.get("info")), _object(record.get("transcript")).get("lines")
    visitor = _person(record)
    surveys = _object(record.get("surveys")).get("preChat")
    asked = {kind: _answer(surveys, question) for kind, question in _questions(settings).items()}
    named = asked["name"] or identifiers.text(info.get("visitorName"))
    found = _common(record, named, visitor | _present(asked), info)
    return found | _present(
        {
            "api_type": CHAT,
            "is_messaging": False,
            "is_complete": info.get("isPartial") is not True,
            "ended_at": _stamp(info, "endTime"),
            "duration_seconds": _between(info) or info.get("duration"),
            "transcript": transcript.of_chat(lines, internal=settings.internal_lines),
        }
    )


def of_messaging(record: Json) -> Json:
    """Return what is worked out from a messaging conversation of the history."""
    info = _object(record.get("info"))
    consumer = next(iter(objects(record.get("consumerParticipants"))), {})
    told = {kind: identifiers.text(consumer.get(kind)) for kind in ("email", "phone")}
    named = identifiers.text(consumer.get("consumerName"))
    parts = {"first_name": identifiers.text(consumer.get("firstName")), "last_name": identifiers.text(consumer.get("lastName"))}
    found = _common(record, named, _person(record) | _present({**told, **parts}), info)
    return found | _present(
        {
            "api_type": MESSAGING,
            "is_messaging": True,
            "is_complete": info.get("isPartial") is not True,
            "ended_at": _stamp(info, "endTime"),
            "duration_seconds": _between(info),
            "transcript": transcript.of_messaging(record),
            "satisfaction": _satisfaction(record),
        }
    )


def of_widget(model: Json, settings: LivePersonSettings) -> Json:
    """Return what is worked out from the model a widget sees."""
    asked = _object(_object(model.get("surveyQuestions")).get("preChat"))
    told = {kind: identifiers.text(_object(asked.get(kind)).get("value")) for kind in ("name", "email", "phone")}
    sde = next(iter(objects(_object(model.get("SDE")).get("personalInfo"))), {})
    contact = next(iter(objects(sde.get("contactInfo"))), {})
    own = {"first_name": sde.get("firstname") or sde.get("name"), "last_name": sde.get("lastname"), "company": sde.get("company")}
    person = _present({name: identifiers.text(value) for name, value in {**own, **contact}.items() if name in {*own, "email", "phone"}})
    is_messaging = _object(model.get("chatInfo")).get("isMessaging") is True
    named = told["name"] or identifiers.text(_object(model.get("visitorInfo")).get("visitorName"))
    lines = _object(model.get("chatTranscript")).get("lines")
    found = person | _present({kind: told[kind] for kind in ("email", "phone")})
    found |= _names(named, person)
    return found | _present(
        {
            "api_type": MESSAGING if is_messaging else CHAT,
            "is_messaging": is_messaging,
            "transcript": transcript.of_chat(lines, internal=settings.internal_lines),
        }
    )


def attribute(record: Mapping[str, Any], kind: str) -> Json:
    """Return the fields of the first engagement attribute of that type."""
    for event in objects(_object(record.get("sdes")).get("events")):
        if event.get("sdeType") == kind:
            outer: Json = next((value for name, value in event.items() if isinstance(value, dict)), {})
            return next((value for value in outer.values() if isinstance(value, dict)), {})
    return {}


def instant(info: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time of a record: by its twin in milliseconds, else by its text."""
    twin = info.get(f"{name}L")
    if isinstance(twin, int | float) and not isinstance(twin, bool):
        return moments.from_unix(twin / 1000)
    return moments.from_iso(info.get(name))


def _common(record: Json, named: str, person: Mapping[str, str], info: Mapping[str, Any]) -> Json:
    customer, personal = attribute(record, _CUSTOMER), attribute(record, _PERSONAL)
    age = _object(personal.get("customerAge"))
    born = _day(age, "customerYearOfBirth", "customerMonthOfBirth", "customerDateOfBirth")
    agent = identifiers.text(info.get("latestAgentLoginName") or info.get("agentLoginName"))
    found = {
        **{name: person.get(name) for name in ("email", "phone", "company")},
        "agent_email": agent if "@" in agent else "",
        "last_payment_date": _day(_object(customer.get("lastPaymentDate")), "year", "month", "day"),
        "registration_date": _day(_object(customer.get("registrationDate")), "year", "month", "day"),
        "birthday": born,
        "marketing_channel": _channel(attribute(record, "MARKETING_CAMPAIGN_INFO").get("originatingChannel")),
    }
    return _present(found) | _names(named, person)


def _person(record: Json) -> dict[str, str]:
    """Return who the engagement attributes say the visitor is; what the visitor told in this conversation wins over it."""
    personal, customer = attribute(record, _PERSONAL), attribute(record, _CUSTOMER)
    contacts = [_object(contact.get("personalContact")) for contact in objects(personal.get("contacts"))]
    found = {kind: next((text for contact in contacts if (text := identifiers.text(contact.get(kind)))), "") for kind in ("email", "phone")}
    found |= {"first_name": identifiers.text(personal.get("name")), "last_name": identifiers.text(personal.get("surname"))}
    found["company"] = identifiers.text(personal.get("company")) or identifiers.text(customer.get("accountName"))
    return _present(found)


def _names(whole: str, person: Mapping[str, str]) -> Json:
    """Return the visitor's name and its parts; a name of one word is a last name."""
    first, last = person.get("first_name", ""), person.get("last_name", "")
    if not (first and last) or not all(part in whole for part in (first, last) if whole):
        given, _, family = whole.partition(" ")
        first, last = (given, family.strip()) if family.strip() else (first if first != whole else "", last or whole)
    return _present({"name": whole or f"{first} {last}".strip(), "first_name": first, "last_name": last})


def _questions(settings: LivePersonSettings) -> Mapping[str, str]:
    return {"name": settings.name_question, "email": settings.email_question, "phone": settings.phone_question}


def _answer(questions: Any, asked: str) -> str:
    texts = (identifiers.text(one.get("value")) for one in objects(questions) if identifiers.text(one.get("displayName")) == asked)
    return next((text for text in texts if text), "")


def _satisfaction(record: Json) -> str:
    """Return the answer to the survey about satisfaction."""
    for survey in objects(record.get("conversationSurveys")):
        if survey.get("surveyType") == "Satisfaction":
            return next((text for one in objects(survey.get("surveyData")) if (text := identifiers.text(one.get("answer")))), "")
    return ""


def _stamp(info: Mapping[str, Any], name: str) -> str:
    found = instant(info, name)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}" if found else ""


def _between(info: Mapping[str, Any]) -> int | None:
    """Return the seconds from start to end: the duration itself is in seconds here and in milliseconds there."""
    begun, ended = instant(info, "startTime"), instant(info, "endTime")
    return int((ended - begun).total_seconds()) if begun and ended and begun <= ended else None


def _day(parts: Mapping[str, Any], year: str, month: str, day: str) -> str:
    texts = [identifiers.text(parts.get(name)) for name in (year, month, day)]
    if not all(text.isascii() and text.isdigit() and len(text) <= 4 for text in texts):  # noqa: PLR2004 - a year has four digits
        return ""
    try:
        return date(*map(int, texts)).isoformat()
    except ValueError:
        return ""


def _channel(code: Any) -> str:
    """Return the name of a marketing channel, which the history writes as a code."""
    text = identifiers.text(code)
    return _CHANNELS[int(text)] if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < len(_CHANNELS) else text  # noqa: PLR2004


def _present(found: Mapping[str, Any]) -> Json:
    return {name: value for name, value in found.items() if value not in (None, "")}


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
