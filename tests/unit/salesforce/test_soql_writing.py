"""No value breaks out of its quotes, no name is anything but a name."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk import errors
from crosswalk.salesforce import soql


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "'plain'"),
        ("o'brien@x.example", r"'o\'brien@x.example'"),
        ("back\\slash", r"'back\\slash'"),
        ("\\' OR Name != '", r"'\\\' OR Name != \''"),
        ("two\nlines\r\tand", r"'two\nlines\r\tand'"),
        ("nul\0", r"'nul\u0000'"),
        ("half \ud83d", r"'half \uD83D'"),
        ("Zoë 😀", "'Zoë 😀'"),
        (True, "TRUE"),
        (False, "FALSE"),
        (None, "NULL"),
        (7, "7"),
        (1e21, "1000000000000000000000"),
        (Decimal("0.10"), "0.10"),
        (date(2026, 11, 20), "2026-11-20"),
        (datetime(2026, 11, 20, 10, 0, 5, tzinfo=timezone(timedelta(hours=1))), "2026-11-20T09:00:05Z"),
    ],
)
def test_a_value_becomes_a_literal(value, expected):
    assert expected == soql.literal(value)


_UNESCAPE = re.compile(r"\\(?:u([0-9A-F]{4})|(.))", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _read(quoted):
    return _UNESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _MEANT.get(found[2], found[2]), quoted[1:-1])


@given(st.text(st.characters()))
def test_any_text_comes_back_from_its_literal(text):
    assert text == _read(soql.literal(text))


@given(st.text(st.characters()))
def test_no_quote_inside_a_literal_stands_without_its_back_slash(text):
    assert re.fullmatch(r"'(?:[^'\\]|\\u[0-9A-F]{4}|\\[\\'\"nrtbf])*'", soql.literal(text))


@pytest.mark.parametrize("name", ["Email", "Crosswalk_Key__c", "ConvertedContact.Phone", "A.B.C.D.E.F"])
def test_names_and_parent_paths_pass(name):
    assert name == soql.identifier(name)


@pytest.mark.parametrize("name", ["", "Id FROM User", "Email'", "a.b.c.d.e.f.g", "1x", "x;", "Ä", ".x", "Email\n"])
def test_anything_else_is_refused_as_a_name(name):
    with pytest.raises(errors.ConfigurationError, match="API name"):
        soql.identifier(name)


@pytest.mark.parametrize(
    ("value", "field_type", "expected"),
    [
        ("a", "string", "'a'"),
        ("7", "double", "7"),
        ("7,5", "double", None),
        ("NaN", "double", None),
        ("TRUE", "boolean", "TRUE"),
        ("yes", "boolean", None),
        ("2026-11-20", "date", "2026-11-20"),
        ("20.11.2026", "date", None),
        ("2026-11-20T10:00:00.000+0000", "datetime", "2026-11-20T10:00:00Z"),
        ("2026-11-20T10:00:00", "datetime", "2026-11-20T10:00:00Z"),
        ("", "string", None),
        ("  ", "email", None),
        ("x" * 4_001, "string", None),
    ],
)
def test_a_literal_follows_the_type_of_its_field(value, field_type, expected):
    assert expected == soql.typed(value, field_type)


def test_a_statement_asks_for_several_values_within_a_parent():
    statement = soql.Statement("CampaignMember", ("Id", "LeadId"), "LeadId", within="CampaignId")
    expected = "SELECT Id, LeadId FROM CampaignMember WHERE CampaignId IN ('c') AND LeadId IN ('a', 'b')"
    assert expected == statement.text(["'a'", "'b'"], ["'c'"])


def test_a_moment_without_a_zone_is_utc():
    assert datetime(2026, 11, 20, tzinfo=UTC) == soql.moment("2026-11-20T00:00:00")
