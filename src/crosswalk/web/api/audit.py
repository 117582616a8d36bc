"""The audit trail, read only."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.journal import audit
from crosswalk.journal.audit import Filter
from crosswalk.web import callers
from crosswalk.web.api import paging
from crosswalk.web.api.paging import After, Limit, Listed
from crosswalk.web.callers import Looking

Text = Annotated[str | None, Query(max_length=120, pattern=r"^[^\x00]*$")]

router = APIRouter(prefix="/api/audit", tags=["audit"])


class EntryBody(BaseModel):
    """Who changed what, when, from what to what; a secret is a mark."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    before: Any
    after: Any


def wanted(
    subject: Text = None, actor: Text = None, thing: Text = None, since: AwareDatetime | None = None, until: AwareDatetime | None = None
) -> Filter:
    """Read a filter: one thing by its id, one actor, the first word of actions (`mapping`, `user`), a range of time."""
    return Filter(subject, actor, thing, since, until)


@router.get("")
async def list_audit(
    request: Request,
    caller: Looking,
    narrowed: Annotated[Filter, Depends(wanted)],
    limit: Limit = paging.USUAL,
    after: After = None,
) -> Listed[EntryBody]:
    """Return the newest entries that the filter finds, or those behind `after`."""
    caller.expect(Permission.LOOK)
    behind = paging.key(after)
    async with callers.services(request).database.read() as tx:
        rows = await audit.page(tx, limit + 1, behind[0] if behind else None, narrowed)
    shown, following = paging.cut(rows, limit, lambda one: (one.id,))
    items = [
        EntryBody(id=one.id, at=one.at, actor=one.actor, action=one.action, subject=one.subject, before=one.before, after=one.after)
        for one in shown
    ]
    return Listed[EntryBody](items=items, next=following)
