"""The page of alerts and its API: channels added, tried, changed and removed, silence set, by those who configure."""

import re

import httpx2
import pytest
from tests import console
from tests.vendors.alert_receivers import HOST, Receivers
from tests.vendors.smtp import PASSWORD, mail_server
from tests.world import identify, preset

from crosswalk.alerts.watch import Watch
from crosswalk.cli.doctor import raised
from crosswalk.engine.vendors import Vendors
from crosswalk.findings import Level
from crosswalk.runtime import Runtime
from crosswalk.store import tables

HOOK = {"kind": "webhook", "name": "Program", "url": f"{HOST}/program?key=planted"}
OPS = "ops@harbor.example"


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def told(here):
    """Return a world with a source, receivers of alerts, and the console beside it, whose requests end at these receivers."""
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, preset("rudderstack"))
    here.receivers, usual = Receivers(), here.http
    async with httpx2.AsyncClient(transport=here.org.transport(), mounts={HOST: here.receivers.transport()}) as http:
        here.http = http
        async with console.beside(here) as served:
            here.console, here.owner = served, served.owner
            yield here
    here.http = usual


async def minutes(told, number):
    for _ in range(number):
        await Watch(told.engine, told.http).sweep()
        told.clock.advance(60)


async def channel(told, **given):
    return (await told.owner.api("POST", "/api/alerts/channels", json=given)).json()


# --- what is raised -------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30")
async def test_the_page_shows_what_is_raised_and_then_that_it_is_over(told):
    await told.owner.post(f"/connections/{told.connection_id}/pause")
    await minutes(told, 4)
    standing = (await told.owner.get("/settings/alerts")).text
    await told.owner.post(f"/connections/{told.connection_id}/resume")
    await minutes(told, 8)
    over = (await told.owner.get("/settings/alerts")).text
    assert (False, True) == ("Nothing is raised" in standing, "Nothing is raised" in over and "Local org is paused" in over)


@pytest.mark.shows("BX-30")
async def test_the_api_lists_what_is_raised_with_a_link_to_its_cure(told):
    await told.owner.post(f"/connections/{told.connection_id}/pause")
    await minutes(told, 4)
    [found] = (await told.owner.api("GET", "/api/alerts")).json()["items"]
    assert ("connection_paused", "http://127.0.0.1:8300/connections", None) == (found["cause"], found["link"], found["cleared_at"])


async def test_what_is_over_is_read_page_by_page(told):
    for _ in range(2):
        await told.owner.post(f"/connections/{told.connection_id}/pause")
        await minutes(told, 4)
        await told.owner.post(f"/connections/{told.connection_id}/resume")
        await minutes(told, 8)
    first = (await told.owner.api("GET", "/api/alerts?state=cleared&limit=1")).json()
    second = (await told.owner.api("GET", f"/api/alerts?state=cleared&limit=1&after={first['next']}")).json()
    assert (1, 1, None) == (len(first["items"]), len(second["items"]), second["next"])


# --- channels -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30", "P12")
async def test_a_webhook_is_added_with_a_secret_that_is_shown_once(told):
    page = (
        await told.owner.post("/settings/alerts/channels/new?kind=webhook", {**HOOK, "cause": ["source_silent", "deliveries_held"]})
    ).text
    secret = re.search(r"whsec_[\w+/=]+", page)[0]
    again = (await told.owner.get("/settings/alerts")).text + (await told.owner.api("GET", "/api/alerts/channels")).text
    assert (False, False, True) == (secret in again, "planted" in again, "receiver.example" in again)


@pytest.mark.shows("BX-30")
async def test_a_test_message_arrives_and_says_so(told):
    made = await channel(told, **HOOK)
    told.receivers.secret = made["signing_secret"]
    page = await told.owner.post(f"/settings/alerts/channels/{made['id']}/test", follow_redirects=True)
    assert ([("test", None)], True) == (told.receivers.told(), "Program took the test" in page.text)


@pytest.mark.shows("BX-30")
async def test_mail_is_added_by_its_form_and_told_with_the_others(told):
    async with mail_server() as server:
        form = {"name": "Operations", "host": "localhost", "port": server.port, "security": "none", "sender": OPS, "recipients": f"{OPS}\n"}
        await told.owner.post("/settings/alerts/channels/new?kind=mail", {**form, "cause": "connection_paused"})
        await told.owner.post(f"/connections/{told.connection_id}/pause")
        await minutes(told, 4)
    assert ["Alert: Local org is paused"] == server.subjects()


async def test_a_test_that_does_not_arrive_says_why_on_the_page_and_in_the_api(told):
    made = await channel(told, **HOOK)
    told.receivers.status = 404
    page = await told.owner.post(f"/settings/alerts/channels/{made['id']}/test", follow_redirects=True)
    answer = await told.owner.api("POST", f"/api/alerts/channels/{made['id']}/test")
    assert (True, 503, "alert_not_sent") == ("answers with 404" in page.text, answer.status_code, answer.json()["code"])


async def test_a_channel_that_cannot_be_told_says_so_on_the_page(told):
    await channel(told, **HOOK)
    told.receivers.status = 500
    await told.owner.post(f"/connections/{told.connection_id}/pause")
    await minutes(told, 4)
    assert "1 message will be tried again" in (await told.owner.get("/settings/alerts")).text


