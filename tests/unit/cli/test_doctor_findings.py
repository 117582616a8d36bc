"""What the doctor says of timings and sources."""

import pytest

from crosswalk.cli import doctor
from crosswalk.findings import Level
from crosswalk.settings import Timings
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SourceState


def connection(**settings):
    return ConnectionConfig("c1", "sales", None, {"login": "password", **settings}, None, 1, 0)


def source(kind="livestorm", secrets=None, state=SourceState.ON, **settings):
    return SourceConfig("s1", "web", kind, state, settings, secrets or {})


@pytest.mark.parametrize(
    ("settings", "level"),
    [({}, Level.FAIL), ({"login_url": "https://acme.my.salesforce.com"}, Level.FAIL), ({"login_url": "http://127.0.0.1:8070"}, Level.WARN)],
)
def test_settling_before_a_send_can_be_over_is_refused_on_a_real_org(settings, level):
    assert doctor._timings(Timings(settle=2, send_timeout=2), connection(**settings)).level is level


def test_the_default_timings_are_well():
    assert doctor._timings(Timings(), connection()).level is Level.OK


def test_a_source_without_its_secret_fails_and_names_it():
    found = doctor._source(source())
    assert found.level is Level.FAIL
    assert "signing_secret" in found.sentence


def test_a_source_that_takes_unsigned_webhooks_needs_no_secret():
    assert doctor._source(source(unsigned=True)).level is Level.OK


def test_a_source_with_wrong_settings_fails():
    assert doctor._source(source(signature_order="backwards")).level is Level.FAIL


def test_a_source_of_an_unknown_kind_fails():
    assert doctor._source(source("carrier pigeon")).level is Level.FAIL


def test_a_source_that_is_off_is_a_warning():
    assert doctor._source(source(secrets={"signing_secret": "s"}, state=SourceState.OFF)).level is Level.WARN
