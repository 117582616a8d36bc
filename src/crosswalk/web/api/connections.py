"""Salesforce connections, as far as the caller has access to them."""

from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission, Role
from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.web import callers
from crosswalk.web.api import etags
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Looking

router = APIRouter(prefix="/api/connections", tags=["connections"])


class ConnectionBody(BaseModel):
    """One connection without its secrets, and the caller's role on it."""

    id: str
    name: str
    org: str | None
    settings: dict[str, Any]
    key_field: str | None
    slots: int
    reserve: int
    limit_max: int | None
    paused_reason: str | None
    secrets: list[str]
    role: Role | None

    @classmethod
    def of(cls, one: ConnectionConfig, caller: Caller) -> Self:
        """Return the body of a connection."""
        return cls(
            id=one.id,
            name=one.name,
            org=one.org,
            settings=dict(one.settings),
            key_field=one.key_field,
            slots=one.slots,
            reserve=one.reserve,
            limit_max=one.limit_max,
            paused_reason=one.paused_reason,
            secrets=sorted(one.secrets),
            role=caller.role_on(one.id),
        )


async def connection_of(request: Request, caller: Caller, connection_id: str, permission: Permission) -> ConnectionConfig:
    """Return a connection the caller has that permission on; raise 403 where not, 404 when there is none."""
    configuration = await callers.services(request).configuration.current()
    found = configuration.connections.get(connection_id)
    if found is None:
        raise RequestRefused("unknown_connection", "There is no connection with this id. Go back to the list of connections.", 404)
    caller.expect_on(connection_id, permission)
    return found


@router.get("")
async def list_connections(request: Request, caller: Looking) -> Listed[ConnectionBody]:
    """Return the connections the caller has access to, by name."""
    configuration = await callers.services(request).configuration.current()
    seen = [one for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)]
    return Listed[ConnectionBody](items=[ConnectionBody.of(one, caller) for one in sorted(seen, key=lambda one: one.name)])


@router.get("/{connection_id}")
async def read_connection(request: Request, response: Response, caller: Looking, connection_id: str) -> ConnectionBody:
    """Return one connection."""
    body = ConnectionBody.of(await connection_of(request, caller, connection_id, Permission.LOOK), caller)
    etags.show(response, body)
    return body
