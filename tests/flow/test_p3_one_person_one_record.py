"""P3: any number of events of a new person, in any order, batch, sync or worker, with lost replies and crashes, end in one record."""

import itertools
import json

import pytest
from tests.flow.mappings import MATCH, calls, row, webinar
from tests.world import KEY_FIELD, identify, registration

from crosswalk.plan.decide import unique_key
from localorg.settings import OrgSettings, Switches

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")
ORDERS = list(itertools.permutations(range(3)))


def batch(*entries):
    return json.dumps({"batch": list(entries)}).encode()


def three_events(person, number):
    """Return an event by user id alone, one by email alone, and one that tells both are the same."""
    at = "2026-03-04T08:0{}:00.000Z".format
    by_user = identify(person, f"m{number}-1", at(1), phone="1") | {"traits": {"phone": "1"}}
    by_email = identify(person, f"m{number}-2", at(2), phone="2") | {"userId": None, "anonymousId": f"anonymous-{number}"}
    by_both = identify(person, f"m{number}-3", at(3), phone="3")
    return by_user, by_email, by_both


async def persons(here, email=ANN):
    """Return the Leads and Contacts of an address."""
    found = [await here.records(f"SELECT Id, Phone, Email FROM {name} WHERE Email = '{email}'") for name in ("Lead", "Contact")]
    return [one for records in found for one in records]


async def app(here, mapping=None, position=0):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping or calls(PHONE), position)
    return source


@pytest.mark.shows("P3", "BX-03")
async def test_three_events_of_a_new_person_in_one_batch_make_one_record_in_every_order(here):
    source = await app(here)
    for number, order in enumerate(ORDERS):
        told = three_events(f"person{number}@x.example", number)
        await here.deliver(source, batch(*(told[place] for place in order)), path="/v1/batch")
    await here.drain()
    made = [await persons(here, f"person{number}@x.example") for number in range(len(ORDERS))]
    assert [[one["Phone"] for one in found] for found in made] == [["3"]] * len(ORDERS)


@pytest.mark.shows("P3", "P4")
async def test_three_events_of_a_new_person_one_after_the_other_make_one_record_in_every_order(here):
    source = await app(here)
    for place in range(3):
        for number, order in enumerate(ORDERS):
            await here.deliver(source, three_events(f"person{number}@x.example", number)[order[place]])
        await here.drain()
    made = [await persons(here, f"person{number}@x.example") for number in range(len(ORDERS))]
    assert [[one["Phone"] for one in found] for found in made] == [["3"]] * len(ORDERS)


@pytest.mark.shows("P3")
@pytest.mark.parametrize("first", ["Lead", "Contact"])
async def test_two_syncs_that_create_different_objects_make_one_record(here, first):
    second = "Contact" if first == "Lead" else "Lead"
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, create=first), position=0)
    await here.add_sync(source, calls(PHONE, create=second), position=1)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.drain()
    assert [one["Id"][:3] for one in await persons(here)] == [{"Lead": "00Q", "Contact": "003"}[first]]


@pytest.mark.shows("P3")
async def test_two_sources_that_tell_of_one_new_person_at_once_make_one_record(here):
    source, other = await app(here, calls(PHONE, create="Contact"), position=1), await here.add_source("livestorm")
    await here.add_sync(other, webinar(), position=0)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.deliver(other, registration(ANN.upper(), "p-1"))
    await here.drain()
    assert len(await persons(here)) == 1


@pytest.mark.shows("P3", "BX-18")
@pytest.mark.parametrize("key_field", [KEY_FIELD, None], ids=["keyed", "keyless"])
@pytest.mark.parametrize("lost", ["drop_after_commit", "drop_before"])
async def test_an_insert_whose_reply_is_lost_is_made_once(open_world, lost, key_field):
    here = await open_world(key_field=key_field)
    source = await app(here)
    await here.fault(match={"resource": "collections", "times": 1}, do=lost)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.drain()
    assert [one["Phone"] for one in await persons(here)] == ["1"]


@pytest.mark.shows("P3", "P7", "BX-18")
@pytest.mark.parametrize("key_field", [KEY_FIELD, None], ids=["keyed", "keyless"])
async def test_a_delivery_whose_reply_was_lost_is_written_in_the_end(open_world, key_field):
    here = await open_world(key_field=key_field)
    source = await app(here)
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.drain()
    assert await here.states() == {"written": 1}


