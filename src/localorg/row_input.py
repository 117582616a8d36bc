"""Reads the JSON object of one row into stored values: names, access, types.

The order of the checks is Salesforce's: unknown names first, then values the JSON reader cannot take, then fields that may not be
written, then the rules of each field. A key may also name a relationship and give the parent by an external id.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from localorg import values
from localorg.errors import SalesforceError
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row, Transaction


class Operation(Enum):
    """What is done with a row."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(slots=True)
class RowInput:
    """The values of one row by column, and the contents of its blob fields."""

    values: Row = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def sent(self) -> tuple[str, ...]:
        """Return the names of the fields the client gave."""
        return (*self.values, *self.blobs)


def read(transaction: Transaction, object_type: ObjectType, body: Any, operation: Operation) -> RowInput:
    """Return the row's values; SalesforceError for the first thing wrong, further field errors in its `more`."""
    given = list(_named(transaction, object_type, json_object(body)))
    check_access([each for each, _ in given], operation)
    read_row, problems = RowInput(), []
    for each, value in given:
        try:
            parsed = values.parse(each, value, transaction.switches)
        except SalesforceError as problem:
            if problem.code == "JSON_PARSER_ERROR":
                raise
            problems.append(problem)
            continue
        if each.type is FieldType.BASE64:
            read_row.blobs[each.name] = parsed if isinstance(parsed, bytes) else b""
        else:
            read_row.values[each.name] = parsed
    if problems:
        first = problems[0]
        raise SalesforceError(first.status, first.code, first.message, first.fields, tuple(problems[1:]))
    return read_row


def json_object(body: Any) -> dict[str, Any]:
    """Return the body of one record; the JSON reader's complaint when it is anything else."""
    if not isinstance(body, dict):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object at [line:1, column:1]", None)
    return body


def unknown_field(object_type: ObjectType, name: str) -> SalesforceError:
    """Return the refusal of a field that does not exist, or is hidden from this user."""
    return SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_type.name}", None)


def _named(transaction: Transaction, object_type: ObjectType, body: dict[str, Any]) -> Iterator[tuple[Field, Any]]:
    for name, value in body.items():
        if name == "attributes":
            continue
        found = object_type.field(name)
        if found is not None:
            yield found, value
            continue
        lookup = lookup_named(object_type, name)
        if lookup is None or not isinstance(value, dict | None):
            raise unknown_field(object_type, name)
        yield lookup, parent_id(transaction, lookup, value)


def lookup_named(object_type: ObjectType, relationship: str) -> Field | None:
    """Return the lookup whose relationship has this name, or None."""
    wanted = relationship.lower()
    lookups = (each for each in object_type.fields.values() if each.relationship_name is not None and each.reference_to)
    return next((each for each in lookups if str(each.relationship_name).lower() == wanted), None)


def parent_id(transaction: Transaction, lookup: Field, given: dict[str, Any] | None) -> str | None:
    """Return the id of the parent that an external id names."""
    if given is None:
        return None
    attributes = given.get("attributes")
    type_name = attributes.get("type") if isinstance(attributes, dict) else None
    parent = transaction.schema.object(str(type_name or lookup.reference_to[0]))
    keys = [(name, value) for name, value in given.items() if name != "attributes"]
    if parent is None or len(keys) != 1:
        raise SalesforceError(400, "INVALID_FIELD", f"{lookup.relationship_name}: give one external id of the parent", None)
    name, value = keys[0]
    key_field = parent.field(name)
    if key_field is None:
        raise unknown_field(parent, name)
    if not (key_field.external_id or key_field.id_lookup):
        raise SalesforceError(400, "INVALID_FIELD", f"{name} is not an External ID or indexed field for {parent.name}", None)
    found = matches(transaction, parent, key_field, value)
    if not found:
        text = f"Foreign key external ID: {str(value).lower()} not found for field {key_field.name} in entity {parent.name}"
        raise SalesforceError(400, "INVALID_FIELD", text, ())
    if len(found) > 1:
        raise SalesforceError(
            400,
            "DUPLICATE_EXTERNAL_ID",
            f"{key_field.label}: more than one record found for external id field: [{', '.join(found)}]",
            (key_field.name,),
        )
    return found[0]


def matches(transaction: Transaction, object_type: ObjectType, key_field: Field, value: Any) -> list[str]:
    """Return the ids of the live records whose key field has this value, oldest id first."""
    text = str(value) if key_field.type in {FieldType.STRING, FieldType.EMAIL} and not isinstance(value, bool) else value
    try:
        stored = values.parse(key_field, text, transaction.switches)
    except SalesforceError:
        return []
    if stored is None:
        return []
    live = 'AND "IsDeleted" = 0' if object_type.field("IsDeleted") else ""
    sql = f'SELECT "Id" FROM "{object_type.name}" WHERE "{key_field.name}" = ? {live} ORDER BY "Id"'  # noqa: S608  # from the schema
    return [row["Id"] for row in transaction.all(sql, stored)]


def check_access(given: list[Field], operation: Operation) -> None:
    """Refuse fields that this operation may not write."""
    if operation is Operation.CREATE:
        refused = [each.name for each in given if not each.createable]
    else:
        refused = [each.name for each in given if not each.updateable]
    if not refused:
        return
    if refused == ["Id"]:
        if operation is Operation.CREATE:
            raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
        raise SalesforceError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", None)
    raise SalesforceError(
        400,
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        tuple(refused),
    )
