"""`/api/deliveries`: what became of every event, and what a person does about it.

Lists are newest first. Searches find whole values: an e-mail address, a record id, a delivery id, a message or user id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.errors import RequestRefused
from crosswalk.journal import log, settling
from crosswalk.journal.explain import Written
from crosswalk.reasons import Reason, State
from crosswalk.store.database import Database
from crosswalk.web import callers, delivery_views
from crosswalk.web.api import paging
from crosswalk.web.api.paging import After, Limit, Listed
from crosswalk.web.callers import Looking, Operating
from crosswalk.web.delivery_views import Asked, Line, Story

router = APIRouter(prefix="/api/deliveries", tags=["deliveries"])

_COUNTED = 10_000
_AT_ONCE = 10_000
Text = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
Id = Annotated[str | None, Query(max_length=36, pattern=r"^[^\x00]*$")]


def asked(
    find: Text = "",
    state: Annotated[list[State], Query()] = [],  # noqa: B006  # FastAPI's form of a repeated parameter; never changed
    reason: Annotated[list[Reason], Query()] = [],  # noqa: B006  # as above
    source: Id = None,
    sync: Id = None,
    run: Id = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Asked:
    """Read a filter from the parameters of a request."""
    return Asked(find, tuple(state), tuple(reason), source, sync, run, since, until)


Wanted = Annotated[Asked, Depends(asked)]


class StepOut(BaseModel):
    """How one step ended."""

    step: str
    state: State
    reason: Reason | None
    detail: str
    object: str | None
    record_id: str | None


class DeliveryOut(BaseModel):
    """One delivery. `person` is masked for those who may not see personal data."""

    id: str
    event_id: str
    source_id: str
    sync_id: str
    type: str
    person: str
    occurred_at: datetime
    received_at: datetime
    state: State
    reason: Reason | None
    happened: str
    due_at: datetime | None
    attempts: int
    run_id: str | None
    steps: list[StepOut]

    @classmethod
    def of(cls, line: Line) -> Self:
        """Return the body of a line."""
        delivery = line.entry.delivery
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            source_id=line.entry.source_id,
            sync_id=delivery.sync_id,
            type=line.entry.event_type,
            person=line.person,
            occurred_at=delivery.occurred_at,
            received_at=line.entry.received_at,
            state=delivery.state,
            reason=delivery.reason,
            happened=line.happened,
            due_at=delivery.due_at,
            attempts=delivery.attempts,
            run_id=delivery.run_id,
            steps=[
                StepOut(step=one.name, state=one.state, reason=one.reason, detail=one.detail, object=one.object, record_id=one.record_id)
                for one in line.steps
            ],
        )


class FieldOut(BaseModel):
    """One field of a change."""

    field: str
    before: Any
    after: Any
    why: str


class ChangeOut(BaseModel):
    """One write; `fields` is null when the values are no longer kept."""

    id: str
    object: str
    operation: str
    record_id: str | None
    state: str
    result: str | None
    error: dict[str, Any] | None
    fields: list[FieldOut] | None
    mapping_versions: list[int]
    sent_at: datetime | None
    run_id: str | None
    request_id: str | None

    @classmethod
    def of(cls, one: Written) -> Self:
        """Return the body of a change."""
        fields = None
        if one.fields is not None:
            fields = [FieldOut(field=each.field, before=each.before, after=each.after, why=each.why) for each in one.fields]
        return cls(
            id=one.change_id,
            object=one.object,
            operation=one.operation.value,
            record_id=one.record_id,
            state=one.state.value,
            result=one.result,
            error=dict(one.error) if one.error else None,
            fields=fields,
            mapping_versions=sorted({cause.mapping_version for cause in one.causes}),
            sent_at=one.sent_at,
            run_id=one.run_id,
            request_id=one.call.request_id if one.call else None,
        )


class CallOut(BaseModel):
    """One API call of the turns that wrote."""

    purpose: str
    started_at: datetime
    ms: float
    status: int | None
    rows: int


class StoryOut(DeliveryOut):
    """One delivery from the event to the outcome; `payload` is null where the caller may not see it or it is no longer kept."""

    payload: Any
    changes: list[ChangeOut]
    calls: list[CallOut]

    @classmethod
    def told(cls, story: Story) -> Self:
        """Return the body of a story."""
        calls = [
            CallOut(purpose=one.purpose, started_at=one.started_at, ms=one.ms, status=one.status, rows=one.rows) for one in story.calls
        ]
        return cls(
            **DeliveryOut.of(story.line).model_dump(),
            payload=None if story.is_masked else story.full.event.payload,
            changes=[ChangeOut.of(one) for one in story.changes],
            calls=calls,
        )


class CountsOut(BaseModel):
    """How many deliveries of each outcome; a number that reached `most` may be higher."""

    counts: Mapping[State, int]
    most: int


class _Chosen(BaseModel):
    """Deliveries by id, or all that a filter finds."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[Annotated[str, Field(max_length=36, pattern=r"^[^\x00]*$")]], Field(max_length=_AT_ONCE)] = []


