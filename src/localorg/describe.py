"""What the org says of itself: the list of objects, and one object with every key of a real describe.

Answers carry Last-Modified, the moment of the last change to the schema, so that a client may ask again for nothing (304). Whether a
change of permissions moves that moment is a switch of the org.
"""

import json
import zlib
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from localorg import recency, record_types
from localorg.api_call import ApiCall
from localorg.describe_fields import describe_field
from localorg.requests import Reply
from localorg.schema import ChildRelationship, ObjectType

_URLS = {
    "compactLayouts": "/describe/compactLayouts",
    "rowTemplate": "/{ID}",
    "approvalLayouts": "/describe/approvalLayouts",
    "listviews": "/listviews",
    "describe": "/describe",
    "quickActions": "/quickActions",
    "layouts": "/describe/layouts",
    "sobject": "",
}


def all_objects(call: ApiCall) -> Reply:
    """Return the list of objects."""
    objects = call.transaction.schema.objects()
    entries = [entry(each, call.request.root) for each in objects]
    return _conditional(call, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries})


def one_object(call: ApiCall) -> Reply:
    """Return the full describe of an object."""
    object_type = call.transaction.object(call.parts["object"])
    return _conditional(call, full(call, object_type))


def basic(call: ApiCall) -> Reply:
    """Return an object's entry of the list."""
    object_type = call.transaction.object(call.parts["object"])
    return _conditional(call, {"objectDescribe": entry(object_type, call.request.root), "recentItems": recency.items(call, object_type)})


def entry(object_type: ObjectType, root: str) -> dict[str, Any]:
    """Return an object as the list of objects has it."""
    place = f"{root}/sobjects/{object_type.name}"
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": object_type.createable,
        "custom": object_type.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": object_type.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": object_type.feed_enabled,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": object_type.key_prefix,
        "label": object_type.label,
        "labelPlural": object_type.label_plural,
        "layoutable": object_type.layoutable,
        "mergeable": object_type.mergeable,
        "mruEnabled": object_type.layoutable,
        "name": object_type.name,
        "queryable": object_type.queryable,
        "replicateable": object_type.replicateable,
        "retrieveable": object_type.retrieveable,
        "searchable": object_type.searchable,
        "triggerable": object_type.triggerable,
        "undeletable": object_type.undeletable,
        "updateable": object_type.updateable,
        "urls": {name: place + tail for name, tail in _URLS.items()},
    }


def full(call: ApiCall, object_type: ObjectType) -> dict[str, Any]:
    """Return the whole describe of an object."""
    host = f"/{object_type.key_prefix}"
    described = entry(object_type, call.request.root) | {
        "actionOverrides": [],
        "childRelationships": [_child(each) for each in call.transaction.schema.children(object_type.name)],
        "compactLayoutable": object_type.layoutable,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(object_type, each) for each in object_type.fields.values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": record_types.infos(call, object_type),
        "searchLayoutable": object_type.searchable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {object_type.label_plural.lower()}", "name": "everything"},
            {"label": f"My {object_type.label_plural.lower()}", "name": "mine"},
        ],
    }
    described["urls"] |= {"uiDetailTemplate": f"{host}/{{ID}}", "uiEditTemplate": f"{host}/{{ID}}/e", "uiNewRecord": f"{host}/e"}
    return dict(sorted(described.items()))


def _child(child: ChildRelationship) -> dict[str, Any]:
    return {
        "cascadeDelete": child.cascade_delete,
        "childSObject": child.child_object,
        "deprecatedAndHidden": False,
        "field": child.field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": child.relationship_name,
        "restrictedDelete": child.restricted_delete,
    }


def _conditional(call: ApiCall, body: dict[str, Any]) -> Reply:
    changed = call.org.schema_changed_at.astimezone(UTC).replace(microsecond=0)
    headers = {"Last-Modified": format_datetime(changed, usegmt=True), "ETag": _etag(body)}
    text = call.request.headers.get("if-modified-since")
    if text is not None:
        try:
            since = parsedate_to_datetime(text)
        except ValueError:
            since = None
        if since is not None and changed <= (since if since.tzinfo else since.replace(tzinfo=UTC)):
            return Reply(304, None, headers)
    return Reply(200, body, headers)


def _etag(body: dict[str, Any]) -> str:
    return f'"{zlib.crc32(json.dumps(body).encode()):08x}"'
