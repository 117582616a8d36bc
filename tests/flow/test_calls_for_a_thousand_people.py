"""What a thousand people cost in API calls, counted by the org: looked for, created, and made members of the campaign."""

import asyncio

import pytest
from bench import throughput
from tests.world import preset, world

from crosswalk.store.database import Database


async def thousand(here, source, name):
    """Let a thousand new people register, work them off, and return the API calls the org has counted."""
    before = (await here.calls())["used"]
    at = int(here.clock.now().timestamp())
    await asyncio.gather(*(here.deliver(source, throughput.registration(name, number, at)) for number in range(1_000)))
    await here.drain()
    return (await here.calls())["used"] - before


@pytest.mark.shows("BX-44")
async def test_a_thousand_people_cost_few_calls_cold_and_fewer_warm(sqlite_only, vault, clock, ids):
    database = await Database.open(sqlite_only, clock)
    async with world(database, vault, clock, ids) as here:
        source = await here.add_source("livestorm")
        await here.add_sync(source, preset("livestorm"))
        cold, warm = await thousand(here, source, "cold"), await thousand(here, source, "warm")
    await database.close()
    assert (cold <= 12, warm <= 6) == (True, True), (cold, warm)