class ReplayIn(_Chosen):
    """What is to be tried again."""


class SettleIn(_Chosen):
    """What is to be skipped or held, and why, for whoever looks later."""

    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class ReplayedOut(BaseModel):
    """The run that tries again; those left out are gone or their content is no longer kept."""

    run_id: str
    queued: int
    left_out: int


class SettledOut(BaseModel):
    """How many deliveries were moved; those that had ended otherwise stay as they are."""

    moved: int


@router.get("")
async def list_deliveries(
    request: Request, caller: Looking, wanted: Wanted, limit: Limit = paging.USUAL, after: After = None
) -> Listed[DeliveryOut]:
    """Return deliveries, newest first."""
    services = callers.services(request)
    behind = paging.key(after)
    found = await delivery_views.wanted(services, caller, wanted)
    page = await delivery_views.listing(services, caller, found, limit, behind[0] if behind else None)
    following = paging.cursor(page.next) if page.next else None
    return Listed[DeliveryOut](items=[DeliveryOut.of(line) for line in page.lines], next=following)


@router.get("/counts")
async def count_deliveries(request: Request, caller: Looking, wanted: Wanted) -> CountsOut:
    """Return how many deliveries of each outcome the filter finds."""
    services = callers.services(request)
    found = await delivery_views.wanted(services, caller, wanted)
    return CountsOut(counts=await delivery_views.counts(services, found, _COUNTED), most=_COUNTED)


@router.get("/{delivery_id}")
async def read_delivery(request: Request, caller: Looking, delivery_id: str) -> StoryOut:
    """Return one delivery with its event, changes and API calls."""
    return StoryOut.told(await delivery_views.story(callers.services(request), caller, delivery_id))


@router.post("/replay")
async def replay(request: Request, caller: Operating, wanted: Wanted, chosen: ReplayIn) -> ReplayedOut:
    """Try deliveries again: those of the ids, or without ids at most 10,000 that the filter of the address finds."""
    services = callers.services(request)
    ids = await chosen_ids(request, caller, chosen.ids, wanted)
    async with services.database.write() as tx:
        done = await settling.replay(tx, services.ids, ids, caller.actor, services.clock.now())
    return ReplayedOut(run_id=done.run_id, queued=len(done.queued), left_out=done.left_out)


@router.post("/skip")
async def skip(request: Request, caller: Operating, wanted: Wanted, chosen: SettleIn) -> SettledOut:
    """End waiting and held deliveries as skipped."""
    services = callers.services(request)
    ids = await chosen_ids(request, caller, chosen.ids, wanted)
    async with services.database.write() as tx:
        return SettledOut(moved=await settling.skip(tx, services.ids, ids, chosen.note, caller.actor, services.clock.now()))


@router.post("/hold")
async def hold(request: Request, caller: Operating, wanted: Wanted, chosen: SettleIn) -> SettledOut:
    """Stop waiting deliveries until somebody replays or skips them."""
    services = callers.services(request)
    ids = await chosen_ids(request, caller, chosen.ids, wanted)
    async with services.database.write() as tx:
        return SettledOut(moved=await settling.hold(tx, services.ids, ids, chosen.note, caller.actor, services.clock.now()))


async def chosen_ids(request: Request, caller: Caller, ids: Sequence[str], wanted: Asked) -> Sequence[str]:
    """Return the deliveries meant by ids or by a filter; raise 403 when the caller may not operate the connection of any."""
    services = callers.services(request)
    database: Database = services.database
    if not ids and wanted == Asked():
        raise RequestRefused("nothing_chosen", "Name deliveries by id or narrow the filter; nothing was done.", 422)
    found = await delivery_views.wanted(services, caller, wanted)
    syncs = (await services.configuration.current()).syncs
    async with database.read() as tx:
        meant = ids or await log.ids(tx, found, _AT_ONCE)
        concerned = await log.syncs_of(tx, meant)
    for sync_id in concerned:
        caller.expect_on(syncs[sync_id].connection_id if sync_id in syncs else "", Permission.OPERATE)
    return meant
