"""The web application of an org: login, versions, REST, and the org's own pages and controls under `/localorg/`.

`create_app` builds everything; the org itself is `app.state.org`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from localorg import consent, control, gateway, identity, login, pages, soap_gateway
from localorg.bulk1 import face as bulk1
from localorg.clock import Clock, SystemClock
from localorg.org import Org
from localorg.settings import OrgSettings

Endpoint = Callable[[Org, Request], Awaitable[Response]]

_SEASONS = ("Winter", "Spring", "Summer")
_FIRST_WINTER = 50
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def create_app(settings: OrgSettings | None = None, clock: Clock | None = None) -> Starlette:
    """Return the application of a new org."""
    org = Org(settings or OrgSettings(), clock or SystemClock())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await org.close()

    app = Starlette(routes=_routes(org), lifespan=lifespan, middleware=[Middleware(_OneSlash)])
    app.state.org = org
    return app


class _OneSlash:
    """Takes `//services/…` for `/services/…`: clients join an instance address that ends in a slash, and Salesforce answers them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with one slash at its beginning."""
        if scope["type"] == "http" and scope["path"].startswith("//"):
            raw = scope.get("raw_path") or b""
            scope = {**scope, "path": "/" + scope["path"].lstrip("/"), "raw_path": b"/" + raw.lstrip(b"/")}
        await self._app(scope, receive, send)


def _routes(org: Org) -> list[BaseRoute]:
    def at(path: str, endpoint: Endpoint, *methods: str) -> Route:
        async def answer(request: Request) -> Response:
            return await endpoint(org, request)

        return Route(path, answer, methods=list(methods))

    return [
        at("/services/oauth2/token", login.token, "POST"),
        at("/services/oauth2/revoke", login.revoke, "GET", "POST"),
        at("/services/oauth2/introspect", login.introspect, "POST"),
        at("/services/oauth2/authorize", consent.show, "GET"),
        at("/services/oauth2/authorize", consent.decide, "POST"),
        at("/services/oauth2/singleaccess", login.single_access, "GET", "POST"),
        at("/services/oauth2/userinfo", identity.user_info, "GET", "POST"),
        at("/id/{org_id}/{user_id}", identity.identity, "GET"),
        at("/secur/frontdoor.jsp", login.front_door, "GET"),
        at("/services/data", _versions, "GET"),
        at("/services/data/", _versions, "GET"),
        at("/services/data/v{version:float}", gateway.answer, *_METHODS),
        at("/services/data/v{version:float}/{rest:path}", gateway.answer, *_METHODS),
        at("/services/async/{rest:path}", bulk1.answer, *_METHODS),
        at("/services/Soap/{service}/{version}", soap_gateway.answer, "POST"),
        at("/services/Soap/{service}/{version}/{rest:path}", soap_gateway.answer, "POST"),
        *(at(path, endpoint, *methods) for path, endpoint, methods in control.ROUTES),
        *(at(path, endpoint, "GET") for path, endpoint in pages.ROUTES),
    ]


async def _versions(org: Org, _request: Request) -> Response:
    return JSONResponse(
        [{"label": _label(version), "url": f"/services/data/v{version}.0", "version": f"{version}.0"} for version in org.settings.versions]
    )


def _label(version: int) -> str:
    # v50 was Winter '21; three releases a year, and a year's winter release carries the next year's number.
    years, season = divmod(version - _FIRST_WINTER, len(_SEASONS))
    return f"{_SEASONS[season]} '{21 + years}"
