"""`/api/runs`: bounded pieces of work with totals; start a pull of a range or of one session, and stop what is under way."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.engine import asking, jobs
from crosswalk.engine.asking import Estimate
from crosswalk.errors import RequestRefused
from crosswalk.journal import run_words
from crosswalk.journal.runs import Result, RunKind, RunState
from crosswalk.reasons import Reason, State
from crosswalk.sources.base import Window
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers, run_views
from crosswalk.web.api import paging
from crosswalk.web.api.moments import Moment
from crosswalk.web.api.paging import After, Limit, Listed
from crosswalk.web.callers import Looking, Operating
from crosswalk.web.run_views import Asked, Line, Story
from crosswalk.web.services import Services
from crosswalk.web.source_access import source_of

router = APIRouter(prefix="/api/runs", tags=["runs"])

_SUBJECT = 255
Id = Annotated[str, Field(max_length=36, pattern=r"^[^\x00]*$")]


class RunOut(BaseModel):
    """One run. A pull reads `start` to `end`; each item read counts in exactly one of events, notices, repeats and invalid.

    `deliveries` are counted by state; `result` is green only when each has an end state and none needs a person.
    """

    id: str
    kind: RunKind
    source_id: str | None
    sync_id: str | None
    stream: str | None
    state: RunState
    result: Result
    sentence: str
    detail: str
    started_at: datetime
    ended_at: datetime | None
    stop_requested_at: datetime | None
    start: datetime | None
    end: datetime | None
    pages: int
    events: int
    notices: int
    repeats: int
    invalid: int
    source_calls: int
    deliveries: Mapping[str, int]
    records: Mapping[str, int]
    salesforce_calls: int

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return the body of a run."""
        run, progress = line.run, line.run.progress
        return cls(
            id=run.id,
            kind=run.kind,
            source_id=run.source_id,
            sync_id=run.sync_id,
            stream=run.stream,
            state=run.state,
            result=run.result,
            sentence=run_words.in_words(run),
            detail=run.detail,
            started_at=run.started_at,
            ended_at=run.ended_at,
            stop_requested_at=run.stop_requested_at,
            start=line.start,
            end=line.end,
            pages=progress.pages,
            events=progress.events,
            notices=progress.notices,
            repeats=progress.repeats,
            invalid=progress.invalid,
            source_calls=progress.calls,
            deliveries=run.totals.deliveries,
            records=run.totals.records,
            salesforce_calls=run.totals.api_calls,
        )


class CauseOut(BaseModel):
    """Deliveries of a run that were not written, by why."""

    state: State
    reason: Reason
    number: int
    sentence: str


class RunStoryOut(RunOut):
    """One run with why deliveries of it were not written."""

    causes: list[CauseOut]

    @classmethod
    def told(cls, story: Story) -> Self:
        """Return the body of a story."""
        causes = [CauseOut(state=one.state, reason=one.reason, number=one.number, sentence=one.reason.sentence) for one in story.causes]
        return cls(**RunOut.of(story.line).model_dump(), causes=causes)


class RunIn(BaseModel):
    """What is to be read: a range (`start`, `end`), or one session or conversation by its system's id (`one`)."""

    model_config = ConfigDict(extra="forbid")

    source_id: Id
    start: Moment | None = None
    end: Moment | None = None
    split: bool = False
    one: Annotated[str, Field(max_length=_SUBJECT)] | None = None


class StartedOut(BaseModel):
    """What was queued; its runs appear when they begin."""

    parts: int
    sentence: str


class EstimateOut(BaseModel):
    """What a range will probably cost; `items` and `source_calls` are null when nothing of the source was read before."""

    days: float
    parts: int
    items: int | None
    source_calls: int | None
    sentence: str


@router.get("")
async def list_runs(
    request: Request,
    caller: Looking,
    source: Annotated[str | None, Query(max_length=36, pattern=r"^[^\x00]*$")] = None,
    kind: RunKind | None = None,
    state: RunState | None = None,
    limit: Limit = paging.USUAL,
    after: After = None,
) -> Listed[RunOut]:
    """Return runs, newest first."""
    behind = paging.key(after)
    asked = Asked(source, kind, state)
    found = await run_views.listing(callers.services(request), caller, asked, limit + 1, behind[0] if behind else None)
    shown, following = paging.cut(found, limit, lambda line: (line.run.id,))
    return Listed[RunOut](items=[RunOut.of(line) for line in shown], next=following)


