"""The header of an upload → what to do with each cell, decided once for all rows.

A header names a field, or a parent by an external id: `Parent__r.Key__c`, and `Lead:Who.Email` exactly where several objects can be the
parent. An unknown name refuses the whole job, and only the first one is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from localorg import row_input, values
from localorg.bulk.jobs import JobError
from localorg.errors import SalesforceError
from localorg.row_input import Operation, RowInput
from localorg.schema import Field, FieldType, ObjectType
from localorg.transaction import Transaction

NULL = "#N/A"
"""The cell that clears a field; an empty one leaves it alone."""


@dataclass(frozen=True)
class Column:
    """A column that is written: the field, and where the cell is an external id of the parent, of which object and field."""

    place: int
    field: Field
    parent: str | None = None
    parent_key: str | None = None

    @cached_property
    def plain(self) -> bool:
        """Tell whether the cell is the value itself."""
        return self.parent_key is None and self.field.type is not FieldType.BASE64


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns of an upload; `record_id` and `key` are the places of those that say which record is meant."""

    names: tuple[str, ...]
    written: tuple[Column, ...]
    record_id: int | None
    key: int | None
    guarded: bool
    """Some column is one that not every operation may write."""
    by_place: tuple[Column | None, ...]
    """The written columns where they stand, None where another one does."""


def compiled(transaction: Transaction, object_type: ObjectType, header: Sequence[str], key_name: str | None) -> Columns:
    """Return the meaning of a header; JobError when a name means nothing."""
    names = [name.strip() for name in header]
    lowered = [name.lower() for name in names]
    twice = next((name for place, name in enumerate(names) if lowered[place] in lowered[:place]), None)
    if twice is not None:
        raise JobError(f"InvalidBatch : Field name appears twice : {twice}")
    columns = [_column(transaction, object_type, place, name) for place, name in enumerate(names)]
    key = lowered.index(key_name.lower()) if key_name is not None and key_name.lower() in lowered else None
    record_id = lowered.index("id") if "id" in lowered else None
    written = tuple(each for each in columns if each.place not in {key, record_id})
    guarded = not all(each.field.createable and each.field.updateable for each in written)
    by_place = tuple(None if each.place in {key, record_id} else each for each in columns)
    return Columns(tuple(names), written, record_id, key, guarded, by_place)


def read(transaction: Transaction, columns: Columns, cells: Sequence[str], operation: Operation) -> RowInput:
    """Return the values of a row; SalesforceError for the first cell that does not fit, further ones in its `more`."""
    if len(cells) > len(columns.names):
        text = f"Failed to parse CSV: the row has {len(cells)} cells, the header {len(columns.names)}"
        raise SalesforceError(400, "INVALID_BATCH", text, ())
    given, problems = RowInput(), []
    stored, switches = given.values, transaction.switches
    if columns.guarded:
        filled = [each.field for each in columns.written if each.place < len(cells) and cells[each.place]]
        row_input.check_access(filled, operation)
    for cell, column in zip(cells, columns.by_place, strict=False):
        if not cell or column is None:
            continue
        field = column.field
        try:
            if cell == NULL:
                stored[field.name] = None
            elif column.plain:
                stored[field.name] = values.parse(field, cell, switches)
            elif column.parent_key is not None:
                named = {"attributes": {"type": column.parent}, column.parent_key: cell}
                stored[field.name] = row_input.parent_id(transaction, field, named)
            else:
                blob = values.parse(field, cell, switches)
                given.blobs[field.name] = blob if isinstance(blob, bytes) else b""
        except SalesforceError as problem:
            problems.append(_of_a_cell(field, cell, problem))
    if problems:
        first = problems[0]
        raise SalesforceError(first.status, first.code, first.message, first.fields, tuple(problems[1:]))
    return given


def _of_a_cell(field: Field, cell: str, problem: SalesforceError) -> SalesforceError:
    """Return what is wrong with a cell; a cell is no JSON, so a value of the wrong type is told by its field."""
    if problem.code != "JSON_PARSER_ERROR":
        return problem
    text = f"{field.label}: value not of required type: {cell}"
    return SalesforceError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", text, (field.name,))


def _column(transaction: Transaction, object_type: ObjectType, place: int, name: str) -> Column:
    found = object_type.field(name)
    if found is not None:
        return Column(place, found)
    path = name
    type_name, colon, rest = name.partition(":")
    if colon:
        path = rest
    relationship, dot, key_name = path.partition(".")
    if not dot:
        raise _unknown(name)
    lookup = row_input.lookup_named(object_type, relationship)
    if lookup is None:
        raise JobError(f"InvalidBatch : Unable to find relationship: {relationship}") if colon else _unknown(name)
    several = len(lookup.reference_to) > 1
    if colon and not several:
        raise JobError(f"InvalidBatch : type is not needed for non polymorphic foreign key references: {relationship}")
    if several and type_name.lower() not in {each.lower() for each in lookup.reference_to}:
        raise _unknown(name)
    parent = transaction.schema.object(type_name if colon else lookup.reference_to[0])
    key_field = parent.field(key_name) if parent is not None else None
    if parent is None or key_field is None or not (key_field.external_id or key_field.id_lookup):
        raise _unknown(name)
    return Column(place, lookup, parent.name, key_field.name)


def _unknown(name: str) -> JobError:
    return JobError(f"InvalidBatch : Field name not found : {name}")
