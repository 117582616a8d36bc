"""The Tooling API: queries over the schema, custom fields and other components as records, and a stand-in for anonymous Apex.

A component's record has a `FullName` and its `Metadata`; creating, changing and deleting go the same way as the Metadata API does.
Apex does not run here: whatever is sent compiles and succeeds, and does nothing.
"""

from typing import Any

from localorg import components, describe, ids, metadata, tooling_tables
from localorg.api_call import ApiCall
from localorg.describe_fields import describe_field
from localorg.errors import SalesforceError
from localorg.metadata import Work
from localorg.metadata_values import texts
from localorg.requests import Reply
from localorg.schema import ObjectType

_WRITABLE = frozenset({"CustomField", "CustomTab", "GlobalValueSet", "Layout", "RecordType", "ValidationRule"})


def index(call: ApiCall) -> Reply:
    """Return the resources of the Tooling API."""
    names = ("tooling/sobjects", "tooling/query", "tooling/executeAnonymous")
    return Reply(200, {name.removeprefix("tooling/"): f"{call.request.root}/{name}" for name in names})


def query(call: ApiCall) -> Reply:
    """Answer a statement over the schema."""
    text = call.request.query.get("q")
    if text is None:
        raise SalesforceError(400, "MALFORMED_QUERY", "A query string has to be specified", None)
    found = tooling_tables.query(_work(call), text, call.request.root)
    types = {record["attributes"]["type"] for record in found.records}
    body = {
        "size": len(found.records),
        "totalSize": found.total_size,
        "done": True,
        "queryLocator": None,
        "entityTypeName": next(iter(types)) if len(types) == 1 else None,
        "records": found.records,
    }
    return Reply(200, body, rows=len(found.records))


def all_objects(call: ApiCall) -> Reply:
    """Return the list of objects of the Tooling API."""
    root = f"{call.request.root}/tooling"
    entries = [describe.entry(each, root) for each in tooling_tables.schema().objects()]
    return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries})


def basic(call: ApiCall) -> Reply:
    """Return an object's entry of the list."""
    entry = describe.entry(_object(call), f"{call.request.root}/tooling")
    return Reply(200, {"objectDescribe": entry, "recentItems": []})


def one_object(call: ApiCall) -> Reply:
    """Return the describe of an object of the Tooling API."""
    found = _object(call)
    entry = describe.entry(found, f"{call.request.root}/tooling")
    fields = [describe_field(found, each) for each in found.fields.values()]
    return Reply(200, {**entry, "childRelationships": [], "fields": fields, "recordTypeInfos": []})


def create(call: ApiCall) -> Reply:
    """Create a component: 201 with its id."""
    type_ = _writable(call)
    work, content = _work(call), _content(call)
    full_name = metadata.create(work, type_, content)
    made = components.find(call.transaction.connection, type_, full_name) or components.keep(call.transaction, type_, full_name)
    if type_ == "CustomField" and full_name.partition(".")[0].lower() == "activity":
        made = components.find(call.transaction.connection, type_, f"Task.{full_name.partition('.')[2]}") or made
    location = f"{call.request.root}/tooling/sobjects/{type_}/{made.id}"
    return Reply(201, {"id": made.id, "success": True, "errors": [], "warnings": [], "infos": []}, {"Location": location}, rows=1)


def read(call: ApiCall) -> Reply:
    """Return a component with its full name and metadata."""
    type_, full_name = _named(call)
    url = f"{call.request.root}/tooling/sobjects/{type_}/{call.parts['id']}"
    found = tooling_tables.row(_work(call), type_, full_name)
    shown = {each.name: found.get(each.name) for each in _object(call).columns}
    shown["Metadata"] = {name: value for name, value in (metadata.read(_work(call), type_, full_name) or {}).items() if name != "fullName"}
    return Reply(200, {"attributes": {"type": type_, "url": url}, **shown}, rows=1)


def change(call: ApiCall) -> Reply:
    """Change a component: 204."""
    type_, (_, full_name) = _writable(call), _named(call)
    given = _content(call)
    metadata.update(_work(call), type_, {**given, "fullName": full_name})
    return Reply(204, rows=1)


def delete(call: ApiCall) -> Reply:
    """Delete a component: 204."""
    type_, (_, full_name) = _writable(call), _named(call)
    metadata.delete(_work(call), type_, full_name)
    return Reply(204, rows=1)


def execute_anonymous(call: ApiCall) -> Reply:
    """Answer as if the Apex had compiled and run; nothing runs."""
    if not texts(dict(call.request.query), "anonymousBody"):
        raise SalesforceError(400, "MISSING_ARGUMENT", "anonymousBody not specified", None)
    body: dict[str, Any] = {"line": -1, "column": -1, "compiled": True, "success": True, "compileProblem": None}
    return Reply(200, {**body, "exceptionStackTrace": None, "exceptionMessage": None})


def _work(call: ApiCall) -> Work:
    return Work(call.org, call.transaction)


def _object(call: ApiCall) -> ObjectType:
    found = tooling_tables.schema().object(call.parts["object"])
    if found is None:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return found


def _writable(call: ApiCall) -> str:
    found = _object(call).name
    if found not in _WRITABLE:
        message = f"entity type {found} does not support {call.request.method}"
        raise SalesforceError(400, "INVALID_TYPE_FOR_OPERATION", message, None)
    return found


def _content(call: ApiCall) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object at [line:1, column:1]", None)
    unknown = sorted(set(body) - {"FullName", "Metadata", "attributes"})
    if unknown:
        raise SalesforceError(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type {_object(call).name}", None)
    given = body.get("Metadata")
    if not isinstance(given, dict):
        raise SalesforceError(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", ("Metadata",))
    name = {"fullName": body["FullName"]} if "FullName" in body else {}
    return {**given, **name}


def _named(call: ApiCall) -> tuple[str, str]:
    """Return type and full name of the component whose id is in the path."""
    found = components.by_id(call.transaction.connection, ids.canonical(call.parts["id"]) or "")
    if found is None or found.type.lower() != call.parts["object"].lower():
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return found.type, found.full_name
