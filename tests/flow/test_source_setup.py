"""Accounts set up in steps, activated and deactivated; what a scan finds, and why nothing arrives."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser

import httpx2
import pytest
from tests import console
from tests.flow.mappings import calls, row
from tests.flow.test_error_table_logins import LoginsAnswered
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.livechat import SECRET, LiveChatSimulator
from tests.vendors.livechat import TOKEN as LIVECHAT_TOKEN
from tests.vendors.liveperson import ACCOUNT, CLIENT, CLIENT_SECRET, SIGNING_SECRET, LivePersonSimulator
from tests.world import World, identify, world

from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.schedules import Wish
from crosswalk.engine.worker import Worker
from crosswalk.journal.runs import RunState
from crosswalk.settings import Settings
from crosswalk.store import tables
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

TERMS = "Harbor Supply may read these conversations."
SECRETS = {"signing_secret": SIGNING_SECRET, "client_secret": CLIENT_SECRET}
LOGIN = {"client_id": CLIENT, "secret_signing_secret": SIGNING_SECRET, "secret_client_secret": CLIENT_SECRET}


@pytest.fixture
def clock():
    """Return a clock that passes the pauses between calls by itself."""
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
def database_url(sqlite_url):
    """Return a SQLite database: none of this is decided by the database."""
    return sqlite_url


def settings(terms=TERMS):
    return Settings(commit_wait_ms=0, allow_plain_http_orgs=True, account_terms=terms)


@pytest.fixture
async def vendor(clock):
    """Return LivePerson at its own addresses."""
    simulator = LivePersonSimulator(clock)
    simulator.domain_host = "api.liveperson.net"
    simulator.hosts = {name: f"{name.lower()}.liveperson.net" for name in simulator.hosts}
    return simulator


@pytest.fixture
async def app(database, vault, clock, ids, vendor):
    """Serve the console with LivePerson behind it."""
    async with vendor.client() as http, console.served(database, vault, clock, ids, http=http, settings=settings()) as served:
        yield served


@pytest.fixture
async def account(database, vault, clock, ids):
    """Return an active account with its jobs, and the console of another process beside it."""
    async with asking(database, vault, clock, ids, LivePersonSimulator(clock), "liveperson", SECRETS) as here:
        await here.configure(client_id=CLIENT, page_size=10)
        async with console.served(database, vault, clock, ids, http=here.http, settings=settings()) as served:
            here.owner = served.owner
            yield here


@pytest.fixture
async def chats(database, vault, clock, ids):
    """Return a LiveChat licence, and the console beside it."""
    secrets = {"webhook_secret": SECRET, "personal_access_token": LIVECHAT_TOKEN}
    async with (
        asking(database, vault, clock, ids, LiveChatSimulator(clock), "livechat", secrets) as here,
        console.served(database, vault, clock, ids, http=here.http) as served,
    ):
        here.owner = served.owner
        yield here


class Open(HTMLParser):
    """Collects the names of the fields that a person could fill in, and whether any is locked."""

    def __init__(self, page):
        super().__init__()
        self.names, self.locked, self.depth = [], [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "fieldset" and (self.depth or "disabled" in given):
            self.depth += 1
        elif tag in ("input", "select", "textarea") and given.get("type") != "hidden" and "name" in given and given["name"] != "q":
            (self.locked if self.depth else self.names).append(given["name"])

    def handle_endtag(self, tag):
        self.depth -= tag == "fieldset" and self.depth > 0


async def sources(app):
    return (await app.owner.api("GET", "/api/sources")).json()["items"]


async def set_up(app):
    """Go through the first two steps; returns the id of the account."""
    first = await app.owner.post("/sources/new/account", {"name": "Care", "account_id": ACCOUNT})
    assert first.headers["location"] == f"/sources/new/credentials?name=Care&account_id={ACCOUNT}"
    await app.owner.post("/sources/new/credentials", {"name": "Care", "account_id": ACCOUNT, **LOGIN})
    [found] = await sources(app)
    return found["id"]


async def page_of(here, tab=""):
    return (await here.owner.get(f"/sources/{here.source_id}{tab}")).text


# --- the steps ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-08")
@pytest.mark.parametrize(("entered", "told"), [("", "Enter the account id"), ("11111111", "knows no account 11111111")])
async def test_an_account_id_that_is_empty_or_wrong_is_told_at_its_field(app, entered, told):
    answer = await app.owner.post("/sources/new/account", {"name": "Care", "account_id": entered})
    assert (422, True, True, []) == (answer.status_code, 'id="e-account_id"' in answer.text, told in answer.text, await sources(app))


async def test_the_tile_of_liveperson_leads_to_the_first_step(app):
    assert "/sources/new/account" == (await app.owner.get("/sources/new?kind=liveperson")).headers["location"]


async def test_credentials_that_do_not_work_save_nothing(app):
    answer = await app.owner.post("/sources/new/credentials", {"name": "Care", "account_id": ACCOUNT, **LOGIN, "secret_client_secret": "x"})
    assert (409, []) == (answer.status_code, await sources(app))


@pytest.mark.shows("LP-08")
async def test_another_account_id_is_checked_again(app):
    source_id = await set_up(app)
    answer = await app.owner.post(f"/sources/{source_id}/account", {"name": "Care", "account_id": "11111111", "client_id": CLIENT})
    [source] = await sources(app)
    assert (422, True, ACCOUNT) == (answer.status_code, 'id="e-account_id"' in answer.text, source["settings"]["account_id"])


@pytest.mark.shows("LP-12", "LP-103")
@pytest.mark.parametrize("tab", ["settings", "campaigns", "catalogue"])
async def test_nothing_of_an_inactive_account_can_be_filled_in_and_the_page_says_why(app, tab):
    source_id = await set_up(app)
    page = (await app.owner.get(f"/sources/{source_id}/{tab}")).text
    link = f'<a href="/sources/{source_id}/account">Activate the account first</a>'
    assert ([], True) == (Open(page).names, link in page)


@pytest.mark.shows("LP-12")
async def test_the_settings_are_locked_while_inactive_and_open_afterwards(app):
    source_id = await set_up(app)
    before = Open((await app.owner.get(f"/sources/{source_id}/settings")).text)
    await app.owner.post(f"/sources/{source_id}/activate", {"agrees": "on"})
    after = Open((await app.owner.get(f"/sources/{source_id}/settings")).text)
    assert ([], True, []) == (before.names, "first_pull_days" in before.locked and before.locked == after.names, after.locked)


@pytest.mark.shows("LP-12")
@pytest.mark.parametrize("path", ["settings", "scan", "campaigns"])
async def test_an_inactive_account_refuses_changes_too(app, path):
    source_id = await set_up(app)
    before = await sources(app)
    answer = await app.owner.post(f"/sources/{source_id}/{path}", {"name": "Care", "first_pull_days": "3"})
    assert (True, before) == (answer.status_code == 409 or answer.headers.get("location", "").endswith("/catalogue"), await sources(app))


@pytest.mark.shows("LP-11")
async def test_activating_without_the_tick_is_refused(app):
    source_id = await set_up(app)
    answer = await app.owner.post(f"/sources/{source_id}/activate")
    [source] = await sources(app)
    assert (422, True, "off") == (answer.status_code, 'id="e-agrees"' in answer.text, source["state"])


@pytest.mark.parametrize("body", [{"state": "on"}, {}])
async def test_no_other_way_leads_round_the_terms(app, body):
    entered = {"name": "Care", "kind": "liveperson", "settings": {"account_id": ACCOUNT, "client_id": CLIENT}, "secrets": SECRETS}
    added = await app.owner.api("POST", "/api/sources", json={**entered, **body})
    source_id = await set_up(app)
    address = f"/api/sources/{source_id}"
    tag = {"if-match": (await app.owner.api("GET", address)).headers["etag"]}
    changed = await app.owner.api("PUT", address, json={**entered, **body}, headers=tag)
    switched = await app.owner.post(f"/sources/{source_id}/switch")
    [source] = await sources(app)
    assert ([409, 422, 422], "off") == ([added.status_code, changed.status_code, switched.status_code], source["state"])


@pytest.mark.shows("LP-11")
async def test_the_terms_are_those_of_the_setting_and_the_trail_has_who_agreed_to_them_and_when(app, clock):
    source_id = await set_up(app)
    shown = (await app.owner.get(f"/sources/{source_id}/account")).text
    at = clock.now()
    await app.owner.post(f"/sources/{source_id}/activate", {"agrees": "on"})
    trail = (await app.owner.api("GET", f"/api/audit?subject={source_id}")).json()["items"]
    told = [(one["actor"], datetime.fromisoformat(one["at"]), one["after"]) for one in trail if one["action"] == "source.agree"]
    page = (await app.owner.get(f"/sources/{source_id}/account")).text
    assert ([(app.owner.caller.actor, at, {"terms": TERMS})], True, True) == (
        told,
        TERMS in shown and "I have read and agree to these terms" in shown,
        "Noor Haddad agreed to these terms" in page,
    )


@pytest.mark.shows("LP-11")
async def test_other_terms_are_agreed_to_anew(app):
    source_id = await set_up(app)
    await app.owner.post(f"/sources/{source_id}/activate", {"agrees": "on"})
    await app.owner.post(f"/sources/{source_id}/deactivate")
    again = await app.owner.post(f"/sources/{source_id}/activate")
    await app.owner.post(f"/sources/{source_id}/deactivate")
    app.services.engine.settings.account_terms = "Others."
    assert [303, 422] == [again.status_code, (await app.owner.post(f"/sources/{source_id}/activate")).status_code]


async def test_a_viewer_sees_the_state_and_changes_nothing(app):
    source_id = await set_up(app)
    viewer = await app.user("viewer")
    page = await viewer.get(f"/sources/{source_id}/account")
    answer = await viewer.post(f"/sources/{source_id}/activate", {"agrees": "on"})
    assert (True, 403) == ("Inactive" in page.text, answer.status_code)


# --- deactivate -----------------------------------------------------------------------------------------------------------------------


async def beside(account):
    """Add a second account with the same settings and jobs as the first; returns its id."""
    [row] = await account.rows(tables.source)
    other = account.ids.new()
    async with account.database.write() as tx:
        await tx.execute(tables.source.insert().values({**row._mapping, "id": other, "name": "Second account"}))
        for kind, hours in ((JobKind.PERIODIC, {"every_hours": 1}), (JobKind.DAILY, {"hour": 13})):
            known = (await schedules.of_source(tx, other))[kind]
            await schedules.save(tx, account.ids, schedules.changed(known, Wish(is_on=True, **hours)), account.clock.now())
    account.configuration.forget()
    return other


async def kinds_run(account, source_id):
    return [run.kind.value for run in await account.runs() if run.source_id == source_id]


async def configured(account):
    """Return the settings of the account, and its jobs as they are set."""
    columns = [tables.schedule.c[name] for name in ("id", "state", "cron", "zone", "window_seconds")]
    return (await account.source()).settings, await account.rows(tables.schedule, *columns)


@pytest.mark.shows("LP-13")
async def test_deactivate_stops_all_jobs_of_that_account_at_once_and_activate_resumes_them(account):
    """Shown is all of the row but the sentence of the widget, which the widget's own tests show."""
    await account.switch(JobKind.PERIODIC, every_hours=1)
    await account.switch(JobKind.DAILY, hour=13)
    other, mine = await beside(account), account.source_id
    await account.work(hours=3)
    ran, others, kept = await kinds_run(account, mine), await kinds_run(account, other), await configured(account)
    await account.owner.post(f"/sources/{mine}/deactivate")
    account.configuration.forget()
    await account.work(hours=4)  # in which both jobs would start
    stopped, went_on, still = await kinds_run(account, mine), await kinds_run(account, other), await configured(account)
    await account.owner.post(f"/sources/{mine}/activate", {"agrees": "on"})
    account.configuration.forget()
    await account.work(hours=24)
    resumed = await kinds_run(account, mine)
    assert ({"periodic"}, ran, {"periodic", "daily"}, kept, {"periodic", "daily"}) == (
        set(ran),
        stopped,
        set(went_on[len(others) :]),
        still,
        set(resumed[len(ran) :]),
    )


