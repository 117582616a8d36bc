"""API tokens: made, listed, revoked."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import api_tokens
from crosswalk.access.api_tokens import ApiToken
from crosswalk.access.roles import Permission, Role
from crosswalk.web import callers
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Managing

router = APIRouter(prefix="/api/tokens", tags=["users"])


class TokenBody(BaseModel):
    """One API token, without its text."""

    id: str
    name: str
    role: Role
    user_id: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def of(cls, one: ApiToken) -> Self:
        """Return the body of a token."""
        return cls(
            id=one.id,
            name=one.name,
            role=one.role,
            user_id=one.user_id,
            created_at=one.created_at,
            expires_at=one.expires_at,
            last_used_at=one.last_used_at,
        )


class TokenMade(TokenBody):
    """A new token with its text, which is shown this once."""

    token: str


class NewToken(BaseModel):
    """A token that acts for whoever makes it, with at most this role."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    role: Role
    expires_at: AwareDatetime | None = None


@router.get("")
async def list_tokens(request: Request, caller: Managing) -> Listed[TokenBody]:
    """Return all API tokens."""
    caller.expect(Permission.MANAGE_ACCESS)
    async with callers.services(request).database.read() as tx:
        return Listed[TokenBody](items=[TokenBody.of(one) for one in await api_tokens.every(tx)])


@router.post("", status_code=201)
async def make_token(request: Request, caller: Managing, body: NewToken) -> TokenMade:
    """Make a token."""
    caller.expect(Permission.MANAGE_ACCESS)
    made, text = await api_tokens.make(callers.services(request).access, caller, body.name, body.role, body.expires_at)
    return TokenMade(**TokenBody.of(made).model_dump(), token=text)


@router.delete("/{token_id}", status_code=204)
async def revoke_token(request: Request, caller: Managing, token_id: str) -> Response:
    """Make a token useless."""
    caller.expect(Permission.MANAGE_ACCESS)
    await api_tokens.revoke(callers.services(request).access, caller, token_id)
    return Response(status_code=204)