async def test_a_form_with_mistakes_comes_back_with_each_at_its_field(told):
    answer = await told.owner.post("/settings/alerts/channels/new?kind=mail", {"name": "Mail", "host": "a b", "port": "587"})
    shown = [f'id="e-{name}"' in answer.text for name in ("host", "sender", "recipients", "causes")]
    assert (422, [True] * 4, []) == (answer.status_code, shown, await told.rows(tables.alert_channel))


async def test_the_api_refuses_mistakes_with_their_places(told):
    answer = await told.owner.api(
        "POST", "/api/alerts/channels", json={"kind": "chat", "name": "Chat", "url": "http://chat.example/planted"}
    )
    assert (422, True, False) == (answer.status_code, "url" in answer.json()["problems"][0]["place"], "planted" in answer.text)


@pytest.mark.shows("P12")
async def test_a_channel_is_changed_without_its_secrets_being_shown_or_lost(told):
    mail = {"kind": "mail", "name": "Mail", "host": "smtp.harbor.example", "sender": OPS, "recipients": [OPS], "username": OPS}
    made = await channel(told, **mail, password=PASSWORD)
    page = (await told.owner.get(f"/settings/alerts/channels/{made['id']}")).text
    form = {"name": "Post", "host": mail["host"], "port": "587", "security": "starttls", "sender": OPS, "username": OPS, "recipients": OPS}
    await told.owner.post(f"/settings/alerts/channels/{made['id']}", {**form, "cause": "source_silent"})
    [changed] = (await told.owner.api("GET", "/api/alerts/channels")).json()["items"]
    found = (PASSWORD in page, changed["name"], changed["causes"], changed["secrets"])
    assert (False, "Post", ["source_silent"], ["password"]) == found


async def test_two_admins_at_one_channel_do_not_lose_a_change(told):
    made = await channel(told, **HOOK)
    path = f"/api/alerts/channels/{made['id']}"
    tag = (await told.owner.api("GET", path)).headers["etag"]
    given = {"json": {"kind": "webhook", "name": "Other"}, "headers": {"if-match": tag}}
    assert [200, 412] == [(await told.owner.api("PUT", path, **given)).status_code for _ in range(2)]


async def test_a_removed_channel_is_told_nothing_more(told):
    made = await channel(told, **HOOK)
    await told.owner.post(f"/settings/alerts/channels/{made['id']}/remove")
    await told.owner.post(f"/connections/{told.connection_id}/pause")
    await minutes(told, 4)
    trail = [one["action"] for one in await told.rows(tables.audit) if one["subject"] == made["id"]]
    assert ([], ["alert_channel.add", "alert_channel.remove"]) == (told.receivers.taken, trail)


async def test_two_channels_of_one_name_are_refused(told):
    await channel(told, **HOOK)
    assert "name_taken" == (await channel(told, **HOOK))["code"]


# --- silence --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-30")
async def test_a_source_may_be_silent_as_long_as_is_set(told):
    await told.deliver(told.app, identify("ann@x.example", "m1"))
    await told.drain()
    await told.owner.post(f"/settings/alerts/silence/{told.app}", {"hours": "5"})
    found = []
    for _ in range(2):
        told.clock.advance(3 * 3600)
        await minutes(told, 3)
        found.append([one["cause"] for one in (await told.owner.api("GET", "/api/alerts")).json()["items"]])
    assert [[], ["source_silent"]] == found


@pytest.mark.shows("BX-47")
async def test_what_is_set_for_a_source_survives_its_own_form_and_the_workspace_file(told):
    await told.owner.api("PUT", f"/api/alerts/silence/{told.app}", json={"hours": 5})
    await told.owner.api("PUT", f"/api/retention/{told.app}", json={"days": 7})
    path = f"/api/sources/{told.app}"
    tag = (await told.owner.api("GET", path)).headers["etag"]
    await told.owner.api("PUT", path, json={"name": "Shop", "kind": "rudderstack"}, headers={"if-match": tag})
    text = (await told.owner.api("GET", "/api/workspace")).text
    [source] = await told.rows(tables.source)
    kept = (source["name"], source["silent_after_hours"], source["retention_days"])
    assert (("Shop", 5, 7), True, True) == (kept, "silent_after_hours: 5" in text, "retention_days: 7" in text)


@pytest.mark.shows("BX-30")
async def test_doctor_lists_what_is_raised(told):
    await told.owner.post(f"/connections/{told.connection_id}/pause")
    await minutes(told, 4)
    parts = Runtime(told.engine, told.orgs, Vendors(told.http, told.clock), told.receiver, told.http)
    found = [one async for one in raised(parts)]
    assert [("alert", Level.WARN, "Local org is paused, since")] == [(one.subject, one.level, one.sentence[:26]) for one in found]


async def test_an_impossible_number_of_hours_changes_nothing(told):
    answer = await told.owner.api("PUT", f"/api/alerts/silence/{told.app}", json={"hours": 0})
    listed = (await told.owner.api("GET", "/api/alerts/silence")).json()["items"]
    assert (422, [None]) == (answer.status_code, [one["hours"] for one in listed])


async def test_alerts_are_for_those_who_configure(told):
    operator = await told.console.user("operator", {told.connection_id: "operator"})
    asked = [(await operator.get(path)).status_code for path in ("/settings/alerts", "/settings/alerts/channels/new", "/api/alerts")]
    assert [403] * 3 == asked
