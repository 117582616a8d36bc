"""What people do in an org by hand: edit, delete, undelete, merge, and set who new leads are assigned to.

Salesforce offers merging over SOAP alone; here it is a control too, so that a client can meet its results.
"""

from typing import Any

from localorg import ids, records, recycle_bin
from localorg.rules import members
from localorg.schema import ObjectType
from localorg.transaction import Transaction

Body = dict[str, Any]

_MERGEABLE = frozenset({"Account", "Contact", "Lead"})


def edit(transaction: Transaction, body: Body) -> Body:
    """Change fields of a record as another user: `{object, id, fields}`."""
    object_type, record_id = named(transaction, body["object"], body["id"])
    records.update(transaction, object_type, record_id, body["fields"])
    return {"id": record_id}


def delete(transaction: Transaction, body: Body) -> Body:
    """Put a record into the Recycle Bin as another user: `{object, id}`."""
    object_type, record_id = named(transaction, body["object"], body["id"])
    records.delete(transaction, object_type, record_id)
    return {"id": record_id}


def undelete(transaction: Transaction, body: Body) -> Body:
    """Take a record out of the Recycle Bin again as another user: `{object, id}`."""
    _, record_id = named(transaction, body["object"], body["id"])
    recycle_bin.undelete(transaction, record_id)
    return {"id": record_id}


def assign(transaction: Transaction, body: Body) -> Body:
    """Set the assignment rule of an object: `{object, owner, active?}`."""
    owner = ids.canonical(str(body["owner"]))
    if owner is None:
        raise ValueError(f"{body['owner']!r} is not the id of a user or a queue")
    rule_type = transaction.full_schema.object("AssignmentRule")
    active = bool(body.get("active", True))
    if rule_type is not None:
        number = transaction.next_number("01Q")
        row = {"Id": ids.record_id("01Q", number), "Name": "Standard", "SobjectType": body["object"], "Active": int(active)}
        stamps = {"CreatedDate": transaction.stamp, "CreatedById": transaction.user.id, **transaction.audit()}
        transaction.insert(rule_type, row | stamps)
    transaction.remember(f"assignment:{body['object']}", {"owner": owner, "active": active})
    return {"object": body["object"], "owner": owner, "active": active}


def merge(transaction: Transaction, body: Body) -> Body:
    """Merge records into a master: children move, losers go to the bin with MasterRecordId: `{object, master, losers, fields?}`."""
    object_type, master_id = named(transaction, body["object"], body["master"])
    if object_type.name not in _MERGEABLE:
        raise ValueError(f"{object_type.name} records cannot be merged; {', '.join(sorted(_MERGEABLE))} can")
    records.live_row(transaction, object_type, master_id)
    if body.get("fields"):
        records.update(transaction, object_type, master_id, body["fields"])
    moved: list[str] = []
    losers = [named(transaction, object_type.name, each)[1] for each in body["losers"]]
    for loser_id in losers:
        if loser_id == master_id:
            raise ValueError("the master cannot be one of the losers")
        loser = records.live_row(transaction, object_type, loser_id)
        moved += _move_children(transaction, object_type, loser_id, master_id)
        records.bin_row(transaction, object_type, loser, {"MasterRecordId": master_id})
    master = records.live_row(transaction, object_type, master_id)
    transaction.update(object_type, master, records.stamps(transaction, object_type), op="merge")
    return {"id": master_id, "merged": losers, "moved": moved}


def named(transaction: Transaction, object_name: str, given: str) -> tuple[ObjectType, str]:
    """Return the object and the canonical id a person means; ValueError when they are not one."""
    object_type = transaction.full_schema.object(object_name)
    if object_type is None:
        raise ValueError(f"there is no object {object_name!r}")
    record_id = ids.canonical(str(given))
    if record_id is None or record_id[:3] != object_type.key_prefix:
        raise ValueError(f"{given!r} is not the id of a {object_type.name}")
    return object_type, record_id


def _move_children(transaction: Transaction, object_type: ObjectType, loser_id: str, master_id: str) -> list[str]:
    moved = []
    for child in transaction.full_schema.children(object_type.name):
        child_type = transaction.full_schema.object(child.child_object)
        field = child_type.field(child.field) if child_type is not None else None
        if child_type is None or field is None or not (field.createable or field.updateable):
            continue
        for row in records.children(transaction, child_type, child.field, loser_id):
            if child_type.name == "CampaignMember" and is_member(transaction, child.field, master_id, row["CampaignId"]):
                records.bin_row(transaction, child_type, row)
                continue
            transaction.update(child_type, row, {child.field: master_id, "SystemModstamp": transaction.stamp}, op="merge")
            moved.append(str(row["Id"]))
    if object_type.name in {"Lead", "Contact"}:
        members.refresh_members(transaction, f"{object_type.name}Id", master_id)
    return moved


def is_member(transaction: Transaction, lookup: str, person_id: str, campaign_id: str) -> bool:
    """Tell whether a person is a member of a campaign."""
    sql = f'SELECT 1 FROM "CampaignMember" WHERE "{lookup}" = ? AND "CampaignId" = ? AND "IsDeleted" = 0'  # noqa: S608  # a field of ours
    return transaction.first(sql, person_id, campaign_id) is not None
