"""Another org's describes → objects and fields of this one.

Objects that are here already are given the fields they lack and the picklist values of the source; custom objects are taken over whole.
System fields and what this org computes for itself stay as they are.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from localorg.clock import SystemClock
from localorg.object_files import type_defaults
from localorg.org import Org
from localorg.schema import ChildRelationship, Field, FieldType, ObjectType, PicklistValue
from localorg.settings import VERSIONS, OrgSettings

Describe = dict[str, Any]

_PLAIN = {
    "label": "label",
    "length": "length",
    "precision": "precision",
    "scale": "scale",
    "digits": "digits",
    "nillable": "nillable",
    "createable": "createable",
    "updateable": "updateable",
    "defaultedOnCreate": "defaulted_on_create",
    "defaultValue": "default_value",
    "unique": "unique",
    "caseSensitive": "case_sensitive",
    "externalId": "external_id",
    "idLookup": "id_lookup",
    "filterable": "filterable",
    "sortable": "sortable",
    "groupable": "groupable",
    "aggregatable": "aggregatable",
    "calculated": "calculated",
    "custom": "custom",
    "nameField": "name_field",
    "restrictedPicklist": "restricted_picklist",
    "relationshipName": "relationship_name",
    "polymorphicForeignKey": "polymorphic",
    "compoundFieldName": "compound_field",
    "extraTypeInfo": "extra_type_info",
    "autoNumber": "auto_number",
    "htmlFormatted": "html",
    "cascadeDelete": "cascade_delete",
    "restrictedDelete": "restricted_delete",
    "inlineHelpText": "help_text",
}
_FLAGS = ("createable", "updateable", "deletable", "queryable", "retrieveable", "replicateable", "searchable", "triggerable", "layoutable")


class UnreadableError(Exception):
    """What was to be imported is no describe, or cannot be had."""


def read(folder: Path) -> list[Describe]:
    """Return the describes of a folder, one file each; UnreadableError when there is none."""
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    found = []
    for each in files:
        try:
            content = json.loads(each.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise UnreadableError(f"{each} is no JSON: {problem}") from problem
        if isinstance(content, dict) and isinstance(content.get("fields"), list):
            found.append(content)
    if not found:
        raise UnreadableError(f"there is no describe answer in {folder}: save GET …/sobjects/<Object>/describe as <Object>.json")
    return found


def fetch(address: str, token: str | None) -> list[Describe]:
    """Ask an org for the describes of the objects this one has and of all its custom objects."""
    root = f"{address.rstrip('/')}/services/data/v{VERSIONS[-1]}.0"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with httpx2.Client(headers=headers, timeout=60) as client:
            listed = client.get(f"{root}/sobjects").raise_for_status().json()["sobjects"]
            names = [each["name"] for each in listed if each["custom"] or each["name"] in _known()]
            return [client.get(f"{root}/sobjects/{name}/describe").raise_for_status().json() for name in names]
    except (httpx2.HTTPError, ValueError, KeyError) as problem:
        raise UnreadableError(f"{address} does not describe itself: {problem}. Give an access token with --token") from problem


def take_over(data: Path, described: list[Describe]) -> Iterator[str]:
    """Bring the org of a database file up to the describes; yields a line per object."""
    org = Org(OrgSettings(data=data), SystemClock())
    try:
        for each in described:
            yield apply(org, each)
    finally:
        org.connection.close()


def apply(org: Org, described: Describe) -> str:
    """Give an org one object of a describe, or what it lacks of it; returns what was done."""
    try:
        fields = [field for each in described["fields"] if (field := _field(each)) is not None]
        name = str(described["name"])
    except (KeyError, TypeError, AttributeError) as problem:
        raise UnreadableError(f"this is no describe answer: {problem} is missing or of the wrong kind") from problem
    present = org.schema.object(name)
    if present is None:
        org.add_object(_object(described, fields))
        return f"{name}: new, {len(fields)} fields"
    added = [each for each in fields if present.field(each.name) is None and each.custom]
    for field in added:
        org.add_field(present.name, field)
    changed = 0
    for field in fields:
        own = present.field(field.name)
        if own is not None and field.picklist and own.picklist != field.picklist:
            org.add_field(present.name, replace(own, picklist=field.picklist, restricted_picklist=field.restricted_picklist))
            changed += 1
    return f"{name}: {len(added)} fields added, {changed} picklists changed"


def _known() -> set[str]:
    org = Org(OrgSettings(), SystemClock())
    names = {each.name for each in org.schema.objects()}
    org.connection.close()
    return names


def _object(described: Describe, fields: list[Field]) -> ObjectType:
    children = tuple(
        ChildRelationship(each["childSObject"], each["field"], each.get("relationshipName"), bool(each.get("cascadeDelete")))
        for each in described.get("childRelationships") or ()
    )
    flags = {name: bool(described[name]) for name in _FLAGS if name in described}
    label = str(described.get("label") or described["name"])
    return ObjectType(
        name=str(described["name"]),
        label=label,
        label_plural=str(described.get("labelPlural") or f"{label}s"),
        key_prefix=described.get("keyPrefix"),
        fields={each.name.lower(): each for each in fields},
        custom=bool(described.get("custom")),
        named_children=children,
        **flags,
    )


def _field(given: Describe) -> Field | None:
    try:
        type_ = FieldType(given["type"])
    except ValueError:
        return None
    facts = type_defaults(type_) | {ours: given[theirs] for theirs, ours in _PLAIN.items() if theirs in given}
    facts["reference_to"] = tuple(given.get("referenceTo") or ())
    facts["picklist"] = tuple(
        PicklistValue(
            str(each["value"]), str(each.get("label") or each["value"]), bool(each.get("active", True)), bool(each.get("defaultValue"))
        )
        for each in given.get("picklistValues") or ()
    )
    facts["default_value"] = facts.get("default_value") if not isinstance(facts.get("default_value"), dict | list) else None
    facts["display_format"] = "{00000}" if facts.get("auto_number") else None
    return Field(name=str(given["name"]), type=type_, **facts)
