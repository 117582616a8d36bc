"""A virtual clock for tests in which a vendor makes us wait."""

import asyncio

from crosswalk.clock import VirtualClock

_SHORT_SECONDS = 61


class WindingClock(VirtualClock):
    """A virtual clock that passes short waits by itself, at once; longer ones, such as time-outs, wait for `advance`."""

    async def sleep(self, seconds):
        if seconds >= _SHORT_SECONDS:
            await super().sleep(seconds)
            return
        self.advance(max(seconds, 0))
        await asyncio.sleep(0)
