"""Records that the event names itself, traits passed through, and the opt-in."""

import json
from pathlib import Path

import pytest

from crosswalk.mapping import apply, document
from crosswalk.reasons import Reason

SAMPLE = json.loads((Path(__file__).parents[2] / "samples" / "rudderstack" / "identify_externalid.json").read_text())
CONTACT = "0035g00000XyZaBAAV"
NAMED = {
    "name": "named",
    "object_from": {"path": "context.externalId", "type_prefix": "Salesforce-", "id": "id", "rows_of": {"Lead": "lead"}},
    "rows": [{"pass_through": {"roots": ["traits", "context.traits"], "append": ""}, "update": "overwrite"}],
}


@pytest.fixture
def through(lead_step, row):
    """Return a lead step with rows and a pass-through row."""

    def make(**more):
        given = {"roots": ["traits", "context.traits"], "append": "__c", "except": ["name"], **more}
        return lead_step(
            row("LastName", "last_name"), row("Company", ["company.name", "company"]), {"pass_through": given, "update": "overwrite"}
        )

    return make


def named(*entries, **traits):
    return {"traits": {"email": "ann@x.example", "last_name": "Lee"} | traits, "context": {"externalId": list(entries)}}


@pytest.mark.shows("RS-16")
@pytest.mark.parametrize("name", ["Contact", "Invoice__c"])
def test_the_event_decides_the_object(name, mapped, whole, through, event):
    drafts = mapped(whole(through(), NAMED), event(named({"type": f"Salesforce-{name}"}, Name="x", FirstName="x"))).applied.drafts
    assert [name] == [draft.targets[0].object for draft in drafts]


def test_with_an_id_that_record_is_updated(mapped, whole, through, event):
    draft = mapped(whole(through(), NAMED), event(named({"type": "Salesforce-Contact", "id": CONTACT[:15]}))).applied.drafts[0]
    assert (CONTACT, None, (f"id:{CONTACT}",)) == (draft.record_id, draft.create, draft.claims)


def test_without_an_id_a_new_record_is_made_and_no_email_is_looked_for(mapped, whole, through, event):
    draft = mapped(whole(through(), NAMED), event(named({"type": "Salesforce-Contact"}), message_id="m1")).applied.drafts[0]
    assert (draft.record_id, draft.create, draft.targets[0].keys, draft.key) == (None, "Contact", (), "entity:test:m1:named:Contact")


def test_a_person_is_not_mapped_besides(mapped, whole, through, event):
    result = mapped(whole(through(), NAMED), event(named({"type": "Salesforce-Contact"})))
    assert (list(result.drafts), result.unmapped) == (["named:Contact"], ())


def test_entries_of_other_tools_are_left_alone(mapped, whole, through, event):
    assert list(mapped(whole(through(), NAMED), event(named({"type": "brazeExternalId", "id": "1"}))).drafts) == ["person"]


def test_each_entry_has_its_own_draft_and_a_wrong_one_is_held_alone(mapped, whole, through, event):
    entries = [
        {"type": "Salesforce-Contact", "id": CONTACT},
        {"type": "Salesforce-Contact", "id": "wrong"},
        {"type": "Salesforce-Invoice__c"},
    ]
    drafts = mapped(whole(through(), NAMED), event(named(*entries, Name="x"))).applied.drafts
    assert [(draft.step, draft.held and draft.held[0]) for draft in drafts] == [
        ("named:Contact", None),
        ("named:Contact:2", Reason.REJECTED),
        ("named:Invoice__c", None),
    ]


def test_an_object_the_org_lacks_is_held_with_its_name(mapped, whole, through, event):
    draft = mapped(whole(through(), NAMED), event(named({"type": "Salesforce-Visit__c"}))).applied.drafts[0]
    assert "The org has no object Visit__c" in draft.held[1]


@pytest.mark.shows("RS-19")
def test_traits_of_other_objects_go_as_they_are(mapped, whole, through, event, wants):
    draft = mapped(whole(through(), NAMED), event(SAMPLE)).drafts["named:Contact"]
    assert wants(draft) == {"FirstName": "Marta", "LastName": "Lindqvist", "Email": "marta.lindqvist@northwind.example"}


@pytest.mark.shows("RS-19")
def test_a_named_lead_uses_the_rows_of_the_lead(mapped, whole, through, event, wants):
    draft = mapped(whole(through(), NAMED), event(named({"type": "Salesforce-Lead"}, company="Acme"))).drafts["named:Lead"]
    assert {name: wants(draft)[name] for name in ("LastName", "Company")} == {"LastName": "Lee", "Company": "Acme"}


def test_the_objects_that_events_name_can_be_asked_for(whole, through, event):
    data = document.parse(whole(through(), NAMED))
    assert {"Contact", "Account", "Visit_Report__c"} == apply.named_objects(data, [event(SAMPLE)])


