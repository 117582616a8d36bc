"""P7: everything received ends with a state and a reason, or waits with a reason, a time and a deadline; and the sums hold."""

import json

import pytest
from sqlalchemy import select
from tests.flow.mappings import STATUSES, calls, row, webinar
from tests.world import identify, preset, registration

from crosswalk.inbox import deliveries
from crosswalk.journal import stats
from crosswalk.reasons import Reason
from crosswalk.store import tables

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")


@pytest.fixture
def add(here):
    """Return a function that adds a source with a sync and keeps both at hand."""

    async def added(kind, mapping, **source):
        source_id = await here.add_source(kind, **source)
        return source_id, await here.add_sync(source_id, mapping)

    return added


async def details(here):
    return [one["detail"] for one in await here.rows(tables.delivery)]


async def steps(here):
    """Return step → (state, reason) of the only delivery."""
    return {one["step"]: (one["state"], one["reason"]) for one in await here.rows(tables.step_outcome)}


# --- the sums ---------------------------------------------------------------------------------------------------------------------


async def a_bit_of_everything(here, add):
    """Deliver events, repeats, notices, bad items and events nobody maps, and leave some waiting, some held."""
    app, _ = await add("rudderstack", preset("rudderstack"))
    webinars, _ = await add("livestorm", webinar(), bound=False)
    mixed = [
        identify(ANN, "m1", phone="1"),
        identify(ANN, "m1", phone="1"),
        identify("bob@x.example", "m2") | {"integrations": {}},
        {"type": "identify", "userId": "u", "messageId": "m3", "traits": {"phone": "1"}, "integrations": {"Salesforce": True}},
        {"type": "track", "event": "Opened", "userId": "u", "messageId": "m4"},
        {"type": "identify", "messageId": "m5", "traits": {}},
        identify("long@x.example", "m6", company="x" * 300),
        "not an event",
    ]
    await here.deliver(app, json.dumps({"batch": mixed}).encode(), path="/v1/batch")
    await here.deliver(webinars, registration(ANN, "p-1"))
    ended = {"data": {"id": "session-1", "type": "sessions", "attributes": {}, "meta": {"webhook": {"event": "session.ended"}}}}
    await here.deliver(webinars, ended)
    await here.deliver(webinars, {"data": {"id": "p-2", "meta": {"webhook": {"event": "people.registered"}}}})
    for _ in range(3):
        await here.worker().sweep(linger=False)


async def sums(here):
    async with here.database.read() as tx:
        return await stats.sums(tx)


@pytest.mark.shows("P7")
async def test_everything_received_is_counted_once(here, add):
    await a_bit_of_everything(here, add)
    counted = (await sums(here)).received
    assert (counted.received, counted.events, counted.notices, counted.repeats, counted.rejected) == (11, 9, 1, 1, 0)


@pytest.mark.shows("P7")
async def test_every_event_is_routed_unrouted_or_invalid(here, add):
    await a_bit_of_everything(here, add)
    assert {status.value: count for status, count in (await sums(here)).events.items()} == {"routed": 5, "unrouted": 1, "invalid": 3}


@pytest.mark.shows("P7")
async def test_every_delivery_is_in_one_state(here, add):
    await a_bit_of_everything(here, add)
    assert await here.states() == {
        "held(lossy_value)": 1,
        "skipped(no_match_key)": 1,
        "skipped(not_opted_in)": 1,
        "waiting(no_campaign)": 1,
        "written": 1,
    }


@pytest.mark.shows("P7")
async def test_the_three_sums_hold(here, add):
    await a_bit_of_everything(here, add)
    assert (await sums(here)).hold


@pytest.mark.shows("P7")
async def test_what_waits_has_a_time_and_a_later_deadline(here, add):
    await a_bit_of_everything(here, add)
    waiting = await here.rows(tables.delivery, state="waiting")
    assert [here.clock.now() < one["due_at"] < one["deadline"] for one in waiting] == [True]


@pytest.mark.shows("P7")
async def test_a_new_delivery_waits_in_the_queue_with_a_deadline(here, add):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify(ANN, "m1"))
    (one,) = await here.rows(tables.delivery)
    assert (one["reason"], one["due_at"] < one["deadline"]) == ("queued", True)


