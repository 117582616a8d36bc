"""One log line and two measures for each request, by the template of its route: an address may hold a token.

The server's own access log must stay off, because it writes whole addresses.
"""

import time

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


class AccessRecord:
    """Writes how requests ended; one for each application."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._log = structlog.get_logger()
        self._requests = Counter(
            "crosswalk_http_requests", "Requests by route and status.", ("method", "route", "status"), registry=metrics
        )
        self._seconds = Histogram("crosswalk_http_request_seconds", "Time to answer, by route.", ("route",), registry=metrics)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def write(self, method: str, route: str, status: int, seconds: float) -> None:
        """Write down one request by the template of its route."""
        key = (method if route != UNMATCHED else UNMATCHED, route, status)
        measures = self._known.get(key)
        if measures is None:
            measures = self._known[key] = (self._requests.labels(*key), self._seconds.labels(route))
        measures[0].inc()
        measures[1].observe(seconds)
        self._log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


class AccessLog:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, record: AccessRecord) -> None:
        self._app = app
        self._record = record

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
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._record.write(scope["method"], route, status, time.perf_counter() - started)
