"""The jobs of an org, kept in its database: what was asked for and how far it has come.

Bulk API 1.0 and 2.0 share them. A job's `settings` are what the client said when it made the job, in the client's own words; only what
the org acts on has a column.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from sqlite3 import Connection, Row
from typing import Any

from localorg import clock, ids
from localorg.errors import SalesforceError
from localorg.transaction import Transaction
from localorg.values import moment

_PREFIX = "750"
_KEPT = timedelta(days=7)
_NUMBER = "bulk:last"
_COLUMNS = "id, api, state, object, operation, created, finished, user, username, error, retries, settings"


class Api(StrEnum):
    """Which family of calls a job belongs to; for version 2 also its `jobType`."""

    V1 = "Classic"
    INGEST = "V2Ingest"
    QUERY = "V2Query"


class State(StrEnum):
    """How far a job is. `Closed` is a version 1 job that takes no more batches."""

    OPEN = "Open"
    CLOSED = "Closed"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"


ENDED = frozenset({State.COMPLETE, State.FAILED, State.ABORTED})


class Operation(StrEnum):
    """What a job does to every row, or which records it reads."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    HARD_DELETE = "hardDelete"
    QUERY = "query"
    QUERY_ALL = "queryAll"


LOADS = frozenset(Operation) - {Operation.QUERY, Operation.QUERY_ALL}
DELETIONS = frozenset({Operation.DELETE, Operation.HARD_DELETE})


class JobError(Exception):
    """A job, or a batch of version 1, cannot be done; the text is the message its client is told."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `created` and `finished` are stamps of the org's clock."""

    id: str
    api: Api
    state: State
    object: str
    operation: Operation
    created: str
    user: str
    username: str
    finished: str | None = None
    error: str | None = None
    retries: int = 0
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def key_name(self) -> str | None:
        """Return the external id field of an upsert."""
        found = self.settings.get("externalIdFieldName")
        return str(found) if found is not None else None

    @property
    def version(self) -> int:
        """Return the API version that the job was made with."""
        return int(self.settings["apiVersion"])

    def milliseconds(self, now: datetime) -> int:
        """Return how long the job has taken, or took."""
        start, end = moment(self.created), moment(self.finished) if self.finished else now
        return int((end - start).total_seconds() * 1000) if start is not None and end is not None else 0


def create(transaction: Transaction, api: Api, state: State, object_name: str, operation: Operation, settings: dict[str, Any]) -> Job:
    """Store a new job, and forget those that are older than a week."""
    job = Job(
        id=ids.record_id(_PREFIX, next_number(transaction)),
        api=api,
        state=state,
        object=object_name,
        operation=operation,
        created=transaction.stamp,
        user=transaction.user.id,
        username=transaction.user.username,
        settings=settings,
    )
    for each in every(transaction.connection, api):
        made = moment(each.created)
        if each.state in ENDED and made is not None and made < transaction.now - _KEPT:
            remove(transaction.connection, each.id)
    save(transaction.connection, job)
    return job


def next_number(transaction: Transaction) -> int:
    """Return the next number for a job or a batch; none is given twice in the life of the database."""
    number = int(transaction.state(_NUMBER) or 0) + 1
    transaction.remember(_NUMBER, number)
    return number


def save(connection: Connection, job: Job) -> None:
    """Store what a job has become."""
    values = (
        job.id,
        job.api,
        job.state,
        job.object,
        job.operation,
        job.created,
        job.finished,
        job.user,
        job.username,
        job.error,
        job.retries,
        json.dumps(job.settings),
    )
    connection.execute(f"INSERT OR REPLACE INTO _bulk_job ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608  # a constant


def ended(job: Job, state: State, now: datetime, error: str | None = None) -> Job:
    """Return the job as it is once it has ended."""
    return replace(job, state=state, finished=clock.stamp(now), error=error)


def find(connection: Connection, job_id: str) -> Job | None:
    """Return a job, or None when there is none, as after a reset of the org."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM _bulk_job WHERE id = ?", (job_id,)).fetchone()  # noqa: S608  # a constant
    return _job(row) if row is not None else None


def required(transaction: Transaction, given_id: str, *apis: Api) -> Job:
    """Return the job of this id in one of these APIs; NOT_FOUND otherwise."""
    job = find(transaction.connection, ids.canonical(given_id) or "")
    if job is None or job.api not in apis:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    return job


def every(connection: Connection, *apis: Api) -> list[Job]:
    """Return the jobs of these APIs, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM _bulk_job ORDER BY id")  # noqa: S608  # a constant
    return [job for job in map(_job, rows) if job.api in apis]


def remove(connection: Connection, job_id: str) -> None:
    """Forget a job with its batches, rows and results."""
    batches = "SELECT number FROM _bulk_batch WHERE job = ?"
    connection.execute(f"DELETE FROM _bulk_content WHERE number IN ({batches})", (job_id,))  # noqa: S608  # a constant
    connection.execute(f"DELETE FROM _bulk_row WHERE batch IN ({batches})", (job_id,))  # noqa: S608  # a constant
    connection.execute(f"DELETE FROM _bulk_line WHERE batch IN ({batches})", (job_id,))  # noqa: S608  # a constant
    connection.execute("DELETE FROM _bulk_batch WHERE job = ?", (job_id,))
    connection.execute("DELETE FROM _bulk_job WHERE id = ?", (job_id,))


def _job(row: Row) -> Job:
    return Job(
        id=row["id"],
        api=Api(row["api"]),
        state=State(row["state"]),
        object=row["object"],
        operation=Operation(row["operation"]),
        created=row["created"],
        finished=row["finished"],
        user=row["user"],
        username=row["username"],
        error=row["error"],
        retries=row["retries"],
        settings=json.loads(row["settings"]),
    )
