"""Reading a request's body without ever holding more of it than allowed.

The limit counts after decompression, and a body is refused as soon as it is passed: a few kilobytes of gzip can unpack to gigabytes.
"""

import zlib
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request

from crosswalk.errors import RequestRefused
from crosswalk.sources.base import Incoming

UNREADABLE = "body_unreadable"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


async def incoming(request: Request, max_bytes: int, max_depth: int) -> Incoming:
    """Read the request whole; refuse with 413 what is larger than `max_bytes`, and a broken gzip stream."""
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return Incoming(
        method=request.method,
        path=request.scope["path"],
        headers=headers,
        query=first_values(request) if request.scope["query_string"] else {},
        body=await _body(request, headers, max_bytes),
        max_depth=max_depth,
    )


def first_values(request: Request) -> dict[str, str]:
    """Return the query parameters; of a repeated one the first."""
    values: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, value)
    return values


async def _body(request: Request, headers: Mapping[str, str], max_bytes: int) -> bytes:
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > max_bytes:
        raise _too_large()
    unpack = _Gunzip(max_bytes) if headers.get("content-encoding") == "gzip" else None
    parts: list[bytes] = []
    size = 0
    try:
        async for received in request.stream():
            part = unpack.feed(received) if unpack else received
            size += len(part)
            if size > max_bytes:
                raise _too_large()
            parts.append(part)
    except ClientDisconnect:
        raise _unreadable() from None
    if unpack and not unpack.complete:
        raise _unreadable()
    return b"".join(parts)


class _Gunzip:
    """Unpacks one gzip stream, never more than one byte beyond the limit."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes + 1
        self._unpack = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def complete(self) -> bool:
        return self._unpack.eof and not self._unpack.unused_data

    def feed(self, received: bytes) -> bytes:
        if not received:
            return b""
        if self._unpack.eof:
            raise _unreadable()
        try:
            part = self._unpack.decompress(received, self._left)
        except zlib.error:
            raise _unreadable() from None
        self._left -= len(part)
        if self._left <= 0:
            raise _too_large()
        return part


def _too_large() -> RequestRefused:
    return RequestRefused("body_too_large", "request size exceeds max limit", 413)


def _unreadable() -> RequestRefused:
    return RequestRefused(UNREADABLE, "failed to read body from request", 400)
