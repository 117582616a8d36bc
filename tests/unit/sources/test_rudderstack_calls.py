import json
from datetime import UTC, datetime, timedelta

import pytest

from crosswalk.errors import RequestRefused
from crosswalk.sources.base import Incoming
from crosswalk.sources.rudderstack import RudderStack

SINGLE_CALLS = ["identify", "track", "page", "screen", "group", "alias", "merge"]


@pytest.fixture
def accept(rudder_source, received_at, new_id, post):
    return lambda path, body: RudderStack().accept(post(path, body), rudder_source, received_at, new_id)


@pytest.fixture
def refused(accept):
    def run(path, body):
        with pytest.raises(RequestRefused) as caught:
            accept(path, body)
        return caught.value.sentence, caught.value.status

    return run


@pytest.mark.parametrize("call", SINGLE_CALLS)
def test_the_path_names_the_type_of_a_single_call(call, accept):
    accepted = accept(f"/v1/{call}", {"userId": "u", "type": "other"})
    assert [call] == [event.type for event in accepted.events]


@pytest.mark.parametrize("name", ["identify_node_sdk", "identify_python_sdk", "identify_segment_python"])
def test_what_a_published_client_sends_is_one_identify(name, accept, sample):
    request = sample(f"rudderstack/{name}.json")["request"]
    accepted = accept(request["path"], request["body"])
    assert ([event.type for event in accepted.events], accepted.invalid) == (["identify"], ())


@pytest.mark.parametrize("name", ["identify_externalid", "identify_warehouse_mapped"])
def test_single_samples_are_accepted(name, accept, sample):
    assert len(accept("/v1/identify", sample(f"rudderstack/{name}.json")).events) == 1


def test_a_mixed_batch_keeps_the_type_and_order_of_every_entry(accept, sample):
    accepted = accept("/v1/batch", sample("rudderstack/batch_mixed.json"))
    assert [e.type for e in accepted.events] == ["identify", "identify", "identify", "identify", "track", "group", "identify", "alias"]


def test_an_import_is_read_like_a_batch(accept):
    assert len(accept("/v1/import", {"batch": [{"type": "identify", "userId": "u"}]}).events) == 1


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/v1/identify", b"{", "invalid json"),
        ("/v1/identify", b"", "invalid json"),
        ("/v1/identify", b'{"a": NaN}', "invalid json"),
        ("/v1/batch", b'{"batch": "x"}', "empty batch payload"),
        ("/v1/batch", b'{"batch": []}', "empty batch payload"),
        ("/v1/batch", b"{}", "empty batch payload"),
        ("/v1/batch", b"[]", "empty batch payload"),
        ("/v1/identify", b"[1]", "event is not a valid rudder event"),
        ("/v1/batch", b'{"batch": [7]}', "event is not a valid rudder event"),
        ("/v1/identify", b"{}", "request neither has anonymousId nor userId"),
        ("/v1/identify", b'{"userId": "  ", "anonymousId": null}', "request neither has anonymousId nor userId"),
        ("/v1/identify", b'{"userId": true}', "request neither has anonymousId nor userId"),
        ("/v1/batch", b'{"batch": [{"type": "identify"}]}', "request neither has anonymousId nor userId"),
    ],
)
def test_a_bad_request_gets_the_gateways_message(path, body, message, refused):
    assert (message, 400) == refused(path, body)


def test_a_bad_entry_among_good_ones_is_kept_as_invalid(accept):
    accepted = accept("/v1/batch", {"batch": [{"type": "track", "userId": "u"}, {"type": "track"}, 7]})
    assert (len(accepted.events), [item.code for item in accepted.invalid]) == (1, ["no_ids", "not_an_event"])


def test_an_invalid_entry_names_its_place_in_the_batch(accept):
    accepted = accept("/v1/batch", {"batch": [{"type": "track", "userId": "u"}, {"type": "track"}]})
    assert accepted.invalid[0].sentence == "batch[1]: request neither has anonymousId nor userId"