async def test_a_pull_that_is_under_way_ends_after_its_page(account):
    for number in range(30):
        account.vendor.chat(number)
    account.clock.advance(600)
    asked = []

    async def deactivate(point):
        if not asked:
            asked.append(point)
            await account.owner.post(f"/sources/{account.source_id}/deactivate")

    [pulled, *_] = await account.pull("chats", at=deactivate)
    assert (RunState.STOPPED, True) == (pulled.state, len(await account.facts()) < 30)


# --- scans ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-11")
async def test_a_field_added_in_livechat_is_offered_once_one_archived_chat_has_it(chats):
    async def scanned():
        await chats.owner.post(f"/sources/{chats.source_id}/scan")
        page = await page_of(chats, "/catalogue")
        return "Boat length" in page, "found once one archived chat has it" in page, "Last scan" in page and "Scan again" in page

    absent = await scanned()
    chats.vendor.whole(1, form={"Boat length": "12 m"})
    chats.clock.advance(600)
    assert [(False, True, True), (True, True, True)] == [absent, await scanned()]


@pytest.mark.shows("LP-107")
async def test_the_page_says_that_the_account_has_no_skills(account):
    account.vendor.skills = []
    await account.owner.post(f"/sources/{account.source_id}/scan")
    page = await page_of(account, "/catalogue")
    assert (True, False) == ("The account has no skills" in page, "may be the permission" in page)


