"""Calls that fail are found in the log of callouts, whoever made them, without what must not stand there."""

import pytest
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator
from tests.world import preset, registration, world

from crosswalk.journal import callouts
from crosswalk.store import tables

SECRETS = {"signing_secret": "example-signing-secret", "api_token": TOKEN}


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
async def webinars(database, vault, clock, ids):
    livestorm = LivestormSimulator(clock)
    async with asking(database, vault, clock, ids, livestorm, "livestorm", SECRETS) as here:
        livestorm.add_event()
        livestorm.add_session()
        livestorm.register("ann")
        yield here


async def listed(here):
    async with here.database.read() as tx:
        return list(reversed(await callouts.page(tx, 100)))


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        ({"status": 500}, 500, "retry_later"),
        ({"status": 200, "body": "<html>", "content_type": "text/html"}, None, "retry_later"),
        ({"status": 429, "headers": {"Retry-After": "3"}}, 429, "retry_later"),
        ({"status": 401}, 401, "source_refused"),
        ({"drop": True}, None, "retry_later"),
    ],
    ids=str,
)
async def test_a_failed_call_of_a_pull_is_logged_with_its_request(webinars, trouble, status, code):
    webinars.vendor.troubles.order(**trouble, path="/people")
    await webinars.pull("sessions")
    found = [(entry.source_id, entry.request, entry.status, entry.code) for entry in await listed(webinars)]
    assert [(webinars.source_id, "GET sessions/session-1/people", status, code)] == found


async def test_a_failed_call_for_a_notice_is_logged(webinars):
    webinars.vendor.end()
    body, headers = webinars.vendor.signed("session.ended", webinars.vendor.sessions["session-1"], SECRETS["signing_secret"])
    await webinars.post(body, headers)
    webinars.clock.advance(120)
    webinars.vendor.troubles.order(status=503)
    await webinars.notices().sweep()
    assert ["GET sessions/session-1/people"] == [entry.request for entry in await listed(webinars)]


async def test_what_goes_well_is_not_logged(webinars):
    await webinars.pull()
    assert [] == await listed(webinars)


@pytest.fixture
async def here(database, vault, clock, ids):
    async with world(database, vault, clock, ids) as made:
        yield made


async def test_a_failed_call_to_salesforce_is_logged_with_what_is_next(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, preset("livestorm"))
    await here.deliver(source, registration("ann@x.example", "ann"))
    await here.fault(match={"resource": "composite$", "times": 1}, do="status", status=503, code="SERVER_UNAVAILABLE")
    await here.worker().sweep(linger=False)
    (entry, *_) = await listed(here)
    assert (here.connection_id, "Salesforce", 503) == (entry.connection_id, entry.system, entry.status)


@pytest.mark.shows("P12")
async def test_neither_secret_nor_person_stands_in_the_log(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, preset("livestorm"))
    await here.deliver(source, registration("ann@x.example", "ann"))
    await here.fault(
        match={"resource": "composite$", "times": 1}, do="status", status=400, code="MALFORMED_QUERY", message="Email = 'ann@x.example'"
    )
    await here.worker().sweep(linger=False)
    text = str(await here.rows(tables.callout))
    assert (True, []) == ("/composite" in text, [word for word in ("ann@", "localorg-secret") if word in text])
