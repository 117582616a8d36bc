from datetime import UTC, datetime

import pytest

from localorg import values
from localorg.errors import SalesforceError
from localorg.schema import Field, FieldType, PicklistValue
from localorg.settings import Switches

COLOURS = tuple(PicklistValue(each, each, active=each != "Grey") for each in ("Red", "Green", "Blue", "Grey"))


def stored(type_, value, switches=None, **facts):
    return values.parse(Field("F", "The Field", type_, **facts), value, switches or Switches())


def refusal(type_, value, **facts):
    with pytest.raises(SalesforceError) as caught:
        stored(type_, value, **facts)
    return caught.value.code, caught.value.message


def test_null_stays_null():
    assert stored(FieldType.STRING, None) is None


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty_text_is_stored_as_null(text):
    assert stored(FieldType.STRING, text) is None


def test_white_space_around_text_is_dropped():
    assert stored(FieldType.STRING, "  Ann \n") == "Ann"


def test_white_space_stays_where_the_org_does_not_trim():
    assert stored(FieldType.STRING, " Ann ", Switches(text_is_trimmed=False)) == " Ann "


def test_text_that_is_too_long_is_refused_with_its_length():
    assert refusal(FieldType.STRING, "abcd", length=3) == ("STRING_TOO_LONG", "The Field: data value too large: abcd (max length=3)")


def test_length_counts_astral_characters_twice():
    assert refusal(FieldType.STRING, "\U0001f600\U0001f600", length=3)[0] == "STRING_TOO_LONG"


def test_a_number_is_not_text():
    code, message = refusal(FieldType.STRING, 12)
    assert (code, message[:67]) == ("JSON_PARSER_ERROR", "Cannot deserialize instance of string from VALUE_NUMBER_INT value 1"[:67])


def test_e_mail_is_stored_in_lower_case():
    assert stored(FieldType.EMAIL, "Ann@X.Example", length=80) == "ann@x.example"


@pytest.mark.parametrize("text", ["ann", "ann@", "@x.example", "ann@x", "a b@x.example", "ann@x..example", "ann.@x.example"])
def test_what_is_not_an_e_mail_address_is_refused(text):
    assert refusal(FieldType.EMAIL, text) == ("INVALID_EMAIL_ADDRESS", f"The Field: invalid email address: {text}")


def test_an_unrestricted_picklist_takes_any_text():
    assert stored(FieldType.PICKLIST, "Mauve", picklist=COLOURS) == "Mauve"


@pytest.mark.parametrize("text", ["Mauve", "Grey"])
def test_a_restricted_picklist_refuses_what_is_not_an_active_value(text):
    found = refusal(FieldType.PICKLIST, text, picklist=COLOURS, restricted_picklist=True)
    assert found == ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"The Field: bad value for restricted picklist field: {text}")


def test_multi_picklists_come_back_in_the_defined_order():
    assert stored(FieldType.MULTIPICKLIST, "Blue; Red;Blue;Other", picklist=COLOURS) == "Red;Blue;Other"


@pytest.mark.parametrize(("value", "expected"), [(True, 1), (False, 0), ("true", 1), ("FALSE", 0)])
def test_booleans_are_stored_as_one_and_zero(value, expected):
    assert stored(FieldType.BOOLEAN, value) == expected


def test_other_text_is_not_a_boolean():
    assert refusal(FieldType.BOOLEAN, "yes")[1].startswith("Cannot deserialize instance of boolean from VALUE_STRING value yes")


@pytest.mark.parametrize(("value", "expected"), [(5, 5), ("7", 7), (5.0, 5), (-3, -3)])
def test_whole_numbers_are_read_from_numbers_and_text(value, expected):
    assert stored(FieldType.INT, value, digits=8) == expected


def test_a_fraction_is_not_an_int():
    assert refusal(FieldType.INT, 5.5)[0] == "JSON_PARSER_ERROR"


