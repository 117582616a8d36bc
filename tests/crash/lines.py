"""Lines between processes that can be cut: a proxy on loopback that forwards bytes until it is told to do something else.

Each trouble ends by itself, as those of real networks do, and what was under way when it began may have reached the other side or not.
"""

import asyncio
from contextlib import asynccontextmanager

_CHUNK = 65_536


class Line:
    """A port that leads to another port."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._refusing = False
        self._held = {"there": asyncio.Event(), "back": asyncio.Event()}
        for way in self._held.values():
            way.set()
        self._writers = set()
        self.cuts = 0

    async def take(self, reader, writer):
        """Forward one connection both ways until either side ends it."""
        if self._refusing:
            writer.transport.abort()
            return
        try:
            onward_reader, onward_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, onward_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._forward(reader, onward_writer, "there"))
                ways.create_task(self._forward(onward_reader, writer, "back"))
        except* OSError:
            pass
        finally:
            self._writers -= both
            for one in both:
                one.transport.abort()

    async def cut(self, seconds):
        """Break every connection at once and take none for a while."""
        self.cuts += 1
        self._refusing = True
        self._break()
        await asyncio.sleep(seconds)
        self._refusing = False

    async def fall_silent(self, seconds):
        """Let nothing through, either way, without a word; then break what hangs."""
        self.cuts += 1
        for way in self._held.values():
            way.clear()
        await asyncio.sleep(seconds)
        self._break()
        for way in self._held.values():
            way.set()

    async def be_slow(self, seconds):
        """Hold answers back for a while; requests go through and the answers come in the end."""
        self.cuts += 1
        self._held["back"].clear()
        await asyncio.sleep(seconds)
        self._held["back"].set()

    def _break(self):
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _forward(self, reader, writer, way):
        while data := await reader.read(_CHUNK):
            await self._held[way].wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionAbortedError


@asynccontextmanager
async def line(host, port):
    """Lay a line to a port and give it with the port it begins at."""
    laid = Line(host, port)
    server = await asyncio.start_server(laid.take, host, 0)
    try:
        yield laid, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        laid._break()
        await server.wait_closed()
