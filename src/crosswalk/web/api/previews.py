"""What a sync would do with recent events, and exactly that, run."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from crosswalk.access.roles import Permission
from crosswalk.editing import previews, samples
from crosswalk.editing.previews import Previewed
from crosswalk.web import answers, callers
from crosswalk.web.api.mappings import desk_for
from crosswalk.web.callers import Operating

router = APIRouter(prefix="/api/syncs/{sync_id}/preview", tags=["preview"])


class PreviewIn(BaseModel):
    """Which events: the latest, or those that came within a range of time; with `document` by a draft of the mapping."""

    model_config = ConfigDict(extra="forbid")

    latest: Annotated[int, Field(ge=1, le=previews.MOST)] = 25
    start: datetime | None = None
    end: datetime | None = None
    document: dict[str, Any] | None = None


class RunIn(BaseModel):
    """The events that were previewed, and the preview's mark."""

    model_config = ConfigDict(extra="forbid")

    latest: Annotated[int, Field(ge=1, le=previews.MOST)] = 25
    start: datetime | None = None
    end: datetime | None = None
    mark: Annotated[str, Field(max_length=64)]


class RunOut(BaseModel):
    """The run that carries out the preview."""

    run_id: str
    deliveries: int


@router.post("")
async def preview_events(request: Request, caller: Operating, sync_id: str, body: PreviewIn) -> Previewed:
    """Show record by record what would change, before and after, with a bound on API calls; nothing is written."""
    desk = await desk_for(request, caller, sync_id, Permission.OPERATE)
    engine = callers.services(request).engine
    events = await samples.events(engine, desk, body.latest, samples.Range(body.start, body.end))
    return await previews.preview(engine, desk, events, body.document)


@router.post("/run", responses={409: {"description": "Something changed since the preview; the new one."}})
async def run_preview(request: Request, caller: Operating, sync_id: str, body: RunIn) -> Any:
    """Run exactly what a preview showed; where it would no longer be the same, answer 409 with the new preview."""
    desk = await desk_for(request, caller, sync_id, Permission.OPERATE)
    engine = callers.services(request).engine
    events = await samples.events(engine, desk, body.latest, samples.Range(body.start, body.end))
    done = await previews.run(engine, desk, events, body.mark, caller.actor)
    if not isinstance(done, Previewed):
        return RunOut(run_id=done.run_id, deliveries=len(done.queued))
    told = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "preview_outdated",
        "detail": "Something changed since the preview, so nothing was run. Look at the new preview, then run it.",
        "preview": jsonable_encoder(done),
    }
    return JSONResponse(told, 409, media_type=answers.PROBLEM)
