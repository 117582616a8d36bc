"""The list of syncs, and what is done to a whole sync: made, switched, copied, moved, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import syncs
from crosswalk.editing.syncs import SyncView
from crosswalk.errors import RequestRefused
from crosswalk.presets import loader
from crosswalk.reasons import State
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SyncState
from crosswalk.web import callers
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.mapping import STATE_WORDS

router = APIRouter(prefix="/syncs", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SyncsPage:
    """Every sync the caller may see, and the form for a new one."""

    template: ClassVar[str] = "syncs.html"
    syncs: Sequence[SyncView]
    sources: Sequence[SourceConfig]
    connections: Sequence[ConnectionConfig]
    may_change: Mapping[str, bool]
    may_make: bool
    may_test: bool
    makes: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def presets(self) -> Sequence[tuple[str, str]]:
        """The presets of the sources there are, for a choice."""
        kinds = {source.kind for source in self.sources}
        found = [loader.load(name) for name in loader.names()]
        return [("", "Nothing: begin with one Lead step"), *((one.name, one.title) for one in found if one.kind in kinds)]

    def state_word(self, sync: SyncView) -> str:
        """Return a sync's state in a word."""
        return STATE_WORDS[sync.state]

    def shares(self, sync: SyncView) -> Sequence[tuple[str, float]]:
        """Return the last day's deliveries by outcome, in percent."""
        total = sum(sync.today.values())
        return [(state.value, round(100 * sync.today[state.value] / total, 2)) for state in State if sync.today.get(state.value)]

    def told(self, sync: SyncView) -> str:
        """Return the last day's deliveries in words."""
        parts = [f"{sync.today[state.value]:,} {state.value}" for state in State if sync.today.get(state.value)]
        return ", ".join(parts) or "no deliveries"


@dataclass(frozen=True, slots=True)
class MappedObject:
    """One object of a sync: its step, how many fields are mapped, and by which of them records are found."""

    step: int
    object: str
    fields: int
    searchable: Sequence[str]


@dataclass(frozen=True, slots=True)
class ObjectsPage:
    """What is mapped into one connection, sync by sync."""

    template: ClassVar[str] = "objects.html"
    connection: ConnectionConfig
    syncs: Sequence[SyncView]
    objects: Mapping[str, Sequence[MappedObject]]
    may_change: bool

    def state_word(self, sync: SyncView) -> str:
        """Return a sync's state in a word."""
        return STATE_WORDS[sync.state]


@dataclass(frozen=True, slots=True)
class DeletePage:
    """Asks for the name of a sync before it is deleted."""

    template: ClassVar[str] = "sync_delete.html"
    sync: SyncView
    errors: Mapping[str, str] = field(default_factory=dict)


class _New(BaseModel):
    name: str = Field(max_length=100)
    source_id: str
    connection_id: str
    preset: str | None = None


@router.get("")
async def show(request: Request, caller: LookingPage, connection: Annotated[str, Query(max_length=36)] = "") -> Response:
    """List the syncs, or with a connection the objects that are mapped into it."""
    return await (_objects(request, caller, connection) if connection else _list(request, caller))


@router.get("/new")
async def new(request: Request, caller: ConfiguringPage) -> Response:
    """Show the form for a new sync."""
    return await _list(request, caller, makes=True)


@router.post("/new")
async def make(request: Request, caller: ConfiguringPage) -> Response:
    """Make a sync, switched off, and open its mapping."""
    form = await forms.read(request, _New)
    if form.model is None:
        return await _list(request, caller, HTTPStatus.UNPROCESSABLE_ENTITY, makes=True, values=form.values, errors=form.errors)
    wanted = form.model
    caller.expect_on(wanted.connection_id, Permission.CONFIGURE)
    engine = callers.services(request).engine
    ends = {"source_id": wanted.source_id, "connection_id": wanted.connection_id}
    try:
        made = await syncs.create(engine, caller.actor, name=wanted.name, preset=wanted.preset, **ends)
    except RequestRefused as refused:
        return await _list(request, caller, refused.status, makes=True, values=form.values, errors={"": refused.sentence})
    return pages.of(request).go(request, f"/syncs/{made}", "The sync was made. It is off until you switch it on.")


@router.post("/{sync_id}/state")
async def switch(request: Request, caller: ConfiguringPage, sync_id: str) -> Response:
    """Switch a sync on, off or to paused."""
    engine, sync = callers.services(request).engine, await _own(request, caller, sync_id)
    wanted = (await forms.values(request)).get("state", "")
    if wanted not in ("on", "off", "paused"):
        raise RequestRefused("not_a_switch", "A sync is switched on, off or to paused.", 422)
    await syncs.switch(engine, caller.actor, sync_id, SyncState(wanted))
    said = {
        "on": f"{sync.name} writes to {sync.connection} from now on.",
        "off": f"{sync.name} is off; events that come are not kept for it.",
    }
    return pages.of(request).go(request, f"/syncs/{sync_id}", said.get(wanted, f"{sync.name} is paused; what comes waits."))


