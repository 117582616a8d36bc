"""A custom object in the words of the Metadata API → an object of the schema, and back.

Every custom object is born with a name, an owner and the audit fields; an object that is the detail of another has no owner of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localorg.errors import SalesforceError
from localorg.metadata_fields import LONGEST_NAME, check_name
from localorg.metadata_values import Content, missing, text, wrong
from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, ObjectType

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SYSTEM: dict[str, Any] = {"nillable": False, "createable": False, "updateable": False, "defaulted_on_create": True}
_READ_ONLY: dict[str, Any] = {"createable": False, "updateable": False}


def custom_object(full_name: str, given: Mapping[str, Any], number: int) -> ObjectType:
    """Return the object; SalesforceError says what its definition lacks. `number` makes its key prefix."""
    check_name(full_name)
    label, plural = text(given, "label"), text(given, "pluralLabel")
    if label is None or plural is None:
        raise missing(*(name for name, value in (("label", label), ("pluralLabel", plural)) if value is None))
    for name, value in (("Label", label), ("Plural Label", plural)):
        if len(value) > LONGEST_NAME:
            raise SalesforceError(400, "STRING_TOO_LONG", f"{name}: data value too large: {value} (max length={LONGEST_NAME})", (name,))
    name_field = given.get("nameField")
    if not isinstance(name_field, Mapping):
        raise missing("nameField")
    fields = [_plain("Id", "Record ID", FieldType.ID, id_lookup=True), _owner(), _deleted(), _name(name_field), *_audit()]
    prefix = "a" + _DIGITS[number // len(_DIGITS) % len(_DIGITS)] + _DIGITS[number % len(_DIGITS)]
    return ObjectType(full_name, label, plural, prefix, {each.name.lower(): each for each in fields}, custom=True)


def changed(object_type: ObjectType, given: Mapping[str, Any]) -> ObjectType:
    """Return the object with the labels that an update gives."""
    label, plural = text(given, "label"), text(given, "pluralLabel")
    return replace(object_type, label=label or object_type.label, label_plural=plural or object_type.label_plural)


def without_owner(object_type: ObjectType) -> ObjectType:
    """Return the object as the detail of another: its master's owner is its owner."""
    return replace(object_type, fields={key: each for key, each in object_type.fields.items() if key != "ownerid"})


def metadata(object_type: ObjectType) -> Content:
    """Return the definition of an object without its fields."""
    name = object_type.name_field
    kind = "AutoNumber" if name is not None and name.auto_number else "Text"
    name_field: Content = {"label": name.label if name is not None else "Name", "type": kind}
    if name is not None and name.auto_number:
        name_field["displayFormat"] = name.display_format
    return {
        "deploymentStatus": "Deployed",
        "label": object_type.label,
        "nameField": name_field,
        "pluralLabel": object_type.label_plural,
        "sharingModel": "ReadWrite" if object_type.field("OwnerId") else "ControlledByParent",
    }


def _plain(name: str, label: str, type_: FieldType, **facts: Any) -> Field:
    return Field(name=name, label=label, type=type_, **(type_defaults(type_) | facts))


def _owner() -> Field:
    facts: dict[str, Any] = {"nillable": False, "defaulted_on_create": True, "polymorphic": True}
    return _plain("OwnerId", "Owner ID", FieldType.REFERENCE, **facts, relationship_name="Owner", reference_to=("Group", "User"))


def _deleted() -> Field:
    return _plain("IsDeleted", "Deleted", FieldType.BOOLEAN, **_READ_ONLY)


def _name(given: Mapping[str, Any]) -> Field:
    label, kind = text(given, "label") or "Name", text(given, "type") or "Text"
    if kind == "Text":
        # A new record without a name is named by its id.
        return _plain("Name", label, FieldType.STRING, length=80, name_field=True, id_lookup=True)
    if kind != "AutoNumber":
        raise wrong("The name field of an object is of type Text or AutoNumber", "nameField")
    facts = {**_SYSTEM, "length": 80, "name_field": True, "id_lookup": True, "auto_number": True}
    return _plain("Name", label, FieldType.STRING, **facts, display_format=text(given, "displayFormat") or "{0}")


def _audit() -> list[Field]:
    found = []
    for moment in ("Created", "LastModified"):
        label = "Last Modified" if moment == "LastModified" else moment
        found.append(_plain(f"{moment}Date", f"{label} Date", FieldType.DATETIME, **_SYSTEM))
        facts = {**_SYSTEM, "relationship_name": f"{moment}By", "reference_to": ("User",)}
        found.append(_plain(f"{moment}ById", f"{label} By ID", FieldType.REFERENCE, **facts))
    found.append(_plain("SystemModstamp", "System Modstamp", FieldType.DATETIME, **_SYSTEM))
    found += [_plain(f"Last{each}Date", f"Last {each} Date", FieldType.DATETIME, **_READ_ONLY) for each in ("Viewed", "Referenced")]
    return found
