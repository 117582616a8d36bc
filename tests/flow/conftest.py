"""`here` is a world with an org and a connection; `open_world` makes one with other settings."""

from contextlib import AsyncExitStack

import pytest
from tests.world import world


@pytest.fixture
async def open_world(database, vault, clock, ids):
    async with AsyncExitStack() as stack:

        async def opened(**options):
            return await stack.enter_async_context(world(database, vault, clock, ids, **options))

        yield opened


@pytest.fixture
async def here(open_world):
    return await open_world()


@pytest.fixture
def sqlite_only(sqlite_url):
    """Return the address of a SQLite database, for tests in which the kind of database cannot matter."""
    return sqlite_url
