"""Which objects and fields a user sees and may write: profile, permission sets, and what an admin has hidden.

Whatever the rows of FieldPermissions and ObjectPermissions do not mention is allowed by the profile, with one exception: a field that
metadata has made is invisible, to administrators too, until a row grants it. A hidden field is absent, as in a real describe.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from localorg.schema import FieldType, ObjectType, Schema
from localorg.users import User

ADMINISTRATOR = "System Administrator"
NO_METADATA = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
PROFILES = (ADMINISTRATOR, "Standard User", "Read Only", "Minimum Access - API Only Integrations")
_READ_ONLY, _MINIMUM = PROFILES[2:]
_NEEDED = "needs_permission"
_SETS = """
SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = (SELECT "ProfileId" FROM "User" WHERE "Id" = :user)
UNION SELECT "PermissionSetId" FROM "PermissionSetAssignment" WHERE "AssigneeId" = :user
"""
_FIELDS = f"""
SELECT "Field" AS name, max("PermissionsRead") AS may_read, max("PermissionsEdit") AS may_edit
FROM "FieldPermissions" WHERE "ParentId" IN ({_SETS}) GROUP BY lower("Field")
"""  # noqa: S608  # constants
_OBJECTS = f"""
SELECT "SobjectType" AS name, max("PermissionsRead") AS may_read, max("PermissionsCreate") AS may_create,
    max("PermissionsEdit") AS may_edit, max("PermissionsDelete") AS may_delete
FROM "ObjectPermissions" WHERE "ParentId" IN ({_SETS}) GROUP BY lower("SobjectType")
"""  # noqa: S608  # constants
_PROFILE = 'SELECT p."Name" AS name FROM "User" u JOIN "Profile" p ON p."Id" = u."ProfileId" WHERE u."Id" = ?'
_SYSTEM_OBJECTS = frozenset({"User", "Organization", "Profile", "RecordType", "Group", "PermissionSet"})


@dataclass(frozen=True, slots=True)
class _Rights:
    """What a user may do with the records of one object."""

    read: bool = True
    create: bool = True
    edit: bool = True
    delete: bool = True


def view(connection: sqlite3.Connection, schema: Schema, user: User, hidden: Iterable[str]) -> Schema:
    """Return the schema as this user sees it; the schema itself when nothing is withheld."""
    unseen, read_only = _fields(connection, schema, user, hidden)
    rights = _rights(connection, schema, user)
    if not unseen and not read_only and not rights:
        return schema
    seen = Schema()
    for each in schema.objects():
        allowed = rights.get(each.name.lower(), _Rights())
        if allowed.read:
            seen.add_object(_as_seen(each, allowed, unseen, read_only))
    return seen


def is_administrator(connection: sqlite3.Connection, user: User) -> bool:
    """Tell whether a user may do everything, change the org's definitions included."""
    return _profile(connection, user) == ADMINISTRATOR


def needs_permission(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the fields, as `object.field` in lower case, that are invisible until granted."""
    found = connection.execute("SELECT value FROM _state WHERE key = ?", (_NEEDED,)).fetchone()
    return frozenset(json.loads(found["value"])) if found is not None else frozenset()


def require_permission(connection: sqlite3.Connection, path: str) -> None:
    """Make a field invisible until it is granted."""
    _remember(connection, needs_permission(connection) | {path.lower()})


def forget(connection: sqlite3.Connection, path: str) -> None:
    """Drop what is known of a field that has been deleted, its grants included."""
    _remember(connection, needs_permission(connection) - {path.lower()})
    connection.execute('DELETE FROM "FieldPermissions" WHERE lower("Field") = ?', (path.lower(),))


def _remember(connection: sqlite3.Connection, paths: Iterable[str]) -> None:
    connection.execute("INSERT OR REPLACE INTO _state VALUES (?, ?)", (_NEEDED, json.dumps(sorted(paths))))


def _fields(connection: sqlite3.Connection, schema: Schema, user: User, hidden: Iterable[str]) -> tuple[set[str], set[str]]:
    granted = {row["name"].lower(): row for row in connection.execute(_FIELDS, {"user": user.id})}
    unseen = {path.lower() for path in hidden}
    unseen |= {path for path in needs_permission(connection) if path not in granted}
    unseen |= {path for path, row in granted.items() if not row["may_read"]}
    read_only = {path for path, row in granted.items() if row["may_read"] and not row["may_edit"]}
    always = {path for path in unseen if path not in {each.lower() for each in hidden} and _always_visible(schema, path)}
    return unseen - always, read_only


def _always_visible(schema: Schema, path: str) -> bool:
    """Tell whether field-level security cannot withhold a field: it is required, or joins a detail to its master."""
    object_name, _, field_name = path.partition(".")
    owner = schema.object(object_name)
    field = owner.field(field_name) if owner is not None else None
    return field is not None and not field.nillable and field.type is not FieldType.BOOLEAN


def _profile(connection: sqlite3.Connection, user: User) -> str:
    found = connection.execute(_PROFILE, (user.id,)).fetchone()
    return str(found["name"]) if found is not None else ADMINISTRATOR


def _rights(connection: sqlite3.Connection, schema: Schema, user: User) -> dict[str, _Rights]:
    """Return the objects of which a user may not do everything."""
    profile = _profile(connection, user)
    if profile == ADMINISTRATOR:
        return {}
    rights: dict[str, _Rights] = {}
    if profile in {_READ_ONLY, _MINIMUM}:
        for each in schema.objects():
            rights[each.name.lower()] = _Rights(
                profile == _READ_ONLY or each.name in _SYSTEM_OBJECTS, create=False, edit=False, delete=False
            )
    for row in connection.execute(_OBJECTS, {"user": user.id}):
        rights[row["name"].lower()] = _Rights(
            bool(row["may_read"]), bool(row["may_create"]), bool(row["may_edit"]), bool(row["may_delete"])
        )
    return rights


def _as_seen(object_type: ObjectType, allowed: _Rights, unseen: set[str], read_only: set[str]) -> ObjectType:
    prefix = object_type.name.lower()
    fields = {
        key: replace(each, createable=False, updateable=False) if f"{prefix}.{key}" in read_only else each
        for key, each in object_type.fields.items()
        if f"{prefix}.{key}" not in unseen
    }
    return replace(
        object_type,
        fields=fields,
        createable=object_type.createable and allowed.create,
        updateable=object_type.updateable and allowed.edit,
        deletable=object_type.deletable and allowed.delete,
    )
