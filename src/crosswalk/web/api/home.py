"""`/api/home`: how everything stands, for dashboards of one's own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from crosswalk.reasons import Reason, State
from crosswalk.web import callers, home_view
from crosswalk.web.callers import Looking
from crosswalk.web.home_view import Overview

router = APIRouter(prefix="/api/home", tags=["home"])


class DoorOut(BaseModel):
    """What reached us since a day began, UTC; `received` is the sum of the other four."""

    since: str
    received: int
    events: int
    notices: int
    repeats: int
    rejected: int


class HourOut(BaseModel):
    """Deliveries received from `start` on, until the next entry."""

    start: datetime
    by_state: Mapping[State, int]


class HeldOut(BaseModel):
    """Deliveries held for one reason."""

    sync_id: str
    reason: Reason
    number: int
    since: datetime
    sentence: str


class CallsOut(BaseModel):
    """API calls of a connection's org in the last 24 hours; null is what the org has not told yet."""

    connection_id: str
    own: int
    used: int | None
    limit: int | None
    reserve: int
    free: int | None


class FreshnessOut(BaseModel):
    """How long events of a source take into the org."""

    source_id: str
    typical_seconds: float | None
    last_at: datetime | None
    is_quiet: bool


class HomeOut(BaseModel):
    """How everything stands that the caller may look at."""

    hours: int
    deliveries: int
    by_state: Mapping[State, int]
    received: DoorOut
    per_hour: list[HourOut]
    held: list[HeldOut]
    paused_connections: list[str]
    suspended_rows: int
    calls: list[CallsOut]
    freshness: list[FreshnessOut]


@router.get("")
async def read_home(
    request: Request,
    caller: Looking,
    hours: Literal[24, 168, 720] = 24,
    connection: Annotated[str | None, Query(max_length=36, pattern=r"^[^\x00]*$")] = None,
) -> HomeOut:
    """Return deliveries by outcome, what waits for a person, API calls and freshness."""
    return _body(await home_view.overview(callers.services(request), caller, hours, connection))


def _body(found: Overview) -> HomeOut:
    door = found.door
    return HomeOut(
        hours=found.hours,
        deliveries=found.deliveries,
        by_state=found.by_state,
        received=DoorOut(
            since=door.since,
            received=door.received,
            events=door.events,
            notices=door.notices,
            repeats=door.repeats,
            rejected=door.rejected,
        ),
        per_hour=[HourOut(start=bar.start, by_state=bar.by_state) for bar in found.bars],
        held=[
            HeldOut(sync_id=sync.id, reason=one.reason, number=one.number, since=one.since, sentence=one.reason.sentence)
            for sync, one in found.held
        ],
        paused_connections=[one.id for one in found.paused],
        suspended_rows=sum(len(one.fields) for _, one in found.suspended),
        calls=[
            CallsOut(connection_id=one.id, own=calls.own, used=calls.used, limit=calls.limit, reserve=calls.reserve, free=calls.free)
            for one, calls in found.calls
        ],
        freshness=[
            FreshnessOut(source_id=one.id, typical_seconds=fresh.typical_seconds, last_at=fresh.last_at, is_quiet=fresh.is_quiet)
            for one, fresh in found.freshness
        ],
    )
