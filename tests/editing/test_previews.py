"""The preview of a sync: what it shows is what runs, and when something changed meanwhile nothing runs."""

import copy
import csv
import io
from datetime import timedelta

import pytest
from tests import console
from tests.world import preset, registration

from crosswalk.editing import preview_table
from crosswalk.editing.preview_table import HEADING
from crosswalk.editing.previews import Previewed, PreviewedRecord

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


async def test_events_of_a_range_alone_are_previewed(here, ask):
    now = here.clock.now()
    found = [(await ask(start=str(now), end=str(now + span))).json()["events"] for span in (timedelta(seconds=1), timedelta(hours=1))]
    later = (await ask(start=str(now + timedelta(hours=1)))).json()["events"]
    assert ([1, 1], 0) == (found, later)


async def test_a_preview_is_handed_out_as_a_table(app, here):
    answer = await app.owner.api("POST", f"/api/syncs/{here.sync}/preview/csv", json={})
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    email = next(line for line in table if (line["object"], line["field"]) == ("Lead", "Email"))
    assert (list(HEADING), ("Ann Ray", "insert", "", ANN)) == (
        list(table[0]),
        tuple(email[name] for name in ("person", "action", "now", "after")),
    )


def test_a_cell_that_a_spreadsheet_would_calculate_is_handed_out_as_text():
    record = PreviewedRecord("=1+1", (), "Lead", "Lead", "skipped", "", "+x", (), (), ())
    assert "'=1+1,Lead,,skipped,,,,'+x\r\n" == preview_table.as_csv(Previewed(1, False, 1, 1, {}, 0, (record,), "")).splitlines(True)[1]


@pytest.mark.parametrize(("form", "start"), [("csv", b"\xef\xbb\xbfperson,object"), ("json", b"{\n")])
async def test_the_page_hands_the_preview_out(app, here, form, start):
    answer = await app.owner.post(f"/syncs/{here.sync}/preview/download", {"latest": "25", "form": form})
    assert (True, f'attachment; filename="preview.{form}"') == (answer.content.startswith(start), answer.headers["content-disposition"])


async def test_the_page_says_what_is_wrong_with_a_range(app, here):
    ends = {"start": "2026-03-05T10:00", "end": "2026-03-05T09:00"}
    told = [await app.owner.get(f"/syncs/{here.sync}/preview", params=params) for params in (ends, {"start": "yesterday"})]
    assert ([422, 422], True, True) == (
        [one.status_code for one in told],
        "The range ends before it begins" in told[0].text,
        "Enter a day of this century" in told[1].text,
    )
