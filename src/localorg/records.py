"""Creates, updates, upserts and deletes one record, with every check and rule, inside a transaction of the caller.

Nothing here knows of HTTP or of batches. A record that is refused raises SalesforceError and leaves no trace when the caller runs it in
`transaction.attempt()`.
"""

import re
from dataclasses import dataclass
from typing import Any

from localorg import ids, integrity, record_types, row_input, rules, validation
from localorg.errors import SalesforceError
from localorg.row_input import Operation, RowInput
from localorg.rules import Context
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row, Transaction

_STATUS_OF_A_LOST_ROW = 404
_BRACES = re.compile(r"\{(0+)\}")


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert did."""

    id: str
    created: bool


def insert(transaction: Transaction, object_type: ObjectType, body: Any) -> str:
    """Create a record from its JSON and return its id."""
    check_supports(transaction, object_type, Operation.CREATE)
    return insert_values(transaction, object_type, row_input.read(transaction, object_type, body, Operation.CREATE))


def insert_values(transaction: Transaction, object_type: ObjectType, given: RowInput) -> str:
    """Create a record from values that have been read, and return its id."""
    row = _with_defaults(transaction, object_type, given.values)
    context = Context(transaction, object_type, frozenset(given.sent), given.blobs)
    _check_row_faults(transaction, "insert", object_type, row)
    found = rules.of(object_type.name)
    found.before_insert(context, row)
    integrity.check_required(object_type, row)
    integrity.check_references(transaction, object_type, {name: row[name] for name in given.values if name in row})
    _run_triggers(transaction, "insert", object_type, row, row)
    record_types.check(transaction, object_type, row, row)
    found.check_insert(context, row)
    transaction.row_faults.rewrite("insert", object_type.name, row)
    integrity.check_unique(transaction, object_type, row, row["Id"])
    transaction.insert(transaction.full_schema.object(object_type.name) or object_type, row, given.sent)
    _store_blobs(transaction, row["Id"], given.blobs)
    found.after_insert(context, row)
    return str(row["Id"])


def update(transaction: Transaction, object_type: ObjectType, record_id: str, body: Any) -> None:
    """Change the fields given of one live record; every update stamps the record, even one that changes nothing."""
    check_supports(transaction, object_type, Operation.UPDATE)
    update_values(transaction, object_type, record_id, row_input.read(transaction, object_type, body, Operation.UPDATE))


def update_values(transaction: Transaction, object_type: ObjectType, record_id: str, given: RowInput) -> None:
    """Do the same with values that have been read."""
    old = live_row(transaction, object_type, record_id)
    changes = _without_null_booleans(object_type, given.values)
    context = Context(transaction, object_type, frozenset(given.sent), given.blobs)
    _check_row_faults(transaction, "update", object_type, {**old, **changes})
    found = rules.of(object_type.name)
    found.before_update(context, old, changes)
    integrity.check_not_cleared(object_type, changes)
    integrity.check_references(transaction, object_type, {name: changes[name] for name in given.values if name in changes})
    _run_triggers(transaction, "update", object_type, changes, {**old, **changes})
    record_types.check(transaction, object_type, {**old, **changes}, changes)
    transaction.row_faults.rewrite("update", object_type.name, changes)
    integrity.check_unique(transaction, object_type, changes, record_id)
    transaction.update(object_type, old, {**changes, **stamps(transaction, object_type)}, given.sent)
    _store_blobs(transaction, record_id, given.blobs)
    found.after_update(context, old, {**old, **changes})


def upsert(transaction: Transaction, object_type: ObjectType, key_name: str, value: Any, body: dict[str, Any]) -> Upserted:
    """Update the one record whose key field has this value, or create it."""
    key_field = object_type.field(key_name)
    if key_field is None or not (key_field.external_id or key_field.id_lookup):
        text = f"Provided external ID field does not exist or is not accessible: {key_name}"
        raise SalesforceError(_STATUS_OF_A_LOST_ROW, "NOT_FOUND", text, None)
    found = row_input.matches(transaction, object_type, key_field, value)
    if len(found) > 1:
        text = f"{key_field.label}: more than one record found for external id field: [{', '.join(found)}]"
        raise SalesforceError(300, "DUPLICATE_EXTERNAL_ID", text, (key_field.name,))
    if found:
        update(transaction, object_type, found[0], body)
        return Upserted(found[0], created=False)
    if key_field.type is FieldType.ID:
        raise SalesforceError(_STATUS_OF_A_LOST_ROW, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    return Upserted(insert(transaction, object_type, {**body, key_field.name: value}), created=True)


def delete(transaction: Transaction, object_type: ObjectType, record_id: str) -> None:
    """Put a live record and its dependents into the Recycle Bin."""
    check_supports(transaction, object_type, Operation.DELETE)
    old = live_row(transaction, object_type, record_id)
    _check_row_faults(transaction, "delete", object_type, old)
    rules.of(object_type.name).before_delete(Context(transaction, object_type, frozenset()), old)
    bin_row(transaction, object_type, old)


def check_supports(transaction: Transaction, object_type: ObjectType, operation: Operation) -> None:
    """Refuse an operation that the object does not know, or that the user may not do."""
    if _supports(object_type, operation):
        return
    if _supports(transaction.full_schema.object(object_type.name) or object_type, operation):
        raise SalesforceError(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", ())
    text = f"entity type {object_type.name} does not support {operation.value}"
    raise SalesforceError(400, "INVALID_TYPE_FOR_OPERATION", text, None)


def _supports(object_type: ObjectType, operation: Operation) -> bool:
    match operation:
        case Operation.CREATE:
            return object_type.createable and object_type.key_prefix is not None
        case Operation.UPDATE:
            return object_type.updateable
        case Operation.DELETE:
            return object_type.deletable


def live_row(transaction: Transaction, object_type: ObjectType, record_id: str) -> Row:
    """Return a record that is there and not deleted; the refusal Salesforce gives otherwise."""
    found = transaction.row(object_type.name, record_id)
    if found is None:
        raise SalesforceError(_STATUS_OF_A_LOST_ROW, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if found.get("IsDeleted"):
        raise SalesforceError(_STATUS_OF_A_LOST_ROW, "ENTITY_IS_DELETED", "entity is deleted", ())
    return found


def bin_row(transaction: Transaction, object_type: ObjectType, row: Row, also: Row | None = None) -> None:
    """Mark a record deleted, delete the children that go with it, and let go of those that stay."""
    full_type = transaction.full_schema.object(object_type.name) or object_type
    for child in transaction.full_schema.children(full_type.name):
        child_type = transaction.full_schema.object(child.child_object)
        field = child_type.field(child.field) if child_type is not None else None
        if child_type is None or field is None or not (field.createable or field.updateable):
            continue
        for each in children(transaction, child_type, child.field, row["Id"]):
            if child.restricted_delete:
                shown = row.get("Name") or row["Id"]
                text = f"Your attempt to delete {shown} could not be completed because it has {child_type.label_plural}."
                raise SalesforceError(400, "DELETE_FAILED", text, ())
            if child.cascade_delete:
                bin_row(transaction, child_type, each)
            else:
                transaction.update(child_type, each, {child.field: None, "SystemModstamp": transaction.stamp})
    if full_type.field("IsDeleted") is None:
        transaction.connection.execute(f'DELETE FROM "{full_type.name}" WHERE "Id" = ?', (row["Id"],))  # noqa: S608  # from the schema
        return
    changes = {"IsDeleted": 1, **(also or {}), **stamps(transaction, full_type)}
    transaction.update(full_type, row, changes, op="delete")
    rules.of(full_type.name).after_delete(Context(transaction, full_type, frozenset()), row)


def children(transaction: Transaction, child_type: ObjectType, field_name: str, parent_id: str) -> list[Row]:
    """Return the live records of an object that point at a parent."""
    live = 'AND "IsDeleted" = 0' if child_type.field("IsDeleted") else ""
    sql = f'SELECT * FROM "{child_type.name}" WHERE "{field_name}" = ? {live} ORDER BY "Id"'  # noqa: S608  # from the schema
    return transaction.all(sql, parent_id)


def stamps(transaction: Transaction, object_type: ObjectType) -> Row:
    """Return the audit fields of a write that this object has."""
    return {name: value for name, value in transaction.audit().items() if name in object_type.audited}


def _with_defaults(transaction: Transaction, object_type: ObjectType, given: Row) -> Row:
    full_type = transaction.full_schema.object(object_type.name) or object_type
    prefix = str(object_type.key_prefix)
    row = transaction.blank(full_type)
    for name, value in given.items():
        if value is not None:
            row[name] = value
    row["Id"] = ids.record_id(prefix, transaction.next_number(prefix))
    for each in full_type.auto_numbers:
        row[each.name] = _numbered(each, transaction.next_number(f"{full_type.name}.{each.name}"))
    if full_type.custom and row.get("Name") is None and full_type.field("Name"):
        row["Name"] = row["Id"]
    return row


def _numbered(field: Field, number: int) -> str:
    """Return the text of an auto-number: the braces of `T-{0000}` say how many digits it has at least."""
    return _BRACES.sub(lambda found: str(number).rjust(len(found[1]), "0"), field.display_format or "{0}")


def _without_null_booleans(object_type: ObjectType, given: Row) -> Row:
    changes = dict(given)
    for name, value in given.items():
        field = object_type.field(name)
        if value is None and field is not None and field.type is FieldType.BOOLEAN:
            changes[name] = int(bool(field.default_value))
    return changes


def _check_row_faults(transaction: Transaction, op: str, object_type: ObjectType, row: Row) -> None:
    transaction.row_faults.check(op, object_type.name, row)
    held = [value for value in row.values() if isinstance(value, str) and value in transaction.locked] if transaction.locked else []
    if held:
        shown = ",".join(sorted(set(held)))
        text = f"unable to obtain exclusive access to this record or {len(set(held))} records: {shown}"
        raise SalesforceError(400, "UNABLE_TO_LOCK_ROW", text, ())


def _run_triggers(transaction: Transaction, op: str, object_type: ObjectType, values: Row, row: Row) -> None:
    for each in transaction.triggers:
        each(transaction, op, object_type.name, values)
    validation.check(transaction, object_type.name, row if values is row else {**row, **values})


def _store_blobs(transaction: Transaction, record_id: str, blobs: dict[str, bytes]) -> None:
    for name, content in blobs.items():
        transaction.connection.execute("INSERT OR REPLACE INTO _blob VALUES (?, ?, ?)", (record_id, name, content))
