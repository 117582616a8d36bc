"""Which record is chosen from the answers."""

import pytest
from tests.unit.plan.building import (
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
    record,
    target,
)

from crosswalk.model import Link, MatchKey, OnDeleted, OnDuplicates
from crosswalk.plan import match
from crosswalk.reasons import Reason

CLAIM = key().claim
PHONE = key("Phone", "491")


def chosen(one, answers, links=None):
    """Return the id of the record chosen, if any."""
    found = match.decide(one, links or {}, answers)
    return found.record.id if found.record else None


def found(*leads, contacts=()):
    return by_key("Contact", *contacts) | by_key("Lead", *leads)


def by_phone(*leads, contacts=()):
    return by_key("Contact", *contacts, field="Phone", value="491") | by_key("Lead", *leads, field="Phone", value="491")


def linked(object_name, record_id, origin="matched", claim=CLAIM):
    return {claim: [Link(object_name, record_id, origin)]}


# --- order --------------------------------------------------------------------------------------------------------------------------


def test_nobody_is_found_when_nothing_matches():
    assert match.decide(person(), {}, nobody()) == match.Match()


@pytest.mark.parametrize(
    ("search", "expected"),
    [(("Contact", "Lead"), contact_id(1)), (("Lead", "Contact"), lead_id(1)), (("Lead",), lead_id(1))],
)
def test_the_first_object_of_the_search_wins(search, expected):
    assert expected == chosen(person(search=search), found(lead(), contacts=[contact()]))


@pytest.mark.shows("BX-02")
def test_the_second_key_is_used_when_the_first_misses():
    assert lead_id(2) == chosen(person([key(), PHONE]), nobody() | by_phone(lead(2)))


def test_the_first_key_wins_over_the_second():
    assert lead_id(1) == chosen(person([key(), PHONE]), found(lead(1)) | by_phone(lead(2)))


def test_a_lead_found_by_the_first_key_wins_over_a_contact_found_by_the_second():
    assert lead_id(1) == chosen(person([key(), PHONE]), found(lead(1)) | by_phone(contacts=[contact(2)]))


def test_keys_that_lead_to_different_records_are_noticed():
    assert match.decide(person([key(), PHONE]), {}, found(lead(1)) | by_phone(lead(2))).disagree


@pytest.mark.parametrize("others", [(), (1,), (1, 2)])
def test_keys_that_lead_to_the_same_record_agree(others):
    assert not match.decide(person([key(), PHONE]), {}, found(lead(1)) | by_phone(*map(lead, others))).disagree


# --- duplicates ---------------------------------------------------------------------------------------------------------------------

THREE = (
    lead(1, CreatedDate="2026-02-01T00:00:00.000+0000", LastModifiedDate="2026-03-01T00:00:00.000+0000"),
    lead(2, CreatedDate="2026-01-01T00:00:00.000+0000", LastModifiedDate="2026-04-01T00:00:00.000+0000"),
    lead(3, CreatedDate="2026-03-01T00:00:00.000+0000", LastModifiedDate="2026-03-02T00:00:00.000+0000"),
)


@pytest.mark.shows("BX-05")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (OnDuplicates.OLDEST, lead_id(2)),
        (OnDuplicates.NEWEST, lead_id(3)),
        (OnDuplicates.LAST_MODIFIED, lead_id(2)),
        (OnDuplicates.HOLD, None),
    ],
)
def test_of_several_records_the_steps_choice_is_used(choice, expected):
    assert expected == chosen(person(on_duplicates=choice), found(*THREE))


@pytest.mark.parametrize("choice", list(OnDuplicates))
def test_the_order_of_the_answer_does_not_matter(choice):
    one = person(on_duplicates=choice)
    assert chosen(one, found(*THREE)) == chosen(one, found(*reversed(THREE)))


def test_of_equally_old_records_the_lowest_id_is_used():
    twins = [lead(number, CreatedDate="2026-01-01T00:00:00.000+0000") for number in (2, 1)]
    assert lead_id(1) == chosen(person(), found(*twins))


def test_several_records_are_held_where_the_step_says_so():
    assert match.decide(person(on_duplicates=OnDuplicates.HOLD), {}, found(*THREE)).held is Reason.TOO_MANY


def test_one_record_is_not_several():
    assert lead_id(1) == chosen(person(on_duplicates=OnDuplicates.HOLD), found(lead()))


@pytest.mark.parametrize(("hits", "held"), [(50, None), (51, Reason.TOO_MANY)])
def test_more_than_fifty_hits_cannot_be_one_person(hits, held):
    assert held == match.decide(person(), {}, found(*map(lead, range(hits)))).held


