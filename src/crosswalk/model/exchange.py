"""What is said between us and Salesforce when writing: calls, row results, classified faults."""

from dataclasses import dataclass
from enum import StrEnum

from crosswalk.model.changes import Change, Headers, Operation
from crosswalk.reasons import Reason


class Recovery(StrEnum):
    """What to do about a fault; the engine branches on this alone."""

    RETRY_NOW = "retry_now"  # the same row again, soon, alone if it locked
    RETRY_LATER = "retry_later"  # the same row when limits free up
    REPLAN = "replan"  # the org is not what the plan saw
    SUSPEND_FIELD = "suspend_field"  # the field is gone or not writable: drop the mapping row, send the rest
    HOLD = "hold"  # waits for a person
    PAUSE = "pause"  # the connection as a whole
    HALVE = "halve"  # the call was too large or too slow


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of Salesforce, classified."""

    code: str
    recovery: Recovery
    sentence: str
    message: str = ""
    fields: tuple[str, ...] = ()
    record_id: str | None = None  # an existing record the error names
    reason: Reason = Reason.REJECTED
    matches: tuple[str, ...] = ()  # the records a duplicate rule or an external id found


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Salesforce that carries up to 1,000 rows of one object, operation and headers."""

    id: str
    object: str
    operation: Operation
    headers: Headers
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row: written (with the record's id) or a fault."""

    change_id: str
    record_id: str | None = None
    fault: Fault | None = None
