"""Phone numbers are told apart by their digits and searched under the spellings that can be known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk import phone_numbers


@pytest.mark.parametrize("text", ["+49 30 1234567", "0049-30-1234567", "49301234567", "+49 (30) 12-34-567"])
def test_all_spellings_of_a_number_have_the_same_digits(text):
    assert phone_numbers.digits(text) == "49301234567"


def test_a_text_without_digits_has_none():
    assert phone_numbers.digits("call me") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+49 30 1234567", ("+49 30 1234567", "49301234567", "+49301234567", "0049301234567")),
        ("0049301234567", ("0049301234567", "49301234567", "+49301234567")),
        ("030 1234567", ("030 1234567", "0301234567", "(030) 123-4567")),
        ("4155550100", ("4155550100", "+4155550100", "004155550100", "(415) 555-0100")),
        ("call me", ("call me",)),
    ],
)
def test_a_number_is_searched_under_what_can_be_known(text, expected):
    assert expected == phone_numbers.spellings(text)


@given(st.text(max_size=40) | st.text("0+ 19", max_size=12))
def test_whatever_is_searched_has_the_digits_of_what_was_given(text):
    assert {phone_numbers.digits(text)} == {phone_numbers.digits(spelled) for spelled in phone_numbers.spellings(text)}
