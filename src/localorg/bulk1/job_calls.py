"""`job`: make one, look at it, close or abort it."""

from dataclasses import replace
from typing import Any

from localorg.api_call import ApiCall
from localorg.bulk import batches, job_info, jobs, uploads, worker
from localorg.bulk.batches import Batch, BatchState
from localorg.bulk.jobs import Api, Job, Operation, State
from localorg.bulk1 import spelling
from localorg.errors import SalesforceError
from localorg.requests import Reply

_CONTENT_TYPES = ("CSV", uploads.JSON, uploads.XML)
_UNFINISHED = frozenset({BatchState.QUEUED, BatchState.IN_PROGRESS})


def create(call: ApiCall) -> Reply:
    """Make a job: 201."""
    given = spelling.read(call.request)
    object_type = call.transaction.schema.object(str(given.get("object")))
    if object_type is None:
        raise SalesforceError(400, "INVALIDENTITY", f"Entity '{given.get('object')}' is not supported by the Bulk API.", None)
    operation = _operation(call, given)
    content_type = str(given.get("contentType") or "XML").upper()
    if content_type not in _CONTENT_TYPES:
        raise job_info.invalid_job(f"contentType must be one of {', '.join(_CONTENT_TYPES)} in this org, not {content_type}")
    key_name = given.get("externalIdFieldName") or None
    if operation is Operation.UPSERT:
        key_field = object_type.field(str(key_name)) if key_name else None
        if key_name is None:
            raise job_info.invalid_job(f"External ID was blank for {object_type.name}. An External ID must be specified for upsert.")
        if key_field is None or not (key_field.external_id or key_field.id_lookup):
            raise job_info.invalid_job(f"Field name provided, {key_name} does not match an External ID for {object_type.name}")
    settings = {"contentType": content_type, "apiVersion": call.request.version, "externalIdFieldName": key_name}
    settings |= {"assignmentRuleId": given.get("assignmentRuleId") or None, "concurrencyMode": _mode(given)}
    job = jobs.create(call.transaction, Api.V1, State.OPEN, object_type.name, operation, settings)
    return spelling.info(call.request, job, "jobInfo", spelling.job_info(job, [], call.transaction.now), 201)


def show(call: ApiCall) -> Reply:
    """Return a job; work that was cut off by the end of a process goes on."""
    job = found(call)
    return spelling.info(call.request, job, "jobInfo", _shown(call, job))


def change(call: ApiCall) -> Reply:
    """Close or abort a job; a closed one still works off what it has."""
    job = found(call)
    wanted = spelling.read(call.request).get("state")
    if wanted not in {State.CLOSED, State.ABORTED}:
        raise SalesforceError(400, "INVALIDJOBSTATE", f"A job can be Closed or Aborted, not {wanted}", None)
    if job.state in jobs.ENDED or (job.state is State.CLOSED and wanted == State.CLOSED):
        raise SalesforceError(400, "INVALIDJOBSTATE", f"Job {job.id} is {job.state} and cannot become {wanted}", None)
    if wanted == State.ABORTED:
        job = jobs.ended(job, State.ABORTED, call.transaction.now)
        _drop_waiting(call, job)
    else:
        job = replace(job, state=State.CLOSED)
    jobs.save(call.transaction.connection, job)
    return spelling.info(call.request, job, "jobInfo", _shown(call, job))


def found(call: ApiCall) -> Job:
    """Return the job of the path, at work if it has anything to do."""
    job = jobs.required(call.transaction, call.parts["job"], Api.V1)
    if job.state not in jobs.ENDED and any(each.state in _UNFINISHED for each in _batches(call, job)):
        worker.start(call.org, job.id)
    return job


def _operation(call: ApiCall, given: dict[str, Any]) -> Operation:
    text = given.get("operation")
    if text not in list(Operation):
        raise job_info.invalid_job(f"operation must be one of {', '.join(Operation)}, not {text}")
    operation = Operation(text)
    if operation is Operation.HARD_DELETE and not call.org.settings.bulk_hard_delete:
        raise SalesforceError(400, "FEATURENOTENABLED", "hardDelete is not enabled for this user", None)
    return operation


def _mode(given: dict[str, Any]) -> str:
    # simple-salesforce sends the number of the mode instead of its name.
    return "Serial" if str(given.get("concurrencyMode")) in {"Serial", "1"} else "Parallel"


def _shown(call: ApiCall, job: Job) -> dict[str, Any]:
    return spelling.job_info(job, _batches(call, job), call.transaction.now)


def _batches(call: ApiCall, job: Job) -> list[Batch]:
    return batches.of(call.transaction.connection, job)


def _drop_waiting(call: ApiCall, job: Job) -> None:
    for each in _batches(call, job):
        if each.state in _UNFINISHED:
            batches.save(call.transaction.connection, replace(each, state=BatchState.NOT_PROCESSED, changed=call.transaction.stamp))
