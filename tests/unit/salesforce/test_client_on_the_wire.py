"""The same promises over a real socket: what never left may be repeated, what may have arrived is lost."""

import asyncio
import contextlib

import pytest

from crosswalk import errors
from crosswalk.clock import Time
from crosswalk.record_ids import full
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client, http_client
from crosswalk.salesforce.logins import Token
from crosswalk.settings import Timings


class Ready:
    """A token for one address."""

    def __init__(self, port):
        self.token = Token("very-secret-token", f"http://127.0.0.1:{port}", full("00D000000000001"), full("005000000000001"))

    async def current(self):
        return self.token

    async def refresh(self, stale):
        return stale


@pytest.fixture
async def serve(journal):
    """Return a function that answers one connection as told and returns a client for it."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(answer):
            async def handle(reader, writer):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
                writer.close()

            server = await stack.enter_async_context(await asyncio.start_server(handle, "127.0.0.1", 0))
            http = await stack.enter_async_context(http_client())
            port = server.sockets[0].getsockname()[1]
            return Client(http, Ready(port), Time(), journal, timings=Timings(send_timeout=5))

        yield start


async def _write(client):
    return await client.post("composite/sobjects", {"records": []}, purpose=Purpose.WRITE)


async def test_a_whole_answer_is_read(serve):
    client = await serve(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
    assert (await _write(client)).body == []


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[{", b"nonsense", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n["]
)
async def test_half_an_answer_to_a_write_is_lost(serve, answer):
    with pytest.raises(errors.ReplyLost):
        await _write(await serve(answer))


async def test_a_port_nobody_listens_on_means_later(journal):
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with http_client() as http:
        with pytest.raises(errors.SalesforceBusyError, match="cannot be reached"):
            await _write(Client(http, Ready(port), Time(), journal))


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_no_log_line_holds_the_token(serve, caplog, level):
    caplog.set_level(level)
    await _write(await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"))
    assert "very-secret-token" not in caplog.text


async def test_a_compressed_answer_that_is_damaged_is_lost(serve):
    with pytest.raises(errors.ReplyLost):
        await _write(await serve(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]"))
