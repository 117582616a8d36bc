"""A need → its definition in the words of the Metadata API; pure."""

from collections.abc import Iterable, Mapping, Sequence

from crosswalk.presets.needs import LONG, NUMBERS, PICKLISTS, FieldNeed, ObjectNeed, ReportTypeNeed
from crosswalk.salesforce.xml_text import Content

_RIGHTS = {"allowCreate": "create", "allowDelete": "delete", "allowEdit": "edit", "allowRead": "read"}
_ALL_RECORDS = {"modifyAllRecords": False, "viewAllRecords": False}
_SYSTEM_ITEMS = ("CreatedById", "LastModifiedById")
_LONGEST_DESCRIPTION = 1000


def field(need: FieldNeed, *, required: bool) -> Content:
    """Return the definition of a field that does not exist yet."""
    content: Content = {"fullName": need.field, "label": need.label, "type": need.type, "description": need.why}
    content |= {"inlineHelpText": need.help, **_size(need), **_reference(need, required=required)}
    if need.type == "Checkbox":
        content["defaultValue"] = "true" if need.default in {True, "true"} else "false"
    elif need.type != "MasterDetail":
        content["required"] = required
    if need.default is not None and need.type not in {"Checkbox", *PICKLISTS}:
        content["defaultValue"] = _quoted(need.default)
    if need.type in {"Text", "Number", "Email"}:
        content |= {"externalId": need.external_id, "unique": need.unique}
    if need.unique and need.type == "Text":
        content["caseSensitive"] = need.case_sensitive
    if need.type in PICKLISTS:
        content["valueSet"] = value_set(need.values, restricted=need.restricted, default=need.default)
    return {name: value for name, value in content.items() if value is not None}


def value_set(values: Iterable[str], *, restricted: bool, default: object = None) -> Content:
    """Return the definition of a picklist's own values."""
    listed = [{"fullName": each, "default": each == default, "label": each} for each in values]
    return {"restricted": restricted, "valueSetDefinition": {"sorted": False, "value": listed}}


def custom_object(need: ObjectNeed) -> Content:
    """Return the definition of an object without its fields."""
    name_field: Content = {"label": need.name_field.label, "type": need.name_field.type}
    if need.name_field.type == "AutoNumber":
        name_field["displayFormat"] = need.name_field.format or "{0}"
    return {
        "deploymentStatus": "Deployed",
        "description": need.why,
        "enableActivities": need.activities,
        "enableReports": True,
        "enableSearch": True,
        "label": need.label,
        "nameField": name_field,
        "pluralLabel": need.plural,
        "sharingModel": need.sharing,
    }


def tab(motif: str) -> Content:
    """Return the tab of a custom object."""
    return {"customObject": True, "motif": motif}


def layout_name(need: ObjectNeed) -> str:
    """Return the name of the layout that Salesforce gives a new object."""
    return f"{need.name}-{need.label} Layout"


def layout(need: ObjectNeed, fields: Sequence[FieldNeed], required: Iterable[str]) -> Content:
    """Return a page layout that shows every field of an object, in two columns."""
    must = {each.lower() for each in required}
    items = [_item("Name", "Readonly" if need.name_field.type == "AutoNumber" else "Required")]
    items += [_item(each.field, _behaviour(each, must)) for each in fields]
    if need.sharing != "ControlledByParent":
        items.append(_item("OwnerId", "Edit"))
    half = (len(items) + 1) // 2
    system = [{"layoutItems": [_item(name, "Readonly")]} for name in _SYSTEM_ITEMS]
    return {
        "layoutSections": [
            _section("Information", [{"layoutItems": items[:half]}, {"layoutItems": items[half:]}]),
            _section("System Information", system),
        ]
    }


def report_type(need: ReportTypeNeed, fields: Iterable[str]) -> Content:
    """Return a report type over an object's own fields and those of the objects it looks up."""
    columns = [
        {"checkedByDefault": place < 4, "field": name, "table": need.object}  # noqa: PLR2004  # a readable first report
        for place, name in enumerate(["Name", *fields, "CreatedDate", *need.related])
    ]
    return {
        "baseObject": need.object,
        "category": need.category,
        "deployed": True,
        "description": need.why[:_LONGEST_DESCRIPTION],
        "label": need.label,
        "sections": [{"columns": columns, "masterLabel": need.label}],
    }


def object_permission(name: str, rights: Iterable[str]) -> Content:
    """Return what a permission set allows on an object; reading goes with everything, editing with deleting."""
    wanted = {*rights, "read"} | ({"edit"} if "delete" in rights else set())
    return {**{word: right in wanted for word, right in _RIGHTS.items()}, **_ALL_RECORDS, "object": name}


def field_permission(path: str) -> Content:
    """Return the right to read and write a field."""
    return {"editable": True, "field": path, "readable": True}


def tab_setting(name: str) -> Content:
    """Return the right to see a tab."""
    return {"tab": name, "visibility": "Visible"}


def permission_set(label: str, description: str, parts: Mapping[str, Sequence[Content]]) -> Content:
    """Return a permission set; `parts` are its lists by their Metadata names."""
    return {
        "description": description,
        "hasActivationRequired": False,
        "label": label,
        **{name: list(held) for name, held in parts.items()},
    }


def is_granted(need: FieldNeed, *, required: bool) -> bool:
    """Tell whether a permission has to be given for a field; required fields and master links are seen by everybody."""
    return need.type != "MasterDetail" and not required


def words(need: FieldNeed, *, required: bool) -> str:
    """Return a field in the words of Salesforce's set-up pages."""
    size = f"({need.length})" if need.length and need.type in {"Text", *LONG} else ""
    size = f"({need.precision},{need.scale})" if need.type in NUMBERS else size
    size = f"({need.references})" if need.references else size
    marks = [
        mark
        for mark, holds in (
            ("required", required),
            ("unique", need.unique),
            ("External ID", need.external_id),
            (f"values {', '.join(need.values)}", need.values),
        )
        if holds
    ]
    return ", ".join([f"{need.type}{size}", *marks])


def _size(need: FieldNeed) -> Content:
    if need.type in NUMBERS:
        return {"precision": need.precision, "scale": need.scale}
    if need.type in LONG:
        return {"length": need.length, "visibleLines": need.visible_lines}
    if need.type == "MultiselectPicklist":
        return {"visibleLines": need.visible_lines}
    return {"length": need.length} if need.type == "Text" else {}


def _reference(need: FieldNeed, *, required: bool) -> Content:
    if need.references is None:
        return {}
    content: Content = {
        "referenceTo": need.references,
        "relationshipLabel": need.relationship_label,
        "relationshipName": need.relationship,
    }
    if need.type == "MasterDetail":
        return content | {"relationshipOrder": 0, "reparentableMasterDetail": False, "writeRequiresMasterRead": False}
    keeps = "Restrict" if required and need.on_delete == "SetNull" else need.on_delete  # what is required cannot be emptied
    return content | {"deleteConstraint": keeps}


def _quoted(default: object) -> str:
    return f'"{default}"'


def _item(name: str, behaviour: str) -> Content:
    return {"behavior": behaviour, "field": name}


def _behaviour(need: FieldNeed, required: set[str]) -> str:
    return "Required" if need.type == "MasterDetail" or need.path.lower() in required else "Edit"


def _section(label: str, columns: Sequence[Content]) -> Content:
    return {
        "customLabel": True,
        "detailHeading": True,
        "editHeading": True,
        "label": label,
        "layoutColumns": list(columns),
        "style": "TwoColumnsTopToBottom",
    }
