"""Syncs, as far as the caller has access to their connection."""

from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import SyncConfig, SyncState
from crosswalk.web import callers
from crosswalk.web.api import etags
from crosswalk.web.api.paging import Listed

router = APIRouter(prefix="/api/syncs", tags=["syncs"])

Looking = callers.Looking
Configuring = callers.Configuring


class SyncBody(BaseModel):
    """One sync; `events` is empty when it takes all."""

    id: str
    name: str
    connection_id: str
    source_id: str
    state: SyncState
    position: int
    version: int
    events: list[str]

    @classmethod
    def of(cls, one: SyncConfig) -> Self:
        """Return the body of a sync."""
        return cls(
            id=one.id,
            name=one.name,
            connection_id=one.connection_id,
            source_id=one.source_id,
            state=one.state,
            position=one.position,
            version=one.version,
            events=sorted(one.events),
        )


class SyncWithMapping(SyncBody):
    """One sync with the mapping in force."""

    document: dict[str, Any]


async def sync_of(request: Request, caller: Caller, sync_id: str, permission: Permission) -> SyncConfig:
    """Return a sync into a connection the caller has that permission on; raise 403 where not, 404 when there is none."""
    found = (await callers.services(request).configuration.current()).syncs.get(sync_id)
    if found is None or found.state is SyncState.REMOVED:
        raise RequestRefused("unknown_sync", "There is no sync with this id; it may have been removed. Go back to the list.", 404)
    caller.expect_on(found.connection_id, permission)
    return found


@router.get("")
async def list_syncs(request: Request, caller: Looking) -> Listed[SyncBody]:
    """Return the syncs into connections the caller has access to, in the order in which they may write one field."""
    syncs = (await callers.services(request).configuration.current()).syncs.values()
    seen = [one for one in syncs if one.state is not SyncState.REMOVED and caller.may_on(one.connection_id, Permission.LOOK)]
    return Listed[SyncBody](items=[SyncBody.of(one) for one in sorted(seen, key=lambda one: (one.position, one.name))])


@router.get("/{sync_id}")
async def read_sync(request: Request, response: Response, caller: Looking, sync_id: str) -> SyncWithMapping:
    """Return one sync with its mapping."""
    found = await sync_of(request, caller, sync_id, Permission.LOOK)
    body = SyncWithMapping(**SyncBody.of(found).model_dump(), document=dict(found.document))
    etags.show(response, body)
    return body
