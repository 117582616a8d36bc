"""`/api/retention`: how long what is personal is kept, for all sources and for single ones."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.connecting import retention
from crosswalk.web import callers
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import Configuring

router = APIRouter(prefix="/api/retention", tags=["settings"])

Days = Annotated[int, Field(ge=1, le=3_650)]


class KeptBody(BaseModel):
    """How long the content of a source's events is kept; null is the general number of days."""

    source_id: str
    name: str
    days: int | None


class RetentionBody(BaseModel):
    """The general numbers of days, which are settings of the process, and those of sources."""

    content_days: float
    undo_days: float
    trace_days: float
    sources: list[KeptBody]


class DaysIn(BaseModel):
    """How many days; null is the general number."""

    model_config = ConfigDict(extra="forbid")

    days: Days | None


@router.get("")
async def read_retention(request: Request, caller: Configuring) -> RetentionBody:
    """Return how long what is personal is kept."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    general = services.settings.retention
    every = sorted((await services.configuration.current()).sources.values(), key=lambda one: one.name)
    return RetentionBody(
        content_days=general.content_days,
        undo_days=general.undo_days,
        trace_days=general.trace_days,
        sources=[KeptBody(source_id=one.id, name=one.name, days=one.retention_days) for one in every],
    )


@router.put("/{source_id}")
async def keep_for(request: Request, caller: Configuring, source_id: str, body: DaysIn) -> KeptBody:
    """Set how long the content of a source's events is kept; what is older is blanked within the hour."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    await retention.keep_for(callers.services(request).engine, caller, source, body.days)
    return KeptBody(source_id=source.id, name=source.name, days=body.days)
