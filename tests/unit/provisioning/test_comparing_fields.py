"""A wanted field against the one an org has: what is changed, what is left alone, what is told."""

import pytest

from crosswalk.presets.needs import FieldNeed
from crosswalk.provisioning import compare, definitions

KEY = {"unique": True, "external_id": True, "case_sensitive": False}


def need(type_="Text", **facts):
    size = {"Text": {"length": 50}, "LongTextArea": {"length": 1000}}.get(type_, {})
    return FieldNeed(object="Lead", field="Size__c", label="Size", type=type_, why="How big.", **{**size, **facts})


def has(wanted, **changed):
    """Return the field as an org would give it back: all values are text."""
    made = definitions.field(wanted, required=False) | changed
    return {name: str(value).lower() if isinstance(value, bool | int) else value for name, value in made.items()}


def changes(wanted, **changed):
    return compare.field(wanted, has(wanted, **changed), required=False).changes


@pytest.mark.parametrize(
    "wanted",
    [
        need(),
        need(**KEY),
        need("LongTextArea"),
        need("Checkbox"),
        need("Url"),
        need("Email", external_id=True),
        need("Number", precision=18, scale=2),
        need("Picklist", values=("A", "B")),
        need("Lookup", references="Account", relationship="Sizes"),
    ],
    ids=lambda wanted: wanted.type,
)
def test_a_field_as_it_was_made_will_do(wanted):
    assert ((), ()) == ((found := compare.field(wanted, has(wanted), required=False)).changes, found.obstacles)


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        (need(), {"length": 255}),
        (need(), {"label": "Taille"}),
        (need(**{**KEY, "case_sensitive": True}), {"caseSensitive": False}),
        (need("Number", precision=16, scale=0), {"precision": 18, "scale": 2}),
        (
            need("Picklist", values=("A",)),
            {"valueSet": {"valueSetDefinition": {"value": [{"fullName": "A"}, {"fullName": "Z"}]}, "restricted": "true"}},
        ),
    ],
    ids=["longer", "other label", "ignoring case is stricter", "more digits", "more values"],
)
def test_what_a_field_has_beyond_the_need_is_kept(wanted, changed):
    assert () == changes(wanted, **changed)


@pytest.mark.parametrize(
    ("wanted", "changed", "told"),
    [
        (need(), {"length": 20}, ("length 50",)),
        (need(**KEY), {"unique": False, "externalId": False}, ("unique", "External ID")),
        (need(**KEY), {"caseSensitive": True}, ("unique whatever the case",)),
        (need("Number", precision=18, scale=2), {"precision": 10, "scale": 4}, ("20 digits, 4 of them decimals",)),
        (need("Picklist", values=("A", "B")), {"valueSet": {"valueSetDefinition": {"value": {"fullName": "A"}}}}, ("values B",)),
    ],
    ids=["shorter", "no key", "case", "fewer digits", "fewer values"],
)
def test_what_a_field_lacks_is_changed(wanted, changed, told):
    assert told == changes(wanted, **changed)


def test_values_that_are_added_follow_those_that_are_there():
    wanted = need("Picklist", values=("A", "B"))
    existing = has(wanted, valueSet={"valueSetDefinition": {"value": {"fullName": "A", "label": "Alpha"}}})
    found = compare.field(wanted, existing, required=False).content["valueSet"]["valueSetDefinition"]["value"]
    assert [("A", "Alpha"), ("B", "B")] == [(each["fullName"], each["label"]) for each in found]


@pytest.mark.parametrize(
    ("wanted", "existing", "usable"),
    [
        (need(), {"type": "Checkbox"}, False),
        (need("Lookup", references="Account", relationship="Sizes"), {"type": "Lookup", "referenceTo": "Contact"}, False),
        (need(longest=200), {"type": "Text", "length": "255"}, True),
        (need(required="ask"), {"type": "Text", "length": "50", "required": "true"}, True),
        (need("Picklist", values=("A",)), {"type": "Picklist", "valueSet": {"valueSetName": "Sizes"}}, True),
    ],
    ids=["type", "target", "too long", "required", "global values"],
)
def test_what_is_beyond_us_is_told_with_what_to_do(wanted, existing, usable):
    found = compare.field(wanted, existing, required=False)
    assert (1, usable, None) == (len(found.obstacles), found.usable, found.content)
