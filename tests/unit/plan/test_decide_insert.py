"""Drafts that nobody matches: what is inserted, and when nothing is."""

import hashlib

import pytest
from tests.unit.plan.building import (
    ANN,
    CAMPAIGN,
    KEY_FIELD,
    ORG,
    contact_id,
    draft,
    fresh,
    hmac,
    key,
    nobody,
    org,
    person,
    statuses,
    target,
    view,
    want,
)

from crosswalk.model import OnMissing, Operation, StepRecord, UpdatePolicy
from crosswalk.plan import decide, parents
from crosswalk.reasons import Reason, State

WANTS = [want("LastName", "Lee"), want("Company", "n/a", placeholder=True), want("Email", ANN)]


def decided(one, answers=None, known=None):
    return decide.decide(one, {}, nobody() if answers is None else answers, known or view())


def inserted(one=None, answers=None, known=None):
    return decided(one or person(wants=WANTS), answers, known).change


def test_a_person_nobody_matches_is_inserted():
    change = inserted()
    assert (change.operation, change.object) == (Operation.INSERT, "Lead")


def test_an_insert_carries_values_placeholders_and_the_unique_key():
    expected = {"LastName": "Lee", "Company": "n/a", "Email": ANN, KEY_FIELD: decide.unique_key(ORG, key().claim)}
    assert expected == inserted().fields


def test_the_unique_key_is_derived_from_org_and_claim():
    digest = hashlib.sha256(f"{ORG}\nperson:email={ANN}".encode()).hexdigest()
    assert f"v1:{digest}" == decide.unique_key(ORG, key().claim)


def test_every_sync_and_worker_makes_the_same_unique_key():
    other = person([key(), key("Phone", "491")], wants=WANTS, at=9, sync="other")
    assert inserted().fields[KEY_FIELD] == inserted(other).fields[KEY_FIELD]


def test_another_org_has_another_unique_key():
    assert decide.unique_key(ORG, "a") != decide.unique_key("00D2", "a")


def test_an_insert_with_the_unique_key_is_safe_to_repeat():
    assert inserted().keyed


@pytest.mark.parametrize("known", [view(key_field=None), view(schema=org(key_field=False))], ids=["not set up", "not in the org"])
def test_without_the_key_field_the_insert_is_not_safe_to_repeat(known):
    change = inserted(known=known)
    assert (change.keyed, KEY_FIELD in change.fields) == (False, False)


def test_an_insert_has_no_record_and_no_before_image():
    change = inserted()
    assert (change.record_id, change.before) == (None, {})


def test_an_insert_holds_the_drafts_claims():
    one = person(wants=WANTS)
    assert (one.claims, one.key, one.origins) == (inserted(one).claims, inserted(one).key, inserted(one).origins)


def test_an_insert_says_why_each_field_is_sent():
    assert {"LastName", "Company", "Email"} == set(inserted().reasons)


def test_what_is_considered_names_its_change():
    considered = inserted().considered
    assert {"change1"} == {state.change_id for state in considered.values()}


def test_the_decision_to_insert_is_written():
    decision = decided(person(wants=WANTS))
    assert (decision.state, decision.object, decision.record_id) == (State.WRITTEN, "Lead", None)


def test_the_object_to_create_is_the_steps_choice():
    assert inserted(person(wants=WANTS, create="Contact")).object == "Contact"


def test_fields_the_org_lacks_are_left_out():
    assert "Nowhere__c" not in inserted(person(wants=[*WANTS, want("Nowhere__c")])).fields


def test_fields_that_cannot_be_created_are_left_out():
    assert "IsConverted" not in inserted(person(wants=[*WANTS, want("IsConverted", True)])).fields


def test_field_names_are_sent_as_the_org_spells_them():
    assert "Email" in inserted(person(wants=[want("EMAIL", ANN)])).fields


def test_false_and_zero_are_values():
    fields = inserted(person(wants=[want("HasOptedOutOfEmail", False), want("Phone", 0)])).fields
    assert (fields["HasOptedOutOfEmail"], fields["Phone"]) == (False, 0)


@pytest.mark.parametrize(
    ("more", "state", "reason"),
    [
        ({"on_missing": OnMissing.WAIT}, State.WAITING, Reason.NO_RECORD),
        ({"on_missing": OnMissing.SKIP}, State.SKIPPED, Reason.MAPPED_NOTHING),
        ({"create": None}, State.SKIPPED, Reason.MAPPED_NOTHING),
        ({"wants": []}, State.SKIPPED, Reason.MAPPED_NOTHING),
        ({"wants": [want("Nowhere__c")]}, State.SKIPPED, Reason.MAPPED_NOTHING),
        ({"held": (Reason.LOSSY_VALUE, "too long")}, State.HELD, Reason.LOSSY_VALUE),
    ],
)
def test_nothing_is_inserted(more, state, reason):
    decision = decided(person(**({"wants": WANTS} | more)))
    assert (state, reason, None) == (decision.state, decision.reason, decision.change)


