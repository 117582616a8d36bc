"""Tasks and events: what follows from a status, and whom an activity may concern."""

from localorg.errors import SalesforceError
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row, Transaction

_CLOSED = "Completed"
_LEAD_PREFIX = "00Q"
_ACCOUNT_PREFIX = "001"


class TaskRule(Rule):
    """The habits of Task."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Derive what a task's status, priority and person imply."""
        row |= _derived(context.transaction, row, row.get("CompletedDateTime"))

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Derive them again."""
        changes |= _derived(context.transaction, {**old, **changes}, old["CompletedDateTime"])


class EventRule(Rule):
    """The habits of Event."""

    def before_insert(self, _context: Context, row: Row) -> None:
        """Refuse an event without a time."""
        refuse_lead_with_parent(row)
        if row.get("IsAllDayEvent"):
            if row.get("ActivityDate") is None and row.get("ActivityDateTime") is None:
                _missing("ActivityDate")
            return
        if row.get("ActivityDateTime") is None and row.get("StartDateTime") is None:
            _missing("ActivityDateTime")
        if row.get("DurationInMinutes") is None and row.get("EndDateTime") is None:
            _missing("DurationInMinutes")

    def before_update(self, _context: Context, old: Row, changes: Row) -> None:
        """Refuse a lead together with another parent."""
        refuse_lead_with_parent({**old, **changes})


def refuse_lead_with_parent(row: Row) -> None:
    """Refuse an activity that concerns a lead and another record at once."""
    if (row.get("WhoId") or "").startswith(_LEAD_PREFIX) and row.get("WhatId"):
        raise SalesforceError(
            400, "FIELD_INTEGRITY_EXCEPTION", "Related To ID: cannot relate a task or event of a lead to another record", ("WhatId",)
        )


def _derived(transaction: Transaction, row: Row, completed: str | None) -> Row:
    refuse_lead_with_parent(row)
    closed = row.get("Status") == _CLOSED
    return {
        "IsClosed": int(closed),
        "IsHighPriority": int(row.get("Priority") == "High"),
        "CompletedDateTime": (completed or transaction.stamp) if closed else None,
        "AccountId": _account(transaction, row),
    }


def _account(transaction: Transaction, row: Row) -> str | None:
    what = row.get("WhatId") or ""
    if what.startswith(_ACCOUNT_PREFIX):
        return str(what)
    contact = transaction.row("Contact", row["WhoId"]) if row.get("WhoId") else None
    return contact["AccountId"] if contact else None


def _missing(name: str) -> None:
    raise SalesforceError(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", (name,))
