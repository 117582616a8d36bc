"""Files of bodies: what of them can be read, what each line becomes, and how each would be posted."""

import base64
import gzip
import io
import json
from datetime import UTC, datetime

import pytest

from crosswalk.engine.files import bodies
from crosswalk.engine.files.bodies import Body, Form
from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.store.configuration import SourceConfig, SourceState

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
APP = SourceConfig("s1", "app", "rudderstack", SourceState.ON, {}, {"write_key": "key"})
WEB = SourceConfig("s2", "the web", "livestorm", SourceState.ON, {}, {"signing_secret": "secret", "hook_token": "token"})
LONGEST = 2_000
ANN = {"traits": {"email": "ann@x.example"}}


def body(value):
    return Body(1, b"{}", value)


def read(content, form=Form.TABLE, source=APP, encoding="utf-8"):
    raw = content if isinstance(content, bytes) else content.encode()
    return list(bodies.read(io.BytesIO(raw), form, source, LONGEST, encoding).items)


def told(items):
    """Return the line of each item with the e-mail of a body, or the code of what is none."""
    return [(one.line, one.value["traits"]["email"] if isinstance(one, Body) else one.code) for one in items]


def row(content, source=APP):
    (found,) = read(content, source=source)
    return found.value


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


def test_bodies_become_what_the_source_makes_of_them(ids):
    call = b'{"type":"identify","userId":"u1","traits":{"email":"ann@x.example"}}'
    accepted = bodies.accepted(APP, [Body(1, call, {"type": "identify"})], NOW, ids.new)
    assert [event.person["email"] for event in accepted.events] == ["ann@x.example"]


def test_a_body_the_source_refuses_is_named_by_its_line_and_the_others_go_on(ids):
    good = b'{"type":"identify","userId":"u1"}'
    accepted = bodies.accepted(APP, [Body(7, b"{}", {}), Body(8, good, {"type": "identify"})], NOW, ids.new)
    assert (["no_ids"], True, 1) == (
        [one.code for one in accepted.invalid],
        accepted.invalid[0].sentence.startswith("Line 7: "),
        len(accepted.events),
    )


def test_what_a_source_keeps_as_invalid_is_named_by_its_line_too(ids):
    (found,) = bodies.accepted(WEB, read('{"data": {}}\n', Form.JSON_LINES, WEB), NOW, ids.new).invalid
    assert ("type_missing", True) == (found.code, found.sentence.startswith("Line 1: "))


def test_a_broken_line_counts_once_however_often_the_file_comes(ids):
    first, again = (bodies.accepted(APP, read("{\n", Form.JSON_LINES), NOW, ids.new).invalid[0].key for _ in range(2))
    assert first == again != ""


def test_empty_lines_are_passed_over():
    assert [(one.line, one.value) for one in read('\n{"a": 1}\n\n{"b": 2}\n', Form.JSON_LINES, WEB)] == [(2, {"a": 1}), (4, {"b": 2})]


def test_a_line_that_is_no_json_is_named_and_the_others_go_on():
    lines = [json.dumps(ANN), '{"traits": ', json.dumps(ANN)]
    assert told(read("\n".join(lines), Form.JSON_LINES)) == [(1, "ann@x.example"), (2, "not_json"), (3, "ann@x.example")]


def test_a_line_longer_than_a_body_may_be_is_passed_over():
    lines = ["x" * (200 * LONGEST), json.dumps(ANN)]
    assert told(read("\n".join(lines), Form.JSON_LINES)) == [(1, "too_long"), (2, "ann@x.example")]


def test_packed_files_are_read_as_they_are():
    assert told(read(gzip.compress(b"email\nann@x.example\n"))) == [(2, "ann@x.example")]


def test_a_packed_file_that_breaks_off_is_refused_in_a_sentence():
    with pytest.raises(RequestRefused, match="The file breaks off behind line"):
        read(gzip.compress(b"email\nann@x.example\n" * 9)[:-9])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_in_unicode_needs_no_setting(encoding):
    assert row("email,Last name\nann@x.example,Müller\n".encode(encoding))["traits"]["lastName"] == "Müller"


def test_a_file_in_another_encoding_is_read_by_its_name():
    (found,) = read("email,Last name\nann@x.example,Müller\n".encode("windows-1252"), encoding="windows-1252")
    assert found.value["traits"]["lastName"] == "Müller"


def test_only_the_rows_that_cannot_be_decoded_are_refused():
    content = "email,Last name\nann@x.example,Müller\nbob@x.example,Berg\n".encode("windows-1252")
    assert told(read(content)) == [(2, "not_in_encoding"), (3, "bob@x.example")]


def test_an_encoding_nobody_knows_is_refused():
    with pytest.raises(RequestRefused, match="There is no encoding 'latin-99'"):
        read("email\n", encoding="latin-99")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_separated_as_the_heading_does(delimiter):
    table = ["email,company".replace(",", delimiter), "ann@x.example,Acme".replace(",", delimiter)]
    assert row("\r\n".join(table))["traits"] == {"email": "ann@x.example", "company": "Acme"}


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks():
    table = 'email,company,description\nann@x.example,"Acme, Inc.","says ""hello""\nand more"\n'
    assert row(table)["traits"] == {"email": "ann@x.example", "company": "Acme, Inc.", "description": 'says "hello"\nand more'}


