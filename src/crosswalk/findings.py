"""What `doctor` finds: a level, what it is about, and a sentence that says what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    level: Level
    subject: str
    sentence: str


def ok(subject: str, sentence: str) -> Finding:
    """Return a finding with nothing to do."""
    return Finding(Level.OK, subject, sentence)


def warn(subject: str, sentence: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Level.WARN, subject, sentence)


def fail(subject: str, sentence: str) -> Finding:
    """Return a finding that keeps Crosswalk from working."""
    return Finding(Level.FAIL, subject, sentence)
