"""`/composite/tree`: records with their children, created all together or not at all."""

from collections.abc import Iterator
from typing import Any

from localorg import records
from localorg.api_call import ApiCall
from localorg.composite import malformed
from localorg.errors import SalesforceError
from localorg.requests import Reply
from localorg.schema import ChildRelationship, ObjectType

_MOST_RECORDS, _MOST_LEVELS, _MOST_TYPES = 200, 5, 5

Results = list[dict[str, Any]]


class _AnyRecordFailed(Exception):  # noqa: N818  # a signal that unwinds the attempt, never an answer
    """Undoes the whole tree."""


def create(call: ApiCall) -> Reply:
    """Create every record: 201 with their ids, or 400 with what was wrong and nothing created."""
    object_type = call.transaction.object(call.parts["object"])
    body = call.json()
    given = _records(body)
    found = list(_walk(given, 1))
    if len(found) > _MOST_RECORDS:
        raise malformed(f"A tree holds at most {_MOST_RECORDS} records; this one has {len(found)}")
    if len({_type(each) for each in found}) > _MOST_TYPES:
        raise malformed(f"A tree holds records of at most {_MOST_TYPES} types")
    names = [_reference(each) for each in found]
    if len(set(names)) < len(names):
        raise malformed("Duplicate referenceId provided. Each referenceId must be unique within a tree")
    done: Results = []
    failures: Results = []
    try:
        with call.transaction.attempt():
            for each in given:
                _create(call, object_type, each, None, done, failures)
            _check(failures)
    except _AnyRecordFailed:
        return Reply(400, {"hasErrors": True, "results": failures})
    return Reply(201, {"hasErrors": False, "results": done}, rows=len(done))


def _check(failures: Results) -> None:
    if failures:
        raise _AnyRecordFailed


def _create(
    call: ApiCall, object_type: ObjectType, given: dict[str, Any], parent: tuple[str, str] | None, done: Results, failures: Results
) -> None:
    own = {name: value for name, value in given.items() if name == "attributes" or not _is_children(value)}
    if parent is not None:
        own[parent[0]] = parent[1]
    reference = _reference(given)
    try:
        _check_type(given, object_type)
        record_id = records.insert(call.transaction, object_type, own)
        children = [(_relationship(call, object_type, name), value["records"]) for name, value in given.items() if _is_children(value)]
    except SalesforceError as error:
        failures.append({"referenceId": reference, "errors": error.row_entries()})
        return
    done.append({"referenceId": reference, "id": record_id})
    for child, rows in children:
        for each in rows:
            _create(call, call.transaction.object(child.child_object), each, (child.field, record_id), done, failures)


def _check_type(given: dict[str, Any], object_type: ObjectType) -> None:
    if _type(given).lower() != object_type.name.lower():
        raise SalesforceError(400, "INVALID_TYPE", f"A record of type {_type(given)} stands among those of {object_type.name}", ())


def _relationship(call: ApiCall, object_type: ObjectType, name: str) -> ChildRelationship:
    for each in call.transaction.schema.children(object_type.name):
        if each.relationship_name is not None and each.relationship_name.lower() == name.lower():
            return each
    raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_type.name}", ())


def _walk(given: list[dict[str, Any]], level: int) -> Iterator[dict[str, Any]]:
    if level > _MOST_LEVELS:
        raise malformed(f"A tree is at most {_MOST_LEVELS} levels deep")
    for each in given:
        yield each
        for value in each.values():
            if _is_children(value):
                yield from _walk(_records(value), level + 1)


def _records(body: Any) -> list[dict[str, Any]]:
    given = body.get("records") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise malformed("The records property is required and must be a list of objects")
    return given


def _is_children(value: Any) -> bool:
    return isinstance(value, dict) and "records" in value


def _attribute(given: dict[str, Any], name: str) -> str:
    attributes = given.get("attributes")
    found = attributes.get(name) if isinstance(attributes, dict) else None
    if not isinstance(found, str) or not found:
        raise malformed(f"Every record of a tree needs attributes with its {name}")
    return found


def _type(given: dict[str, Any]) -> str:
    return _attribute(given, "type")


def _reference(given: dict[str, Any]) -> str:
    return _attribute(given, "referenceId")
