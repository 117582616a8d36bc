"""Leads, contacts and accounts: full names, converted leads, assignment to an owner, and members that follow their person."""

from localorg import ids, person_accounts
from localorg.errors import SalesforceError
from localorg.rules import duplicates, members
from localorg.rules.rule import Context, Rule
from localorg.transaction import Row

_OFF = "false"


class LeadRule(Rule):
    """The habits of Lead."""

    def before_insert(self, _context: Context, row: Row) -> None:
        """Compose the full name."""
        row["Name"] = full_name(row)

    def check_insert(self, context: Context, row: Row) -> None:
        """Let the duplicate rules look, then the assignment rule choose an owner."""
        duplicates.check(context, row)
        row["OwnerId"] = assigned_owner(context, row)

    def before_update(self, _context: Context, old: Row, changes: Row) -> None:
        """Refuse every change of a converted lead."""
        if old["IsConverted"]:
            raise SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ())
        changes["Name"] = full_name({**old, **changes})

    def after_update(self, context: Context, old: Row, _new: Row) -> None:
        """Bring the copies on campaign members up to date."""
        members.refresh_members(context.transaction, "LeadId", old["Id"])


class ContactRule(Rule):
    """The habits of Contact."""

    def before_insert(self, _context: Context, row: Row) -> None:
        """Compose the full name."""
        row["Name"] = full_name(row)

    def check_insert(self, context: Context, row: Row) -> None:
        """Let the duplicate rules look."""
        duplicates.check(context, row)

    def before_update(self, _context: Context, old: Row, changes: Row) -> None:
        """Compose the full name again; refuse a contact that reports to itself."""
        person_accounts.refuse_contact(old)
        if changes.get("ReportsToId") == old["Id"]:
            raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", "Contact cannot report to itself", ("ReportsToId",))
        changes["Name"] = full_name({**old, **changes})

    def after_update(self, context: Context, old: Row, _new: Row) -> None:
        """Bring the copies on campaign members up to date."""
        members.refresh_members(context.transaction, "ContactId", old["Id"])


class AccountRule(Rule):
    """The habits of Account."""

    def before_insert(self, context: Context, row: Row) -> None:
        """Mark the record as not yet cleaned, as new accounts are; name a person after themselves."""
        row.setdefault("CleanStatus", "Pending")
        person_accounts.complete(context.transaction, row)

    def check_insert(self, context: Context, row: Row) -> None:
        """Let the duplicate rules look; make the contact behind a person."""
        duplicates.check(context, row)
        contact_type = context.transaction.full_schema.object("Contact")
        if row.get("IsPersonAccount") and contact_type is not None:
            row["PersonContactId"] = ids.record_id("003", context.transaction.next_number("003"))
            stamps = {"CreatedDate": row["CreatedDate"], "CreatedById": row["CreatedById"], **context.transaction.audit()}
            contact = {"Id": row["PersonContactId"], "OwnerId": row["OwnerId"], **person_accounts.of_contact(row), **stamps}
            filled = {name: value for name, value in contact.items() if value is not None}
            context.transaction.insert(contact_type, {**contact_type.defaults, **filled})

    def before_update(self, context: Context, old: Row, changes: Row) -> None:
        """Name a person after themselves."""
        if old.get("IsPersonAccount"):
            named = {**old, **changes}
            person_accounts.complete(context.transaction, named)
            changes["Name"] = named["Name"]

    def after_update(self, context: Context, old: Row, new: Row) -> None:
        """Carry a person's changes to the contact behind them."""
        contact_type = context.transaction.full_schema.object("Contact")
        contact = context.transaction.row("Contact", old["PersonContactId"]) if old.get("PersonContactId") else None
        if contact_type is not None and contact is not None:
            context.transaction.update(contact_type, contact, {**person_accounts.of_contact(new), **context.transaction.audit()})
            members.refresh_members(context.transaction, "ContactId", contact["Id"])


def full_name(row: Row) -> str:
    """Return "First Last"; the salutation is no part of a name."""
    return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)


def assigned_owner(context: Context, row: Row) -> str:
    """Return the owner the active assignment rule chooses, unless the request switched assignment off."""
    transaction = context.transaction
    if transaction.options.auto_assign.lower() == _OFF:
        return str(row["OwnerId"])
    target = transaction.state(f"assignment:{context.object_type.name}")
    if not target or not target["active"]:
        return str(row["OwnerId"])
    return str(target["owner"])
