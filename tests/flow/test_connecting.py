"""Connections by hand: entered in the console or over the API, tried, saved, given up, against the real local org."""

import html
import re
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests import console

from crosswalk.store import tables
from crosswalk.store.database import Database
from localorg.settings import ConnectedApp, OrgSettings
from localorg.testing import HOST, LocalOrg

USERNAME = "integration@localorg.example"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
async def org(clock, key):
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    apps = (ConnectedApp("browser-app"), ConnectedApp("signing-app", public_key=public))
    org = LocalOrg(OrgSettings(apps=apps), clock)
    yield org
    await org.close()


@pytest.fixture
async def app(sqlite_url, vault, clock, ids, org):
    database = await Database.open(sqlite_url, clock)
    async with httpx2.AsyncClient(transport=org.transport()) as http, console.served(database, vault, clock, ids, http=http) as served:
        yield served
    await database.close()


PASSWORD = {
    "name": "Harbor Supply",
    "environment": "custom",
    "login_url": HOST,
    "login": "password",
    "username": USERNAME,
    "password": "secret",
    "security_token": "token",
    "client_id": "localorg",
    "client_secret": "localorg-secret",
}
APP = {**PASSWORD, "login": "client_credentials"}


async def the_connection(app):
    """Return the only connection as the API shows it, or None."""
    found = (await app.owner.api("GET", "/api/connections")).json()["items"]
    return found[0] if found else None


@pytest.mark.shows("RS-04")
async def test_user_password_and_token_log_in(app, org):
    answer = await app.owner.post("/connections/new", PASSWORD)
    assert (303, org.org.settings.org_id) == (answer.status_code, (await the_connection(app))["org"])


@pytest.mark.shows("RS-04")
@pytest.mark.parametrize("missing", ["username", "password", "security_token"])
async def test_each_of_the_three_that_is_missing_is_an_error_at_its_field(app, missing):
    answer = await app.owner.post("/connections/new", {**PASSWORD, missing: ""})
    assert (422, True, None) == (answer.status_code, f'id="e-{missing}"' in answer.text, await the_connection(app))


async def test_a_wrong_password_saves_nothing_and_says_why(app):
    answer = await app.owner.post("/connections/new", {**PASSWORD, "password": "wrong"})
    assert (409, None, True) == (answer.status_code, await the_connection(app), 'role="alert"' in answer.text)


@pytest.mark.shows("RS-06")
async def test_sandbox_mode_logs_in_at_the_test_host(sqlite_url, vault, clock, ids):
    hosts = []

    def note(request):
        hosts.append(request.url.host)
        return httpx2.Response(503)

    database = await Database.open(sqlite_url, clock)
    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(note)) as http,
        console.served(database, vault, clock, ids, http=http) as app,
    ):
        for environment in ("sandbox", "production"):
            await app.owner.post("/connections/new", {**PASSWORD, "environment": environment})
    await database.close()
    assert ["test.salesforce.com", "login.salesforce.com"] == hosts


async def test_a_certificate_logs_in(app, key):
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    form = {"name": "Signed", "environment": "custom", "login_url": HOST, "login": "jwt", "client_id": "signing-app", "username": USERNAME}
    answer = await app.owner.post("/connections/new", {**form, "private_key": pem})
    assert (303, ["private_key"]) == (answer.status_code, (await the_connection(app))["secrets"])


async def test_client_credentials_log_in(app, org):
    answer = await app.owner.post("/connections/new", APP)
    assert (303, org.org.settings.org_id) == (answer.status_code, (await the_connection(app))["org"])


async def test_the_test_of_a_connection_tells_how_many_calls_are_left(app):
    await app.owner.post("/connections/new", APP)
    answer = await app.owner.post(f"/connections/{(await the_connection(app))['id']}/test", follow_redirects=True)
    assert "API calls are left today" in answer.text


