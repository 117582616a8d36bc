import json

import pytest

from crosswalk.errors import RequestRefused
from crosswalk.mapping import paths
from crosswalk.sources.kaltura import Kaltura, statuses
from crosswalk.sources.kaltura.records import Reading
from crosswalk.store.configuration import SourceConfig, SourceState

KIND = Kaltura()
SECRET = "example-sign-secret"
SOURCE = SourceConfig("src-1", "summits", "kaltura", SourceState.ON, {}, {"signing_secret": SECRET})
EVENT = {"id": "508311", "name": "Partner Summit 2026", "startDate": None, "endDate": None, "timezone": None}


@pytest.fixture
def accept(post, received_at, new_id):
    """Let a body arrive; unless given, the headers are the ones Kaltura would send."""

    def accepted(body, headers=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = KIND.sign(raw, SECRET, received_at, {}) if headers is None else headers
        return KIND.accept(post("/hooks/summits/token", raw, signed), SOURCE, received_at, new_id)

    return accepted


def test_the_published_rule_of_signatures_is_ours(accept, sample, sample_bytes):
    headers = {name.lower(): value for name, value in sample("kaltura/signature_vector.json")["headers"].items()}
    (event,) = accept(sample_bytes("kaltura/signature_vector_body.json"), headers).events
    assert ("user", "lucia.ferrer@mirador.example") == (event.type, event.person["email"])


def test_a_changed_body_is_refused(accept, received_at):
    with pytest.raises(RequestRefused) as refused:
        accept(b'{"a":2}', KIND.sign(b'{"a":1}', SECRET, received_at, {}))
    assert (401, "signature_mismatch") == (refused.value.status, refused.value.request_code)


@pytest.mark.parametrize("headers", [{}, {"x-kaltura-signature": "00", "x-kaltura-hash-algo": "md5"}], ids=["unsigned", "weak hash"])
def test_what_proves_nothing_is_refused(accept, headers):
    with pytest.raises(RequestRefused):
        accept(b"{}", headers)


def test_a_kaltura_session_is_taken_out_before_anything_is_stored(accept, sample):
    (event,) = accept({**sample("kaltura/webhook_user_created.json"), "ks": "planted", "args": [{"KS": "planted"}]}).events
    assert (False, False) == ("planted" in json.dumps(event.payload), b"planted" in event.body)


def test_a_repeated_notification_has_the_same_message_id(accept, sample):
    body = sample("kaltura/webhook_user_created.json")
    assert accept(body).events[0].message_id == accept(body).events[0].message_id


def test_a_notification_without_a_job_is_kept_as_invalid(accept):
    assert ["id_missing"] == [one.code for one in accept({"object": {}}).invalid]


@pytest.mark.parametrize("status", statuses.KNOWN, ids=lambda status: status.code)
def test_code_and_label_of_each_status_are_attributes(status, sample, received_at):
    profiles = sample("kaltura/user_profile_list.json")["objects"]
    profile = next(one for one in profiles if one["eventData"]["attendanceStatus"] == status.code)
    payload = Reading("src-1", received_at, EVENT).profile(profile, "id-1").payload
    found = {a.key: paths.compile(a.paths[0])(payload) for a in KIND.catalogue({}) if a.group == "Status"}
    assert {"status": status.value, "status_code": status.code, "status_label": status.label} == found


def test_a_status_we_do_not_know_goes_by_its_code():
    assert ("new", "new") == (statuses.named("new").value, statuses.named("new").label)
