"""Plans and packages without any org: rights that are lacking, and what goes into a deploy."""

import io
import zipfile
from dataclasses import replace

import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.mapping import document
from crosswalk.model import ObjectType, OrgSchema
from crosswalk.presets import loader
from crosswalk.provisioning import declare, package, plan
from crosswalk.provisioning.survey import STANDARD_SET, State

NOTHING = State({}, OrgSchema({}))


def org(*, create=True, edit=True, without=(), **state):
    """Return an org whose user may do so much with Salesforce's own objects."""
    names = {"Lead", "Contact", "Account", "Campaign", "CampaignMember"} - set(without)
    seen = {name.lower(): ObjectType(name, name, {}, createable=create, updateable=edit) for name in names}
    there = {("CustomObject", name.lower()): {"fullName": name} for name in ("Lead", "Contact", "CampaignMember")}
    return State({**there, **state.pop("components", {})}, OrgSchema(seen), **state)


@pytest.fixture
def wanted():
    return declare.declaration(["livestorm"])


def standard(found):
    return next((step.content["objectPermissions"] for step in found.steps if step.name == STANDARD_SET and step.content), None)


def test_who_has_every_right_gets_no_second_permission_set(wanted):
    assert standard(plan.plan(wanted, org())) is None


def test_exactly_the_rights_that_are_lacking_are_granted(wanted):
    granted = {
        each["object"]: {name for name, value in each.items() if value is True} for each in standard(plan.plan(wanted, org(create=False)))
    }
    assert {"Lead": {"allowRead", "allowCreate"}} == granted


def test_an_object_that_is_hidden_is_granted_whole(wanted):
    granted = standard(plan.plan(wanted, org(without=("Contact",))))
    assert [("Contact", True, False, True)] == [
        (each["object"], each["allowEdit"], each["allowCreate"], each["allowRead"]) for each in granted
    ]


def test_a_right_that_the_set_grants_in_vain_is_told(wanted):
    held = {"fullName": STANDARD_SET, "objectPermissions": {"object": "Lead", "allowRead": "true", "allowCreate": "true"}}
    state = org(create=False, components={("PermissionSet", STANDARD_SET.lower()): held}, assigned=frozenset({STANDARD_SET}))
    (told,) = plan.plan(wanted, state).obstacles
    assert "still may not create Lead" in told.sentence


def test_an_object_of_salesforces_own_that_is_not_there_is_told(wanted):
    told = [each.name for each in plan.plan(wanted, NOTHING).obstacles]
    assert ["CampaignMember", "Lead", "Contact"] == told


def test_what_was_refused_is_left_out_with_what_rests_on_it(wanted):
    path = "CampaignMember.Livestorm_Replay_Status__c"
    found = plan.plan(wanted, org(), without=[f"customfield:{path}".lower()])
    granted = [each["field"] for step in found.of_type("PermissionSet") for each in step.content["fieldPermissions"]]
    assert (False, False) == (path in granted, path in {step.name for step in found.steps})


def test_a_choice_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match=r"such fields are: CampaignMember\.external_id__c"):
        declare.declaration(["kaltura"], required=["Lead.Email"])


def test_the_key_field_goes_on_what_the_syncs_write_besides():
    files = document.parse(loader.load("liveperson", ["file_too"]).document)
    made = declare.declaration(["livestorm"], documents=[files])
    assert "ContentVersion.Crosswalk_Key__c" in [each.path for each in made.fields]


def test_the_same_declaration_makes_the_same_archive(wanted):
    assert package.archive(package.whole(wanted)) == package.archive(package.whole(replace(wanted)))


def test_fields_stand_inside_their_object_and_in_the_manifest(wanted):
    with zipfile.ZipFile(io.BytesIO(package.archive(package.whole(wanted)))) as opened:
        names, manifest = opened.namelist(), opened.read("package.xml").decode()
    assert ("objects/CampaignMember.object" in names, "<members>CampaignMember.Crosswalk_Key__c</members>" in manifest) == (True, True)


def test_an_object_of_salesforces_own_is_not_put_itself(wanted):
    assert "CustomObject" not in {each.type for each in package.whole(wanted)}