def test_more_than_fifty_converted_leads_cannot_be_one_person():
    assert match.decide(person(), {}, found(*map(converted_lead, range(51)))).held is Reason.TOO_MANY


# --- converted leads ----------------------------------------------------------------------------------------------------------------

CONVERTED = found(converted_lead()) | by_id("Contact", contact_id(1), contact(1))


@pytest.mark.shows("RS-07")
@pytest.mark.parametrize(("follow", "expected", "held"), [(True, contact_id(1), None), (False, None, Reason.CONVERTED_LEAD)])
def test_a_converted_lead_is_followed_or_held(follow, expected, held):
    one = person(follow_converted=follow)
    assert (expected, held) == (chosen(one, CONVERTED), match.decide(one, {}, CONVERTED).held)


def test_an_open_lead_wins_over_a_converted_one():
    assert lead_id(2) == chosen(person(), found(converted_lead(1), lead(2)))


def test_an_open_lead_wins_over_a_converted_one_that_is_not_followed():
    assert lead_id(2) == chosen(person(follow_converted=False), found(converted_lead(1), lead(2)))


def test_a_contact_wins_over_a_converted_lead():
    assert contact_id(5) == chosen(person(), found(converted_lead(1), contacts=[contact(5)]))


def test_a_contact_wins_over_a_converted_lead_though_leads_come_first():
    one = person(search=("Lead", "Contact"))
    assert contact_id(5) == chosen(one, found(converted_lead(1), contacts=[contact(5)]))


def test_a_converted_lead_that_is_not_followed_is_held_though_a_contact_has_the_same_key():
    one = person(search=("Lead", "Contact"), follow_converted=False)
    assert match.decide(one, {}, found(converted_lead(1), contacts=[contact(1)])).held is Reason.CONVERTED_LEAD


def test_a_converted_lead_of_the_first_key_wins_over_an_open_one_of_the_second():
    assert contact_id(1) == chosen(person([key(), PHONE]), CONVERTED | by_phone(lead(9)))


def test_a_converted_lead_without_a_contact_is_held():
    assert match.decide(person(), {}, found(converted_lead(into=None))).held is Reason.CONVERTED_LEAD


def test_a_converted_leads_deleted_contact_is_held():
    answers = found(converted_lead()) | by_id("Contact", contact_id(1), contact(1, IsDeleted=True))
    assert match.decide(person(), {}, answers).held is Reason.CONVERTED_LEAD


def test_a_converted_leads_merged_contact_is_followed():
    answers = found(converted_lead()) | by_id("Contact", contact_id(1), contact(1, IsDeleted=True, MasterRecordId=contact_id(2)))
    assert contact_id(2) == chosen(person(), answers | by_id("Contact", contact_id(2), contact(2)))


def test_leads_converted_into_one_contact_are_one_person():
    answers = found(converted_lead(1), converted_lead(2)) | by_id("Contact", contact_id(1), contact(1))
    assert contact_id(1) == chosen(person(on_duplicates=OnDuplicates.HOLD), answers)


def test_leads_converted_into_two_contacts_are_held_where_the_step_holds_duplicates():
    answers = found(converted_lead(1, into=1), converted_lead(2, into=2))
    answers |= by_id("Contact", contact_id(1), contact(1)) | by_id("Contact", contact_id(2), contact(2))
    assert match.decide(person(on_duplicates=OnDuplicates.HOLD), {}, answers).held is Reason.TOO_MANY


@pytest.mark.parametrize(
    ("answers", "links"),
    [
        (CONVERTED, {}),
        (found(converted_lead(), contacts=[contact(1)]), {}),
        (CONVERTED, linked("Contact", contact_id(1), "agent")),
        (nobody() | by_id("Lead", lead_id(1), converted_lead()) | by_id("Contact", contact_id(1), contact(1)), linked("Lead", lead_id(1))),
    ],
)
def test_a_contact_also_goes_by_the_lead_it_was(answers, links):
    assert (("LeadId", lead_id(1)),) == match.decide(person(), links, answers).aliases


def test_a_contact_does_not_go_by_somebody_elses_lead():
    answers = found(converted_lead(1, into=2), contacts=[contact(1)])
    assert match.decide(person(), {}, answers).aliases == ()


# --- what we remember ---------------------------------------------------------------------------------------------------------------


def test_an_agents_link_comes_before_the_keys():
    answers = found(lead(1)) | by_id("Contact", contact_id(9), contact(9))
    assert contact_id(9) == chosen(person(), answers, linked("Contact", contact_id(9), "agent"))


