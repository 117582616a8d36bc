"""Drafts that match a record: what is updated, and when nothing is."""

import pytest
from tests.unit.plan.building import (
    CAMPAIGN,
    KEY_FIELD,
    by_id,
    by_key,
    contact,
    contact_id,
    converted_lead,
    draft,
    fresh,
    key,
    lead,
    lead_id,
    nobody,
    org,
    person,
    record,
    statuses,
    target,
    view,
    want,
)

from crosswalk.model import FieldState, Ladder, Link, OnDeleted, Operation, RecordState, UpdatePolicy
from crosswalk.plan import decide, match, parents
from crosswalk.reasons import Reason, State

OVERWRITE = UpdatePolicy.OVERWRITE


def decided(one, answers, known=None, links=None):
    return decide.decide(one, links or {}, answers, known or view())


def found(*leads, contacts=()):
    return by_key("Contact", *contacts) | by_key("Lead", *leads)


def phone(value="new", current="old", update=OVERWRITE, **more):
    """Decide one row on a Lead's Phone."""
    return decided(person(wants=[want("Phone", value, update=update)], **more), found(lead(Phone=current)))


def test_a_matched_record_is_updated_by_its_id():
    change = phone().change
    assert (Operation.UPDATE, "Lead", lead_id(1)) == (change.operation, change.object, change.record_id)


def test_an_update_sends_what_changes_and_nothing_else():
    wants = [want("Phone", "new", update=OVERWRITE), want("Title", "same", update=OVERWRITE), want("Description", "x")]
    change = decided(person(wants=wants), found(lead(Phone="old", Title="same", Description="by hand"))).change
    assert change.fields == {"Phone": "new"}


def test_an_update_keeps_what_stood_there():
    assert phone().change.before == {"Phone": "old"}


def test_an_update_never_carries_the_unique_key():
    assert KEY_FIELD not in phone().change.fields


def test_an_update_is_not_marked_as_safe_to_repeat():
    assert not phone().change.keyed


def test_an_update_says_why_each_field_is_sent():
    assert {"Phone"} == set(phone().change.reasons)


def test_a_field_that_was_considered_is_remembered_though_it_is_not_sent():
    wants = [want("Phone", "new", update=OVERWRITE), want("Title", "same", at=4, update=OVERWRITE)]
    change = decided(person(wants=wants), found(lead(Phone="old", Title="same"))).change
    assert (fresh(4), None) == (change.considered["Title"].freshness, change.considered["Title"].change_id)


def test_a_sent_field_is_remembered_with_its_change():
    change = phone().change
    assert change.id == change.considered["Phone"].change_id


def test_what_we_remember_of_the_record_counts():
    state = RecordState(lead_id(1), "Lead", 3, {"Phone": FieldState(freshness=fresh(9))})
    one = person(wants=[want("Phone", "late", update=OVERWRITE)])
    assert decided(one, found(lead(Phone="old")), view([state])).state is State.UNCHANGED


@pytest.mark.parametrize(
    ("value", "current", "update"),
    [
        ("same", "same", OVERWRITE),
        ("new", "old", UpdatePolicy.FILL_EMPTY),
        ("new", None, UpdatePolicy.CREATE_ONLY),
        (None, None, OVERWRITE),
    ],
)
def test_nothing_to_send_is_unchanged(value, current, update):
    decision = phone(value, current, update)
    assert (State.UNCHANGED, None, lead_id(1)) == (decision.state, decision.change, decision.record_id)


def test_unchanged_says_why():
    assert "Already filled, so it stays as it is" in phone(update=UpdatePolicy.FILL_EMPTY).detail


def test_unchanged_still_remembers_the_events_time():
    assert fresh(1) == phone("same", "same").considered["Phone"].freshness


def test_unchanged_twice_has_nothing_new_to_remember():
    once = phone("same", "same").considered
    state = RecordState(lead_id(1), "Lead", 1, once)
    again = decided(person(wants=[want("Phone", "same", update=OVERWRITE)]), found(lead(Phone="same")), view([state]))
    assert again.considered == {}


