"""Letting people in by a link."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import invitations
from crosswalk.access.invitations import Invitation
from crosswalk.access.roles import Permission, Role
from crosswalk.web import callers
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Managing

router = APIRouter(prefix="/api/invitations", tags=["users"])

EMAIL = r"^[^@\s\x00]+@[^@\s\x00]+$"


class InvitationBody(BaseModel):
    """One open invitation."""

    id: str
    name: str
    email: str
    role: Role
    connections: dict[str, Role]
    user_id: str | None = Field(description="Set when the link only gives somebody who is here a new password.")
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, one: Invitation) -> Self:
        """Return the body of an invitation."""
        return cls(
            id=one.id,
            name=one.name,
            email=one.email,
            role=one.role,
            connections=dict(one.connections),
            user_id=one.user_id,
            created_at=one.created_at,
            expires_at=one.expires_at,
        )


class InvitationMade(InvitationBody):
    """A new invitation with its link, which is shown this once."""

    link: str


class NewInvitation(BaseModel):
    """Whom to let in, and as what."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    email: Annotated[str, Field(max_length=254, pattern=EMAIL)]
    role: Role
    connections: dict[str, Role] = Field(default_factory=dict, description="Role on each connection, by its id.")


class PasswordLink(BaseModel):
    """Who gets a link to set a new password."""

    user_id: str


def link(request: Request, token: str) -> str:
    """Return the address of an invitation."""
    return f"{callers.base_url(request)}/invitations/{token}"


@router.get("")
async def list_invitations(request: Request, caller: Managing) -> Listed[InvitationBody]:
    """Return the open invitations."""
    caller.expect(Permission.MANAGE_ACCESS)
    services = callers.services(request)
    async with services.database.read() as tx:
        return Listed[InvitationBody](items=[InvitationBody.of(one) for one in await invitations.every(tx, services.access)])


@router.post("", status_code=201)
async def invite(request: Request, caller: Managing, body: NewInvitation) -> InvitationMade:
    """Make an invitation; pass its link on to the person."""
    caller.expect(Permission.MANAGE_ACCESS)
    access = callers.services(request).access
    made, token = await invitations.invite(access, caller, body.name, body.email, body.role, body.connections)
    return InvitationMade(**InvitationBody.of(made).model_dump(), link=link(request, token))


@router.post("/passwords", status_code=201)
async def password_link(request: Request, caller: Managing, body: PasswordLink) -> InvitationMade:
    """Make a link by which somebody sets a new password."""
    caller.expect(Permission.MANAGE_ACCESS)
    made, token = await invitations.new_password(callers.services(request).access, caller, body.user_id)
    return InvitationMade(**InvitationBody.of(made).model_dump(), link=link(request, token))


@router.delete("/{invitation_id}", status_code=204)
async def withdraw(request: Request, caller: Managing, invitation_id: str) -> Response:
    """Take an invitation back."""
    caller.expect(Permission.MANAGE_ACCESS)
    await invitations.withdraw(callers.services(request).access, caller, invitation_id)
    return Response(status_code=204)
