"""The settings pages: the workspace file, retention and forgetting, the key, and how the installation is."""

import asyncio
import re

import pytest
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.mapping import document
from crosswalk.settings import Settings
from crosswalk.store import key_file, tables
from crosswalk.store.database import Database

MAIL = "ann.forgetme@x.example"
PHONE = row("Phone", "phone", update="overwrite")
IN_CLEAR = "sources: [{name: Till, kind: rudderstack, secrets: {write_key: hunter2}}]"
NEW = "sources: [{name: Till, kind: rudderstack, secrets: {write_key: '${TILL_WRITE_KEY}'}}]"


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
async def told(here):
    """Return a world with a sync, and the console beside it."""
    here.app = await here.add_source("rudderstack", secrets={"write_key": "a-key-of-ann"})
    here.sync = await here.add_sync(here.app, document.dump(document.parse(calls(PHONE))))
    async with console.beside(here) as served:
        here.console = served
        yield here


async def exported(browser):
    return (await browser.api("GET", "/api/workspace")).text


async def settled(told):
    """Return the file of a world as somebody would have applied it: what stands at its default is left out."""
    await apply(told.console.owner, await exported(told.console.owner))
    return await exported(told.console.owner)


async def apply(browser, text):
    mark = (await browser.api("POST", "/api/workspace/diff", json={"text": text})).json()["mark"]
    return await browser.api("POST", "/api/workspace/apply", json={"text": text, "mark": mark})


# --- the workspace file -------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-33")
async def test_a_file_taken_out_applied_elsewhere_and_taken_out_again_is_equal(told, vault, ids, tmp_path, sqlite_template, monkeypatch):
    text = await settled(told)
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, f"value-of-{name}")
    path = tmp_path / "elsewhere.db"
    path.write_bytes(sqlite_template)
    database = await Database.open(f"sqlite+aiosqlite:///{path}", told.clock)
    async with console.served(database, vault, told.clock, ids) as elsewhere:
        await apply(elsewhere.owner, text)
        again = await exported(elsewhere.owner)
    await database.close()
    assert (text, True) == (again, "Local org" in text)


@pytest.mark.shows("BX-33", "BX-35")
async def test_no_secret_stands_in_the_file(told):
    text = (await told.console.owner.get("/settings/workspace.yaml")).text
    assert (False, True) == ("localorg-secret" in text, "client_secret: ${LOCAL_ORG_CLIENT_SECRET}" in text)


@pytest.mark.shows("BX-33")
async def test_a_file_comes_back_to_where_it_is_from_and_changes_nothing(told):
    page = await told.console.owner.post("/settings/diff", {"text": await settled(told)})
    assert "Nothing changes" in page.text


@pytest.mark.shows("BX-33")
async def test_the_page_shows_the_difference_and_applies_it_when_told_to(told):
    text = (await exported(told.console.owner)).replace("reserve: 0", "reserve: 500")
    page = (await told.console.owner.post("/settings/diff", {"text": text})).text
    mark = re.search(r'name="mark" value="(\w+)"', page)[1]
    await told.console.owner.post("/settings/apply", {"text": text, "mark": mark})
    [connection] = await told.rows(tables.connection)
    assert ("<del>0</del> → <b>500</b>" in page, connection["reserve"]) == (True, 500)


async def test_a_chosen_file_counts_like_pasted_text(told):
    browser = told.console.owner
    files = {"file": ("workspace.yaml", (await settled(told)).encode())}
    page = await browser.http.post("/settings/diff", data={"csrf": browser.token}, files=files)
    assert "Nothing changes" in page.text


@pytest.mark.shows("BX-35")
async def test_a_secret_in_clear_is_refused_with_its_place(told):
    answer = await told.console.owner.post("/settings/diff", {"text": IN_CLEAR})
    assert (422, True) == (answer.status_code, "sources[0].secrets.write_key" in answer.text)


async def test_a_text_that_is_no_workspace_is_refused_with_every_problem(told):
    answer = await told.console.owner.api("POST", "/api/workspace/diff", json={"text": "sources: [{kind: rudderstak}]\nsyncs: 7"})
    assert (422, {"sources[0].name", "syncs"}) == (answer.status_code, {one["place"] for one in answer.json()["problems"]})


async def test_the_environment_of_the_process_is_not_read_through_a_file(told, monkeypatch):
    monkeypatch.setenv("OTHER_WRITE_KEY", "not theirs")
    setting = "sources: [{name: Till, kind: rudderstack, settings: {name: '${%s}'}}]"
    texts = [NEW.replace("TILL_WRITE_KEY", "OTHER_WRITE_KEY"), setting % "OTHER_WRITE_KEY", setting % "LOCAL_ORG_CLIENT_SECRET"]
    answers = [await told.console.owner.api("POST", "/api/workspace/diff", json={"text": text}) for text in texts]
    assert [True] * 3 == ["variable_missing" in {one["code"] for one in answer.json()["problems"]} for answer in answers]


