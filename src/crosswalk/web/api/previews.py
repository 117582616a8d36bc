"""What a sync would do with recent events or those of a file, and exactly that, run."""

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crosswalk.access.roles import Permission
from crosswalk.editing import previews
from crosswalk.editing.previews import Previewed, PreviewedRecord
from crosswalk.editing.samples import Range
from crosswalk.editing.uploads import MOST_BYTES, Upload
from crosswalk.web import answers, callers, previewing
from crosswalk.web.api.mappings import desk_for
from crosswalk.web.callers import Operating
from crosswalk.web.previewing import Chosen

router = APIRouter(prefix="/api/syncs/{sync_id}/preview", tags=["preview"])


class FileIn(BaseModel):
    """A file of events: JSON lines of bodies as the source posts them, or a table when its name ends in .csv."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=255)]
    content: Annotated[str, Field(max_length=2 * MOST_BYTES)]


class _Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid")

    latest: Annotated[int, Field(ge=1, le=previews.MOST)] = previewing.USUAL
    start: datetime | None = None
    end: datetime | None = None
    file: FileIn | None = None

    def chosen(self) -> Chosen:
        """Return it as what a preview is of."""
        upload = Upload(self.file.name, self.file.content.encode("utf-8", "replace")) if self.file else None
        return Chosen(self.latest, Range(self.start, self.end), upload)


class PreviewIn(_Chosen):
    """Which events: the latest, those that came within a range of time, or those of a file; with `document` by a draft of the mapping."""

    document: dict[str, Any] | None = None


class RunIn(_Chosen):
    """The events that were previewed, and the preview's mark."""

    mark: Annotated[str, Field(max_length=64)]


class BadRow(BaseModel):
    """A row of a file that is no event, with its line in the sentence."""

    code: str
    sentence: str


class FileOut(BaseModel):
    """What a file holds besides what the preview shows."""

    rows: int
    repeats: int
    notices: int
    not_taken: int
    invalid: list[BadRow]
    remarks: list[str]


class PreviewOut(BaseModel):
    """Everything a run would do. `mark` stands for all of it; `file` tells of a file what the preview leaves out."""

    version: int
    is_draft: bool
    events: int
    people: int
    counts: dict[str, int]
    calls_at_most: int
    records: list[PreviewedRecord]
    mark: str
    file: FileOut | None = None


class RunOut(BaseModel):
    """The run that carries out the preview."""

    run_id: str
    deliveries: int


@router.post("")
async def preview_events(request: Request, caller: Operating, sync_id: str, body: PreviewIn) -> PreviewOut:
    """Show record by record what would change, before and after, with a bound on API calls; nothing is written."""
    desk = await desk_for(request, caller, sync_id, Permission.OPERATE)
    found, read = await previewing.shown(callers.services(request).engine, desk, body.chosen(), body.document)
    file = None
    if read:
        bad = [BadRow(code=one.code, sentence=one.sentence) for one in read.invalid]
        counts = {"rows": read.rows, "repeats": read.repeats, "notices": read.notices, "not_taken": read.not_taken}
        file = FileOut(**counts, invalid=bad, remarks=list(read.remarks))
    return PreviewOut(**{one.name: getattr(found, one.name) for one in fields(found)}, file=file)


@router.post("/csv", responses={200: {"content": {"text/csv": {}}}})
async def preview_as_table(request: Request, caller: Operating, sync_id: str, body: PreviewIn) -> Response:
    """Return the preview as comma-separated text: a line for each field of each record."""
    desk = await desk_for(request, caller, sync_id, Permission.OPERATE)
    found, _ = await previewing.shown(callers.services(request).engine, desk, body.chosen(), body.document)
    return Response(previewing.as_csv(found), media_type="text/csv; charset=utf-8")


@router.post("/run", responses={409: {"description": "Something changed since the preview; the new one."}})
async def run_preview(request: Request, caller: Operating, sync_id: str, body: RunIn) -> Any:
    """Run exactly what a preview showed; where it would no longer be the same, answer 409 with the new preview."""
    desk = await desk_for(request, caller, sync_id, Permission.OPERATE)
    done = await previewing.run(callers.services(request).engine, desk, body.chosen(), body.mark, caller.actor)
    if not isinstance(done, Previewed):
        return RunOut(run_id=done.run_id, deliveries=len(done.queued))
    told = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "preview_outdated",
        "detail": "Something changed since the preview, so nothing was run. Look at the new preview, then run it.",
        "preview": previewing.as_json(done),
    }
    return JSONResponse(told, 409, media_type=answers.PROBLEM)
