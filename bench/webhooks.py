"""Webinar webhooks as they are posted, about 2 KB each, signed; who says what is up to the caller."""

import json
from collections.abc import Mapping
from datetime import datetime

from bench import load
from bench.installation import SECRETS
from bench.load import Request

from crosswalk.sources import addresses, registry

SESSION = "5b0f6a52-session-of-the-bench"
REGISTERED, ATTENDED, NOT_ATTENDED, WATCHED = "people.registered", "people.attended", "people.not_attended", "people.watched_replay"
HOOK = addresses.hook_path("webinars", SECRETS["HOOK_TOKEN"])
_TECHNICAL = {
    "referrer": "https://www.route-planner.example/blog/spring",
    "utm_source": "newsletter",
    "utm_medium": "email",
    "utm_term": None,
    "utm_content": "header-button",
    "utm_campaign": "spring",
    "browser_version": "134.0",
    "browser_name": "Chrome",
    "os_name": "Mac OS X",
    "os_version": "15.3",
    "screen_height": "1080",
    "screen_width": "1920",
    "ip_city": "Lyon",
    "ip_country_code": "FR",
    "ip_country_name": "France",
    "password_key": "4f1c0b7ad92e6685a1b3c0",
    "registration_type": "API",
    "is_highlighted": False,
    "is_guest_speaker": False,
    "session_role": None,
}
_TALK = {"messages_count": 4, "questions_count": 1, "votes_count": 2, "up_votes_count": 3}


def webhook(kind: str, person_id: str, at: int, email: str, answers: Mapping[str, str]) -> bytes:
    """Return the body of a webhook of that kind about a person, changed at that Unix second."""
    fields = [{"id": "email", "type": "text", "value": email, "required": True}]
    fields += [{"id": slug, "type": "text", "value": value, "required": False} for slug, value in answers.items()]
    detail = {
        "event_id": "1f2d7a1c-event-of-the-bench",
        "session_id": SESSION,
        "created_at": at,
        "updated_at": at,
        "fields": fields,
        **_TECHNICAL,
        "connection_link": f"https://app.livestorm.co/p/1f2d7a1c/live?key=4f1c0b7ad92e6685a1b3c0&s={SESSION}&person={person_id}",
        "attended": kind == ATTENDED,
        "attendance_rate": 86 if kind == ATTENDED else None,
        "attendance_duration": 2503 if kind == ATTENDED else 0,
        "has_viewed_replay": kind == WATCHED,
    }
    attributes = {
        "role": "participant",
        "created_at": at,
        "updated_at": at,
        "timezone": "Europe/Paris",
        "first_name": answers.get("first_name"),
        "last_name": answers.get("last_name"),
        "email": email,
        "avatar_link": None,
        "registrant_detail": detail,
        **_TALK,
        "replay_view_detail": None,
    }
    meta = {"webhook": {"event": kind, "organization_id": "9c3e-organization-of-the-bench"}}
    return json.dumps({"data": {"id": person_id, "type": "people", "attributes": attributes, "meta": meta}}).encode()


def posted(body: bytes, now: datetime) -> Request:
    """Return the request that posts a webhook, signed as the vendor signs."""
    return load.post(HOOK, registry.source("livestorm").sign(body, SECRETS["SIGNING_SECRET"], now, {}), body)