@pytest.mark.shows("LP-107")
async def test_the_page_says_that_the_credentials_may_not_read_the_skills(account):
    account.vendor.permissions.discard("Skills")
    await account.owner.post(f"/sources/{account.source_id}/scan")
    page = await page_of(account, "/catalogue")
    assert (False, True) == ("The account has no skills" in page, "may be the permission Administration &gt; Skills" in page)


async def test_an_account_with_skills_needs_no_word_about_them(account):
    await account.owner.post(f"/sources/{account.source_id}/scan")
    assert "No skills to choose from" not in await page_of(account, "/catalogue")


# --- why nothing arrives ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-115")
async def test_the_page_warns_while_neither_job_nor_webhook_brings_anything(account):
    silent = await page_of(account)
    account.vendor.conversation(1)
    [(body, headers)] = account.vendor.take_posted()
    await account.post(body, headers)
    posted = await page_of(account)
    await account.switch(JobKind.PERIODIC)
    scheduled = await page_of(account)
    both, one = "No job is scheduled, and webhooks are off", "<b>No job is scheduled</b>"
    assert [(True, False), (False, True), (False, False)] == [(both in page, one in page) for page in (silent, posted, scheduled)]


@pytest.mark.shows("LP-115")
async def test_the_page_warns_that_the_user_of_the_connection_is_inactive(database, vault, clock, ids):
    async with world(database, vault, clock, ids) as here, console.beside(here) as served:
        source_id = await here.add_source("rudderstack")
        await here.add_sync(source_id, calls(row("Phone", "phone")))
        before = (await served.owner.get(f"/sources/{source_id}")).text
        logins = LoginsAnswered(here.org.transport())
        logins.answer = httpx2.Response(400, json={"error": "inactive_user", "error_description": ""})
        await here.deliver(source_id, identify("ann@x.example", "m1"))
        async with httpx2.AsyncClient(transport=logins) as http:
            await Worker(here.engine, Orgs(here.engine, http)).sweep(linger=False)
        after = (await served.owner.get(f"/sources/{source_id}")).text
    assert [False, True] == ["user is inactive in Salesforce" in page for page in (before, after)]


