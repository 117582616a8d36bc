"""P1: what was answered with success is committed, and a crash at any line loses nothing of it."""

import json

import pytest
from sqlalchemy import func, select
from tests.flow.mappings import calls, row, webinar
from tests.world import identify, registration

from crosswalk.store import tables
from crosswalk.store.database import Database

ONCE = ("K0", "K1", "K8")
EVERY_WAVE = ("K2", "K3", "K4", "K5", "K6", "K7")
LINES = [(point, 1) for point in ONCE] + [(point, wave) for point in EVERY_WAVE for wave in (1, 2)]


@pytest.fixture
async def webinars(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    return source


async def people(here):
    found = await here.records("SELECT Email, LastName FROM Lead ORDER BY Email")
    members = await here.records("SELECT Status, Lead.Email FROM CampaignMember")
    return [(one["Email"], one["LastName"]) for one in found], [(one["Lead"]["Email"], one["Status"]) for one in members]


@pytest.mark.shows("P1")
async def test_an_event_that_was_answered_is_there_for_whoever_opens_the_database(here, database_url, webinars):
    await here.deliver(webinars, registration("ann@x.example", "p-1"))
    other = await Database.open(database_url, here.clock)
    async with other.read() as tx:
        stored = (await tx.execute(select(func.count()).select_from(tables.event))).scalar()
    await other.close()
    assert stored == 1


@pytest.mark.shows("P1")
async def test_an_event_that_was_answered_waits_in_the_queue(here, webinars):
    await here.deliver(webinars, registration("ann@x.example", "p-1"))
    assert await here.states() == {"waiting(queued)": 1}


@pytest.mark.shows("P1")
@pytest.mark.parametrize(("point", "nth"), LINES)
async def test_a_worker_that_dies_at_any_line_loses_nothing(here, webinars, point, nth):
    await here.deliver(webinars, registration("ann@x.example", "p-1", fields={"last_name": "Ray"}))
    assert await here.crash(point, nth)
    await here.drain()
    assert await people(here) == ([("ann@x.example", "Ray")], [("ann@x.example", "Registered")])


@pytest.mark.shows("P1")
async def test_events_that_arrive_between_crashes_are_all_written(here, webinars):
    lines = [*ONCE, *EVERY_WAVE]
    for point in lines:
        await here.deliver(webinars, registration(f"{point.lower()}@x.example", f"p-{point}", fields={"last_name": point}))
        assert await here.crash(point)
    await here.drain()
    written, members = await people(here)
    assert written == [(f"{point.lower()}@x.example", point) for point in sorted(lines)]
    assert sorted(members) == [(email, "Registered") for email, _ in written]


@pytest.mark.shows("P1")
async def test_a_delivery_whose_worker_died_ends_with_a_state(here, webinars):
    await here.deliver(webinars, registration("ann@x.example", "p-1"))
    assert await here.crash("K6", 2)
    await here.drain()
    assert set(await here.states()) == {"written"}


@pytest.mark.shows("P1")
async def test_one_batch_is_kept_whole_although_the_worker_dies_in_the_middle_of_it(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(row("Phone", "phone", update="overwrite")))
    batch = {"batch": [identify(f"a{n:02}@x.example", f"m{n:02}", phone=str(n)) for n in range(30)]}
    await here.deliver(source, json.dumps(batch).encode(), path="/v1/batch")
    assert await here.crash("K6")
    await here.drain()
    found = await here.records("SELECT Email, Phone FROM Lead ORDER BY Email")
    assert [(one["Email"], one["Phone"]) for one in found] == [(f"a{n:02}@x.example", str(n)) for n in range(30)]
