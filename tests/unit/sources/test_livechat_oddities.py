"""Whatever stands anywhere in a chat or a webhook, it is read, kept as invalid or refused; nothing breaks."""

import copy
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.errors import RequestRefused
from crosswalk.mapping import paths
from crosswalk.model import Event
from crosswalk.sources.base import Incoming
from crosswalk.sources.livechat import LiveChat
from crosswalk.sources.livechat.chats import Chat, Directory
from crosswalk.store.configuration import SourceConfig, SourceState

SAMPLES = Path(__file__).parents[2] / "samples" / "livechat"
KIND, AT = LiveChat(), datetime(2026, 3, 10, tzinfo=UTC)
SOURCE = SourceConfig("s", "chats", "livechat", SourceState.ON, {}, {"webhook_secret": "example-secret-key"})
CHAT = json.loads((SAMPLES / "get_chat.json").read_text("utf-8"))
WEBHOOKS = [json.loads(path.read_text("utf-8")) for path in sorted(SAMPLES.glob("webhook_*.json"))]
GETTERS = [paths.compile(path) for attribute in KIND.catalogue({}) for path in attribute.paths]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just("2026-03-04T10:20:11.204000Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "events", "x"]), inner, max_size=3),
    max_leaves=6,
)


def places(value, at=()):
    """Return the way to every value within a value."""
    yield at
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*at, name))


def altered(value, at, put):
    """Return the value with something else at one place."""
    if not at:
        return put
    changed = copy.deepcopy(value)
    holder = changed
    for name in at[:-1]:
        holder = holder[name]
    holder[at[-1]] = put
    return changed


def used(event: Event):
    return [getter(event.payload) for getter in GETTERS], KIND.fingerprint(event), json.dumps(event.payload)


@settings(deadline=None)
@given(st.sampled_from(list(places(CHAT))), anything)
def test_a_chat_with_anything_anywhere_breaks_nothing(at, put):
    chat = Chat.read(altered(CHAT, at, put))
    assert not isinstance(chat, Chat) or used(chat.fetched("s", AT, "e", Directory.empty()))


@settings(deadline=None)
@given(st.sampled_from([(number, at) for number, body in enumerate(WEBHOOKS) for at in places(body)]), anything)
def test_a_webhook_with_anything_anywhere_breaks_nothing(place, put):
    number, at = place
    body = json.dumps(altered(WEBHOOKS[number], at, put)).encode()
    accepted = taken(body)
    assert accepted is None or 1 == len(accepted.events + accepted.notices + accepted.invalid)
    assert accepted is None or all(used(event) for event in accepted.events)


def taken(body):
    """Return what the source makes of a body; None when it refuses it."""
    numbers = itertools.count()
    try:
        return KIND.accept(Incoming("POST", "/", {}, {}, body), SOURCE, AT, lambda: f"id-{next(numbers)}")
    except RequestRefused:
        return None