def test_a_row_with_too_many_or_too_few_cells_is_named_and_the_others_go_on():
    table = "email,company\nann@x.example,Acme\nbob@x.example\ncy@x.example,Acme,more\ndee@x.example,Acme\n"
    assert told(read(table)) == [(2, "ann@x.example"), (3, "ragged_row"), (4, "ragged_row"), (5, "dee@x.example")]


def test_a_quote_that_is_never_closed_costs_its_own_row_alone():
    table = 'email,company\nann@x.example,"Acme\nbob@x.example,Acme\ncy@x.example,"Acme"\n'
    assert told(read(table)) == [(2, "bad_row"), (3, "bob@x.example"), (4, "cy@x.example")]


def test_a_quote_left_open_in_a_long_file_costs_its_own_row_alone():
    table = 'email,company\nann@x.example,"Acme\n' + "".join(f"p{place}@x.example,Acme\n" for place in range(500))
    assert told(read(table))[:2] + told(read(table))[-1:] == [(2, "bad_row"), (3, "p0@x.example"), (502, "p499@x.example")]


def test_rows_are_counted_by_their_first_line():
    assert told(read('email,company\n"a\nnn@x.example",Acme\n\n,\nbob@x.example,Acme\n')) == [(2, "a\nnn@x.example"), (6, "bob@x.example")]


def test_an_empty_cell_is_absent():
    assert row("email,company\nann@x.example,\n")["traits"] == {"email": "ann@x.example"}


def test_columns_are_named_by_attributes_labels_or_paths():
    found = row("EMAIL,First name,traits.plan,seats,userId\nann@x.example,Ann,team,07,u1\n")
    assert ({"email": "ann@x.example", "firstName": "Ann", "plan": "team", "seats": "07"}, "u1") == (found["traits"], found["userId"])


def test_a_row_is_a_call_for_salesforce_unless_it_says_otherwise():
    asked = [
        row(f"email{name}\nann@x.example{value}\n")["integrations"] for name, value in (("", ""), (",integrations.Salesforce", ",false"))
    ]
    assert [{"Salesforce": True}, {"Salesforce": False}] == asked


def test_equal_rows_are_one_call_and_others_are_others():
    first, again, other = (one.value["messageId"] for one in read("email\nann@x.example\nann@x.example\nbob@x.example\n"))
    assert (first == again, first == other) == (True, False)


def test_a_call_without_a_message_id_gets_one_of_its_content():
    first, again, other, own = (one.value["messageId"] for one in read('{"a":1}\n{"a": 1}\n{"a":2}\n{"messageId":"m1"}\n', Form.JSON_LINES))
    assert (first == again, first == other, own) == (True, False, "m1")


def test_a_table_of_webinar_guests_makes_the_webhooks_of_livestorm(ids):
    table = (
        "data.meta.webhook.event,data.id,session_id,data.attributes.updated_at,Email,Company\n"
        "people.registered,p1,s1,1772700123,ann@x.example,Acme\n"
    )
    (event,) = bodies.accepted(WEB, read(table, source=WEB), NOW, ids.new).events
    fields = event.payload["data"]["attributes"]["registrant_detail"]["fields"]
    assert ("s1:p1", "ann@x.example", [{"id": "company", "value": "Acme"}]) == (event.entity_id, event.person["email"], fields)


def test_numbers_keep_every_character_they_were_written_with():
    found = row("data.a,data.b,data.c,data.d\n12,012,1.50,nan\n", source=WEB)
    assert found["data"] == {"a": 12, "b": "012", "c": "1.50", "d": "nan"}


def test_a_column_that_is_no_attribute_is_told_with_the_nearest_one():
    (remark,) = bodies.read(io.BytesIO(b"email,compny\n"), Form.TABLE, APP, LONGEST).remarks
    assert remark == "The column 'compny' is no attribute of rudderstack; its cells go to traits.compny. Did you mean \"Company\"?"


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("", "empty_file"),
        ("\n\n", "empty_file"),
        ("email,,name\n", "bad_column"),
        ("email,email\n", "bad_column"),
        ("traits.a,traits.a.b\n", "bad_column"),
        ("traits.a[1000].b,email\n", "bad_column"),
        ("traits.a[,email\n", "bad_column"),
        ('email,"name\n', "bad_heading"),
        (b"email,n\xe9\n", "bad_heading"),
    ],
)
def test_a_heading_that_is_none_is_refused(heading, code):
    with pytest.raises(RequestRefused) as refused:
        read(heading)
    assert code == refused.value.request_code


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", Form.TABLE),
        ("A.CSV", Form.TABLE),
        ("a.csv.gz", Form.TABLE),
        ("a.tsv", Form.TABLE),
        ("a.jsonl", Form.JSON_LINES),
        ("-", Form.JSON_LINES),
    ],
)
def test_the_name_of_a_file_tells_its_form(name, form):
    assert form is Form.of(name)
