"""Single records: create, read, change, delete, and the same by an external id."""

import base64
import json
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from localorg import form_parts, ids, recency, records, related, render, row_input
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Row
from localorg.values import moment

_FIRST_VERSION_WITH_CREATED = 46


def create(call: ApiCall) -> Reply:
    """Create a record: 201 with its id and place."""
    object_type = call.transaction.object(call.parts["object"])
    body = _with_files(call, object_type) if form_parts.is_multipart(call.request) else call.json()
    new_id = records.insert(call.transaction, object_type, body)
    recency.remember(call, object_type, new_id)
    location = f"{call.request.root}/sobjects/{object_type.name}/{new_id}"
    return Reply(201, {"id": new_id, "success": True, "errors": []}, {"Location": location}, rows=1)


def read(call: ApiCall) -> Reply:
    """Return a record, or 304 or 412 when its date fails a condition of the request."""
    object_type = call.transaction.object(call.parts["object"])
    row = _row_for_reading(call, object_type, _id_in_path(object_type, call.parts["id"]))
    recency.remember(call, object_type, row["Id"])
    return _shown(call, object_type, row)


def change(call: ApiCall) -> Reply:
    """Change a record: 204."""
    object_type = call.transaction.object(call.parts["object"])
    record_id = _id_in_path(object_type, call.parts["id"])
    _check_unmodified(call, object_type, record_id)
    body = _with_files(call, object_type) if form_parts.is_multipart(call.request) else call.json()
    records.update(call.transaction, object_type, record_id, body)
    recency.remember(call, object_type, record_id)
    return Reply(204, rows=1)


def delete(call: ApiCall) -> Reply:
    """Delete a record: 204."""
    object_type = call.transaction.object(call.parts["object"])
    record_id = _id_in_path(object_type, call.parts["id"])
    _check_unmodified(call, object_type, record_id)
    records.delete(call.transaction, object_type, record_id)
    return Reply(204, rows=1)


def read_by_key(call: ApiCall) -> Reply:
    """Return the one record with this external id, 300 when there are several; or what hangs on a record's path."""
    owner, record_id = call.transaction.object(call.parts["object"]), ids.canonical(call.parts["field"])
    if record_id is not None and record_id[:3] == owner.key_prefix:
        return related.read(call, owner, record_id, call.parts["value"])
    object_type, key_field = _key_in_path(call)
    found = row_input.matches(call.transaction, object_type, key_field, call.parts["value"])
    if len(found) > 1:
        return _several(call, object_type, found)
    if not found:
        raise _no_such_key(call.parts["value"])
    return _shown(call, object_type, _row_for_reading(call, object_type, found[0]))


def upsert(call: ApiCall) -> Reply:
    """Create or change the record with this external id: 201, or 200 (204 in old versions)."""
    object_type, key_field = _key_in_path(call)
    body, value = row_input.json_object(call.json()), call.parts["value"]
    if any(name.lower() == key_field.name.lower() for name in body):
        text = f"The {key_field.name} field should not be specified in the sobject data."
        raise SalesforceError(400, "INVALID_FIELD", text, None)
    found = row_input.matches(call.transaction, object_type, key_field, value)
    if len(found) > 1:
        return _several(call, object_type, found)
    if not found and call.request.query.get("updateOnly", "").lower() == "true":
        raise _no_such_key(value)
    done = records.upsert(call.transaction, object_type, key_field.name, value, body)
    if not done.created and call.request.version < _FIRST_VERSION_WITH_CREATED:
        return Reply(204, rows=1)
    answer: dict[str, Any] = {"id": done.id, "success": True, "errors": [], "created": done.created}
    return Reply(201 if done.created else 200, answer, rows=1)


def delete_by_key(call: ApiCall) -> Reply:
    """Delete the one record with this external id."""
    object_type, key_field = _key_in_path(call)
    found = row_input.matches(call.transaction, object_type, key_field, call.parts["value"])
    if len(found) > 1:
        return _several(call, object_type, found)
    if not found:
        raise _no_such_key(call.parts["value"])
    records.delete(call.transaction, object_type, found[0])
    return Reply(204, rows=1)


def _with_files(call: ApiCall, object_type: ObjectType) -> dict[str, Any]:
    """Return the record of a multipart body: one part is its JSON, the others are its files."""
    body: dict[str, Any] = {}
    for name, part in form_parts.read(call.request).items():
        field = object_type.field(name)
        if field is not None and field.type is FieldType.BASE64:
            body[field.name] = base64.b64encode(part.content).decode()
            continue
        try:
            body |= row_input.json_object(json.loads(part.content))
        except ValueError as problem:
            raise SalesforceError(400, "JSON_PARSER_ERROR", f"The part {name} cannot be read: {problem}", None) from problem
    return body


def _id_in_path(object_type: ObjectType, text: str) -> str:
    found = ids.canonical(text)
    if found is None:
        raise SalesforceError(404, "MALFORMED_ID", f"malformed id {text}", ())
    if found[:3] != object_type.key_prefix:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return found


def _key_in_path(call: ApiCall) -> tuple[ObjectType, Field]:
    object_type = call.transaction.object(call.parts["object"])
    key_field = object_type.field(call.parts["field"])
    if key_field is None or not (key_field.external_id or key_field.id_lookup):
        raise _no_such_key(call.parts["field"])
    return object_type, key_field


def _no_such_key(shown: str) -> SalesforceError:
    text = f"Provided external ID field does not exist or is not accessible: {shown}"
    return SalesforceError(404, "NOT_FOUND", text, None)


def _several(call: ApiCall, object_type: ObjectType, found: list[str]) -> Reply:
    return Reply(300, [f"{call.request.root}/sobjects/{object_type.name}/{each}" for each in found])


def _row_for_reading(call: ApiCall, object_type: ObjectType, record_id: str) -> Row:
    row = call.transaction.row(object_type.name, record_id)
    if row is None:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    if row.get("IsDeleted"):
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted", None)
    return row


def _shown(call: ApiCall, object_type: ObjectType, row: Row) -> Reply:
    modified = _modified_at(row)
    since = _header_date(call, "if-modified-since")
    if since is not None and modified is not None and modified <= since:
        return Reply(304)
    _check_row_unmodified(call, row)
    wanted = call.request.query.get("fields")
    chosen = _chosen(object_type, wanted.split(",")) if wanted else None
    headers = {"Last-Modified": format_datetime(modified, usegmt=True)} if modified is not None else {}
    return Reply(200, render.record(object_type, row, call.request.root, chosen), headers, rows=1)


def _chosen(object_type: ObjectType, names: list[str]) -> list[Field]:
    chosen = []
    for name in names:
        found = object_type.field(name.strip())
        if found is None:
            raise row_input.unknown_field(object_type, name.strip())
        chosen.append(found)
    return chosen


def _check_unmodified(call: ApiCall, object_type: ObjectType, record_id: str) -> None:
    if "if-unmodified-since" in call.request.headers:
        _check_row_unmodified(call, records.live_row(call.transaction, object_type, record_id))


def _check_row_unmodified(call: ApiCall, row: Row) -> None:
    since, modified = _header_date(call, "if-unmodified-since"), _modified_at(row)
    if since is not None and modified is not None and modified > since:
        text = "The record has been modified since the date given in If-Unmodified-Since"
        raise SalesforceError(412, "PRECONDITION_FAILED", text, None)


def _modified_at(row: Row) -> datetime | None:
    text = row.get("LastModifiedDate")
    return moment(text) if text is not None else None


def _header_date(call: ApiCall, name: str) -> datetime | None:
    text = call.request.headers.get(name)
    if text is None:
        return None
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
