"""Posts bodies over HTTP with keep-alive, so cheaply that the client does not become what is measured.

Requests are bytes made beforehand; of an answer only status and length are read.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_STATUS = slice(9, 12)
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `events` is how many it carries."""

    raw: bytes
    events: int = 1


def post(path: str, headers: Mapping[str, str], body: bytes, events: int = 1) -> Request:
    """Return a request that keeps its connection open."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return Request(f"POST {path} HTTP/1.1\r\nhost: localhost\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body, events)


async def send(url: str, requests: Sequence[Request], connections: int) -> None:
    """Send everything over so many connections, one request at a time each; RuntimeError on any answer but success."""
    left = iter(requests)
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_connection(url, left))


async def send_steadily(url: str, requests: Sequence[Request], connections: int, per_second: float) -> list[float]:
    """Send so many a second, whether they are answered or not, and return when each was due, in seconds since 1970.

    One that finds all connections busy is sent late and still counts from its time.
    """
    due: asyncio.Queue[Request] = asyncio.Queue()
    times: list[float] = []
    async with asyncio.TaskGroup() as group:
        senders = [group.create_task(_from_queue(url, due)) for _ in range(connections)]
        began = time.time()
        for place, request in enumerate(requests):
            times.append(began + place / per_second)
            await asyncio.sleep(times[-1] - time.time())
            due.put_nowait(request)
        await due.join()
        for sender in senders:
            sender.cancel()
    return times


async def _connection(url: str, left: Iterable[Request]) -> None:
    async with _opened(url) as (reader, writer):
        for request in left:
            await _exchange(reader, writer, request)


async def _from_queue(url: str, due: asyncio.Queue[Request]) -> None:
    async with _opened(url) as (reader, writer):
        while True:
            await _exchange(reader, writer, await due.get())
            due.task_done()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> None:
    writer.write(request.raw)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    body = await reader.readexactly(int(length[1]) if length else 0)
    if not head[_STATUS].startswith(b"2"):
        raise RuntimeError(f"an event was refused with {head[_STATUS].decode()}: {body[:300].decode(errors='replace')}")
