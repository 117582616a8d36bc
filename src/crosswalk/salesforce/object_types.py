"""From a describe, as Salesforce gives it, to the little of it that is kept, and from that to an `ObjectType`.

A describe runs to hundreds of kilobytes; a tenth of it is stored, shared by all workers. Fields that field-level security hides from the
connection's user are simply absent from it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from crosswalk.model import Field, ObjectType

_OBJECT_KEYS = ("name", "label", "labelPlural", "keyPrefix", "custom", "createable", "updateable", "queryable")
_FIELD_KEYS = (
    "name",
    "label",
    "type",
    "length",
    "precision",
    "digits",
    "scale",
    "createable",
    "updateable",
    "nillable",
    "defaultedOnCreate",
    "unique",
    "caseSensitive",
    "externalId",
    "filterable",
    "restrictedPicklist",
    "referenceTo",
    "relationshipName",
    "custom",
)
_RECORD_TYPE_KEYS = ("recordTypeId", "name", "developerName", "active", "available", "defaultRecordTypeMapping", "master")


def condensed(describe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a describe."""
    return {
        **{key: describe.get(key) for key in _OBJECT_KEYS},
        "fields": [
            {
                **{key: field.get(key) for key in _FIELD_KEYS},
                "picklist": [value["value"] for value in field.get("picklistValues") or () if value.get("active")],
            }
            for field in describe["fields"]
        ],
        "recordTypes": [{key: info.get(key) for key in _RECORD_TYPE_KEYS} for info in describe.get("recordTypeInfos") or ()],
    }


def digest(document: Mapping[str, Any] | None) -> str:
    """Return a hash that tells whether what is kept has changed."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def object_type(document: Mapping[str, Any]) -> ObjectType:
    """Return the object that was kept."""
    fields = (_field(one) for one in document["fields"])
    return ObjectType(
        name=document["name"],
        label=document["label"] or document["name"],
        fields={one.name.lower(): one for one in fields},
        createable=bool(document["createable"]),
        updateable=bool(document["updateable"]),
    )


def _field(kept: Mapping[str, Any]) -> Field:
    return Field(
        name=kept["name"],
        label=kept["label"] or kept["name"],
        type=kept["type"],
        length=kept["length"] or 0,
        precision=kept["precision"] or kept["digits"] or 0,
        scale=kept["scale"] or 0,
        createable=bool(kept["createable"]),
        updateable=bool(kept["updateable"]),
        nillable=bool(kept["nillable"]),
        defaulted=bool(kept["defaultedOnCreate"]),
        unique=bool(kept["unique"]),
        case_sensitive=bool(kept["caseSensitive"]),
        external_id=bool(kept["externalId"]),
        filterable=bool(kept["filterable"]),
        restricted=bool(kept["restrictedPicklist"]),
        picklist=tuple(kept["picklist"]),
        reference_to=tuple(kept["referenceTo"] or ()),
        relationship=kept["relationshipName"],
        custom=bool(kept["custom"]),
    )
