"""The preview of a sync: what it shows is what runs, and when something changed meanwhile nothing runs."""

import copy

import pytest
from tests import console
from tests.world import preset, registration

FORM = {"first_name": "Ann", "last_name": "Ray", "company": "Acme"}
ANN = "ann@acme.example"


@pytest.fixture
async def app(here, webinar_sync):
    here.sync = webinar_sync
    await here.deliver(here.source_id, registration(ANN, "person-1", fields=FORM))
    async with console.beside(here) as served:
        yield served


@pytest.fixture
def ask(app, here):
    async def asked(path="", who=None, **body):
        return await (who or app.owner).api("POST", f"/api/syncs/{here.sync}/preview{path}", json=body)

    return asked


async def leads(here):
    return await here.records("SELECT FirstName, Company, Title FROM Lead")


async def test_each_record_shows_before_after_and_why(here, ask):
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    (lead,) = [one for one in (await ask()).json()["records"] if one["object"] == "Lead"]
    first_name = next(one for one in lead["fields"] if one["name"] == "FirstName")
    assert ("update", "", "Ann") == (lead["action"], first_name["before"], first_name["after"])


async def test_nothing_is_written_by_a_preview(here, ask):
    await ask()
    assert [] == await leads(here)


@pytest.mark.shows("P8")
async def test_a_run_makes_what_was_previewed(here, ask):
    shown = (await ask()).json()
    done = await ask("/run", mark=shown["mark"])
    await here.drain()
    assert (200, {"insert": 2}, [{"FirstName": "Ann", "Company": "Acme", "Title": None}]) == (
        done.status_code,
        shown["counts"],
        await leads(here),
    )


async def test_when_the_org_changed_meanwhile_nothing_runs_and_the_new_preview_is_shown(here, ask):
    shown = (await ask()).json()
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN, "FirstName": "Anna"})
    told = await ask("/run", mark=shown["mark"])
    actions = {one["object"]: one["action"] for one in told.json()["preview"]["records"]}
    assert (409, "preview_outdated", "unchanged") == (told.status_code, told.json()["code"], actions["Lead"])


async def test_a_draft_is_previewed_without_being_saved(here, ask):
    draft = copy.deepcopy(preset("livestorm"))
    draft["steps"][0]["rows"].append({"field": "Industry", "entry": {"value": "Retail"}})
    shown = (await ask(document=draft)).json()
    fields = [field["name"] for one in shown["records"] for field in one["fields"]]
    assert (True, 2, True) == (shown["is_draft"], shown["version"], "Industry" in fields)


async def test_events_from_before_the_sync_are_run_too(here, app):
    here.sync = await here.add_sync(here.source_id, preset("livestorm"), position=1)
    shown = (await app.owner.api("POST", f"/api/syncs/{here.sync}/preview", json={})).json()
    done = await app.owner.api("POST", f"/api/syncs/{here.sync}/preview/run", json={"mark": shown["mark"]})
    assert 1 == done.json()["deliveries"]


async def test_a_sync_that_is_off_is_previewed_but_not_run(here, ask):
    await here.set_sync(here.sync, "off")
    shown = (await ask()).json()
    told = await ask("/run", mark=shown["mark"])
    assert ({"insert": 2}, 409, "sync_is_off") == (shown["counts"], told.status_code, told.json()["code"])


async def test_a_viewer_may_not_preview(app, here, ask):
    viewer = await app.user("viewer", {here.connection_id: "viewer"})
    assert 403 == (await ask(who=viewer)).status_code


async def test_the_page_shows_the_records_and_runs_them(app, here, ask):
    page = await app.owner.get(f"/syncs/{here.sync}/preview")
    mark = (await ask()).json()["mark"]
    done = await app.owner.post(f"/syncs/{here.sync}/preview/run", {"mark": mark, "latest": "25"})
    await here.drain()
    assert (True, 303, 1) == ("Run these changes" in page.text, done.status_code, len(await leads(here)))