@pytest.mark.shows("P7")
async def test_a_reason_is_one_of_the_list_and_fits_its_state(here, add):
    await a_bit_of_everything(here, add)
    reasons = {(one["state"], one["reason"]) for one in await here.rows(tables.delivery) if one["reason"]}
    assert {(Reason(reason).state.value, reason) for _, reason in reasons} == reasons


@pytest.mark.shows("P7")
async def test_what_waits_past_its_deadline_is_held(here, add):
    webinars, _ = await add("livestorm", webinar(), bound=False)
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    here.clock.advance(31 * 86_400)
    await here.worker().sweep(linger=False)
    assert await here.states() == {"held(deadline)": 1}


# --- steps ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P7")
async def test_each_step_has_an_outcome_of_its_own(here, add):
    webinars, _ = await add("livestorm", webinar(), bound=False)
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    assert await steps(here) == {"person": ("written", None), "member": ("waiting", "no_campaign")}


@pytest.mark.shows("P7")
async def test_a_delivery_is_as_bad_as_its_worst_step(here, add):
    statuses = {**STATUSES, "people.registered": "Signed up"}
    webinars, _ = await add("livestorm", webinar(statuses=statuses))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.drain()
    assert (await here.states(), await steps(here)) == (
        {"held(unknown_status)": 1},
        {"person": ("written", None), "member": ("held", "unknown_status")},
    )


@pytest.mark.shows("P7")
async def test_what_hangs_on_a_held_person_waits_for_it(here, add):
    webinars, _ = await add("livestorm", webinar(on_duplicates="hold"))
    await here.seed("Lead", *({"LastName": "Ray", "Company": "Acme", "Email": ANN} for _ in range(2)))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    assert await steps(here) == {"person": ("held", "too_many"), "member": ("waiting", "parent_missing")}


# --- what is skipped --------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("RS-11")
async def test_a_call_that_does_not_ask_for_salesforce_costs_no_api_call(here, add):
    app, _ = await add("rudderstack", preset("rudderstack"))
    await here.deliver(app, identify("known@x.example", "warm-up"))
    await here.drain()
    before = (await here.calls())["total"]
    await here.deliver(app, identify(ANN, "m1") | {"integrations": {"All": True}})
    await here.drain()
    assert (await here.calls())["total"] == before


@pytest.mark.shows("RS-11")
async def test_a_call_that_does_not_ask_for_salesforce_is_skipped_and_counted(here, add):
    app, _ = await add("rudderstack", preset("rudderstack"))
    await here.deliver(app, identify(ANN, "m1") | {"integrations": {"All": True}})
    await here.drain()
    assert (await here.states(), await here.records("SELECT Id FROM Lead")) == ({"skipped(not_opted_in)": 1}, [])


@pytest.mark.shows("P7")
async def test_an_event_without_a_match_key_is_skipped_with_a_sentence(here, add):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.deliver(app, {"type": "identify", "userId": "u", "messageId": "m1", "traits": {"phone": "1"}})
    await here.drain()
    assert await details(here) == ["The event has no value for Email."]


# --- campaigns and statuses -------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-44", "P7")
async def test_an_event_without_a_campaign_waits_for_one(here, add):
    webinars, _ = await add("livestorm", preset("livestorm"), bound=False)
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    assert await here.states() == {"waiting(no_campaign)": 1}


@pytest.mark.shows("LS-44")
async def test_the_person_is_written_although_no_campaign_is_chosen(here, add):
    webinars, _ = await add("livestorm", preset("livestorm"), bound=False)
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    assert await here.records("SELECT Email FROM Lead") == [{"Email": ANN}]


@pytest.mark.shows("LS-44", "P7")
async def test_all_that_waited_is_written_once_a_campaign_is_chosen(here, add):
    webinars, _ = await add("livestorm", preset("livestorm"), bound=False)
    people = [f"person{number}@x.example" for number in range(5)]
    for email in people:
        await here.deliver(webinars, registration(email, f"p-{email}"))
    await here.worker().sweep(linger=False)
    await here.bind(webinars, "session-1")
    await here.drain()
    members = await here.records("SELECT Email, Status FROM CampaignMember ORDER BY Email")
    assert members == [{"Email": email, "Status": "Registered"} for email in people]