# --- where events go --------------------------------------------------------------------------------------------------------------------


class ByHost(httpx2.AsyncBaseTransport):
    """Leads each request to the org whose host it names."""

    def __init__(self, orgs):
        self.orgs = {host: org.transport() for host, org in orgs.items()}

    async def handle_async_request(self, request):
        return await self.orgs[request.url.host].handle_async_request(request)


@asynccontextmanager
async def two_orgs(database, vault, clock, ids):
    """Open two orgs with a connection, a source and a sync each, and one worker for both."""
    async with world(database, vault, clock, ids) as europe:
        await call_it(europe, "Europe")
        america = World(database, vault, clock, ids, LocalOrg(OrgSettings(org_id="00DHr0000000002MAA"), clock))
        try:
            await america.prepare_org()
            await america.connect()
            await call_it(america, "America")
            transport = ByHost({"europe.example": europe.org, "america.example": america.org})
            async with httpx2.AsyncClient(transport=transport) as http:
                for here in (europe, america):
                    here.source_id = await here.add_source("rudderstack")
                    await here.add_sync(here.source_id, calls(row("Phone", "phone")))
                yield europe, america, Worker(europe.engine, Orgs(europe.engine, http))
        finally:
            await america.close()
            await america.org.close()


async def call_it(here, name):
    """Give a connection its name and its org a host."""
    [stored] = await here.rows(tables.connection, id=here.connection_id)
    values = {"name": name, "settings": {**stored["settings"], "login_url": f"http://{name.lower()}.example"}}
    async with here.database.write() as tx:
        await tx.execute(tables.connection.update().where(tables.connection.c.id == here.connection_id).values(values))
    here.configuration.forget()


@pytest.mark.shows("RS-03")
async def test_two_sources_with_two_connections_send_each_event_to_its_own(database, vault, clock, ids):
    async with two_orgs(database, vault, clock, ids) as (europe, america, worker):
        await europe.deliver(europe.source_id, identify("ann@x.example", "m1"))
        await america.deliver(america.source_id, identify("bob@y.example", "m2"))
        await europe.drain(worker)
        found = [[one["Email"] for one in await here.records("SELECT Email FROM Lead")] for here in (europe, america)]
        named = {one["name"]: one["org"] for one in await europe.rows(tables.connection)}
    assert ([["ann@x.example"], ["bob@y.example"]], {"Europe": "00DHr0000000001MAA", "America": "00DHr0000000002MAA"}) == (found, named)
