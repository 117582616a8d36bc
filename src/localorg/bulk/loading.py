"""Does what a job asks for to one row after the other; a row that is refused leaves no trace.

A row is given by whoever read it, CSV or JSON, as its id, its key and a way to its values: an upsert knows only after a look whether it
reads them for a create or for an update.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from localorg import ids, records, row_input, values
from localorg.bulk.batches import Problem, RowResult
from localorg.bulk.jobs import Operation
from localorg.errors import SalesforceError
from localorg.row_input import RowInput
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Transaction


class _RefusedLate(Exception):  # noqa: N818  # a signal that unwinds the chunk, never an answer
    """A row was refused after it had changed something."""


class GivenRow(NamedTuple):
    """One row of an upload: its number and place there, the cells that say which record is meant, and a way to the other values."""

    number: int
    start: int
    length: int
    record_id: str | None
    key: str | None
    read: Callable[[row_input.Operation], RowInput]


@dataclass(frozen=True, slots=True)
class Load:
    """What is done to rows of an object; an upsert has a key field."""

    operation: Operation
    object_type: ObjectType
    key_field: Field | None = None


def run(transaction: Transaction, load: Load, rows: Sequence[GivenRow]) -> list[RowResult]:
    """Do it to these rows, as one chunk; a key that several of them give fails all of those."""
    shared: frozenset[str] = frozenset()
    if load.operation is Operation.UPSERT:
        counted = Counter(row.key.lower() for row in rows if row.key)
        shared = frozenset(key for key, count in counted.items() if count > 1) if len(counted) < len(rows) else shared
    try:
        with transaction.attempt():
            return [_hastily(transaction, load, row, shared) for row in rows]
    except _RefusedLate:
        return [_carefully(transaction, load, row, shared) for row in rows]


def _hastily(transaction: Transaction, load: Load, row: GivenRow, shared: frozenset[str]) -> RowResult:
    """Do one row without a mark to fall back to, for most are refused before they change anything."""
    before = transaction.connection.total_changes
    try:
        record_id, created = _STEPS[load.operation](transaction, load, row, shared)
    except SalesforceError as error:
        if transaction.connection.total_changes != before:
            raise _RefusedLate from error
        return _refused(row, error)
    return RowResult(row.number, row.start, row.length, record_id, created)


def _carefully(transaction: Transaction, load: Load, row: GivenRow, shared: frozenset[str]) -> RowResult:
    """Do one row in an attempt of its own."""
    try:
        with transaction.attempt():
            record_id, created = _STEPS[load.operation](transaction, load, row, shared)
    except SalesforceError as error:
        return _refused(row, error)
    return RowResult(row.number, row.start, row.length, record_id, created)


def _refused(row: GivenRow, error: SalesforceError) -> RowResult:
    known = ids.canonical(row.record_id) if row.record_id else None
    return RowResult(row.number, row.start, row.length, known, created=False, errors=_problems(error))


def _problems(error: SalesforceError) -> tuple[Problem, ...]:
    return tuple(Problem(each.code, each.message, tuple(each.fields or ())) for each in (error, *error.more))


def _insert(transaction: Transaction, load: Load, row: GivenRow, _shared: frozenset[str]) -> tuple[str, bool]:
    if row.record_id:
        raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
    return records.insert_values(transaction, load.object_type, row.read(row_input.Operation.CREATE)), True


def _update(transaction: Transaction, load: Load, row: GivenRow, _shared: frozenset[str]) -> tuple[str, bool]:
    record_id = _given_id(load, row, "update")
    records.update_values(transaction, load.object_type, record_id, row.read(row_input.Operation.UPDATE))
    return record_id, False


def _upsert(transaction: Transaction, load: Load, row: GivenRow, shared: frozenset[str]) -> tuple[str, bool]:
    field = load.key_field
    if field is None:
        raise SalesforceError(400, "MISSING_ARGUMENT", "an upsert needs an external id field", ())
    if field.type is FieldType.ID:
        return _upsert_by_id(transaction, load, row)
    if not row.key:
        raise SalesforceError(400, "MISSING_ARGUMENT", f"{field.name} not specified", (field.name,))
    if row.key.lower() in shared:
        raise SalesforceError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {row.key}", (field.name,))
    found = row_input.matches(transaction, load.object_type, field, row.key)
    if len(found) > 1:
        text = f"{field.label}: more than one record found for external id field: [{', '.join(found)}]"
        raise SalesforceError(400, "DUPLICATE_EXTERNAL_ID", text, (field.name,))
    if found:
        records.update_values(transaction, load.object_type, found[0], row.read(row_input.Operation.UPDATE))
        return found[0], False
    given = row.read(row_input.Operation.CREATE)
    given.values[field.name] = values.parse(field, row.key, transaction.switches)
    return records.insert_values(transaction, load.object_type, given), True


def _upsert_by_id(transaction: Transaction, load: Load, row: GivenRow) -> tuple[str, bool]:
    given = row.record_id or row.key
    if not given:
        return records.insert_values(transaction, load.object_type, row.read(row_input.Operation.CREATE)), True
    found = ids.canonical(given)
    if found is None or found[:3] != load.object_type.key_prefix:
        raise SalesforceError(400, "MALFORMED_ID", "Id in upsert is not valid", ("Id",))
    records.update_values(transaction, load.object_type, found, row.read(row_input.Operation.UPDATE))
    return found, False


def _delete(transaction: Transaction, load: Load, row: GivenRow, _shared: frozenset[str]) -> tuple[str, bool]:
    record_id = _given_id(load, row, "delete")
    records.delete(transaction, load.object_type, record_id)
    return record_id, False


def _delete_for_good(transaction: Transaction, load: Load, row: GivenRow, shared: frozenset[str]) -> tuple[str, bool]:
    record_id, _ = _delete(transaction, load, row, shared)
    transaction.connection.execute(f'DELETE FROM "{load.object_type.name}" WHERE "Id" = ?', (record_id,))  # noqa: S608  # from the schema
    return record_id, False


def _given_id(load: Load, row: GivenRow, verb: str) -> str:
    if not row.record_id:
        raise SalesforceError(400, "MISSING_ARGUMENT", f"Id not specified in {'an' if verb == 'update' else 'a'} {verb} call", ())
    found = ids.canonical(row.record_id)
    if found is None or found[:3] != load.object_type.key_prefix:
        raise SalesforceError(400, "MALFORMED_ID", f"malformed id {row.record_id}", ("Id",))
    return found


_STEPS: dict[Operation, Callable[[Transaction, Load, GivenRow, frozenset[str]], tuple[str, bool]]] = {
    Operation.INSERT: _insert,
    Operation.UPDATE: _update,
    Operation.UPSERT: _upsert,
    Operation.DELETE: _delete,
    Operation.HARD_DELETE: _delete_for_good,
}
