"""The schema as records: what the Tooling API's queries see, as a small database made afresh for each query.

`FullName` and `Metadata` may be selected only by a query that finds one row, as in Salesforce.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from localorg import components, metadata, tables
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, ObjectType, Schema
from localorg.soql import answer

_SINGLE = re.compile(r"\b(FullName|Metadata)\b", re.IGNORECASE)
_CUSTOM = "__c"
_TEXT, _FLAG, _NUMBER, _MOMENT = FieldType.STRING, FieldType.BOOLEAN, FieldType.INT, FieldType.DATETIME
_STAMPED = {"CreatedDate": _MOMENT, "LastModifiedDate": _MOMENT, "NamespacePrefix": _TEXT, "ManageableState": _TEXT}
_COMPONENT = {"Id": FieldType.ID, "DeveloperName": _TEXT, "FullName": _TEXT, "Metadata": FieldType.ANYTYPE, **_STAMPED}
_COLUMNS: dict[str, dict[str, FieldType]] = {
    "CustomField": {
        **_COMPONENT,
        "TableEnumOrId": _TEXT,
        "EntityDefinitionId": _TEXT,
        "Description": _TEXT,
        "InlineHelpText": _TEXT,
        "Length": _NUMBER,
        "Precision": _NUMBER,
        "Scale": _NUMBER,
    },
    "CustomObject": {**_COMPONENT, "Description": _TEXT},
    "EntityDefinition": {
        "Id": _TEXT,
        "DurableId": _TEXT,
        "QualifiedApiName": _TEXT,
        "DeveloperName": _TEXT,
        "Label": _TEXT,
        "MasterLabel": _TEXT,
        "PluralLabel": _TEXT,
        "KeyPrefix": _TEXT,
        "NamespacePrefix": _TEXT,
        "IsCustomizable": _FLAG,
        "IsQueryable": _FLAG,
        "IsTriggerable": _FLAG,
        "IsLayoutable": _FLAG,
        "IsCustomSetting": _FLAG,
    },
    "FieldDefinition": {
        "Id": _TEXT,
        "DurableId": _TEXT,
        "QualifiedApiName": _TEXT,
        "DeveloperName": _TEXT,
        "EntityDefinitionId": _TEXT,
        "Label": _TEXT,
        "MasterLabel": _TEXT,
        "DataType": _TEXT,
        "ValueTypeId": _TEXT,
        "RelationshipName": _TEXT,
        "NamespacePrefix": _TEXT,
        "Length": _NUMBER,
        "Precision": _NUMBER,
        "Scale": _NUMBER,
        "IsNillable": _FLAG,
        "IsIndexed": _FLAG,
        "IsCalculated": _FLAG,
        "IsCompound": _FLAG,
    },
    "Layout": {**_COMPONENT, "Name": _TEXT, "EntityDefinitionId": _TEXT},
    "RecordType": {**_COMPONENT, "Name": _TEXT, "SobjectType": _TEXT, "EntityDefinitionId": _TEXT, "IsActive": _FLAG},
    "ValidationRule": {**_COMPONENT, "ValidationName": _TEXT, "EntityDefinitionId": _TEXT, "Active": _FLAG, "ErrorMessage": _TEXT},
    "CustomTab": {**_COMPONENT, "MasterLabel": _TEXT},
    "GlobalValueSet": {**_COMPONENT, "MasterLabel": _TEXT},
    "ApexClass": {"Id": FieldType.ID, "Name": _TEXT, **_STAMPED},
    "ApexTrigger": {"Id": FieldType.ID, "Name": _TEXT, **_STAMPED},
}
_OF_AN_OBJECT = "EntityDefinitionId"


def schema() -> Schema:
    """Return the objects that the Tooling API knows."""
    found = Schema()
    for number, (name, columns) in enumerate(_COLUMNS.items()):
        fields = [_column(column, type_) for column, type_ in columns.items()]
        found.add_object(ObjectType(name, name, f"{name}s", f"0T{number % 10}", {each.name.lower(): each for each in fields}))
    return found


def query(work: Work, text: str, root: str) -> answer.Answer:
    """Return the answer to a statement over the schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        known = schema()
        tables.create(connection, known)
        for name in known.objects():
            if re.search(rf"\b{name.name}\b", text, re.IGNORECASE) or name.name == "EntityDefinition":
                _fill(connection, name, rows(work, name.name))
        found = answer.run(connection, known, text, include_deleted=True, now=work.transaction.now, base_path=f"{root}/tooling")
    finally:
        connection.close()
    if len(found.records) > 1 and any(_SINGLE.search(key) for record in found.records[:1] for key in record):
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row "
            f"for retrieval. Result size: {len(found.records)}"
        )
        raise SalesforceError(400, "MALFORMED_QUERY", message, None)
    for record in found.records:
        if isinstance(record.get("Metadata"), str):
            record["Metadata"] = json.loads(record["Metadata"])
    return found


def rows(work: Work, name: str) -> list[dict[str, Any]]:
    """Return the records of one of these objects."""
    if name == "EntityDefinition":
        return [_entity(each) for each in work.org.schema.objects()]
    if name == "FieldDefinition":
        return [_field_definition(work, owner, each) for owner in work.org.schema.objects() for each in owner.fields.values()]
    if name not in metadata.TYPES:
        return []
    full_names = metadata.kind(name).names(work)
    if name == "CustomObject":
        full_names = [each for each in full_names if each.endswith(_CUSTOM)]
    return [row(work, name, each) for each in full_names]


