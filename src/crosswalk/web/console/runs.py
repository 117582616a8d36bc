"""Runs: those under way with how far they are, earlier ones with their result, one in full, and the start of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from http import HTTPStatus
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.engine import asking, jobs
from crosswalk.engine.asking import Estimate
from crosswalk.errors import CrosswalkError, RequestRefused
from crosswalk.journal import run_words
from crosswalk.journal.runs import RunKind
from crosswalk.reasons import State
from crosswalk.sources.base import Window
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers, job_views, live, run_views, source_access
from crosswalk.web.api import paging
from crosswalk.web.api.moments import of_this_age
from crosswalk.web.api.runs import estimate_sentence, start_range, started_sentence
from crosswalk.web.callers import LookingPage, OperatingPage
from crosswalk.web.console import forms, pages, wording
from crosswalk.web.run_views import Asked, Line, Story
from crosswalk.web.services import Services
from crosswalk.web.source_access import source_of

router = APIRouter(prefix="/runs", include_in_schema=False)

TITLE, HERE = "Runs", "/runs"
_PAGE = 25
_SHOWN_RUNNING = 5
_FORM = "%Y-%m-%dT%H:%M"
_USUAL_RANGE = timedelta(days=7)

Id = Annotated[str, Query(max_length=36, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class RunsPage:
    """Runs, the running ones first."""

    template: ClassVar[str] = "runs.html"
    running: Sequence[Story]
    earlier: Sequence[Line]
    kind: str
    source: str
    sources: Sequence[tuple[str, str]]
    may_start: bool
    next_href: str
    first_href: str

    @property
    def kinds(self) -> Sequence[tuple[str, str]]:
        """The kinds of runs one can choose."""
        return [("", "All kinds"), *((kind.value, word) for kind, word in run_words.KINDS.items())]

    @property
    def live_href(self) -> str:
        """Where the counts of the running ones are followed."""
        return f"{HERE}/live?{urlencode([('run', one.line.run.id) for one in self.running])}"


@dataclass(frozen=True, slots=True)
class RunPage:
    """One run in full."""

    template: ClassVar[str] = "run.html"
    story: Story
    states: Sequence[State] = tuple(State)

    @property
    def live_href(self) -> str:
        """Where the counts are followed while it runs."""
        return f"{HERE}/live?run={self.story.line.run.id}"


@dataclass(frozen=True, slots=True)
class NewRunPage:
    """The form for a range, and what it will probably cost once it is filled in."""

    template: ClassVar[str] = "run_new.html"
    sources: Sequence[tuple[str, str]]
    values: Mapping[str, str]
    estimate: str = ""
    parts: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


class _Range(BaseModel):
    source: str = Field(max_length=36, pattern=r"^[^\x00]*$")
    start: Annotated[datetime, AfterValidator(of_this_age)]
    end: Annotated[datetime, AfterValidator(of_this_age)]
    split: bool = False

    def window(self, zone: tzinfo) -> Window:
        """Return the range; its times are the reader's unless they say otherwise."""
        return Window(_in_zone(self.start, zone), _in_zone(self.end, zone))


