"""One's own account: password, short cuts, sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import sessions, users
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.access.sessions import Session
from crosswalk.errors import RequestRefused
from crosswalk.web import callers
from crosswalk.web.callers import page
from crosswalk.web.console import forms, pages

router = APIRouter(prefix="/account", include_in_schema=False)

Own = Annotated[Caller, page(Permission.OWN_ACCOUNT)]


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One's own account."""

    template: ClassVar[str] = "account.html"
    sessions: Sequence[Session]
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("")
async def show(request: Request, caller: Own) -> Response:
    """Show password, short cuts and sessions."""
    return await _shown(request, caller)


@router.post("/password")
async def change_password(request: Request, caller: Own) -> Response:
    """Change one's own password."""
    values = await forms.values(request)
    try:
        access = callers.services(request).access
        await users.change_password(access, caller, values.get("old_password", ""), values.get("password", ""))
    except RequestRefused as refused:
        return await _shown(request, caller, {str(refused.facts.get("field", "")): refused.sentence}, refused.status)
    return pages.of(request).go(request, "/account", "The password was changed; your other sessions have ended.")


@router.post("/keys")
async def switch_keys(request: Request, caller: Own) -> Response:
    """Switch single letters as short cuts on or off."""
    on = "letter_keys" in await forms.values(request)
    await users.switch_letter_keys(callers.services(request).access, caller, on=on)
    return pages.of(request).go(request, "/account", "Single letters are short cuts." if on else "Single letters do nothing now.")


@router.post("/sessions/{session_id}/end")
async def end_session(request: Request, caller: Own, session_id: str) -> Response:
    """End one of one's own sessions."""
    await sessions.end(callers.services(request).access, caller, session_id)
    return pages.of(request).go(request, "/account", "The session has ended.")


async def _shown(request: Request, caller: Caller, errors: Mapping[str, str] | None = None, status: int = HTTPStatus.OK) -> Response:
    services = callers.services(request)
    async with services.database.read() as tx:
        running = await sessions.of_user(tx, services.access, caller.user_id)
    context = AccountPage(running, errors or {})
    return await pages.of(request).show(request, caller, context, title="Your account", status=status)
