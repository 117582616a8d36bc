import pytest
from tools import condense_describes

from localorg import object_files
from localorg.api_call import ApiCall
from localorg.describe import full
from localorg.requests import ApiRequest

NAMES = sorted(each.name for each in object_files.standard_schema().objects())


@pytest.mark.parametrize("name", NAMES)
def test_a_describe_condenses_to_the_object_it_came_from(org, name):
    original = org.org.schema.object(name)
    call = ApiCall(org.org, org.org.transaction(org.org.user), ApiRequest("GET", 60, f"/sobjects/{name}/describe"))
    condensed = condense_describes.condense_object(full(call, original), known=frozenset(NAMES))
    assert object_files.object_type(condensed).fields == original.fields


def test_a_fact_that_follows_from_the_type_is_left_out():
    described = {
        "name": "X",
        "label": "X",
        "type": "boolean",
        "nillable": False,
        "defaultValue": False,
        "picklistValues": [],
        "referenceTo": [],
    }
    assert condense_describes.condense_field(described) == {"name": "X", "label": "X", "type": "boolean"}


def test_a_choice_that_is_only_its_value_is_one_word():
    choices = [{"value": "A", "label": "A", "active": True, "defaultValue": False}, {"value": "B", "label": "Bee", "active": False}]
    described = {"name": "X", "label": "X", "type": "picklist", "picklistValues": choices, "referenceTo": []}
    assert condense_describes.condense_field(described)["picklist"] == ["A", {"value": "B", "label": "Bee", "active": False}]
