"""Reads the definition of a custom field, in the words of the control endpoint, into a field of the schema."""

from collections.abc import Mapping
from typing import Any

from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, PicklistValue

_SUFFIX = "__c"
_LONG_TEXT = 255


def custom_field(given: Mapping[str, Any]) -> Field:
    """Return the field; ValueError says what its definition lacks."""
    name = str(given["name"])
    if not name.endswith(_SUFFIX):
        raise ValueError(f"the name of a custom field ends in {_SUFFIX}: {name}{_SUFFIX}?")
    try:
        type_ = FieldType(given.get("type", "string"))
    except ValueError as problem:
        raise ValueError(f"there is no field type {given['type']!r}; types are {', '.join(FieldType)}") from problem
    facts = type_defaults(type_) | _figures(given) | _references(given, name)
    facts |= {"nillable": not given.get("required", False), "unique": bool(given.get("unique"))}
    facts |= {"external_id": bool(given.get("externalId")), "case_sensitive": bool(given.get("caseSensitive"))}
    facts |= {"id_lookup": bool(given.get("externalId") or given.get("unique"))}
    if type_ is FieldType.BOOLEAN:
        facts["nillable"] = False
    if type_ is FieldType.TEXTAREA and facts.get("length", 0) > _LONG_TEXT:
        facts |= {"filterable": False, "sortable": False, "groupable": False, "aggregatable": False}
    facts["picklist"] = tuple(_choice(each) for each in given.get("picklist", ()))
    facts["restricted_picklist"] = bool(given.get("restricted", False))
    facts["default_value"] = given.get("default", facts.get("default_value"))
    return Field(name=name, label=str(given.get("label") or _label(name)), type=type_, custom=True, **facts)


def _figures(given: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(given[name]) for name in ("length", "precision", "scale", "digits") if name in given}


def _references(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    wanted = given.get("referenceTo")
    if wanted is None:
        return {}
    targets = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    relationship = str(given.get("relationshipName") or f"{name.removesuffix(_SUFFIX)}__r")
    return {"reference_to": targets, "relationship_name": relationship, "polymorphic": len(targets) > 1}


def _choice(given: str | Mapping[str, Any]) -> PicklistValue:
    if isinstance(given, str):
        return PicklistValue(given, given)
    return PicklistValue(given["value"], given.get("label", given["value"]), given.get("active", True), given.get("default", False))


def _label(name: str) -> str:
    return name.removesuffix(_SUFFIX).replace("_", " ")
