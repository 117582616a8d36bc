"""How records are laid out: page layouts with their related lists, compact layouts, tabs, and picklist values per record type."""

from typing import Any

from localorg import components, record_types
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.metadata_values import listed, text
from localorg.requests import Reply
from localorg.schema import FieldType, ObjectType


def layouts(call: ApiCall) -> Reply:
    """Return the page layouts of an object."""
    object_type = call.transaction.object(call.parts["object"])
    shown = [_layout(call, object_type, full_name) for full_name in _names(call, object_type)]
    mappings = [
        {
            "available": each["available"],
            "defaultRecordTypeMapping": each["defaultRecordTypeMapping"],
            "developerName": each["developerName"],
            "layoutId": shown[0]["id"] if shown else None,
            "master": each["master"],
            "name": each["name"],
            "recordTypeId": each["recordTypeId"],
        }
        for each in record_types.infos(call, object_type)
    ]
    return Reply(200, {"layouts": shown, "recordTypeMappings": mappings, "recordTypeSelectorRequired": [False]})


def one_layout(call: ApiCall) -> Reply:
    """Return the page layout of an object for one record type."""
    object_type = call.transaction.object(call.parts["object"])
    record_types.check_known(call, object_type, call.parts["id"])
    names = _names(call, object_type)
    return Reply(200, _layout(call, object_type, names[0] if names else object_type.name))


def compact_layouts(call: ApiCall) -> Reply:
    """Return the one compact layout that every object has."""
    object_type = call.transaction.object(call.parts["object"])
    name = object_type.name_field
    items = [{"label": name.label, "layoutComponents": [{"type": "Field", "value": name.name}]}] if name is not None else []
    layout = {"actions": [], "fieldItems": items, "id": None, "label": "System Default", "name": "SYSTEM", "objectType": object_type.name}
    return Reply(200, {"compactLayouts": [layout], "defaultCompactLayoutId": None, "recordTypeCompactLayoutMappings": []})


def approval_layouts(call: ApiCall) -> Reply:
    """Return no approval layouts: this org has no approvals."""
    call.transaction.object(call.parts["object"])
    return Reply(200, {"approvalLayouts": []})


def nothing(call: ApiCall) -> Reply:
    """Return an empty list: this org has no list views and no quick actions."""
    call.transaction.object(call.parts["object"])
    return Reply(200, {"done": True, "listviews": [], "nextRecordsUrl": None, "size": 0})


def tabs(call: ApiCall) -> Reply:
    """Return the tabs: one for every standard object with pages, and those made by metadata."""
    made = {each.full_name for each in components.every(call.transaction.connection, "CustomTab")}
    shown = [
        {
            "custom": each.custom,
            "label": each.label_plural,
            "name": each.name if each.custom else f"standard-{each.name}",
            "sobjectName": each.name,
            "url": f"{call.request.root}/sobjects/{each.name}",
        }
        for each in call.transaction.schema.objects()
        if each.name in made or (each.layoutable and not each.custom)
    ]
    return Reply(200, shown)


def object_info(call: ApiCall) -> Reply:
    """Return what the UI API says of an object: its fields and record types."""
    object_type = call.transaction.object(call.parts["object"])
    infos = record_types.infos(call, object_type)
    body: dict[str, Any] = {
        "apiName": object_type.name,
        "createable": object_type.createable,
        "custom": object_type.custom,
        "defaultRecordTypeId": next(each["recordTypeId"] for each in infos if each["defaultRecordTypeMapping"]),
        "deletable": object_type.deletable,
        "fields": {
            each.name: {
                "apiName": each.name,
                "dataType": each.type.value.capitalize(),
                "label": each.label,
                "required": each.required,
                "updateable": each.updateable,
            }
            for each in object_type.fields.values()
        },
        "keyPrefix": object_type.key_prefix,
        "label": object_type.label,
        "labelPlural": object_type.label_plural,
        "queryable": object_type.queryable,
        "recordTypeInfos": {
            each["recordTypeId"]: {key: each[key] for key in ("available", "defaultRecordTypeMapping", "master", "name", "recordTypeId")}
            for each in infos
        },
        "updateable": object_type.updateable,
    }
    return Reply(200, body)


def picklist_values(call: ApiCall) -> Reply:
    """Return the values that every picklist of an object offers for a record type."""
    object_type = call.transaction.object(call.parts["object"])
    record_types.check_known(call, object_type, call.parts["record_type"])
    offered = record_types.offered(call.transaction, object_type, call.parts["record_type"])
    url = f"{call.request.root}/ui-api/object-info/{object_type.name}/picklist-values/{call.parts['record_type']}"
    fields: dict[str, Any] = {}
    for field in object_type.fields.values():
        if field.type not in {FieldType.PICKLIST, FieldType.MULTIPICKLIST}:
            continue
        allowed = offered.get(field.name)
        values: list[dict[str, Any]] = [
            {"attributes": None, "label": each.label, "validFor": [], "value": each.value}
            for each in field.picklist
            if each.active and (allowed is None or each.value in allowed)
        ]
        fields[field.name] = {"controllerValues": {}, "defaultValue": None, "eTag": "", "url": f"{url}/{field.name}", "values": values}
    wanted = call.parts.get("field")
    if wanted is None:
        return Reply(200, {"eTag": "", "picklistFieldValues": fields})
    found = next((each for name, each in fields.items() if name.lower() == wanted.lower()), None)
    if found is None:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return Reply(200, found)


def _names(call: ApiCall, object_type: ObjectType) -> list[str]:
    if not object_type.layoutable:
        return []
    stored = [each.full_name for each in components.every(call.transaction.connection, "Layout")]
    own = [each for each in stored if each.partition("-")[0].lower() == object_type.name.lower()]
    return own or [f"{object_type.name}-{object_type.label} Layout"]


def _layout(call: ApiCall, object_type: ObjectType, full_name: str) -> dict[str, Any]:
    kept = components.find(call.transaction.connection, "Layout", full_name)
    content = kept.content if kept is not None else {}
    related = [_related(call, object_type, text(each, "relatedList") or "") for each in listed(content, "relatedLists")]
    return {
        "buttonLayoutSection": None,
        "detailLayoutSections": [],
        "editLayoutSections": [],
        "id": kept.id if kept is not None else None,
        "multirowEditLayoutSections": [],
        "offlineLinks": [],
        "relatedLists": [each for each in related if each is not None],
        "saveOptions": [],
    }


def _related(call: ApiCall, object_type: ObjectType, wanted: str) -> dict[str, Any] | None:
    for child in call.transaction.schema.children(object_type.name):
        if wanted.lower() in {f"{child.child_object}.{child.field}".lower(), str(child.relationship_name).lower()}:
            found = call.transaction.schema.object(child.child_object)
            label = found.label_plural if found is not None else child.child_object
            return {
                "columns": [],
                "custom": child.child_object.endswith("__c"),
                "field": child.field,
                "label": label,
                "limitRows": 5,
                "name": child.relationship_name,
                "sobject": child.child_object,
                "sort": [],
            }
    return None