def row(work: Work, type_: str, full_name: str) -> dict[str, Any]:
    """Return one component as a record; one that never had an id is given one."""
    kept = components.find(work.transaction.connection, type_, full_name) or components.keep(work.transaction, type_, full_name)
    content = metadata.read(work, type_, full_name) or {}
    plain = {name: value for name, value in content.items() if name != "fullName"}
    object_name, _, short = full_name.partition("-" if type_ == "Layout" else ".")
    owner = work.org.schema.object(object_name)
    return {
        "Id": kept.id,
        "FullName": full_name,
        "Metadata": json.dumps(plain),
        "DeveloperName": (short or full_name).removesuffix(_CUSTOM),
        "CreatedDate": kept.stamp,
        "LastModifiedDate": kept.stamp,
        "ManageableState": "unmanaged",
        "TableEnumOrId": _table(work, owner) if owner is not None else None,
        "EntityDefinitionId": _durable(owner) if owner is not None else None,
        "Name": short or full_name,
        "ValidationName": short,
        "SobjectType": object_name,
        "IsActive": int(str(plain.get("active", True)).lower() == "true"),
        "Active": int(str(plain.get("active", True)).lower() == "true"),
        "ErrorMessage": plain.get("errorMessage"),
        "MasterLabel": plain.get("masterLabel") or plain.get("label") or full_name,
        "Description": plain.get("description"),
        "InlineHelpText": plain.get("inlineHelpText"),
        "Length": plain.get("length"),
        "Precision": plain.get("precision"),
        "Scale": plain.get("scale"),
    }


def _entity(owner: ObjectType) -> dict[str, Any]:
    return {
        "Id": _durable(owner),
        "DurableId": _durable(owner),
        "QualifiedApiName": owner.name,
        "DeveloperName": owner.name.removesuffix(_CUSTOM),
        "Label": owner.label,
        "MasterLabel": owner.label,
        "PluralLabel": owner.label_plural,
        "KeyPrefix": owner.key_prefix,
        "IsCustomizable": int(owner.layoutable),
        "IsQueryable": int(owner.queryable),
        "IsTriggerable": int(owner.triggerable),
        "IsLayoutable": int(owner.layoutable),
        "IsCustomSetting": 0,
    }


def _field_definition(work: Work, owner: ObjectType, field: Field) -> dict[str, Any]:
    kept = components.find(work.transaction.connection, "CustomField", f"{owner.name}.{field.name}") if field.custom else None
    durable = f"{_durable(owner)}.{kept.id[:15] if kept is not None else field.name}"
    return {
        "Id": durable,
        "DurableId": durable,
        "QualifiedApiName": field.name,
        "DeveloperName": field.name.removesuffix(_CUSTOM),
        "EntityDefinitionId": _durable(owner),
        "Label": field.label,
        "MasterLabel": field.label,
        "DataType": _data_type(field),
        "ValueTypeId": field.type.value,
        "RelationshipName": field.relationship_name,
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "IsNillable": int(field.nillable),
        "IsIndexed": int(field.external_id or field.unique or field.id_lookup),
        "IsCalculated": int(field.calculated),
        "IsCompound": int(not field.stored),
    }


_NAMES = {
    FieldType.STRING: "Text",
    FieldType.TEXTAREA: "Text Area",
    FieldType.DOUBLE: "Number",
    FieldType.INT: "Number",
    FieldType.CURRENCY: "Currency",
    FieldType.PERCENT: "Percent",
    FieldType.BOOLEAN: "Checkbox",
    FieldType.DATETIME: "Date/Time",
    FieldType.REFERENCE: "Lookup",
    FieldType.MULTIPICKLIST: "Picklist (Multi-Select)",
    FieldType.URL: "URL",
}


def _data_type(field: Field) -> str:
    name = _NAMES.get(field.type, field.type.value.capitalize())
    if field.type is FieldType.REFERENCE:
        return f"{name}({','.join(field.reference_to)})"
    if field.type in {FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT}:
        return f"{name}({field.precision - field.scale}, {field.scale})"
    return f"{name}({field.length})" if field.type is FieldType.STRING else name


def _durable(owner: ObjectType) -> str:
    return owner.name


def _table(work: Work, owner: ObjectType) -> str:
    if not owner.custom:
        return owner.name
    connection = work.transaction.connection
    kept = components.find(connection, "CustomObject", owner.name) or components.keep(work.transaction, "CustomObject", owner.name)
    return kept.id


def _column(name: str, type_: FieldType) -> Field:
    facts = type_defaults(type_)
    if name == _OF_AN_OBJECT:
        facts |= {"relationship_name": "EntityDefinition", "reference_to": ("EntityDefinition",)}
    if type_ is _TEXT:
        facts |= {"length": 255}
    return Field(name=name, label=name, type=type_, **facts, name_field=name in {"Name", "QualifiedApiName"})


def _fill(connection: sqlite3.Connection, object_type: ObjectType, given: Iterable[dict[str, Any]]) -> None:
    for each in given:
        connection.execute(object_type.insert_statement, [each.get(column.name, _blank(column)) for column in object_type.columns])


def _blank(column: Field) -> int | None:
    return 0 if column.type is FieldType.BOOLEAN else None