@router.post("/{sync_id}/duplicate")
async def duplicate(request: Request, caller: ConfiguringPage, sync_id: str) -> Response:
    """Copy a sync and open the copy."""
    sync = await _own(request, caller, sync_id)
    engine = callers.services(request).engine
    names = {one.name for one in (await engine.configuration.current()).syncs.values()}
    name = next(one for one in (f"{sync.name[:80]}, copy {number}" for number in range(1, len(names) + 2)) if one not in names)
    made = await syncs.duplicate(engine, caller.actor, sync_id, name)
    return pages.of(request).go(request, f"/syncs/{made}", "The copy is off until you switch it on.")


@router.post("/{sync_id}/up")
async def move_up(request: Request, caller: ConfiguringPage, sync_id: str) -> Response:
    """Move a sync before the one above it."""
    caller.expect(Permission.CONFIGURE)
    await _own(request, caller, sync_id)
    engine = callers.services(request).engine
    order = [one.id for one in await syncs.listed(engine)]
    at = order.index(sync_id)
    order.insert(max(0, at - 1), order.pop(at))
    await syncs.reorder(engine, caller.actor, order)
    return pages.of(request).go(request, "/syncs", "The order was changed.")


@router.get("/{sync_id}/delete")
async def ask_to_delete(request: Request, caller: ConfiguringPage, sync_id: str) -> Response:
    """Ask for the name before a sync is deleted."""
    return await _delete_page(request, caller, await _own(request, caller, sync_id), {})


@router.post("/{sync_id}/delete")
async def delete(request: Request, caller: ConfiguringPage, sync_id: str) -> Response:
    """Delete a sync whose name was typed."""
    sync = await _own(request, caller, sync_id)
    typed = (await forms.values(request)).get("name", "")
    try:
        await syncs.delete(callers.services(request).engine, caller.actor, sync_id, typed)
    except RequestRefused as refused:
        return await _delete_page(request, caller, sync, {"name": refused.sentence})
    return pages.of(request).go(request, "/syncs", f"{sync.name} was deleted. Its deliveries stay in the log.")


async def _objects(request: Request, caller: Caller, connection_id: str) -> Response:
    caller.expect_on(connection_id, Permission.LOOK)
    engine = callers.services(request).engine
    configuration = await engine.configuration.current()
    if connection_id not in configuration.connections:
        raise RequestRefused("unknown_connection", "There is no connection with this id; it may have been removed.", 404)
    shown = [one for one in await syncs.listed(engine) if one.connection_id == connection_id]
    context = ObjectsPage(
        connection=configuration.connections[connection_id],
        syncs=shown,
        objects={one.id: _mapped(configuration.syncs[one.id].document) for one in shown},
        may_change=caller.may_on(connection_id, Permission.CONFIGURE),
    )
    crumbs = [("Salesforce", "/connections")]
    return await pages.of(request).show(request, caller, context, title="Map objects", current="/connections", crumbs=crumbs)


def _mapped(document: Mapping[str, Any]) -> list[MappedObject]:
    return [
        MappedObject(
            step=number,
            object=str(step.get("object") or "Named by the event"),
            fields=len(step.get("rows") or ()),
            searchable=[str(key.get("field")) for key in step.get("match") or ()],
        )
        for number, step in enumerate(document.get("steps") or ())
    ]


async def _own(request: Request, caller: Caller, sync_id: str) -> SyncView:
    engine = callers.services(request).engine
    sync = await syncs.one(engine, sync_id)
    caller.expect_on(sync.connection_id, Permission.CONFIGURE)
    return syncs.view(await engine.configuration.current(), sync)


async def _delete_page(request: Request, caller: Caller, sync: SyncView, errors: Mapping[str, str]) -> Response:
    crumbs = [("Syncs", "/syncs"), (sync.name, f"/syncs/{sync.id}")]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    context = DeletePage(sync, errors)
    return await pages.of(request).show(request, caller, context, title="Delete", current="/syncs", crumbs=crumbs, status=status)


async def _list(request: Request, caller: Caller, status: int = HTTPStatus.OK, **given: object) -> Response:
    engine = callers.services(request).engine
    configuration = await engine.configuration.current()
    found = [one for one in await syncs.listed(engine) if caller.may_on(one.connection_id, Permission.LOOK)]
    connections = [one for one in configuration.connections.values() if caller.may_on(one.id, Permission.CONFIGURE)]
    context = SyncsPage(
        syncs=found,
        sources=list(configuration.sources.values()),
        connections=connections,
        may_change={one.id: caller.may_on(one.connection_id, Permission.CONFIGURE) for one in found},
        may_make=bool(connections),
        may_test=caller.may_somewhere(Permission.OPERATE),
        **given,  # type: ignore[arg-type]  # makes, values and errors, as the page has them
    )
    return await pages.of(request).show(request, caller, context, title="Syncs", current="/syncs", status=status)
