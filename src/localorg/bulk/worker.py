"""Works off jobs in the background, 200 rows a transaction, as long as the org lives.

A chunk's rows, their results and the place reached are committed together, so work that was cut off goes on where it stopped, without
a row twice. Waiting is done on the org's clock: with nothing to wait for, a job is done a few turns of the loop later.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from localorg import clock, locks
from localorg.bulk import batches, csv_text, extraction, jobs, loading, uploads
from localorg.bulk.batches import Batch, BatchState
from localorg.bulk.jobs import Api, Job, JobError, Operation, State
from localorg.bulk.loading import Load
from localorg.bulk.uploads import RawRow, Upload
from localorg.errors import SalesforceError
from localorg.faults import CallFacts, Effect
from localorg.org import Org
from localorg.rules import members
from localorg.transaction import Options, Transaction

_CHUNK = 200
_LONGEST_SECONDS = 300.0
_DAY = timedelta(hours=24)
_WAITING = frozenset({BatchState.QUEUED, BatchState.IN_PROGRESS})


class _Stopped(Exception):  # noqa: N818  # a signal that ends the work, never an answer
    """The job was aborted, deleted, or went with a reset of the org."""


def start(org: Org, job_id: str) -> None:
    """Begin, or go on with, the work on a job; nothing happens when it is being worked on."""
    name = f"bulk job {job_id}"
    if any(each.get_name() == name and not each.done() for each in org.running):
        return
    task = asyncio.ensure_future(_work(org, job_id))
    task.set_name(name)
    org.running.add(task)
    task.add_done_callback(org.running.discard)


async def _work(org: Org, job_id: str) -> None:
    try:
        await _pause(org, org.settings.bulk_queue_seconds)
        while waiting := [each for each in batches.of(org.connection, _begun(org, job_id)) if each.state in _WAITING]:
            await _batch(org, job_id, waiting[0])
        job = _begun(org, job_id)
        if job.api is not Api.V1:
            jobs.save(org.connection, jobs.ended(job, State.COMPLETE, org.clock.now()))
    except _Stopped:
        return


def _begun(org: Org, job_id: str) -> Job:
    """Return the job, in progress from now on where its API says so."""
    job = jobs.find(org.connection, job_id)
    if job is None or job.state in jobs.ENDED:
        raise _Stopped
    if job.state is State.UPLOAD_COMPLETE:
        job = replace(job, state=State.IN_PROGRESS)
        jobs.save(org.connection, job)
    return job


async def _batch(org: Org, job_id: str, batch: Batch) -> None:
    """Work off one batch; what makes that impossible is its message, and in version 2 the job's."""
    job = _begun(org, job_id)
    batch = replace(batch, state=BatchState.IN_PROGRESS)
    batches.save(org.connection, batch)
    try:
        if job.operation in jobs.LOADS:
            await _load(org, job, batch)
        else:
            await _pause(org, 0)
            _extract(org, _begun(org, job_id), batch)
        state, message = BatchState.COMPLETED, None
    except _Stopped:
        raise
    except JobError as problem:
        state, message = BatchState.FAILED, str(problem)
    except SalesforceError as problem:
        state, message = BatchState.FAILED, f"{problem.code} : {problem.message}"
    except Exception as problem:  # noqa: BLE001  # a job must end and say why, whatever happens to it
        state, message = BatchState.FAILED, f"InternalServerError : {problem!r}"
    reached = batches.find(org.connection, batch.number)
    if reached is None:
        raise _Stopped
    batches.save(org.connection, replace(reached, state=state, message=message, changed=clock.stamp(org.clock.now())))
    if state is BatchState.FAILED and job.api is not Api.V1:
        jobs.save(org.connection, jobs.ended(_begun(org, job_id), State.FAILED, org.clock.now(), message))


def _extract(org: Org, job: Job, batch: Batch) -> None:
    text = batches.content(org.connection, batch, 0, batches.size(org.connection, batch)).decode()
    root = f"/services/data/v{job.version}.0"
    with _transaction(org, job, frozenset()) as transaction:
        try:
            prepared = extraction.prepare(transaction, text, include_deleted=job.operation is Operation.QUERY_ALL, root=root)
        except SalesforceError as problem:
            raise JobError(f"InvalidBatch : Failed to process query: {problem.code}: {problem.message}") from problem
        if job.settings.get("contentType") == uploads.JSON:
            lines = extraction.json_lines(org.connection, prepared)
        elif job.settings.get("contentType") == uploads.XML:
            lines = extraction.xml_lines(org.connection, prepared)
        else:
            lines = extraction.csv_lines(org.connection, prepared, csv_text.dialect(job.settings))
        number = batches.store_lines(org.connection, batch, lines)
        batches.save(org.connection, replace(batch, processed=number, changed=transaction.stamp))


