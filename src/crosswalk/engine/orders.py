"""What a pull is to read: what is new, the last hours, a range, or one session.

Regular pulls of a stream share its cursor, so that two never run at once, and first end one that was broken off. A range and a single
session have cursors of their own, so that live work never waits for them.
"""

from dataclasses import dataclass
from datetime import timedelta

from crosswalk.journal.runs import RunKind
from crosswalk.model import Priority
from crosswalk.sources.base import Window

_RANGE, _ONE = "range", "one"
_REGULAR = frozenset({RunKind.PULL, RunKind.PERIODIC, RunKind.DAILY})


@dataclass(frozen=True, slots=True)
class Order:
    """What a pull is to read; `make` one with a function below."""

    kind: RunKind
    stream: str
    cursor: str
    priority: Priority = Priority.STREAM
    window: Window | None = None  # a range, taken as it is
    last: timedelta | None = None  # at least so much up to now
    subject: str | None = None  # one session or conversation

    @property
    def is_regular(self) -> bool:
        """Whether it moves the window of its stream, and first ends one that was broken off."""
        return self.window is None and self.subject is None

    @property
    def kinds(self) -> frozenset[RunKind]:
        """The kinds of runs that share its cursor: while it has the cursor, none of them is under way."""
        return _REGULAR if self.is_regular else frozenset({self.kind})


def since_last(stream: str) -> Order:
    """Ask for what changed since the last pull of a stream."""
    return Order(RunKind.PULL, stream, stream)


def last(kind: RunKind, stream: str, length: timedelta) -> Order:
    """Ask for the last hours of a stream, and for what is older as far as no pull has reached it."""
    return Order(kind, stream, stream, last=length)


def of_range(stream: str, window: Window) -> Order:
    """Ask for a range, at backfill priority."""
    return Order(RunKind.MANUAL, stream, f"{stream}:{_RANGE}", Priority.BACKFILL, window)


def of_one(kind: RunKind, subject: str, name: str) -> Order:
    """Ask for one session or conversation; `name` tells it from others that are read at the same time."""
    return Order(kind, _ONE, f"{_ONE}:{name}", subject=subject)
