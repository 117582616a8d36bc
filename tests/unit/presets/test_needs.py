"""What a preset declares is read strictly, and nothing over Salesforce's limits gets through."""

import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.presets import loader, needs

TEXT = {"object": "Lead", "field": "Size__c", "label": "Size", "type": "Text", "length": 10, "why": "How big."}


def parse(**changed):
    given = {name: value for name, value in {**TEXT, **changed}.items() if value is not None}
    return needs.parse("test", {"fields": [given]}).fields[0]


@pytest.mark.shows("G-05")
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"field": "combined_live_engaged_users_play_time_ratio__c"}, "at most 40 characters"),
        ({"label": "combined_live_engaged_users_play_time_ratio"}, "at most 40 characters"),
        ({"field": "Size"}, "then __c"),
        ({"field": "Too__Many__c"}, "single underscores"),
        ({"length": None}, "needs length"),
        ({"type": "Number", "length": None}, "needs precision and scale"),
        ({"type": "Picklist", "length": None}, "needs values"),
        ({"type": "Lookup", "length": None}, "needs references and relationship"),
        ({"type": "Url", "length": None, "unique": True}, "neither unique nor an External ID"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(changed, told):
    with pytest.raises(ConfigurationError, match=told):
        parse(**changed)


@pytest.mark.shows("G-05")
@pytest.mark.parametrize("name", loader.names())
def test_every_name_of_every_preset_fits_salesforce(name):
    declared = loader.load(name).needs
    names = [each.field for each in declared.every_field()] + [each.name for each in declared.objects]
    assert [] == [each for each in names if len(each.removesuffix("__c")) > 40]


@pytest.mark.parametrize("name", loader.names())
def test_every_custom_field_that_a_preset_writes_is_declared(name):
    preset = loader.load(name)
    declared = {each.path for each in preset.needs.every_field()}
    written = {
        f"{step['object']}.{row['field']}"
        for step in preset.document["steps"]
        for row in step["rows"]
        if "object" in step and row.get("field", "").endswith("__c")
    }
    assert set() == written - declared


def test_fields_of_an_object_are_told_whose_they_are():
    own = {name: value for name, value in TEXT.items() if name != "object"}
    thing = {"name": "Thing__c", "label": "Thing", "plural": "Things", "why": "One.", "name_field": {"label": "Name"}, "fields": [own]}
    assert ["Thing__c.Size__c"] == [each.path for each in needs.parse("test", {"objects": [thing]}).every_field()]