async def _load(org: Org, job: Job, batch: Batch) -> None:
    upload = uploads.opened(org.connection, job, batch)
    with _transaction(org, job, frozenset()) as transaction:
        upload.given(transaction, _what(transaction, job), [], 0)
    while rows := list(itertools.islice(upload.rows, _CHUNK)):
        batch = await _chunk(org, job.id, batch, upload, rows)


async def _chunk(org: Org, job_id: str, batch: Batch, upload: Upload, rows: Sequence[RawRow]) -> Batch:
    """Load a few rows, again and again while a fault strikes, and return the batch as it is then."""
    while True:
        job = _begun(org, job_id)
        fault = org.faults.strike_work(_facts(job))
        seconds = len(rows) * org.settings.row_ms / 1000 + (fault.seconds if fault is not None else 0)
        keys = _keys(org, rows) if seconds > 0 or org.locks.busy else frozenset()
        if keys:
            await org.locks.wait(keys, org.settings.lock_wait_seconds)
        held = org.locks.held(keys)
        org.locks.take(keys, batch.id)
        try:
            await _pause(org, min(seconds, _LONGEST_SECONDS))
            job = _begun(org, job_id)
            if batches.find(org.connection, batch.number) != batch:
                # The org was put back to a snapshot that holds this job at another place.
                raise _Stopped
            if seconds <= _LONGEST_SECONDS and (fault is None or fault.do is Effect.STALL):
                return _loaded(org, job, batch, upload, rows, held)
        finally:
            if keys:
                org.locks.release(batch.id)
        _count_retry(org, job)


def _loaded(org: Org, job: Job, batch: Batch, upload: Upload, rows: Sequence[RawRow], held: frozenset[str]) -> Batch:
    with _transaction(org, job, held) as transaction:
        used = batches.rows_since(org.connection, clock.stamp(transaction.now - _DAY))
        if used + len(rows) > org.settings.bulk_daily_rows:
            raise JobError(f"ExceededQuota : The limit of {org.settings.bulk_daily_rows} rows in 24 hours is reached")
        load = _what(transaction, job)
        given = upload.given(transaction, load, rows, batch.processed + 1)
        results = loading.run(transaction, load, given)
        return batches.add_results(org.connection, batch, results, rows[-1].end, transaction.stamp)


def _count_retry(org: Org, job: Job) -> None:
    if job.retries >= org.settings.bulk_retries:
        raise JobError(f"InternalServerError : A chunk of rows failed; {job.retries} retries are spent")
    jobs.save(org.connection, replace(job, retries=job.retries + 1))


def _what(transaction: Transaction, job: Job) -> Load:
    object_type = transaction.object(job.object)
    key_field = object_type.field(job.key_name) if job.operation is Operation.UPSERT and job.key_name is not None else None
    if job.operation is Operation.UPSERT and key_field is None:
        raise JobError(f"InvalidJob : Field name provided, {job.key_name} does not match an External ID for {job.object}")
    return Load(job.operation, object_type, key_field)


@contextmanager
def _transaction(org: Org, job: Job, held: frozenset[str]) -> Iterator[Transaction]:
    transaction = org.transaction(
        org.user_named(job.username) or org.user,
        job.id,
        options=Options(auto_assign=str(job.settings.get("assignmentRuleId") or "FALSE")),
        row_faults=org.faults.for_rows(_facts(job)),
        locked=held,
    )
    org.connection.execute("BEGIN")
    try:
        yield transaction
        members.count_members(transaction)
        org.connection.execute("COMMIT")
    except BaseException:
        org.connection.execute("ROLLBACK")
        raise
    org.remember_writes(transaction)


def _facts(job: Job) -> CallFacts:
    return CallFacts(f"bulkChunk:{job.operation}:{job.object}", f"/jobs/{job.id}", "POST", job.object)


def _keys(org: Org, rows: Sequence[RawRow]) -> frozenset[str]:
    prefixes = frozenset(each.key_prefix for each in org.schema.objects() if each.key_prefix)
    given: list[Any] = [row.value for row in rows]
    return locks.keys_of("", given, prefixes)


async def _pause(org: Org, seconds: float) -> None:
    if seconds > 0:
        await org.clock.sleep(seconds)
    else:
        await asyncio.sleep(0)
