"""Salesforce connections, as far as the caller has access to them."""

from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission, Role
from crosswalk.connecting import checking, connections
from crosswalk.connecting.connections import Entered
from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.web import callers
from crosswalk.web.api import etags
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Configuring, Looking, Operating

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


class ConnectionIn(BaseModel):
    """A connection as it is to be. A secret that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120)]
    settings: dict[str, Any] = Field(description="login, login_url, sandbox, username, client_id, zone, duplicates, api_version.")
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    key_field: Annotated[str, Field(max_length=80)] | None = None
    slots: Annotated[int, Field(ge=1, le=5)] = 1
    reserve: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    def entered(self) -> Entered:
        """Return it as the service takes it."""
        secrets = {name: value.get_secret_value() for name, value in self.secrets.items()}
        return Entered(self.name, self.settings, secrets, self.key_field, self.slots, self.reserve)


class TestedBody(BaseModel):
    """How a test ended."""

    works: bool
    sentence: str


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


@router.post("", status_code=201)
async def add_connection(request: Request, caller: Configuring, body: ConnectionIn) -> ConnectionBody:
    """Connect an org. The login is tried first; one that does not work saves nothing."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    made = await connections.save(services.engine, services.http, caller, body.entered())
    return await _body(request, caller, made)


@router.put("/{connection_id}")
async def change_connection(
    request: Request, response: Response, caller: Configuring, connection_id: str, body: ConnectionIn
) -> ConnectionBody:
    """Change a connection. Where the login changes, it is tried first, and must lead to the same org."""
    found = await connection_of(request, caller, connection_id, Permission.CONFIGURE)
    etags.expect(request, ConnectionBody.of(found, caller))
    services = callers.services(request)
    await connections.save(services.engine, services.http, caller, body.entered(), connection_id)
    changed = await _body(request, caller, connection_id)
    etags.show(response, changed)
    return changed


@router.post("/{connection_id}/test")
async def test_connection(request: Request, caller: Operating, connection_id: str) -> TestedBody:
    """Log in and ask for the calls that are left; it costs two calls."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    services = callers.services(request)
    tested = await checking.test(services.engine, services.orgs, found)
    return TestedBody(works=tested.works, sentence=tested.sentence)


@router.post("/{connection_id}/pause")
async def pause_connection(request: Request, caller: Operating, connection_id: str) -> ConnectionBody:
    """Let a connection rest: what arrives is kept and waits."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    await connections.pause(callers.services(request).engine, caller, found)
    return await _body(request, caller, connection_id)


@router.post("/{connection_id}/resume")
async def resume_connection(request: Request, caller: Operating, connection_id: str) -> ConnectionBody:
    """Let a paused connection work again."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    await connections.resume(callers.services(request).engine, caller, found)
    return await _body(request, caller, connection_id)


@router.delete("/{connection_id}", status_code=204)
async def remove_connection(request: Request, caller: Configuring, connection_id: str) -> Response:
    """Give a connection up that no sync writes into."""
    found = await connection_of(request, caller, connection_id, Permission.CONFIGURE)
    await connections.remove(callers.services(request).engine, caller, found)
    return Response(status_code=204)


async def _body(request: Request, caller: Caller, connection_id: str) -> ConnectionBody:
    """Return a connection as it is now; its maker's new role counts from the next request on, so it is shown whatever the role."""
    configuration = await callers.services(request).configuration.current()
    return ConnectionBody.of(configuration.connections[connection_id], caller)