@pytest.mark.shows("P3")
async def test_without_the_key_field_nothing_is_sent_again_before_the_lost_request_must_have_ended(open_world):
    here = await open_world(key_field=None)
    source = await app(here)
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_before")
    await here.deliver(source, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    assert (await here.next_due() - here.clock.now()).total_seconds() == here.settings.timings.settle


@pytest.mark.shows("P3")
async def test_with_the_key_field_the_org_is_asked_at_once(here):
    source = await app(here)
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    await here.deliver(source, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    assert await here.next_due() == here.clock.now()


@pytest.mark.shows("P3")
@pytest.mark.parametrize("hidden", [False, True], ids=["id told", "id hidden"])
async def test_a_record_that_holds_our_key_is_updated_and_not_made_again(open_world, hidden):
    here = await open_world(org_settings=OrgSettings(switches=Switches(duplicate_value_hides_id=hidden)))
    source = await app(here)
    key = unique_key(await here.org_id(), f"person:email={ANN}")
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": "renamed@x.example", KEY_FIELD: key})
    await here.deliver(source, identify(ANN, "m1", phone="1", lastName="Smith"))
    await here.drain()
    assert await here.records("SELECT LastName, Phone FROM Lead") == [{"LastName": "Ray", "Phone": "1"}]


@pytest.mark.shows("P3")
@pytest.mark.parametrize("point", ["K2", "K3", "K4", "K5", "K6", "K7"])
async def test_a_worker_that_is_paused_while_another_takes_over_makes_no_second_record(here, point):
    source = await app(here)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    paused = False

    async def stand_still(passed):
        nonlocal paused
        if passed == point and not paused:
            paused = True
            here.clock.advance(here.settings.timings.lease + 1)
            await here.worker().sweep(linger=False)

    await here.worker(stand_still).sweep(linger=False)
    await here.drain()
    assert (paused, [one["Phone"] for one in await persons(here)]) == (True, ["1"])


@pytest.mark.shows("P3")
async def test_a_paused_worker_that_loses_the_reply_too_makes_no_second_record(here):
    source = await app(here)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")

    async def stand_still(passed):
        if passed == "K6":
            here.clock.advance(here.settings.timings.lease + 1)
            await here.drain()

    await here.worker(stand_still).sweep(linger=False)
    await here.drain()
    assert len(await persons(here)) == 1


@pytest.mark.shows("P3")
async def test_two_workers_that_meet_one_person_by_different_keys_at_once_make_one_record(open_world):
    here = await open_world(slots=5)
    by_both = [*MATCH, row("Phone", "phone")]
    source = await app(here, calls(PHONE, match=by_both))
    await here.deliver(source, identify(ANN, "m1", phone="111"))
    for number in range(4):  # by phone alone, in lanes of several slots
        nameless = {"userId": f"user-{number}", "traits": {"phone": "111"}}
        await here.deliver(source, identify(ANN, f"n{number}") | nameless)

    async def another_comes(passed):
        if passed == "K3":
            await here.worker().sweep(linger=False)

    await here.worker(another_comes).sweep(linger=False)
    await here.drain()
    assert len(await here.records("SELECT Id FROM Lead")) == 1


@pytest.mark.shows("P3")
async def test_who_loses_a_claim_waits_for_it(open_world):
    here = await open_world(slots=5)
    source = await app(here, calls(PHONE, match=[*MATCH, row("Phone", "phone")]))
    await here.deliver(source, identify(ANN, "m1", phone="111"))
    for number in range(4):
        await here.deliver(source, identify(ANN, f"n{number}") | {"userId": f"user-{number}", "traits": {"phone": "111"}})
    seen = []

    async def another_comes(passed):
        if passed == "K3" and not seen:
            await here.worker().sweep(linger=False)
            seen.append(await here.states())

    await here.worker(another_comes).sweep(linger=False)
    assert seen[0].get("waiting(claimed)", 0) > 0


@pytest.mark.shows("P3", "BX-08")
async def test_a_registration_told_twice_by_two_channels_makes_one_member(here):
    source, other = await here.add_source("livestorm"), await here.add_source("livestorm")
    for position, one in enumerate((source, other)):
        await here.add_sync(one, webinar(), position)
        await here.deliver(one, registration(ANN, "p-1"))
    await here.drain()
    assert len(await here.records("SELECT Id FROM CampaignMember")) == 1


@pytest.mark.shows("P3")
async def test_a_new_campaign_member_whose_reply_is_lost_is_made_once(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    await here.fault(match={"resource": "CampaignMember", "times": 1}, do="drop_after_commit")
    await here.deliver(source, registration(ANN, "p-1"))
    await here.drain()
    assert len(await here.records("SELECT Id FROM CampaignMember")) == 1


@pytest.mark.shows("P3")
async def test_a_member_that_somebody_added_before_is_updated(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    (lead,) = await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    await here.seed("CampaignMember", {"CampaignId": here.campaign, "LeadId": lead, "Status": "Sent"})
    await here.deliver(source, registration(ANN, "p-1"))
    await here.drain()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Registered"}]


@pytest.mark.shows("P3")
async def test_without_the_key_field_a_second_record_made_meanwhile_is_held_as_suspected(open_world):
    here = await open_world(key_field=None)
    source = await app(here)
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    await here.worker().sweep(linger=False)
    await here.seed("Lead", {"LastName": "n/a", "Company": "n/a", "Email": ANN})
    await here.drain()
    assert await here.states() == {"held(duplicate_suspected)": 1}
