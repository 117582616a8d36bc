"""The normal form of match keys, and the claims they stand for."""

import pytest

from crosswalk import record_ids
from crosswalk.mapping import keys
from crosswalk.model import Field


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", " Ann@X.Example ", "ann@x.example"),
        ("string", "  Acme AG ", "acme ag"),
        ("string", "E\u0301clair", "éclair"),
        ("string", "Straße", "straße"),
        ("string", 5.0, "5"),
        ("double", "7", "7"),
        ("phone", "+33 (0)1-23", "330123"),
        ("phone", "0033 0123", "330123"),
        ("phone", "no number", None),
        ("id", "0035g00000XyZaB", "0035g00000XyZaBAAV"),
        ("reference", "0035g00000XyZaBAAV", "0035g00000XyZaBAAV"),
        ("id", "nonsense", None),
        ("string", "", None),
        ("string", "  ", None),
        ("string", None, None),
        ("string", True, None),
        ("string", ["a"], None),
        ("string", {"a": 1}, None),
    ],
)
def test_a_key_has_one_form(kind, value, expected):
    assert expected == keys.normalised(Field("F", "F", kind), value)


def test_a_case_sensitive_field_keeps_its_case():
    assert keys.normalised(Field("F", "F", "string", case_sensitive=True), " aB ") == "aB"


def test_a_value_longer_than_the_field_finds_nobody():
    assert keys.normalised(Field("F", "F", "string", length=5), "abcdef") is None


@pytest.mark.parametrize("value", ["a\0b", "a\ud800b"])
def test_a_key_can_be_stored(value):
    assert keys.normalised(Field("F", "F", "string"), value) == "ab"


@pytest.mark.parametrize(
    ("object_name", "field", "expected"),
    [
        ("Lead", "Email", "person:email=v"),
        ("Contact", "Email", "person:email=v"),
        ("Account", "Name", "Account:Name=v"),
        ("Lead", "Id", "id:v"),
        ("Account", "Id", "id:v"),
    ],
)
def test_a_claim_names_what_is_claimed(object_name, field, expected):
    assert expected == keys.match_claim(object_name, field, "v")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("70103000000cnFX", "70103000000cnFXAAY"),
        ("00Q0300000Aczgf", "00Q0300000AczgfEAB"),
        (" 70103000000cnFXAAY ", "70103000000cnFXAAY"),
        ("70103000000cnFXaay", "70103000000cnFXAAY"),
        ("70103000000cnFXAAZ", None),
        ("70103000000cnF", None),
        ("70103000000cn-X", None),
        ("", None),
    ],
)
def test_a_record_id_has_18_characters(written, expected):
    assert expected == record_ids.full(written)
