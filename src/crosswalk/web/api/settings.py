"""How this installation runs: what an admin may want to see of it without reading its environment."""

from importlib import metadata

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.web import callers
from crosswalk.web.callers import Looking

router = APIRouter(prefix="/api/settings", tags=["settings"])


class SettingsBody(BaseModel):
    """The settings in force that are neither secret nor a path of the machine."""

    version: str
    database: str
    public_url: str
    connections: int
    sources: int
    syncs: int
    session_idle_hours: float
    session_longest_days: float
    max_body_bytes: int


@router.get("")
async def read_settings(request: Request, caller: Looking) -> SettingsBody:
    """Return an overview of this installation."""
    caller.expect(Permission.LOOK)
    services = callers.services(request)
    configuration = await services.configuration.current()
    settings = services.settings
    return SettingsBody(
        version=metadata.version("crosswalk"),
        database="postgresql" if services.database.is_postgres else "sqlite",
        public_url=callers.base_url(request),
        connections=len(configuration.connections),
        sources=len(configuration.sources),
        syncs=len(configuration.syncs),
        session_idle_hours=settings.session_idle_hours,
        session_longest_days=settings.session_longest_days,
        max_body_bytes=settings.max_body_bytes,
    )
