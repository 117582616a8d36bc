"""P10: one bad row stops nobody: not its call, not its sync, not the person's other events."""

import json

import pytest
from tests.flow.mappings import calls, row, webinar
from tests.world import identify, preset, registration

from crosswalk.store import tables
from localorg.settings import OrgSettings, Switches

PEOPLE = [f"person{number:02}@x.example" for number in range(50)]
BAD = PEOPLE[17]
PHONE = row("Phone", "phone", update="overwrite")
TITLE = row("Title", "title", update="overwrite")
RATING = row("CleanStatus", "cleanStatus", update="overwrite")


@pytest.fixture
def add(here):
    """Return a function that adds a source of calls with one sync for each mapping; returns the source."""

    async def added(*mappings):
        source = await here.add_source("rudderstack")
        for position, mapping in enumerate(mappings):
            await here.add_sync(source, mapping, position)
        return source

    return added


async def tell_all(here, source, bad=None):
    """Let all fifty be told of in one request; `bad` are the traits of the bad one."""
    told = [identify(email, f"m-{email}", phone=email[6:8], **((bad or {}) if email == BAD else {})) for email in PEOPLE]
    await here.deliver(source, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await here.drain()


async def phones(here):
    return {one["Email"]: one["Phone"] for one in await here.records("SELECT Email, Phone FROM Lead")}


def expected(*without):
    return {email: email[6:8] for email in PEOPLE if email not in without}


async def write_calls(here):
    """Return the number of rows of each call that wrote."""
    return [call["rows"] for call in (await here.calls())["calls"] if call["kind"].startswith("collections")]


# --- one among fifty --------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P10")
async def test_a_row_the_org_refuses_leaves_the_other_forty_nine_as_without_it(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"object": "Lead", "field": "Email", "value": BAD}, do="reject_row")
    await tell_all(here, source)
    assert (await phones(here), await here.states()) == (expected(BAD), {"held(rejected)": 1, "written": 49})


@pytest.mark.shows("P10", "BX-41")
async def test_a_text_that_is_too_long_leaves_the_other_forty_nine_as_without_it(here, add):
    source = await add(calls(PHONE, TITLE))
    await tell_all(here, source, {"title": "x" * 300})
    assert (await phones(here), await here.states()) == (expected(BAD), {"held(lossy_value)": 1, "written": 49})


@pytest.mark.shows("P10")
async def test_a_value_outside_a_restricted_picklist_leaves_the_other_forty_nine_as_without_it(here, add):
    source = await add(calls(PHONE, RATING))
    await tell_all(here, source, {"cleanStatus": "Spotless"})
    assert (await phones(here), await here.states()) == (expected(BAD), {"held(lossy_value)": 1, "written": 49})


@pytest.mark.shows("P10", "BX-19")
async def test_a_refused_row_is_not_pushed_again(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"object": "Lead", "field": "Email", "value": BAD}, do="reject_row")
    await here.deliver(source, identify(BAD, "m1", phone="1"))
    await here.drain()
    here.clock.advance(3 * 86_400)
    await here.drain()
    assert await write_calls(here) == [1]


@pytest.mark.shows("P10")
async def test_a_refused_row_says_what_salesforce_said(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"object": "Lead", "field": "Email", "value": BAD}, do="reject_row")
    await here.deliver(source, identify(BAD, "m1", phone="1"))
    await here.drain()
    (one,) = await here.rows(tables.delivery)
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in one["detail"]


@pytest.mark.shows("P10", "BX-13")
async def test_a_refused_row_is_written_by_a_replay_after_the_cause_is_mended(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"object": "Lead", "field": "Email", "value": BAD}, do="reject_row")
    await tell_all(here, source)
    await here.ask("DELETE", "/localorg/faults")
    await here.replay()
    assert await phones(here) == expected()


# --- the person's other events and syncs ------------------------------------------------------------------------------------------


async def refuse_title(here, value="bad"):
    await here.fault(match={"field": "Title", "value": value}, do="reject_row")


@pytest.mark.shows("P10")
@pytest.mark.parametrize("order", [0, 1])
async def test_a_refused_value_of_one_sync_does_not_keep_the_other_syncs_from_writing(here, add, order):
    source = await add(*[calls(PHONE), calls(TITLE)][:: -1 if order else 1])
    await refuse_title(here)
    await here.deliver(source, identify(BAD, "m1", phone="1", title="bad"))
    await here.drain()
    assert (await phones(here), await here.states()) == ({BAD: "1"}, {"held(rejected)": 1, "written": 1})


