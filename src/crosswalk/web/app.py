"""The HTTP application: all routes on one page.

Only data-plane routes are open to pages of other origins, as the gateway's are; nothing there reads a cookie.
"""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from crosswalk.errors import CrosswalkError
from crosswalk.web import data_plane, failures, files, hooks
from crosswalk.web.access_log import AccessLog, AccessRecord, NamedRoute
from crosswalk.web.api import routes as api
from crosswalk.web.console import routes as console
from crosswalk.web.console.pages import Pages
from crosswalk.web.data_plane import DataPlane
from crosswalk.web.doors import Doors
from crosswalk.web.hooks import Hooks
from crosswalk.web.operations import Operations
from crosswalk.web.services import Services
from crosswalk.web.shield import Shield
from crosswalk.web.taking import Taking

_PREFLIGHT_SECONDS = 900


def create_app(services: Services) -> FastAPI:
    """Build the application; it starts and stops nothing."""
    taking, record = Taking(services), AccessRecord(services.metrics)
    plane, hook = DataPlane(taking), Hooks(taking)
    doors = Doors({f"/v1/{call}": plane.call for call in data_plane.CALLS}, hook.post, record)
    app = _Application(doors)
    static = files.load()
    app.state.services, app.state.pages = services, Pages(services, static)
    app.router.routes.extend([*_routes(services, plane, hook), *api.routes(), NamedRoute(files.PATH, static.get), *console.routes()])
    app.add_middleware(Shield, ids=services.ids, is_https=services.settings.public_url.startswith("https://"))
    app.add_middleware(AccessLog, record=record)
    app.add_exception_handler(CrosswalkError, failures.of_crosswalk)
    app.add_exception_handler(RequestValidationError, failures.of_validation)
    app.add_exception_handler(HTTPException, failures.of_http)
    app.add_exception_handler(Exception, failures.of_mistake)
    return app


class _Application(FastAPI):
    """The framework's application, with a short way in before it."""

    def __init__(self, doors: Doors) -> None:
        super().__init__(title="Crosswalk", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request the short way, or else the framework's."""
        if not await self._doors.serve(scope, receive, send, self):
            await super().__call__(scope, receive, send)


def _routes(services: Services, plane: DataPlane, hook: Hooks) -> list[BaseRoute]:
    operations = Operations(services)
    return [
        NamedRoute(hooks.PATH, hook.post, methods=["POST"]),
        *(_open(f"/v1/{call}", plane.call, "POST") for call in data_plane.CALLS),
        *(_open(f"/pixel/v1/{call}", plane.pixel, "GET") for call in data_plane.PIXEL_CALLS),
        _open("/beacon/v1/batch", plane.beacon, "POST"),
        NamedRoute("/healthz", operations.healthz),
        NamedRoute("/readyz", operations.readyz),
        NamedRoute("/metrics", operations.metrics),
    ]


def _open(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> NamedRoute:
    """Return a route that pages of every origin may call; the middleware answers the browser's preflight."""
    shared = Middleware(
        CORSMiddleware,
        allow_origin_regex=".*",
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        max_age=_PREFLIGHT_SECONDS,
    )
    return NamedRoute(path, endpoint, methods=[method, "OPTIONS"], middleware=[shared])
