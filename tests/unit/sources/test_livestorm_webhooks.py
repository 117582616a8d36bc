import json
from datetime import UTC, datetime, timedelta

import pytest

from crosswalk.errors import RequestRefused
from crosswalk.sources.base import Incoming
from crosswalk.sources.livestorm import Livestorm
from crosswalk.store.configuration import SourceConfig, SourceState

PEOPLE = ["registered", "attended", "not_attended", "watched_replay"]


@pytest.fixture
def accept(livestorm_source, received_at, new_id):
    """Sign a body as Livestorm does and hand it to the source."""
    livestorm = Livestorm()

    def run(body, at=received_at):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = livestorm.sign(raw, "example-signing-secret", at, livestorm_source.settings)
        return livestorm.accept(Incoming("POST", "/hooks/x/y", headers, {}, raw), livestorm_source, at, new_id)

    return run


@pytest.fixture
def registered(sample):
    return sample("livestorm/webhook_people_registered.json")


def test_the_signature_vector_is_accepted(sample, sample_bytes, livestorm_source, new_id):
    vector = sample("livestorm/signature_vector.json")
    body = sample_bytes("livestorm/" + vector["body_file"])
    request = Incoming("POST", "/hooks/webinars/t", {vector["header_name"]: vector["header_value"]}, {}, body)
    accepted = Livestorm().accept(request, livestorm_source, datetime.fromtimestamp(int(vector["timestamp"]), UTC), new_id)
    assert [event.type for event in accepted.events] == ["people.registered"]


def test_signing_gives_the_vector_header(sample, sample_bytes):
    vector = sample("livestorm/signature_vector.json")
    body = sample_bytes("livestorm/" + vector["body_file"])
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
    assert vector["header_value"] == Livestorm().sign(body, vector["secret"], at, {})["x-livestorm-signature"]


@pytest.mark.parametrize("order", ["timestamp+secret+body", "timestamp+body+secret", "hmac"])
def test_every_configured_order_verifies_what_it_signs(order, registered, received_at, new_id):
    body = json.dumps(registered).encode()
    source = SourceConfig("s", "n", "livestorm", SourceState.ON, {"signature_order": order}, {"signing_secret": "s3cret"})
    headers = Livestorm().sign(body, "s3cret", received_at, source.settings)
    accepted = Livestorm().accept(Incoming("POST", "/", headers, {}, body), source, received_at, new_id)
    assert len(accepted.events) == 1


def refusal_of(header, body, source, at, new_id):
    headers = {} if header is None else {"x-livestorm-signature": header}
    with pytest.raises(RequestRefused) as caught:
        Livestorm().accept(Incoming("POST", "/", headers, {}, body), source, at, new_id)
    return caught.value


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "signature_missing"),
        ("", "signature_missing"),
        ("1772700125,00", "signature_mismatch"),
        ("nonsense", "signature_mismatch"),
        ("1772700125,\u00e9", "signature_mismatch"),
    ],
)
def test_a_wrong_signature_is_refused_with_401(header, code, livestorm_source, received_at, new_id):
    refusal = refusal_of(header, b"{}", livestorm_source, received_at, new_id)
    assert (code, 401) == (refusal.request_code, refusal.status)


def test_an_unproven_sender_learns_nothing_about_its_body(livestorm_source, received_at, new_id):
    assert refusal_of(None, b"not json", livestorm_source, received_at, new_id).request_code == "signature_missing"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_outside_the_window_is_refused(seconds, livestorm_source, received_at, new_id):
    body = b"{}"
    header = Livestorm().sign(body, "example-signing-secret", received_at + timedelta(seconds=seconds), {})["x-livestorm-signature"]
    assert refusal_of(header, body, livestorm_source, received_at, new_id).request_code == "signature_expired"


def test_a_signature_of_another_order_names_that_order(livestorm_source, received_at, new_id):
    header = Livestorm().sign(b"{}", "example-signing-secret", received_at, {"signature_order": "timestamp+body+secret"})
    refusal = refusal_of(header["x-livestorm-signature"], b"{}", livestorm_source, received_at, new_id)
    assert "timestamp+body+secret" in refusal.sentence


