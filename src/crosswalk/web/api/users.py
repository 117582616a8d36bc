"""People, their roles and sessions."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import sessions, users
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission, Role
from crosswalk.web import callers
from crosswalk.web.api import etags
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Managing, require

router = APIRouter(prefix="/api/users", tags=["users"])


class UserBody(BaseModel):
    """One person."""

    id: str
    name: str
    email: str
    role: Role
    connections: dict[str, Role]
    created_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, user: users.User) -> Self:
        """Return the body of a person."""
        return cls(
            id=user.id,
            name=user.name,
            email=user.email,
            role=user.role,
            connections=dict(user.connections),
            created_at=user.created_at,
            last_seen_at=user.last_seen_at,
        )

    @property
    def state(self) -> dict[str, object]:
        """What an edit may change; seeing somebody is no change."""
        return {"role": self.role, "connections": self.connections}


class RoleChange(BaseModel):
    """Another role in the workspace."""

    role: Role


class AccessChange(BaseModel):
    """A role on one connection; null takes the access."""

    role: Role | None


class SessionBody(BaseModel):
    """One running session."""

    id: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@router.get("")
async def list_users(request: Request, caller: Managing) -> Listed[UserBody]:
    """Return everybody who may come in, by name."""
    caller.expect(Permission.MANAGE_ACCESS)
    services = callers.services(request)
    async with services.database.read() as tx:
        return Listed[UserBody](items=[UserBody.of(one) for one in await users.every(tx, services.vault)])


@router.get("/{user_id}")
async def read_user(request: Request, response: Response, caller: Managing, user_id: str) -> UserBody:
    """Return one person."""
    caller.expect(Permission.MANAGE_ACCESS)
    body = await _body(request, user_id)
    etags.show(response, body.state)
    return body


@router.patch("/{user_id}")
async def change_role(request: Request, response: Response, caller: Managing, user_id: str, body: RoleChange) -> UserBody:
    """Give somebody another role in the workspace; owners are made and unmade by owners only."""
    caller.expect(Permission.MANAGE_ACCESS)
    etags.expect(request, (await _body(request, user_id)).state)
    changed = UserBody.of(await users.change_role(callers.services(request).access, caller, user_id, body.role))
    etags.show(response, changed.state)
    return changed


@router.delete("/{user_id}", status_code=204)
async def remove_user(request: Request, caller: Managing, user_id: str) -> Response:
    """Let somebody in no more."""
    caller.expect(Permission.MANAGE_ACCESS)
    await users.remove(callers.services(request).access, caller, user_id)
    return Response(status_code=204)


@router.put("/{user_id}/connections/{connection_id}")
async def give_access(request: Request, caller: Managing, user_id: str, connection_id: str, body: AccessChange) -> UserBody:
    """Give somebody a role on one connection, or take it."""
    caller.expect_on(connection_id, Permission.MANAGE_ACCESS)
    return UserBody.of(await users.give_access(callers.services(request).access, caller, user_id, connection_id, body.role))


@router.get("/{user_id}/sessions")
async def list_sessions(request: Request, caller: Annotated[Caller, require(Permission.OWN_ACCOUNT)], user_id: str) -> Listed[SessionBody]:
    """Return the running sessions of somebody; of others only with the right to manage access."""
    if user_id != caller.user_id:
        caller.expect(Permission.MANAGE_ACCESS)
    services = callers.services(request)
    async with services.database.read() as tx:
        found = await sessions.of_user(tx, services.access, user_id)
    return Listed[SessionBody](
        items=[
            SessionBody(
                id=one.id,
                address=one.address,
                browser=one.browser,
                created_at=one.created_at,
                last_seen_at=one.last_seen_at,
                expires_at=one.expires_at,
            )
            for one in found
        ]
    )


@router.delete("/{user_id}/sessions/{session_id}", status_code=204)
async def end_session(
    request: Request, caller: Annotated[Caller, require(Permission.OWN_ACCOUNT)], user_id: str, session_id: str
) -> Response:
    """End a session, one's own or with the right to manage access somebody else's."""
    if user_id != caller.user_id:
        caller.expect(Permission.MANAGE_ACCESS)
    await sessions.end(callers.services(request).access, caller, session_id)
    return Response(status_code=204)


async def _body(request: Request, user_id: str) -> UserBody:
    services = callers.services(request)
    async with services.database.read() as tx:
        return UserBody.of(await users.one(tx, services.vault, user_id))