@pytest.mark.parametrize("origin", ["matched", "created"])
def test_the_keys_come_before_what_we_remember(origin):
    answers = found(lead(1)) | by_id("Contact", contact_id(9), contact(9))
    assert lead_id(1) == chosen(person(), answers, linked("Contact", contact_id(9), origin))


def test_what_we_remember_is_used_when_every_key_misses():
    answers = nobody() | by_id("Lead", lead_id(4), lead(4))
    assert lead_id(4) == chosen(person(), answers, linked("Lead", lead_id(4)))


def test_an_agents_link_to_another_kind_of_record_is_not_the_person():
    links = linked("Account", "001000000000001AAA", "agent")
    assert lead_id(1) == chosen(person(), found(lead(1)), links)


def test_of_several_remembered_records_one_that_stands_is_used():
    links = {CLAIM: [Link("Lead", lead_id(1), "matched"), Link("Contact", contact_id(2), "matched")]}
    answers = nobody() | by_id("Lead", lead_id(1), lead(1, IsDeleted=True)) | by_id("Contact", contact_id(2), contact(2))
    assert contact_id(2) == chosen(person(), answers, links)


def test_a_remembered_record_that_was_merged_is_followed():
    merged = lead(4, IsDeleted=True, MasterRecordId=lead_id(5))
    answers = nobody() | by_id("Lead", lead_id(4), merged) | by_id("Lead", lead_id(5), lead(5))
    assert lead_id(5) == chosen(person(), answers, linked("Lead", lead_id(4)))


def test_a_remembered_record_that_was_merged_and_then_converted_is_followed():
    answers = nobody() | by_id("Lead", lead_id(4), lead(4, IsDeleted=True, MasterRecordId=lead_id(5)))
    answers |= by_id("Lead", lead_id(5), converted_lead(5, into=6)) | by_id("Contact", contact_id(6), contact(6))
    assert contact_id(6) == chosen(person(), answers, linked("Lead", lead_id(4)))


def test_records_that_name_each_other_as_masters_count_as_deleted():
    answers = nobody() | by_id("Lead", lead_id(4), lead(4, IsDeleted=True, MasterRecordId=lead_id(5)))
    answers |= by_id("Lead", lead_id(5), lead(5, IsDeleted=True, MasterRecordId=lead_id(4)))
    assert match.decide(person(), linked("Lead", lead_id(4)), answers).held is Reason.DELETED_RECORD


@pytest.mark.parametrize(
    "gone", [(), (lead(4, IsDeleted=True),), (lead(4, IsDeleted=True, MasterRecordId=lead_id(5)),)], ids=["purged", "binned", "master gone"]
)
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (OnDeleted.HOLD, (Reason.DELETED_RECORD, False)),
        (OnDeleted.SKIP, (None, True)),
        (OnDeleted.RECREATE, (None, False)),
    ],
)
def test_a_deleted_record_is_held_skipped_or_made_again(gone, choice, expected):
    answers = nobody() | by_id("Lead", lead_id(4), *gone)
    found_nobody = match.decide(person(on_deleted=choice), linked("Lead", lead_id(4)), answers)
    assert (*expected, None) == (found_nobody.held, found_nobody.skipped, found_nobody.record)


# --- named records ------------------------------------------------------------------------------------------------------------------


def test_a_named_record_is_used_whatever_the_keys_find():
    one = draft(target("Lead", [key()]), record_id=lead_id(8)[:15])
    assert lead_id(8) == chosen(one, found(lead(1)) | by_id("Lead", lead_id(8), lead(8)))


def test_a_named_record_that_the_org_does_not_have_is_held():
    one = draft(target("Lead"), record_id=lead_id(8), claims=("id:1",))
    assert match.decide(one, {}, by_id("Lead", lead_id(8))).held is Reason.REJECTED


# --- members ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-04")
def test_a_member_row_of_the_lead_is_the_contacts_member_row():
    claim = f"member:{CAMPAIGN}:{contact_id(1)}"
    keys = [MatchKey("ContactId", contact_id(1), claim), MatchKey("LeadId", lead_id(1), claim)]
    one = draft(target("CampaignMember", keys), member_of=CAMPAIGN)
    within = ("CampaignId", CAMPAIGN)
    answers = by_key("CampaignMember", field="ContactId", value=contact_id(1), within=within)
    answers |= by_key("CampaignMember", record("CampaignMember", "00v1"), field="LeadId", value=lead_id(1), within=within)
    assert chosen(one, answers) == "00v1"
