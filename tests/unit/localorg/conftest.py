"""An org on a virtual clock and a client that is logged in, for every test of the local org."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from crosswalk.clock import VirtualClock
from localorg.testing import LocalOrg

START = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
async def org(clock: VirtualClock) -> AsyncIterator[LocalOrg]:
    local = LocalOrg(clock=clock)
    yield local
    await local.close()


@pytest.fixture
async def client(org: LocalOrg) -> AsyncIterator[httpx2.AsyncClient]:
    async with org.client() as opened:
        yield opened
