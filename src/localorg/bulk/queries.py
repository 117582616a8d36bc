"""`/jobs/query`: have a query run in the background, and fetch its CSV page by page."""

import base64
import binascii

from localorg.api_call import ApiCall
from localorg.bulk import batches, csv_text, extraction, job_info, jobs, worker
from localorg.bulk.jobs import Api, Operation, State
from localorg.errors import SalesforceError
from localorg.requests import Content, Reply

_MOST_RECORDS = 50_000
_REMEMBERED = ("columnDelimiter", "lineEnding")
_QUERIES = {Operation.QUERY: "query", Operation.QUERY_ALL: "queryAll"}


def create(call: ApiCall) -> Reply:
    """Make a job, which starts at once; a query that cannot run is refused here."""
    given = call.json()
    text = given.get("query") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise job_info.invalid_job("query must hold a SOQL statement")
    operation = next((each for each, name in _QUERIES.items() if name == given.get("operation")), None)
    if operation is None:
        raise job_info.invalid_job(f"operation must be query or queryAll, not {given.get('operation')}")
    settings = {name: given[name] for name in _REMEMBERED if given.get(name) is not None}
    try:
        csv_text.dialect(settings)
    except ValueError as problem:
        raise job_info.invalid_job(str(problem)) from problem
    prepared = extraction.prepare(call.transaction, text, include_deleted=operation is Operation.QUERY_ALL, root=call.request.root)
    settings |= {"contentType": "CSV", "apiVersion": call.request.version}
    job = jobs.create(call.transaction, Api.QUERY, State.UPLOAD_COMPLETE, prepared.plan.shape.label, operation, settings)
    batches.create(call.transaction, job, text.encode())
    worker.start(call.org, job.id)
    return Reply(200, job_info.created(job, call.request.version))


def show(call: ApiCall) -> Reply:
    """Return a job with its counts."""
    job = jobs.required(call.transaction, call.parts["job"], Api.QUERY)
    job_info.resume(call, job)
    return Reply(200, job_info.watched(job, job_info.only_batch(call, job), call.transaction.now))


def change(call: ApiCall) -> Reply:
    """Abort a job."""
    job = jobs.required(call.transaction, call.parts["job"], Api.QUERY)
    wanted = job_info.wanted_state(call.json())
    if wanted is not State.ABORTED:
        raise job_info.wrong_state(f"Job {job.id} can only be aborted, not made {wanted or 'anything else'}")
    return Reply(200, job_info.created(job_info.aborted(call, job), call.request.version))


def remove(call: ApiCall) -> Reply:
    """Forget a job that is not in progress: 204."""
    job_info.remove(call, Api.QUERY)
    return Reply(204)


def every(call: ApiCall) -> Reply:
    """Return jobs, a page at a time."""
    return job_info.page(call, Api.QUERY)


def results(call: ApiCall) -> Reply:
    """Return a page of the CSV; the header `Sforce-Locator` says where the next one begins, `null` when there is none."""
    job = jobs.required(call.transaction, call.parts["job"], Api.QUERY)
    job_info.resume(call, job)
    batch = job_info.only_batch(call, job)
    if job.state is not State.COMPLETE or batch is None:
        raise job_info.wrong_state(f"Job {job.id} is {job.state}; its results are there when it is JobComplete")
    start, most = _start(call), _most(call)
    connection = call.transaction.connection
    lines = batches.lines(connection, batch, 0, 0) + batches.lines(connection, batch, start + 1, start + most)
    number, following = len(lines) - 1, start + most
    locator = base64.b64encode(str(following).encode()).decode() if following < batch.processed else "null"
    headers = {"Sforce-NumberOfRecords": str(number), "Sforce-Locator": locator}
    return Reply(200, headers=headers, content=Content("text/csv; charset=UTF-8", ["".join(lines).encode()]), rows=number)


def _start(call: ApiCall) -> int:
    given = call.request.query.get("locator", "")
    if given in {"", "null"}:
        return 0
    try:
        return max(0, int(base64.b64decode(given, validate=True)))
    except (binascii.Error, ValueError) as problem:
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator", None) from problem


def _most(call: ApiCall) -> int:
    given = call.request.query.get("maxRecords", "")
    return min(_MOST_RECORDS, int(given)) if given.isdecimal() and int(given) > 0 else _MOST_RECORDS
