"""`/jobs/ingest`: make a job, upload its CSV once, start it, watch it, fetch what became of the rows."""

import json
import zlib
from dataclasses import replace
from email.message import Message
from email.parser import BytesParser
from typing import Any

from localorg.api_call import ApiCall
from localorg.bulk import batches, csv_text, job_info, jobs, results, worker
from localorg.bulk.jobs import Api, Job, Operation, State
from localorg.errors import SalesforceError
from localorg.requests import Content, Reply

_MOST_BYTES = 150_000_000
_MOST_INLINE = 100_000
_CSV = "text/csv; charset=UTF-8"
_REMEMBERED = ("externalIdFieldName", "assignmentRuleId", "columnDelimiter", "lineEnding")


def create(call: ApiCall) -> Reply:
    """Make a job; with its data in the same request, as multipart, it starts at once."""
    if call.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return _create_with_content(call)
    return Reply(200, job_info.created(_created(call, call.json(), State.OPEN), call.request.version))


def upload(call: ApiCall) -> Reply:
    """Take the job's CSV: 201. It is not looked into yet."""
    job = jobs.required(call.transaction, call.parts["job"], Api.INGEST)
    if job.state is not State.OPEN or job_info.only_batch(call, job) is not None:
        text = f"Data was uploaded to job {job.id} before, or its state {job.state} takes none. Make a new job for more data"
        raise job_info.wrong_state(text)
    content = _unpacked(call)
    if len(content) > _MOST_BYTES:
        raise SalesforceError(413, "REQUEST_LIMIT_EXCEEDED", f"A job takes {_MOST_BYTES} bytes at most; this has {len(content)}", None)
    batches.create(call.transaction, job, content)
    return Reply(201)


def change(call: ApiCall) -> Reply:
    """Start or abort a job."""
    job = jobs.required(call.transaction, call.parts["job"], Api.INGEST)
    wanted = job_info.wanted_state(call.json())
    if wanted is State.ABORTED:
        return Reply(200, job_info.created(job_info.aborted(call, job), call.request.version))
    if wanted is not State.UPLOAD_COMPLETE or job.state is not State.OPEN:
        raise job_info.wrong_state(f"Job {job.id} cannot go from {job.state} to {wanted or 'an unknown state'}")
    started = replace(job, state=State.UPLOAD_COMPLETE)
    jobs.save(call.transaction.connection, started)
    worker.start(call.org, job.id)
    return Reply(200, job_info.created(started, call.request.version))


def show(call: ApiCall) -> Reply:
    """Return a job with its counts; work that was cut off by the end of a process goes on."""
    job = jobs.required(call.transaction, call.parts["job"], Api.INGEST)
    job_info.resume(call, job)
    return Reply(200, job_info.watched(job, job_info.only_batch(call, job), call.transaction.now))


def remove(call: ApiCall) -> Reply:
    """Forget a job that is not open or in progress: 204."""
    job_info.remove(call, Api.INGEST)
    return Reply(204)


def every(call: ApiCall) -> Reply:
    """Return jobs, a page at a time."""
    return job_info.page(call, Api.INGEST)


def successful(call: ApiCall) -> Reply:
    """Return the rows that were stored."""
    job = _ended(call)
    return _file(results.successful(call.transaction.connection, job, job_info.only_batch(call, job), call.org.settings.bulk_seed))


def failed(call: ApiCall) -> Reply:
    """Return the rows that were refused."""
    job = _ended(call)
    return _file(results.failed(call.transaction.connection, job, job_info.only_batch(call, job), call.org.settings.bulk_seed))


def unprocessed(call: ApiCall) -> Reply:
    """Return the rows that nobody came to."""
    job = _ended(call)
    return _file(results.unprocessed(call.transaction.connection, job, job_info.only_batch(call, job)))


def _file(pieces: Any) -> Reply:
    return Reply(200, content=Content(_CSV, pieces))


