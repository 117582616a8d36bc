"""The checks that hold for every object: required fields, references that exist, values that must be unique."""

from localorg import values
from localorg.errors import SalesforceError
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row, Transaction

_SHORT_ID = 15


def check_required(object_type: ObjectType, row: Row) -> None:
    """Refuse a new record that leaves a required field empty."""
    _refuse_missing([name for name in object_type.required if row.get(name) is None])


def check_not_cleared(object_type: ObjectType, changes: Row) -> None:
    """Refuse an update that empties a field which may not be empty."""
    cleared = [name for name, value in changes.items() if value is None]
    found = [object_type.field(name) for name in cleared]
    _refuse_missing([each.name for each in found if each is not None and not each.nillable and each.type is not FieldType.BOOLEAN])


def check_references(transaction: Transaction, object_type: ObjectType, given: Row) -> None:
    """Refuse ids that are of the wrong object, belong to no record, or to one in the Recycle Bin."""
    for name, value in given.items():
        if value is not None and name in object_type.references:
            _check_reference(transaction, object_type.references[name], value)
    _check_owner(transaction, object_type, given)


def check_unique(transaction: Transaction, object_type: ObjectType, given: Row, own_id: str) -> None:
    """Refuse a value that another record has in a unique field."""
    for field in object_type.unique:
        value = given.get(field.name)
        if value is None:
            continue
        live = "" if transaction.switches.binned_unique_values_block or not object_type.field("IsDeleted") else 'AND "IsDeleted" = 0'
        sql = f'SELECT "Id" FROM "{object_type.name}" WHERE "{field.name}" = ? AND "Id" <> ? {live}'  # noqa: S608  # from the schema
        other = transaction.first(sql, value, own_id)
        if other is not None:
            raise duplicate_value(transaction, field.name, other["Id"])


def duplicate_value(transaction: Transaction, field_name: str, other_id: str) -> SalesforceError:
    """Return the refusal of a value that a record already has; whether it names the record is a switch."""
    shown = "<unknown>" if transaction.switches.duplicate_value_hides_id else other_id[:_SHORT_ID]
    text = f"duplicate value found: {field_name} duplicates value on record with id: {shown}"
    return SalesforceError(400, "DUPLICATE_VALUE", text, ())


def _refuse_missing(names: list[str]) -> None:
    if names:
        text = f"Required fields are missing: [{', '.join(names)}]"
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", text, tuple(names))


def _check_reference(transaction: Transaction, field: Field, value: str) -> None:
    parents = [each for each in map(transaction.full_schema.object, field.reference_to) if each is not None]
    parent = next((each for each in parents if each.key_prefix == value[:3]), None)
    if parent is None:
        if len(parents) == len(field.reference_to):
            raise values.wrong_id(field, value)
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    row = transaction.row(parent.name, value)
    if row is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    if row.get("IsDeleted"):
        raise SalesforceError(400, "ENTITY_IS_DELETED", "entity is deleted", (field.name,))


def _check_owner(transaction: Transaction, object_type: ObjectType, given: Row) -> None:
    owner = given.get("OwnerId")
    user = transaction.row("User", owner) if owner is not None else None
    if user is not None and not user["IsActive"]:
        raise SalesforceError(
            400,
            "INACTIVE_OWNER_OR_USER",
            f"operation performed with inactive user [{owner}] as owner of {object_type.label.lower()}",
            ("OwnerId",),
        )
