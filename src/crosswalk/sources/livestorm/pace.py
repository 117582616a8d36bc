"""Livestorm's two limits: some calls a second, and an allowance of calls for thirty days that the whole workspace shares.

The first is kept by waiting a moment: five a second, until answers name another number. The second is known from the headers of answers
only; once no more than the reserve is left, one call an hour goes through all the same, because nothing else tells when the next thirty
days have begun.
"""

from collections import deque
from datetime import datetime, timedelta

from crosswalk.clock import Clock
from crosswalk.errors import BudgetSpentError
from crosswalk.sources.moments import from_unix
from crosswalk.sources.vendor_api import Headers

CALLS_PER_SECOND = 5
_MOST_PER_SECOND = 100
_SECOND = 1.0
_LOOK_AGAIN = timedelta(hours=1)


class LivestormPace:
    """The calls of one workspace's token in this process."""

    def __init__(self, clock: Clock, reserve: int) -> None:
        self._clock = clock
        self._reserve = reserve
        self._per_second = CALLS_PER_SECOND
        self._recent: deque[float] = deque(maxlen=_MOST_PER_SECOND)
        self._quiet_until = 0.0
        self._left: int | None = None
        self._left_seen_at: datetime | None = None

    async def before_call(self) -> None:
        """Wait for the burst limit; raise `BudgetSpentError` when only the reserve of the allowance is left."""
        self._refuse_reserve()
        while (pause := self._pause()) > 0:
            await self._clock.sleep(pause)
        self._recent.append(self._clock.monotonic())

    def heard(self, headers: Headers) -> None:
        """Learn what is left of both limits."""
        left = _number(headers.get("ratelimit-monthly-remaining"))
        if left is not None:
            self._left, self._left_seen_at = left, self._clock.now()
        self._per_second = min(_number(headers.get("ratelimit-interval-limit")) or self._per_second, _MOST_PER_SECOND)
        if _number(headers.get("ratelimit-interval-remaining")) == 0:
            self._quiet_until = self._clock.monotonic() + _SECOND

    def allowed_again(self, headers: Headers) -> datetime | None:
        """Return the end of the thirty days when the allowance is used up; a burst passes by itself."""
        if _number(headers.get("ratelimit-monthly-remaining")) == 0:
            return from_unix(_number(headers.get("ratelimit-reset"))) or self._clock.now() + _LOOK_AGAIN
        if "retry-after" not in headers and _number(headers.get("ratelimit-interval-remaining")) == 0:
            return self._clock.now() + timedelta(seconds=_SECOND)
        return None

    def _pause(self) -> float:
        now = self._clock.monotonic()
        full = self._recent[-self._per_second] + _SECOND if len(self._recent) >= self._per_second else 0.0
        return max(full, self._quiet_until) - now

    def _refuse_reserve(self) -> None:
        if self._left is None or self._left > self._reserve or self._left_seen_at is None:
            return
        due = self._left_seen_at + _LOOK_AGAIN
        if self._clock.now() < due:
            sentence = (
                f"Livestorm allows {self._left} more calls in these 30 days, which are kept in reserve; it goes on when calls free up."
            )
            raise BudgetSpentError(sentence, due)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
