"""Permission sets and profiles as metadata components; the rows of FieldPermissions and ObjectPermissions are their content."""

from localorg import components, permissions, records
from localorg.errors import SalesforceError
from localorg.metadata_schema import Work
from localorg.metadata_values import Content, flag, listed, missing, text
from localorg.schema import FieldType, ObjectType
from localorg.transaction import Row

_PROFILE_NAMES = {"Admin": permissions.ADMINISTRATOR, "Standard": "Standard User", "ReadOnly": "Read Only"}
_RIGHTS = {
    "allowCreate": "PermissionsCreate",
    "allowRead": "PermissionsRead",
    "allowEdit": "PermissionsEdit",
    "allowDelete": "PermissionsDelete",
    "viewAllRecords": "PermissionsViewAllRecords",
    "modifyAllRecords": "PermissionsModifyAllRecords",
}


class PermissionSets:
    """Permission sets by their API name."""

    def create(self, work: Work, full_name: str, content: Content) -> None:
        """Add a permission set with its grants."""
        if _set_named(work, full_name) is not None:
            raise SalesforceError(400, "DUPLICATE_DEVELOPER_NAME", f"There is already a permission set named {full_name}.", ("fullName",))
        label = text(content, "label")
        if label is None:
            raise missing("label")
        body = {"Name": full_name, "Label": label, "Description": text(content, "description")}
        set_id = records.insert(work.transaction, _type(work, "PermissionSet"), body)
        _grant(work, set_id, content)
        self._show_tabs(work, full_name, content, {})

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change a permission set; whether grants that are not given are taken away is a switch."""
        row = _set_named(work, full_name)
        if row is None:
            raise _unknown("PermissionSet", full_name)
        label = text(content, "label")
        if label is not None:
            records.update(work.transaction, _type(work, "PermissionSet"), row["Id"], {"Label": label})
        kept = {} if work.transaction.switches.permission_set_update_replaces else self._tabs(work, full_name)
        if work.transaction.switches.permission_set_update_replaces:
            _revoke_all(work, row["Id"])
        _grant(work, row["Id"], content)
        self._show_tabs(work, full_name, content, kept)

    def delete(self, work: Work, full_name: str) -> None:
        """Remove a permission set, its grants and its assignments."""
        row = _set_named(work, full_name)
        if row is None:
            raise _unknown("PermissionSet", full_name)
        records.delete(work.transaction, _type(work, "PermissionSet"), row["Id"])
        components.drop(work.transaction, "PermissionSet", full_name)
        work.transaction.permissions_touched = True

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return a permission set's definition."""
        row = _set_named(work, full_name)
        if row is None:
            return None
        tabs = [{"tab": name, "visibility": shown} for name, shown in sorted(self._tabs(work, full_name).items())]
        shown = {"tabSettings": tabs} if tabs else {}
        return {"label": row["Label"], "description": row["Description"], **_grants(work, row["Id"]), **shown}

    def _tabs(self, work: Work, full_name: str) -> dict[str, str]:
        kept = components.find(work.transaction.connection, "PermissionSet", full_name)
        return {str(each["tab"]): str(each["visibility"]) for each in listed(kept.content if kept is not None else {}, "tabSettings")}

    def _show_tabs(self, work: Work, full_name: str, content: Content, kept: dict[str, str]) -> None:
        """Keep which tabs the set shows; a tab that does not exist is refused."""
        for each in listed(content, "tabSettings"):
            name, visibility = text(each, "tab") or "", text(each, "visibility") or "None"
            if not name.startswith("standard-") and components.find(work.transaction.connection, "CustomTab", name) is None:
                raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", f"In field: tab - no CustomTab named {name} found", ("tab",))
            kept[name] = visibility
        settings = [{"tab": name, "visibility": shown} for name, shown in kept.items()]
        components.keep(work.transaction, "PermissionSet", full_name, {"tabSettings": settings})

    def names(self, work: Work) -> list[str]:
        """Return the permission sets that do not belong to a profile."""
        found = work.transaction.all('SELECT "Name" FROM "PermissionSet" WHERE "IsOwnedByProfile" = 0 ORDER BY "Name"')
        return [each["Name"] for each in found]


