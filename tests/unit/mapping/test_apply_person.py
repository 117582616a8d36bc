"""The person's draft: keys, claims, targets and routing."""

import pytest

from crosswalk.model import MatchKey, OnDeleted, OnDuplicates, OnMissing, Unmapped, UpdatePolicy
from crosswalk.reasons import Reason

ANN = {"email": " Ann@X.example ", "last_name": "Lee", "job_title": "CTO"}


@pytest.fixture
def both(row, lead_step):
    """Return the steps of a person on Lead and Contact."""
    contact = {
        "name": "contact",
        "object": "Contact",
        "person": True,
        "match": [row("Email", "email")],
        "rows": [row("Title", "job_title")],
    }
    return [lead_step(row("LastName", "last_name"), row("Email", "email")), contact]


def test_lead_and_contact_share_one_claim(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": ANN})).drafts["person"]
    assert (made.claims, made.key) == (("person:email=ann@x.example",), "person:email=ann@x.example")


@pytest.mark.shows("C-07")
@pytest.mark.parametrize("search", [["Contact", "Lead"], ["Lead", "Contact"]])
def test_targets_stand_in_search_order(search, mapped, whole, both, event):
    made = mapped(whole(*both, person={"search": search}), event({"traits": ANN})).drafts["person"]
    assert search == [target.object for target in made.targets]


@pytest.mark.parametrize("create", ["Lead", "Contact"])
def test_new_people_become_what_the_routing_says(create, mapped, whole, both, event):
    assert create == mapped(whole(*both, person={"create": create}), event({"traits": ANN})).drafts["person"].create


def test_the_routing_is_handed_on(mapped, whole, both, event):
    routing = {"on_missing": "wait", "on_duplicates": "hold", "on_deleted": "skip", "follow_converted": False}
    made = mapped(whole(*both, person=routing), event({"traits": ANN})).drafts["person"]
    assert (
        made.create,
        made.on_missing,
        made.on_duplicates,
        made.on_deleted,
        made.follow_converted,
    ) == (None, OnMissing.WAIT, OnDuplicates.HOLD, OnDeleted.SKIP, False)


def test_match_keys_stand_in_the_order_of_the_mapping(mapped, whole, lead_step, row, event):
    step = lead_step(row("LastName", "last_name"), match=[row("Number__c", "user_id"), row("Email", "email"), row("Phone", "phone")])
    made = mapped(whole(step), event({"traits": ANN | {"user_id": "A7", "phone": "+33 (0)1"}})).drafts["person"]
    assert made.targets[0].keys == (
        MatchKey("Number__c", "A7", "person:number__c=A7"),
        MatchKey("Email", "ann@x.example", "person:email=ann@x.example"),
        MatchKey("Phone", "3301", "person:phone=3301", ("+33 (0)1",)),
    )


@pytest.mark.shows("RS-32")
def test_without_any_key_nothing_is_sent(mapped, whole, both, event):
    result = mapped(whole(*both), event({"traits": {"last_name": "Lee"}}))
    assert result.unmapped == (Unmapped("d1", "person", Reason.NO_MATCH_KEY, "The event has no value for Email."),)


def test_a_key_of_the_person_stands_in_for_the_attribute(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": {}}, person={"email": "Ann@x.example"})).drafts["person"]
    assert made.key == "person:email=ann@x.example"


def test_a_key_learnt_from_another_event_stands_in_too(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": {"job_title": "CTO"}}, person={"user_id": "7"}), learnt={"email": "Ann@x.example"})
    assert made.drafts["person"].key == "person:email=ann@x.example"


def test_a_new_record_gets_the_key_it_was_looked_for_by(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": {"last_name": "Lee"}}), learnt={"email": "Ann@x.example"}).drafts["person"]
    assert ("Ann@x.example", UpdatePolicy.CREATE_ONLY) in [(want.value, want.update) for want in made.targets[0].wants]


def test_a_key_that_a_row_fills_is_wanted_once(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": ANN})).drafts["person"]
    assert [want.row for want in made.targets[0].wants] == ["lead.LastName", "lead.Email"]


def test_an_object_that_is_not_created_does_not_want_its_key(mapped, whole, both, event):
    made = mapped(whole(*both), event({"traits": ANN})).drafts["person"]
    assert [want.row for want in made.targets[1].wants] == ["contact.Title"]


def test_nothing_to_write_and_nothing_to_create_is_mapped_nothing(mapped, whole, both, event):
    result = mapped(whole(*both, person={"on_missing": "skip"}), event({"traits": {}}, person={"email": "a@x.example"}))
    assert [unmapped.reason for unmapped in result.unmapped] == [Reason.MAPPED_NOTHING]


def test_an_object_the_org_lacks_falls_out(mapped, whole, both, event, org):
    less = type(org)({name: found for name, found in org.objects.items() if name != "contact"})
    made = mapped(whole(*both), event({"traits": ANN}), schema=less).drafts["person"]
    assert [target.object for target in made.targets] == ["Lead"]


def test_a_condition_leaves_an_alternative_out(mapped, whole, both, event):
    both[0]["when"] = '{job_title} <> "CTO"'
    made = mapped(whole(*both), event({"traits": ANN})).drafts["person"]
    assert [target.object for target in made.targets] == ["Contact"]


def test_when_all_conditions_say_no_nothing_is_mapped(mapped, whole, lead_step, row, event):
    result = mapped(whole(lead_step(row("LastName", "last_name"), when="FALSE")), event({"traits": ANN}))
    assert [unmapped.reason for unmapped in result.unmapped] == [Reason.MAPPED_NOTHING]


def test_a_condition_that_fails_holds_the_draft(mapped, whole, lead_step, row, event):
    made = mapped(whole(lead_step(row("LastName", "last_name"), when="1 / 0 = 1")), event({"traits": ANN})).drafts["person"]
    assert made.held == (Reason.LOSSY_VALUE, "lead.when: The condition failed at character 3: division by zero.")


@pytest.mark.shows("C-16")
@pytest.mark.parametrize(("rows", "expected"), [([], True), (["OwnerId"], False)])
def test_assignment_rules_never_run_where_the_owner_is_mapped(rows, expected, mapped, whole, lead_step, row, event):
    step = lead_step(row("LastName", "last_name"), *[row(name, "user_id") for name in rows], auto_assign=True)
    assert expected is mapped(whole(step), event({"traits": ANN})).drafts["person"].auto_assign


def test_the_same_event_maps_to_the_same_drafts(mapped, whole, both, event):
    assert mapped(whole(*both), event({"traits": ANN})).applied == mapped(whole(*both), event({"traits": ANN})).applied
