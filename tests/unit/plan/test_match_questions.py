"""What is asked to find a record, round by round."""

import pytest
from tests.unit.plan.building import (
    ANN,
    CAMPAIGN,
    by_id,
    by_key,
    contact,
    contact_id,
    converted_lead,
    draft,
    key,
    lead,
    lead_id,
    nobody,
    person,
    target,
    want,
)

from crosswalk.model import AutoMatch, Link, MatchKey, Question
from crosswalk.plan import match

CLAIM = key().claim


def rounds(one, links, world, most=4):
    """Ask until nothing is left to ask; return the questions of each round. `world` answers what it knows, else nobody."""
    answers, asked = {}, []
    for _ in range(most):
        wanted = match.questions(one, links, answers)
        if not wanted:
            break
        asked.append(wanted)
        answers |= {question: world.get(question, ()) for question in wanted}
    assert match.questions(one, links, answers) == []
    return asked


def id_question(object_name, record_id):
    return Question(object_name, "Id", record_id, deleted=True)


def test_contact_and_lead_are_asked_together():
    assert match.questions(person(), {}, {}) == [Question("Contact", "Email", ANN), Question("Lead", "Email", ANN)]


def test_keys_are_asked_in_order_strongest_first():
    asked = match.questions(person([key(), key("Phone", "491")], search=("Lead",)), {}, {})
    assert [question.field for question in asked] == ["Email", "Phone"]


def test_an_answered_question_is_not_asked_again():
    assert [Question("Lead", "Email", ANN)] == match.questions(person(), {}, by_key("Contact"))


def test_nothing_is_left_to_ask_when_a_key_finds_somebody():
    links = {CLAIM: [Link("Contact", contact_id(9), "matched")]}
    assert match.questions(person(), links, by_key("Contact", contact()) | by_key("Lead")) == []


def test_a_named_record_is_asked_by_its_id_alone():
    named = person(record_id="00Q000000000001")
    assert [id_question("Contact", lead_id(1))] == match.questions(named, {}, {})


def test_a_draft_without_keys_asks_nothing():
    assert match.questions(draft(target()), {}, {}) == []


def test_an_agents_link_is_asked_in_the_first_round():
    links = {CLAIM: [Link("Contact", contact_id(9), "agent")]}
    assert id_question("Contact", contact_id(9)) in match.questions(person(), links, {})


@pytest.mark.parametrize("origin", ["matched", "created"])
def test_a_remembered_link_is_asked_only_when_the_keys_miss(origin):
    links = {CLAIM: [Link("Contact", contact_id(9), origin)]}
    asked = rounds(person(), links, {})
    assert [2, [id_question("Contact", contact_id(9))]] == [len(asked), asked[1]]


def test_a_remembered_link_is_not_asked_when_a_key_finds_a_converted_lead():
    links = {CLAIM: [Link("Lead", lead_id(9), "matched")]}
    asked = rounds(person(), links, by_key("Lead", converted_lead()))
    assert [id_question("Contact", contact_id(1))] == asked[1]


def test_links_to_other_objects_are_not_asked():
    links = {CLAIM: [Link("Account", "001000000000001AAA", "agent")]}
    assert all(question.object != "Account" for question in match.questions(person(), links, {}))


def test_a_converted_leads_contact_is_asked_next():
    asked = rounds(person(), {}, by_key("Lead", converted_lead(into=3)))
    assert [id_question("Contact", contact_id(3))] == asked[1]


def test_a_converted_lead_that_is_not_followed_costs_no_second_round():
    assert len(rounds(person(follow_converted=False), {}, by_key("Lead", converted_lead()))) == 1


def test_a_converted_lead_without_a_contact_costs_no_second_round():
    assert len(rounds(person(), {}, by_key("Lead", converted_lead(into=None)))) == 1


def test_a_merged_record_leads_to_the_one_it_was_merged_into():
    links = {CLAIM: [Link("Contact", contact_id(1), "matched")]}
    world = by_id("Contact", contact_id(1), contact(1, IsDeleted=True, MasterRecordId=contact_id(2)))
    assert [id_question("Contact", contact_id(2))] == rounds(person(), links, world)[2]


def test_the_longest_ordinary_trail_is_walked_in_four_rounds():
    links = {CLAIM: [Link("Lead", lead_id(1), "created")]}
    world = by_id("Lead", lead_id(1), lead(1, IsDeleted=True, MasterRecordId=lead_id(2)))
    world |= by_id("Lead", lead_id(2), converted_lead(2, into=3)) | by_id("Contact", contact_id(3), contact(3))
    assert len(rounds(person(), links, world)) == 4


def test_merges_of_merges_are_walked():
    named = person(record_id=contact_id(1))
    world = by_id("Contact", contact_id(1), contact(1, IsDeleted=True, MasterRecordId=contact_id(2)))
    world |= by_id("Contact", contact_id(2), contact(2, IsDeleted=True, MasterRecordId=contact_id(3)))
    world |= by_id("Contact", contact_id(3), contact(3))
    assert len(rounds(named, {}, world)) == 3


def test_records_that_name_each_other_as_masters_end_the_walk():
    world = by_id("Contact", contact_id(1), contact(1, IsDeleted=True, MasterRecordId=contact_id(2)))
    world |= by_id("Contact", contact_id(2), contact(2, IsDeleted=True, MasterRecordId=contact_id(1)))
    assert len(rounds(person(record_id=contact_id(1)), {}, world)) == 2


def test_an_auto_match_is_asked_with_the_keys():
    wanted = want("AccountId", AutoMatch("Account", "Name", "Acme"))
    asked = match.questions(person(wants=[wanted]), {}, nobody())
    assert asked == [Question("Account", "Name", "Acme")]


def test_a_member_is_asked_for_within_its_campaign():
    members = target("CampaignMember", [MatchKey("LeadId", lead_id(1), "member:1")])
    asked = match.questions(draft(members, member_of=CAMPAIGN), {}, {})
    assert Question("CampaignMember", "LeadId", lead_id(1), within=("CampaignId", CAMPAIGN)) in asked


def test_a_member_asks_for_the_campaigns_statuses():
    asked = match.questions(draft(target("CampaignMember"), member_of=CAMPAIGN, claims=("member:1",)), {}, {})
    assert [Question("CampaignMemberStatus", "CampaignId", CAMPAIGN)] == asked


def test_the_same_question_is_asked_once():
    asked = match.questions(person([key(), key()]), {}, {})
    assert len(set(asked)) == len(asked)
