"""What a version 2 client is told of its jobs, and what both kinds of jobs can be told to do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from localorg.api_call import ApiCall
from localorg.bulk import batches, jobs, worker
from localorg.bulk.batches import Batch
from localorg.bulk.jobs import Api, Job, State
from localorg.errors import SalesforceError
from localorg.requests import Reply

_PAGE = 1000
_REMOVABLE = jobs.ENDED | {State.UPLOAD_COMPLETE}
_PLACES = {Api.INGEST: "ingest", Api.QUERY: "query"}


def created(job: Job, version: int) -> dict[str, Any]:
    """Return a job as the calls that make or change it answer."""
    settings = job.settings
    key = {"externalIdFieldName": job.key_name} if job.key_name is not None else {}
    place = f"services/data/v{version}.0/jobs/ingest/{job.id}/batches"
    rule = {"assignmentRuleId": settings["assignmentRuleId"]} if "assignmentRuleId" in settings else {}
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user,
        "createdDate": job.created,
        "systemModstamp": job.finished or job.created,
        "state": job.state,
        **key,
        **rule,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        **({"contentUrl": place} if job.api is Api.INGEST and job.state is State.OPEN else {}),
        "lineEnding": settings.get("lineEnding", "LF"),
        "columnDelimiter": settings.get("columnDelimiter", "COMMA"),
    }


def watched(job: Job, batch: Batch | None, now: datetime) -> dict[str, Any]:
    """Return a job as a poll answers: with what has been done."""
    milliseconds = job.milliseconds(now) if job.state is not State.OPEN else 0
    done = batch.processed if batch is not None else 0
    counts: dict[str, Any] = {"numberRecordsProcessed": done, "retries": job.retries, "totalProcessingTime": milliseconds}
    if job.api is Api.INGEST:
        counts["numberRecordsFailed"] = batch.failed if batch is not None else 0
        counts |= {"apiActiveProcessingTime": milliseconds, "apexProcessingTime": 0}
    else:
        counts["isPkChunkingSupported"] = False
    shown = {**created(job, job.version), "jobType": job.api, **counts}
    return {**shown, "errorMessage": job.error} if job.error is not None else shown


def page(call: ApiCall, api: Api) -> Reply:
    """Return jobs of one kind, oldest first, and the place of the next page."""
    found: Sequence[Job] = jobs.every(call.transaction.connection, api)
    locator = call.request.query.get("queryLocator", "")
    start = next((place for place, job in enumerate(found) if job.id == locator), 0)
    records = [_listed(each) for each in found[start : start + _PAGE]]
    more = found[start + _PAGE].id if start + _PAGE < len(found) else None
    place = f"{call.request.root}/jobs/{_PLACES[api]}?queryLocator={more}" if more is not None else None
    return Reply(200, {"done": more is None, "records": records, "nextRecordsUrl": place})


def resume(call: ApiCall, job: Job) -> None:
    """Have the work on a job go on if nobody is at it, as after the end of a process."""
    if job.state in {State.UPLOAD_COMPLETE, State.IN_PROGRESS}:
        worker.start(call.org, job.id)


def wanted_state(given: Any) -> State | None:
    """Return the state a client wants its job in; None for one that does not exist."""
    text = given.get("state") if isinstance(given, dict) else None
    return State(text) if text in list(State) else None


def aborted(call: ApiCall, job: Job) -> Job:
    """End a job before its time; the rows that are done stay."""
    if job.state in jobs.ENDED:
        raise wrong_state(f"Job {job.id} is {job.state} and cannot be aborted")
    ended = jobs.ended(job, State.ABORTED, call.transaction.now)
    jobs.save(call.transaction.connection, ended)
    return ended


def remove(call: ApiCall, api: Api) -> None:
    """Forget a job that has ended or has not begun."""
    job = jobs.required(call.transaction, call.parts["job"], api)
    if job.state not in _REMOVABLE:
        raise wrong_state(f"Job {job.id} is {job.state}; abort it before you delete it")
    jobs.remove(call.transaction.connection, job.id)


def wrong_state(text: str) -> SalesforceError:
    """Return the refusal of a call that the job's state does not allow."""
    return SalesforceError(400, "INVALIDJOBSTATE", text, None)


def invalid_job(text: str) -> SalesforceError:
    """Return the refusal of a job that makes no sense."""
    return SalesforceError(400, "INVALIDJOB", f"InvalidJob : {text}", None)


def only_batch(call: ApiCall, job: Job) -> Batch | None:
    """Return what was uploaded to a version 2 job, or None."""
    return next(iter(batches.of(call.transaction.connection, job)), None)


def _listed(job: Job) -> dict[str, Any]:
    return {**created(job, job.version), "jobType": job.api}
