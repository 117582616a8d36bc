"""`/api/syncs/{id}/test`: one event, made up or past, through one sync, step by step; looked at only, or sent."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.connecting import test_deliveries
from crosswalk.connecting.test_deliveries import MADE, MappedStep, Understood
from crosswalk.web import callers, delivery_views, test_views
from crosswalk.web.api.deliveries import StoryOut
from crosswalk.web.callers import Operating
from crosswalk.web.test_views import Looked

router = APIRouter(prefix="/api/syncs/{sync_id}/test", tags=["test deliveries"])


class TestIn(BaseModel):
    """A past event by its id; without one, an event is made up."""

    model_config = ConfigDict(extra="forbid")

    event_id: Annotated[str, Field(max_length=36, pattern=r"^[^\x00]+$")] | None = None


class SentOut(BaseModel):
    """The delivery to watch."""

    delivery_id: str


class WatchedOut(BaseModel):
    """How far the delivery has come; `event` is null where its content is no longer kept."""

    event: Understood | None
    mapped: list[MappedStep]
    delivery: StoryOut


@router.post("/preview")
async def look(request: Request, caller: Operating, sync_id: str, body: TestIn) -> Looked:
    """Show what the sync would do with the event: what is understood, mapped, found and changed; nothing is written."""
    desk = await test_views.desk_of(request, caller, sync_id)
    return await test_views.look(request, caller, desk, body.event_id or MADE)


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def send(request: Request, caller: Operating, sync_id: str, body: TestIn) -> SentOut:
    """Send the event through this sync alone. It writes to the org; a made-up event needs the admin role there."""
    desk = await test_views.desk_of(request, caller, sync_id)
    engine = callers.services(request).engine
    return SentOut(delivery_id=await test_deliveries.send(engine, desk, caller, body.event_id or MADE))


@router.get("/{delivery_id}")
async def watch(request: Request, caller: Operating, sync_id: str, delivery_id: str) -> WatchedOut:
    """Show a delivery of the sync step by step, as far as it has come."""
    desk, watched = await test_views.watch(request, caller, delivery_id)
    if desk.sync.id != sync_id:
        raise delivery_views.unknown()
    return WatchedOut(event=watched.event, mapped=list(watched.mapped), delivery=StoryOut.told(watched.story))