def test_a_number_is_an_id_and_stays_a_number_in_the_event(accept):
    (event,) = accept("/v1/identify", {"userId": 40417}).events
    assert (event.person["user_id"], event.payload["userId"]) == ("40417", 40417)


@pytest.mark.parametrize("kind", ["extract", "record"])
def test_warehouse_types_need_no_ids(kind, accept):
    assert len(accept("/v1/batch", {"batch": [{"type": kind}]}).events) == 1


@pytest.mark.parametrize("kind", [None, 7, "", {"a": 1}])
def test_a_type_the_gateway_does_not_check_is_accepted(kind, accept):
    assert len(accept("/v1/batch", {"batch": [{"type": kind, "userId": "u"}]}).events) == 1


@pytest.mark.parametrize("message_id", [None, "", "   ", {}, False])
def test_a_missing_message_id_is_made(message_id, accept):
    (event,) = accept("/v1/track", {"userId": "u", "messageId": message_id}).events
    assert event.message_id.startswith("id-")


def test_a_message_id_is_trimmed(accept):
    assert accept("/v1/track", {"userId": "u", "messageId": " m-1 "}).events[0].message_id == "m-1"


def test_the_write_key_is_stripped_from_the_stored_body(accept):
    (event,) = accept("/v1/identify", {"userId": "u", "writeKey": "2AbCdEf"}).events
    assert (b"2AbCdEf" not in event.body, "writeKey" not in event.payload) == (True, True)


def test_keys_at_the_root_of_a_batch_are_not_merged_into_entries(accept, received_at):
    body = {"batch": [{"type": "track", "userId": "u"}], "sentAt": "2020-01-01T00:00:00Z", "context": {"traits": {"email": "a@b.example"}}}
    (event,) = accept("/v1/batch", body).events
    assert (received_at, {"user_id": "u"}) == (event.occurred_at, event.person)


# --- the person ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "email"),
    [
        ({"traits": {"email": "root@x.example"}, "context": {"traits": {"email": "context@x.example"}}}, "root@x.example"),
        ({"traits": {}, "context": {"traits": {"email": "context@x.example"}}}, "context@x.example"),
        ({"traits": {"email": ""}, "context": {"traits": {"email": "context@x.example"}}}, "context@x.example"),
        ({"properties": {"email": "property@x.example"}}, "property@x.example"),
        ({"traits": "text", "context": []}, None),
        ({"traits": {"email": {"a": 1}}}, None),
    ],
)
def test_the_email_is_read_from_the_root_first(body, email, accept):
    (event,) = accept("/v1/identify", {"userId": "u", **body}).events
    assert email == event.person.get("email")


def test_the_traits_of_a_group_are_not_those_of_the_person(accept):
    (event,) = accept("/v1/group", {"userId": "u", "traits": {"email": "info@fjordkraft.example"}}).events
    assert event.person == {"user_id": "u"}


def test_an_alias_names_the_previous_id(accept):
    (event,) = accept("/v1/alias", {"userId": "c-2001", "previousId": "anon-77f1"}).events
    assert event.person == {"user_id": "c-2001", "previous_id": "anon-77f1"}


def test_phone_and_anonymous_id_are_kept(accept):
    (event,) = accept("/v1/identify", {"anonymousId": "a-1", "traits": {"phone": "+46 8 555 010 77"}}).events
    assert event.person == {"anonymous_id": "a-1", "phone": "+46 8 555 010 77"}


