"""Server-sent events: a page follows what changes, at most once a second, and only when it did.

A stream ends by itself after a while, and at once when the process stops or the reader leaves; browsers then connect again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from crosswalk.web import callers

Produce = Callable[[], Awaitable[Any]]
EVERY_SECONDS = 1.0
LONGEST_SECONDS = 300.0
_STILL_HERE_SECONDS = 15.0


def stream(request: Request, produce: Produce, every_seconds: float = EVERY_SECONDS) -> StreamingResponse:
    """Answer with a stream of what `produce` returns, as JSON, whenever it differs from what was sent before."""
    return StreamingResponse(_messages(request, produce, every_seconds), media_type="text/event-stream")


async def _messages(request: Request, produce: Produce, every_seconds: float) -> AsyncIterator[str]:
    services = callers.services(request)
    loop = asyncio.get_running_loop()
    ends, spoke, last = loop.time() + LONGEST_SECONDS, loop.time(), ""
    while loop.time() < ends and not services.stopping.is_set() and not await request.is_disconnected():
        text = json.dumps(await produce(), default=str, sort_keys=True)
        if text != last:
            last, spoke = text, loop.time()
            yield f"data: {text}\n\n"
        elif loop.time() - spoke >= _STILL_HERE_SECONDS:
            spoke = loop.time()
            yield ": here\n\n"
        try:
            await asyncio.wait_for(services.stopping.wait(), every_seconds)
        except TimeoutError:
            continue
