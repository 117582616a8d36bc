"""Steps beside the person: members, records made once per something, and what hangs on what."""

import pytest

from crosswalk.mapping.apply import BoundCampaign
from crosswalk.model import StepRecord, Unmapped
from crosswalk.reasons import Reason

ANN = {"email": "ann@x.example", "last_name": "Lee"}
CAMPAIGN = BoundCampaign("701000000000001")


@pytest.fixture
def member(row):
    rows = [row("Status", "status", values={"people.registered": "Registered", "people.attended": "Attended"}, update="overwrite")]
    return {"name": "member", "object": "CampaignMember", "parent": "person", "campaign": "bound", "rows": rows}


@pytest.fixture
def case(row):
    return {
        "name": "case",
        "object": "Case",
        "once_per": "event",
        "rows": [row("Subject", "job_title"), row("ContactId", {"step": "person"})],
    }


@pytest.fixture
def lead(lead_step, row):
    return lead_step(row("LastName", "last_name"))


def test_a_member_hangs_on_campaign_and_person(mapped, whole, lead, member, event):
    made = mapped(whole(lead, member), event({"traits": ANN}), campaign=CAMPAIGN).drafts["member"]
    assert (made.member_of, made.parent, made.create) == ("701000000000001AAA", "person", "CampaignMember")


def test_a_members_claim_is_the_campaign_with_the_person(mapped, whole, lead, member, event):
    made = mapped(whole(lead, member), event({"traits": ANN}), campaign=CAMPAIGN).drafts["member"]
    assert made.claims == ("member:701000000000001AAA:person:email=ann@x.example",)


def test_without_a_campaign_the_member_waits(mapped, whole, lead, member, event):
    result = mapped(whole(lead, member), event({"traits": ANN}))
    assert ((Unmapped("d1", "member", Reason.NO_CAMPAIGN),), {"person"}) == (result.unmapped, set(result.drafts))


def test_without_a_person_there_is_no_member(mapped, whole, lead, member, event):
    result = mapped(whole(lead, member), event({"traits": {}}), campaign=CAMPAIGN)
    assert [(one.step, one.reason) for one in result.unmapped] == [("person", Reason.NO_MATCH_KEY), ("member", Reason.NO_MATCH_KEY)]


def test_a_member_without_any_value_is_still_made(mapped, whole, lead, event):
    bare = {"name": "member", "object": "CampaignMember", "parent": "person", "campaign": "bound", "rows": []}
    assert "member" in mapped(whole(lead, bare), event({"traits": ANN}), campaign=CAMPAIGN).drafts


def test_the_person_is_found_for_the_member_even_if_it_wants_nothing(mapped, whole, lead, member, event):
    data = whole(lead, member, person={"on_missing": "skip"})
    assert {"person", "member"} == set(mapped(data, event({"traits": {"email": "a@x.example"}}), campaign=CAMPAIGN).drafts)


@pytest.mark.parametrize(("statuses", "held"), [((), None), (("sent", "registered"), None), (("Sent",), Reason.LOSSY_VALUE)])
def test_a_status_the_campaign_lacks_is_held(statuses, held, mapped, whole, lead, member, event):
    campaign = BoundCampaign("701000000000001", statuses)
    made = mapped(whole(lead, member), event({"traits": ANN}), campaign=campaign).drafts["member"]
    assert held is (made.held and made.held[0])


def test_an_entry_may_be_the_record_of_an_earlier_step(mapped, whole, lead, case, event, wants):
    made = mapped(whole(lead, case), event({"traits": ANN | {"job_title": "Help"}})).drafts["case"]
    assert StepRecord("person") == wants(made)["ContactId"]


def test_the_record_of_a_step_that_made_nothing_is_left_out_with_a_note(mapped, whole, lead, case, event, wants):
    made = mapped(whole(lead, case), event({"traits": {"job_title": "Help"}})).drafts["case"]
    assert (wants(made), [note.code for note in made.notes]) == ({"Subject": "Help"}, ["no_step_record"])


