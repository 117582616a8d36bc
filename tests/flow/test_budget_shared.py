"""P9, invariant I8: whatever the number of workers, no call is started that would eat the reserve, by the org's own log of calls.

What waits for calls says when it goes on, and what is urgent goes first.
"""

import asyncio
import json
from random import Random

import httpx2
import pytest
from tests.flow.mappings import calls, row, webinar
from tests.plugin import LONG
from tests.world import identify, registration

from crosswalk.engine.orgs import Orgs
from crosswalk.engine.worker import Worker
from crosswalk.inbox import lanes
from crosswalk.model import Priority
from crosswalk.store import tables
from localorg.settings import OrgSettings

PHONE = row("Phone", "phone", update="overwrite")
LIMIT, RESERVE = 120, 60
PROCESSES = 3
SEEDS = range(40 if LONG else 1)


@pytest.fixture
async def shared(open_world):
    """Return a function that opens a world whose org allows few calls, and the workers of three processes, which share one org."""
    clients = []

    async def opened(lag=0.0):
        here = await open_world(org_settings=OrgSettings(api_limit=LIMIT, limit_info_lag_seconds=lag), reserve=RESERVE, slots=PROCESSES)
        here.app = await here.add_source("rudderstack")
        await here.add_sync(here.app, calls(PHONE))
        here.webinars = await here.add_source("livestorm")
        await here.add_sync(here.webinars, webinar(), position=1)
        clients.extend(httpx2.AsyncClient(transport=here.org.transport()) for _ in range(PROCESSES))
        everybody = [Orgs(here.engine, client) for client in clients]
        for orgs in everybody:
            await orgs.of((await here.configuration.current()).connections[here.connection_id])  # who waits for a login waits in real time
        return here, [Worker(here.engine, orgs) for orgs in everybody]

    yield opened
    for client in clients:
        await client.aclose()


async def arrive(here, chance, number, priority=Priority.STREAM):
    """Let somebody register for a webinar or be told of by an app."""
    email = f"p{number:03}@x.example"
    if chance.random() < 0.5:
        await here.deliver(here.webinars, registration(email, f"r-{number}", fields={"last_name": "Ray"}), priority=priority)
    else:
        await here.deliver(here.app, identify(email, f"m{number}", phone=str(number)), priority=priority)


async def log_of_calls(here):
    """Return what the org had counted when each call began, that call included; asking for the figure itself is left out."""
    return [call["used"] for call in (await here.calls())["calls"] if call["kind"] != "limits"]


@pytest.mark.shows("P9", "BX-14")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lag", [0.0, 30.0])
async def test_workers_together_start_no_call_that_eats_the_reserve(shared, seed, lag):
    here, workers = await shared(lag)
    chance = Random(seed)
    for number in range(30):
        await arrive(here, chance, number, chance.choice([Priority.STREAM, Priority.BACKFILL]))
        if chance.random() < 0.2:
            await here.ask("POST", "/localorg/calls", json={"calls": chance.randint(0, 1)})
            here.clock.advance(70)  # what others spend is known a minute later
        await asyncio.gather(*(worker.sweep(linger=False) for worker in workers))
        here.clock.advance(chance.choice([0, 0, 0.3, 5, 70]))
    assert [] == [used for used in await log_of_calls(here) if used > LIMIT - RESERVE]


@pytest.mark.shows("P9")
async def test_workers_together_use_what_there_is(shared):
    here, workers = await shared()
    chance = Random(0)
    for number in range(60):
        await arrive(here, chance, number)
        await asyncio.gather(*(worker.sweep(linger=False) for worker in workers))
    assert (await here.calls())["used"] >= LIMIT - RESERVE - PROCESSES


@pytest.mark.shows("P9")
async def test_all_is_written_once_the_calls_are_free_again(shared):
    here, workers = await shared()
    chance = Random(1)
    for number in range(40):
        await arrive(here, chance, number)
        await asyncio.gather(*(worker.sweep(linger=False) for worker in workers))
    left = (await here.states()).get("waiting(budget)", 0)
    for day in range(6):
        here.clock.advance(86_400 if day else 0)
        await here.worker().sweep(linger=False)
        for _ in range(20):
            await workers[0].sweep(linger=False)
            here.clock.advance(1)
    assert (True, {"written": 40}) == (left > 0, await here.states())


