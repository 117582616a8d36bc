"""The org's schema as the standard objects plus a list of changes, kept in the database beside the records.

A change without a field concerns a whole object; one without a definition removes. Replaying the list gives the schema back, after a
restart as well as after a transaction that was undone.
"""

import json
import sqlite3
from dataclasses import asdict, fields
from typing import Any

from localorg import object_files
from localorg.schema import ChildRelationship, Field, FieldType, ObjectType, PicklistValue, Schema

_WHOLE_OBJECT = ""


def replay(connection: sqlite3.Connection) -> Schema:
    """Return the schema after every change recorded so far."""
    schema = object_files.standard_schema()
    for row in connection.execute("SELECT * FROM _schema_change ORDER BY number"):
        _apply(schema, row["object"], row["field"], row["definition"])
    return schema


def put_object(connection: sqlite3.Connection, schema: Schema, added: ObjectType) -> None:
    """Define an object, replacing one of the same name."""
    _record(connection, schema, added.name, _WHOLE_OBJECT, _object_json(added))


def drop_object(connection: sqlite3.Connection, schema: Schema, object_name: str) -> None:
    """Remove an object."""
    _record(connection, schema, object_name, _WHOLE_OBJECT, None)


def put_field(connection: sqlite3.Connection, schema: Schema, object_name: str, added: Field) -> None:
    """Define a field, replacing one of the same name."""
    _record(connection, schema, object_name, added.name, json.dumps(asdict(added)))


def drop_field(connection: sqlite3.Connection, schema: Schema, object_name: str, field_name: str) -> None:
    """Remove a field."""
    _record(connection, schema, object_name, field_name, None)


def _record(connection: sqlite3.Connection, schema: Schema, object_name: str, field_name: str, definition: str | None) -> None:
    sql = "INSERT INTO _schema_change (object, field, definition) VALUES (?, ?, ?)"
    connection.execute(sql, (object_name, field_name, definition))
    _apply(schema, object_name, field_name, definition)


def _apply(schema: Schema, object_name: str, field_name: str, definition: str | None) -> None:
    if definition is None:
        if field_name == _WHOLE_OBJECT:
            schema.remove_object(object_name)
        else:
            schema.remove_field(object_name, field_name)
    elif field_name == _WHOLE_OBJECT:
        schema.add_object(_object(json.loads(definition)))
    else:
        schema.add_field(object_name, _field(json.loads(definition)))


def _object_json(object_type: ObjectType) -> str:
    facts = {each.name: getattr(object_type, each.name) for each in fields(object_type) if each.name not in {"fields", "named_children"}}
    children = [asdict(each) for each in object_type.named_children]
    return json.dumps({**facts, "fields": [asdict(each) for each in object_type.fields.values()], "named_children": children})


def _object(facts: dict[str, Any]) -> ObjectType:
    read = [_field(each) for each in facts.pop("fields")]
    children = tuple(ChildRelationship(**each) for each in facts.pop("named_children"))
    return ObjectType(**facts, fields={each.name.lower(): each for each in read}, named_children=children)


def _field(facts: dict[str, Any]) -> Field:
    facts["type"] = FieldType(facts["type"])
    facts["picklist"] = tuple(PicklistValue(**each) for each in facts["picklist"])
    facts["reference_to"] = tuple(facts["reference_to"])
    return Field(**facts)
