"""`/composite/sobjects`: up to 200 records in one call, each with its own result.

Every row runs in an attempt of its own; with `allOrNone` one failure undoes them all. The HTTP status is 200 even when every row failed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from localorg import ids, records, render, row_input
from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import ObjectType

_MOST_ROWS = 200
_MOST_READ = 2000
_MOST_CHUNKS = 10
_UNREADABLE = frozenset({"INVALID_FIELD", "JSON_PARSER_ERROR"})
_ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}

Result = dict[str, Any]
Step = Callable[[], Result]


class _AnyRowFailed(Exception):  # noqa: N818  # a signal that unwinds the attempt, never an answer
    """Undoes a collection that was all or none."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One record of the request and the id it is known by, if any."""

    body: dict[str, Any]
    object_type: ObjectType


def create(call: ApiCall) -> Reply:
    """Create every record."""
    rows, all_or_none = _read(call)

    def step(row: _Row) -> Result:
        return _success(records.insert(call.transaction, row.object_type, row.body))

    return _run(call, [(None, partial(step, row)) for row in rows], all_or_none=all_or_none)


def change(call: ApiCall) -> Reply:
    """Change every record by the id it holds."""
    rows, all_or_none = _read(call)

    def step(row: _Row, given: Any, found: str | None) -> Result:
        if given is None:
            raise SalesforceError(400, "MISSING_ARGUMENT", "Id not specified in an update call", ())
        if found is None or found[:3] != row.object_type.key_prefix:
            raise SalesforceError(400, "MALFORMED_ID", f"malformed id {given}", ("Id",))
        body = {name: value for name, value in row.body.items() if name.lower() != "id"}
        records.update(call.transaction, row.object_type, found, body)
        return _success(found)

    steps = []
    for row in rows:
        given = _get(row.body, "id")
        found = ids.canonical(given) if isinstance(given, str) else None
        steps.append((found, partial(step, row, given, found)))
    return _run(call, steps, all_or_none=all_or_none)


def upsert(call: ApiCall) -> Reply:
    """Create or change every record by the external id it holds; a key given twice fails all its rows."""
    object_type = call.transaction.object(call.parts["object"])
    key_name = call.parts["field"]
    key_field = object_type.field(key_name)
    if key_field is None or not (key_field.external_id or key_field.id_lookup):
        text = f"Provided external ID field does not exist or is not accessible: {key_name}"
        raise SalesforceError(404, "NOT_FOUND", text, None)
    rows, all_or_none = _read(call, only=object_type)
    seen = Counter(str(_get(row.body, key_name)).lower() for row in rows)

    def step(row: _Row) -> Result:
        value = _get(row.body, key_name)
        body = {name: each for name, each in row.body.items() if name.lower() != key_name.lower()}
        if value is None and key_name.lower() == "id":
            return _success(records.insert(call.transaction, object_type, body)) | {"created": True}
        if value is None:
            raise SalesforceError(400, "MISSING_ARGUMENT", f"{key_field.name} not specified", (key_field.name,))
        if seen[str(value).lower()] > 1:
            raise SalesforceError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (key_field.name,))
        done = records.upsert(call.transaction, object_type, key_field.name, value, body)
        return _success(done.id) | {"created": done.created}

    return _run(call, [(None, partial(step, row)) for row in rows], all_or_none=all_or_none)


def delete(call: ApiCall) -> Reply:
    """Delete every record whose id is given."""
    given = [each for each in call.request.query.get("ids", "").split(",") if each]
    _check_number(len(given), _MOST_ROWS)
    all_or_none = call.request.query.get("allOrNone", "false").lower() == "true"

    def step(text: str, found: str | None) -> Result:
        object_type = call.transaction.schema.object_of_prefix(found[:3]) if found is not None else None
        if found is None or object_type is None:
            raise SalesforceError(400, "MALFORMED_ID", f"malformed id {text}", ())
        records.delete(call.transaction, object_type, found)
        return _success(found)

    steps = []
    for text in given:
        found = ids.canonical(text)
        steps.append((found or text, partial(step, text, found)))
    return _run(call, steps, all_or_none=all_or_none)


