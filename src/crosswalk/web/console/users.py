"""Users and access: who is here, as what, by which connections; invitations, sessions, API tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import api_tokens, invitations, roles, sessions, users
from crosswalk.access.api_tokens import ApiToken
from crosswalk.access.caller import Caller
from crosswalk.access.invitations import Invitation
from crosswalk.access.roles import Permission, Role
from crosswalk.access.sessions import Session
from crosswalk.access.users import User
from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.web import callers
from crosswalk.web.api.invitations import EMAIL, link
from crosswalk.web.callers import LookingPage, ManagingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.help import Matrix, matrix

router = APIRouter(prefix="/users", include_in_schema=False)

_TITLE = "Users and access"


@dataclass(frozen=True, slots=True)
class UsersPage:
    """Everybody, what is open, and the table of permissions."""

    template: ClassVar[str] = "users.html"
    users: Sequence[User]
    connections: Mapping[str, ConnectionConfig]
    invitations: Sequence[Invitation]
    tokens: Sequence[ApiToken]
    names: Mapping[str, str]
    matrix: Matrix
    can_manage: bool
    invites: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    link_for: str = ""
    token: str = ""

    @property
    def roles(self) -> Sequence[tuple[str, str]]:
        """Every role with what it may do, for a choice."""
        return [(one.value, f"{one.word}: {roles.SUMMARIES[one]}") for one in Role]


@dataclass(frozen=True, slots=True)
class UserPage:
    """One person."""

    template: ClassVar[str] = "user.html"
    user: User
    connections: Sequence[ConnectionConfig]
    sessions: Sequence[Session]
    link: str = ""

    @property
    def roles(self) -> Sequence[tuple[str, str]]:
        """Every role with what it may do, for a choice."""
        return [(one.value, f"{one.word}: {roles.SUMMARIES[one]}") for one in Role]

    @property
    def given(self) -> Sequence[tuple[str, str]]:
        """What may be given on a connection."""
        return [("", "No access"), *((one.value, one.word) for one in roles.GIVEN_ON_CONNECTIONS)]


class _Invited(BaseModel):
    name: str = Field(max_length=120)
    email: str = Field(max_length=254, pattern=EMAIL)
    role: Role


class _Token(BaseModel):
    token_name: str = Field(max_length=120)
    token_role: Role


@router.get("")
async def show(request: Request, caller: LookingPage) -> Response:
    """Show who is here and what each role may do."""
    return await _list(request, caller)


@router.get("/invite")
async def invite_form(request: Request, caller: ManagingPage) -> Response:
    """Show the form for an invitation."""
    caller.expect(Permission.MANAGE_ACCESS)
    return await _list(request, caller, invites=True)


@router.post("/invite")
async def invite(request: Request, caller: ManagingPage) -> Response:
    """Make an invitation and show its link, this once."""
    caller.expect(Permission.MANAGE_ACCESS)
    form = await forms.read(request, _Invited)
    if form.model is None:
        given = {"invites": True, "values": form.values, "errors": form.errors}
        return await _list(request, caller, HTTPStatus.UNPROCESSABLE_ENTITY, **given)
    configuration = await callers.services(request).configuration.current()
    chosen = {key: form.model.role for key in await forms.several(request, "connection") if key in configuration.connections}
    connections = {} if form.model.role is Role.OWNER else chosen
    access = callers.services(request).access
    try:
        made, token = await invitations.invite(access, caller, form.model.name, form.model.email, form.model.role, connections)
    except RequestRefused as refused:
        given = {"invites": True, "values": form.values, "errors": {"": refused.sentence}}
        return await _list(request, caller, refused.status, **given)
    return await _list(request, caller, link=link(request, token), link_for=made.name)


@router.post("/invitations/{invitation_id}/withdraw")
async def withdraw(request: Request, caller: ManagingPage, invitation_id: str) -> Response:
    """Take an invitation back."""
    caller.expect(Permission.MANAGE_ACCESS)
    await invitations.withdraw(callers.services(request).access, caller, invitation_id)
    return pages.of(request).go(request, "/users", "The invitation was withdrawn; its link works no more.")


@router.post("/tokens")
async def make_token(request: Request, caller: ManagingPage) -> Response:
    """Make an API token and show its text, this once."""
    caller.expect(Permission.MANAGE_ACCESS)
    form = await forms.read(request, _Token)
    if form.model is None:
        return await _list(request, caller, HTTPStatus.UNPROCESSABLE_ENTITY, values=form.values, errors=form.errors)
    access = callers.services(request).access
    try:
        _, text = await api_tokens.make(access, caller, form.model.token_name, form.model.token_role)
    except RequestRefused as refused:
        return await _list(request, caller, refused.status, values=form.values, errors={"token_role": refused.sentence})
    return await _list(request, caller, token=text)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(request: Request, caller: ManagingPage, token_id: str) -> Response:
    """Make an API token useless."""
    caller.expect(Permission.MANAGE_ACCESS)
    await api_tokens.revoke(callers.services(request).access, caller, token_id)
    return pages.of(request).go(request, "/users", "The token was revoked; programs that use it are refused from now on.")


@router.get("/{user_id}")
async def show_user(request: Request, caller: ManagingPage, user_id: str) -> Response:
    """Show one person with role, access and sessions."""
    caller.expect(Permission.MANAGE_ACCESS)
    return await _user(request, caller, user_id)


@router.post("/{user_id}/role")
async def change_role(request: Request, caller: ManagingPage, user_id: str) -> Response:
    """Give somebody another role."""
    caller.expect(Permission.MANAGE_ACCESS)
    role = role_of((await forms.values(request)).get("role", ""))
    changed = await users.change_role(callers.services(request).access, caller, user_id, role)
    return pages.of(request).go(request, f"/users/{user_id}", f"{changed.name} is {role.word} now.")


@router.post("/{user_id}/connections/{connection_id}")
async def give_access(request: Request, caller: ManagingPage, user_id: str, connection_id: str) -> Response:
    """Give somebody a role on a connection, or take it."""
    caller.expect_on(connection_id, Permission.MANAGE_ACCESS)
    values = await forms.values(request)
    role = role_of(values["role"]) if values.get("role") else None
    changed = await users.give_access(callers.services(request).access, caller, user_id, connection_id, role)
    said = f"{changed.name} is {role.word} on this connection now." if role else f"{changed.name} has no access to this connection now."
    return pages.of(request).go(request, f"/users/{user_id}", said)


@router.post("/{user_id}/sessions/{session_id}/end")
async def end_session(request: Request, caller: ManagingPage, user_id: str, session_id: str) -> Response:
    """End somebody's session."""
    caller.expect(Permission.MANAGE_ACCESS)
    await sessions.end(callers.services(request).access, caller, session_id)
    return pages.of(request).go(request, f"/users/{user_id}", "The session has ended.")


