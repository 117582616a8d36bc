import json
from datetime import timedelta

import pytest

from crosswalk.errors import RequestRefused
from crosswalk.sources.base import Incoming
from crosswalk.sources.livechat import LiveChat
from crosswalk.store.configuration import SourceConfig, SourceState

SECRET = "example-secret-key"
HINTS = [
    "chat_deactivated",
    "chat_deactivated_by_router",
    "chat_transferred",
    "customer_session_fields_updated",
    "incoming_event_postchat_form",
    "thread_properties_updated_rating",
    "thread_tagged",
]
KIND = LiveChat()


@pytest.fixture
def source():
    return SourceConfig("src-1", "chats", "livechat", SourceState.ON, {}, {"webhook_secret": SECRET})


@pytest.fixture
def accept(source, received_at, new_id):
    def run(body, headers=None, at=received_at):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return KIND.accept(Incoming("POST", "/hooks/chats/t", headers or {}, {}, raw), source, at, new_id)

    return run


@pytest.fixture
def webhook(sample):
    return lambda name: sample(f"livechat/webhook_{name}.json")


def refusal_of(accept, body, headers=None):
    with pytest.raises(RequestRefused) as caught:
        accept(body, headers)
    return caught.value


@pytest.mark.parametrize("name", HINTS)
def test_a_webhook_without_the_visitor_is_a_notice(name, accept, webhook):
    (notice,) = accept(webhook(name)).notices
    assert webhook(name)["action"] == notice.kind


def test_a_chat_that_comes_whole_is_an_event(accept, webhook):
    (event,) = accept(webhook("incoming_chat")).events
    assert ("chat.started", "SK4VT9QX3N") == (event.type, event.entity_id)


def test_a_chat_that_comes_whole_tells_who_the_visitor_is(accept, webhook):
    (event,) = accept(webhook("incoming_chat")).events
    expected = {"email": "elin.berg@nordkaj.example", "user_id": "5e0d9a44-7b1f-4c5e-9c2a-08d6b1f7e390", "phone": "+46700000001"}
    assert expected == event.person


def test_a_message_is_an_event_of_its_own(accept, webhook):
    (event,) = accept(webhook("incoming_event_message")).events
    assert ("chat.message", "chat.message:SK4VT9QX3N_3", None) == (event.type, event.message_id, event.entity_id)


def test_a_rating_said_as_a_system_message_is_a_notice(accept, webhook):
    body = webhook("incoming_event_message")
    body["payload"]["event"] |= {"type": "system_message", "system_message_type": "rating.chat_rated"}
    assert 1 == len(accept(body).notices)


@pytest.mark.shows("P12")
@pytest.mark.parametrize("name", ["incoming_chat", "incoming_event_message", *HINTS])
def test_the_secret_is_taken_out_of_everything_that_is_kept(name, accept, webhook):
    accepted = accept(webhook(name))
    kept = [(event.payload, event.body.decode()) for event in accepted.events] + [notice.payload for notice in accepted.notices]
    assert SECRET not in json.dumps(kept)


@pytest.mark.shows("P12")
@pytest.mark.parametrize("change", [{"action": "agent_created"}, {"action": None}, {"action": "incoming_chat", "payload": {}}])
def test_the_secret_is_taken_out_of_what_cannot_be_used_too(change, accept, webhook):
    (item,) = accept(webhook("thread_tagged") | change).invalid
    assert SECRET.encode() not in item.body


@pytest.mark.parametrize(
    ("given", "code"),
    [("wrong", "secret_mismatch"), (None, "secret_absent"), (5, "secret_absent"), ("", "secret_mismatch"), ("ü", "secret_mismatch")],
)
def test_a_wrong_secret_is_refused_with_401(given, code, accept, webhook):
    refusal = refusal_of(accept, webhook("thread_tagged") | {"secret_key": given})
    assert (code, 401) == (refusal.request_code, refusal.status)


def test_a_lone_surrogate_in_the_secret_is_refused_like_any_other(accept):
    assert 401 == refusal_of(accept, b'{"secret_key": "\\ud800"}').status


def test_a_source_without_a_secret_takes_nothing(accept, source, received_at, new_id):
    bare = SourceConfig("s", "n", "livechat", SourceState.ON, {}, {})
    with pytest.raises(RequestRefused) as caught:
        KIND.accept(Incoming("POST", "/", {}, {}, b"{}"), bare, received_at, new_id)
    assert "secret_missing" == caught.value.request_code


@pytest.mark.parametrize(("body", "code"), [(b"nonsense", "invalid_json"), (b"[]", "not_an_object"), (b"", "invalid_json")])
def test_a_body_that_is_no_object_is_refused_with_400(body, code, accept):
    refusal = refusal_of(accept, body)
    assert (code, 400) == (refusal.request_code, refusal.status)


def test_a_body_that_is_nested_too_deep_is_refused(accept):
    deep = b'{"secret_key":"example-secret-key","payload":' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}"
    assert "too_deep" == refusal_of(accept, deep).request_code


def test_a_body_kept_without_its_secret_proves_itself_by_the_header(accept, webhook, received_at):
    body = webhook("thread_tagged")
    del body["secret_key"]
    headers = {name.lower(): value for name, value in KIND.sign(b"", SECRET, received_at, {}).items()}
    assert 1 == len(accept(body, headers).notices)


def test_the_body_counts_before_the_header(accept, webhook, received_at):
    headers = {name.lower(): value for name, value in KIND.sign(b"", SECRET, received_at, {}).items()}
    assert "secret_mismatch" == refusal_of(accept, webhook("thread_tagged") | {"secret_key": "wrong"}, headers).request_code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "routing_status_set"}, "action_unused"),
        ({"action": None}, "action_missing"),
        ({"action": "incoming_chat", "payload": {}}, "chat_missing"),
        ({"action": "incoming_chat", "payload": {"chat": {"id": "C"}}}, "thread_missing"),
        ({"payload": {}}, "chat_missing"),
        ({"payload": "text"}, "chat_missing"),
        ({"action": "incoming_event", "payload": {"chat_id": "C", "event": {}}}, "chat_missing"),
    ],
)
def test_what_cannot_be_used_is_kept_as_invalid(change, code, accept, webhook):
    accepted = accept(webhook("thread_tagged") | change)
    assert ([code], (), ()) == ([item.code for item in accepted.invalid], accepted.events, accepted.notices)


@pytest.mark.parametrize("name", ["chat_deactivated", "incoming_event_postchat_form"])
def test_what_happens_once_has_a_key_that_lasts(name, accept, webhook, received_at):
    keys = {accept(webhook(name), at=received_at + timedelta(seconds=n)).notices[0].message_key for n in range(2)}
    assert 1 == len(keys)


@pytest.mark.parametrize("name", ["thread_tagged", "thread_properties_updated_rating", "customer_session_fields_updated"])
def test_what_may_happen_again_in_the_same_words_is_fetched_again(name, accept, webhook):
    assert accept(webhook(name)).notices[0].message_key != accept(webhook(name)).notices[0].message_key


def test_a_chat_that_was_on_its_way_is_as_old_as_its_last_line(accept, webhook, received_at):
    revisions = {accept(webhook("incoming_chat"), at=received_at + timedelta(hours=n)).events[0].revision for n in range(2)}
    assert 1 == len(revisions)


def test_a_chat_from_a_clock_ahead_of_ours_is_no_newer_than_its_arrival(accept, webhook, received_at):
    (event,) = accept(webhook("incoming_chat"), at=received_at - timedelta(days=30)).events
    assert event.revision == int((received_at - timedelta(days=30)).timestamp()) * 1_000_000
