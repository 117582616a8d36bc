"""The batches of a job: what was uploaded, how far it is worked off, and what became of each row.

Version 2 has one batch for a job, which its client never sees. The content stays one blob; a row's result says where in it the row
stands, so that nothing is kept twice.
"""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from sqlite3 import Connection, Row
from typing import NamedTuple

from localorg import ids
from localorg.bulk import jobs
from localorg.bulk.jobs import Job
from localorg.errors import SalesforceError
from localorg.transaction import Transaction

_PREFIX = "751"
_COLUMNS = "number, job, state, created, changed, position, processed, failed, message"
_ROWS = "INSERT INTO _bulk_row VALUES (?, ?, ?, ?, ?, ?, ?)"
_RESULTS = (
    "SELECT number, start, length, record_id, created, error FROM _bulk_row WHERE batch = ? AND number BETWEEN ? AND ? ORDER BY number"
)


class BatchState(StrEnum):
    """How far a batch is, in the words of version 1."""

    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    NOT_PROCESSED = "NotProcessed"


@dataclass(frozen=True, slots=True)
class Batch:
    """One upload; the first `position` bytes (or rows, of JSON) of it are done."""

    number: int
    job: str
    state: BatchState
    created: str
    changed: str
    position: int = 0
    processed: int = 0
    failed: int = 0
    message: str | None = None

    @property
    def id(self) -> str:
        """Return the id that clients know."""
        return ids.record_id(_PREFIX, self.number)


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row was refused."""

    code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}:{self.message}:{''.join(name + ' ' for name in self.fields)}--"


class RowResult(NamedTuple):
    """What became of a row; one that was stored has no errors."""

    number: int
    start: int
    length: int
    record_id: str | None
    created: bool
    errors: tuple[Problem, ...] = ()


def create(transaction: Transaction, job: Job, content: bytes) -> Batch:
    """Store an upload."""
    batch = Batch(jobs.next_number(transaction), job.id, BatchState.QUEUED, transaction.stamp, transaction.stamp)
    save(transaction.connection, batch)
    transaction.connection.execute("INSERT INTO _bulk_content VALUES (?, ?)", (batch.number, content))
    return batch


def save(connection: Connection, batch: Batch) -> None:
    """Store what a batch has become."""
    values = (
        batch.number,
        batch.job,
        batch.state,
        batch.created,
        batch.changed,
        batch.position,
        batch.processed,
        batch.failed,
        batch.message,
    )
    connection.execute(f"INSERT OR REPLACE INTO _bulk_batch ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608  # a constant


def of(connection: Connection, job: Job) -> list[Batch]:
    """Return the batches of a job in the order they came."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM _bulk_batch WHERE job = ? ORDER BY number", (job.id,))  # noqa: S608  # a constant
    return [_batch(each) for each in rows]


def find(connection: Connection, number: int) -> Batch | None:
    """Return a batch as it is now, or None when there is none."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM _bulk_batch WHERE number = ?", (number,)).fetchone()  # noqa: S608  # a constant
    return _batch(row) if row is not None else None


def required(connection: Connection, job: Job, given_id: str) -> Batch:
    """Return the batch of this id; NOT_FOUND when the job has none such."""
    wanted = ids.canonical(given_id)
    found = next((each for each in of(connection, job) if each.id == wanted), None)
    if found is None:
        raise SalesforceError(404, "NOT_FOUND", f"Unable to find batch {given_id} in job {job.id}", None)
    return found


def add_results(connection: Connection, batch: Batch, results: Iterable[RowResult], position: int, stamp: str) -> Batch:
    """Store what became of further rows, and that the content is done up to `position`; returns the batch as it is then."""
    kept = [(batch.number, each.number, each.start, each.length, each.record_id, each.created, _packed(each.errors)) for each in results]
    connection.executemany(_ROWS, kept)
    failed = sum(1 for each in kept if each[-1] is not None)
    batch = replace(batch, position=position, processed=batch.processed + len(kept), failed=batch.failed + failed, changed=stamp)
    save(connection, batch)
    return batch


def results(connection: Connection, batch: Batch, first: int, last: int) -> list[RowResult]:
    """Return what became of the rows `first` to `last`."""
    rows = connection.execute(_RESULTS, (batch.number, first, last))
    return [RowResult(each[0], each[1], each[2], each[3], bool(each[4]), _unpacked(each[5])) for each in rows]


def store_lines(connection: Connection, batch: Batch, lines: Iterable[str]) -> int:
    """Store the result of a query, its header first, and return how many records it has."""
    numbered = ((batch.number, number, line) for number, line in enumerate(lines))
    return connection.executemany("INSERT INTO _bulk_line VALUES (?, ?, ?)", numbered).rowcount - 1


def lines(connection: Connection, batch: Batch, first: int, last: int) -> list[str]:
    """Return these lines of a query's result; number 0 is the header."""
    found = connection.execute(
        "SELECT line FROM _bulk_line WHERE batch = ? AND number BETWEEN ? AND ? ORDER BY number", (batch.number, first, last)
    )
    return [each[0] for each in found]


def rows_since(connection: Connection, stamp: str) -> int:
    """Return how many rows were worked off in batches that changed since then."""
    found = connection.execute("SELECT total(processed) FROM _bulk_batch WHERE changed > ?", (stamp,)).fetchone()
    return int(found[0])


def size(connection: Connection, batch: Batch) -> int:
    """Return how many bytes were uploaded."""
    found = connection.execute("SELECT length(content) FROM _bulk_content WHERE number = ?", (batch.number,)).fetchone()
    return int(found[0])


def content(connection: Connection, batch: Batch, start: int, length: int) -> bytes:
    """Return a piece of the upload; only the piece is read."""
    with connection.blobopen("_bulk_content", "content", batch.number, readonly=True) as blob:
        blob.seek(min(start, len(blob)))
        return blob.read(length)


def _packed(errors: tuple[Problem, ...]) -> str | None:
    return json.dumps([astuple(each) for each in errors]) if errors else None


def _unpacked(text: str | None) -> tuple[Problem, ...]:
    return tuple(Problem(code, message, tuple(fields)) for code, message, fields in json.loads(text)) if text is not None else ()


def _batch(row: Row) -> Batch:
    return Batch(
        number=row["number"],
        job=row["job"],
        state=BatchState(row["state"]),
        created=row["created"],
        changed=row["changed"],
        position=row["position"],
        processed=row["processed"],
        failed=row["failed"],
        message=row["message"],
    )