@pytest.mark.shows("P10")
@pytest.mark.parametrize("bad", [0, 1, 2])
async def test_a_refused_event_does_not_keep_the_persons_other_events_from_writing(here, add, bad):
    source = await add(calls(PHONE, TITLE))
    await refuse_title(here)
    told = [identify(BAD, f"m{n}", f"2026-03-04T08:0{n}:00.000Z", phone=str(n), **({"title": "bad"} if n == bad else {})) for n in range(3)]
    await here.deliver(source, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await here.drain()
    newest = max(number for number in range(3) if number != bad)
    states = await here.states()
    assert (await phones(here), states["held(rejected)"], sum(states.values())) == ({BAD: str(newest)}, 1, 3)


@pytest.mark.shows("P10")
async def test_a_held_event_does_not_stop_a_later_one_of_the_person(here, add):
    source = await add(calls(PHONE, TITLE))
    await here.deliver(source, identify(BAD, "m1", "2026-03-04T08:01:00.000Z", title="x" * 300))
    await here.drain()
    await here.deliver(source, identify(BAD, "m2", "2026-03-04T08:02:00.000Z", phone="2"))
    await here.drain()
    assert await phones(here) == {BAD: "2"}


@pytest.mark.shows("P10")
async def test_a_refused_person_keeps_no_other_person_out_of_the_campaign(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    await here.fault(match={"object": "Lead", "field": "Email", "value": BAD}, do="reject_row")
    for email in PEOPLE[10:20]:
        await here.deliver(source, registration(email, f"p-{email}"))
    await here.drain()
    members = {one["Email"] for one in await here.records("SELECT Email FROM CampaignMember")}
    assert members == set(PEOPLE[10:20]) - {BAD}


# --- locks ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P10", "BX-20")
async def test_only_the_locked_row_is_sent_again(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"field": "Email", "value": BAD, "times": 1}, do="lock_row")
    await tell_all(here, source)
    assert (await phones(here), await write_calls(here)) == (expected(), [50, 1])


@pytest.mark.shows("P10", "BX-20")
async def test_rows_that_are_locked_again_and_again_are_all_written_in_the_end(here, add):
    source = await add(calls(PHONE))
    await here.fault(match={"probability": 0.3, "seed": 3, "times": 40}, do="lock_row")
    await tell_all(here, source)
    assert (await phones(here), await here.states()) == (expected(), {"written": 50})


@pytest.mark.shows("P10")
async def test_a_locked_record_is_written_although_another_of_the_same_event_is_held(here, add):
    source = await add(preset("rudderstack"))
    (contact,) = await here.seed("Contact", {"LastName": "Ray", "Email": BAD})
    await here.fault(match={"object": "Contact", "times": 1}, do="lock_row")
    body = identify(BAD, "m1", Department="Sales")
    named = [{"type": "Salesforce-Contact", "id": contact}, {"type": "Salesforce-Lead", "id": "00Q000000000001AAA"}]
    await here.deliver(source, {**body, "context": {"externalId": named}})
    await here.drain()
    assert await here.records("SELECT Department FROM Contact") == [{"Department": "Sales"}]


# --- drift ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[False, True], ids=["row refused", "call refused"])
async def drifting(open_world, request):
    """Return a world whose mapping has a row for a field that has just been deleted in the org, and its source."""
    here = await open_world(org_settings=OrgSettings(switches=Switches(unreadable_row_fails_whole_collection=request.param)))
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Plan__c", type="string", length=40)
    here.app = await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(PHONE, row("Plan__c", "title", update="overwrite")))
    await here.deliver(here.app, identify("before@x.example", "m0", title="Gold"))
    await here.drain()
    for name in ("Lead", "Contact"):
        await here.remove_field(name, "Plan__c")
    return here


@pytest.mark.shows("P10", "LS-41")
async def test_the_rows_of_a_deleted_field_are_left_out_and_the_rest_is_sent(drifting):
    told = [identify(email, f"m-{email}", phone="1", title="Gold") for email in PEOPLE[:10]]
    await drifting.deliver(drifting.app, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await drifting.drain()
    found = await phones(drifting)
    assert {email: found.get(email) for email in PEOPLE[:10]} == dict.fromkeys(PEOPLE[:10], "1")


@pytest.mark.shows("P10", "LS-41", "P7")
async def test_what_a_deleted_field_leaves_out_is_noted_with_its_name(drifting):
    await drifting.deliver(drifting.app, identify("ann@x.example", "m1", phone="1", title="Gold"))
    await drifting.drain()
    notes = [note for one in await drifting.rows(tables.step_outcome) for note in one["notes"] or []]
    assert any("Plan__c" in sentence for _, _, sentence in notes)


@pytest.mark.shows("P10")
async def test_drift_holds_nobody(drifting):
    await drifting.deliver(drifting.app, identify("ann@x.example", "m1", phone="1", title="Gold"))
    await drifting.drain()
    assert await drifting.states() == {"written": 2}


@pytest.mark.shows("P10", "LS-41")
async def test_a_known_record_is_still_updated_after_a_field_of_it_was_deleted(drifting):
    await drifting.deliver(drifting.app, identify("before@x.example", "m1", phone="1", title="Silver"))
    await drifting.drain()
    assert await phones(drifting) == {"before@x.example": "1"}


@pytest.mark.shows("P10", "LS-41")
@pytest.mark.parametrize("field", ["Lead.Plan__c", "Contact.Plan__c"])
async def test_a_field_that_is_hidden_from_the_connections_user_is_left_out(here, field):
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Plan__c", type="string", length=40)
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, row("Plan__c", "title", update="overwrite")))
    await here.deliver(source, identify("before@x.example", "m0"))
    await here.drain()
    await here.ask("POST", "/localorg/permissions", json={"hidden": [field]})
    await here.deliver(source, identify("ann@x.example", "m1", phone="1", title="Gold"))
    await here.drain()
    assert (await phones(here))["ann@x.example"] == "1"


@pytest.mark.shows("LS-41")
async def test_a_row_whose_attribute_is_deleted_at_the_source_is_left_out_and_the_rest_is_sent(here):
    attribute = {"slug": "plan", "name": "Plan", "type": "text"}
    source = await here.add_source("livestorm", settings={"people_attributes": [attribute]})
    mapping = webinar()
    mapping["steps"][0]["rows"].append(row("Description", "plan"))
    await here.add_sync(source, mapping)
    async with here.database.write() as tx:
        await tx.execute(tables.source.update().values(settings={"people_attributes": []}))
    here.configuration.forget()
    await here.deliver(source, registration("ann@x.example", "p-1", fields={"plan": "Gold", "job_title": "Buyer"}))
    await here.drain()
    assert await here.records("SELECT Title, Description FROM Lead") == [{"Title": "Buyer", "Description": None}]