@pytest.mark.shows("P9", "P7")
async def test_what_waits_for_calls_says_why_and_when_it_goes_on(shared):
    here, workers = await shared()
    await here.ask("POST", "/localorg/calls", json={"calls": LIMIT - RESERVE})
    await arrive(here, Random(0), 0)
    await asyncio.gather(*(worker.sweep(linger=False) for worker in workers))
    (one,) = await here.rows(tables.delivery)
    seconds = (one["due_at"] - here.clock.now()).total_seconds()
    assert ("waiting", "budget", here.settings.timings.budget_retry) == (one["state"], one["reason"], seconds)
    assert "it goes on when calls free up, or lower the reserve" in one["detail"]


@pytest.mark.shows("P9")
async def test_what_was_found_while_planning_costs_nothing_twice_when_no_call_is_left_to_write(shared):
    here, workers = await shared()
    await arrive(here, Random(0), 0)
    await here.ask("POST", "/localorg/calls", json={"calls": LIMIT - RESERVE - 3})
    await asyncio.gather(*(worker.sweep(linger=False) for worker in workers))
    assert ({"waiting(budget)": 1}, []) == (await here.states(), await here.rows(tables.change, state="planned"))


# --- who goes first -------------------------------------------------------------------------------------------------------------------


async def crowd(here, count=5):
    """Let backfills, live events and clicks of agents arrive, the least urgent first."""
    for priority in reversed(Priority):
        told = [identify(f"{priority.name.lower()}{number}@x.example", f"{priority}-{number}") for number in range(count)]
        await here.deliver(here.app, json.dumps({"batch": told}).encode(), path="/v1/batch", priority=priority)


@pytest.mark.shows("P9", "BX-28")
async def test_the_urgent_goes_first(open_world):
    here = await open_world(slots=1)
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, calls(PHONE))
    await crowd(here)
    for _ in range(3):
        await here.worker().sweep(linger=False)
    written = [one["Email"] for one in await here.records("SELECT Email FROM Lead ORDER BY Id")]
    first = [email.partition("@")[0].rstrip("01234") for email in written]
    assert ["interactive"] * 5 + ["stream"] * 5 + ["backfill"] * 5 == first


@pytest.mark.shows("P9", "BX-28")
async def test_a_turn_serves_one_priority_so_that_a_backfill_spends_no_calls_of_the_stream(open_world):
    here = await open_world(slots=1)
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, calls(PHONE))
    await crowd(here)
    async with here.database.read() as tx:
        found = await lanes.due_connections(tx, here.clock.now())
    assert [Priority.INTERACTIVE, Priority.STREAM, Priority.BACKFILL] == [one.priority for one in found]


@pytest.mark.shows("P9")
@pytest.mark.parametrize(
    ("left", "served"),
    [(100, {"interactive", "stream", "backfill"}), (30, {"interactive", "stream"}), (0, {"interactive"}), (-26, set())],
)
async def test_each_priority_leaves_its_own_part_of_the_reserve(open_world, left, served):
    limit, reserve = 1_000, 40
    here = await open_world(org_settings=OrgSettings(api_limit=limit), reserve=reserve, slots=1)
    here.app = await here.add_source("rudderstack")
    await here.add_sync(here.app, calls(PHONE))
    await here.deliver(here.app, identify("known@x.example", "warm-up"))
    await here.drain()
    used = (await here.calls())["used"]
    await here.ask("POST", "/localorg/calls", json={"calls": limit - reserve - used - left})
    here.clock.advance(400)
    await crowd(here, count=1)
    for _ in range(3):
        await here.worker().sweep(linger=False)
    emails = {one["Email"] for one in await here.records("SELECT Email FROM Lead")} - {"known@x.example"}
    assert served == {email.partition("0@")[0] for email in emails}