@router.get("")
async def show(
    request: Request, caller: LookingPage, kind: str = "", source: Id = "", after: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Show the runs under way, and the newest of those that have ended, or those behind `after`."""
    services = callers.services(request)
    chosen = RunKind(kind) if kind in set(RunKind) else None
    behind = paging.key(after or None)
    found = await run_views.listing(services, caller, Asked(source or None, chosen), _PAGE + 1, behind[0] if behind else None)
    shown, following = paging.cut(found, _PAGE, lambda line: (line.run.id,))
    running = (await run_views.running(services, caller))[:_SHOWN_RUNNING] if not after else []
    narrowed = {name: value for name, value in (("kind", chosen or ""), ("source", source)) if value}
    configuration = await services.configuration.current()
    context = RunsPage(
        running=[await run_views.story(services, caller, line) for line in running],
        earlier=[line for line in shown if line.run.id not in {one.run.id for one in running}],
        kind=chosen or "",
        source=source,
        sources=[("", "All sources"), *((one.id, one.name) for one in source_access.seen(configuration, caller))],
        may_start=bool(await _startable(services, caller)),
        next_href=f"{HERE}?{urlencode({**narrowed, 'after': following})}" if following else "",
        first_href=f"{HERE}?{urlencode(narrowed)}" if after else "",
    )
    return await pages.of(request).show(request, caller, context, title=TITLE, current=HERE)


@router.get("/live")
async def follow(request: Request, caller: LookingPage, run: Annotated[list[str], Query()] = []) -> Response:  # noqa: B006  # never changed
    """Follow runs under way: their counts, and whether one has begun or ended since the page was made."""
    services = callers.services(request)
    shown = set(run)
    known: dict[str, Estimate | None] = {}  # what is expected changes too little to be asked for every second

    async def count() -> Mapping[str, object]:
        return await _counts(services, caller, shown, known)

    return live.stream(request, count)


@router.get("/new")
async def new(request: Request, caller: OperatingPage) -> Response:
    """Show the form for a range; filled in, it tells what the range will probably cost."""
    given = {name: request.query_params.get(name, "")[:60] for name in ("source", "start", "end")}
    return await _form(request, caller, given)


@router.post("/new")
async def start(request: Request, caller: OperatingPage) -> Response:
    """Queue the range."""
    filled = await forms.read(request, _Range)
    if filled.model is None:
        return await _form(request, caller, filled.values, filled.errors)
    services, asked = callers.services(request), filled.model
    source = await source_of(request, caller, asked.source, Permission.OPERATE)
    try:
        parts = await start_range(services, caller, source, asked.window(wording.zone(request)), split=asked.split)
    except CrosswalkError as error:
        return await _form(request, caller, filled.values, {"": error.sentence}, forms.status(error))
    return pages.of(request).go(request, HERE, started_sentence(parts))


@router.get("/{run_id}")
async def tell(request: Request, caller: LookingPage, run_id: str) -> Response:
    """Show one run."""
    line = await run_views.line_of(request, caller, run_id)
    story = await run_views.story(callers.services(request), caller, line)
    return await pages.of(request).show(request, caller, RunPage(story), title=line.title, current=HERE, crumbs=((TITLE, HERE),))


@router.post("/{run_id}/stop")
async def stop(request: Request, caller: OperatingPage, run_id: str) -> Response:
    """Let a run end after its page."""
    line = await run_views.line_of(request, caller, run_id, Permission.OPERATE)
    await asking.stop(callers.services(request).engine, run_id, caller.actor)
    told = f"{line.title}: it stops after the page it reads now. What it has read is kept."
    return pages.of(request).go(request, f"{HERE}/{run_id}", told)


async def _counts(services: Services, caller: Caller, shown: set[str], known: dict[str, Estimate | None]) -> Mapping[str, object]:
    running = await run_views.running(services, caller)
    configuration = await services.configuration.current()
    now = services.clock.now()
    under_way = {one.run.id for one in running}
    told: dict[str, object] = {"changed": not shown <= under_way if shown else bool(under_way)}
    for line in running:
        run, source = line.run, configuration.sources.get(line.run.source_id or "")
        if run.id not in shown:
            continue
        if run.id not in known:
            async with services.database.read() as tx:
                known[run.id] = await run_views.expectation(tx, source, line)
        expected = known[run.id]
        told[f"{run.id}-told"] = run_views.told(run, expected)
        told[f"{run.id}-pace"] = run_views.pace(line, expected, now)
        told[f"{run.id}-calls"] = f"{run.progress.calls:,}"
        told[f"{run.id}-written-calls"] = f"{run.totals.api_calls:,}"
        for state, x, width in run_views.bars(run, expected):
            told[f"{run.id}-{state}"] = f"{line.ended(state):,}"
            told[f"{run.id}-{state}-bar"] = [x, width]
    return told


async def _form(
    request: Request,
    caller: Caller,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    services, zone = callers.services(request), wording.zone(request)
    sources = await _startable(services, caller)
    errors, estimate, parts = dict(errors or {}), "", 0
    if values.get("start") and values.get("end") and not (errors.keys() - {""}):
        try:
            estimate, parts = await _estimate(request, caller, values, zone)
        except CrosswalkError as error:
            errors.setdefault("", error.sentence)
    if not values.get("start"):
        now = services.clock.now().astimezone(zone)
        usual = {"start": (now - _USUAL_RANGE).strftime("%Y-%m-%dT00:00"), "end": now.strftime(_FORM)}
        values = {**usual, "source": values.get("source", "")}
    if errors and status == HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = NewRunPage([(one.id, one.name) for one in sources], values, estimate, parts, errors)
    return await pages.of(request).show(request, caller, context, title="Start a run", current=HERE, crumbs=((TITLE, HERE),), status=status)


async def _estimate(request: Request, caller: Caller, values: Mapping[str, str], zone: tzinfo) -> tuple[str, int]:
    """Return what a range will probably cost, and how many runs it takes; raise `CrosswalkError` when it is no range."""
    services = callers.services(request)
    source = await source_of(request, caller, values.get("source", ""), Permission.OPERATE)
    try:
        asked = _Range.model_validate({name: values[name] for name in ("source", "start", "end")})
    except ValueError:
        raise RequestRefused("invalid_request", "Enter a begin and an end, both days of this century; nothing was read.", 422) from None
    window = asked.window(zone)
    jobs.parts(window, services.clock.now(), split=True)
    async with services.database.read() as tx:
        known = await asking.estimate(tx, source, window)
    return estimate_sentence(source, known), known.parts


async def _startable(services: Services, caller: Caller) -> list[SourceConfig]:
    configuration = await services.configuration.current()
    found = await job_views.known(services, caller)
    return [one for one in found if source_access.may(configuration, caller, one, Permission.OPERATE)]


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
