"""The event log: every delivery and what became of it, and the story of one from the event to the outcome."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.errors import RequestRefused
from crosswalk.journal import settling
from crosswalk.reasons import Reason, State
from crosswalk.web import callers, delivery_views, live
from crosswalk.web.api import paging
from crosswalk.web.api.deliveries import DeliveryOut, chosen_ids
from crosswalk.web.callers import LookingPage, OperatingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.delivery_views import Asked, Line, Story
from crosswalk.web.services import Services

router = APIRouter(prefix="/event-log", include_in_schema=False)

_PAGE = 25
_EXPORTED = 5_000
_COUNTED = 10_000
_TITLE = "Event log"
RANGES = ((24, "Last 24 hours"), (168, "Last 7 days"), (720, "Last 30 days"), (0, "Any time"))
VIEWS = (("Held, for a person", "state=held&hours=0"), ("Waiting", "state=waiting&hours=0"), ("Skipped", "state=skipped&hours=168"))

Text = Annotated[str, Query(max_length=300)]


class Narrowed(BaseModel):
    """The filter as it stands in the address of the page."""

    find: str = Field("", max_length=300, pattern=r"^[^\x00]*$")
    state: State | None = None
    reason: Reason | None = None
    source: str = Field("", max_length=36, pattern=r"^[^\x00]*$")
    sync: str = Field("", max_length=36, pattern=r"^[^\x00]*$")
    run: str = Field("", max_length=36, pattern=r"^[^\x00]*$")
    hours: int = Field(24, ge=0, le=24 * 366)

    def asked(self, now: datetime) -> Asked:
        """Return what the filter asks for."""
        return Asked(
            find=self.find,
            states=(self.state,) if self.state else (),
            reasons=(self.reason,) if self.reason else (),
            source_id=self.source or None,
            sync_id=self.sync or None,
            run_id=self.run or None,
            since=None if self.find or self.run else delivery_views.since_hours(now, self.hours),
        )

    def query(self, **changed: object) -> str:
        """Return the filter as it stands in an address, with some of it changed or added; what is usual is left out."""
        given = {**self.model_dump(mode="json"), **changed}
        usual = {name: field.default for name, field in type(self).model_fields.items()}
        return urlencode({name: value for name, value in given.items() if value not in (None, "") and value != usual.get(name)})


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of the log, with a delivery opened beside it where the address names one."""

    template: ClassVar[str] = "event_log.html"
    lines: Sequence[Line]
    narrowed: Narrowed
    counts: Mapping[State, int]
    most: int
    sources: Sequence[tuple[str, str]]
    syncs: Sequence[tuple[str, str]]
    opened: Story | None
    may_settle: bool
    next_href: str
    first_href: str
    live_href: str

    @property
    def total(self) -> int:
        """How many deliveries the filter finds, whatever their outcome."""
        return sum(self.counts.values())

    @property
    def ranges(self) -> Sequence[tuple[int, str]]:
        """The ranges of time one can choose."""
        return RANGES

    @property
    def views(self) -> Sequence[tuple[str, str]]:
        """Filters that are often needed, with their addresses."""
        return [*((title, f"/event-log?{query}") for title, query in VIEWS), ("Callout errors", "/callouts")]

    @property
    def reasons(self) -> Sequence[Reason]:
        """Every reason there is."""
        return tuple(Reason)

    def shown(self, count: int) -> str:
        """Return a count; one that was not counted to its end says so."""
        return f"{count:,}+" if count >= self.most else f"{count:,}"

    def href(self, **changed: object) -> str:
        """Return the address of this log with part of the filter changed."""
        return f"/event-log?{self.narrowed.query(**changed)}"


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """The story of one delivery."""

    template: ClassVar[str] = "delivery.html"
    story: Story
    may_settle: bool

    def record_href(self, record_id: str | None) -> str:
        """Return where Salesforce shows a record."""
        return delivery_views.record_address(self.story.connection, record_id) if record_id else ""


class _Settled(BaseModel):
    what: str = Field(pattern="^(replay|skip|hold)$")
    note: str = Field("", max_length=500)
    back: str = Field("", max_length=1_000)
    everything: bool = False


