"""The table of types: every pair as a line of data, and what the editor makes of it."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crosswalk.mapping import types
from crosswalk.mapping.convert import Converted, convert
from crosswalk.mapping.types import FAMILIES, Family, Fit
from crosswalk.model import Attribute, Field, LossyPolicy, SourceType

PAIRS = [line.split("\t") for line in (Path(__file__).parent / "type_pairs.txt").read_text().splitlines() if line[0] != "#"]
CHOICES = {Family.PICKLIST: ("Hot", "Warm", "5", "false"), Family.MULTIPICKLIST: ("Hot", "Warm")}


def field(kind):
    family = FAMILIES.get(kind)
    is_number = family is Family.NUMBER
    return Field("F", "F", kind, precision=18 * is_number, scale=2 * is_number, restricted=True, picklist=CHOICES.get(family, ()))


@pytest.mark.shows("LS-20")
@pytest.mark.parametrize(("source", "kind", "expected"), [pair[:3] for pair in PAIRS])
def test_a_pair_fits_converts_or_cannot(source, kind, expected):
    assert expected == types.verdict(SourceType(source), kind).fit.value


@pytest.mark.shows("BX-22")
@pytest.mark.parametrize(("source", "kind", "value", "expected"), [(*pair[:2], *pair[3:]) for pair in PAIRS if len(pair) > 3])
def test_a_pair_that_goes_is_converted(source, kind, value, expected):
    result = convert(json.loads(value), field(kind), LossyPolicy.HOLD, ZoneInfo("Europe/Paris"), SourceType(source))
    assert (json.loads(expected), Converted) == (getattr(result, "value", None), type(result))


def test_every_pair_is_a_line():
    assert {(source.value, kind) for source in SourceType for kind in FAMILIES} <= {(pair[0], pair[1]) for pair in PAIRS}


@pytest.mark.parametrize(("source", "kind"), [pair[:2] for pair in PAIRS if pair[2] != "fits"])
def test_whatever_does_not_simply_fit_has_a_reason(source, kind):
    assert types.verdict(SourceType(source), kind).reason


@pytest.mark.shows("LS-20")
def test_a_whole_number_is_not_offered_for_a_date_and_time():
    option = types.fields_for(SourceType.INTEGER, [Field("SeenAt__c", "Seen at", "datetime")])[0]
    assert (
        option.verdict.fit,
        option.verdict.reason,
    ) == (Fit.CANNOT, "The attribute is a whole number (integer); a field of type datetime cannot hold that.")


@pytest.mark.shows("LS-20")
def test_the_other_side_is_offered_by_the_same_table():
    attributes = [Attribute("count", "Count", SourceType.INTEGER, ("c",)), Attribute("at", "At", SourceType.DATETIME, ("a",))]
    options = types.attributes_for(Field("SeenAt__c", "Seen at", "datetime"), attributes)
    assert [(option.name, option.verdict.fit) for option in options] == [("count", Fit.CANNOT), ("at", Fit.FITS)]


def test_fields_nobody_can_write_are_not_offered():
    assert types.fields_for(SourceType.TEXT, [Field("Name", "Name", "string", createable=False, updateable=False)]) == []
