"""A worker lets events of the stream gather for a moment, and not a moment longer."""

import asyncio
from datetime import UTC, datetime
from random import Random

from tests.world import preset, registration, world

from crosswalk.clock import VirtualClock
from crosswalk.settings import Settings, Timings
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids

POSTED = datetime(2026, 3, 4, 9, tzinfo=UTC)


class Noting(VirtualClock):
    """A virtual clock that notes the first pause anybody makes."""

    def __init__(self, start):
        super().__init__(start)
        self.paused = asyncio.get_running_loop().create_future()

    async def sleep(self, seconds):
        """Wait, and note for how long."""
        if not self.paused.done():
            self.paused.set_result(seconds)
        await super().sleep(seconds)


async def test_a_turn_starts_when_an_event_has_lingered_however_long_idle_workers_sleep(sqlite_only, vault):
    clock, stop = Noting(POSTED), asyncio.Event()
    settings = Settings(allow_plain_http_orgs=True, timings=Timings(linger_stream=0.5, idle_poll=60))

    async def end(point):
        if point == "K8":
            stop.set()

    database = await Database.open(sqlite_only, clock)
    async with world(database, vault, clock, Ids(clock, Random(1)), settings=settings) as here:
        source = await here.add_source("livestorm")
        await here.add_sync(source, preset("livestorm"))
        await here.deliver(source, registration("ann@northwind.example", "ann"))
        working = asyncio.create_task(here.worker(end).run(stop))
        pause = await asyncio.wait_for(clock.paused, 30)
        clock.advance(pause)
        await asyncio.wait_for(working, 30)
        found = pause, await here.states()
    await database.close()
    assert found == (0.5, {"written": 1})