@pytest.mark.parametrize("listed", [None, 5, "x", {}, [None, 5, {}, {"type": 5}, {"type": "Salesforce-"}]])
def test_a_list_of_anything_else_names_nothing(listed, mapped, whole, through, event):
    payload = {"traits": {"email": "a@x.example", "last_name": "Lee"}, "context": {"externalId": listed}}
    assert list(mapped(whole(through(), NAMED), event(payload)).drafts) == ["person"]


@pytest.mark.shows("RS-13")
def test_a_trait_without_a_row_goes_to_its_custom_field(mapped, whole, through, event, wants):
    made = mapped(whole(through()), event({"traits": {"email": "a@x.example", "newProp": "v"}})).drafts["person"]
    assert wants(made)["newProp__c"] == "v"


@pytest.mark.shows("RS-14")
def test_a_trait_without_a_field_is_left_out_with_a_note_that_says_how_to_make_one(mapped, whole, through, event, wants):
    made = mapped(whole(through()), event({"traits": {"email": "a@x.example", "last_name": "Lee", "other": "v"}})).drafts["person"]
    sentences = [note.sentence for note in made.notes]
    assert (wants(made)["LastName"], "Create the field other__c" in sentences[0]) == ("Lee", True)


@pytest.mark.shows("RS-15")
@pytest.mark.parametrize(("adjust", "expected", "codes"), [(False, None, ["case_differs"]), (True, "v", [])])
def test_a_trait_whose_case_differs_is_written_or_hinted(adjust, expected, codes, mapped, whole, through, event, wants):
    made = mapped(whole(through(adjust_case=adjust)), event({"traits": {"email": "a@x.example", "newprop": "v"}})).drafts["person"]
    assert (expected, codes) == (wants(made).get("newProp__c"), [note.code for note in made.notes])


@pytest.mark.shows("RS-31")
def test_the_root_wins_over_the_context(mapped, whole, through, event, wants):
    payload = {"traits": {"email": "a@x.example", "newProp": "root"}, "context": {"traits": {"newProp": "context", "last_name": "Lee"}}}
    made = mapped(whole(through()), event(payload)).drafts["person"]
    assert {name: wants(made)[name] for name in ("newProp__c", "LastName")} == {"newProp__c": "root", "LastName": "Lee"}


def test_traits_that_rows_use_are_not_passed_through(mapped, whole, through, event):
    traits = {"email": "a@x.example", "last_name": "Lee", "company": {"name": "Acme"}, "name": "Ann Lee"}
    assert mapped(whole(through()), event({"traits": traits})).drafts["person"].notes == ()


def test_a_group_of_values_is_left_out_with_a_note(mapped, whole, through, event):
    made = mapped(whole(through()), event({"traits": {"email": "a@x.example", "newProp": {"a": 1}, "list": [1]}})).drafts["person"]
    assert [note.code for note in made.notes] == ["left_out", "left_out"]


@pytest.mark.shows("C-10")
def test_a_trait_for_a_read_only_field_is_left_out_and_noted(mapped, whole, through, event, wants):
    made = mapped(whole(through(append="")), event({"traits": {"email": "a@x.example", "IsConverted": True}})).drafts["person"]
    assert ([note.code for note in made.notes], "IsConverted" in wants(made)) == (["not_writable"], False)


@pytest.mark.shows("RS-11", "C-13")
@pytest.mark.parametrize(
    "integrations", [None, {}, {"All": True}, {"Salesforce": False}, {"Salesforce": "true"}, {"salesforce": True}, "x"]
)
def test_a_call_that_does_not_ask_is_skipped(integrations, mapped, whole, through, event):
    data = whole(through(), opt_in={"mode": "explicit", "name": "Salesforce"})
    result = mapped(data, event({"traits": {"email": "a@x.example"}, "integrations": integrations}))
    assert [one.reason for one in result.unmapped] == [Reason.NOT_OPTED_IN]


@pytest.mark.shows("RS-12")
@pytest.mark.parametrize(
    ("integrations", "sent"),
    [
        (None, True),
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"Salesforce": True}, True),
        ({"All": False, "Salesforce": True}, True),
        ({"Salesforce": False}, False),
        ({"All": True, "Salesforce": False}, False),
        ({"All": False, "Salesforce": {"x": 1}}, True),
        ({"Salesforce": "true"}, True),
        ({"All": False, "Salesforce": "true"}, False),
        ({"All": "yes"}, False),
        ({"All": "yes", "Salesforce": True}, False),
        (["Salesforce"], False),
        ("Salesforce", False),
    ],
)
def test_the_servers_rule(integrations, sent, mapped, whole, through, event):
    payload = {"traits": {"email": "a@x.example"}} | ({} if integrations is None else {"integrations": integrations})
    data = whole(through(), opt_in={"mode": "server", "name": "Salesforce"})
    assert sent is bool(mapped(data, event(payload)).drafts)
