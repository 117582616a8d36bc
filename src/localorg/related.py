"""What hangs on a record's path: its parents and children by relationship, and the content of its blob fields."""

import mimetypes

from localorg import records, render
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row

_BINARY = "application/octet-stream"


def read(call: ApiCall, object_type: ObjectType, record_id: str, path: str) -> Reply:
    """Return a blob, the parent, or the children that a name stands for; NOT_FOUND when it stands for nothing."""
    row = call.transaction.row(object_type.name, record_id)
    if row is None or row.get("IsDeleted"):
        raise _not_found()
    name, _, rest = path.strip("/").partition("/")
    field = object_type.field(name)
    if field is not None and field.type is FieldType.BASE64 and not rest:
        return _blob(call, object_type, row, field)
    lookup = next((each for each in object_type.fields.values() if str(each.relationship_name).lower() == name.lower()), None)
    if lookup is not None and lookup.type is FieldType.REFERENCE:
        return _parent(call, row, lookup, rest)
    if rest:
        raise _not_found()
    return _children(call, object_type, record_id, name)


def _blob(call: ApiCall, object_type: ObjectType, row: Row, field: Field) -> Reply:
    found = call.transaction.connection.execute(
        "SELECT content FROM _blob WHERE record_id = ? AND field = ?", (row["Id"], field.name)
    ).fetchone()
    if found is None:
        raise _not_found()
    name = str(row.get("PathOnClient") or row.get("Name") or object_type.name)
    kind = row.get("ContentType") or mimetypes.guess_type(name)[0] or _BINARY
    return Reply(200, bytes(found["content"]), {"Content-Type": str(kind)}, rows=1)


def _parent(call: ApiCall, row: Row, lookup: Field, rest: str) -> Reply:
    parent_id = row.get(lookup.name)
    parent = call.transaction.schema.object_of_prefix(str(parent_id)[:3]) if parent_id else None
    found = call.transaction.row(parent.name, str(parent_id)) if parent is not None else None
    if parent is None or found is None or found.get("IsDeleted"):
        raise _not_found()
    if rest:
        return read(call, parent, str(parent_id), rest)
    return Reply(200, render.record(parent, found, call.request.root, _chosen(call, parent)), rows=1)


def _children(call: ApiCall, object_type: ObjectType, record_id: str, name: str) -> Reply:
    children = call.transaction.schema.children(object_type.name)
    child = next((each for each in children if str(each.relationship_name).lower() == name.lower()), None)
    child_type = call.transaction.schema.object(child.child_object) if child is not None else None
    if child is None or child_type is None:
        raise _not_found()
    rows = records.children(call.transaction, child_type, child.field, record_id)
    chosen = _chosen(call, child_type)
    shown = [render.record(child_type, each, call.request.root, chosen) for each in rows]
    return Reply(200, {"done": True, "totalSize": len(shown), "records": shown}, rows=len(shown))


def _chosen(call: ApiCall, object_type: ObjectType) -> list[Field] | None:
    wanted = call.request.query.get("fields")
    if not wanted:
        return None
    chosen = []
    for name in wanted.split(","):
        found = object_type.field(name.strip())
        if found is None:
            text = f"No such column '{name.strip()}' on sobject of type {object_type.name}"
            raise SalesforceError(400, "INVALID_FIELD", text, None)
        chosen.append(found)
    return chosen


def _not_found() -> SalesforceError:
    return SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
