"""Serves an application on a socket until told to stop.

Signals are left to the caller: uvicorn would raise them again after its own shut-down, and the process would end by the signal instead of
finishing its turn and leaving with 0.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from crosswalk.errors import ConfigurationError

_LAST_REQUESTS_SECONDS = 20
_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raise `ConfigurationError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"Cannot listen on {host}:{port} ({error.strerror}); choose another address or port.") from error
    return listener


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[str]:
    """Serve as long as the context lasts and give the address; at its end no new request is taken and running ones are finished."""
    config = uvicorn.Config(
        app,
        log_config=None,  # its access log writes whole addresses, and hook addresses hold a token
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    ready = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        yield _address(listener)
    finally:
        ready.cancel()
        _stop_streams(app)
        server.should_exit = True
        await task
        listener.close()


def _stop_streams(app: ASGIApp) -> None:
    """Let streams that would go on for minutes end; they hold up the end of the process otherwise."""
    services = getattr(getattr(app, "state", None), "services", None)
    if services is not None:
        services.stopping.set()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever started us."""
        yield


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
