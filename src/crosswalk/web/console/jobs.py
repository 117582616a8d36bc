"""Jobs: when a source is read by itself, as sentences with pickers, what came of it last, and what starts next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Annotated, ClassVar
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import kinds
from crosswalk.engine import asking, jobs, schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Wish
from crosswalk.errors import CrosswalkError
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers, job_views, source_access
from crosswalk.web.callers import ConfiguringPage, LookingPage, OperatingPage
from crosswalk.web.console import forms, pages, wording
from crosswalk.web.job_views import Job, Start, Told
from crosswalk.web.source_access import source_of

router = APIRouter(prefix="/jobs", include_in_schema=False)

TITLE, HERE = "Jobs", "/jobs"
_WINDOWS = (1, 2, 3, 6, 12, 24, 36, 48, 72, 96, 168, 336, 720)
_DAY_HOURS = 24
_MOST_STARTS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class JobsPage:
    """The jobs of one source, and what starts within a day in all of them."""

    template: ClassVar[str] = "jobs.html"
    told: Told | None
    sources: Sequence[tuple[str, str]]
    starts: Sequence[Start]
    more_starts: int
    may_configure: bool
    may_start: bool
    for_one: bool
    zones: Sequence[str]
    problem: str = ""
    most_days: int = jobs.MOST_DAYS

    @property
    def every(self) -> Sequence[tuple[str, str]]:
        """How often the periodic job can run."""
        return [(str(hours), _hours(hours)) for hours in schedules.EVERY_HOURS]

    @property
    def hours(self) -> Sequence[tuple[str, str]]:
        """When the daily job can run."""
        return [(str(hour), f"{hour:02}:00") for hour in range(_DAY_HOURS)]

    def windows(self, job: Job) -> Sequence[tuple[str, str]]:
        """How far a job can look back: as far as its starts are apart, and more."""
        known = {float(hours) for hours in _WINDOWS if hours >= job.schedule.every_hours} | {job.schedule.window_hours}
        return [(f"{hours:g}", _hours(hours)) for hours in sorted(known)]


class _Changed(BaseModel):
    every: int | None = None
    hour: int | None = None
    zone: str | None = Field(None, max_length=60, pattern=r"^[^\x00]*$")
    window: float | None = Field(None, gt=0, le=10_000)

    def wish(self) -> Wish:
        """Return what is to be different."""
        return Wish(None, self.every, self.hour, self.zone, self.window)


class _Switched(BaseModel):
    on: bool = False


class _One(BaseModel):
    one: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")


@router.get("")
async def show(request: Request, caller: LookingPage, source: Annotated[str, Query(max_length=36, pattern=r"^[^\x00]*$")] = "") -> Response:
    """Show the jobs of a source, of the first one without a choice."""
    return await _shown(request, caller, source)


@router.post("/{source_id}/one")
async def ask_one(request: Request, caller: OperatingPage, source_id: str) -> Response:
    """Read one session or conversation."""
    source = await source_of(request, caller, source_id, Permission.OPERATE)
    filled = await forms.read(request, _One)
    if filled.model is None:
        problem = "Enter the id of one session or conversation, as the source's system gives it; nothing was read."
        return await _shown(request, caller, source_id, problem, HTTPStatus.UNPROCESSABLE_ENTITY)
    services = callers.services(request)
    try:
        await asking.ask_one(services.engine, services.vendors, source, filled.model.one, caller.actor)
    except CrosswalkError as error:
        return await _shown(request, caller, source_id, error.sentence, forms.status(error))
    return pages.of(request).go(request, _back(source), "It is read as soon as a worker is free. What came of it stands under Runs.")


@router.post("/{source_id}/{kind}")
async def change(request: Request, caller: ConfiguringPage, source_id: str, kind: str) -> Response:
    """Change when a job runs and how far it looks back."""
    source = await source_of(request, caller, source_id, Permission.CONFIGURE)
    filled = await forms.read(request, _Changed)
    if filled.model is None:
        return await _shown(request, caller, source_id, " ".join(filled.errors.values()), HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _changed(request, caller, source, kind, filled.model.wish())


@router.post("/{source_id}/{kind}/switch")
async def switch(request: Request, caller: ConfiguringPage, source_id: str, kind: str) -> Response:
    """Switch a job on or off."""
    source = await source_of(request, caller, source_id, Permission.CONFIGURE)
    filled = await forms.read(request, _Switched)
    return await _changed(request, caller, source, kind, Wish(is_on=filled.model is not None and filled.model.on))


@router.post("/{source_id}/{kind}/start")
async def start(request: Request, caller: OperatingPage, source_id: str, kind: str) -> Response:
    """Let a job start now."""
    source = await source_of(request, caller, source_id, Permission.OPERATE)
    services = callers.services(request)
    try:
        await asking.start_job(services.engine, services.vendors, source, _kind(kind), caller.actor)
    except CrosswalkError as error:
        return await _shown(request, caller, source_id, error.sentence, forms.status(error))
    return pages.of(request).go(request, _back(source), f"The {kind} job starts now. What it reads stands under Runs.")


async def _changed(request: Request, caller: Caller, source: SourceConfig, kind: str, wish: Wish) -> Response:
    services = callers.services(request)
    try:
        made = await asking.change_job(services.engine, services.vendors, source, _kind(kind), wish, caller.actor)
    except CrosswalkError as error:
        return await _shown(request, caller, source.id, error.sentence, forms.status(error))
    if made.next_at is None:
        told = f"The {kind} job is off." if wish.is_on is False else f"The {kind} job is changed. It is off."
    else:
        told = f"{schedules.sentence(made)} Next: {wording.full(made.next_at, wording.zone(request))}."
    return pages.of(request).go(request, _back(source), told)


async def _shown(request: Request, caller: Caller, source_id: str, problem: str = "", status: int = HTTPStatus.OK) -> Response:
    services = callers.services(request)
    configuration = await services.configuration.current()
    known = await job_views.known(services, caller)
    told = await job_views.told(services, known)
    chosen = next((one for one in told if one.source.id == source_id), told[0] if told else None)
    starts = job_views.coming(told, services.clock.now())
    context = JobsPage(
        told=chosen,
        sources=[(one.id, f"{one.name} ({kinds.title(one.kind)})") for one in known],
        starts=starts[:_MOST_STARTS_SHOWN],
        more_starts=max(0, len(starts) - _MOST_STARTS_SHOWN),
        may_configure=chosen is not None and source_access.may(configuration, caller, chosen.source, Permission.CONFIGURE),
        may_start=chosen is not None and source_access.may(configuration, caller, chosen.source, Permission.OPERATE),
        for_one=chosen is not None and asking.can_be_asked_for_one(chosen.source),
        zones=_zones(),
        problem=problem,
    )
    return await pages.of(request).show(request, caller, context, title=TITLE, current=HERE, status=status)


def _kind(name: str) -> JobKind:
    return JobKind(name) if name in set(JobKind) else JobKind.MANUAL  # no schedule has it, and the refusal says so


def _back(source: SourceConfig) -> str:
    return f"{HERE}?source={source.id}"


def _hours(hours: float) -> str:
    return "hour" if hours == 1 else f"{hours:g} hours"


@cache
def _zones() -> Sequence[str]:
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))]