def test_an_int_with_too_many_digits_is_out_of_range():
    assert refusal(FieldType.INT, 123456789, digits=8) == (
        "NUMBER_OUTSIDE_VALID_RANGE",
        "The Field: value outside of valid range on numeric field: 123456789",
    )


@pytest.mark.parametrize(("value", "expected"), [(1.005, 1.01), ("2.5", 2.5), (3, 3.0), (-0.125, -0.13)])
def test_extra_decimals_are_rounded(value, expected):
    assert stored(FieldType.DOUBLE, value, precision=18, scale=2) == expected


def test_a_number_with_too_many_integer_digits_is_out_of_range():
    assert refusal(FieldType.CURRENCY, 1000, precision=5, scale=2)[0] == "NUMBER_OUTSIDE_VALID_RANGE"


@pytest.mark.parametrize("value", [True, "x", [1], {"a": 1}, "NaN"])
def test_what_is_not_a_number_is_unreadable(value):
    assert refusal(FieldType.DOUBLE, value)[0] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("value", [10**30, "1e999999", -(10**18)])
def test_a_number_beyond_all_digits_is_out_of_range(value):
    assert refusal(FieldType.DOUBLE, value)[0] == "NUMBER_OUTSIDE_VALID_RANGE"


def test_half_a_character_is_unreadable():
    assert refusal(FieldType.STRING, "a\ud800")[0] == "JSON_PARSER_ERROR"


def test_a_date_is_stored_as_it_is():
    assert stored(FieldType.DATE, "2026-11-20") == "2026-11-20"


@pytest.mark.parametrize("value", ["20.11.2026", "2026-02-30", 5, "2026-11-20T10:00:00Z"])
def test_what_is_not_a_date_is_unreadable(value):
    assert refusal(FieldType.DATE, value)[1].startswith("Cannot deserialize instance of date from VALUE_")


@pytest.mark.parametrize("value", ["1699-12-31", "4001-01-01"])
def test_a_year_outside_the_calendar_is_refused(value):
    assert refusal(FieldType.DATE, value)[0] == "INVALID_TYPE_ON_FIELD_IN_RECORD"


@pytest.mark.parametrize(
    "value",
    ["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.999Z", "2026-11-20T11:00:00+01:00", "2026-11-20T05:00:00.000-0500"],
)
def test_datetimes_are_stored_in_utc_and_whole_seconds(value):
    assert stored(FieldType.DATETIME, value) == "2026-11-20T10:00:00.000+0000"


@pytest.mark.parametrize("value", ["2026-11-20T10:00:00+0000", "2026-11-20 10:00", "2026-11-20", "2026-13-20T10:00:00Z", 17])
def test_other_forms_of_a_datetime_are_unreadable(value):
    assert refusal(FieldType.DATETIME, value)[0] == "JSON_PARSER_ERROR"


def test_a_moment_is_read_in_utc():
    assert values.moment("2026-11-20T10:00:00.000+0000") == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_time_is_stored_with_milliseconds():
    assert stored(FieldType.TIME, "12:30:00") == "12:30:00.000Z"


def test_a_time_after_midnight_is_unreadable():
    assert refusal(FieldType.TIME, "24:00:00Z")[0] == "JSON_PARSER_ERROR"


def test_a_fifteen_character_id_is_stored_with_eighteen():
    assert stored(FieldType.REFERENCE, "001000000000001") == "001000000000001AAA"


def test_what_is_not_an_id_is_malformed():
    assert refusal(FieldType.REFERENCE, "nonsense") == ("MALFORMED_ID", "The Field: id value of incorrect type: nonsense")


def test_base64_is_decoded():
    assert stored(FieldType.BASE64, "aGVsbG8=") == b"hello"


def test_text_that_is_not_base64_is_unreadable():
    assert refusal(FieldType.BASE64, "***")[0] == "JSON_PARSER_ERROR"


def test_a_compound_field_takes_no_value():
    assert refusal(FieldType.ADDRESS, {"city": "Ulm"})[0] == "JSON_PARSER_ERROR"
