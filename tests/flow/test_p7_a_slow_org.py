"""P7: an org whose answers take long is asked by one worker at a time, which keeps its lease and comes to an end."""

import pytest
from tests.flow.mappings import webinar
from tests.slow_clock import ObligingClock
from tests.world import registration, world

from crosswalk.settings import Settings, Timings
from localorg.settings import OrgSettings

SECONDS_A_CALL, LEASE_SECONDS = 25, 60  # after 30 s a plan is too old to be sent


@pytest.fixture
async def slow(database, vault, clock, ids):
    """Return a world whose org takes so long for a call that what is asked before the first write outlasts a lease."""
    slow = OrgSettings(latency_ms=SECONDS_A_CALL * 1000)
    settings = Settings(commit_wait_ms=0, allow_plain_http_orgs=True, timings=Timings(lease=LEASE_SECONDS))
    async with world(database, vault, clock, ids, org_settings=slow, org_clock=ObligingClock(clock), settings=settings) as made:
        yield made


@pytest.mark.shows("P7")
async def test_a_turn_whose_questions_outlast_its_lease_is_not_taken_over(slow):
    source = await slow.add_source("livestorm")
    await slow.add_sync(source, webinar())
    await slow.deliver(source, registration("ann@x.example", "p-ann", fields={"last_name": "Ray"}))
    taken, began = [], slow.clock.monotonic()

    async def meanwhile(point):
        if point in ("K2", "K3", "K5"):
            taken.append(await slow.worker().sweep(linger=False))

    await slow.worker(meanwhile).sweep(linger=False)
    outlasted = slow.clock.monotonic() - began > 2 * LEASE_SECONDS
    assert (True, [0] * len(taken), {"written": 1}) == (outlasted, taken, await slow.states())
