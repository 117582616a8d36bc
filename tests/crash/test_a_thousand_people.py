"""The script of the benchmark, with everything that goes wrong in it: not one wrong record, and a checker that would have seen it."""

import asyncio
import json

import httpx2
import pytest
from bench import checker, peers, rivals, scenario
from tests.plugin import LONG
from tests.slow_clock import ObligingClock
from tests.world import world

from crosswalk.errors import StoreBusyError
from crosswalk.store.database import Database
from crosswalk.store.statements import chunks
from localorg.app import create_app
from localorg.server import running
from localorg.settings import OrgSettings

SEEDS = range(20 if LONG else 3)
PEOPLE, AT_ONCE = (1_000, 100) if LONG else (60, 15)
LATENCIES_MS = (0, 50)
AFTER_THE_SCRIPT = 4 * 86_400  # seconds from its session


async def furnish(here, script):
    """Put in who is known before."""
    known = scenario.records(script)
    await here.seed("Lead", *known["Lead"])
    contacts = await here.seed("Contact", *known["Contact"])
    await here.seed("Lead", *scenario.converted(script, contacts))


async def play(here, script, mapping, faults=()):
    """Let everything arrive, a worker sweeping in between, and return the verdict."""
    await furnish(here, script)
    source = await here.add_source("livestorm")
    await here.add_sync(source, mapping)
    for fault in faults:
        await here.fault(**fault)
    for bodies in chunks(script.bodies(), AT_ONCE):
        await asyncio.gather(*(deliver(here, source, body) for body in bodies))
        await here.worker().sweep(linger=False)
    await here.drain()
    writes = await here.ask("GET", "/localorg/writes")
    exported = await here.ask("GET", "/localorg/export")
    return checker.check(script, exported, writes if isinstance(writes, list) else json.loads(writes))


async def deliver(here, source, body):
    """Deliver a body as senders do: again, when the door answers 503 because the database is busy."""
    while True:
        try:
            return await here.deliver(source, body)
        except StoreBusyError:
            continue


@pytest.fixture(params=LATENCIES_MS, ids="{} ms".format)
async def here(request, database, vault, clock, ids):
    clock.advance(AFTER_THE_SCRIPT)  # what is told of the future would count as told now
    slow = OrgSettings(latency_ms=request.param)
    async with world(database, vault, clock, ids, org_settings=slow, org_clock=ObligingClock(clock)) as made:
        yield made


@pytest.mark.shows("P2", "P3", "P4", "P5", "P6", "P10")
@pytest.mark.parametrize("seed", SEEDS)
async def test_not_one_record_is_wrong(seed, here):
    script = scenario.script(seed, PEOPLE)
    verdict = await play(here, script, scenario.mapping(), scenario.faults(seed))
    assert (verdict, set(await here.states()) - {"unchanged", "written"}) == (checker.Verdict((), (), (), ()), set())


# --- the checker can fail -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def org_without_faults(sqlite_url, vault, clock, ids):
    """Return a function that plays the script with a mapping that someone has broken."""

    async def played(break_it=None, script=None):
        mapping = scenario.mapping()
        if break_it:
            break_it(mapping)
        database = await Database.open(sqlite_url, clock)
        try:
            async with world(database, vault, clock, ids) as made:
                return await play(made, script or scenario.script(0, 100), mapping)
        finally:
            await database.close()

    return played


def rows_of(mapping, *fields):
    return [row for step in mapping["steps"] for row in step["rows"] if row["field"] in fields]


async def test_the_checker_sees_fields_that_are_overwritten_against_their_policy(org_without_faults):
    def overwriting(mapping):
        for row in rows_of(mapping, "Title"):
            row["update"] = "overwrite"

    verdict = await org_without_faults(overwriting)
    assert (len(verdict.damaged) > 5, verdict.wrong == len(verdict.damaged)) == (True, True)


async def test_the_checker_sees_people_who_are_made_beside_their_contact(org_without_faults):
    def forgetting_contacts(mapping):
        mapping["person"]["search"] = ["Lead"]
        mapping["steps"] = [step for step in mapping["steps"] if step["object"] != "Contact"]

    assert len((await org_without_faults(forgetting_contacts)).duplicates) >= 10


async def test_the_checker_sees_the_wrong_one_of_two_changed(org_without_faults):
    verdict = await org_without_faults(lambda mapping: mapping["person"].update(on_duplicates="newest"))
    assert len([one for one in verdict.damaged if "is not the one to change" in one]) == 2


async def test_the_checker_sees_lost_events(org_without_faults):
    whole = scenario.script(0, 100)
    script = scenario.Script(whole.people, whole.arrivals[:-30])
    assert (await org_without_faults(script=script)).wrong > 5


async def test_the_checker_sees_statuses_that_went_back():
    script = scenario.script(0, 60)
    app = create_app()
    async with running(app) as url, httpx2.AsyncClient(base_url=url) as org:
        campaign = await rivals.furnish(org, script)
        await asyncio.to_thread(peers.run, url, campaign, list(script.bodies()))
        verdict = checker.check(script, (await org.get("/localorg/export")).text, (await org.get("/localorg/writes")).json())
    assert len(verdict.backwards) > 5
