"""Ids: UUIDs of version 7, which sort by the time they were made.

Within a process they only climb, even in one millisecond and when the clock is set back; between processes they are ordered to the
millisecond, which nothing may rely on (order events by `occurred_at`).
"""

from datetime import datetime, timedelta
from random import Random

from crosswalk.clock import Clock
from crosswalk.model import EPOCH

_VERSION = 0x7
_VARIANT = 0b10
_COUNTER_BITS = 12
_RANDOM_BITS = 62


class Ids:
    """Makes ids from a clock and a source of randomness."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._millisecond = 0
        self._counter = 0

    def new(self) -> str:
        """Return a new id, greater than all before it."""
        millisecond = _millisecond(self._clock.now())
        if millisecond > self._millisecond:
            self._millisecond = millisecond
            self._counter = self._random.getrandbits(_COUNTER_BITS - 1)
        else:
            self._counter += 1
            if self._counter >> _COUNTER_BITS:
                self._millisecond += 1
                self._counter = 0
        high = self._millisecond << 16 | _VERSION << 12 | self._counter
        low = _VARIANT << _RANDOM_BITS | self._random.getrandbits(_RANDOM_BITS)
        text = f"{high:016x}{low:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def first(moment: datetime) -> str:
    """Return what no id made at that time or later is less than; ids made before it are less."""
    text = f"{_millisecond(moment):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"


def moment(made: str) -> datetime:
    """Return when an id was made, to the millisecond."""
    return EPOCH + timedelta(milliseconds=int(made[:8] + made[9:13], 16))


def _millisecond(moment: datetime) -> int:
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