class Profiles:
    """Profiles by the name metadata has for them: `Admin` is the System Administrator."""

    def create(self, _work: Work, full_name: str, _content: Content) -> None:
        """Refuse: this org has the profiles it was born with."""
        raise SalesforceError(400, "INVALID_OPERATION", f"Profile {full_name} cannot be created here; use a permission set", ())

    def update(self, work: Work, full_name: str, content: Content) -> None:
        """Change the grants given, and no others."""
        _grant(work, self._owned_set(work, full_name), content)

    def delete(self, _work: Work, full_name: str) -> None:
        """Refuse."""
        raise SalesforceError(400, "DELETE_FAILED", f"Profile {full_name} cannot be deleted", ())

    def read(self, work: Work, full_name: str) -> Content | None:
        """Return the grants of a profile."""
        if _PROFILE_NAMES.get(full_name, full_name) not in permissions.PROFILES:
            return None
        return {"custom": False, "userLicense": "Salesforce", **_grants(work, self._owned_set(work, full_name))}

    def names(self, _work: Work) -> list[str]:
        """Return every profile."""
        short = {full: name for name, full in _PROFILE_NAMES.items()}
        return [short.get(each, each) for each in permissions.PROFILES]

    def _owned_set(self, work: Work, full_name: str) -> str:
        sql = 'SELECT s."Id" FROM "PermissionSet" s JOIN "Profile" p ON p."Id" = s."ProfileId" WHERE p."Name" = ?'
        found = work.transaction.first(sql, _PROFILE_NAMES.get(full_name, full_name))
        if found is None:
            raise _unknown("Profile", full_name)
        return str(found["Id"])


def grant_field(work: Work, set_id: str, path: str, *, readable: bool, editable: bool) -> None:
    """Set what a permission set allows on a field, or take the row away when that is nothing."""
    owner, name = _field_of(work, path)
    field = owner.field(name)
    if field is not None and not field.nillable and field.type is not FieldType.BOOLEAN:
        raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {path}", ("field",))
    canonical = f"{owner.name}.{field.name}" if field is not None else path
    old = work.transaction.first('SELECT * FROM "FieldPermissions" WHERE "ParentId" = ? AND "Field" = ?', set_id, canonical)
    kind, wanted = _type(work, "FieldPermissions"), {"PermissionsRead": readable or editable, "PermissionsEdit": editable}
    if old is not None:
        records.delete(work.transaction, kind, old["Id"])
    if readable or editable:
        records.insert(work.transaction, kind, {"ParentId": set_id, "SobjectType": owner.name, "Field": canonical, **wanted})


def _grant(work: Work, set_id: str, content: Content) -> None:
    for each in listed(content, "fieldPermissions"):
        path = text(each, "field")
        if path is None:
            raise missing("field")
        for one in sorted({path.replace("Activity.", "Task."), path.replace("Activity.", "Event.")}):
            grant_field(work, set_id, one, readable=flag(each, "readable"), editable=flag(each, "editable"))
    for each in listed(content, "objectPermissions"):
        _grant_object(work, set_id, each)
    work.transaction.permissions_touched = True


def _grant_object(work: Work, set_id: str, given: Content) -> None:
    owner = work.org.schema.object(text(given, "object") or "")
    if owner is None:
        raise _unknown("CustomObject", text(given, "object") or "")
    old = work.transaction.first('SELECT * FROM "ObjectPermissions" WHERE "ParentId" = ? AND "SobjectType" = ?', set_id, owner.name)
    kind = _type(work, "ObjectPermissions")
    if old is not None:
        records.delete(work.transaction, kind, old["Id"])
    wanted = {column: flag(given, name) for name, column in _RIGHTS.items()}
    if any(wanted.values()):
        records.insert(work.transaction, kind, {"ParentId": set_id, "SobjectType": owner.name, **wanted})


def _revoke_all(work: Work, set_id: str) -> None:
    for name in ("FieldPermissions", "ObjectPermissions"):
        for row in work.transaction.all(f'SELECT "Id" FROM "{name}" WHERE "ParentId" = ?', set_id):  # noqa: S608  # one of two names
            records.delete(work.transaction, _type(work, name), row["Id"])


def _grants(work: Work, set_id: str) -> Content:
    fields = work.transaction.all('SELECT * FROM "FieldPermissions" WHERE "ParentId" = ? ORDER BY "Field"', set_id)
    objects = work.transaction.all('SELECT * FROM "ObjectPermissions" WHERE "ParentId" = ? ORDER BY "SobjectType"', set_id)
    return {
        "fieldPermissions": [
            {"editable": bool(each["PermissionsEdit"]), "field": each["Field"], "readable": bool(each["PermissionsRead"])}
            for each in fields
        ],
        "objectPermissions": [
            {**{name: bool(each[column]) for name, column in _RIGHTS.items()}, "object": each["SobjectType"]} for each in objects
        ],
    }


def _field_of(work: Work, path: str) -> tuple[ObjectType, str]:
    object_name, _, name = path.partition(".")
    owner = work.org.schema.object(object_name)
    if owner is None or owner.field(name) is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {path} found", ("field",))
    return owner, name


def _set_named(work: Work, name: str) -> Row | None:
    return work.transaction.first('SELECT * FROM "PermissionSet" WHERE "Name" = ? AND "IsOwnedByProfile" = 0', name)


def _type(work: Work, name: str) -> ObjectType:
    found = work.org.schema.object(name)
    if found is None:
        raise _unknown("CustomObject", name)
    return found


def _unknown(type_: str, name: str) -> SalesforceError:
    return SalesforceError(404, "INVALID_CROSS_REFERENCE_KEY", f"no {type_} named {name} found", ())
