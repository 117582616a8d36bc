"""P9: no call is started that would eat the reserve; what waits for calls goes on by itself when they free up."""

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.model import Priority
from crosswalk.store import tables
from localorg.settings import OrgSettings

PHONE = row("Phone", "phone", update="overwrite")
LIMIT, RESERVE = 60, 40
DAY = 86_400


@pytest.fixture
async def scarce(open_world):
    """Return a world whose org allows few calls, most of them kept in reserve, and its source."""
    here = await open_world(org_settings=OrgSettings(api_limit=LIMIT), reserve=RESERVE)
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, calls(PHONE))
    return here


async def tell(here, count, priority=Priority.STREAM):
    """Let people be told of one by one, each in a turn of their own."""
    for number in range(count):
        await here.deliver(here.app, identify(f"{priority.name}{number}@x.example".lower(), f"{priority}-{number}"), priority=priority)
        await here.worker().sweep(linger=False)


async def used(here):
    return (await here.calls())["used"]


@pytest.mark.shows("P9", "BX-14")
async def test_the_reserve_is_never_eaten(scarce):
    await tell(scarce, 30)
    assert await used(scarce) <= LIMIT - RESERVE


@pytest.mark.shows("P9", "RS-29")
async def test_every_worker_keeps_the_reserve_together_with_the_others(scarce):
    for number in range(30):
        await scarce.deliver(scarce.app, identify(f"p{number}@x.example", f"m{number}"))
        await scarce.worker().sweep(linger=False)
        await scarce.worker().sweep(linger=False)
    assert await used(scarce) <= LIMIT - RESERVE


@pytest.mark.shows("P9")
async def test_the_calls_of_others_count(scarce):
    await scarce.ask("POST", "/localorg/calls", json={"calls": LIMIT - RESERVE - 2})
    await tell(scarce, 5)
    assert await used(scarce) <= LIMIT - RESERVE


@pytest.mark.shows("P9", "P7")
async def test_what_there_are_no_calls_for_waits_with_a_time_and_a_deadline(scarce):
    await tell(scarce, 30)
    waiting = [one for one in await scarce.rows(tables.delivery, state="waiting") if one["reason"] == "budget"]
    assert waiting
    assert all(scarce.clock.now() < one["due_at"] < one["deadline"] for one in waiting)


@pytest.mark.shows("P9")
async def test_what_waited_for_calls_is_written_when_they_free_up(scarce):
    await tell(scarce, 30)
    scarce.clock.advance(DAY)
    await scarce.drain()
    assert (await scarce.states(), len(await scarce.records("SELECT Id FROM Lead"))) == ({"written": 30}, 30)


@pytest.mark.shows("P9")
async def test_a_lowered_reserve_lets_it_go_on(scarce):
    await tell(scarce, 30)
    async with scarce.database.write() as tx:
        await tx.execute(tables.connection.update().values(reserve=0))
    scarce.configuration.forget()
    scarce.clock.advance(scarce.settings.timings.budget_retry + 1)
    await scarce.drain()
    assert await scarce.states() == {"written": 30}


@pytest.mark.shows("P9")
async def test_backfill_stops_before_the_stream_does(scarce):
    await scarce.ask("POST", "/localorg/calls", json={"calls": LIMIT - RESERVE - 12})
    await tell(scarce, 1, Priority.BACKFILL)
    await tell(scarce, 1, Priority.STREAM)
    waiting = await scarce.rows(tables.delivery, state="waiting")
    assert [one["priority"] for one in waiting] == [Priority.BACKFILL]


@pytest.mark.shows("P9")
async def test_interactive_work_has_a_part_of_the_reserve(scarce):
    await tell(scarce, 30)
    await tell(scarce, 1, Priority.INTERACTIVE)
    assert len(await scarce.records("SELECT Id FROM Lead WHERE Email = 'interactive0@x.example'")) == 1


@pytest.mark.shows("P9")
async def test_the_org_refusing_for_its_daily_limit_is_waited_for(here):
    app = await here.add_source("rudderstack")
    await here.add_sync(app, calls(PHONE))
    await here.deliver(app, identify("warm@x.example", "m0"))
    await here.drain()
    await here.fault(match={"resource": "collections", "times": 1}, do="daily_limit")
    await here.deliver(app, identify("ann@x.example", "m1"))
    await here.drain()
    assert await here.states() == {"written": 2}
