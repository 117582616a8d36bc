"""First steps: from a fresh owner to the first record, against the practice org that stands in the process itself."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from prometheus_client import CollectorRegistry
from tests import console
from tests.vendors.clock import WindingClock

from crosswalk.connecting import first_steps
from crosswalk.demo.practice import URL, PracticeOrg
from crosswalk.engine.worker import Worker
from crosswalk.presets import loader
from crosswalk.store.database import Database
from crosswalk.web.app import create_app
from crosswalk.web.callers import SESSION_COOKIE


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
async def app(sqlite_url, tmp_path, vault, clock, ids):
    """Serve the console with a practice org beside it."""
    database = await Database.open(sqlite_url, clock)
    practice = PracticeOrg(tmp_path)
    mounts = {URL: practice.transport()}
    async with (
        httpx2.AsyncClient(mounts=mounts) as http,
        console.served(database, vault, clock, ids, http=http, practice=practice) as served,
    ):
        yield served
    await practice.close()
    await database.close()


async def written(app):
    """Let the worker write what is due."""
    await Worker(app.services.engine, app.services.orgs).sweep(linger=False)


async def page(app):
    return (await app.owner.get("/first-steps")).text


async def until_preview(app, kind):
    await app.owner.post("/first-steps/practice")
    await app.owner.post("/first-steps/source", {"kind": kind})
    await app.owner.post("/first-steps/example")


@pytest.mark.parametrize("kind", ["livestorm", "rudderstack"])
async def test_four_clicks_lead_to_a_record(app, kind):
    await until_preview(app, kind)
    await app.owner.post("/first-steps/on")
    await written(app)
    shown = await page(app)
    assert (True, True) == ("was written" in shown, "/event-log/" in shown)


async def test_home_leads_back_into_the_steps_until_something_was_written(app):
    told = "Go on with the first steps"
    await until_preview(app, "livestorm")
    before = (await app.owner.get("/")).text
    await app.owner.post("/first-steps/on")
    await written(app)
    after = (await app.owner.get("/")).text
    assert (True, True, False) == (told in before, "You are at step 4" in before, told in after)


async def test_every_ready_sync_is_added_with_what_it_needs_in_the_org(app):
    await app.owner.post("/first-steps/practice")
    for kind in ("kaltura", "liveperson", "livechat"):
        connection = next(iter((await app.services.configuration.current()).connections.values()))
        await first_steps.use_source(app.services.engine, app.services.orgs, app.owner.caller, connection, kind, app.services.practice)
    org = await app.services.orgs.of(connection)
    wanted = [need.name for kind in ("kaltura", "liveperson") for need in loader.load(kind).needs.objects]
    schema = await org.describe.schema(wanted)
    assert [] == [name for name in wanted if schema.object(name) is None]


async def test_nothing_is_written_before_it_is_switched_on(app):
    await until_preview(app, "livestorm")
    await written(app)
    shown = await page(app)
    assert (True, False) == ("/first-steps/on" in shown, "was written" in shown)


async def test_coming_back_finds_the_step_where_one_left(app):
    seen = ["/first-steps/practice" in await page(app)]
    await app.owner.post("/first-steps/practice")
    seen.append('action="/first-steps/source"' in await page(app))
    await app.owner.post("/first-steps/source", {"kind": "livestorm"})
    seen.append("Waiting for an event" in await page(app))
    assert [True, True, True] == seen


async def test_the_practice_org_is_connected_once_and_shown_as_built_in(app):
    for _ in range(2):
        await app.owner.post("/first-steps/practice")
    tiles = (await app.owner.get("/connections")).text
    assert (1, True) == (len((await app.owner.api("GET", "/api/connections")).json()["items"]), "Built in" in tiles)


async def test_the_preview_of_step_four_shows_the_person(app):
    await until_preview(app, "livestorm")
    sync = (await app.owner.api("GET", "/api/syncs")).json()["items"][0]
    assert 200 == (await app.owner.get(f"/syncs/{sync['id']}/preview")).status_code


async def test_without_a_practice_org_a_real_one_is_asked_for(app):
    services = replace(app.services, practice=None, metrics=CollectorRegistry())
    browser = console.Browser(create_app(services), session=app.owner.http.cookies[SESSION_COOKIE])
    shown = (await browser.get("/first-steps")).text
    await browser.http.aclose()
    assert (False, True) == ("Use the practice org" in shown, "Connect an org" in shown)


async def test_a_viewer_is_not_led_through_them(app):
    assert 403 == (await (await app.user("viewer")).get("/first-steps")).status_code
