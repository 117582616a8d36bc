"""Serves an org on a real port.

A dropped answer must be a broken connection here, not an error page: uvicorn offers no way to say so, hence the reach for its transport.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from localorg.certificates import Certificates
from localorg.gateway import CUT

_POLL_SECONDS = 0.005
_GOODBYE_SECONDS = 1


class BreaksConnections:
    """Wraps an application, and lets it cut the connection of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with the means to break the line in its scope."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope[CUT] = transport.abort
        await self._app(scope, receive, send)


def server(app: ASGIApp, host: str, port: int, tls: Certificates | None = None) -> uvicorn.Server:
    """Return a server for the application, not yet started; with certificates it speaks https."""
    config = uvicorn.Config(
        BreaksConnections(app),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        # A client that leaves a TLS connection open is not waited for: asyncio would give it half a minute to say goodbye.
        timeout_graceful_shutdown=_GOODBYE_SECONDS if tls is not None else None,
        ssl_certfile=tls.certificate if tls is not None else None,
        ssl_keyfile=tls.key if tls is not None else None,
    )
    return uvicorn.Server(config)


@asynccontextmanager
async def running(app: ASGIApp, host: str = "127.0.0.1", tls: Certificates | None = None) -> AsyncIterator[str]:
    """Serve on a free port as long as the context lasts, and give the address."""
    # Named TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind((host, 0))
        served = server(app, host, 0, tls)
        task = asyncio.ensure_future(served.serve(sockets=[listener]))
        try:
            while not served.started and not task.done():  # noqa: ASYNC110  # uvicorn has no event for it
                await asyncio.sleep(_POLL_SECONDS)
            yield f"{'http' if tls is None else 'https'}://{host}:{listener.getsockname()[1]}"
        finally:
            served.should_exit = True
            await task
