"""Headers that keep browsers from doing what pages do not ask for, and an id for each request that pages and answers can name.

No script and no style stands inside a page: all come from our own files, so an injected one does not run.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crosswalk.store.ids import Ids

_RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
POLICY = "; ".join(f"{name} {allowed}" for name, allowed in _RULES.items())
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR_SECONDS = 31_536_000
_DATA_PLANE = ("/v1/", "/pixel/", "/beacon/", "/hooks/")


class Shield:
    """ASGI middleware for pages, API and files; the data plane is for programs and passes as it is."""

    def __init__(self, app: ASGIApp, ids: Ids, *, is_https: bool) -> None:
        self._app = app
        self._ids = ids
        self._headers = dict(_HEADERS)
        if is_https:
            self._headers["strict-transport-security"] = f"max-age={_YEAR_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http" or scope["path"].startswith(_DATA_PLANE):
            await self._app(scope, receive, send)
            return
        request_id = self._ids.new()
        scope.setdefault("state", {})["request_id"] = request_id

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
                headers["x-request-id"] = request_id
            await send(message)

        await self._app(scope, receive, shielded)
