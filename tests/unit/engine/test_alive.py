"""Leases that are renewed while the work goes on."""

import asyncio

import pytest

from crosswalk.engine import alive
from crosswalk.errors import StoreBusyError


async def test_a_lease_is_renewed_until_the_work_is_done():
    renewed, enough = [], asyncio.Event()

    async def renew():
        renewed.append(None)
        if len(renewed) == 3:
            enough.set()

    await alive.kept(enough.wait(), renew, seconds=0)
    assert 3 <= len(renewed)


async def test_a_database_that_is_busy_does_not_end_the_work(clock):
    tried, enough = [], asyncio.Event()

    async def renew():
        tried.append(None)
        if len(tried) == 2:
            enough.set()
        raise StoreBusyError("Busy.", clock.now())

    assert await alive.kept(enough.wait(), renew, seconds=0)


async def test_what_the_work_raises_is_raised():
    async def fail():
        raise KeyError("no")

    with pytest.raises(KeyError):
        await alive.kept(fail(), lambda: asyncio.sleep(0))


async def test_cancelling_ends_the_work_too():
    started, ended = asyncio.Event(), asyncio.Event()

    async def work():
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.ensure_future(alive.kept(work(), lambda: asyncio.sleep(0)))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert ended.is_set()