@pytest.mark.shows("BX-26")
def test_a_placeholder_is_never_in_an_update():
    wants = [want("Company", "n/a", placeholder=True, update=OVERWRITE), want("LastName", "n/a", placeholder=True)]
    assert decided(person(wants=wants), found(lead(Company=None, LastName="Lee"))).change is None


def test_fields_that_cannot_be_updated_are_left_out():
    one = person(wants=[want("IsConverted", True, update=OVERWRITE)])
    assert decided(one, found(lead(IsConverted=False))).state is State.UNCHANGED


def test_a_field_that_was_not_read_is_never_judged_empty():
    assert decided(person(wants=[want("Phone", "new")]), found(lead())).change is None


def test_an_update_never_runs_assignment_rules():
    assert not phone(auto_assign=True).change.headers.auto_assign


def test_an_update_says_whether_duplicates_are_allowed():
    assert phone(allow_duplicates=True).change.headers.allow_duplicates


def test_a_mapping_without_rows_for_the_found_object_leaves_it_alone():
    one = person(search=("Lead",), wants=[want()])
    answers = by_key("Lead", converted_lead()) | by_id("Contact", contact_id(1), contact(1))
    decision = decided(one, answers)
    assert (State.UNCHANGED, contact_id(1)) == (decision.state, decision.record_id)


# --- which rows are used ------------------------------------------------------------------------------------------------------------

TITLES = (
    target("Contact", [key()], [want("Title", "contact row", update=OVERWRITE)]),
    target("Lead", [key()], [want("Title", "lead row", update=OVERWRITE)]),
)


@pytest.mark.shows("LS-09")
@pytest.mark.parametrize(
    ("answers", "create", "expected"),
    [
        (found(contacts=[contact(Title="x")]), "Lead", ("Contact", "contact row")),
        (found(converted_lead()) | by_id("Contact", contact_id(1), contact(Title="x")), "Lead", ("Contact", "contact row")),
        (nobody(), "Contact", ("Contact", "contact row")),
        (found(lead(Title="x")), "Lead", ("Lead", "lead row")),
        (nobody(), "Lead", ("Lead", "lead row")),
    ],
    ids=["existing contact", "converted lead", "source creates contacts", "open lead", "source creates leads"],
)
def test_rows_are_those_of_the_object_the_person_is(answers, create, expected):
    change = decided(draft(*TITLES, create=create), answers).change
    assert expected == (change.object, change.fields["Title"])


@pytest.mark.shows("RS-09", "LC-24")
def test_an_existing_contact_is_updated_and_no_lead_is_made():
    one = person(search=("Lead", "Contact"), create="Lead", wants=[want("Phone", "new", update=OVERWRITE)])
    change = decided(one, found(contacts=[contact(Phone="old")])).change
    assert (Operation.UPDATE, contact_id(1)) == (change.operation, change.record_id)


@pytest.mark.parametrize(("named", "expected"), [(lead_id(1), Operation.UPDATE), (None, Operation.INSERT)])
def test_a_record_the_event_names_is_updated_and_without_a_name_one_is_made(named, expected):
    one = draft(target("Lead", wants=[want("Phone", "new", update=OVERWRITE)]), record_id=named, claims=("e",))
    assert decided(one, by_id("Lead", lead_id(1), lead(Phone="old"))).change.operation is expected


def test_keys_that_disagree_are_noted_and_the_first_decides():
    one = person([key(), key("Phone", "491")], wants=[want("Title", "new", update=OVERWRITE)])
    answers = found(lead(1, Title="old")) | by_key("Lead", lead(2), field="Phone", value="491")
    decision = decided(one, answers)
    assert (lead_id(1), ["keys_disagree"]) == (decision.record_id, [note.code for note in decision.notes])


def test_a_decision_passes_on_the_lead_a_contact_was():
    answers = found(converted_lead()) | by_id("Contact", contact_id(1), contact(1))
    assert (("LeadId", lead_id(1)),) == decided(person(), answers).aliases


