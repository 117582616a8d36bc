"""`/api/callouts`: calls to a source or to Salesforce that failed, with what happens next."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from crosswalk.journal import callouts
from crosswalk.journal.callouts import Entry
from crosswalk.web import callers, source_access
from crosswalk.web.api import paging
from crosswalk.web.api.moments import Moment
from crosswalk.web.api.paging import After, Limit, Listed
from crosswalk.web.callers import Looking

router = APIRouter(prefix="/api/callouts", tags=["callouts"])

Id = Annotated[str | None, Query(max_length=36, pattern=r"^[^\x00]*$")]


class CalloutOut(BaseModel):
    """One failed call; `status` is null when no answer came."""

    id: str
    at: datetime
    system: str
    source_id: str | None
    connection_id: str | None
    request: str
    status: int | None
    code: str
    sentence: str
    next_step: str

    @classmethod
    def of(cls, one: Entry) -> Self:
        """Return the body of an entry."""
        return cls(
            id=one.id,
            at=one.at,
            system=one.system,
            source_id=one.source_id,
            connection_id=one.connection_id,
            request=one.request,
            status=one.status,
            code=one.code,
            sentence=one.sentence,
            next_step=one.next_step,
        )


@router.get("")
async def list_callouts(
    request: Request,
    caller: Looking,
    source: Id = None,
    connection: Id = None,
    since: Moment | None = None,
    limit: Limit = paging.USUAL,
    after: After = None,
) -> Listed[CalloutOut]:
    """Return failed calls, newest first."""
    services = callers.services(request)
    behind = paging.key(after)
    seen = source_access.callouts_seen(await services.configuration.current(), caller)
    async with services.database.read() as tx:
        found = await callouts.page(
            tx, limit + 1, behind[0] if behind else None, source_id=source, connection_id=connection, since=since, seen=seen
        )
    shown, following = paging.cut(found, limit, lambda one: (one.id,))
    return Listed[CalloutOut](items=[CalloutOut.of(one) for one in shown], next=following)
