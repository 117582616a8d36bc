"""Definitions as files: one zip for a deploy, or a folder in source format for an admin's own deployment tool."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crosswalk.provisioning import definitions, grants
from crosswalk.provisioning.declare import Declaration
from crosswalk.salesforce import xml_text
from crosswalk.salesforce.xml_text import Content

API_VERSION = "60.0"

_PLACES = {
    "CustomObject": ("objects", "object"),
    "CustomTab": ("tabs", "tab"),
    "Layout": ("layouts", "layout"),
    "PermissionSet": ("permissionsets", "permissionset"),
    "ReportType": ("reportTypes", "reportType"),
    "StandardValueSet": ("standardValueSets", "standardValueSet"),
}
_FIELD = "CustomField"
_OBJECT = "CustomObject"
_ROOT = "force-app/main/default"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Component:
    """One definition by its type and full name."""

    type: str
    name: str
    content: Content


def whole(wanted: Declaration) -> tuple[Component, ...]:
    """Return everything a declaration asks for as definitions, for an org that is not looked at."""
    made = [Component(_OBJECT, each.name, definitions.custom_object(each)) for each in wanted.objects]
    made += [Component(_FIELD, need.path, definitions.field(need, required=wanted.is_required(need))) for need in wanted.fields]
    for each in wanted.objects:
        fields = wanted.fields_of(each.name)
        required = [need.path for need in fields if wanted.is_required(need)]
        made.append(Component("Layout", definitions.layout_name(each), definitions.layout(each, fields, required)))
        if each.tab:
            made.append(Component("CustomTab", each.name, definitions.tab(each.tab)))
    for report in wanted.report_types:
        names = [need.field for need in wanted.fields_of(report.object)]
        made.append(Component("ReportType", report.name, definitions.report_type(report, names)))
    made += [Component("PermissionSet", name, content) for name, content in grants.whole(wanted).items()]
    return tuple(made)


def archive(components: Iterable[Component]) -> bytes:
    """Return a zip that the Metadata API takes, the same bytes for the same components."""
    every = tuple(components)
    files = {"package.xml": _manifest(every), **_metadata_files(every)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, text in files.items():
            opened.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def source_files(components: Iterable[Component]) -> Mapping[str, str]:
    """Return the files of a project in source format by their paths."""
    project = {"packageDirectories": [{"path": "force-app", "default": True}], "namespace": "", "sourceApiVersion": API_VERSION}
    files = {"sfdx-project.json": json.dumps(project, indent=2) + "\n"}
    for each in components:
        files[f"{_ROOT}/{_source_path(each)}"] = xml_text.document(each.type, _unnamed(each))
    return files


def _source_path(component: Component) -> str:
    if component.type == _FIELD:
        owner, _, name = component.name.partition(".")
        return f"objects/{owner}/fields/{name}.field-meta.xml"
    folder, suffix = _PLACES[component.type]
    inside = f"{component.name}/" if component.type == _OBJECT else ""
    return f"{folder}/{inside}{component.name}.{suffix}-meta.xml"


def _unnamed(component: Component) -> Content:
    """Return the content as a file of its own: only a field says its name inside."""
    if component.type == _FIELD:
        return {**component.content, "fullName": component.name.partition(".")[2]}
    return {name: value for name, value in component.content.items() if name != "fullName"}


def _metadata_files(components: Iterable[Component]) -> dict[str, str]:
    """Return the files of a deploy: fields stand inside their objects."""
    objects: dict[str, Content] = {}
    files: dict[str, str] = {}
    for each in components:
        if each.type == _OBJECT:
            objects[each.name] = {**objects.get(each.name, {}), **_unnamed(each)}
        elif each.type == _FIELD:
            owner = each.name.partition(".")[0]
            held = objects.setdefault(owner, {})
            held["fields"] = [*held.get("fields", ()), _unnamed(each)]
        else:
            folder, suffix = _PLACES[each.type]
            files[f"{folder}/{each.name}.{suffix}"] = xml_text.document(each.type, _unnamed(each))
    folder, suffix = _PLACES[_OBJECT]
    return {**{f"{folder}/{name}.{suffix}": xml_text.document(_OBJECT, held) for name, held in objects.items()}, **files}


def _manifest(components: Iterable[Component]) -> str:
    members: dict[str, list[str]] = {}
    for each in components:
        members.setdefault(each.type, []).append(each.name)
    types = [{"members": sorted(names), "name": type_} for type_, names in sorted(members.items())]
    return xml_text.document("Package", {"types": types, "version": API_VERSION})
