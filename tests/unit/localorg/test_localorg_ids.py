import pytest
from hypothesis import given
from hypothesis import strategies as st

from localorg import ids

KNOWN = "001000000000001AAA"


def test_a_fifteen_character_id_gets_its_checksum():
    assert ids.canonical(KNOWN[:15]) == KNOWN


def test_an_eighteen_character_id_stays_as_it_is():
    assert ids.canonical(KNOWN) == KNOWN


@given(st.integers(min_value=1, max_value=62**9))
def test_an_id_that_lost_its_case_is_repaired(number):
    made = ids.record_id("00Q", number)
    assert [made, made] == [ids.canonical(made.lower()), ids.canonical(made.upper())]


@given(st.integers(min_value=1, max_value=10**6), st.integers(min_value=1, max_value=10**6))
def test_ids_grow_with_their_number(first, second):
    assert (ids.record_id("00Q", first) < ids.record_id("00Q", second)) == (first < second)


@pytest.mark.parametrize("text", ["", "xyz", "001000000000001AAB", "0010000000000-1", "001000000000001AAAA", "0010000000000Ä1"])
def test_what_is_not_an_id_has_no_canonical_form(text):
    assert ids.canonical(text) is None
