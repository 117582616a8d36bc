"""The OAuth endpoints of clients: tokens, their end, and what a token is worth.

Errors here are an object with `error` and `error_description`, unlike everywhere else in the API.
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from localorg import grants, identity
from localorg.grants import Granted, RefusedError
from localorg.org import Org


async def token(org: Org, request: Request) -> Response:
    """Hand out an access token for one of the grants, or 400 with the reason."""
    given = await form(request)
    host = identity.host_of(request)
    try:
        granted = grants.grant(org, given, request.headers.get("authorization", ""), host)
    except RefusedError as refused:
        return JSONResponse(refused.body, 400)
    return JSONResponse(token_body(org, granted, host))


async def revoke(org: Org, request: Request) -> Response:
    """End a session, or a refresh token with every session it has given."""
    given = (await form(request)).get("token") or request.query_params.get("token", "")
    if org.sessions.user_of(given, org.clock.now()) is not None:
        org.sessions.expire(given)
        return Response()
    for app in org.settings.every_app:
        owner = org.sessions.owner_of(given, app, grants.users(org))
        if owner is not None:
            org.sessions.revoke_refresh(owner, app.client_id)
            return Response()
    return JSONResponse({"error": "invalid_token", "error_description": "invalid token"}, 400)


async def introspect(org: Org, request: Request) -> Response:
    """Say what a token is worth, to a client that shows its secret."""
    given, now = await form(request), org.clock.now()
    try:
        app = grants.client(org, given, request.headers.get("authorization", ""))
    except RefusedError as refused:
        return JSONResponse(refused.body, 401)
    session = org.sessions.find(given.get("token", ""), now)
    if session is not None:
        sub = identity.url_of(org, session.user, identity.host_of(request))
        times = {"exp": int(session.expires_at.timestamp()), "iat": int(session.issued_at.timestamp())}
        about = {"scope": session.scope, "client_id": session.client_id, "username": session.user.username, "sub": sub}
        return JSONResponse({"active": True, **about, "token_type": "access_token", **times, "nbf": times["iat"]})
    owner = org.sessions.owner_of(given.get("token", ""), app, grants.users(org))
    if owner is not None:
        return JSONResponse(
            {
                "active": True,
                "client_id": app.client_id,
                "username": owner.username,
                "token_type": "refresh_token",
                "scope": "refresh_token",
            }
        )
    return JSONResponse({"active": False})


async def single_access(org: Org, request: Request) -> Response:
    """Return a link that opens the org in a browser."""
    if identity.bearer(org, request) is None:
        return identity.unauthorized()
    return JSONResponse({"frontdoor_uri": f"{identity.host_of(request)}/secur/frontdoor.jsp"})


async def front_door(_org: Org, _request: Request) -> Response:
    """Open the org in a browser: its pages need no login."""
    return RedirectResponse("/localorg/", 302)


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form; whatever is no form has none."""
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True))


def token_body(org: Org, granted: Granted, host: str) -> dict[str, Any]:
    """Return the answer of a login, with a new access token in it."""
    now, app = org.clock.now(), granted.app
    identity_url, issued_at = identity.url_of(org, granted.user, host), str(int(now.timestamp() * 1000))
    secret = app.client_secret or app.client_id
    digest = hmac.new(secret.encode(), (identity_url + issued_at).encode(), hashlib.sha256)
    body = {
        "access_token": org.sessions.issue(granted.user, now, app.client_id, granted.scope),
        "instance_url": host,
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
        "signature": base64.b64encode(digest.digest()).decode(),
        "scope": granted.scope,
    }
    if granted.lasting:
        body["refresh_token"] = org.sessions.refresh_token(granted.user, app)
    return body
