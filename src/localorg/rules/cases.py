"""Cases: a number of their own, a closing date, and what they show of their contact."""

from localorg.rules.people import assigned_owner
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row, Transaction

_CLOSED = "Closed"


class CaseRule(Rule):
    """The habits of Case."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Give the case its number; take account and channels from the contact."""
        transaction = context.transaction
        row["CaseNumber"] = f"{1000 + transaction.next_number('CaseNumber'):08d}"
        row |= _derived(transaction, row, None)
        if row.get("ContactId") and not row.get("AccountId"):
            contact = transaction.row("Contact", row["ContactId"])
            row["AccountId"] = contact["AccountId"] if contact else None

    def check_insert(self, context: Context, row: Row) -> None:
        """Let the assignment rule choose an owner."""
        row["OwnerId"] = assigned_owner(context, row)

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Derive closing and channels again."""
        changes |= _derived(context.transaction, {**old, **changes}, old["ClosedDate"])


def _derived(transaction: Transaction, row: Row, closed_at: str | None) -> Row:
    closed = row.get("Status") == _CLOSED
    contact = (transaction.row("Contact", row["ContactId"]) if row.get("ContactId") else None) or {}
    return {
        "IsClosed": int(closed),
        "ClosedDate": (closed_at or transaction.stamp) if closed else None,
        "ContactEmail": contact.get("Email"),
        "ContactPhone": contact.get("Phone"),
        "ContactMobile": contact.get("MobilePhone"),
        "ContactFax": contact.get("Fax"),
    }