def test_a_source_without_a_secret_takes_nothing(received_at, new_id):
    source = SourceConfig("s", "n", "livestorm", SourceState.ON, {}, {})
    assert refusal_of("1,2", b"{}", source, received_at, new_id).request_code == "secret_missing"


def test_an_unsigned_webhook_is_taken_where_the_source_allows_it(registered, received_at, new_id):
    source = SourceConfig("s", "n", "livestorm", SourceState.ON, {"unsigned": True}, {})
    accepted = Livestorm().accept(Incoming("POST", "/", {}, {}, json.dumps(registered).encode()), source, received_at, new_id)
    assert len(accepted.events) == 1


@pytest.mark.parametrize("name", PEOPLE)
def test_every_people_sample_is_one_event_of_its_type(name, accept, sample):
    accepted = accept(sample(f"livestorm/webhook_people_{name}.json"))
    assert ([f"people.{name}"], (), ()) == ([event.type for event in accepted.events], accepted.notices, accepted.invalid)


def test_the_end_of_a_session_is_a_notice(accept, sample):
    accepted = accept(sample("livestorm/webhook_session_ended.json"))
    assert [(notice.kind, notice.message_key) for notice in accepted.notices] == [
        ("session.ended", "session.ended:c3a1d4de-77b5-4f6a-9d0b-6a2f4f0e8812:1773158700")
    ]


def test_the_entity_is_session_and_person(accept, registered):
    (event,) = accept(registered).events
    assert event.entity_id == "c3a1d4de-77b5-4f6a-9d0b-6a2f4f0e8812:a41f2f63-0d5c-4b61-8a1c-3c9f0e5b7d21"


def test_the_group_is_the_session(accept, registered):
    (event,) = accept(registered).events
    assert event.group_id == "c3a1d4de-77b5-4f6a-9d0b-6a2f4f0e8812"


def test_the_revision_is_the_last_time_of_change(accept, registered):
    registered["data"]["attributes"]["registrant_detail"]["updated_at"] = 1772700999
    (event,) = accept(registered).events
    assert event.revision == 1772700999


def test_a_registration_happened_when_the_person_registered(accept, registered):
    registered["data"]["attributes"]["updated_at"] = 1773000000
    (event,) = accept(registered).events
    assert datetime.fromtimestamp(1772700123, UTC) == event.occurred_at


def test_attendance_happened_when_the_record_changed(accept, sample):
    (event,) = accept(sample("livestorm/webhook_people_attended.json")).events
    assert datetime.fromtimestamp(1773158000, UTC) == event.occurred_at


def test_types_of_one_second_have_an_order(accept, sample):
    ranks = [accept(sample(f"livestorm/webhook_people_{name}.json")).events[0].rank for name in PEOPLE]
    assert ranks == [0, 1, 1, 2]


def test_a_body_is_stored_as_received(accept, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    assert body == accept(body).events[0].body


def test_the_person_is_known_by_email_and_id(accept, registered):
    (event,) = accept(registered).events
    assert event.person == {"email": "ines.moreau@atelier-lumen.example", "user_id": "a41f2f63-0d5c-4b61-8a1c-3c9f0e5b7d21"}


@pytest.fixture
def without_email(registered):
    attributes = registered["data"]["attributes"]
    attributes["email"] = "6f2d@unknown.livestorm.co"
    attributes["registrant_detail"]["fields"][0]["value"] = "6F2D@Unknown.Livestorm.co"
    return registered


def test_a_made_up_address_is_no_email_of_the_person(accept, without_email):
    (event,) = accept(without_email).events
    assert "email" not in event.person


def test_a_made_up_address_is_blanked_in_the_stored_body(accept, without_email):
    (event,) = accept(without_email).events
    assert b"unknown.livestorm.co" not in event.body.lower()


def test_the_event_type_may_stand_beside_the_data(accept, registered):
    registered["meta"] = registered["data"].pop("meta")
    assert accept(registered).events[0].type == "people.registered"


def test_other_types_are_kept_as_messages(accept, sample):
    session = sample("livestorm/webhook_session_ended.json")
    session["data"]["meta"]["webhook"]["event"] = "session.created"
    (event,) = accept(session).events
    assert (
        event.type,
        event.entity_id,
        event.message_id,
    ) == ("session.created", None, "session.created:c3a1d4de-77b5-4f6a-9d0b-6a2f4f0e8812:1773158700")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda body: body["data"].pop("meta"), "type_missing"),
        (lambda body: body["data"].update(meta=[]), "type_missing"),
        (lambda body: body["data"].pop("id"), "id_missing"),
        (lambda body: body["data"].update(id={"a": 1}), "id_missing"),
        (lambda body: body["data"]["attributes"].pop("registrant_detail"), "session_missing"),
        (lambda body: body["data"].update(attributes="text"), "session_missing"),
        (lambda body: body.update(data=None), "type_missing"),
    ],
)
def test_a_record_that_cannot_be_used_is_kept_as_invalid(damage, code, accept, registered):
    damage(registered)
    accepted = accept(registered)
    assert ([code], ()) == ([item.code for item in accepted.invalid], accepted.events)


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "invalid_json"), (b"[]", "not_an_object"), (b"null", "not_an_object"), (b'{"a":' * 70 + b"1" + b"}" * 70, "too_deep")],
)
def test_a_broken_body_is_refused_with_400(body, code, accept):
    with pytest.raises(RequestRefused) as caught:
        accept(body)
    assert (code, 400) == (caught.value.request_code, caught.value.status)


