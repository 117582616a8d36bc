"""The preview of a sync: what would happen to each record, and the button that makes exactly that happen."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import previews, syncs
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import Previewed, PreviewedRecord
from crosswalk.editing.samples import Range
from crosswalk.editing.syncs import SyncView
from crosswalk.editing.uploads import MOST_BYTES, Read, Upload
from crosswalk.errors import MappingError, Problem, RequestRefused
from crosswalk.web import callers, previewing
from crosswalk.web.api.moments import of_this_age
from crosswalk.web.callers import OperatingPage
from crosswalk.web.console import forms, pages, wording
from crosswalk.web.previewing import Chosen

router = APIRouter(prefix="/syncs/{sync_id}/preview", include_in_schema=False)

_CARRIED = ("latest", "start", "end", "name", "content")
_NAME_LENGTH = 255
_DIGITS = 6
_MEDIA = {"csv": "text/csv", "json": "application/json"}
ACTIONS = {
    "insert": ("Create", "written", "plus"),
    "update": ("Update", "written", "pencil"),
    "unchanged": ("Unchanged", "unchanged", "equal"),
    "held": ("Would be held", "held", "hand"),
    "skipped": ("Skipped", "skipped", "circle-slash"),
    "waiting": ("Would wait", "waiting", "clock"),
    "written": ("Write", "written", "circle-check"),
}


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What was previewed: the list of records, and each with its fields."""

    template: ClassVar[str] = "preview.html"
    sync: SyncView
    values: Mapping[str, str]
    shown: Previewed | None = None
    read: Read | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    changed: bool = False
    stale: str = ""

    @property
    def carried(self) -> Mapping[str, str]:
        """What every form of the page hands on, so that it is about the same events."""
        return {name: self.values[name] for name in _CARRIED if self.values.get(name)}

    @property
    def counts(self) -> Sequence[tuple[str, str, str, int]]:
        """Each kind of change with its word, colour, icon and number."""
        counts = self.shown.counts if self.shown else {}
        return [(*ACTIONS[kind], counts[kind]) for kind in ACTIONS if counts.get(kind)]

    def action(self, record: PreviewedRecord) -> tuple[str, str, str]:
        """Return word, colour and icon of what would happen to a record."""
        return ACTIONS[record.action]