@router.post("/{user_id}/password")
async def password_link(request: Request, caller: ManagingPage, user_id: str) -> Response:
    """Make a link for a new password and show it, this once."""
    caller.expect(Permission.MANAGE_ACCESS)
    _, token = await invitations.new_password(callers.services(request).access, caller, user_id)
    return await _user(request, caller, user_id, link(request, token))


@router.post("/{user_id}/remove")
async def remove(request: Request, caller: ManagingPage, user_id: str) -> Response:
    """Let somebody in no more."""
    caller.expect(Permission.MANAGE_ACCESS)
    await users.remove(callers.services(request).access, caller, user_id)
    return pages.of(request).go(request, "/users", "The person was removed; sessions and tokens have ended.")


async def _list(request: Request, caller: Caller, status: int = HTTPStatus.OK, **given: object) -> Response:
    services = callers.services(request)
    can_manage = caller.may(Permission.MANAGE_ACCESS)
    async with services.database.read() as tx:
        everybody = await users.every(tx, services.vault)
        found = await invitations.every(tx, services.access) if can_manage else []
        tokens = await api_tokens.every(tx) if can_manage else []
    connections = (await services.configuration.current()).connections
    names = {one.id: one.name for one in everybody}
    context = UsersPage(everybody, connections, found, tokens, names, matrix(), can_manage, **given)  # type: ignore[arg-type]  # by name
    return await pages.of(request).show(request, caller, context, title=_TITLE, current="/users", status=status)


async def _user(request: Request, caller: Caller, user_id: str, made_link: str = "") -> Response:
    services = callers.services(request)
    async with services.database.read() as tx:
        user = await users.one(tx, services.vault, user_id)
        running = await sessions.of_user(tx, services.access, user_id)
    configuration = await services.configuration.current()
    seen = sorted((one for one in configuration.connections.values() if caller.role_on(one.id)), key=lambda one: one.name)
    crumbs = [(_TITLE, "/users")]
    return await pages.of(request).show(
        request, caller, UserPage(user, seen, running, made_link), title=user.name, current="/users", crumbs=crumbs
    )


def role_of(text: str) -> Role:
    """Return the role of that name; raise `RequestRefused` when there is none."""
    try:
        return Role(text)
    except ValueError:
        raise RequestRefused("unknown_role", "There is no role of this name; choose one of the list.", 422) from None