def read(call: ApiCall) -> Reply:
    """Return the records whose ids are given, in that order; null for one that cannot be had."""
    object_type = call.transaction.object(call.parts["object"])
    if call.request.method == "POST":
        body = call.json()
        given, names = (body.get("ids"), body.get("fields")) if isinstance(body, dict) else (None, None)
    else:
        given = [each for each in call.request.query.get("ids", "").split(",") if each]
        names = [each for each in call.request.query.get("fields", "").split(",") if each]
    if not isinstance(given, list) or not isinstance(names, list) or not given or not names:
        raise SalesforceError(400, "MISSING_ARGUMENT", "The ids and fields parameters are required", None)
    _check_number(len(given), _MOST_READ)
    fields = []
    for name in names:
        field = object_type.field(name)
        if field is None:
            raise row_input.unknown_field(object_type, name)
        fields.append(field)
    shown = []
    for text in given:
        row = call.transaction.row(object_type.name, ids.canonical(str(text)) or "")
        live = row is not None and not row.get("IsDeleted")
        shown.append(render.record(object_type, row, call.request.root, fields) if live and row is not None else None)
    return Reply(200, shown, rows=len(shown))


def _read(call: ApiCall, only: ObjectType | None = None) -> tuple[list[_Row], bool]:
    body = call.json()
    given = body.get("records") if isinstance(body, dict) else None
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise SalesforceError(400, "MISSING_ARGUMENT", "The records property is required and must be a list of objects", None)
    _check_number(len(given), _MOST_ROWS)
    rows = [_Row(each, only or _type_of(call, each)) for each in given]
    chunks = sum(1 for i, row in enumerate(rows) if i == 0 or row.object_type.name != rows[i - 1].object_type.name)
    if chunks > _MOST_CHUNKS:
        text = f"The records fall into {chunks} chunks of one type; at most {_MOST_CHUNKS} are allowed"
        raise SalesforceError(400, "OPERATION_TOO_LARGE", text, None)
    return rows, bool(body.get("allOrNone", False))


def _type_of(call: ApiCall, body: dict[str, Any]) -> ObjectType:
    attributes = body.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise SalesforceError(400, "MISSING_ARGUMENT", "Every record needs attributes with its type", None)
    found = call.transaction.schema.object(name)
    if found is None:
        text = (
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
            "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        )
        raise SalesforceError(400, "INVALID_TYPE", text, None)
    return found


def _check_number(number: int, most: int) -> None:
    if number > most:
        raise SalesforceError(400, "OPERATION_TOO_LARGE", f"The request holds {number} records; at most {most} are allowed", None)


def _run(call: ApiCall, steps: Sequence[tuple[str | None, Step]], *, all_or_none: bool) -> Reply:
    results: list[Result] = []
    try:
        with call.transaction.attempt():
            for known_id, step in steps:
                results.append(_attempt(call, known_id, step))
            if all_or_none:
                _check_all(results)
    except _AnyRowFailed:
        results = [_undone(known_id, result) for (known_id, _), result in zip(steps, results, strict=True)]
    return Reply(200, results, rows=len(results))


def _check_all(results: list[Result]) -> None:
    if not all(each["success"] for each in results):
        raise _AnyRowFailed


def _attempt(call: ApiCall, known_id: str | None, step: Step) -> Result:
    try:
        with call.transaction.attempt():
            return step()
    except SalesforceError as error:
        if error.code in _UNREADABLE and call.transaction.switches.unreadable_row_fails_whole_collection:
            raise
        return _failure(known_id, error.row_entries())


def _undone(known_id: str | None, result: Result) -> Result:
    return result if not result["success"] else _failure(known_id, [_ROLLED_BACK])


def _success(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _failure(known_id: str | None, errors: list[dict[str, Any]]) -> Result:
    return ({"id": known_id} if known_id is not None else {}) | {"success": False, "errors": errors}


def _get(body: dict[str, Any], name: str) -> Any:
    return next((value for key, value in body.items() if key.lower() == name.lower()), None)
