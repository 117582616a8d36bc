"""Custom objects of an org that a source's own records could be linked to, and the lookup that links them (LP-32).

An object becomes available once the transcript object has a lookup to it. Making one is provisioning like any other: what it would change
is shown first, and what the preset still lacks in the org comes with it, because a lookup needs the object it stands on.
"""

from dataclasses import dataclass

from crosswalk.engine.orgs import Orgs
from crosswalk.errors import RequestRefused
from crosswalk.presets import loader
from crosswalk.provisioning import service
from crosswalk.provisioning.apply import Applied
from crosswalk.provisioning.plan import Plan
from crosswalk.provisioning.service import Linkable, Prepared, Wish
from crosswalk.store.configuration import ConnectionConfig, SourceConfig
from crosswalk.turn.context import Engine, Org


@dataclass(frozen=True, slots=True)
class Owner:
    """The preset whose own object takes lookups on request, and what that object is called."""

    preset: str
    label: str


def owner(source: SourceConfig) -> Owner | None:
    """Return whose records of a source's preset can be linked to further objects, or None where none can."""
    presets = loader.of_kind(source.kind)
    found = [Owner(preset.name, each.label) for preset in presets for each in preset.needs.objects if each.lookups_on_request]
    return found[0] if found else None


def expect_owner(source: SourceConfig) -> Owner:
    """Return the owner, or refuse with 404 where records are not linked to further objects."""
    found = owner(source)
    if found is None:
        raise RequestRefused("takes_no_lookups", "Records of this source are not linked to further objects.", 404)
    return found


def sentence(one: Linkable, owner_label: str) -> str:
    """Say whether an object is available, and if not why (LP-108)."""
    if one.linked:
        return f"Available: {owner_label} has a lookup to it."
    return f"Needs a lookup: there is no lookup from the transcript object ({owner_label})."


async def listed(engine: Engine, orgs: Orgs, source: SourceConfig, connection: ConnectionConfig) -> list[Linkable]:
    """Return the org's custom objects by label; those without a lookup are given one on request."""
    org = await orgs.of(connection)
    try:
        found = await service.linkable(org, expect_owner(source).preset)
    finally:
        await _counted(engine, org)
    return sorted(found, key=lambda one: (one.label.casefold(), one.name))


async def planned(engine: Engine, orgs: Orgs, source: SourceConfig, connection: ConnectionConfig, name: str) -> Plan:
    """Return what making the lookup would change in the org; nothing is changed."""
    org = await orgs.of(connection)
    try:
        return (await _prepared(engine, org, source, name)).plan
    finally:
        await _counted(engine, org)


async def make(engine: Engine, orgs: Orgs, source: SourceConfig, connection: ConnectionConfig, name: str, actor: str) -> Applied:
    """Make the lookup; raise `RequestRefused` for an object that is not there or is linked already."""
    org = await orgs.of(connection)
    try:
        return await service.carry_out(engine, org, await _prepared(engine, org, source, name), actor)
    finally:
        await _counted(engine, org)


async def _prepared(engine: Engine, org: Org, source: SourceConfig, name: str) -> Prepared:
    preset = expect_owner(source).preset
    found = next((one for one in await service.linkable(org, preset) if one.name.lower() == name.lower()), None)
    if found is None:
        raise RequestRefused("no_such_object", f"The org has no custom object {name[:80]}, or the connection's user may not see it.", 404)
    if found.linked:
        raise RequestRefused("already_linked", f"{found.label} has its lookup already; it is available.", 409)
    return await service.prepare(engine, org, Wish((preset,), lookups=(found.name,)))


async def _counted(engine: Engine, org: Org) -> None:
    """Write down the API calls made, however it went."""
    async with engine.database.write() as tx:
        await org.calls.flush(tx)
