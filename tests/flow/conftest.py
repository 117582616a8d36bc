"""`here` is a world with an org and a connection; `open_world` makes one with other settings."""

from contextlib import AsyncExitStack

import pytest
from tests.world import World, world

from localorg.settings import OrgSettings
from localorg.testing import LocalOrg


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


@pytest.fixture
async def open_fresh(database, vault, clock, ids):
    """Return a function that makes a world whose org is as Salesforce hands it out."""
    opened = []

    async def make(*, connected=True, **options):
        org = LocalOrg(OrgSettings(**options), clock)
        made = World(database, vault, clock, ids, org)
        if connected:
            await made.connect()
        (made.campaign,) = await made.seed("Campaign", {"Name": "Spring webinar"})
        opened.append(made)
        return made

    yield make
    for each in opened:
        await each.close()
        await each.org.close()


@pytest.fixture
async def fresh(open_fresh):
    return await open_fresh()