@pytest.mark.shows("LS-44")
async def test_a_campaign_of_another_session_is_not_taken(here, add):
    webinars, _ = await add("livestorm", preset("livestorm"), bound=False)
    await here.bind(webinars, "session-2")
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    assert await here.states() == {"waiting(no_campaign)": 1}


@pytest.mark.shows("LS-45", "P7")
async def test_a_status_the_campaign_lacks_is_held_with_its_label(here, add):
    webinars, _ = await add("livestorm", webinar(statuses={"people.registered": "Signed up"}))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.drain()
    assert (await here.states(), ["Signed up" in text for text in await details(here)]) == ({"held(unknown_status)": 1}, [True])


@pytest.mark.shows("LS-45")
async def test_a_status_the_campaign_lacks_makes_no_member(here, add):
    webinars, _ = await add("livestorm", webinar(statuses={"people.registered": "Signed up"}))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.drain()
    assert await here.records("SELECT Id FROM CampaignMember") == []


@pytest.mark.shows("LS-45", "BX-13")
async def test_what_was_held_for_a_status_is_written_after_the_campaign_has_it(here, add):
    webinars, _ = await add("livestorm", webinar(statuses={"people.registered": "Signed up"}))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.drain()
    await here.seed("CampaignMemberStatus", {"CampaignId": here.campaign, "Label": "Signed up"})
    await here.replay()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Signed up"}]


@pytest.mark.shows("P7", "BX-13")
async def test_what_was_held_is_written_after_the_mapping_is_mended(here, add):
    app, sync = await add("rudderstack", calls(row("Title", "title")))
    await here.deliver(app, identify(ANN, "m1", title="x" * 200))
    await here.drain()
    held = await here.states()
    await here.save_mapping(sync, calls(row("Title", "title", lossy="truncate")))
    await here.replay()
    assert (held, await here.records("SELECT Title FROM Lead")) == ({"held(lossy_value)": 1}, [{"Title": "x" * 128}])


