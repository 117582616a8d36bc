"""`/api/jobs`: when each source is read by itself, in data and in a sentence, and how to change that."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.engine import asking
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Wish
from crosswalk.errors import RequestRefused
from crosswalk.journal.runs import Result
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers, job_views
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Configuring, Looking, Operating
from crosswalk.web.job_views import Job, Told
from crosswalk.web.source_access import source_of

router = APIRouter(prefix="/api/jobs", tags=["jobs"])


class LastOut(BaseModel):
    """What the last start of a job came to, all streams together; `calls` are those to the source's system."""

    at: datetime
    result: Result
    read: int
    written: int
    held: int
    calls: int
    sentence: str


class JobOut(BaseModel):
    """One job of one source."""

    kind: JobKind
    on: bool
    sentence: str
    every_hours: int
    hour: int | None
    minute: int
    zone: str
    window_hours: float
    next_at: datetime | None
    last: LastOut | None

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the body of a job."""
        one, last = job.schedule, job.last
        return cls(
            kind=one.kind,
            on=one.is_on,
            sentence=job.sentence,
            every_hours=one.every_hours,
            hour=one.hour,
            minute=one.minute,
            zone=one.zone,
            window_hours=one.window_hours,
            next_at=one.next_at,
            last=last
            and LastOut(
                at=last.at,
                result=last.result,
                read=last.read,
                written=last.written,
                held=last.held,
                calls=last.calls,
                sentence=last.sentence,
            ),
        )


class SourceJobsOut(BaseModel):
    """The jobs of one source; `troubles` says what keeps it from being read or written."""

    source_id: str
    source: str
    jobs: list[JobOut]
    troubles: Sequence[str]

    @classmethod
    def of(cls, told: Told) -> Self:
        """Return the body of the jobs of a source."""
        jobs = [JobOut.of(one) for one in told.jobs.values()]
        return cls(source_id=told.source.id, source=told.source.name, jobs=jobs, troubles=told.troubles)


class JobIn(BaseModel):
    """What is to be different about a job; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    on: bool | None = None
    every_hours: int | None = None
    hour: int | None = None
    zone: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] | None = None
    window_hours: Annotated[float, Field(gt=0, le=10_000)] | None = None

    def wish(self) -> Wish:
        """Return it as the service takes it."""
        return Wish(self.on, self.every_hours, self.hour, self.zone, self.window_hours)


@router.get("")
async def list_jobs(request: Request, caller: Looking) -> Listed[SourceJobsOut]:
    """Return the jobs of every source that can be asked, by its name."""
    services = callers.services(request)
    found = await job_views.told(services, await job_views.known(services, caller))
    return Listed[SourceJobsOut](items=[SourceJobsOut.of(one) for one in found])


@router.get("/{source_id}")
async def read_jobs(request: Request, caller: Looking, source_id: str) -> SourceJobsOut:
    """Return the jobs of one source."""
    return await _shown(request, await source_of(request, caller, source_id, Permission.LOOK))


@router.patch("/{source_id}/{kind}")
async def change_job(request: Request, caller: Configuring, source_id: str, kind: JobKind, body: JobIn) -> SourceJobsOut:
    """Switch a job on or off, or change when it runs and how far it looks back."""
    services = callers.services(request)
    source = await source_of(request, caller, source_id, Permission.CONFIGURE)
    if body == JobIn():
        raise RequestRefused("nothing_chosen", "Say what is to be different about the job; nothing was changed.", 422)
    await asking.change_job(services.engine, services.vendors, source, kind, body.wish(), caller.actor)
    return await _shown(request, source)


@router.post("/{source_id}/{kind}/start", status_code=202)
async def start_job(request: Request, caller: Operating, source_id: str, kind: JobKind) -> SourceJobsOut:
    """Let a job that is on start now; its later starts stay as they are."""
    services = callers.services(request)
    source = await source_of(request, caller, source_id, Permission.OPERATE)
    await asking.start_job(services.engine, services.vendors, source, kind, caller.actor)
    return await _shown(request, source)


async def _shown(request: Request, source: SourceConfig) -> SourceJobsOut:
    [found] = await job_views.told(callers.services(request), [source])
    return SourceJobsOut.of(found)