# --- time ---------------------------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, datetime(2026, 3, 10, 18, 0, tzinfo=UTC)),
        ({"timestamp": "2026-03-10T12:00:00.000Z"}, NOON),
        ({"timestamp": "2026-03-10T17:30:00+05:30"}, NOON),
        ({"timestamp": "2026-03-10T12:00:00Z", "originalTimestamp": "2001-01-01T00:00:00Z", "sentAt": "2002-01-01T00:00:00Z"}, NOON),
        (
            {"originalTimestamp": "2026-03-05T07:00:00.000Z", "sentAt": "2026-03-05T07:00:03.500Z"},
            datetime(2026, 3, 10, 17, 59, 56, 500_000, tzinfo=UTC),
        ),
        ({"originalTimestamp": "2026-03-10T12:00:00Z"}, NOON),
        ({"sentAt": "2026-03-10T19:00:00Z"}, datetime(2026, 3, 10, 17, 0, tzinfo=UTC)),
        ({"timestamp": "yesterday"}, datetime(2026, 3, 10, 18, 0, tzinfo=UTC)),
        ({"timestamp": 12}, datetime(2026, 3, 10, 18, 0, tzinfo=UTC)),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, datetime(2026, 3, 10, 18, 0, tzinfo=UTC)),
    ],
)
def test_the_clock_of_the_client_is_corrected(times, expected, accept):
    assert expected == accept("/v1/track", {"userId": "u", **times}).events[0].occurred_at


def test_a_clock_in_2099_is_not_believed(accept, received_at):
    (event,) = accept("/v1/track", {"userId": "u", "timestamp": "2099-01-01T00:00:00Z"}).events
    assert received_at + timedelta(minutes=5) == event.occurred_at


# --- poison -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("poison", [b"\\u0000", b"\\ud800", b"\\udfff", b"\xff\xfe"])
def test_poison_in_text_is_cleaned_in_value_and_body(poison, accept):
    (event,) = accept("/v1/identify", b'{"userId": "u", "traits": {"name": "A' + poison + b'b"}}').events
    stored = json.loads(event.body)["traits"]["name"]
    stored.encode("utf-8")
    assert (False, event.payload["traits"]["name"]) == ("\x00" in stored, stored)


def test_a_proper_pair_of_surrogates_stays(accept):
    (event,) = accept("/v1/identify", b'{"userId": "u", "traits": {"name": "\\ud83d\\ude00"}}').events
    assert event.payload["traits"]["name"] == "\U0001f600"


def test_a_number_beyond_a_double_becomes_null(accept):
    (event,) = accept("/v1/identify", b'{"userId": "u", "traits": {"x": 1e999, "y": 2.5e100}}').events
    assert event.payload["traits"] == {"x": None, "y": 2.5e100}


def test_deep_nesting_alone_is_refused(refused):
    assert refused("/v1/identify", b'{"userId":"u","a":' + b"[" * 200 + b"]" * 200 + b"}")[1] == 400


def test_bottomless_nesting_is_refused(refused):
    assert refused("/v1/identify", b"[" * 100_000 + b"]" * 100_000)[1] == 400


def test_deep_nesting_among_good_entries_is_kept_as_invalid(accept):
    body = b'{"batch":[{"type":"track","userId":"u"},{"userId":"u","a":' + b"[" * 200 + b"]" * 200 + b"}]}"
    assert [item.code for item in accept("/v1/batch", body).invalid] == ["too_deep"]


# --- pixel --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pixel(rudder_source, received_at, new_id):
    return lambda call, query: RudderStack().accept(Incoming("GET", f"/pixel/v1/{call}", {}, query), rudder_source, received_at, new_id)


def test_the_pixel_sample_gives_the_event_of_the_sample(pixel, sample, received_at):
    expected = sample("rudderstack/pixel_track.json")
    now = received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    (event,) = pixel("track", expected["request"]["query"]).events
    assert {**expected["event"], "originalTimestamp": now, "sentAt": now} == event.payload


def test_a_page_without_a_name_is_unknown(pixel):
    assert pixel("page", {"anonymousId": "a"}).events[0].payload["name"] == "Unknown Page"


def test_a_pixel_track_without_an_event_is_refused(pixel):
    with pytest.raises(RequestRefused):
        pixel("track", {"anonymousId": "a"})


def test_paths_that_cross_never_raise(pixel):
    (event,) = pixel("page", {"anonymousId": "a", "context": "x", "context.page.url": "u", "context.page": "y", "..": "z"}).events
    assert event.payload["context"]["page"] == "y"
