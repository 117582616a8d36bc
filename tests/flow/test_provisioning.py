"""What presets need is declared, compared with an org, and brought there; twice is once, and whoever is cut off goes on."""

import pytest
from tests.world import KEY_FIELD, World

from crosswalk.provisioning import service
from crosswalk.provisioning.service import Wish
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

PRESETS = ("livestorm", "kaltura")


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
async def fresh(database, vault, clock, ids):
    """Return a world whose org is as Salesforce hands it out."""
    org = LocalOrg(OrgSettings(), clock)
    made = World(database, vault, clock, ids, org)
    await made.connect()
    yield made
    await made.close()
    await org.close()


async def provision(here, *presets, **wish):
    org = await here.ready_org()
    prepared = await service.prepare(here.engine, org, Wish(presets or PRESETS, **wish))
    return await service.carry_out(here.engine, org, prepared, "test")


async def plan(here, *presets, **wish):
    return (await service.prepare(here.engine, await here.ready_org(), Wish(presets or PRESETS, **wish))).plan


def told(found):
    return [(each.name, each.sentence) for each in found.obstacles]


async def test_a_fresh_org_gets_everything(fresh):
    applied = await provision(fresh)
    for step in applied.steps:
        print(step.sentence)
    assert [] == told(applied)


async def test_a_second_run_changes_nothing(fresh):
    await provision(fresh)
    assert () == (await plan(fresh)).steps
