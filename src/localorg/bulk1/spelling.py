"""Jobs, batches, results and refusals as version 1 spells them: XML or JSON, as the caller prefers.

A call that says JSON is answered in JSON, and one that says XML or CSV in XML; one that says nothing in what its job is made of.
"""

from datetime import datetime
from typing import Any

from localorg import soap
from localorg.bulk import uploads
from localorg.bulk.batches import Batch, BatchState
from localorg.bulk.jobs import Job, State
from localorg.errors import SalesforceError
from localorg.requests import ApiRequest, Content, Reply

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_XML = "application/xml"
_CODES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "INVALID_AUTHHEADER": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "INVALIDJOB": "InvalidJob",
    "INVALIDJOBSTATE": "InvalidJobState",
    "INVALIDENTITY": "InvalidEntity",
    "FEATURENOTENABLED": "FeatureNotEnabled",
    "NOT_FOUND": "InvalidUrl",
    "METHOD_NOT_ALLOWED": "InvalidUrl",
    "SERVER_UNAVAILABLE": "ServerUnavailable",
}
_UNAUTHORIZED = 401


def wants_json(request: ApiRequest, job: Job | None = None) -> bool:
    """Tell whether a call is answered in JSON."""
    given = request.headers.get("content-type", "").lower()
    if "json" in given:
        return True
    if "xml" in given or "csv" in given or job is None:
        return False
    return job.settings.get("contentType") == uploads.JSON


def read(request: ApiRequest) -> dict[str, Any]:
    """Return the body of a call that makes or changes a job."""
    if wants_json(request):
        found = request.json()
    else:
        try:
            found = soap.value(soap.parse(request.body))
        except SalesforceError as problem:
            raise SalesforceError(400, "ClientInputError", f"The body is no XML: {problem.message}", None) from problem
    if not isinstance(found, dict):
        raise SalesforceError(400, "ClientInputError", "The body must describe a job", None)
    return found


def info(request: ApiRequest, job: Job, name: str, held: dict[str, Any], status: int = 200) -> Reply:
    """Return one job or batch."""
    if wants_json(request, job):
        return Reply(status, held)
    return _xml(status, name, _inner(held))


def listed(request: ApiRequest, job: Job, outer: str, name: str, held: list[Any]) -> Reply:
    """Return a list of batches or of result ids; results are a bare list in JSON."""
    if wants_json(request, job):
        return Reply(200, held if name == "result" else {name: held})
    return _xml(200, outer, "".join(soap.element(name, _without_nulls(each)) for each in held))


def refusal(request: ApiRequest, error: SalesforceError) -> Reply:
    """Return the answer that carries a refusal; a session that is over is a bad request here."""
    status = 400 if error.status == _UNAUTHORIZED else error.status
    held = {"exceptionCode": _CODES.get(error.code, error.code), "exceptionMessage": error.message}
    if wants_json(request):
        return Reply(status, held)
    return _xml(status, "error", _inner(held))


def job_info(job: Job, batches: list[Batch], now: datetime) -> dict[str, Any]:
    """Return what a client is told of a job."""
    counts = {state: sum(1 for each in batches if each.state is state) for state in BatchState}
    milliseconds = job.milliseconds(now) if batches else 0
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user,
        "createdDate": _date(job.created),
        "systemModstamp": _date(job.finished or job.created),
        "state": State.CLOSED if job.state is State.COMPLETE else job.state,
        "externalIdFieldName": job.key_name,
        "concurrencyMode": job.settings.get("concurrencyMode", "Parallel"),
        "contentType": job.settings["contentType"],
        "numberBatchesQueued": counts[BatchState.QUEUED],
        "numberBatchesInProgress": counts[BatchState.IN_PROGRESS],
        "numberBatchesCompleted": counts[BatchState.COMPLETED],
        "numberBatchesFailed": counts[BatchState.FAILED] + counts[BatchState.NOT_PROCESSED],
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(each.processed for each in batches),
        "numberRetries": job.retries,
        "apiVersion": float(job.version),
        "numberRecordsFailed": sum(each.failed for each in batches),
        "totalProcessingTime": milliseconds,
        "apiActiveProcessingTime": milliseconds,
        "apexProcessingTime": 0,
    }


def batch_info(batch: Batch) -> dict[str, Any]:
    """Return what a client is told of a batch."""
    return {
        "id": batch.id,
        "jobId": batch.job,
        "state": batch.state,
        "stateMessage": batch.message,
        "createdDate": _date(batch.created),
        "systemModstamp": _date(batch.changed),
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": 0,
        "apiActiveProcessingTime": 0,
        "apexProcessingTime": 0,
    }


def _date(stamp: str) -> str:
    return stamp.removesuffix("+0000") + "Z"


def _without_nulls(held: Any) -> Any:
    return {key: each for key, each in held.items() if each is not None} if isinstance(held, dict) else held


def _inner(held: dict[str, Any]) -> str:
    return "".join(soap.element(key, each) for key, each in _without_nulls(held).items())


def _xml(status: int, name: str, inner: str) -> Reply:
    start = f'{name} xmlns="{NAMESPACE}"'
    document = f"{HEAD}<{start}>{inner}</{name}>" if inner else f"{HEAD}<{start}/>"
    return Reply(status, content=Content(_XML, [document.encode()]))