@router.get("")
async def show(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Preview the latest events, or the latest of a range, by the mapping in force."""
    desk = await _desk(request, caller, sync_id)
    given = {name: request.query_params.get(name, "")[:60] for name in ("latest", "start", "end")}
    return await _page(request, caller, desk, given)


@router.post("")
async def show_draft(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Preview the latest events by a draft that is not saved."""
    desk = await _desk(request, caller, sync_id)
    text = (await forms.values(request)).get("document", "")
    try:
        draft = json.loads(text)
    except ValueError:
        raise RequestRefused("not_a_draft", "The draft could not be read; go back to the mapping and try again.", 422) from None
    return await _page(request, caller, desk, {}, draft=draft)


@router.post("/file")
async def show_file(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Preview the events of a file."""
    desk = await _desk(request, caller, sync_id)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _page(request, caller, desk, {}, errors={"file": "Choose a file first."})
    content = await file.read(MOST_BYTES + 1)
    await file.close()
    given = {"name": file.filename[-_NAME_LENGTH:], "content": base64.b64encode(content).decode()}
    return await _page(request, caller, desk, given)


@router.post("/run")
async def run(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Run exactly what was previewed."""
    desk = await _desk(request, caller, sync_id)
    engine, given = callers.services(request).engine, await forms.values(request)
    chosen, errors = _chosen(given, wording.zone(request))
    if errors:
        return await _page(request, caller, desk, given)
    try:
        done = await previewing.run(engine, desk, chosen, given.get("mark", ""), caller.actor)
    except RequestRefused as refused:
        return await _page(request, caller, desk, given, errors={"": refused.sentence})
    if isinstance(done, Previewed):
        return await _page(request, caller, desk, given, changed=True)
    said = f"{len(done.queued)} deliveries are being written, exactly as previewed."
    return pages.of(request).go(request, f"/syncs/{sync_id}", said)


@router.post("/download")
async def download(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Hand out the preview as a table, or as JSON."""
    desk = await _desk(request, caller, sync_id)
    given = await forms.values(request)
    chosen, errors = _chosen(given, wording.zone(request))
    if errors:
        return await _page(request, caller, desk, given)
    found, _ = await previewing.shown(callers.services(request).engine, desk, chosen)
    if given.get("form") == "json":
        body, kind = json.dumps(previewing.as_json(found), ensure_ascii=False, indent=2).encode(), "json"
    else:
        body, kind = previewing.as_csv(found), "csv"
    headers = {"content-disposition": f'attachment; filename="preview.{kind}"'}
    return Response(body, media_type=f"{_MEDIA[kind]}; charset=utf-8", headers=headers)


async def _desk(request: Request, caller: Caller, sync_id: str) -> Desk:
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id)
    caller.expect_on(desk.connection.id, Permission.OPERATE)
    return desk


def _chosen(given: Mapping[str, str], zone: tzinfo) -> tuple[Chosen, Mapping[str, str]]:
    """Return what a form chose, and a sentence for each field that cannot be."""
    if given.get("name"):
        try:
            return Chosen(upload=Upload(given["name"], base64.b64decode(given.get("content", ""), validate=True))), {}
        except ValueError:
            return Chosen(), {"file": "The file did not come through; choose it again."}
    errors, ends = dict[str, str](), dict[str, datetime | None]()
    for name in ("start", "end"):
        try:
            ends[name] = _moment(given.get(name, ""), zone)
        except ValueError:
            errors[name] = "Enter a day of this century and a time."
    start, end = ends.get("start"), ends.get("end")
    if start and end and end <= start:
        errors["end"] = "The range ends before it begins; choose a later end."
    told = given.get("latest", "")
    latest = int(told) if told.isascii() and told.isdigit() and len(told) < _DIGITS else previewing.USUAL
    return Chosen(min(max(latest, 1), previews.MOST), Range(start, end)), errors


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """Return a time of a form, which is the reader's unless it says otherwise."""
    if not text:
        return None
    found = of_this_age(datetime.fromisoformat(text))
    return found if found.tzinfo else found.replace(tzinfo=zone)


async def _page(
    request: Request,
    caller: Caller,
    desk: Desk,
    given: Mapping[str, str],
    *,
    draft: Any = None,
    changed: bool = False,
    errors: Mapping[str, str] | None = None,
) -> Response:
    engine = callers.services(request).engine
    chosen, wrong = _chosen(given, wording.zone(request))
    told, problems = {**wrong, **(errors or {})}, list[Problem]()
    shown: Previewed | None = None
    read: Read | None = None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if told else HTTPStatus.OK
    if desk.org is not None and not told:
        try:
            shown, read = await previewing.shown(engine, desk, chosen, draft)
        except MappingError as refused:
            problems += refused.problems
        except RequestRefused as refused:
            told[str(refused.facts.get("field") or "file")] = refused.sentence
            status = HTTPStatus(refused.status)
    sync = syncs.view(await engine.configuration.current(), desk.sync)
    values = {**given, "latest": str(chosen.latest)} if shown else {"latest": str(chosen.latest), **_ends(given)}
    context = PreviewPage(sync, values, shown, read, told, problems, changed, desk.stale)
    crumbs = [("Syncs", "/syncs"), (sync.name, f"/syncs/{sync.id}")]
    return await pages.of(request).show(request, caller, context, title="Preview", current="/syncs", crumbs=crumbs, status=status)


def _ends(given: Mapping[str, str]) -> Mapping[str, str]:
    return {name: given.get(name, "") for name in ("start", "end")}
