"""One log line and two measures for each request, by the template of its route: an address may hold a token.

The server's own access log must stay off, because it writes whole addresses.
"""

import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNMATCHED = "unmatched"
_FAILED = 500


class NamedRoute(Route):
    """A route that says which one it is; FastAPI's router does so for its own kind only."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write the route into the scope and go on."""
        scope["route"] = self
        await super().handle(scope, receive, send)


class AccessLog:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, metrics: CollectorRegistry) -> None:
        self._app = app
        self._log = structlog.get_logger()
        self._requests = Counter(
            "crosswalk_http_requests", "Requests by route and status.", ("method", "route", "status"), registry=metrics
        )
        self._seconds = Histogram("crosswalk_http_request_seconds", "Time to answer, by route.", ("route",), registry=metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write down how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = _FAILED

        async def remember(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, remember)
        finally:
            self._write(scope, status, time.perf_counter() - started)

    def _write(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if route != UNMATCHED else UNMATCHED
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)
        self._log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
