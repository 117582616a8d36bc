"""Every error Crosswalk raises on purpose, by what to do next.

    CrosswalkError
    ├── RetryLater             goes on by itself at `due`
    │   ├── AlertNotSentError
    │   ├── BudgetSpentError
    │   ├── SalesforceBusyError
    │   └── StoreBusyError
    ├── ReplyLost              the request may have run: ask before repeating
    ├── Replan                 the org is not what the plan saw
    │   ├── FieldUnknownError
    │   ├── LookupUnjoinedError
    │   └── LeaseLostError
    ├── SkipRecord             log, go on
    ├── HoldDelivery           waits for a person
    │   ├── SalesforceRefusedError
    │   └── SourceRefusedError
    ├── PauseConnection        credentials, permissions, edition
    │   ├── LoginRefusedError
    │   └── OrgChangedError
    ├── RequestRefused         an incoming request that is not accepted (HTTP status inside)
    └── ConfigurationError     refuse to start, or to publish
        └── MappingError       all problems of a mapping, each with its place

The engine branches on the second level alone. Each class has a stable code; facts are for logs and pages and hold no secret and no
personal value.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from crosswalk.model import Fault


class CrosswalkError(Exception):
    """Something went wrong that a person or the engine can act on."""

    code: ClassVar[str] = "crosswalk_error"

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class RetryLater(CrosswalkError):  # noqa: N818 - second level is an instruction, leaves end in Error (style.md 4)
    """Nothing was done; the same thing may work at `due`."""

    code = "retry_later"

    def __init__(self, sentence: str, due: datetime, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.due = due


class AlertNotSentError(RetryLater):
    """A channel did not take an alert."""

    code = "alert_not_sent"


class BudgetSpentError(RetryLater):
    """The API calls left are kept in reserve."""

    code = "budget_spent"


class SalesforceBusyError(RetryLater):
    """Salesforce is down, overloaded or limits concurrency."""

    code = "salesforce_busy"


class StoreBusyError(RetryLater):
    """The database cannot take the write now."""

    code = "store_busy"


class ReplyLost(CrosswalkError):  # noqa: N818 - an instruction
    """The request was sent and no answer came: it may have run."""

    code = "reply_lost"


class Replan(CrosswalkError):  # noqa: N818 - an instruction
    """What the plan was made from is no longer true; look again and plan anew."""

    code = "replan"


class FieldUnknownError(Replan):
    """The org does not know a field or object that was asked for: describe it anew, then plan anew."""

    code = "field_unknown"

    def __init__(self, sentence: str, object_name: str, field: str, **facts: Any) -> None:
        super().__init__(sentence, object=object_name, field=field, **facts)
        self.object_name = object_name
        self.field = field


class LookupUnjoinedError(Replan):
    """Salesforce returned a record that answers none of the questions; taking it for "not found" would make a duplicate."""

    code = "lookup_unjoined"


class LeaseLostError(Replan):
    """The lanes belong to another worker now; whatever was planned is left to it."""

    code = "lease_lost"


class SkipRecord(CrosswalkError):  # noqa: N818 - an instruction
    """This one cannot be used; log it and go on."""

    code = "skip_record"


class HoldDelivery(CrosswalkError):  # noqa: N818 - an instruction
    """A person has to act before this can go on."""

    code = "hold_delivery"


class SalesforceRefusedError(HoldDelivery):
    """Salesforce refused a request as a whole; nothing of it ran."""

    code = "salesforce_refused"

    def __init__(self, sentence: str, fault: Fault, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.fault = fault


class SourceRefusedError(HoldDelivery):
    """An engagement system refuses our credentials or our request; `status` is what it answered."""

    code = "source_refused"

    def __init__(self, sentence: str, status: int, **facts: Any) -> None:
        super().__init__(sentence, status=status, **facts)
        self.status = status


class PauseConnection(CrosswalkError):  # noqa: N818 - an instruction
    """The connection as a whole cannot work until someone mends it."""

    code = "pause_connection"


class LoginRefusedError(PauseConnection):
    """Salesforce refuses the credentials."""

    code = "login_refused"


class OrgChangedError(PauseConnection):
    """The credentials now lead to another org, as after a sandbox refresh."""

    code = "org_changed"


class RequestRefused(CrosswalkError):  # noqa: N818 - an instruction
    """An incoming request is not accepted; `status` is the HTTP status to answer with."""

    code = "request_refused"

    def __init__(self, code: str, sentence: str, status: int, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.request_code = code
        self.status = status


class ConfigurationError(CrosswalkError):
    """The configuration is wrong; refuse to start or to publish."""

    code = "configuration"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a document: where it is, what it is, what to do."""

    code: str
    place: str
    sentence: str


class MappingError(ConfigurationError):
    """A mapping has problems; all of them are listed, each with its place."""

    code = "mapping_invalid"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.place}: {problem.sentence}" for problem in problems))
        self.problems = problems