# --- syncs ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P7")
async def test_events_of_a_paused_sync_wait(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.set_sync(sync, "paused")
    await here.deliver(app, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    assert await here.states() == {"waiting(sync_paused)": 1}


@pytest.mark.shows("P7")
async def test_what_was_queued_when_a_sync_is_paused_waits_too(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify(ANN, "m1"))
    await here.set_sync(sync, "paused")
    await here.worker().sweep(linger=False)
    assert await here.states() == {"waiting(sync_paused)": 1}


@pytest.mark.shows("P7")
async def test_what_waited_for_a_paused_sync_is_written_when_it_is_resumed(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.set_sync(sync, "paused")
    await here.deliver(app, identify(ANN, "m1", phone="1"))
    await here.worker().sweep(linger=False)
    await here.set_sync(sync, "on")
    async with here.database.write() as tx:
        await deliveries.wake_sync(tx, sync, {Reason.SYNC_PAUSED}, here.clock.now())
    await here.worker().sweep(linger=False)
    assert await here.states() == {"written": 1}


@pytest.mark.shows("P7")
async def test_what_was_queued_for_a_removed_sync_is_skipped(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify(ANN, "m1"))
    await here.set_sync(sync, "removed")
    await here.drain()
    assert await here.states() == {"skipped(sync_removed)": 1}


@pytest.mark.shows("P7")
async def test_events_that_no_sync_takes_are_counted_as_unrouted(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.set_sync(sync, "removed")
    await here.deliver(app, identify(ANN, "m1"))
    async with here.database.read() as tx:
        statuses = (await tx.execute(select(tables.event.c.status))).scalars().all()
    assert statuses == ["unrouted"]


@pytest.mark.shows("P7")
async def test_a_paused_connection_keeps_its_deliveries_waiting(here, add):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.fault(match={"resource": "query|composite"}, do="status", status=403, code="API_DISABLED_FOR_ORG", message="no API")
    await here.deliver(app, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    assert set(await here.states()) == {"waiting(connection_paused)"}


@pytest.mark.shows("P7")
@pytest.mark.parametrize("trouble", [{"do": "status", "status": 503}, {"do": "html"}, {"do": "concurrent_limit"}, {"do": "drop_before"}])
@pytest.mark.parametrize("resource", ["query|composite$", "collections"])
async def test_trouble_that_passes_is_waited_for(here, add, trouble, resource):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify("known@x.example", "warm-up"))
    await here.drain()
    await here.fault(match={"resource": resource, "times": 2}, **trouble)
    await here.deliver(app, identify(ANN, "m1", phone="1"))
    await here.drain()
    assert await here.states() == {"written": 2}


@pytest.mark.shows("P7")
@pytest.mark.parametrize("resource", ["query|composite$", "collections"])
async def test_waiting_for_an_outage_to_end_is_no_attempt(here, add, resource):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify(ANN, "m1"))
    await here.fault(match={"resource": resource}, do="status", status=503)
    await sweep_until_due(here, 3)
    assert [(one["state"], one["attempts"]) for one in await here.rows(tables.delivery)] == [("waiting", 0)]


@pytest.mark.shows("P7")
async def test_waiting_for_a_paused_sync_is_no_attempt(here, add):
    app, sync = await add("rudderstack", calls(PHONE))
    await here.deliver(app, identify(ANN, "m1"))
    await here.set_sync(sync, "paused")
    await sweep_until_due(here, 3)
    assert [(one["state"], one["attempts"]) for one in await here.rows(tables.delivery)] == [("waiting", 0)]


@pytest.mark.shows("P7")
async def test_a_row_that_the_org_never_takes_is_held_in_the_end(here, add):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.fault(match={}, do="lock_row")
    await here.deliver(app, identify(ANN, "m1"))
    async with here.database.write() as tx:
        await tx.execute(tables.delivery.update().values(attempts=48))
    await here.drain()
    assert await here.states() == {"held(rejected)": 1}


@pytest.mark.shows("P7")
async def test_a_weekend_without_a_worker_holds_nobody(here, add):
    app, _ = await add("rudderstack", calls(PHONE))
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    await here.deliver(app, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    here.clock.advance(3 * 86_400)
    await here.drain()
    assert await here.states() == {"written": 1}


@pytest.mark.shows("P7")
async def test_who_waits_for_a_record_waits_a_day_and_is_then_held(here, add):
    app, _ = await add("rudderstack", calls(PHONE, on_missing="wait"))
    await here.deliver(app, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    (waiting,) = await here.rows(tables.delivery)
    here.clock.advance(86_400)
    await here.worker().sweep(linger=False)
    assert (waiting["reason"], await here.states()) == ("no_record", {"held(deadline)": 1})


@pytest.mark.shows("P7")
async def test_looking_again_does_not_lengthen_the_wait_for_a_record(here, add):
    app, _ = await add("rudderstack", calls(PHONE, on_missing="wait"))
    await here.deliver(app, identify(ANN, "m1"))
    await here.worker().sweep(linger=False)
    (before,) = await here.rows(tables.delivery)
    await sweep_until_due(here, 3)
    (after,) = await here.rows(tables.delivery)
    assert before["deadline"] == after["deadline"]


@pytest.mark.shows("P7", "P4")
async def test_who_waits_for_a_record_goes_on_when_another_sync_makes_it(here, add):
    webinars, _ = await add("livestorm", webinar(on_missing="wait"))
    app, _ = await add("rudderstack", calls(PHONE))
    await here.deliver(webinars, registration(ANN, "p-1"))
    await here.worker().sweep(linger=False)
    await here.deliver(app, identify(ANN, "m1", phone="1"))
    for _ in range(2):
        await here.worker().sweep(linger=False)
    assert await here.states() == {"written": 2}


async def sweep_until_due(here, times):
    """Sweep so many times, each when the next delivery is due."""
    for _ in range(times):
        await here.worker().sweep(linger=False)
        due = await here.next_due()
        here.clock.advance(max((due - here.clock.now()).total_seconds(), 0) + 0.001)
