"""Puts records into the org as if they had always been there: any field may be given, no rule objects.

Values are still read as their types, so that a seeded record looks like a written one; names, and what a campaign member copies of its
person, are filled in where the seed leaves them out.
"""

from typing import Any

from localorg import ids, rules, values
from localorg.rules import members, people
from localorg.schema import ObjectType
from localorg.transaction import Row, Transaction


def seed(transaction: Transaction, body: dict[str, Any]) -> dict[str, Any]:
    """Store the records of `{"object": …, "records": […]}`, or of records that name their type; returns their ids."""
    stored = []
    for given in body["records"]:
        name = body.get("object") or given.get("attributes", {}).get("type")
        object_type = transaction.full_schema.object(str(name))
        if object_type is None:
            raise ValueError(f"there is no object {name!r}")
        stored.append(_store(transaction, object_type, given))
    return {"ids": stored}


def _store(transaction: Transaction, object_type: ObjectType, given: dict[str, Any]) -> str:
    row = _fresh(transaction, object_type)
    for name, value in given.items():
        if name == "attributes":
            continue
        field = object_type.field(name)
        if field is None or not field.stored:
            raise ValueError(f"{object_type.name} has no stored field {name!r}")
        parsed = values.parse(field, value, transaction.switches)
        if parsed is not None:
            row[field.name] = parsed
    if "LastModifiedDate" not in given and "CreatedDate" in given:
        row |= {name: row["CreatedDate"] for name in ("LastModifiedDate", "SystemModstamp") if name in row}
    _complete(transaction, object_type, row)
    transaction.insert(object_type, row, tuple(given))
    if object_type.name == "Campaign" and not row.get("IsDeleted"):
        rules.of("Campaign").after_insert(rules.Context(transaction, object_type, frozenset()), row)
    return str(row["Id"])


def _fresh(transaction: Transaction, object_type: ObjectType) -> Row:
    row: Row = dict(object_type.defaults)
    prefix = str(object_type.key_prefix)
    audit = {**transaction.audit(), "CreatedDate": transaction.stamp, "CreatedById": transaction.user.id, "OwnerId": transaction.user.id}
    row |= {name: value for name, value in audit.items() if object_type.field(name)}
    return row | {"Id": ids.record_id(prefix, transaction.next_number(prefix))}


def _complete(transaction: Transaction, object_type: ObjectType, row: Row) -> None:
    if object_type.name in {"Lead", "Contact"}:
        row.setdefault("Name", people.full_name(row))
    if object_type.name == "CampaignMember":
        row |= {name: value for name, value in members.person_fields(transaction, row).items() if name not in row or row[name] == 0}
        transaction.touched_campaigns.add(row["CampaignId"])