@pytest.mark.parametrize(
    ("choice", "state", "reason"),
    [(OnDeleted.HOLD, State.HELD, Reason.DELETED_RECORD), (OnDeleted.SKIP, State.SKIPPED, Reason.MAPPED_NOTHING)],
)
def test_a_deleted_record_ends_as_the_step_says(choice, state, reason):
    links = {key().claim: [Link("Lead", lead_id(1), "matched")]}
    decision = decided(person(wants=[want()], on_deleted=choice), nobody() | by_id("Lead", lead_id(1)), links=links)
    assert (state, reason) == (decision.state, decision.reason)


def test_a_deleted_record_is_made_again_where_the_step_says_so():
    links = {key().claim: [Link("Lead", lead_id(1), "matched")]}
    one = person(wants=[want()], on_deleted=OnDeleted.RECREATE)
    assert decided(one, nobody() | by_id("Lead", lead_id(1)), links=links).change.operation is Operation.INSERT


def test_a_draft_held_by_its_mapping_changes_nothing():
    assert phone(held=(Reason.LOSSY_VALUE, "too long")).change is None


# --- person accounts ----------------------------------------------------------------------------------------------------------------


def on_person_account(wants):
    answers = found(contacts=[contact(Phone="old", IsPersonAccount=True)])
    return decided(person(wants=wants), answers, view(schema=org(person_accounts=True)))


def test_the_contact_of_a_person_account_is_found_and_its_values_are_held():
    decision = on_person_account([want("Phone", "new", update=OVERWRITE)])
    assert (Reason.PERSON_ACCOUNT, contact_id(1)) == (decision.reason, decision.record_id)


def test_the_contact_of_a_person_account_that_needs_nothing_is_unchanged():
    assert on_person_account([want("Phone", "old", update=OVERWRITE)]).state is State.UNCHANGED


# --- members ------------------------------------------------------------------------------------------------------------------------

LADDER = Ladder(("Registered", "Attended"), frozenset({"Blocked"}))


def member(*wants, aliases=()):
    one = draft(target("CampaignMember", wants=wants), step="member", member_of=CAMPAIGN, parent="person", claims=("member:x",))
    return parents.resolve(one, {"person": parents.Parent("Contact", contact_id(1), aliases)})


def members(*rows, of="ContactId", value=None):
    """Return the answers about members: statuses, and the rows found by contact or lead."""
    within = ("CampaignId", CAMPAIGN)
    answers = dict.fromkeys(match.questions(member(aliases=(("LeadId", lead_id(1)),)), {}, {}), ())
    answers |= statuses("Registered", "Attended", "Blocked")
    return answers | by_key("CampaignMember", *rows, field=of, value=value or contact_id(1), within=within)


def row(status="Registered", **fields):
    return record("CampaignMember", "00v000000000001AAA", CampaignId=CAMPAIGN, Status=status, **fields)


@pytest.mark.shows("KA-08")
def test_a_member_added_by_hand_gets_what_it_lacks():
    change = decided(member(want("external_id__c", "x")), members(row(external_id__c=None))).change
    assert (change.operation, change.fields) == (Operation.UPDATE, {"external_id__c": "x"})


@pytest.mark.shows("KA-09")
def test_a_converted_leads_member_is_found_by_the_lead_and_keeps_its_external_id():
    one = member(want("external_id__c", "new"), want("Status", "Attended", update=OVERWRITE), aliases=(("LeadId", lead_id(1)),))
    change = decided(one, members(row(external_id__c="old"), of="LeadId", value=lead_id(1))).change
    assert (change.operation, change.fields) == (Operation.UPDATE, {"Status": "Attended"})


def test_an_updated_member_is_grouped_by_its_campaign():
    assert decided(member(want("external_id__c", "x")), members(row(external_id__c=None))).change.parent_id == CAMPAIGN


def test_a_members_status_outside_the_list_is_held():
    one = member(want("Status", "Attended", update=UpdatePolicy.ADVANCE, ladder=LADDER))
    assert decided(one, members(row("VIP"))).reason is Reason.UNKNOWN_STATUS


def test_a_members_status_climbs():
    one = member(want("Status", "Attended", update=UpdatePolicy.ADVANCE, ladder=LADDER))
    assert decided(one, members(row("Registered"))).change.fields == {"Status": "Attended"}
