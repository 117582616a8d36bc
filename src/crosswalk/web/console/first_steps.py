"""First steps: from zero to the first record, in five clicks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.roles import Permission
from crosswalk.connecting import examples, first_steps, kinds, sources
from crosswalk.connecting.first_steps import Progress
from crosswalk.connecting.kinds import Kind
from crosswalk.editing import syncs
from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import SyncState
from crosswalk.web import callers, live
from crosswalk.web.callers import ConfiguringPage
from crosswalk.web.console import forms, pages

router = APIRouter(prefix="/first-steps", include_in_schema=False)

HERE = "/first-steps"


@dataclass(frozen=True, slots=True)
class FirstStepsPage:
    """How far somebody has come."""

    template: ClassVar[str] = "first_steps.html"
    done: Progress
    kinds: Sequence[Kind]
    has_practice: bool
    address: str
    has_example: bool


@router.get("")
async def show(request: Request, caller: ConfiguringPage) -> Response:
    """Show the five steps, those ticked that are done."""
    services = callers.services(request)
    done = await first_steps.progress(services.engine, caller)
    path = sources.hook_path(done.source) if done.source else None
    base = callers.base_url(request)
    address = f"{base}{path}" if path else base
    has_example = done.source is not None and examples.has(done.source.kind)
    context = FirstStepsPage(done, kinds.every(), services.practice is not None, address, has_example)
    return await pages.of(request).show(request, caller, context, title="First steps", current="/")


@router.get("/live")
async def follow(request: Request, caller: ConfiguringPage) -> Response:
    """Tell the page when an event has arrived, and when its record is written."""
    services = callers.services(request)
    shown = (await first_steps.progress(services.engine, caller)).step

    async def produce() -> Any:
        return {"moved": (await first_steps.progress(services.engine, caller)).step != shown}

    return live.stream(request, produce)


@router.post("/practice")
async def use_practice(request: Request, caller: ConfiguringPage) -> Response:
    """Connect the practice org."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    if services.practice is None:
        raise RequestRefused("no_practice_org", "This installation has no practice org; connect a real one.", 409)
    await first_steps.use_practice(services.engine, services.http, caller, services.practice)
    return pages.of(request).go(request, HERE)


@router.post("/source")
async def use_source(request: Request, caller: ConfiguringPage) -> Response:
    """Add a source with its ready sync."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    done = await first_steps.progress(services.engine, caller)
    if done.connection is None:
        raise RequestRefused("no_connection", "Choose where to write first.", 409)
    kind = (await forms.values(request)).get("kind", "")
    await first_steps.use_source(services.engine, services.orgs, caller, done.connection, kind, services.practice)
    return pages.of(request).go(request, HERE)


@router.post("/example")
async def send_example(request: Request, caller: ConfiguringPage) -> Response:
    """Let a made-up event arrive."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    done = await first_steps.progress(services.engine, caller)
    if done.source is None:
        raise RequestRefused("no_source_yet", "Choose where events come from first.", 409)
    await examples.send(services.engine, services.receiver, done.source)
    return pages.of(request).go(request, HERE)


@router.post("/on")
async def switch_on(request: Request, caller: ConfiguringPage) -> Response:
    """Let the sync write."""
    services = callers.services(request)
    done = await first_steps.progress(services.engine, caller)
    if done.sync is None:
        raise RequestRefused("no_sync_yet", "Choose where events come from first.", 409)
    caller.expect_on(done.sync.connection_id, Permission.CONFIGURE)
    await syncs.switch(services.engine, caller.actor, done.sync.id, SyncState.ON)
    return pages.of(request).go(request, HERE)
