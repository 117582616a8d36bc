"""Process-level tests: commands as a person runs them, and the one way to wait for something that another process does."""

import asyncio
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from localorg.app import create_app
from localorg.server import running

COMMAND = Path(sys.executable).parent / "crosswalk"


async def until(condition, seconds=30.0):
    """Ask again and again until the answer is true, and return it; fail after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {condition}")
        await asyncio.sleep(0.05)


@contextmanager
def org_in_a_thread(settings=None):
    """Serve a local org from a thread of its own, so that the test may run commands in the main one; gives its address."""
    started, stop = threading.Event(), threading.Event()
    address = []

    async def serve():
        async with running(create_app(settings)) as url:
            address.append(url)
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(20)
        yield address[0]
    finally:
        stop.set()
        thread.join()