async def test_what_was_changed_meanwhile_is_looked_at_again(told, monkeypatch):
    monkeypatch.setenv("TILL_WRITE_KEY", "a-key-of-the-till")
    answer = await told.console.owner.api("POST", "/api/workspace/apply", json={"text": NEW, "mark": "0"})
    assert (409, "differences_changed") == (answer.status_code, answer.json()["code"])


@pytest.mark.shows("BX-32")
async def test_what_a_file_changed_stands_in_the_audit_trail(told, monkeypatch):
    monkeypatch.setenv("TILL_WRITE_KEY", "a-key-of-the-till")
    await apply(told.console.owner, NEW)
    [entry] = await told.rows(tables.audit, action="source.add")
    assert (told.console.owner.caller.actor, "Till", ["write_key"]) == (entry["actor"], entry["subject"], entry["after"]["secrets"])


async def test_an_admin_of_some_connections_only_does_not_touch_the_whole(told):
    admin = await told.console.user("admin")
    assert 403 == (await admin.api("POST", "/api/workspace/diff", json={"text": NEW})).status_code


# --- retention and forgetting -------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-47")
async def test_each_source_has_its_own_number_of_days(told):
    await told.console.owner.post(f"/settings/retention/{told.app}", {"days": "7"})
    [source] = await told.rows(tables.source)
    [entry] = await told.rows(tables.audit, action="source.change")
    assert (7, {"retention_days": 7}) == (source["retention_days"], entry["after"])


async def test_an_impossible_number_of_days_changes_nothing(told):
    answer = await told.console.owner.api("PUT", f"/api/retention/{told.app}", json={"days": 0})
    assert (422, None) == (answer.status_code, (await told.rows(tables.source))[0]["retention_days"])


@pytest.mark.shows("BX-47")
async def test_a_person_is_forgotten_with_a_proof_that_stands_in_the_audit_trail(told):
    await told.deliver(told.app, identify(MAIL, "m1", phone="1"))
    await told.drain()
    page = (await told.console.owner.post("/settings/forget", {"email": MAIL, "confirm": "on"})).text
    [entry] = await told.rows(tables.audit, action="person.forget")
    [lead] = await told.records("SELECT Id FROM Lead")
    shown = [text in page for text in (entry["after"]["digest"], lead["Id"])]
    assert ([True, True], 0) == (shown, len((await told.console.owner.api("GET", f"/api/deliveries?find={MAIL}")).json()["items"]))


async def test_nobody_is_forgotten_by_an_empty_form(told):
    answer = await told.console.owner.post("/settings/forget", {"confirm": "on"})
    assert (422, []) == (answer.status_code, await told.rows(tables.audit, action="person.forget"))


async def test_only_an_owner_forgets(told):
    admin = await told.console.user("admin", {told.connection_id: "admin"})
    assert 403 == (await admin.api("POST", "/api/forget", json={"email": MAIL})).status_code


# --- keys and health ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-32", "BX-35")
async def test_the_key_is_changed_while_everything_runs(sqlite_url, clock, ids, tmp_path):
    path = tmp_path / "keys" / "keys.json"
    vault = key_file.read_or_create(path, tmp_path / "data")
    database = await Database.open(sqlite_url, clock)
    async with console.served(
        database, vault, clock, ids, settings=Settings(commit_wait_ms=0, key_file=path, timings={"key_grace": 0})
    ) as app:
        await app.owner.post("/settings/keys/rotate", {"confirm": "on"})
        begun = key_file.number_of_keys(path)
        await asyncio.gather(*app.services.background)
        page = (await app.owner.get("/settings/keys")).text
    await database.close()
    assert (2, 1, True) == (begun, key_file.number_of_keys(path), "by Noor Haddad" in page)


async def test_a_key_file_that_is_not_ours_is_left_alone(told, tmp_path):
    path = tmp_path / "keys" / "keys.json"
    key_file.read_or_create(path, tmp_path / "data")
    told.settings.key_file = path
    answer = await told.console.owner.api("POST", "/api/keys/rotate", json={"confirm": "rotate"})
    assert (409, "other_key_file", 1) == (answer.status_code, answer.json()["code"], key_file.number_of_keys(path))


async def test_health_tells_what_waits_and_since_when(told):
    await told.deliver(told.app, identify("bob@x.example", "m2"))
    health = (await told.console.owner.api("GET", "/api/health")).json()
    since = health["oldest_waiting_at"][:16]
    assert (1, f"{told.clock.now():%Y-%m-%dT%H:%M}", "ok") == (health["waiting"], since, health["checks"][0]["level"])


async def test_settings_are_for_those_who_configure(told):
    operator = await told.console.user("operator", {told.connection_id: "operator"})
    tabs = ("", "/retention", "/keys", "/health")
    asked = {(await operator.get(f"/settings{tab}")).status_code for tab in tabs}
    shown = {(await told.console.owner.get(f"/settings{tab}")).status_code for tab in tabs}
    assert ({403}, {200}) == (asked, shown)
