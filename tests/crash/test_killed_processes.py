"""Processes killed at random moments, across ingest, planning, writing and acknowledging, lose nothing and double nothing.

An ordinary run kills 32 times, the long one more than 500 times: one and three workers, both databases, replies lost or not, with the
unique key field and without it.
"""

import asyncio
from random import Random

import pytest
from tests.crash.onslaught import onslaught
from tests.plugin import LONG

KILLS = 32 if LONG else 8
ORDINARY = [("sqlite", 1, True, True), ("sqlite", 3, True, False), ("postgres", 1, False, False), ("postgres", 3, False, True)]
EVERY = [
    (kind, workers, keyed, losing)
    for kind in ("sqlite", "postgres")
    for workers in (1, 3)
    for keyed in (True, False)
    for losing in (True, False)
]


@pytest.mark.shows("P1", "P2", "P3")
@pytest.mark.parametrize(("kind", "workers", "keyed", "losing"), EVERY if LONG else ORDINARY)
async def test_killed_processes_lose_nothing_and_double_nothing(kind, workers, keyed, losing, empty_database, tmp_path):
    random = Random(f"{kind} {workers} {keyed} {losing}")
    async with onslaught(tmp_path, empty_database(kind), workers, keyed=keyed, losing=losing) as (fire, processes):
        posting = [asyncio.create_task(fire.post_for_ever(Random(random.random()))) for _ in range(2)]
        await fire.kill(processes, KILLS, random)
        fire.over.set()
        await asyncio.gather(*posting)
        await fire.quiet()
        problems = await fire.problems()
        assert processes.stop() == [0] * workers, processes.told()
    assert problems == []
