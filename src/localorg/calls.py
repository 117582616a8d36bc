"""Counts the API calls of an org: how many in the last 24 hours, and what each one was.

The allowance is a rolling day by the org's clock, as Salesforce's is. Calls of "other applications" can be added, so that a client sees
an allowance it does not control.
"""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

_DAY = timedelta(hours=24)
_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One finished call; status 0 is one whose answer was dropped."""

    method: str
    path: str
    kind: str
    rows: int
    status: int
    time: str
    request_id: str
    used: int


class Calls:
    """The account of one org."""

    def __init__(self) -> None:
        self._times: deque[tuple[datetime, int]] = deque()
        self._used = 0
        self._records: deque[CallRecord] = deque(maxlen=_KEPT)

    def count(self, now: datetime, number: int = 1) -> None:
        """Take `number` calls from the allowance."""
        self._times.append((now, number))
        self._used += number

    def used(self, now: datetime) -> int:
        """Return the calls of the 24 hours before `now`."""
        return self.used_as_of(now, timedelta())

    def used_as_of(self, now: datetime, lag: timedelta) -> int:
        """Return the same as it looked `lag` ago."""
        while self._times and self._times[0][0] <= now - _DAY:
            self._used -= self._times.popleft()[1]
        late = 0
        for time, number in reversed(self._times):
            if time <= now - lag:
                break
            late += number
        return self._used - late

    def record(self, call: CallRecord) -> None:
        """Remember a finished call."""
        self._records.append(call)

    def summary(self) -> dict[str, Any]:
        """Return counts by kind, the total, and every call in the order they ended."""
        return {
            "total": len(self._records),
            "by_kind": dict(sorted(Counter(each.kind for each in self._records).items())),
            "calls": [asdict(each) for each in self._records],
        }

    def clear(self) -> None:
        """Forget everything, the spent allowance included."""
        self._times.clear()
        self._used = 0
        self._records.clear()
