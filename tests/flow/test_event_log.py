"""The event log as a person and a program see it: what became of everything, and what one can do about it."""

import pytest
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.store import tables

PHONE = row("Phone", "phone", update="overwrite")


@pytest.fixture
async def told(here):
    """Return a world with a written, a held and a skipped delivery, and the console beside it."""
    here.app = await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(PHONE))
    await here.deliver(here.app, identify("ann@x.example", "m1", phone="111", lastName="Arden"))
    await here.deliver(here.app, identify("bob@x.example", "m2", phone="2" * 90))
    await here.deliver(here.app, {**identify("", "m3"), "userId": "eve", "traits": {}})
    await here.drain()
    async with console.beside(here) as served:
        here.console = served
        yield here


async def listed(browser, **query):
    answer = await browser.api("GET", "/api/deliveries", params=query)
    return [(one["person"], one["state"]) for one in answer.json()["items"]]


async def one_of(here, **where):
    [found] = await here.rows(tables.delivery, **where)
    return found["id"]


async def test_the_newest_come_first(told):
    assert await listed(told.console.owner) == [("eve", "skipped"), ("bob@x.example", "held"), ("Arden", "written")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "held"}, [("bob@x.example", "held")]),
        ({"state": ["held", "skipped"]}, [("eve", "skipped"), ("bob@x.example", "held")]),
        ({"reason": "no_match_key"}, [("eve", "skipped")]),
        ({"find": "ANN@x.example"}, [("Arden", "written")]),
        ({"find": "m2"}, [("bob@x.example", "held")]),
        ({"find": "nobody@x.example"}, []),
        ({"since": "2030-01-01T00:00:00Z"}, []),
    ],
)
async def test_filters_narrow_the_list(told, query, expected):
    assert await listed(told.console.owner, **query) == expected


async def test_pages_follow_each_other(told):
    first = (await told.console.owner.api("GET", "/api/deliveries", params={"limit": 2})).json()
    second = (await told.console.owner.api("GET", "/api/deliveries", params={"limit": 2, "after": first["next"]})).json()
    assert ([len(first["items"]), len(second["items"])], second["next"]) == ([2, 1], None)


async def test_outcomes_are_counted(told):
    counts = (await told.console.owner.api("GET", "/api/deliveries/counts")).json()["counts"]
    assert counts == {"written": 1, "unchanged": 0, "skipped": 1, "waiting": 0, "held": 1}


@pytest.mark.shows("BX-12", "BX-40")
async def test_one_delivery_is_told_with_its_changes_calls_and_payload(told):
    answer = (await told.console.owner.api("GET", f"/api/deliveries/{await one_of(told, state='written')}")).json()
    [change] = answer["changes"]
    phone = next(field for field in change["fields"] if field["field"] == "Phone")
    assert (
        change["operation"],
        phone["after"],
        answer["payload"]["messageId"],
        {call["purpose"] for call in answer["calls"]} >= {"write"},
    ) == (
        "insert",
        "111",
        "m1",
        True,
    )


@pytest.mark.shows("BX-46")
async def test_who_may_not_see_people_sees_marks(told):
    viewer = await told.console.user("viewer", {told.connection_id: "viewer"})
    told_of = (await viewer.api("GET", f"/api/deliveries/{await one_of(told, state='written')}")).json()
    values = {field["after"] for change in told_of["changes"] for field in change["fields"]}
    assert (told_of["person"], told_of["payload"], values) == ("•••••", None, {"•••••"})


async def test_who_has_no_access_to_the_connection_sees_none_of_its_deliveries(told):
    stranger = await told.console.user("viewer")
    answer = await stranger.api("GET", f"/api/deliveries/{await one_of(told, state='written')}")
    assert (await listed(stranger), answer.status_code) == ([], 403)


@pytest.mark.shows("BX-13")
async def test_a_held_delivery_is_replayed_after_the_cause_is_mended(told):
    await told.save_mapping(told.sync, calls({**PHONE, "lossy": "truncate"}))
    answer = await told.console.owner.api("POST", "/api/deliveries/replay", json={"ids": [await one_of(told, state="held")]})
    await told.drain()
    assert (answer.json()["queued"], await told.states()) == (1, {"written": 2, "skipped(no_match_key)": 1})


async def test_all_that_a_filter_finds_are_replayed(told):
    answer = await told.console.owner.api("POST", "/api/deliveries/replay?state=held", json={})
    assert answer.json()["queued"] == 1


