"""One normal form per type: equal for what Salesforce stores alike, different for what it does not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.mapping.types import FAMILIES
from crosswalk.plan.canonical import canonical, record_id18

TYPES = [*FAMILIES, "address", "base64", "anything new"]


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("string", " Ann ", "Ann"),
        ("string", "", None),
        ("string", "   ", None),
        ("string", 5, "5"),
        ("textarea", "a\r\nb", "a\nb"),
        ("email", "Ann@X.example", "ann@x.example"),
        ("boolean", True, "true"),
        ("boolean", False, "false"),
        ("int", 5, "5"),
        ("int", 5, 5.0),
        ("double", 0.1 + 0.2, 0.3),
        ("double", "12.50", 12.5),
        ("currency", 1e3, 1000),
        ("date", "2026-03-05", "2026-03-05T00:00:00Z"),
        ("datetime", "2026-03-05T10:00:00.000Z", "2026-03-05T10:00:00.000+0000"),
        ("datetime", "2026-03-05T10:00:00.999Z", "2026-03-05T11:00:00+01:00"),
        ("datetime", 1772700123, "2026-03-05T08:42:03Z"),
        ("time", "12:00:00.000Z", "12:00"),
        ("multipicklist", "b;a", "a;b"),
        ("multipicklist", ["b", "a"], "a; b"),
        ("multipicklist", "", None),
        ("reference", "0035g00000XyZaB", "0035g00000XyZaBAAV"),
        ("address", {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_values_stored_alike_are_equal(kind, one, other):
    assert canonical(kind, one) == canonical(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("string", "ann", "Ann"),
        ("string", "0", None),
        ("boolean", False, None),
        ("int", 0, None),
        ("double", 1.01, 1.02),
        ("datetime", "2026-03-05T10:00:00Z", "2026-03-05T10:00:01Z"),
        ("multipicklist", "a", "a;b"),
        ("picklist", "Hot", "hot"),
    ],
)
def test_values_stored_differently_are_not(kind, one, other):
    assert canonical(kind, one) != canonical(kind, other)


@pytest.mark.parametrize(("value", "scale", "expected"), [(12.345, 2, 12.35), (-12.345, 2, -12.35), (0.5, 0, 1), (12.345, None, 12.345)])
def test_numbers_are_rounded_to_the_fields_decimals(value, scale, expected):
    assert expected == canonical("double", value, scale)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.datetimes().map(str) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.sampled_from(TYPES), values)
def test_the_form_of_a_form_is_itself(kind, value):
    once = canonical(kind, value)
    assert once == canonical(kind, once)


@settings(deadline=None)
@given(st.sampled_from(TYPES), values)
def test_the_form_can_be_stored_and_hashed(kind, value):
    form = canonical(kind, value)
    assert (form, hash(form)) == (json.loads(json.dumps(form)), hash(form))


@given(st.integers(min_value=-(10**15), max_value=10**15), st.integers(min_value=0, max_value=6))
def test_rounding_twice_is_rounding_once(number, scale):
    once = canonical("double", number / 1000, scale)
    assert once == canonical("double", once, scale)


def test_what_is_no_record_id_comes_back_trimmed():
    assert record_id18(" nonsense ") == "nonsense"
