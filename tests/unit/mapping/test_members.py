import pytest

from crosswalk.mapping import check, document, members
from crosswalk.model import Attribute, Field, ObjectType, OrgSchema, SourceType
from crosswalk.presets import loader

ROW = {"field": "Status", "entry": {"value": "Sent"}}
OWN = {"field": "External_Id__c", "entry": {"value": "x"}}


def member(*rows, **more):
    return document.Step(**{"name": "member", "object": "CampaignMember", "campaign": "bound", "parent": "person", "rows": rows, **more})


def org(**facts):
    found = Field(**{"name": "external_id__c", "label": "external_id", "type": "string", "length": 50, "nillable": False, **facts})
    return ObjectType("CampaignMember", "Campaign Member", {found.name: found})


def filled(step, target):
    return [row.field for row in members.rows_with_ids(step, target)]


def test_a_member_gets_the_ids_where_the_org_requires_them():
    assert ["Status", "external_id__c"] == filled(member(ROW), org())


@pytest.mark.parametrize("facts", [{"nillable": True}, {"type": "double"}, {"length": 36}], ids=str)
def test_a_field_that_is_not_required_or_cannot_hold_them_is_left_alone(facts):
    assert ["Status"] == filled(member(ROW), org(**facts))


def test_a_row_of_one_s_own_is_left_alone():
    assert ["External_Id__c"] == filled(member(OWN), org())


def test_other_steps_are_left_alone():
    assert ["Status"] == filled(member(ROW, campaign=None), org())


@pytest.mark.shows("KA-10")
def test_the_check_of_a_mapping_misses_no_row_for_the_ids():
    livestorm = document.parse(loader.load("livestorm").document)
    catalogue = [Attribute(key, key, SourceType.TEXT, (key,)) for key in ("session_status", "replay_status")]
    found = check.check(livestorm, catalogue, OrgSchema({"campaignmember": org()}))
    assert [] == [problem for problem in found if problem.code == "required_field"]
