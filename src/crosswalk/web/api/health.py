"""`/api/health`: how this installation is, for those who look after it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.findings import Level
from crosswalk.web import callers, health_view
from crosswalk.web.callers import Configuring

router = APIRouter(prefix="/api/health", tags=["settings"])


class CheckBody(BaseModel):
    """One check."""

    level: Level
    subject: str
    sentence: str


class HealthBody(BaseModel):
    """Version, database, what waits, and the checks of `/readyz`; null where the database does not answer."""

    version: str
    database: str
    schema_version: str
    waiting: int | None
    due: int | None
    to_fetch: int | None
    oldest_waiting_at: datetime | None
    checks: list[CheckBody]


@router.get("")
async def read_health(request: Request, caller: Configuring) -> HealthBody:
    """Return how this installation is."""
    caller.expect(Permission.CONFIGURE)
    found = await health_view.health(callers.services(request))
    waiting = found.queue
    return HealthBody(
        version=found.version,
        database=found.database,
        schema_version=found.schema,
        waiting=waiting.waiting if waiting else None,
        due=waiting.due if waiting else None,
        to_fetch=waiting.to_fetch if waiting else None,
        oldest_waiting_at=waiting.oldest_at if waiting else None,
        checks=[CheckBody(level=one.level, subject=one.subject, sentence=one.sentence) for one in found.checks],
    )