def _ended(call: ApiCall) -> Job:
    job = jobs.required(call.transaction, call.parts["job"], Api.INGEST)
    job_info.resume(call, job)
    if job.state not in jobs.ENDED:
        raise job_info.wrong_state(f"Job {job.id} is {job.state}; its results are there when it is JobComplete, Failed or Aborted")
    return job


def _created(call: ApiCall, given: Any, state: State) -> Job:
    if not isinstance(given, dict):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "A job must be a JSON object", None)
    operation = _operation(call, given)
    object_type = call.transaction.schema.object(str(given.get("object")))
    if object_type is None:
        raise SalesforceError(400, "INVALIDENTITY", f"Entity '{given.get('object')}' is not supported by the Bulk API.", None)
    if str(given.get("contentType", "CSV")).upper() != "CSV":
        raise job_info.invalid_job("contentType must be CSV")
    if operation is Operation.UPSERT:
        key_name = given.get("externalIdFieldName")
        key_field = object_type.field(str(key_name)) if key_name else None
        if key_name is None:
            raise job_info.invalid_job(f"External ID was blank for {object_type.name}. An External ID must be specified for upsert.")
        if key_field is None or not (key_field.external_id or key_field.id_lookup):
            raise job_info.invalid_job(f"Field name provided, {key_name} does not match an External ID for {object_type.name}")
    settings = {name: given[name] for name in _REMEMBERED if given.get(name) is not None}
    try:
        csv_text.dialect(settings)
    except ValueError as problem:
        raise job_info.invalid_job(str(problem)) from problem
    settings |= {"contentType": "CSV", "apiVersion": call.request.version}
    return jobs.create(call.transaction, Api.INGEST, state, object_type.name, operation, settings)


def _operation(call: ApiCall, given: dict[str, Any]) -> Operation:
    try:
        operation = Operation(given.get("operation", ""))
    except ValueError:
        operation = Operation.QUERY
    if operation not in jobs.LOADS:
        shown = ", ".join(sorted(jobs.LOADS))
        raise job_info.invalid_job(f"operation must be one of {shown}, not {given.get('operation')}")
    if operation is Operation.HARD_DELETE and not call.org.settings.bulk_hard_delete:
        raise SalesforceError(403, "FEATURENOTENABLED", "hardDelete is not enabled for this user", None)
    return operation


def _create_with_content(call: ApiCall) -> Reply:
    parts = _parts(call)
    if set(parts) != {"job", "content"}:
        raise job_info.invalid_job("A multipart request must have the parts job and content")
    if len(parts["content"]) > _MOST_INLINE:
        raise job_info.invalid_job(f"A multipart request takes at most {_MOST_INLINE} characters of data; upload larger data by PUT")
    try:
        given = json.loads(parts["job"])
    except ValueError as problem:
        raise SalesforceError(400, "JSON_PARSER_ERROR", f"The part job is no JSON: {problem}", None) from problem
    job = _created(call, given, State.UPLOAD_COMPLETE)
    batches.create(call.transaction, job, parts["content"])
    worker.start(call.org, job.id)
    return Reply(200, job_info.created(job, call.request.version))


def _parts(call: ApiCall) -> dict[str, bytes]:
    head = f"Content-Type: {call.request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + call.request.body)
    found: dict[str, bytes] = {}
    for part in message.get_payload() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        if isinstance(part, Message) and isinstance(name, str):
            payload = part.get_payload(decode=True)
            found[name] = payload if isinstance(payload, bytes) else b""
    return found


def _unpacked(call: ApiCall) -> bytes:
    """Return the upload, unpacked where it came compressed."""
    body = call.request.body
    if call.request.headers.get("content-encoding", "").lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        return unpacker.decompress(body, _MOST_BYTES + 1)
    except zlib.error as problem:
        raise SalesforceError(400, "UNKNOWN_EXCEPTION", f"The upload says it is gzip, but is not: {problem}", None) from problem