async def test_the_test_of_a_connection_that_is_refused_says_why_and_what_to_do(app, org):
    await app.owner.post("/connections/new", APP)
    async with httpx2.AsyncClient(transport=org.transport(), base_url=HOST) as there:
        (await there.post("/localorg/faults", json=[{"do": "daily_limit"}])).raise_for_status()
    answer = await app.owner.post(f"/connections/{(await the_connection(app))['id']}/test", follow_redirects=True)
    assert "are used up; it goes on when calls free up" in answer.text


async def test_a_key_that_does_not_read_is_told_at_its_field(app):
    form = {"name": "Signed", "environment": "custom", "login_url": HOST, "login": "jwt", "client_id": "signing-app", "username": USERNAME}
    answer = await app.owner.post("/connections/new", {**form, "private_key": "no key"})
    assert (422, True) == (answer.status_code, 'id="e-private_key"' in answer.text)


async def sent_to_consent(app, client="browser-app"):
    """Begin a sign-in and return the address of Salesforce's page."""
    form = {"name": "By consent", "environment": "custom", "login_url": HOST, "login": "consent", "client_id": client}
    page = (await app.owner.post("/connections/new", form)).text
    return html.unescape(re.search(r'href="(http://org[^"]+)"', page)[1])


async def decided(org, address, decision):
    """Decide on Salesforce's page as a person would; returns where the browser is sent."""
    async with httpx2.AsyncClient(transport=org.transport()) as browser:
        given = dict(parse_qsl(urlsplit(address).query))
        form = {**given, "username": USERNAME, "decision": decision}
        answer = await browser.post(f"{HOST}/services/oauth2/authorize", data=form)
    target = urlsplit(answer.headers["location"])
    return f"{target.path}?{target.query}"


async def test_signing_in_at_salesforce_keeps_a_refresh_token(app, org):
    back = await decided(org, await sent_to_consent(app), "allow")
    answer = await app.owner.get(back)
    stored = await the_connection(app)
    assert (303, "refresh_token", ["refresh_token"]) == (answer.status_code, stored["settings"]["login"], stored["secrets"])


@pytest.mark.parametrize(("environment", "host"), [("production", "login.salesforce.com"), ("sandbox", "test.salesforce.com")])
async def test_signing_in_leads_to_the_host_of_the_environment(app, environment, host):
    form = {"name": "By consent", "environment": environment, "login": "consent", "client_id": "browser-app"}
    page = (await app.owner.post("/connections/new", form)).text
    assert f'href="https://{host}/services/oauth2/authorize?' in page


async def test_the_proof_of_the_sign_in_stays_with_us(app):
    given = dict(parse_qsl(urlsplit(await sent_to_consent(app)).query))
    assert ("S256", False) == (given["code_challenge_method"], "code_verifier" in given)


async def test_a_refusal_at_salesforce_saves_nothing(app, org):
    answer = await app.owner.get(await decided(org, await sent_to_consent(app), "deny"))
    assert (409, None) == (answer.status_code, await the_connection(app))


async def test_a_sign_in_comes_back_once_and_to_its_own_person(app, org):
    back = await decided(org, await sent_to_consent(app), "allow")
    other = await app.user("admin")
    answers = [await other.get(back), await app.owner.get(back)]
    assert ([409, 409], None) == ([one.status_code for one in answers], await the_connection(app))


async def test_one_org_is_connected_once(app):
    await app.owner.post("/connections/new", APP)
    answer = await app.owner.post("/connections/new", {**APP, "name": "Again"})
    assert (409, True) == (answer.status_code, "connected already as Harbor Supply" in answer.text)


async def test_who_adds_a_connection_is_its_admin(app):
    admin = await app.user("admin")
    await admin.post("/connections/new", APP)
    shown = (await admin.api("GET", "/api/connections")).json()["items"]
    assert ["admin"] == [one["role"] for one in shown]


