"""`/healthz`, `/readyz`, `/metrics`: for those who run the process."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crosswalk.journal import metrics
from crosswalk.web import health_view
from crosswalk.web.services import Services


class Operations:
    """Says how the process is."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def healthz(self, request: Request) -> Response:
        """Answer as long as the process can answer at all."""
        del request
        return JSONResponse({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """Answer 200 when the database answers; else the store's own error says 503."""
        del request
        await health_view.ready(self._services)
        return JSONResponse({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Return what this process counted and what the database knows, in Prometheus' text format."""
        del request
        async with self._services.database.read() as tx:
            shared = await metrics.read(tx, self._services.clock.now())
        page = await run_in_threadpool(metrics.page, self._services.metrics, shared)
        return Response(page, headers={"content-type": CONTENT_TYPE_LATEST})
