"""`job/<id>/batch`: add batches to a job, look at them, fetch what was sent and what became of it."""

import json
from collections.abc import Iterator
from typing import Any

from localorg import ids, soap
from localorg.api_call import ApiCall
from localorg.bulk import batches, csv_text, jobs, uploads, worker
from localorg.bulk.batches import Batch, BatchState, RowResult
from localorg.bulk.csv_text import Dialect
from localorg.bulk.jobs import Job, State
from localorg.bulk1 import job_calls, spelling
from localorg.errors import SalesforceError
from localorg.requests import Content, Reply

_MOST_BYTES = 10_000_000
_PAGE = 1000
_RESULT = "752"
_MEDIA_TYPES = {"CSV": "text/csv; charset=UTF-8", uploads.JSON: "application/json;charset=UTF-8", uploads.XML: "application/xml"}
_NAMESPACES = f'xmlns="{spelling.NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def create(call: ApiCall) -> Reply:
    """Add a batch, which starts at once: 201."""
    job = job_calls.found(call)
    if job.state is not State.OPEN:
        raise SalesforceError(400, "INVALIDJOBSTATE", f"Job {job.id} is {job.state} and takes no more batches", None)
    body = call.request.body
    if len(body) > _MOST_BYTES:
        raise SalesforceError(400, "ClientInputError", f"A batch takes {_MOST_BYTES} bytes at most; this one has {len(body)}", None)
    batch = batches.create(call.transaction, job, body)
    worker.start(call.org, job.id)
    return spelling.info(call.request, job, "batchInfo", spelling.batch_info(batch), 201)


def show(call: ApiCall) -> Reply:
    """Return a batch."""
    job = job_calls.found(call)
    return spelling.info(call.request, job, "batchInfo", spelling.batch_info(_batch(call, job)))


def every(call: ApiCall) -> Reply:
    """Return the batches of a job."""
    job = job_calls.found(call)
    shown = [spelling.batch_info(each) for each in batches.of(call.transaction.connection, job)]
    return spelling.listed(call.request, job, "batchInfoList", "batchInfo", shown)


def sent(call: ApiCall) -> Reply:
    """Return a batch as it was sent."""
    job = job_calls.found(call)
    batch, connection = _batch(call, job), call.transaction.connection
    return Reply(200, content=Content(_media_type(job), [batches.content(connection, batch, 0, batches.size(connection, batch))]))


def result(call: ApiCall) -> Reply:
    """Return what became of the rows in the order they were sent, or the ids of a query's results."""
    job = job_calls.found(call)
    batch = _done(call, job)
    if job.operation not in jobs.LOADS:
        return spelling.listed(call.request, job, "result-list", "result", [_result_id(batch)])
    return Reply(200, content=Content(_media_type(job), _ROWS[job.settings["contentType"]](call, batch)))


def query_result(call: ApiCall) -> Reply:
    """Return the records of a query."""
    job = job_calls.found(call)
    batch = _done(call, job)
    if ids.canonical(call.parts["result"]) != _result_id(batch):
        raise SalesforceError(404, "NOT_FOUND", f"Unable to find result {call.parts['result']}", None)
    return Reply(200, content=Content(_media_type(job), _LINES[job.settings["contentType"]](call, batch)))


def _batch(call: ApiCall, job: Job) -> Batch:
    return batches.required(call.transaction.connection, job, call.parts["batch"])


def _done(call: ApiCall, job: Job) -> Batch:
    batch = _batch(call, job)
    if batch.state is not BatchState.COMPLETED:
        raise SalesforceError(400, "InvalidBatch", f"Batch not completed: {batch.id} is {batch.state}", None)
    return batch


def _result_id(batch: Batch) -> str:
    return ids.record_id(_RESULT, batch.number)


def _media_type(job: Job) -> str:
    return _MEDIA_TYPES[job.settings["contentType"]]


def _rows(call: ApiCall, batch: Batch) -> Iterator[list[RowResult]]:
    for first in range(1, batch.processed + 1, _PAGE):
        yield batches.results(call.transaction.connection, batch, first, first + _PAGE - 1)


def _csv_rows(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    yield csv_text.quoted([("Id", "Success", "Created", "Error")], Dialect()).encode()
    for page in _rows(call, batch):
        lines = [(each.record_id or "", _flag(not each.errors), _flag(each.created), "".join(map(str, each.errors))) for each in page]
        yield csv_text.quoted(lines, Dialect()).encode()


def _json_rows(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    shown = (_json_row(each) for page in _rows(call, batch) for each in page)
    yield from _json_list(json.dumps(each) for each in shown)


def _json_row(row: RowResult) -> dict[str, Any]:
    errors = [
        {"statusCode": each.code, "message": each.message, "fields": list(each.fields), "extendedErrorDetails": None} for each in row.errors
    ]
    return {"success": not errors, "created": row.created, "id": row.record_id, "errors": errors}


def _csv_lines(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    for first in range(0, batch.processed + 1, _PAGE):
        yield "".join(batches.lines(call.transaction.connection, batch, first, first + _PAGE - 1)).encode()


def _json_lines(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    pages = range(1, batch.processed + 1, _PAGE)
    yield from _json_list(line for first in pages for line in batches.lines(call.transaction.connection, batch, first, first + _PAGE - 1))


def _json_list(texts: Iterator[str]) -> Iterator[bytes]:
    before = "["
    for text in texts:
        yield (before + text).encode()
        before = ","
    yield b"]" if before == "," else b"[]"


def _xml_rows(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    yield f"{spelling.HEAD}<results {_NAMESPACES}>".encode()
    for page in _rows(call, batch):
        yield "".join(soap.element("result", _xml_row(each)) for each in page).encode()
    yield b"</results>"


def _xml_row(row: RowResult) -> dict[str, Any]:
    errors = [{"fields": list(each.fields), "message": each.message, "statusCode": each.code} for each in row.errors]
    known = {"id": row.record_id} if row.record_id is not None else {}
    return {"errors": errors, **known, "success": _flag(not errors), "created": _flag(row.created)}


def _xml_lines(call: ApiCall, batch: Batch) -> Iterator[bytes]:
    yield f"{spelling.HEAD}<queryResult {_NAMESPACES}>".encode()
    yield from _csv_lines(call, batch)
    yield b"</queryResult>"


def _flag(value: object) -> str:
    return "true" if value else "false"


_ROWS = {"CSV": _csv_rows, uploads.JSON: _json_rows, uploads.XML: _xml_rows}
_LINES = {"CSV": _csv_lines, uploads.JSON: _json_lines, uploads.XML: _xml_lines}
