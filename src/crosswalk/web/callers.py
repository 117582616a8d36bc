"""Who asks, and whether he may: the one door of every page and API route.

A route names the permission it needs with `require` (API) or `page` (console) and gets the caller; nothing else reads a cookie or a bearer
token. With a session's cookie every request that changes something must prove that it comes from our own page. What belongs to one
connection is checked again by the route, with `caller.expect_on`.
"""

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import quote

from fastapi import Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import api_tokens, caller, first_run, sessions
from crosswalk.access.caller import Caller
from crosswalk.access.context import new_token
from crosswalk.access.roles import Permission
from crosswalk.access.sessions import Client
from crosswalk.errors import RequestRefused
from crosswalk.web.services import Services

SESSION_COOKIE = "crosswalk_session"
FORM_COOKIE = "crosswalk_form"
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def services(request: Request) -> Services:
    """Return what the application was built from."""
    return cast("Services", request.app.state.services)


def client(request: Request) -> Client:
    """Return where a request comes from."""
    return Client(request.client.host if request.client else "", request.headers.get("user-agent", ""))


async def find(request: Request) -> Caller | None:
    """Return who asks, by bearer token or else by the session's cookie; None when neither opens anything."""
    access = services(request).access
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await api_tokens.caller(access, token.strip())
    cookie = request.cookies.get(SESSION_COOKIE, "")
    return await sessions.caller(access, cookie) if cookie else None


@dataclass(frozen=True, slots=True)
class Required:
    """The dependency of one API route."""

    permission: Permission

    async def __call__(self, request: Request) -> Caller:
        """Return the caller; raise 401 without one, 403 when the role does not allow it."""
        found = await find(request)
        if found is None:
            sentence = "Log in, or send an API token as `Authorization: Bearer …`; nothing was done."
            raise RequestRefused("login_needed", sentence, 401)
        if found.session_id is not None:
            _expect_own_page(request, request.headers.get(CSRF_HEADER, ""))
        return _allowed(found, self.permission)


@dataclass(frozen=True, slots=True)
class PageRequired:
    """The dependency of one page: who is not logged in is sent to do so."""

    permission: Permission

    async def __call__(self, request: Request) -> Caller:
        """Return the caller; send to the log-in page without one, raise 403 when the role does not allow it."""
        found = await find(request) if SESSION_COOKIE in request.cookies else None
        if found is None:
            raise await _to_log_in(request)
        await expect_own_form(request)
        request.state.caller = found
        return _allowed(found, self.permission)


@dataclass(frozen=True, slots=True)
class Anonymous:
    """The dependency of pages and routes for those who are not logged in; forms must come from our own page all the same."""

    is_page: bool

    async def __call__(self, request: Request) -> None:
        """Raise 403 when a form comes from elsewhere."""
        if self.is_page:
            await expect_own_form(request)


def require(permission: Permission) -> Any:
    """Declare which permission an API route needs; `Looking` and its like are the usual ones."""
    return Depends(Required(permission))


def page(permission: Permission) -> Any:
    """Declare which permission somebody needs for a page; `LookingPage` and its like are the usual ones."""
    return Depends(PageRequired(permission))


def anonymous(*, is_page: bool) -> Any:
    """Declare that a route is for everybody."""
    return Depends(Anonymous(is_page))


Looking = Annotated[Caller, require(Permission.LOOK)]
Operating = Annotated[Caller, require(Permission.OPERATE)]
Configuring = Annotated[Caller, require(Permission.CONFIGURE)]
Managing = Annotated[Caller, require(Permission.MANAGE_ACCESS)]
Guarding = Annotated[Caller, require(Permission.GUARD_DATA)]
LookingPage = Annotated[Caller, page(Permission.LOOK)]
OperatingPage = Annotated[Caller, page(Permission.OPERATE)]
ConfiguringPage = Annotated[Caller, page(Permission.CONFIGURE)]
ManagingPage = Annotated[Caller, page(Permission.MANAGE_ACCESS)]
GuardingPage = Annotated[Caller, page(Permission.GUARD_DATA)]


async def expect_own_form(request: Request) -> None:
    """Raise `RequestRefused` when a request that changes something does not carry the token of our own page."""
    if request.method in _SAFE:
        return
    given = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD, "")
    _expect_own_page(request, str(given))


def csrf(request: Request) -> str:
    """Return the token that forms of this browser carry: it follows from a cookie that other sites can neither read nor set."""
    bound = request.cookies.get(SESSION_COOKIE) or _form_cookie(request)
    return services(request).vault.hmac(f"csrf:{bound}")


def remember_form(request: Request, response: Response) -> None:
    """Give a browser without a session the cookie its forms are bound to."""
    if SESSION_COOKIE not in request.cookies and FORM_COOKIE not in request.cookies:
        _set(request, response, FORM_COOKIE, _form_cookie(request), None)


def remember_session(request: Request, response: Response, token: str) -> None:
    """Give the browser the session's cookie."""
    longest = services(request).settings.session_longest_days * 86_400
    _set(request, response, SESSION_COOKIE, token, int(longest))


def forget_session(request: Request, response: Response) -> None:
    """Take the session's cookie from the browser."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=_is_secure(request))


def base_url(request: Request) -> str:
    """Return the address this installation is reached by, without a slash at its end."""
    return services(request).settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _allowed(found: Caller, permission: Permission) -> Caller:
    if not found.may_somewhere(permission):
        raise caller.refused(permission)
    return found


def _expect_own_page(request: Request, given: str) -> None:
    if request.method not in _SAFE and not hmac.compare_digest(given.encode(), csrf(request).encode()):
        sentence = "The form was open for too long, or did not come from this console; nothing was changed. Reload the page and try again."
        raise RequestRefused("foreign_form", sentence, 403)


def _form_cookie(request: Request) -> str:
    if not hasattr(request.state, "form_cookie"):
        request.state.form_cookie = request.cookies.get(FORM_COOKIE) or new_token()
    return cast("str", request.state.form_cookie)


def _set(request: Request, response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(name, value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=_is_secure(request))


def _is_secure(request: Request) -> bool:
    return base_url(request).startswith("https://")


async def _to_log_in(request: Request) -> HTTPException:
    if await first_run.is_open(services(request).access):
        target = "/first-run"
    else:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(wanted, safe='/')}" if request.method in _SAFE and wanted != "/" else ""
        target = f"/login{back}"
    if "hx-request" in request.headers:
        return HTTPException(HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": target})
    return HTTPException(HTTPStatus.SEE_OTHER, headers={"location": target})
