"""The Recycle Bin: taking a record and what was deleted with it out again, or emptying it for good."""

from localorg import integrity, records
from localorg.errors import SalesforceError
from localorg.schema import ObjectType
from localorg.transaction import Row, Transaction


def undelete(transaction: Transaction, record_id: str) -> None:
    """Restore a record and the dependents that went with it; UNDELETE_FAILED when it is not in the bin."""
    object_type, row = _binned(transaction, record_id)
    if row.get("MasterRecordId"):
        raise SalesforceError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin", ())
    _restore(transaction, object_type, row)


def empty(transaction: Transaction, record_id: str) -> None:
    """Remove a record in the bin for good."""
    object_type, row = _binned(transaction, record_id)
    transaction.connection.execute(f'DELETE FROM "{object_type.name}" WHERE "Id" = ?', (row["Id"],))  # noqa: S608  # from the schema
    transaction.connection.execute("DELETE FROM _blob WHERE record_id = ?", (row["Id"],))


def _restore(transaction: Transaction, object_type: ObjectType, row: Row) -> None:
    integrity.check_unique(transaction, object_type, row, row["Id"])
    deleted_at = row["SystemModstamp"]
    transaction.update(object_type, row, {"IsDeleted": 0, **records.stamps(transaction, object_type)}, op="undelete")
    if object_type.name == "CampaignMember":
        transaction.touched_campaigns.add(row["CampaignId"])
    for child in transaction.full_schema.children(object_type.name):
        child_type = transaction.full_schema.object(child.child_object)
        if child_type is None or not child.cascade_delete or child_type.field("IsDeleted") is None:
            continue
        sql = f'SELECT * FROM "{child_type.name}" WHERE "{child.field}" = ? AND "IsDeleted" = 1 AND "SystemModstamp" = ?'  # noqa: S608  # from the schema
        for each in transaction.all(sql, row["Id"], deleted_at):
            _restore(transaction, child_type, each)


def _binned(transaction: Transaction, record_id: str) -> tuple[ObjectType, Row]:
    object_type = transaction.full_schema.object_of_prefix(record_id[:3])
    row = transaction.row(object_type.name, record_id) if object_type is not None else None
    if object_type is None or row is None:
        raise SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if not row.get("IsDeleted"):
        raise SalesforceError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin", ())
    return object_type, row
