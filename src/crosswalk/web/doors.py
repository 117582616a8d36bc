"""The short way in for what programs post: straight to its endpoint, past what the framework does for pages and the API.

An event that is posted alone costs as much in the layers before its endpoint as in it. Everything else goes the long way: other methods,
other addresses, and requests of browsers on pages of other origins, which wait for the headers that let them read the answer.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from crosswalk.errors import CrosswalkError
from crosswalk.web import failures, hooks
from crosswalk.web.access_log import AccessRecord

Endpoint = Callable[[Request], Awaitable[Response]]

_FAILED = 500
_HOOK_PARTS = 4  # the empty one before the first slash, "hooks", the source's name, the token


class Doors:
    """Which endpoint stands behind which address. `plane` are the whole addresses of the data plane; `hook` takes all hooks."""

    def __init__(self, plane: Mapping[str, Endpoint], hook: Endpoint, record: AccessRecord) -> None:
        self._plane = plane
        self._hook = hook
        self._record = record

    async def serve(self, scope: Scope, receive: Receive, send: Send, app: ASGIApp) -> bool:
        """Answer a request that may go the short way; False for all others, which are left as they are."""
        found = self._found(scope)
        if found is None:
            return False
        route, endpoint = found
        scope["app"] = app
        started, status = time.perf_counter(), _FAILED
        try:
            request = Request(scope, receive)
            try:
                response = await endpoint(request)
            except CrosswalkError as error:
                response = await failures.of_crosswalk(request, error)
            except Exception as error:
                response = await failures.of_mistake(request, error)
                await response(scope, receive, send)
                raise  # the server writes it into its log
            status = response.status_code
            await response(scope, receive, send)
        finally:
            self._record.write(scope["method"], route, status, time.perf_counter() - started)
        return True

    def _found(self, scope: Scope) -> tuple[str, Endpoint] | None:
        """Return the template of the address and what stands behind it."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        path: str = scope["path"]
        endpoint = self._plane.get(path)
        if endpoint is not None:
            return None if any(name == b"origin" for name, _ in scope["headers"]) else (path, endpoint)
        parts = path.split("/")
        if len(parts) != _HOOK_PARTS or not path.startswith(hooks.START) or not (parts[2] and parts[3]):
            return None
        scope["path_params"] = {"source": parts[2], "token": parts[3]}
        return hooks.PATH, self._hook
