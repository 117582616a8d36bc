"""Made-up events in each system's own words, to see a source work before its system is set up. All people are fictional."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from crosswalk.errors import RequestRefused
from crosswalk.inbox.commit import Receipt
from crosswalk.inbox.receive import Receiver
from crosswalk.model import Priority
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine

EMAIL = "ines.moreau@atelier-lumen.example"
_FIRST, _LAST, _COMPANY = "Inès", "Moreau", "Atelier Lumen"


def has(kind: str) -> bool:
    """Tell whether there is an example for a kind of source."""
    return kind in _MADE


async def send(engine: Engine, receiver: Receiver, source: SourceConfig) -> Receipt:
    """Let an example arrive as if its system had sent it, proof and all; raise what the source raises."""
    if source.kind not in _MADE:
        raise RequestRefused("no_example", "There is no example for this kind of source; send a real event.", 409)
    now, kind = engine.clock.now(), registry.source(source.kind)
    path, body = _MADE[source.kind](int(now.timestamp()), engine.ids.new())
    raw = json.dumps(body).encode()
    secret = next((source.secrets[name] for name in kind.secret_names if source.secrets.get(name)), "")
    headers = {name.lower(): value for name, value in kind.sign(raw, secret, now, source.settings).items()}
    accepted = kind.accept(Incoming("POST", path, headers, {}, raw), source, now, engine.ids.new)
    return await receiver.receive(source, accepted, priority=Priority.STREAM, fingerprint=kind.fingerprint)


def _livestorm(at: int, unique: str) -> tuple[str, Mapping[str, Any]]:
    answers = {"email": EMAIL, "first_name": _FIRST, "last_name": _LAST, "company": _COMPANY}
    detail = {
        "event_id": "example-event",
        "session_id": "example-session",
        "created_at": at,
        "updated_at": at,
        "fields": [{"id": name, "type": "text", "value": value} for name, value in answers.items()],
        "attended": False,
        "has_viewed_replay": False,
    }
    person = {"role": "participant", "created_at": at, "updated_at": at, "email": EMAIL, "first_name": _FIRST, "last_name": _LAST}
    attributes = {**person, "registrant_detail": detail, "messages_count": 0, "questions_count": 0, "votes_count": 0, "up_votes_count": 0}
    meta = {"webhook": {"event": "people.registered", "organization_id": "example"}}
    return "/", {"data": {"id": unique, "type": "people", "attributes": attributes, "meta": meta}}


def _rudderstack(at: int, unique: str) -> tuple[str, Mapping[str, Any]]:
    del at
    traits = {"email": EMAIL, "firstName": _FIRST, "lastName": _LAST, "company": _COMPANY}
    body = {"type": "identify", "userId": "example-user", "messageId": unique, "traits": traits, "integrations": {"Salesforce": True}}
    return "/v1/identify", body


_MADE: Mapping[str, Callable[[int, str], tuple[str, Mapping[str, Any]]]] = {"livestorm": _livestorm, "rudderstack": _rudderstack}
