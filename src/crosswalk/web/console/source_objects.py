"""The custom objects of an org that a source's records can be linked to; one without a lookup gets it here, after a look at the change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, lookups
from crosswalk.connecting.lookups import Owner
from crosswalk.errors import CrosswalkError
from crosswalk.provisioning.plan import Plan
from crosswalk.provisioning.service import Linkable
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SyncState
from crosswalk.web import callers
from crosswalk.web.api.connections import connection_of
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.sources import HERE, OBJECTS, TITLE, About, about

router = APIRouter(prefix=HERE, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One org: its custom objects with a sentence each, or why it cannot be asked."""

    connection: ConnectionConfig
    objects: Sequence[tuple[Linkable, str]]
    can: bool
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ObjectsPage:
    """The custom objects of each org into which the source's syncs write."""

    template: ClassVar[str] = "source_objects.html"
    about: About
    owner: Owner
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class LookupPage:
    """What making one lookup would change in the org."""

    template: ClassVar[str] = "source_lookup.html"
    about: About
    owner: Owner
    connection: ConnectionConfig
    object: str
    plan: Plan


@router.get("/{source_id}/objects")
async def objects(request: Request, caller: LookingPage, source_id: str) -> Response:
    """Show which custom objects are available, and which need a lookup."""
    source = await source_of(request, source_id)
    owner, configuration = lookups.expect_owner(source), await callers.services(request).configuration.current()
    wanted = dict.fromkeys(sync.connection_id for sync in configuration.syncs_of(source.id) if sync.state is not SyncState.REMOVED)
    seen = [configuration.connections[key] for key in wanted if caller.may_on(key, Permission.LOOK)]
    parts = [await _part(request, caller, source, connection, owner) for connection in seen]
    return await _shown(request, caller, ObjectsPage(about(source, OBJECTS, caller), owner, parts))


@router.get("/{source_id}/objects/{connection_id}/{name}")
async def look(request: Request, caller: ConfiguringPage, source_id: str, connection_id: str, name: str) -> Response:
    """Show what making the lookup would change, and ask."""
    services, source = callers.services(request), await source_of(request, source_id)
    connection = await connection_of(request, caller, connection_id, Permission.CONFIGURE)
    try:
        activation.expect_active(source)
        plan = await lookups.planned(services.engine, services.orgs, source, connection, name)
    except CrosswalkError as error:
        return pages.of(request).go(request, _address(source), error.sentence, "held")
    context = LookupPage(about(source, OBJECTS, caller), lookups.expect_owner(source), connection, name, plan)
    return await _shown(request, caller, context)


@router.post("/{source_id}/objects")
async def make(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Make the lookup that was looked at."""
    services, source, values = callers.services(request), await source_of(request, source_id), await forms.values(request)
    connection = await connection_of(request, caller, values.get("connection", ""), Permission.CONFIGURE)
    try:
        activation.expect_active(source)
        applied = await lookups.make(services.engine, services.orgs, source, connection, values.get("object", ""), caller.actor)
    except CrosswalkError as error:
        return pages.of(request).go(request, _address(source), error.sentence, "held")
    if applied.obstacles:
        told = " ".join(f"{one.name}: {one.sentence}" for one in applied.obstacles)
        return pages.of(request).go(request, _address(source), told, "held")
    return pages.of(request).go(request, _address(source), f"{connection.name} was changed. {' '.join(applied.hints)}".strip())


async def _part(request: Request, caller: Caller, source: SourceConfig, connection: ConnectionConfig, owner: Owner) -> Part:
    services, can = callers.services(request), caller.may_on(connection.id, Permission.CONFIGURE)
    try:
        found = await lookups.listed(services.engine, services.orgs, source, connection)
    except CrosswalkError as error:
        return Part(connection, (), can, error.sentence)
    return Part(connection, [(one, lookups.sentence(one, owner.label)) for one in found], can)


async def _shown(request: Request, caller: Caller, context: ObjectsPage | LookupPage) -> Response:
    title = context.about.source.name
    return await pages.of(request).show(request, caller, context, title=title, current=HERE, crumbs=[(TITLE, HERE)])


def _address(source: SourceConfig) -> str:
    return f"{HERE}/{source.id}/objects"