# --- members ------------------------------------------------------------------------------------------------------------------------


def member(*wants):
    one = draft(target("CampaignMember", wants=wants), step="member", member_of=CAMPAIGN, parent="person", claims=("member:x",))
    return parents.resolve(one, {"person": parents.Parent("Contact", contact_id(1))})


def test_a_new_member_carries_campaign_person_and_status():
    change = inserted(member(want("Status", "Attended")), statuses("Attended"))
    expected = {"CampaignId": CAMPAIGN, "ContactId": contact_id(1), "Status": "Attended"}
    assert expected == {name: value for name, value in change.fields.items() if name != KEY_FIELD}


def test_a_new_member_is_grouped_by_its_campaign():
    assert inserted(member(), statuses()).parent_id == CAMPAIGN


@pytest.mark.parametrize("status", ["attended", "ATTENDED", "Attended"])
def test_a_members_status_is_known_in_any_case(status):
    assert decided(member(want("Status", status)), statuses("Attended")).state is State.WRITTEN


@pytest.mark.parametrize("known", [("Registered",), ()])
def test_a_status_the_campaign_does_not_have_is_held(known):
    assert decided(member(want("Status", "Attended")), statuses(*known)).reason is Reason.UNKNOWN_STATUS


def test_a_held_status_names_what_is_missing():
    assert "Attended" in decided(member(want("Status", "Attended")), statuses("Sent")).detail


# --- headers ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, (False, False)),
        ({"auto_assign": True}, (True, False)),
        ({"allow_duplicates": True}, (False, True)),
        ({"auto_assign": True, "wants": [*WANTS, want("OwnerId", contact_id(5))]}, (False, False)),
        ({"auto_assign": True, "wants": [*WANTS, want("OwnerId", None, update=UpdatePolicy.OVERWRITE)]}, (False, False)),
    ],
)
def test_assignment_and_duplicate_rules_are_always_stated(more, expected):
    headers = inserted(person(**({"wants": WANTS} | more))).headers
    assert expected == (headers.auto_assign, headers.allow_duplicates)


# --- person accounts ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["LastName", "FirstName", "PersonEmail"])
def test_an_account_that_would_be_both_company_and_person_is_held(field):
    one = draft(target("Account", wants=[want("Name", "Acme"), want(field, "x")]), claims=("a",))
    assert decided(one, {}, view(schema=org(person_accounts=True))).reason is Reason.PERSON_ACCOUNT


def test_a_person_account_without_a_last_name_is_held():
    one = draft(target("Account", wants=[want("PersonEmail", "x@x.example")]), claims=("a",))
    assert decided(one, {}, view(schema=org(person_accounts=True))).reason is Reason.PERSON_ACCOUNT


def test_a_person_account_is_made_of_a_last_name():
    one = draft(target("Account", wants=[want("LastName", "Berg"), want("PersonEmail", "x@x.example")]), claims=("a",))
    assert decided(one, {}, view(schema=org(person_accounts=True))).state is State.WRITTEN


def test_an_ordinary_account_is_made_where_there_are_person_accounts():
    one = draft(target("Account", wants=[want("Name", "Acme")]), claims=("a",))
    assert decided(one, {}, view(schema=org(person_accounts=True))).state is State.WRITTEN


# --- the look-up ----------------------------------------------------------------------------------------------------------------------


def test_a_look_up_brings_back_what_is_wanted():
    fields = decide.wanted_fields([person(wants=WANTS)], org(), KEY_FIELD)
    assert {"Company", "Email", "LastName", KEY_FIELD, "IsConverted", "ConvertedContactId"} == set(fields["Lead"])


@pytest.mark.parametrize("search", [("Lead",), ("Contact",)])
def test_a_look_up_of_either_person_can_tell_converted_leads(search):
    fields = decide.wanted_fields([person(search=search)], org(), None)
    assert {"Lead", "Contact"} <= set(fields)


def test_a_look_up_of_members_brings_back_the_statuses_labels():
    fields = decide.wanted_fields([member()], org(), None)
    assert fields["CampaignMemberStatus"] == ("CampaignId", "Label")


def test_a_look_up_asks_nothing_the_org_lacks():
    fields = decide.wanted_fields([person(wants=[want("Nowhere__c")])], org(key_field=False), KEY_FIELD)
    assert not {"Nowhere__c", KEY_FIELD} & set(fields["Lead"])


def test_a_child_of_a_case_keeps_its_parents_lock():
    one = draft(target("Contact", wants=[want("AccountId", StepRecord("company"))]), claims=("c",), parent="company")
    one = parents.resolve(one, {"company": parents.Parent("Account", "001000000000001AAA")})
    assert inserted(one, {}).parent_id == "001000000000001AAA"


def test_what_is_considered_has_the_events_time():
    state = inserted().considered["LastName"]
    assert (fresh(1), hmac('"Lee"')) == (state.freshness, state.sent)
