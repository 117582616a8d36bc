"""Keeps what a piece of work has leased while it goes on, so that leases are short.

A process that died is then followed by another one, or by itself started again, within a minute.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from crosswalk.errors import RetryLater

log = structlog.get_logger()

LEASE_SECONDS = 60
_RENEWED_SECONDS = 15  # of real time: a clock of tests that stands still has nothing to renew

Result = TypeVar("Result")


async def kept(work: Coroutine[Any, Any, Result], renew: Callable[[], Awaitable[None]], seconds: float = _RENEWED_SECONDS) -> Result:
    """Do the work and renew its lease every so many seconds; a database that is busy is asked again, and cancelling cancels the work."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=seconds))[0]:
            try:
                await renew()
            except RetryLater as busy:
                log.warning("lease_not_renewed", code=busy.code, sentence=busy.sentence)
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
