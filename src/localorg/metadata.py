"""The metadata of an org: create, update, upsert, read and delete components of the types this org models.

Every component is a step of its own: one that fails leaves no trace and does not disturb those beside it.
"""

from typing import Any, Protocol

from localorg import components
from localorg.errors import SalesforceError
from localorg.metadata_access import PermissionSets, Profiles
from localorg.metadata_schema import CustomFields, CustomObjects, Work
from localorg.metadata_stored import (
    CustomTabs,
    GlobalValueSets,
    Layouts,
    RecordTypes,
    ReportTypes,
    StandardValueSets,
    ValidationRules,
)
from localorg.metadata_values import Content, text

__all__ = ["TYPES", "Work", "create", "delete", "kind", "properties", "read", "update", "upsert"]


class Kind(Protocol):
    """What can be done with components of one type."""

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Add a component."""
        ...

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change a component."""
        ...

    def delete(self, work: Work, full_name: str) -> None:
        """Remove a component."""
        ...

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return a component, or None."""
        ...

    def names(self, work: Work) -> list[str]:
        """Return the full names of all components."""
        ...


TYPES: dict[str, Kind] = {
    "CustomField": CustomFields(),
    "CustomObject": CustomObjects(),
    "CustomTab": CustomTabs(),
    "GlobalValueSet": GlobalValueSets(),
    "Layout": Layouts(),
    "PermissionSet": PermissionSets(),
    "Profile": Profiles(),
    "RecordType": RecordTypes(),
    "ReportType": ReportTypes(),
    "StandardValueSet": StandardValueSets(),
    "ValidationRule": ValidationRules(),
}
"""The types in an order in which nothing refers to what comes after, apart from lookups."""
DEPLOY_ORDER = (
    "GlobalValueSet",
    "CustomObject",
    "CustomField",
    "StandardValueSet",
    "RecordType",
    "ValidationRule",
    "CustomTab",
    "ReportType",
    "Layout",
    "PermissionSet",
    "Profile",
)


def kind(type_: str) -> Kind:
    """Return what can be done with a type; INVALID_TYPE when this org does not model it."""
    found = TYPES.get(type_)
    if found is None:
        raise SalesforceError(400, "INVALID_TYPE", f"This org does not model the metadata type {type_}; it has {', '.join(TYPES)}", ())
    return found


def create(work: Work, type_: str, content: Content) -> str:
    """Create a component and return its full name."""
    full_name = name_of(content)
    with work.org.changing_schema(work.transaction):
        kind(type_).create(work, full_name, _without_name(content))
    return full_name


def update(work: Work, type_: str, content: Content) -> str:
    """Update a component and return its full name."""
    full_name = name_of(content)
    with work.org.changing_schema(work.transaction):
        kind(type_).update(work, full_name, _without_name(content))
    return full_name


def upsert(work: Work, type_: str, content: Content) -> tuple[str, bool]:
    """Create or update a component; return its full name and whether it was created."""
    full_name = name_of(content)
    if read(work, type_, full_name) is None:
        return create(work, type_, content), True
    return update(work, type_, content), False


def delete(work: Work, type_: str, full_name: str) -> None:
    """Delete a component."""
    with work.org.changing_schema(work.transaction):
        kind(type_).delete(work, full_name)


def read(work: Work, type_: str, full_name: str) -> Content | None:
    """Return a component with its name, or None when there is none."""
    found = kind(type_).read(work, full_name)
    return {"fullName": full_name, **found} if found is not None else None


def properties(work: Work, type_: str, full_name: str) -> dict[str, Any]:
    """Return what a listing says of a component."""
    kept = components.find(work.transaction.connection, type_, full_name)
    author = {"ById": work.org.human.id, "ByName": work.org.human.name, "Date": kept.stamp if kept is not None else work.transaction.stamp}
    return {
        **{f"created{key}": value for key, value in author.items()},
        "fileName": f"{_FOLDERS.get(type_, type_)}/{full_name}",
        "fullName": full_name,
        "id": kept.id if kept is not None else "",
        **{f"lastModified{key}": value for key, value in author.items()},
        "manageableState": "unmanaged",
        "type": type_,
    }


def name_of(content: Content) -> str:
    """Return the full name of a component; REQUIRED_FIELD_MISSING without one."""
    found = text(content, "fullName") or text(content, "FullName")
    if found is None:
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [fullName]", ("fullName",))
    return found


def _without_name(content: Content) -> Content:
    return {name: value for name, value in content.items() if name not in {"fullName", "FullName", "@type"}}


_FOLDERS = {
    "CustomField": "objects",
    "CustomObject": "objects",
    "CustomTab": "tabs",
    "GlobalValueSet": "globalValueSets",
    "Layout": "layouts",
    "PermissionSet": "permissionsets",
    "Profile": "profiles",
    "RecordType": "objects",
    "ReportType": "reportTypes",
    "StandardValueSet": "standardValueSets",
    "ValidationRule": "objects",
}
FOLDERS = _FOLDERS
