"""Coming in: the first run, logging in and out, invitations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crosswalk.access import first_run, invitations, roles, sessions
from crosswalk.access.caller import Caller
from crosswalk.access.invitations import Invitation
from crosswalk.access.roles import Permission, Role
from crosswalk.errors import RequestRefused
from crosswalk.loopback import is_loopback
from crosswalk.web import callers
from crosswalk.web.api.invitations import EMAIL
from crosswalk.web.callers import anonymous, page
from crosswalk.web.console import forms, pages

router = APIRouter(include_in_schema=False)

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class LoginPage:
    """The log-in form."""

    template: ClassVar[str] = "login.html"
    title: ClassVar[str] = "Log in"
    next: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FirstRunPage:
    """The form for the first owner."""

    template: ClassVar[str] = "first_run.html"
    title: ClassVar[str] = "First run"
    needs_code: bool
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvitationPage:
    """The form for somebody who was invited, or gets a new password."""

    template: ClassVar[str] = "invitation.html"
    title: ClassVar[str] = "Invitation"
    name: str
    email: str
    role: Role
    is_reset: bool
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What the role may do."""
        text = roles.SUMMARIES[self.role]
        return text[0].lower() + text[1:]


class _Login(BaseModel):
    email: str = Field(max_length=254)
    password: str
    next: str = "/"


class _FirstOwner(BaseModel):
    name: str = Field(max_length=120)
    email: str = Field(max_length=254, pattern=EMAIL)
    password: str
    code: str = ""


@router.get("/login", dependencies=[anonymous(is_page=True)])
async def login_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name of the parameter in the address
    """Show the log-in form, or the first run where nobody is there yet."""
    if await first_run.is_open(callers.services(request).access):
        return RedirectResponse("/first-run", HTTPStatus.SEE_OTHER)
    return _shown(request, LoginPage(_inside(next)))


@router.post("/login", dependencies=[anonymous(is_page=True)])
async def log_in(request: Request) -> Response:
    """Begin a session and go where the person wanted to."""
    form = await forms.read(request, _Login)
    target = _inside(form.values.get("next", "/"))
    if form.model is None:
        return _shown(request, LoginPage(target, form.values, form.errors), HTTPStatus.UNPROCESSABLE_ENTITY)
    access = callers.services(request).access
    try:
        token = await sessions.log_in(access, form.model.email, form.model.password, callers.client(request))
    except RequestRefused as refused:
        response = _shown(request, LoginPage(target, form.values, {"": refused.sentence}), refused.status)
        if "retry_after_seconds" in refused.facts:
            response.headers["retry-after"] = str(refused.facts["retry_after_seconds"])
        return response
    return _entered(request, token, target)


@router.post("/logout")
async def log_out(request: Request, caller: Annotated[Caller, page(Permission.OWN_ACCOUNT)]) -> Response:
    """End the session."""
    await sessions.end(callers.services(request).access, caller, caller.session_id or "")
    response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    callers.forget_session(request, response)
    return response


@router.get("/first-run", dependencies=[anonymous(is_page=True)])
async def first_run_form(request: Request) -> Response:
    """Show the form for the first owner, as long as there is none."""
    if not await first_run.is_open(callers.services(request).access):
        return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    return _shown(request, FirstRunPage(_needs_code(request)))


@router.post("/first-run", dependencies=[anonymous(is_page=True)])
async def make_owner(request: Request) -> Response:
    """Make the first owner and begin a session."""
    access, client = callers.services(request).access, callers.client(request)
    needs_code = _needs_code(request)
    form = await forms.read(request, _FirstOwner)
    if form.model is None:
        return _shown(request, FirstRunPage(needs_code, form.values, form.errors), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        if needs_code:
            await first_run.expect_code(access, form.model.code, client.address)
        token = await invitations.first_owner(access, form.model.name, form.model.email, form.model.password, client)
    except RequestRefused as refused:
        errors = {str(refused.facts.get("field", "")): refused.sentence}
        return _shown(request, FirstRunPage(needs_code, form.values, errors), refused.status)
    return _entered(request, token, "/")


@router.get("/invitations/{token}", dependencies=[anonymous(is_page=True)])
async def invitation_form(request: Request, token: str) -> Response:
    """Show somebody who was invited the form for a password."""
    invitation = await invitations.of_token(callers.services(request).access, token)
    return _shown(request, _page_of(invitation))


@router.post("/invitations/{token}", dependencies=[anonymous(is_page=True)])
async def accept(request: Request, token: str) -> Response:
    """Let the person in."""
    access = callers.services(request).access
    invitation = await invitations.of_token(access, token)
    values = await forms.values(request)
    try:
        entered = await invitations.accept(access, token, values.get("password", ""), callers.client(request))
    except RequestRefused as refused:
        return _shown(request, _page_of(invitation, {"password": refused.sentence}), refused.status)
    return _entered(request, entered, "/")


def _shown(request: Request, context: LoginPage | FirstRunPage | InvitationPage, status: int = HTTPStatus.OK) -> Response:
    return pages.of(request).bare(request, context, title=context.title, status=status)


def _page_of(invitation: Invitation, errors: Mapping[str, str] | None = None) -> InvitationPage:
    return InvitationPage(invitation.name, invitation.email, invitation.role, invitation.user_id is not None, errors or {})


def _entered(request: Request, token: str, target: str) -> Response:
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    callers.remember_session(request, response, token)
    return response


def _inside(target: str) -> str:
    """Return the address if it is one of ours, else Home: a link must not lead people who log in to another site."""
    parts = urlsplit(target)
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return target if is_ours and target.isprintable() else "/"


def _needs_code(request: Request) -> bool:
    """Tell whether the set-up code must be entered: not by somebody at this machine, as far as the request can show that he is."""
    settings = callers.services(request).settings
    is_passed_on = any(name in request.headers for name in _FORWARDED)
    here = is_loopback(callers.client(request).address) and is_loopback(request.url.hostname or "") and is_loopback(settings.host)
    return is_passed_on or bool(settings.public_url) or not here
