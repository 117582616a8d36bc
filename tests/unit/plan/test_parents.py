"""Members and children take the ids of the records they belong to."""

import pytest
from tests.unit.plan.building import CAMPAIGN, contact_id, draft, lead_id, target, want

from crosswalk.model import JoinedIds, MatchKey, StepRecord, UpdatePolicy
from crosswalk.plan import fold, parents
from crosswalk.plan.parents import Parent

ANN = Parent("Contact", contact_id(1))
CONVERTED = Parent("Contact", contact_id(1), (("LeadId", lead_id(7)),))


def member(wants=(), **more):
    made = target("CampaignMember", wants=wants)
    return draft(made, step="member", member_of=CAMPAIGN, parent="person", claims=(f"member:{CAMPAIGN}:person:email=x",), **more)


def resolved(one, who=ANN):
    return parents.resolve(one, {"person": who})


def fixed(one):
    """Return what a member is told by its parents: field → value."""
    return {each.field: each.value for each in one.targets[0].wants if each.row in ("campaign", "person")}


def test_a_member_needs_its_person():
    assert parents.needed(member()) == {"person"}


def test_a_child_needs_every_step_its_rows_name():
    child = draft(target("Case", wants=[want("ContactId", StepRecord("person")), want("AccountId", StepRecord("company"))]))
    assert parents.needed(child) == {"person", "company"}


def test_a_draft_of_its_own_needs_nobody():
    assert parents.needed(draft(target(wants=[want()]))) == set()


def test_a_child_gets_the_parents_id():
    child = parents.resolve(draft(target("Case", wants=[want("ContactId", StepRecord("person"))])), {"person": ANN})
    assert child.targets[0].wants[0].value == ANN.id


def test_other_values_of_a_child_stay():
    child = draft(target("Case", wants=[want("Subject", "Help")]), parent="person")
    assert child.targets == resolved(child).targets


def test_a_member_is_claimed_by_campaign_and_person():
    assert (f"member:{CAMPAIGN}:{ANN.id}",) == resolved(member()).claims


def test_a_members_unique_key_comes_from_its_claim():
    assert f"member:{CAMPAIGN}:{ANN.id}" == resolved(member()).key


@pytest.mark.parametrize(
    ("who", "field"),
    [(Parent("Lead", lead_id(1)), "LeadId"), (ANN, "ContactId"), (Parent("Account", "001000000000001AAA"), "AccountId")],
)
def test_a_member_gets_campaign_and_person(who, field):
    assert {"CampaignId": CAMPAIGN, field: who.id} == fixed(resolved(member(), who))


def test_a_member_is_found_by_its_person():
    claim = f"member:{CAMPAIGN}:{ANN.id}"
    assert (MatchKey("ContactId", ANN.id, claim),) == resolved(member()).targets[0].keys


def test_a_member_is_found_by_the_lead_its_contact_was_too():
    found = [(one.field, one.value) for one in resolved(member(), CONVERTED).targets[0].keys]
    assert [("ContactId", contact_id(1)), ("LeadId", lead_id(7))] == found


def test_a_converted_persons_member_is_claimed_by_the_contact_alone():
    assert resolved(member()).claims == resolved(member(), CONVERTED).claims


def test_campaign_and_person_are_set_on_creation_only():
    policies = {each.update for each in resolved(member()).targets[0].wants}
    assert policies == {UpdatePolicy.CREATE_ONLY}


def test_the_order_of_syncs_still_rules_two_members_of_one_person():
    second = member([want("Status", "A", 1, sync_position=2)], at=1, auto_assign=True)
    first = member([want("Status", "B", 2, sync_position=1)], at=2)
    folded = fold.fold([resolved(second), resolved(first)])
    assert [one.auto_assign for one in folded.drafts] == [False]


def test_campaign_and_person_are_joined_in_18_characters():
    made = resolved(member([want("external_id__c", JoinedIds(("campaign", "person")))]), Parent("Lead", lead_id(3)[:15]))
    assert f"{CAMPAIGN}_{lead_id(3)}" == made.targets[0].wants[0].value


def test_joined_ids_need_their_steps_and_not_the_campaign():
    child = draft(target("Case", wants=[want("Ids__c", JoinedIds(("campaign", "company")))]))
    assert parents.needed(child) == {"company"}


def test_without_a_campaign_nothing_is_joined_and_it_is_said():
    child = draft(target("Case", wants=[want("Ids__c", JoinedIds(("campaign", "person")))]))
    made = resolved(child)
    assert ((), ["no_step_record"]) == (made.targets[0].wants, [note.code for note in made.notes])


@pytest.mark.shows("KA-07")
@pytest.mark.parametrize("campaign", ["70103000000cnFXAAY", "70103000000cnFX"])
@pytest.mark.parametrize("lead", ["00Q0300000AczgfEAB", "00Q0300000Aczgf"])
def test_the_ids_of_campaign_and_lead_are_joined_in_their_long_form(campaign, lead):
    joined = draft(
        target("CampaignMember", wants=[want("external_id__c", JoinedIds(("campaign", "person")))]), member_of=campaign, parent="person"
    )
    made = parents.resolve(joined, {"person": Parent("Lead", lead)})
    assert ["70103000000cnFXAAY_00Q0300000AczgfEAB"] == [one.value for one in made.targets[0].wants if one.field == "external_id__c"]


def test_a_contact_is_left_out_where_a_lead_is_asked_for():
    child = draft(target("Case", wants=[want("Lead__c", StepRecord("person", "Lead"))]))
    made = resolved(child)
    assert ((), ["no_step_record"]) == (made.targets[0].wants, [note.code for note in made.notes])
