"""`/services/oauth2/authorize`: a small page on which a person picks who they are and lets a client in.

No password is asked for: whoever can reach the page of a local org may be anybody in it. What is wrong with the client or its address is
said on the page, everything else goes back to the client.
"""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from localorg import grants, identity, pages
from localorg.grants import Granted, RefusedError
from localorg.login import form, token_body
from localorg.org import Org
from localorg.settings import ConnectedApp

_KEPT = ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method")


async def show(org: Org, request: Request) -> Response:
    """Show the page, or send the client back with what is wrong."""
    return _answer(org, dict(request.query_params), request, decided=False)


async def decide(org: Org, request: Request) -> Response:
    """Send the browser back to the client with a code, a token or a refusal."""
    return _answer(org, await form(request), request, decided=True)


def _answer(org: Org, given: dict[str, str], request: Request, *, decided: bool) -> Response:
    try:
        app = _app(org, given)
    except RefusedError as refused:
        return pages.render("consent.html", org, 400, refused=refused.body, app=None, users=[], given={})
    try:
        _check(app, given)
        if not decided:
            kept = {name: given[name] for name in _KEPT if name in given}
            users = sorted(grants.users(org), key=lambda each: each.username != given.get("login_hint"))
            return pages.render("consent.html", org, 200, refused=None, app=app, users=users, given=kept)
        return _decided(org, app, given, identity.host_of(request))
    except RefusedError as refused:
        return _back(given, refused.body)


def _app(org: Org, given: dict[str, str]) -> ConnectedApp:
    app = org.settings.app(given.get("client_id", ""))
    if app is None:
        raise RefusedError("invalid_client_id", "client identifier invalid")
    address = given.get("redirect_uri", "")
    if not address.startswith(("http://", "https://")) or (app.redirect_uris and address not in app.redirect_uris):
        raise RefusedError("redirect_uri_mismatch", "redirect_uri must match configuration")
    return app


def _check(app: ConnectedApp, given: dict[str, str]) -> None:
    if given.get("response_type") not in {"code", "token"}:
        raise RefusedError("unsupported_response_type", "response type not supported")
    if given.get("code_challenge") and given.get("code_challenge_method", "S256") != "S256":
        raise RefusedError("invalid_request", "code challenge method must be S256")
    if app.client_secret is None and given["response_type"] == "code" and not given.get("code_challenge"):
        raise RefusedError("invalid_request", "missing required code challenge")


def _decided(org: Org, app: ConnectedApp, given: dict[str, str], host: str) -> Response:
    user = org.user_named(given.get("username", ""))
    if given.get("decision") != "allow" or user is None:
        raise RefusedError("access_denied", "end-user denied authorization")
    scope = given.get("scope") or grants.DEFAULT_SCOPE
    if given["response_type"] == "token":
        return _back(given, token_body(org, Granted(user, app, scope, lasting="refresh_token" in scope.split()), host))
    code = org.sessions.offer_code(user, app.client_id, given["redirect_uri"], scope, given.get("code_challenge") or None, org.clock.now())
    return _back(given, {"code": code})


def _back(given: dict[str, str], answer: dict[str, Any]) -> Response:
    state = {"state": given["state"]} if "state" in given else {}
    address = given["redirect_uri"]
    mark = "#" if given.get("response_type") == "token" else "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{mark}{urlencode({**answer, **state})}", 302)
