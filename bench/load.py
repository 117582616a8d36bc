"""Posts bodies over HTTP with keep-alive, so cheaply that the client does not become what is measured.

Requests are bytes made beforehand; of an answer only status and length are read.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
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


async def _connection(url: str, left: Iterable[Request]) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for request in left:
            writer.write(request.raw)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            if not head[_STATUS].startswith(b"2"):
                raise RuntimeError(f"an event was refused with {head[_STATUS].decode()}: {body[:300].decode(errors='replace')}")
    finally:
        writer.close()
        await writer.wait_closed()