@pytest.mark.parametrize("wrong", [None, 7, "text", [], {}, True, -1, 1e30])
@pytest.mark.parametrize("member", ["created_at", "updated_at", "email", "registrant_detail", "messages_count"])
def test_members_of_wrong_types_never_raise(member, wrong, accept, registered):
    registered["data"]["attributes"][member] = wrong
    accepted = accept(registered)
    assert len(accepted.events) + len(accepted.invalid) == 1


@pytest.mark.parametrize("fields", [None, 7, "text", {}, [None, 1, [], {"id": "email"}, {"value": 1}]])
def test_form_fields_of_wrong_types_never_raise(fields, accept, registered):
    registered["data"]["attributes"]["registrant_detail"]["fields"] = fields
    (event,) = accept(registered).events
    assert Livestorm().fingerprint(event)


def test_a_time_from_the_far_future_is_not_believed(accept, sample, received_at):
    attended = sample("livestorm/webhook_people_attended.json")
    attended["data"]["attributes"]["updated_at"] = 4_102_444_800
    (event,) = accept(attended).events
    assert received_at + timedelta(minutes=5) == event.occurred_at


# --- fingerprints -------------------------------------------------------------------------------------------------------------------


def fingerprint(accept, body):
    return Livestorm().fingerprint(accept(body).events[0])


def test_a_redelivery_has_the_same_fingerprint(accept, registered):
    first = fingerprint(accept, registered)
    registered["data"]["attributes"]["updated_at"] += 60
    assert first == fingerprint(accept, registered)


def test_registered_and_attended_differ_even_with_equal_values(accept, registered):
    first = fingerprint(accept, registered)
    registered["data"]["meta"]["webhook"]["event"] = "people.attended"
    assert first != fingerprint(accept, registered)


def test_watching_a_replay_has_a_status_of_its_own(accept, sample):
    found = fingerprint(accept, sample("livestorm/webhook_people_watched_replay.json"))
    assert (found["replay_status"], found.get("session_status")) == ("people.watched_replay", None)


def test_a_changed_custom_field_changes_the_fingerprint(accept, registered):
    first = fingerprint(accept, registered)
    registered["data"]["attributes"]["registrant_detail"]["fields"][-1]["value"] = ["api"]
    changed = fingerprint(accept, registered)
    assert {"fields.topics_of_interest"} == {key for key in changed if changed[key] != first[key]}


def test_the_order_of_form_fields_does_not_matter(accept, registered):
    first = fingerprint(accept, registered)
    registered["data"]["attributes"]["registrant_detail"]["fields"].reverse()
    assert first == fingerprint(accept, registered)


def test_whole_numbers_are_equal_however_they_are_written(accept, registered):
    registered["data"]["attributes"]["messages_count"] = 4.0
    first = fingerprint(accept, registered)
    registered["data"]["attributes"]["messages_count"] = 4
    assert first == fingerprint(accept, registered)