@router.get("")
async def show(request: Request, caller: LookingPage, after: Text = "", opened: Annotated[str, Query(alias="open")] = "") -> Response:
    """Show the newest deliveries that the filter finds, or those behind `after`."""
    services = callers.services(request)
    narrowed = _narrowed(request)
    behind = paging.key(after or None)
    found = await delivery_views.wanted(services, caller, narrowed.asked(services.clock.now()))
    page = await delivery_views.listing(services, caller, found, _PAGE, behind[0] if behind else None)
    configuration = await services.configuration.current()
    seen = [one for one in configuration.syncs.values() if caller.may_on(one.connection_id, Permission.LOOK)]
    sources = {one.source_id for one in seen}
    following = f"/event-log?{narrowed.query(after=paging.cursor(page.next))}" if page.next else ""
    context = LogPage(
        lines=page.lines,
        narrowed=narrowed,
        counts=await delivery_views.counts(services, found, _COUNTED),
        most=_COUNTED,
        sources=[(one.id, one.name) for one in configuration.sources.values() if one.id in sources],
        syncs=[(one.id, one.name) for one in seen],
        opened=await delivery_views.story(services, caller, opened[:36]) if opened and "\x00" not in opened else None,
        may_settle=caller.may_somewhere(Permission.OPERATE),
        next_href=following,
        first_href=f"/event-log?{narrowed.query()}" if after else "",
        live_href=f"/event-log/new?{narrowed.query(since=services.clock.now().isoformat())}" if not after else "",
    )
    return await pages.of(request).show(request, caller, context, title=_TITLE, current="/event-log")


@router.get("/new")
async def new(request: Request, caller: LookingPage, since: datetime) -> Response:
    """Follow how many deliveries came since the page was opened."""
    services = callers.services(request)
    narrowed = _narrowed(request)
    if since.tzinfo is None:
        raise RequestRefused("bad_address", "The time in the address has no zone; open the event log again.", 422)

    async def count() -> Mapping[str, str]:
        asked = narrowed.asked(services.clock.now())
        found = await delivery_views.wanted(services, caller, replace(asked, since=since))
        number = sum((await delivery_views.counts(services, found, _COUNTED)).values())
        return {"new": f"{number:,} new since you opened this page" if number else "Nothing new since you opened this page"}

    return live.stream(request, count)


@router.get("/download")
async def download(request: Request, caller: LookingPage) -> Response:
    """Return the newest deliveries that the filter finds, as JSON lines, to keep."""
    services = callers.services(request)
    found = await delivery_views.wanted(services, caller, _narrowed(request).asked(services.clock.now()))
    page = await delivery_views.listing(services, caller, found, _EXPORTED)
    text = "".join(json.dumps(DeliveryOut.of(line).model_dump(mode="json"), ensure_ascii=False) + "\n" for line in page.lines)
    return Response(text, media_type="application/x-ndjson", headers={"content-disposition": 'attachment; filename="deliveries.jsonl"'})


@router.post("/settle")
async def settle(request: Request, caller: OperatingPage) -> Response:
    """Replay, skip or hold the deliveries that were chosen, or all that the filter finds."""
    form = await forms.read(request, _Settled)
    back = f"/event-log?{form.values.get('back', '')}" if form.values.get("back") else "/event-log"
    if form.model is None:
        return pages.of(request).go(request, back, "Choose what to do with the deliveries; nothing was done.", "error")
    services = callers.services(request)
    chosen = [] if form.model.everything else await forms.several(request, "delivery")
    if not chosen and not form.model.everything:
        return pages.of(request).go(request, back, "Choose deliveries first; nothing was done.", "error")
    narrowed = forms.from_address(Narrowed, dict(parse_qsl(form.model.back)))
    asked = narrowed.asked(services.clock.now()) if form.model.everything else Asked()
    ids = await chosen_ids(request, caller, [one[:36] for one in chosen if "\x00" not in one], asked)
    return pages.of(request).go(request, back, await _settle(services, caller, form.model, ids))


@router.get("/{delivery_id}")
async def tell(request: Request, caller: LookingPage, delivery_id: str) -> Response:
    """Show one delivery from the event to the outcome."""
    story = await delivery_views.story(callers.services(request), caller, delivery_id)
    may_settle = story.connection is not None and caller.may_on(story.connection.id, Permission.OPERATE)
    context = DeliveryPage(story, may_settle)
    person = story.line.person or "An event about nobody"
    title = f"{person}: {story.line.event}"
    crumbs = ((_TITLE, "/event-log"),)
    return await pages.of(request).show(request, caller, context, title=title, current="/event-log", crumbs=crumbs)


async def _settle(services: Services, caller: Caller, asked: _Settled, ids: Sequence[str]) -> str:
    """Do what was asked and return a sentence about it."""
    now = services.clock.now()
    async with services.database.write() as tx:
        if asked.what == "replay":
            done = await settling.replay(tx, services.ids, ids, caller.actor, now)
            left = f" {done.left_out:,} cannot be replayed: their content is no longer kept." if done.left_out else ""
            return f"{_number(done.queued)} queued again.{left}"
        if asked.what == "skip":
            return f"{_deliveries(await settling.skip(tx, services.ids, ids, asked.note, caller.actor, now))} skipped."
        return f"{_deliveries(await settling.hold(tx, services.ids, ids, asked.note, caller.actor, now))} held."


def _number(ids: Iterable[str]) -> str:
    return _deliveries(len(tuple(ids)))


def _deliveries(count: int) -> str:
    return "1 delivery" if count == 1 else f"{count:,} deliveries"


def _narrowed(request: Request) -> Narrowed:
    return forms.from_address(Narrowed, request.query_params)
