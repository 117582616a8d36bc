"""What was uploaded, as rows that `loading` can do something to: CSV, or the JSON and XML of version 1.

Reading is lazy and begins at the place a batch has reached. What a header means is settled anew for every chunk, because a field may go
while a job runs.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from functools import partial
from sqlite3 import Connection
from typing import Any, NamedTuple, Protocol

from localorg import row_input, soap
from localorg.bulk import batches, columns, csv_text
from localorg.bulk.batches import Batch
from localorg.bulk.columns import Columns
from localorg.bulk.csv_text import CsvRow, Dialect
from localorg.bulk.jobs import DELETIONS, Api, Job, JobError
from localorg.bulk.loading import GivenRow, Load
from localorg.errors import SalesforceError
from localorg.row_input import RowInput
from localorg.transaction import Transaction

JSON = "JSON"
XML = "XML"
_MOST_ROWS = 10_000


class RawRow(NamedTuple):
    """A row as it was uploaded; the batch has reached `end` once it is done."""

    start: int
    end: int
    value: Any


class Upload(Protocol):
    """The rows of one batch that are still to do."""

    rows: Iterator[RawRow]

    def given(self, transaction: Transaction, load: Load, raw: Sequence[RawRow], first: int) -> list[GivenRow]:
        """Return rows ready to be loaded, numbered from `first`; JobError when the upload as a whole makes no sense."""
        ...


def opened(connection: Connection, job: Job, batch: Batch) -> Upload:
    """Return what is left of an upload; JobError when it cannot be read, or is too long for a batch of version 1."""
    if job.api is Api.V1 and sum(1 for _ in itertools.islice(_reader(connection, job, batch).rows, _MOST_ROWS + 1)) > _MOST_ROWS:
        raise JobError(f"InvalidBatch : A batch takes {_MOST_ROWS} records at most")
    return _reader(connection, job, batch)


def _reader(connection: Connection, job: Job, batch: Batch) -> Upload:
    content_type = job.settings.get("contentType")
    if content_type in {JSON, XML}:
        whole = batches.content(connection, batch, 0, batches.size(connection, batch))
        return _Objects(_from_json(whole) if content_type == JSON else _from_xml(whole), batch.position)
    spelling = csv_text.dialect(job.settings)
    if batch.position == 0:
        csv_text.check_endings(csv_text.windows(partial(batches.content, connection, batch)), spelling.ending)
    return _Csv(connection, batch, spelling, job)


def header_of(connection: Connection, batch: Batch, spelling: Dialect) -> CsvRow:
    """Return the first row of a CSV upload."""
    pieces = csv_text.windows(partial(batches.content, connection, batch))
    found = next(csv_text.rows(pieces, 0, spelling), None)
    if found is None:
        raise JobError("InvalidBatch : The upload is empty; its first line must name fields")
    return found


class _Csv:
    """An upload of CSV."""

    def __init__(self, connection: Connection, batch: Batch, spelling: Dialect, job: Job) -> None:
        header = header_of(connection, batch, spelling)
        self._header = header.cells
        self._only_ids = job.operation in DELETIONS
        start = batch.position or header.start + header.length
        pieces = csv_text.windows(partial(batches.content, connection, batch), start)
        found = csv_text.rows(pieces, start, spelling)
        self.rows: Iterator[RawRow] = (RawRow(row.start, row.start + row.length, row.cells) for row in found)

    def given(self, transaction: Transaction, load: Load, raw: Sequence[RawRow], first: int) -> list[GivenRow]:
        """Return rows with the cells that name a record, and a way to the others."""
        meaning = columns.compiled(transaction, load.object_type, self._header, load.key_field.name if load.key_field else None)
        if self._only_ids and [each.lower() for each in meaning.names] != ["id"]:
            raise JobError("InvalidBatch : The 'delete/hard_delete' batch must contain only 'Id'")
        return [self._row(transaction, meaning, row, first + number) for number, row in enumerate(raw)]

    @staticmethod
    def _row(transaction: Transaction, meaning: Columns, row: RawRow, number: int) -> GivenRow:
        cells: list[str] = row.value
        return GivenRow(
            number=number,
            start=row.start,
            length=row.end - row.start,
            record_id=_cell(cells, meaning.record_id),
            key=_cell(cells, meaning.key),
            read=partial(columns.read, transaction, meaning, cells),
        )


class _Objects:
    """An upload of JSON or XML: records as collections take them. Its places count rows, not bytes."""

    def __init__(self, found: list[Any], position: int) -> None:
        self.rows: Iterator[RawRow] = (RawRow(place, place + 1, found[place]) for place in range(position, len(found)))

    def given(self, transaction: Transaction, load: Load, raw: Sequence[RawRow], first: int) -> list[GivenRow]:
        """Return rows with the values that name a record, and a way to the others."""
        key_name = load.key_field.name.lower() if load.key_field else None
        return [self._row(transaction, load, row, first + number, key_name) for number, row in enumerate(raw)]

    @staticmethod
    def _row(transaction: Transaction, load: Load, row: RawRow, number: int, key_name: str | None) -> GivenRow:
        named = {name.lower(): value for name, value in row.value.items()}
        rest = {name: value for name, value in row.value.items() if name.lower() not in {"id", key_name}}

        def read(operation: row_input.Operation) -> RowInput:
            return row_input.read(transaction, load.object_type, rest, operation)

        record_id, key = named.get("id"), named.get(key_name) if key_name else None
        return GivenRow(number, row.start, 1, _text(record_id), _text(key), read)


def _from_json(content: bytes) -> list[Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise JobError(f"InvalidBatch : Failed to parse JSON: {problem}") from problem
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise JobError("InvalidBatch : A JSON batch must be a list of objects")
    return found


def _from_xml(content: bytes) -> list[Any]:
    try:
        found = soap.value(soap.parse(content))
    except (SalesforceError, RecursionError) as problem:
        raise JobError(f"InvalidBatch : Failed to parse XML: {problem}") from problem
    held = found.get("sObject") if isinstance(found, dict) else None
    given = held if isinstance(held, list) else [held]
    records = [_record(each) for each in given if isinstance(each, dict)]
    if len(records) < len(given):
        raise JobError("InvalidBatch : An XML batch must be a list of sObject elements")
    return records


def _record(held: dict[str, Any]) -> dict[str, Any]:
    """Return a record of XML as JSON would have it: a parent is an sObject inside its relationship, an empty element says nothing."""
    shown: dict[str, Any] = {}
    for name, value in held.items():
        if isinstance(value, dict):
            inner = value.get("sObject", value)
            shown[name] = {key: each for key, each in inner.items() if key != "type"} if isinstance(inner, dict) else inner
        elif value != "":
            shown[name] = value
    return shown


def _cell(cells: Sequence[str], place: int | None) -> str | None:
    return cells[place] if place is not None and place < len(cells) else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
