"""One event, made up or past, through one sync: looked at step by step, or sent and watched."""

import pytest
from tests import console
from tests.world import preset, registration

from crosswalk.connecting.examples import EMAIL
from crosswalk.connecting.kinds import every
from crosswalk.store import tables

FORM = {"first_name": "Ann", "last_name": "Ray", "company": "Acme"}
ANN = "ann@acme.example"
STEPS = ["1. Received", "2. Understood", "3. Mapped draft", "4. Matched", "5. Changes planned", "6. Outcome"]


@pytest.fixture
async def app(here):
    here.source = await here.add_source("livestorm")
    here.sync = await here.add_sync(here.source, preset("livestorm"))
    here.other = await here.add_sync(here.source, preset("livestorm"), position=1)
    async with console.beside(here) as served:
        yield served


async def leads(here):
    return [one["Email"] for one in await here.records("SELECT Email FROM Lead")]


async def past(here):
    """Let a real event arrive and be written; return its id."""
    await here.deliver(here.source, registration(ANN, "person-1", fields=FORM))
    await here.drain()
    return (await here.rows(tables.event))[0]["id"]


async def send(here, browser, event="made"):
    answer = await browser.post("/test-delivery", {"sync": here.sync, "event": event})
    await here.drain()
    return answer


@pytest.mark.shows("BX-48")
async def test_a_made_event_goes_through_one_sync_and_is_watched_in_six_steps(here, app):
    sent = await send(here, app.owner)
    page = (await app.owner.get(sent.headers["location"])).text
    told = [step for step in STEPS if f'<h2 class="grow">{step}</h2>' in page]
    deliveries = [(one["sync_id"], one["state"]) for one in await here.rows(tables.delivery)]
    assert (STEPS, True, [EMAIL], [(here.sync, "written")]) == (told, "Atelier Lumen" in page, await leads(here), deliveries)


@pytest.mark.shows("BX-48")
async def test_a_program_watches_event_draft_changes_and_outcome_of_a_past_event(here, app):
    event = await past(here)
    changed = preset("livestorm")
    changed["steps"][0]["rows"].append({"field": "Industry", "entry": {"value": "Retail"}})
    await here.save_mapping(here.sync, changed)
    sent = await app.owner.api("POST", f"/api/syncs/{here.sync}/test", json={"event_id": event})
    await here.drain()
    told = (await app.owner.api("GET", f"/api/syncs/{here.sync}/test/{sent.json()['delivery_id']}")).json()
    drafted = {field["field"]: field["value"] for step in told["mapped"] for field in step["fields"] if step["object"] == "Lead"}
    changes = [field["field"] for change in told["delivery"]["changes"] for field in change["fields"]]
    assert ("Ann Ray", "Acme", "Retail", True, "written") == (
        told["event"]["person"],
        drafted["Company"],
        drafted["Industry"],
        "Industry" in changes,
        told["delivery"]["state"],
    )


async def test_a_look_shows_what_would_be_written_and_writes_nothing(here, app):
    told = (await app.owner.api("POST", f"/api/syncs/{here.sync}/test/preview", json={})).json()
    page = (await app.owner.get("/test-delivery", params={"sync": here.sync, "event": "made"})).text
    assert ({"insert": 2}, True, [], []) == (
        told["preview"]["counts"],
        "Nothing was written" in page and "Sending writes to Local org" in page,
        await leads(here),
        await here.rows(tables.event),
    )


async def test_what_was_sent_is_marked_as_a_test_in_runs_and_in_the_audit_trail(here, app):
    await send(here, app.owner)
    await send(here, app.owner, await past(here))
    actions = [one["action"] for one in await here.rows(tables.audit) if one["action"].startswith("delivery")]
    assert (["test", "test"], ["delivery.test"] * 2) == ([one["kind"] for one in await here.rows(tables.run)], actions)


async def test_sending_twice_makes_one_person(here, app):
    await send(here, app.owner)
    await send(here, app.owner)
    assert [EMAIL] == await leads(here)


@pytest.mark.parametrize(
    ("event", "state", "code"),
    [("made", "off", "sync_is_off"), ("made", "paused", "sync_is_off"), ("no-such-event", "on", "no_such_event")],
)
async def test_what_cannot_be_sent_says_so_and_nothing_is_kept(here, app, event, state, code):
    await here.set_sync(here.sync, state)
    body = {} if event == "made" else {"event_id": event}
    answer = await app.owner.api("POST", f"/api/syncs/{here.sync}/test", json=body)
    assert (code, []) == (answer.json()["code"], await here.rows(tables.event))


async def test_an_event_that_the_sync_does_not_take_is_refused(here, app):
    event = await past(here)
    await here.save_mapping(here.sync, {**preset("livestorm"), "events": ["people.attended"]})
    answers = [await app.owner.api("POST", f"/api/syncs/{here.sync}/test", json=body) for body in ({}, {"event_id": event})]
    assert [(409, "not_taken")] * 2 == [(one.status_code, one.json()["code"]) for one in answers]


async def test_an_operator_sends_past_events_but_makes_nobody_up(here, app):
    operator = await app.user("agent", {here.connection_id: "operator"})
    event = await past(here)
    made, real = [(await send(here, operator, one)).status_code for one in ("made", event)]
    page = (await operator.get("/test-delivery", params={"sync": here.sync, "event": "made"})).text
    assert (403, 303, True) == (made, real, "needs the admin role on Local org" in page)


async def test_whoever_may_not_operate_the_connection_sees_no_sync_to_test(here, app):
    stranger = await app.user("operator", {here.connection_id: "viewer"})
    page = await stranger.get("/test-delivery")
    direct = await stranger.get("/test-delivery", params={"sync": here.sync})
    assert (False, 403) == (here.sync in page.text, direct.status_code)


@pytest.mark.parametrize("kind", [one.kind for one in every()])
async def test_every_kind_of_source_has_an_example_that_its_preset_maps(here, kind):
    secrets = dict.fromkeys(("signing_secret", "write_key", "webhook_secret"), "example")
    here.source = await here.add_source(kind, {"account_id": "87412093"} if kind == "liveperson" else {}, secrets)
    here.sync = await here.add_sync(here.source, preset(kind))
    async with console.beside(here) as app:
        told = (await app.owner.api("POST", f"/api/syncs/{here.sync}/test/preview", json={})).json()
    values = [field["value"] for step in told["mapped"] for field in step["fields"]]
    assert ("Inès Moreau", True, []) == (told["event"]["person"], "Inès" in values, await here.rows(tables.event))
