"""Person accounts, an edition that is off unless the settings say otherwise: people who are accounts.

Account gains the person's fields, Contact the flag. An account created with a last name is a person; the contact behind it exists, and
is changed through its account alone.
"""

from dataclasses import replace
from typing import Any

from localorg.errors import SalesforceError
from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, ObjectType, Schema
from localorg.transaction import Row, Transaction

_OWN = ("Salutation", "FirstName", "LastName")
_PERSON = ("Email", "Title", "MobilePhone", "HomePhone", "Birthdate", "LeadSource", "Department", "HasOptedOutOfEmail", "DoNotCall")
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}


def extend(schema: Schema) -> None:
    """Give Account and Contact the fields of the edition."""
    account, contact = schema.object("Account"), schema.object("Contact")
    if account is None or contact is None or account.field("IsPersonAccount") is not None:
        return
    added = [_copied(contact, name, name) for name in _OWN] + [_copied(contact, name, f"Person{name}") for name in _PERSON]
    added += [_copied(contact, f"Mailing{name}", f"PersonMailing{name}") for name in _ADDRESS]
    facts = {**type_defaults(FieldType.REFERENCE), **_READ_ONLY, "reference_to": ("Contact",), "relationship_name": "PersonContact"}
    added.append(Field("PersonContactId", "Contact ID", FieldType.REFERENCE, **facts))
    for each in (*added, _flag()):
        if each is not None:
            schema.add_field("Account", each)
    name = account.field("Name")
    if name is not None:
        schema.add_field("Account", replace(name, nillable=True))
    schema.add_field("Contact", _flag())


def complete(transaction: Transaction, row: Row) -> None:
    """Name a person account after its person; refuse an account that is neither company nor person."""
    if not transaction.settings.person_accounts:
        return
    if row.get("LastName"):
        row["IsPersonAccount"] = 1
        row["Name"] = " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part)
    elif not row.get("Name"):
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",))


def of_contact(account: Row) -> Row:
    """Return what the contact behind a person account holds."""
    fields: Row = {name: account.get(name) for name in _OWN}
    fields |= {name: account.get(f"Person{name}") for name in _PERSON}
    fields |= {f"Mailing{name}": account.get(f"PersonMailing{name}") for name in _ADDRESS}
    return fields | {"Name": account.get("Name"), "Phone": account.get("Phone"), "AccountId": account["Id"], "IsPersonAccount": 1}


def refuse_contact(contact: Row) -> None:
    """Refuse to change the contact behind a person account."""
    if contact.get("IsPersonAccount"):
        text = "You cannot change the contact of a person account; change the account instead"
        raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", text, ())


def _copied(contact: ObjectType, source: str, name: str) -> Field | None:
    found = contact.field(source)
    return replace(found, name=name, nillable=found.type is not FieldType.BOOLEAN, compound_field=None) if found is not None else None


def _flag() -> Field:
    return Field("IsPersonAccount", "Is Person Account", FieldType.BOOLEAN, **{**type_defaults(FieldType.BOOLEAN), **_READ_ONLY})
