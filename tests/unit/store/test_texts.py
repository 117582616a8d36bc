import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.store.texts import storable


@pytest.mark.parametrize("text", ["", "plain", "Zoë", "x" * 100, "日本"])
def test_ordinary_text_stays_as_it_is(text):
    assert storable(text, 100) == text


@given(st.text(), st.integers(40, 300))
def test_the_result_fits_and_can_be_written(text, limit):
    stored = storable(text, limit)
    assert (len(stored) <= limit, "\x00" in stored, stored.encode().decode()) == (True, False, stored)


@given(st.text(alphabet=st.sampled_from("\x00\ud800ab"), min_size=1), st.text(alphabet=st.sampled_from("\x00\ud800ab"), min_size=1))
def test_different_texts_stay_different(first, second):
    assert (storable(first, 60) == storable(second, 60)) is (first == second)


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert storable(storable(text, 60), 60) == storable(text, 60)
