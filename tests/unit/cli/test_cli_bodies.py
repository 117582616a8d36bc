"""Files of bodies, and how each would be posted."""

import base64
from datetime import UTC, datetime

import pytest

from crosswalk.cli import bodies
from crosswalk.cli.bodies import Body
from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.store.configuration import SourceConfig, SourceState

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
APP = SourceConfig("s1", "app", "rudderstack", SourceState.ON, {}, {"write_key": "key"})
WEB = SourceConfig("s2", "the web", "livestorm", SourceState.ON, {}, {"signing_secret": "secret", "hook_token": "token"})


def body(value):
    return Body(1, b"{}", value)


@pytest.mark.parametrize(
    ("value", "path"),
    [({"type": "track"}, "/v1/track"), ({}, "/v1/identify"), ({"batch": []}, "/v1/batch"), ([], "/v1/batch")],
)
def test_a_call_goes_to_its_own_path(value, path):
    assert path == bodies.path_of(APP, body(value))


def test_a_webhook_goes_to_the_hook_address_of_its_source():
    assert bodies.path_of(WEB, body({})) == "/hooks/the%20web/token"


def test_a_call_is_signed_with_the_write_key():
    assert bodies.signed(APP, b"{}", NOW)["authorization"] == "Basic " + base64.b64encode(b"key:").decode()


def test_a_source_without_its_secret_says_which():
    bare = SourceConfig("s1", "app", "rudderstack", SourceState.ON, {}, {})
    with pytest.raises(ConfigurationError, match="has no write_key"):
        bodies.signed(bare, b"{}", NOW)


def test_empty_lines_are_passed_over(tmp_path):
    file = tmp_path / "bodies.jsonl"
    file.write_text('\n{"a": 1}\n\n{"b": 2}\n')
    assert [(one.line, one.value) for one in bodies.read(file)] == [(2, {"a": 1}), (4, {"b": 2})]


def test_a_file_without_lines_is_refused(tmp_path):
    file = tmp_path / "bodies.jsonl"
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="holds no line"):
        bodies.read(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nothing\.jsonl cannot be read"):
        bodies.read(tmp_path / "nothing.jsonl")


def test_bodies_become_what_the_source_makes_of_them(ids):
    call = b'{"type":"identify","userId":"u1","traits":{"email":"ann@x.example"}}'
    accepted = bodies.accepted(APP, [Body(1, call, {"type": "identify"})], NOW, ids.new)
    assert [event.person["email"] for event in accepted.events] == ["ann@x.example"]


def test_a_refused_body_names_its_line(ids):
    with pytest.raises(RequestRefused, match="Line 7 would be refused"):
        bodies.accepted(APP, [Body(7, b'{"type":"identify"}', {"type": "identify"})], NOW, ids.new)
