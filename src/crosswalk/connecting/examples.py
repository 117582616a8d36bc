"""Made-up events in each system's own shape, to see a source or a sync work before its system is set up. All people are fictional.

Where the system posts, the example goes through the same door, proof and all; where it is asked, it is read as an answer of its API is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from crosswalk.connecting import example_records
from crosswalk.errors import RequestRefused
from crosswalk.inbox.commit import Receipt
from crosswalk.inbox.receive import Receiver
from crosswalk.model import Accepted, Event, Priority
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming, NewId
from crosswalk.sources.kaltura import records as kaltura
from crosswalk.sources.livechat.chats import Chat, Directory
from crosswalk.sources.liveperson import records as liveperson
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.store.configuration import SourceConfig
from crosswalk.turn.context import Engine

EMAIL = example_records.PERSON["email"]
NAME = f"{example_records.PERSON['first_name']} {example_records.PERSON['last_name']}"
_AGO = timedelta(minutes=10)  # a conversation that has just ended

Made = Callable[[SourceConfig, datetime, NewId], Accepted]


def has(kind: str) -> bool:
    """Tell whether there is an example for a kind of source."""
    return kind in _MADE


def made(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    """Return an example as the source would accept it; raise what the source raises, and 409 where there is none."""
    if source.kind not in _MADE:
        raise RequestRefused("no_example", "There is no example for this kind of source; send a real event.", 409)
    return _MADE[source.kind](source, now, new_id)


async def send(engine: Engine, receiver: Receiver, source: SourceConfig) -> Receipt:
    """Let an example arrive, for every sync that takes it."""
    accepted = made(source, engine.clock.now(), engine.ids.new)
    return await receiver.receive(source, accepted, priority=Priority.STREAM, fingerprint=registry.source(source.kind).fingerprint)


def _livestorm(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    return _posted(source, "/", example_records.registration(int(now.timestamp()), new_id()), now, new_id)


def _rudderstack(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    return _posted(source, "/v1/identify", example_records.identify(new_id()), now, new_id)


def _posted(source: SourceConfig, path: str, body: Mapping[str, Any], now: datetime, new_id: NewId) -> Accepted:
    kind, raw = registry.source(source.kind), json.dumps(body).encode()
    secret = next((source.secrets[name] for name in kind.secret_names if source.secrets.get(name)), "")
    headers = {name.lower(): value for name, value in kind.sign(raw, secret, now, source.settings).items()}
    return kind.accept(Incoming("POST", path, headers, {}, raw), source, now, new_id)


def _livechat(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    chat = Chat.read(example_records.chat(now - _AGO, new_id()))
    return _read(chat.fetched(source.id, now, new_id(), Directory.empty()) if isinstance(chat, Chat) else chat)


def _kaltura(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    reading = kaltura.Reading(source.id, now, example_records.KALTURA_EVENT)
    return _read(reading.profile(example_records.profile(now, new_id()), new_id()))


def _liveperson(source: SourceConfig, now: datetime, new_id: NewId) -> Accepted:
    settings = LivePersonSettings.model_validate(source.settings)
    record = example_records.conversation(now - _AGO, f"{settings.account_id}{new_id()}", settings.account_id)
    return _read(liveperson.Reading(source.id, settings, now).chat(record, new_id()))


def _read(found: Event | Any) -> Accepted:
    return Accepted(events=(found,)) if isinstance(found, Event) else Accepted(invalid=(found,))


_MADE: Mapping[str, Made] = {
    "livestorm": _livestorm,
    "livechat": _livechat,
    "kaltura": _kaltura,
    "rudderstack": _rudderstack,
    "liveperson": _liveperson,
}
