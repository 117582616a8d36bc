"""The clock of an org that takes its time."""

import asyncio


class ObligingClock:
    """A clock on which time goes by for whoever waits: a call takes as long as it should, and the test none for that."""

    def __init__(self, clock):
        self._clock = clock
        self.now, self.monotonic = clock.now, clock.monotonic

    async def sleep(self, seconds):
        self._clock.advance(seconds)
        await asyncio.sleep(0)