@pytest.mark.parametrize(
    ("once_per", "facts", "expected"),
    [
        ("event", {"message_id": "m1"}, ("entity:test:m1:case",)),
        ("event", {}, ("entity:test:e1:case",)),
        ("entity", {"entity_id": "chat-1"}, ("entity:test:chat-1:case",)),
        ("person", {}, ("entity:test:person:email=ann@x.example:case",)),
        ("person_and_entity", {"group_id": "g1", "entity_id": "x"}, ("entity:test:g1|person:email=ann@x.example:case",)),
    ],
)
def test_a_record_without_a_match_key_is_made_once_per(once_per, facts, expected, mapped, whole, lead, case, event):
    made = mapped(whole(lead, case | {"once_per": once_per}), event({"traits": ANN | {"job_title": "Help"}}, **facts)).drafts["case"]
    assert expected == made.claims


def test_without_the_entity_it_is_once_per_nothing_is_made(mapped, whole, lead, case, event):
    result = mapped(whole(lead, case | {"once_per": "entity"}), event({"traits": ANN | {"job_title": "Help"}}))
    assert [(one.step, one.reason) for one in result.unmapped] == [("case", Reason.NO_MATCH_KEY)]


def test_match_keys_come_before_what_a_step_is_once_per(mapped, whole, row, event):
    account = {
        "name": "account",
        "object": "Account",
        "match": [row("Name", "company")],
        "once_per": "entity",
        "rows": [row("Notes", "job_title")],
    }
    made = mapped(whole(account), event({"traits": {"company": "Acme AG"}}, entity_id="x")).drafts["account"]
    assert made.claims == ("Account:Name=acme ag", "entity:test:x:account")


def test_a_record_that_is_found_by_its_key_gets_the_key_when_created(mapped, whole, row, event, wants):
    account = {"name": "account", "object": "Account", "match": [row("Name", "company")], "rows": []}
    assert wants(mapped(whole(account), event({"traits": {"company": "Acme"}})).drafts["account"]) == {"Name": "Acme"}


def test_a_condition_that_says_no_skips_the_step_alone(mapped, whole, lead, case, event):
    result = mapped(whole(lead, case | {"when": "{job_title} = 'Sale'"}), event({"traits": ANN | {"job_title": "Help"}}))
    assert ({"person"}, [("case", Reason.MAPPED_NOTHING)]) == (set(result.drafts), [(one.step, one.reason) for one in result.unmapped])


def test_a_condition_that_cannot_be_read_lets_nothing_through(mapped, whole, lead, case, event):
    result = mapped(whole(lead, case | {"when": "{gone} = 1"}), event({"traits": ANN | {"job_title": "Help"}}))
    assert ({"person"}, ["unknown_attribute"]) == (set(result.drafts), [note.code for note in result.notes])


def test_a_step_on_an_object_the_org_lacks_says_so(mapped, whole, lead, case, event):
    result = mapped(whole(lead, case | {"object": "Ticket__c"}), event({"traits": ANN | {"job_title": "Help"}}))
    assert [(one.step, one.detail) for one in result.unmapped] == [
        ("case", "The org has no object Ticket__c, or the connection's user may not see it.")
    ]


def test_a_step_without_any_value_is_mapped_nothing(mapped, whole, lead, case, event):
    rows = [row for row in case["rows"] if row["field"] == "Subject"]
    result = mapped(whole(lead, case | {"rows": rows}), event({"traits": ANN}))
    assert [(one.step, one.reason) for one in result.unmapped] == [("case", Reason.MAPPED_NOTHING)]


def test_origins_name_delivery_sync_version_and_step(mapped, whole, lead, case, event):
    origin = mapped(whole(lead, case), event({"traits": ANN | {"job_title": "Help"}})).drafts["case"].origins[0]
    assert (origin.delivery_id, origin.sync_id, origin.mapping_version, origin.step, origin.lane_id) == ("d1", "sync", 3, "case", "lane")
