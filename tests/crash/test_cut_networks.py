"""Workers that are cut off from the org or from their database in the middle of anything lose nothing and double nothing.

Connections break, fall silent, or answer later than the lease and the time-out of a send allow. An ordinary run makes four such troubles
in each setting, the long one forty in more of them.
"""

import asyncio
from contextlib import AsyncExitStack
from random import Random

import pytest
from sqlalchemy.engine import make_url
from tests.crash.lines import line
from tests.crash.onslaught import SCALED, onslaught
from tests.plugin import LONG

TROUBLES = 40 if LONG else 4
ORDINARY = [("org", 1, True), ("database", 2, True)]
EVERY = [(which, workers, keyed) for which in ("org", "database", "both") for workers in (1, 3) for keyed in (True, False)]


class Network:
    """The lines of an installation: to the org, and to the database."""

    def __init__(self, stack):
        self._stack = stack
        self.lines = {}

    async def lay(self, org_url, database_url):
        """Return the addresses by which the org and the database are reached over lines of ours."""
        org, database = make_url(org_url), make_url(database_url)
        self.lines["org"], org_port = await self._stack.enter_async_context(line(org.host, org.port))
        self.lines["database"], database_port = await self._stack.enter_async_context(line(database.host, database.port))
        return f"http://{org.host}:{org_port}", database.set(port=database_port).render_as_string(hide_password=False)

    async def trouble(self, which, random):
        """Make one trouble and wait until it has passed."""
        chosen = self.lines[random.choice(["org", "database"]) if which == "both" else which]
        beyond_the_lease = random.uniform(SCALED["lease"], SCALED["send_timeout"] + 0.5)
        what = random.choice([chosen.cut, chosen.fall_silent, chosen.be_slow])
        await what(random.uniform(0, 0.3) if what == chosen.cut else beyond_the_lease)


@pytest.mark.shows("P1", "P2", "P3")
@pytest.mark.parametrize(("which", "workers", "keyed"), EVERY if LONG else ORDINARY)
async def test_what_is_cut_off_loses_nothing_and_doubles_nothing(which, workers, keyed, empty_database, tmp_path):
    random = Random(f"{which} {workers} {keyed}")
    async with AsyncExitStack() as stack:
        network = Network(stack)
        fire, processes = await stack.enter_async_context(
            onslaught(tmp_path, empty_database("postgres"), workers, keyed=keyed, losing=False, lines=network.lay)
        )
        posting = [asyncio.create_task(fire.post_for_ever(Random(random.random()))) for _ in range(2)]
        for _ in range(TROUBLES):
            await fire.goes_on()
            await network.trouble(which, random)
        fire.over.set()
        await asyncio.gather(*posting)
        await fire.quiet()
        problems = await fire.problems()
        ended = await asyncio.to_thread(processes.stop)  # the lines live in this thread
        told = processes.told()
    assert (problems, ended) == ([], [0] * workers), told
