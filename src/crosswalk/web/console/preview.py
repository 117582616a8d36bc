"""The preview of a sync: what would happen to each record, and the button that makes exactly that happen."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import previews, samples, syncs
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import Previewed, PreviewedRecord
from crosswalk.editing.syncs import SyncView
from crosswalk.errors import MappingError, Problem, RequestRefused
from crosswalk.web import callers
from crosswalk.web.callers import OperatingPage
from crosswalk.web.console import forms, pages

router = APIRouter(prefix="/syncs/{sync_id}/preview", include_in_schema=False)

Latest = Annotated[int, Query(ge=1, le=previews.MOST)]
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
    """What was previewed, and the record that is shown."""

    template: ClassVar[str] = "preview.html"
    sync: SyncView
    latest: int
    shown: Previewed | None = None
    at: int = 0
    problems: Sequence[Problem] = ()
    changed: bool = False
    stale: str = ""

    @property
    def record(self) -> PreviewedRecord | None:
        """The record in the right half of the page."""
        records = self.shown.records if self.shown else ()
        return records[min(self.at, len(records) - 1)] if records else None

    @property
    def counts(self) -> Sequence[tuple[str, str, str, int]]:
        """Each kind of change with its word, colour, icon and number."""
        counts = self.shown.counts if self.shown else {}
        return [(*ACTIONS[kind], counts[kind]) for kind in ACTIONS if counts.get(kind)]

    def action(self, record: PreviewedRecord) -> tuple[str, str, str]:
        """Return word, colour and icon of what would happen to a record."""
        return ACTIONS[record.action]


@router.get("")
async def show(
    request: Request, caller: OperatingPage, sync_id: str, latest: Latest = 25, at: Annotated[int, Query(ge=0, le=10_000)] = 0
) -> Response:
    """Preview the latest events by the mapping in force."""
    desk = await _desk(request, caller, sync_id)
    return await _page(request, caller, desk, latest, at=at)


@router.post("")
async def show_draft(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Preview the latest events by a draft that is not saved."""
    desk = await _desk(request, caller, sync_id)
    text = (await forms.values(request)).get("document", "")
    try:
        draft = json.loads(text)
    except ValueError:
        raise RequestRefused("not_a_draft", "The draft could not be read; go back to the mapping and try again.", 422) from None
    return await _page(request, caller, desk, 25, draft=draft)


@router.post("/run")
async def run(request: Request, caller: OperatingPage, sync_id: str) -> Response:
    """Run exactly what was previewed."""
    desk = await _desk(request, caller, sync_id)
    engine, given = callers.services(request).engine, await forms.values(request)
    latest = min(max(int(given.get("latest", "")) if given.get("latest", "").isdigit() else 25, 1), previews.MOST)
    done = await previews.run(engine, desk, await samples.events(engine, desk, latest), given.get("mark", ""), caller.actor)
    if isinstance(done, Previewed):
        return await _page(request, caller, desk, latest, shown=done, changed=True)
    said = f"{len(done.queued)} deliveries are being written, exactly as previewed."
    return pages.of(request).go(request, f"/syncs/{sync_id}", said)


async def _desk(request: Request, caller: Caller, sync_id: str) -> Desk:
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id)
    caller.expect_on(desk.connection.id, Permission.OPERATE)
    return desk


async def _page(
    request: Request,
    caller: Caller,
    desk: Desk,
    latest: int,
    *,
    at: int = 0,
    draft: Any = None,
    shown: Previewed | None = None,
    changed: bool = False,
) -> Response:
    engine = callers.services(request).engine
    problems: Sequence[Problem] = ()
    if shown is None and desk.org is not None:
        try:
            shown = await previews.preview(engine, desk, await samples.events(engine, desk, latest), draft)
        except MappingError as refused:
            problems = refused.problems
    sync = syncs.view(await engine.configuration.current(), desk.sync)
    context = PreviewPage(sync, latest, shown, at, problems, changed, desk.stale)
    crumbs = [("Syncs", "/syncs"), (sync.name, f"/syncs/{sync.id}")]
    return await pages.of(request).show(request, caller, context, title="Preview", current="/syncs", crumbs=crumbs)
