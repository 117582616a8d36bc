"""Values that need care on their way into a field."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.mapping.convert import Converted, Misfit, convert
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.types import FAMILIES
from crosswalk.model import Field, LossyPolicy, SourceType

HOLD, TRUNCATE, LEAVE_OUT = LossyPolicy.HOLD, LossyPolicy.TRUNCATE, LossyPolicy.LEAVE_OUT
PARIS = ZoneInfo("Europe/Paris")


def field(kind, length=0, **facts):
    return Field("F", "The field", kind, length=length, **facts)


@pytest.mark.parametrize(
    ("kind", "value", "expected", "facts"),
    [
        ("string", "a\0b", "ab", {}),
        ("string", "a\ud800b", "ab", {}),
        ("string", "😀" * 5, "😀" * 5, {"length": 10}),
        ("string", 5.0, "5", {}),
        ("string", ["a", None, "", 3], "a, 3", {}),
        ("picklist", "Anything", "Anything", {"picklist": ("Hot",)}),
        ("picklist", "hot", "Hot", {"picklist": ("Hot",)}),
        ("multipicklist", "b; a;b", "b;a", {}),
        ("multipicklist", ["x", "X"], "x", {"picklist": ("x",), "restricted": True}),
        ("boolean", "ON", True, {}),
        ("boolean", 0, False, {}),
        ("int", "34.0", 34, {}),
        ("int", " 7 ", 7, {}),
        ("int", True, 1, {}),
        ("double", "1e3", 1000, {}),
        ("double", 12.345, 12.345, {}),
        ("double", 2.675, 2.68, {"precision": 5, "scale": 2}),
        ("double", -2.5, -3, {"precision": 5, "scale": 0}),
        ("date", "2026-03-05T23:30:00Z", "2026-03-06", {}),
        ("date", "20260305", "2026-03-05", {}),
        ("datetime", "2026-03-04 14:10:18.250+0000", "2026-03-04T14:10:18.000Z", {}),
        ("datetime", 1772633418250, "2026-03-04T14:10:18.000Z", {}),
        ("datetime", "2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z", {}),
        ("datetime", "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z", {}),
        ("time", "09:30:15", "09:30:15.000Z", {}),
    ],
)
def test_a_value_becomes(kind, value, expected, facts):
    assert expected == convert(value, field(kind, **facts), HOLD, PARIS).value


@pytest.mark.parametrize(
    ("kind", "value", "expected", "facts"),
    [
        ("string", "x" * 11, "The text has 11 characters and The field takes 10.", {"length": 10}),
        ("string", "😀" * 6, "The text has 12 characters and The field takes 10.", {"length": 10}),
        ("email", "nobody", "The field takes an e-mail address and the value is none.", {}),
        ("email", "a@b", "The field takes an e-mail address and the value is none.", {}),
        (
            "picklist",
            "Hott",
            '"Hott" is not among the choices of The field. Did you mean "Hot"?',
            {"restricted": True, "picklist": ("Hot",)},
        ),
        ("multipicklist", ["a", "zz"], '"zz" is not among the choices of The field.', {"restricted": True, "picklist": ("a",)}),
        ("boolean", "perhaps", "The field takes true or false and the value is neither.", {}),
        ("boolean", 2, "The field takes true or false and the value is neither.", {}),
        ("int", "many", "The field takes a number and the value is none.", {}),
        ("int", 2**31, "The number has more digits than The field takes.", {}),
        ("double", 1000, "The number has more digits than The field takes.", {"precision": 5, "scale": 2}),
        ("double", float("nan"), "The field takes a number and the value is none.", {}),
        ("double", "9" * 5000, "The field takes a number and the value is none.", {}),
        ("date", "soon", "The field takes a date and the value is none.", {}),
        ("date", "1600-01-01", "The field takes a date and the value is none.", {}),
        ("datetime", "soon", "The field takes a date and time and the value is none.", {}),
        ("datetime", 10**30, "The field takes a date and time and the value is none.", {}),
        ("datetime", True, "The field takes a date and time and the value is none.", {}),
        ("time", "noon", "The field takes a time of day and the value is none.", {}),
        ("reference", "nobody", "The field takes a record id and the value is none.", {}),
        ("address", "x", "The field cannot be written directly; map its parts.", {}),
    ],
)
def test_a_value_does_not_fit_because(kind, value, expected, facts):
    assert Misfit(expected) == convert(value, field(kind, **facts), HOLD, PARIS)


@pytest.mark.shows("BX-41")
@pytest.mark.parametrize(
    ("value", "expected"), [("x" * 11, "x" * 10), ("😀" * 6, "😀" * 5), ("x" * 9 + "😀", "x" * 9), ("a" * 9 + " b", "a" * 9)]
)
def test_text_is_cut_at_a_whole_character(value, expected):
    result = convert(value, field("string", 10), TRUNCATE, UTC)
    assert (expected, "truncated") == (result.value, result.code)


@pytest.mark.shows("LS-29")
def test_a_link_is_never_cut():
    assert convert("https://x.example/" + "k" * 300, field("url", 255), TRUNCATE, UTC).value is ABSENT


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_what_is_wrong_when_cut_is_left_out(kind):
    assert convert("a" * 90 + "@x.example", field(kind, 80), TRUNCATE, UTC).value is ABSENT


def test_of_several_choices_only_the_wrong_ones_are_left_out():
    result = convert(["a", "zz"], field("multipicklist", restricted=True, picklist=("a",)), LEAVE_OUT, UTC)
    assert (result.value, result.code) == ("a", "left_out")


def test_a_fraction_rounded_away_is_noted():
    assert convert(1.5, field("int"), HOLD, UTC).code == "rounded"


def test_a_moment_goes_into_text_as_iso_however_it_was_written():
    forms = [1772633418250, "2026-03-04 14:10:18.250+0000", "2026-03-04T15:10:18+01:00"]
    written = {convert(form, field("string"), HOLD, UTC, SourceType.DATETIME).value for form in forms}
    assert written == {"2026-03-04T14:10:18Z"}


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(min_size=1) | st.dates().map(str) | st.datetimes().map(str) | st.times().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
fields = st.builds(
    field,
    st.sampled_from([*FAMILIES, "address"]),
    st.integers(0, 20),
    precision=st.integers(0, 18),
    scale=st.integers(0, 6),
    restricted=st.booleans(),
    picklist=st.lists(st.text(max_size=3), max_size=3).map(tuple),
)


@settings(deadline=None)
@given(values, fields, st.sampled_from(LossyPolicy), st.none() | st.sampled_from(SourceType))
def test_converting_never_raises_and_holds_only_where_the_row_says_so(value, into, lossy, source):
    result = convert(value, into, lossy, PARIS, source)
    assert isinstance(result, Converted) or lossy is HOLD


@settings(deadline=None)
@given(values, fields, st.sampled_from(LossyPolicy))
def test_a_text_that_is_sent_fits_its_field(value, into, lossy):
    result = convert(value, into, lossy, PARIS)
    sent = result.value if isinstance(result, Converted) else None
    assert (
        not isinstance(sent, str)
        or into.type not in ("string", "email", "url", "phone", "picklist")
        or not into.length
        or (len(sent.encode("utf-16-le")) // 2 <= into.length)
    )
