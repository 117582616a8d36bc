"""Test deliveries as pages and API show them: the same steps of a look and of what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import test_deliveries
from crosswalk.connecting.test_deliveries import MappedStep, Understood
from crosswalk.editing import desk as desks
from crosswalk.editing import previews
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import Previewed
from crosswalk.model import Event
from crosswalk.web import callers, delivery_views
from crosswalk.web.delivery_views import Story


@dataclass(frozen=True, slots=True)
class Looked:
    """What would become of an event: nothing was written."""

    event: Understood
    mapped: Sequence[MappedStep]
    preview: Previewed


@dataclass(frozen=True, slots=True)
class Watched:
    """What becomes of an event that was sent. `event` is None where its content is no longer kept."""

    event: Understood | None
    mapped: Sequence[MappedStep]
    story: Story


async def desk_of(request: Request, caller: Caller, sync_id: str) -> Desk:
    """Return the desk of a sync whose connection the caller may operate; raise 403 or 404."""
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id)
    caller.expect_on(desk.connection.id, Permission.OPERATE)
    return desk


async def look(request: Request, caller: Caller, desk: Desk, event_id: str) -> Looked:
    """Return what the sync would do with one event."""
    engine = callers.services(request).engine
    [event] = (await test_deliveries.chosen(engine, desk, event_id)).events
    shown = await previews.preview(engine, desk, [event])
    return Looked(*await _told(request, caller, desk, event), shown)


async def watch(request: Request, caller: Caller, delivery_id: str) -> tuple[Desk, Watched]:
    """Return a delivery step by step, with the desk of its sync."""
    story = await delivery_views.story(callers.services(request), caller, delivery_id)
    desk = await desk_of(request, caller, story.line.entry.delivery.sync_id)
    if story.content is None:
        return desk, Watched(None, (), story)
    return desk, Watched(*await _told(request, caller, desk, story.full.event), story)


async def _told(request: Request, caller: Caller, desk: Desk, event: Event) -> tuple[Understood, Sequence[MappedStep]]:
    sees_people = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    understood = test_deliveries.understood(desk, event, sees_people=sees_people)
    return understood, await test_deliveries.mapped(callers.services(request).engine, desk, event, sees_people=sees_people)
