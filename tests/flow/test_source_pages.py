"""Sources by hand: checked before they are saved, shown with their address, catalogue and campaigns."""

import json
import re
from datetime import UTC, datetime

import pytest
from tests import console
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import LivestormSimulator
from tests.world import preset, world

from crosswalk.connecting.examples import EMAIL
from crosswalk.store import tables
from crosswalk.store.database import Database


@pytest.fixture
def clock():
    """Return a clock that passes the pauses between calls by itself."""
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
async def system(clock):
    simulator = LivestormSimulator(clock)
    shoes = {"slug": "shoe_size", "name": "Shoe size", "type": "text"}
    simulator.attributes.append({"id": "1", "type": "people_attributes", "attributes": shoes})
    return simulator


@pytest.fixture
async def database(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    yield database
    await database.close()


@pytest.fixture
async def app(database, vault, clock, ids, system):
    """Serve the console with Livestorm behind it."""
    async with system.client() as http, console.served(database, vault, clock, ids, http=http) as served:
        yield served


async def the_source(app):
    """Return the only source as the API shows it, or None."""
    found = (await app.owner.api("GET", "/api/sources")).json()["items"]
    return found[0] if found else None


async def add(app, kind="livestorm", **fields):
    """Add a source by its form and return the answer."""
    return await app.owner.post(f"/sources/new?kind={kind}", {"name": "Webinars", "secret_signing_secret": "s" * 32, **fields})


async def test_a_source_is_added_and_shows_the_address_to_paste(app):
    answer = await add(app)
    page = (await app.owner.get(answer.headers["location"])).text
    assert re.search(r'value="http://crosswalk\.example/hooks/Webinars/[0-9a-f]{64}"', page)


async def test_the_address_is_for_those_who_configure(app):
    answer = await add(app)
    page = (await (await app.user("viewer")).get(answer.headers["location"])).text
    assert ("/hooks/" in page, "shown to admins" in page) == (False, True)


async def test_a_secret_that_is_missing_is_told_at_its_field(app):
    answer = await add(app, secret_signing_secret="")
    assert (422, True, None) == (answer.status_code, 'id="e-signing_secret"' in answer.text, await the_source(app))


async def test_credentials_that_do_not_work_save_nothing(app, system):
    api_url = {"api_url": "http://127.0.0.1:9/v1"}
    body = {"name": "Webinars", "kind": "livestorm", "settings": api_url, "secrets": {"signing_secret": "s" * 32, "api_token": "wrong"}}
    answer = await app.owner.api("POST", "/api/sources", json=body)
    assert (409, "source_check_failed", None) == (answer.status_code, answer.json()["code"], await the_source(app))


async def saved_with_credentials(app, system):
    body = {
        "name": "Webinars",
        "kind": "livestorm",
        "settings": {"api_url": "http://127.0.0.1:9/v1"},
        "secrets": {"signing_secret": "s" * 32, "api_token": system.token},
    }
    answer = await app.owner.api("POST", "/api/sources", json=body)
    assert 201 == answer.status_code, answer.text
    return answer.json()["id"]


async def test_scan_again_finds_what_the_system_has_and_says_when(app, system):
    source_id = await saved_with_credentials(app, system)
    before = (await app.owner.get(f"/sources/{source_id}/catalogue")).text
    await app.owner.post(f"/sources/{source_id}/scan")
    after = (await app.owner.get(f"/sources/{source_id}/catalogue")).text
    assert [("Not scanned" in before, "Shoe size" in before), ("Last scan" in after, "Shoe size" in after)] == [(True, False), (True, True)]


async def test_the_catalogue_marks_custom_attributes_and_tells_what_was_seen_last(app, system):
    source_id = await saved_with_credentials(app, system)
    await app.owner.post(f"/sources/{source_id}/scan")
    await app.owner.post(f"/sources/{source_id}/example")
    viewer = await app.user("viewer")
    every, masked = [(await who.api("GET", f"/api/sources/{source_id}/catalogue")).json() for who in (app.owner, viewer)]
    told = {one["key"]: (one["is_custom"], one["value"], one["last_seen"] is not None) for one in every}
    page = (await app.owner.get(f"/sources/{source_id}/catalogue?q=shoe")).text
    assert ((True, None, False), (False, EMAIL, True), "•••••", True) == (
        told["shoe_size"],
        told["email"],
        next(one["value"] for one in masked if one["key"] == "email"),
        "Custom" in page and "not lately" in page,
    )


async def test_the_catalogue_is_searched(app, system):
    source_id = await saved_with_credentials(app, system)
    page = (await app.owner.get(f"/sources/{source_id}/catalogue?q=attendance")).text
    assert (True, False) == ("Attendance rate" in page, "Messages count" in page)


@pytest.mark.shows("LP-06")
async def test_the_hosts_a_source_is_asked_at_are_listed(app, system):
    source_id = await saved_with_credentials(app, system)
    assert "<code>127.0.0.1</code>" in (await app.owner.get(f"/sources/{source_id}")).text


async def test_saving_the_form_keeps_secrets_and_what_was_discovered(app, system):
    source_id = await saved_with_credentials(app, system)
    await app.owner.post(f"/sources/{source_id}/scan")
    page = (await app.owner.get(f"/sources/{source_id}/settings")).text
    fields = dict(re.findall(r'<input class="slds-input" id="f-\w+" name="(\w+)" type="text"[^>]*value="([^"]*)"', page))
    answer = await app.owner.post(f"/sources/{source_id}/settings", {**fields, "name": "Webinars EU", "first_pull_days": "10"})
    source = await the_source(app)
    assert (303, "Webinars EU", 10, ["api_token", "hook_token", "signing_secret"], True) == (
        answer.status_code,
        source["name"],
        source["settings"]["first_pull_days"],
        source["secrets"],
        "people_attributes" in source["settings"],
    )


async def test_a_setting_that_does_not_read_is_told_at_its_field(app):
    answer = await add(app, first_pull_days="soon")
    assert (422, True) == (answer.status_code, 'id="e-first_pull_days"' in answer.text)


async def test_a_source_is_switched_off_and_its_settings_stay(app):
    await add(app)
    before = await the_source(app)
    await app.owner.post(f"/sources/{before['id']}/switch")
    after = await the_source(app)
    assert ("off", before["settings"]) == (after["state"], after["settings"])


@pytest.mark.parametrize("kind", ["livechat", "kaltura", "rudderstack", "livestorm"])
async def test_every_kind_has_a_form(app, kind):
    answer = await app.owner.get(f"/sources/new?kind={kind}")
    assert (200, True) == (answer.status_code, "Add the source" in answer.text)


async def test_an_unknown_kind_is_no_mistake_of_ours(app):
    assert 422 == (await app.owner.get("/sources/new?kind=carrier-pigeon")).status_code


@pytest.fixture
async def beside(database, vault, clock, ids):
    """Serve the console beside a world with an org."""
    async with world(database, vault, clock, ids) as here, console.beside(here) as served:
        yield here, served


@pytest.mark.shows("LS-16")
async def test_the_settings_tab_has_the_attributes_mapped_with_a_link_to_edit_them(beside):
    here, app = beside
    source_id = await here.add_source("livestorm")
    sync_id = await here.add_sync(source_id, preset("livestorm"))
    page = (await app.owner.get(f"/sources/{source_id}/settings")).text
    mapping = await app.owner.get(f"/syncs/{sync_id}/mapping")
    assert [True, True, 200] == ["Attributes mapped" in page, f'href="/syncs/{sync_id}/mapping"' in page, mapping.status_code]


@pytest.mark.parametrize("kind", ["livestorm", "rudderstack"])
async def test_a_test_event_becomes_a_lead(beside, kind):
    here, app = beside
    source_id = await here.add_source(kind)
    await here.add_sync(source_id, preset(kind))
    await app.owner.post(f"/sources/{source_id}/example")
    await here.drain()
    assert [{"Email": EMAIL}] == [{"Email": one["Email"]} for one in await here.records("SELECT Email FROM Lead")]


async def test_binding_a_campaign_lets_what_waited_go_on(beside):
    here, app = beside
    source_id = await here.add_source("livestorm", bound=False)
    await here.add_sync(source_id, preset("livestorm"))
    await app.owner.post(f"/sources/{source_id}/example")
    await here.worker().sweep(linger=False)
    before = await here.states()
    fields = {"connection": here.connection_id, "group": "example-session", "campaign": here.campaign}
    await app.owner.post(f"/sources/{source_id}/campaigns", fields)
    await here.drain()
    assert ({"waiting(no_campaign)": 1}, {"written": 1}) == (before, await here.states())


async def test_what_is_no_campaign_is_refused_in_words(beside):
    here, app = beside
    source_id = await here.add_source("livestorm", bound=False)
    body = {"group": "*", "connection_id": here.connection_id, "campaign": "Spring"}
    answer = await app.owner.api("PUT", f"/api/sources/{source_id}/campaigns", json=body)
    assert (422, "no_record_id") == (answer.status_code, answer.json()["code"])


@pytest.fixture
async def picking(beside):
    """Return a world where one event waits for a campaign, its source, the console, and where a campaign is picked for it."""
    here, app = beside
    source = await here.add_source("livestorm", bound=False)
    await here.add_sync(source, preset("livestorm"))
    await app.owner.post(f"/sources/{source}/example")
    await here.worker().sweep(linger=False)
    return here, source, app, f"/sources/{source}/campaigns"


@pytest.mark.shows("LS-44", "LS-45")
async def test_a_campaign_is_picked_by_its_name_with_what_it_lacks(picking):
    here, _, app, place = picking
    (plain,) = await here.seed("Campaign", {"Name": "Autumn 100% webinar", "Status": "Planned"})
    asked = {"connection": here.connection_id, "group": "example-session", "q": "autumn 100%"}
    page = (await app.owner.get(f"{place}/pick", params=asked)).text
    done = await app.owner.post(place, {"connection": here.connection_id, "group": "example-session", "campaign": plain})
    [bound] = await here.rows(tables.campaign_binding)
    assert (True, False, True, True, 303, (plain, "picked")) == (
        "Autumn 100% webinar" in page,
        "Spring webinar" in page,
        "1 delivery waits" in page,
        "Lacks Registered" in page,
        done.status_code,
        (bound["campaign_id"], bound["origin"]),
    )


async def test_the_page_tells_what_waits_and_leads_to_picking(picking):
    here, source, app, place = picking
    groups = (await app.owner.api("GET", f"/api/sources/{source}/campaigns")).json()
    page = (await app.owner.get(place)).text
    waiting = {one["group"]: one["waiting"] for one in groups}
    href = f"{place}/pick?connection={here.connection_id}&amp;group=example-session"
    assert ({"*": 0, "example-session": 1}, True) == (waiting, href in page)


async def test_the_bound_campaign_stands_first_and_can_be_taken_away(picking):
    here, source, app, place = picking
    await here.bind(source, "example-session")
    (newer,) = await here.seed("Campaign", {"Name": "Newer"})
    asked = {"connection": here.connection_id, "group": "example-session"}
    page = (await app.owner.get(f"{place}/pick", params=asked)).text
    await app.owner.post(place, {**asked, "campaign": ""})
    assert (True, True, []) == (
        page.index(here.campaign) < page.index(newer),
        "All that the syncs write" in page and "Bound now" in page,
        await here.rows(tables.campaign_binding),
    )


async def test_without_salesforce_an_id_can_still_be_entered(picking):
    here, _, app, place = picking
    await here.fault(match={"resource": "query"}, do="status", status=503, code="SERVER_UNAVAILABLE")
    page = await app.owner.get(f"{place}/pick", params={"connection": here.connection_id, "group": "example-session"})
    assert (200, True) == (page.status_code, 'name="campaign"' in page.text and "Salesforce did not tell its campaigns" in page.text)


async def test_who_may_not_configure_the_connection_picks_no_campaign(picking):
    here, source, app, place = picking
    operator = await app.user("operator", {here.connection_id: "operator"})
    asked = {"connection_id": here.connection_id}
    answers = [await operator.get(f"{place}/pick", params={"connection": here.connection_id, "group": "*"})]
    answers.append(await operator.api("GET", f"/api/sources/{source}/campaigns/candidates", params=asked))
    shown = (await operator.get(place)).text
    candidates = (await app.owner.api("GET", f"/api/sources/{source}/campaigns/candidates", params=asked)).json()
    assert ([403, 403], False, ["Spring webinar"]) == (
        [one.status_code for one in answers],
        "Pick a campaign" in shown,
        [one["name"] for one in candidates],
    )


async def test_every_change_is_audited_without_secrets(app, system):
    source_id = await saved_with_credentials(app, system)
    await app.owner.post(f"/sources/{source_id}/switch")
    trail = (await app.owner.api("GET", "/api/audit")).json()["items"]
    actions = [one["action"] for one in trail if one["action"].startswith("source.")]
    assert (["source.change", "source.add"], False) == (actions, system.token in json.dumps(trail))
