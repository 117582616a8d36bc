"""Reads the objects of a fresh org from `objects/*.json`.

The files leave out whatever follows from a field's type, so `type_defaults` is half of the format: `tools/condense_describes.py`
drops what this module puts back.
"""

import json
from functools import cache
from importlib import resources
from typing import Any

from localorg.schema import TEXTS, ChildRelationship, Field, FieldType, ObjectType, PicklistValue, Schema

_FLAGS = (
    "custom",
    "createable",
    "updateable",
    "deletable",
    "queryable",
    "retrieveable",
    "replicateable",
    "searchable",
    "mergeable",
    "undeletable",
    "triggerable",
    "layoutable",
    "feed_enabled",
)
_PLAIN: dict[str, Any] = {
    "nillable": True,
    "createable": True,
    "updateable": True,
    "filterable": True,
    "sortable": True,
    "groupable": True,
    "aggregatable": True,
}
_FRACTION: dict[str, Any] = {"precision": 18, "groupable": False}
_COMPOUND: dict[str, Any] = {
    "createable": False,
    "updateable": False,
    "sortable": False,
    "groupable": False,
    "aggregatable": False,
}
_BY_TYPE: dict[FieldType, dict[str, Any]] = {
    FieldType.ID: {
        "length": 18,
        "nillable": False,
        "createable": False,
        "updateable": False,
        "defaulted_on_create": True,
    },
    FieldType.REFERENCE: {"length": 18},
    FieldType.PICKLIST: {"length": 40},
    FieldType.PHONE: {"length": 40},
    FieldType.STRING: {"length": 80},
    FieldType.EMAIL: {"length": 80},
    FieldType.BOOLEAN: {
        "nillable": False,
        "defaulted_on_create": True,
        "default_value": False,
        "aggregatable": False,
    },
    FieldType.INT: {"digits": 8},
    FieldType.DOUBLE: _FRACTION,
    FieldType.CURRENCY: _FRACTION,
    FieldType.PERCENT: _FRACTION,
    FieldType.DATETIME: {"groupable": False},
    FieldType.ADDRESS: _COMPOUND,
    FieldType.LOCATION: _COMPOUND,
}


def type_defaults(type_: FieldType) -> dict[str, Any]:
    """Return the attributes that most fields of a type share; a file states only what differs."""
    length = {"length": 255} if type_ in TEXTS else {}
    return _PLAIN | length | _BY_TYPE.get(type_, {})


def standard_schema() -> Schema:
    """Return a new schema with every standard object."""
    schema = Schema()
    for each in _standard_objects():
        schema.add_object(each)
    return schema


@cache
def _standard_objects() -> tuple[ObjectType, ...]:
    """Read the files once for all orgs of the process; objects never change."""
    entries = sorted(resources.files("localorg.objects").iterdir(), key=lambda each: each.name)
    return tuple(object_type(json.loads(entry.read_text(encoding="utf-8"))) for entry in entries if entry.name.endswith(".json"))


def object_type(condensed: dict[str, Any]) -> ObjectType:
    """Build an object from the content of its file."""
    fields = [_field(each) for each in condensed["fields"]]
    return ObjectType(
        name=condensed["name"],
        label=condensed["label"],
        label_plural=condensed["label_plural"],
        key_prefix=condensed["key_prefix"],
        fields={each.name.lower(): each for each in fields},
        named_children=tuple(ChildRelationship(*each) for each in condensed.get("children", ())),
        **{flag: condensed[flag] for flag in _FLAGS if flag in condensed},
    )


def _field(stated: dict[str, Any]) -> Field:
    type_ = FieldType(stated["type"])
    facts = type_defaults(type_) | stated
    facts["type"] = type_
    facts["picklist"] = tuple(_choice(each) for each in stated.get("picklist", ()))
    facts["reference_to"] = tuple(stated.get("reference_to", ()))
    return Field(**facts)


def _choice(stated: str | dict[str, Any]) -> PicklistValue:
    if isinstance(stated, str):
        return PicklistValue(stated, stated)
    return PicklistValue(**{"label": stated["value"], **stated})
