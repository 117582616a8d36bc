"""Condenses a folder of describe answers into the object files of the local org.

Usage: condense_describes.py FOLDER. Writes `src/localorg/objects/<Object>.json`. A fact that follows from the field's type, an
object outside the folder, and a field that stands for a feature a fresh org lacks (record types) are left out.
"""

import json
import sys
from pathlib import Path
from typing import Any

from localorg.object_files import type_defaults
from localorg.schema import Field, FieldType, ObjectType

TARGET = Path(__file__).parent.parent / "src" / "localorg" / "objects"
UNRECORDED = {"Campaign": [["Task", "WhatId", "Tasks", True, False]]}
FEATURES = frozenset({"RecordTypeId", "CampaignMemberRecordTypeId"})
KEYS = {
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
}
FLAGS = {
    "createable": "createable",
    "updateable": "updateable",
    "deletable": "deletable",
    "queryable": "queryable",
    "retrieveable": "retrieveable",
    "replicateable": "replicateable",
    "searchable": "searchable",
    "mergeable": "mergeable",
    "undeletable": "undeletable",
    "triggerable": "triggerable",
    "layoutable": "layoutable",
    "feedEnabled": "feed_enabled",
}


def main(folder: Path) -> None:
    """Write one file per describe in `folder`."""
    describes = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    for name, describe in describes.items():
        condensed = condense_object(describe, known=frozenset(describes))
        (TARGET / f"{name}.json").write_text(_layout(condensed), encoding="utf-8")


def condense_object(describe: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the content of one object file."""
    defaults = {each.name: each.default for each in ObjectType.__dataclass_fields__.values()}
    condensed: dict[str, Any] = {
        "name": describe["name"],
        "label": describe["label"],
        "label_plural": describe["labelPlural"] or _plural(describe["label"]),
        "key_prefix": describe["keyPrefix"],
    }
    for theirs, ours in FLAGS.items():
        if theirs in describe and describe[theirs] != defaults[ours]:
            condensed[ours] = describe[theirs]
    standard = [each for each in describe["childRelationships"] if not each["field"].endswith("__c")]
    condensed["children"] = [_child(each) for each in standard if each["childSObject"] in known]
    condensed["children"] += UNRECORDED.get(describe["name"], [])
    condensed["fields"] = [condense_field(each) for each in describe["fields"] if each["name"] not in FEATURES]
    return condensed


def condense_field(described: dict[str, Any]) -> dict[str, Any]:
    """Return what a field's type does not already say about it."""
    assumed = {each.name: each.default for each in Field.__dataclass_fields__.values()}
    assumed |= type_defaults(FieldType(described["type"]))
    stated = {"name": described["name"], "label": described["label"], "type": described["type"]}
    for theirs, ours in KEYS.items():
        if theirs in described and described[theirs] != assumed[ours]:
            stated[ours] = described[theirs]
    if described["picklistValues"]:
        stated["picklist"] = [_choice(each) for each in described["picklistValues"]]
    if described["referenceTo"]:
        stated["reference_to"] = described["referenceTo"]
    return stated


def _choice(described: dict[str, Any]) -> str | dict[str, Any]:
    choice: dict[str, Any] = {"value": described["value"]}
    if described["label"] != described["value"]:
        choice["label"] = described["label"]
    if not described.get("active", True):
        choice["active"] = False
    if described.get("defaultValue"):
        choice["default"] = True
    return choice if len(choice) > 1 else described["value"]


def _child(described: dict[str, Any]) -> list[Any]:
    return [
        described["childSObject"],
        described["field"],
        described["relationshipName"],
        bool(described.get("cascadeDelete")),
        bool(described.get("restrictedDelete")),
    ]


def _plural(label: str) -> str:
    if label.endswith("s"):
        return label + "es"
    return label[:-1] + "ies" if label.endswith("y") else label + "s"


def _layout(condensed: dict[str, Any]) -> str:
    """Return JSON with one field, and one child, to a line, so that a change reads well in a diff."""
    lines = [f'  "{key}": {_text(value)}' for key, value in condensed.items() if key not in {"children", "fields"}]
    for key in ("children", "fields"):
        rows = ",\n    ".join(_text(each) for each in condensed[key])
        lines.append(f'  "{key}": [\n    {rows}\n  ]' if rows else f'  "{key}": []')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
