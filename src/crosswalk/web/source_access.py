"""Who may see and steer a source: a source itself has no roles, the connections its syncs write to have.

Whoever may look on one of these connections sees the source, its jobs, runs and failed calls. What starts, stops or changes something
concerns all of them, and needs the permission on each. A source without syncs goes by the role in the workspace.
"""

from collections.abc import Mapping, Sequence

from starlette.requests import Request

from crosswalk.access import caller as access
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import samples
from crosswalk.editing.samples import Seen
from crosswalk.errors import RequestRefused
from crosswalk.journal import callouts, runs
from crosswalk.mapping.reading import Sources
from crosswalk.sources import registry
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SyncState
from crosswalk.web import callers


def connections_of(configuration: Configuration, source: SourceConfig) -> list[ConnectionConfig]:
    """Return the connections that syncs of a source write to."""
    ids = {one.connection_id for one in configuration.syncs_of(source.id) if one.state is not SyncState.REMOVED}
    return [one for one in configuration.connections.values() if one.id in ids]


def may(configuration: Configuration, caller: Caller, source: SourceConfig, permission: Permission) -> bool:
    """Tell whether the caller may look at a source, or do with it what the permission allows."""
    found = connections_of(configuration, source)
    if not found:
        return caller.may(permission)
    allowed = [caller.may_on(one.id, permission) for one in found]
    return any(allowed) if permission is Permission.LOOK else all(allowed)


def seen(configuration: Configuration, caller: Caller) -> list[SourceConfig]:
    """Return the sources the caller may look at, by name."""
    found = [one for one in configuration.sources.values() if may(configuration, caller, one, Permission.LOOK)]
    return sorted(found, key=lambda one: one.name)


def syncs_seen(configuration: Configuration, caller: Caller) -> Sequence[str]:
    """Return the syncs into connections the caller may look at."""
    return [one.id for one in configuration.syncs.values() if caller.may_on(one.connection_id, Permission.LOOK)]


def runs_seen(configuration: Configuration, caller: Caller) -> runs.Seen | None:
    """Return whose runs the caller may see; None for all."""
    sources, syncs = seen(configuration, caller), syncs_seen(configuration, caller)
    if caller.everywhere is not None:
        return None
    return runs.Seen([one.id for one in sources], syncs)


def callouts_seen(configuration: Configuration, caller: Caller) -> callouts.Seen | None:
    """Return whose failed calls the caller may see; None for all."""
    if caller.everywhere is not None:
        return None
    connections = [one.id for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)]
    return callouts.Seen([one.id for one in seen(configuration, caller)], connections)


async def last_seen(request: Request, caller: Caller, source: SourceConfig) -> Mapping[str, Seen]:
    """Return when each attribute of a source was last seen, and its value as far as the caller may know it."""
    engine = callers.services(request).engine
    sees_people = may(await engine.configuration.current(), caller, source, Permission.SEE_PERSONS)
    catalogue = {attribute.key: attribute for attribute in registry.source(source.kind).catalogue(source.settings)}
    return await samples.last_seen(engine, source.id, Sources(catalogue, source.kind), sees_people=sees_people)


async def source_of(request: Request, caller: Caller, source_id: str, permission: Permission) -> SourceConfig:
    """Return a source the caller has that permission on; raise 403 where not, 404 when there is none."""
    configuration = await callers.services(request).configuration.current()
    found = configuration.sources.get(source_id)
    if found is None:
        raise RequestRefused("unknown_source", "There is no source with this id. Go back to the list of sources.", 404)
    if not may(configuration, caller, found, permission):
        raise access.refused(permission)
    return found
