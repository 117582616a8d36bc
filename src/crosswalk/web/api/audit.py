"""The audit trail, read only."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.journal import audit
from crosswalk.web import callers
from crosswalk.web.api import paging
from crosswalk.web.api.paging import After, Limit, Listed
from crosswalk.web.callers import Looking

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


@router.get("")
async def list_audit(
    request: Request,
    caller: Looking,
    limit: Limit = paging.USUAL,
    after: After = None,
    subject: Annotated[str | None, Query(max_length=120, pattern=r"^[^\x00]*$")] = None,
) -> Listed[EntryBody]:
    """Return the newest entries, or those behind `after`."""
    caller.expect(Permission.LOOK)
    behind = paging.key(after)
    async with callers.services(request).database.read() as tx:
        rows = await audit.page(tx, limit + 1, behind[0] if behind else None, subject)
    shown, following = paging.cut(rows, limit, lambda one: (one.id,))
    items = [
        EntryBody(id=one.id, at=one.at, actor=one.actor, action=one.action, subject=one.subject, before=one.before, after=one.after)
        for one in shown
    ]
    return Listed[EntryBody](items=items, next=following)
