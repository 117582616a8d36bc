"""Fixtures for pytest, in two lines: `pytest_plugins = ["localorg.fixtures"]`, then a test that asks for `local_org` or `served_org`.

`local_org` lives inside the test, for clients that take a transport; `served_org` is an address on this machine, for all others. Both are
fresh for every test.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from localorg.app import create_app
from localorg.server import running
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg


@pytest.fixture
def local_org() -> Iterator[LocalOrg]:
    """Give an org inside the test."""
    org = LocalOrg()
    yield org
    asyncio.run(org.close())


@pytest.fixture
def served_org() -> Iterator[str]:
    """Give the address of an org that is served while the test runs."""
    with served() as address:
        yield address


@contextmanager
def served(settings: OrgSettings | None = None) -> Iterator[str]:
    """Serve an org from a thread of its own, and give its address."""
    ready, address = threading.Event(), [""]
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        over = asyncio.Event()
        async with running(create_app(settings)) as found:
            address[0] = found
            loops.append((asyncio.get_running_loop(), over))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield address[0]
    finally:
        loop, over = loops[0]
        loop.call_soon_threadsafe(over.set)
        thread.join()