@router.get("/estimate")
async def read_estimate(request: Request, caller: Looking, source: str, start: Moment, end: Moment) -> EstimateOut:
    """Return what a range will probably cost, before it is started."""
    found = await source_of(request, caller, source, Permission.LOOK)
    services = callers.services(request)
    async with services.database.read() as tx:
        known = await asking.estimate(tx, found, Window(start, end))
    return EstimateOut(
        days=known.days, parts=known.parts, items=known.items, source_calls=known.calls, sentence=estimate_sentence(found, known)
    )


@router.get("/{run_id}")
async def read_run(request: Request, caller: Looking, run_id: str) -> RunStoryOut:
    """Return one run with its totals and causes."""
    line = await run_views.line_of(request, caller, run_id)
    return RunStoryOut.told(await run_views.story(callers.services(request), caller, line))


@router.post("", status_code=202)
async def start_run(request: Request, caller: Operating, body: RunIn) -> StartedOut:
    """Queue a pull of a range, or of one session or conversation; a worker reads it."""
    services = callers.services(request)
    source = await source_of(request, caller, body.source_id, Permission.OPERATE)
    if body.one is not None and body.start is None and body.end is None:
        await asking.ask_one(services.engine, services.vendors, source, body.one, caller.actor)
        return StartedOut(parts=1, sentence="It is read as soon as a worker is free.")
    if body.one is not None or body.start is None or body.end is None:
        raise RequestRefused("nothing_chosen", "Give the begin and the end of a range, or the id of one session; nothing was read.", 422)
    parts = await start_range(services, caller, source, Window(body.start, body.end), split=body.split)
    return StartedOut(parts=parts, sentence=started_sentence(parts))


@router.post("/{run_id}/stop", status_code=202)
async def stop_run(request: Request, caller: Operating, run_id: str) -> RunOut:
    """Let a pull end after the page it reads now; what it has read is kept."""
    await run_views.line_of(request, caller, run_id, Permission.OPERATE)
    await asking.stop(callers.services(request).engine, run_id, caller.actor)
    return RunOut.of(await run_views.line_of(request, caller, run_id))


async def start_range(services: Services, caller: Caller, source: SourceConfig, window: Window, *, split: bool) -> int:
    """Queue a range and return in how many parts; raise `RequestRefused` when it is too long and not to be split."""
    length = window.end - window.start
    parts = -(-length // timedelta(days=jobs.MOST_DAYS))
    if parts > 1 and not split:
        days = -(-length // timedelta(days=1))
        sentence = (
            f"The range spans {days} days, and one run reads at most {jobs.MOST_DAYS}; nothing was read. Choose a shorter range, or have "
            f"it split into {parts} parts, read one after the other."
        )
        raise RequestRefused("range_too_long", sentence, 422, field="end")
    return len(await asking.ask_range(services.engine, services.vendors, source, window, caller.actor, split=split))


def started_sentence(parts: int) -> str:
    """Return what happens with a range that was queued."""
    if parts == 1:
        return "The range is read as soon as a worker is free."
    return f"The range is read in {parts} parts, one after the other, as soon as a worker is free."


def estimate_sentence(source: SourceConfig, known: Estimate) -> str:
    """Return an estimate in words."""
    days = f"{known.days:.0f} {'day' if round(known.days) == 1 else 'days'}" if known.days >= 1 else "Less than a day"
    split = (
        f" One run reads at most {jobs.MOST_DAYS} days, so it is split into {known.parts} parts, read one after the other."
        if known.parts > 1
        else ""
    )
    if known.items is None or known.calls is None:
        return f"{days}. Nothing of {source.name} was read before, so there is no estimate; the run shows what it reads.{split}"
    calls = f"{known.calls:,} {'call' if known.calls == 1 else 'calls'}"
    return f"{days}. About {known.items:,} items and {calls} of {source.kind.capitalize()}'s API, from what was read before.{split}"
