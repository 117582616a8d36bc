"""Provisioning an org as the service does it, and looking at what came of it."""

from crosswalk.provisioning import service
from crosswalk.provisioning.service import Wish


async def prepared(here, *presets, **wish):
    return await service.prepare(here.engine, await here.ready_org(), Wish(presets or ("livestorm",), **wish))


async def plan(here, *presets, **wish):
    return (await prepared(here, *presets, **wish)).plan


async def provision(here, *presets, **wish):
    found = await prepared(here, *presets, **wish)
    return await service.carry_out(here.engine, await here.ready_org(), found, "test")


def told(found):
    return [(each.name, each.sentence) for each in found.obstacles]


def names(found, type_=None):
    return [step.name for step in found.steps if type_ in (None, step.type)]


async def fields(here, object_name):
    async with here.org.client() as client:
        described = (await client.get(f"/services/data/v60.0/sobjects/{object_name}/describe")).json()
    return {each["name"]: each for each in described["fields"]}


async def labels(here):
    rows = await here.records(f"SELECT Label FROM CampaignMemberStatus WHERE CampaignId = '{here.campaign}' ORDER BY SortOrder")
    return [row["Label"] for row in rows]


async def permission_set(here):
    return await here.records("SELECT Id, Name FROM PermissionSet WHERE IsOwnedByProfile = FALSE")