async def test_nothing_is_replayed_when_nothing_is_named(told):
    answer = await told.console.owner.api("POST", "/api/deliveries/replay", json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_chosen")


async def test_a_held_delivery_is_skipped_with_a_note(told):
    held = await one_of(told, state="held")
    await told.console.owner.api("POST", "/api/deliveries/skip", json={"ids": [held], "note": "a test call"})
    [found] = await told.rows(tables.delivery, id=held)
    assert (found["state"], found["reason"], found["detail"]) == ("skipped", "skipped_by_hand", "a test call")


async def test_what_was_written_cannot_be_skipped(told):
    answer = await told.console.owner.api("POST", "/api/deliveries/skip", json={"ids": [await one_of(told, state="written")]})
    assert answer.json() == {"moved": 0}


async def test_a_waiting_delivery_is_held_and_then_stays_where_it_is(told):
    await told.deliver(told.app, identify("zoe@x.example", "m9"))
    await told.console.owner.api("POST", "/api/deliveries/hold", json={"ids": [await one_of(told, state="waiting")]})
    await told.drain()
    assert (await told.states())["held(held_by_hand)"] == 1


@pytest.mark.shows("BX-32")
async def test_what_is_done_by_hand_stands_in_the_audit_trail(told):
    await told.console.owner.api("POST", "/api/deliveries/skip", json={"ids": [await one_of(told, state="held")], "note": "spam"})
    [entry] = await told.rows(tables.audit, action="delivery.skip")
    assert (entry["actor"], entry["after"]["note"]) == (told.console.owner.caller.actor, "spam")


async def test_a_viewer_settles_nothing(told):
    viewer = await told.console.user("viewer", {told.connection_id: "viewer"})
    answer = await viewer.api("POST", "/api/deliveries/skip", json={"ids": [await one_of(told, state="held")]})
    assert answer.status_code == 403


# --- pages --------------------------------------------------------------------------------------------------------------------------


async def test_the_page_shows_each_delivery_with_its_outcome(told):
    page = (await told.console.owner.get("/event-log")).text
    assert all(text in page for text in ("Arden", "bob@x.example", "Held", "Lead created", "The event has no value for Email."))


async def test_a_delivery_opens_beside_the_list(told):
    held = await one_of(told, state="held")
    page = (await told.console.owner.get(f"/event-log?open={held}&state=held")).text
    assert f'href="/event-log/{held}"' in page


@pytest.mark.shows("LS-43")
async def test_the_story_links_the_record_it_wrote(told):
    [lead] = await told.records("SELECT Id FROM Lead")
    page = (await told.console.owner.get(f"/event-log/{await one_of(told, state='written')}")).text
    assert f'/{lead["Id"]}"' in page


async def test_objects_and_fields_are_called_as_people_in_salesforce_call_them(told):
    page = (await told.console.owner.get(f"/event-log/{await one_of(told, state='written')}")).text
    assert ("Last Name</span>" in page, "LastName</span>" in page) == (True, False)


async def test_the_form_of_the_page_skips_and_leads_back(told):
    held = await one_of(told, state="held")
    answer = await told.console.owner.post("/event-log/settle", {"what": "skip", "delivery": held, "note": "", "back": "state=held"})
    assert (answer.status_code, answer.headers["location"], "skipped(skipped_by_hand)" in await told.states()) == (
        303,
        "/event-log?state=held",
        True,
    )


async def test_an_empty_log_says_what_will_be_there(here):
    async with console.beside(here) as served:
        assert "Every event that arrives stands here" in (await served.owner.get("/event-log")).text


async def test_a_filter_that_finds_nothing_offers_to_clear_it(told):
    assert "No delivery matches." in (await told.console.owner.get("/event-log?find=nobody%40x.example")).text


async def test_what_makes_no_sense_in_an_address_is_left_out(told):
    assert (await told.console.owner.get("/event-log?state=lost&hours=soon&reason=none")).status_code == 200


async def test_the_log_can_be_downloaded(told):
    lines = (await told.console.owner.get("/event-log/download")).text.splitlines()
    assert len(lines) == 3


async def test_a_delivery_leads_to_the_cure_of_its_reason_and_offers_to_end_it_with_a_note(told):
    await told.set_sync(told.sync, "paused")
    await told.deliver(told.app, identify("dan@x.example", "m4", phone="444"))
    held, waiting = await one_of(told, state="held"), await one_of(told, state="waiting")
    story = (await told.console.owner.get(f"/event-log/{held}")).text
    panel = (await told.console.owner.get(f"/event-log?open={waiting}&hours=0")).text
    offered = ("Open the mapping", "Open the sync", "Skip this event", "Hold this event", 'name="note"')
    assert ([True, False, True, False, True], [False, True, True, True, True]) == (
        [word in story for word in offered],
        [word in panel for word in offered],
    )


async def test_a_test_delivery_is_marked_in_the_log(told):
    sent = await told.console.owner.post("/test-delivery", {"sync": told.sync, "event": "made"})
    delivery = sent.headers["location"].rpartition("/")[2]
    page = (await told.console.owner.get(f"/event-log/{delivery}")).text
    assert ("Watch the test" in page, "this test</a>" in page) == (True, True)
