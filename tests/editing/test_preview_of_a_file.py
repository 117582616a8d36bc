"""The preview of a file: what it shows is what runs, for this sync alone; what cannot be taken is said in a sentence."""

import base64
import json
import re

import pytest
from tests import console
from tests.world import preset, registration

from crosswalk.editing.uploads import MOST_BYTES, MOST_ROWS
from crosswalk.store import tables

FORM = {"first_name": "Ann", "last_name": "Ray", "company": "Acme"}
ANN, BOB = "ann@acme.example", "bob@acme.example"
HEADING = "data.meta.webhook.event,data.id,session_id,data.attributes.updated_at,Email,First name,Last name,Company"


def line(email, person="person-1"):
    return json.dumps(registration(email, person, fields=FORM))


def row(email, person):
    return f"people.registered,{person},s1,1772700123,{email},Ann,Ray,Acme"


@pytest.fixture
async def app(here, webinar_sync):
    here.sync = webinar_sync
    async with console.beside(here) as served:
        yield served


@pytest.fixture
def ask(app, here):
    async def asked(content, path="", name="people.jsonl", **body):
        return await app.owner.api(
            "POST", f"/api/syncs/{here.sync}/preview{path}", json={"file": {"name": name, "content": content}, **body}
        )

    return asked


@pytest.fixture
def page(app, here):
    async def asked(content, name="people.jsonl"):
        address = f"/syncs/{here.sync}/preview/file"
        return await app.owner.http.post(address, data={"csrf": app.owner.token}, files={"file": (name, content)})

    return asked


async def leads(here):
    return sorted(one["Email"] for one in await here.records("SELECT Email FROM Lead"))


@pytest.mark.shows("P8")
async def test_a_file_is_run_exactly_as_it_was_previewed(here, ask):
    content = f"{line(ANN)}\n{line(BOB, 'person-2')}"
    shown = (await ask(content)).json()
    before = await leads(here)
    done = await ask(content, "/run", mark=shown["mark"])
    await here.drain()
    assert ({"insert": 4}, 2, [], 2, [ANN, BOB]) == (
        shown["counts"],
        shown["file"]["rows"],
        before,
        done.json()["deliveries"],
        await leads(here),
    )


async def test_a_table_is_previewed_like_bodies(here, ask):
    shown = (await ask(f"{HEADING}\n{row(ANN, 'p1')}\n{row(BOB, 'p2')}", name="people.csv")).json()
    fields = {one["name"]: one["after"] for record in shown["records"] if record["object"] == "Lead" for one in record["fields"]}
    assert (2, ("Ann", "Ray", "Acme")) == (shown["events"], (fields["FirstName"], fields["LastName"], fields["Company"]))


@pytest.mark.shows("P2")
async def test_a_file_that_was_run_holds_nothing_new(here, ask):
    shown = (await ask(line(ANN))).json()
    await ask(line(ANN), "/run", mark=shown["mark"])
    again = (await ask(line(ANN))).json()
    assert (0, 1) == (again["events"], again["file"]["repeats"])


async def test_a_preview_of_a_file_keeps_nothing(here, ask):
    await ask(line(ANN))
    assert [] == await here.rows(tables.event)


async def test_a_file_is_run_for_this_sync_alone(here, ask):
    await here.add_sync(here.source_id, preset("livestorm"), position=1)
    shown = (await ask(line(ANN))).json()
    await ask(line(ANN), "/run", mark=shown["mark"])
    assert [here.sync] == [one["sync_id"] for one in await here.rows(tables.delivery)]


async def test_when_the_org_changed_meanwhile_the_file_is_not_run(here, ask):
    shown = (await ask(line(ANN))).json()
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    told = await ask(line(ANN), "/run", mark=shown["mark"])
    assert (409, "preview_outdated", []) == (told.status_code, told.json()["code"], await here.rows(tables.event))


async def test_bad_rows_are_named_and_the_others_previewed(ask):
    shown = (await ask(f"nonsense\n{line(ANN)}\n{{}}")).json()
    assert (1, ["not_json", "type_missing"]) == (shown["events"], [one["code"] for one in shown["file"]["invalid"]])


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        ("", "people.jsonl", 422, "empty_file"),
        ("\n\n", "people.csv", 422, "empty_file"),
        (HEADING, "people.csv", 422, "empty_file"),
        ("Email,Email\n", "people.csv", 422, "bad_column"),
        ("{}\n" * (MOST_ROWS + 1), "people.jsonl", 413, "file_too_large"),
        ("x" * (MOST_BYTES + 1), "people.jsonl", 413, "file_too_large"),
    ],
)
async def test_a_file_that_cannot_be_previewed_is_refused_with_a_code(ask, content, name, status, code):
    told = await ask(content, name=name)
    assert (status, code) == (told.status_code, told.json()["code"])


async def test_the_page_previews_a_file_and_runs_it(app, here, page):
    shown = await page(line(ANN))
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.text))
    done = await app.owner.post(f"/syncs/{here.sync}/preview/run", carried)
    await here.drain()
    assert (True, base64.b64encode(line(ANN).encode()).decode(), 303, [ANN]) == (
        "1 event of 1 person in people.jsonl" in shown.text,
        carried["content"],
        done.status_code,
        await leads(here),
    )


async def test_a_file_as_large_as_may_be_comes_through_the_page_and_is_run(app, here, page):
    large = json.dumps(registration(ANN, "person-1", fields=FORM) | {"kept": "x" * (MOST_BYTES - 9_000)})
    shown = await page(large)
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.text))
    done = await app.owner.post(f"/syncs/{here.sync}/preview/run", carried)
    assert (True, 303, 1) == (len(large) > MOST_BYTES - 9_000, done.status_code, len(await here.rows(tables.delivery)))


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "people.csv", "The file is empty"),
        (b"Email,Stra\xdfe\n", "people.csv", "it is not UTF-8"),
        (b"x" * (MOST_BYTES + 1), "people.csv", "The file is larger than 500 kB"),
        (b"", "", "Choose a file first."),
    ],
)
async def test_the_page_says_what_is_wrong_with_a_file(page, content, name, sentence):
    told = await page(content, name)
    assert (True, True) == (told.status_code in (413, 422), sentence in told.text)


async def test_the_page_names_rows_that_would_be_left_out(page):
    assert "1 row of 2 cannot be read and would be left out." in (await page(f"nonsense\n{line(ANN)}")).text


async def test_a_run_for_a_sync_that_is_off_is_refused_in_words(app, here, page):
    shown = await page(line(ANN))
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', shown.text))
    await here.set_sync(here.sync, "off")
    told = await app.owner.post(f"/syncs/{here.sync}/preview/run", carried)
    assert "The sync is off. Switch it on, then run: nothing was written." in told.text
