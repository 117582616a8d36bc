"""Logging in and out, and who one is."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import sessions
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission, Role
from crosswalk.web import callers
from crosswalk.web.callers import anonymous, require

router = APIRouter(prefix="/api/session", tags=["session"])


class Login(BaseModel):
    """E-mail and password."""

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: SecretStr


class Me(BaseModel):
    """Who one is and what one may do."""

    user_id: str
    name: str
    email: str
    role: Role
    permissions: list[Permission]
    connections: dict[str, Role]
    csrf_token: str = Field(description="Send it as X-CSRF-Token with every request that changes something, when the cookie logs you in.")


@router.post("", status_code=204, dependencies=[anonymous(is_page=False)])
async def log_in(request: Request, body: Login) -> Response:
    """Begin a session: the answer sets its cookie. Programs better use an API token."""
    services, client = callers.services(request), callers.client(request)
    token = await sessions.log_in(services.access, body.email, body.password.get_secret_value(), client)
    response = Response(status_code=204)
    callers.remember_session(request, response, token)
    return response


@router.get("")
async def me(request: Request, caller: Annotated[Caller, require(Permission.OWN_ACCOUNT)]) -> Me:
    """Return who one is and what one may do."""
    return Me(
        user_id=caller.user_id,
        name=caller.name,
        email=caller.email,
        role=caller.role,
        permissions=[one for one in Permission if caller.may_somewhere(one)],
        connections=dict(caller.connections),
        csrf_token=callers.csrf(request) if caller.session_id else "",
    )


@router.delete("", status_code=204)
async def log_out(request: Request, caller: Annotated[Caller, require(Permission.OWN_ACCOUNT)]) -> Response:
    """End the session one is in."""
    response = Response(status_code=204)
    if caller.session_id:
        await sessions.end(callers.services(request).access, caller, caller.session_id)
        callers.forget_session(request, response)
    return response