@pytest.mark.shows("LC-04")
async def test_without_access_there_is_no_tile_and_the_record_is_403(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    operator = await app.user("operator")
    page, record = await operator.get("/connections"), await operator.api("GET", f"/api/connections/{connection_id}")
    assert (False, 403) == ("Harbor Supply" in page.text, record.status_code)


async def test_access_is_given_and_taken_in_the_panel(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    operator = await app.user("operator")
    seen = []
    for role in ("viewer", ""):
        await app.owner.post(f"/connections/{connection_id}/access", {"user": operator.caller.user_id, "role": role})
        seen.append((await operator.api("GET", f"/api/connections/{connection_id}")).status_code)
    assert [200, 403] == seen


@pytest.mark.shows("RS-27")
async def test_the_calls_left_are_those_the_org_says(app, org):
    await app.owner.post("/connections/new", APP)
    connection = await the_connection(app)
    said = (await app.owner.api("POST", f"/api/connections/{connection['id']}/test")).json()["sentence"]
    async with org.client() as client:
        daily = (await client.get("/services/data/v60.0/limits")).json()["DailyApiRequests"]
    left = daily["Remaining"] + 1  # the question itself was one
    page = (await app.owner.get("/connections")).text
    assert (True, True) == (f"{left:,} of {daily['Max']:,} API calls are left" in said, f"{left:,} left" in page)


async def test_a_changed_setting_needs_no_secret_anew(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    form = {**APP, "client_secret": "", "reserve": "2000", "slots": "3", "duplicates": "use"}
    answer = await app.owner.post(f"/connections/{connection_id}", form)
    changed = await the_connection(app)
    assert (303, 2000, 3, "use") == (answer.status_code, changed["reserve"], changed["slots"], changed["settings"]["duplicates"])


async def test_a_paused_connection_goes_on_after_signing_in_again(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    await app.owner.post(f"/connections/{connection_id}/pause")
    paused = (await the_connection(app))["paused_reason"]
    await app.owner.post(f"/connections/{connection_id}", APP)
    assert (True, None) == (bool(paused), (await the_connection(app))["paused_reason"])


async def test_a_connection_may_be_renamed(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    await app.owner.post(f"/connections/{connection_id}", {**APP, "name": "Harbor Supply EU"})
    found = await the_connection(app)
    assert (connection_id, "Harbor Supply EU") == (found["id"], found["name"])


async def test_a_connection_is_given_up_only_when_nothing_writes_into_it(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    database = app.services.database
    async with database.write() as tx:
        await tx.execute(tables.source.insert().values(id="src", name="s", kind="livestorm", created_at=app.services.clock.now()))
        row = {"id": "sync", "name": "Webinars", "connection_id": connection_id, "source_id": "src", "current_version": 0}
        await tx.execute(tables.sync.insert().values(**row))
    used = await app.owner.api("DELETE", f"/api/connections/{connection_id}")
    async with database.write() as tx:
        await tx.execute(tables.sync.delete())
    gone = await app.owner.api("DELETE", f"/api/connections/{connection_id}")
    assert (409, "connection_in_use", 204, None) == (used.status_code, used.json()["code"], gone.status_code, await the_connection(app))


async def test_every_change_is_audited_without_secrets(app):
    await app.owner.post("/connections/new", APP)
    connection_id = (await the_connection(app))["id"]
    await app.owner.post(f"/connections/{connection_id}/pause")
    await app.owner.post(f"/connections/{connection_id}/resume")
    trail = (await app.owner.api("GET", "/api/audit")).text
    actions = re.findall(r'"action":"(connection\.[a-z]+)"', trail)
    assert (["connection.resume", "connection.pause", "connection.add"], False) == (actions, "localorg-secret" in trail)


@pytest.mark.shows("LC-03")
async def test_two_orgs_are_two_tiles_with_state_and_org_id(app, clock):
    await app.owner.post("/connections/new", APP)
    now = clock.now()
    async with app.services.database.write() as tx:
        row = {"id": "uat", "name": "Harbor UAT", "org": "00DHr0000000009MAQ", "paused_reason": "Sign in again.", "created_at": now}
        await tx.execute(tables.connection.insert().values(settings={"sandbox": True}, **row))
    app.services.configuration.forget()
    page = (await app.owner.get("/connections")).text
    facts = ("Harbor Supply", "Harbor UAT", "00DHr0000000001MAA", "Not tested yet", "Nothing is written at the moment", "Add new account")
    assert [] == [fact for fact in facts if fact not in page]
