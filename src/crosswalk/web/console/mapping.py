"""The mapping editor: one sync with its steps; the rows are drawn here, at first and again for every edit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import formulas, opening, samples, syncs
from crosswalk.editing.desk import Desk
from crosswalk.editing.samples import Sample
from crosswalk.editing.sheet import Sheet
from crosswalk.editing.syncs import SyncView
from crosswalk.mapping import drafts, faces
from crosswalk.mapping.drafts import Draft
from crosswalk.mapping.suggest import Suggestion
from crosswalk.store.configuration import SyncState
from crosswalk.web import callers
from crosswalk.web.callers import LookingPage
from crosswalk.web.console import pages
from crosswalk.web.console.rules import RulePart, rule_of

router = APIRouter(prefix="/syncs", include_in_schema=False)

STATE_WORDS = {SyncState.ON: "On", SyncState.PAUSED: "Paused", SyncState.OFF: "Off"}
_POLICIES = tuple((policy.value, words) for policy, words in faces.POLICY_WORDS.items())


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One step of a draft: what is drawn again after an edit."""

    template: ClassVar[str] = "_mapping_part.html"
    sheet: Sheet
    rule: Sequence[RulePart]
    suggestions: Sequence[Suggestion]
    may_change: bool
    event_id: str
    policies: Sequence[tuple[str, str]] = _POLICIES

    def policy_words(self, value: str) -> str:
        """Return how a policy is called."""
        return dict(self.policies).get(value, value)


@dataclass(frozen=True, slots=True)
class MappingPage(SheetPart):
    """The whole page."""

    template: ClassVar[str] = "mapping.html"
    sync: SyncView | None = None
    events: Sequence[Sample] = ()
    newer: str = ""
    older: str = ""
    person: str = ""
    stale: str = ""
    may_preview: bool = False
    event_types: str = ""
    functions: str = " ".join(formulas.FUNCTIONS)

    @property
    def state_word(self) -> str:
        """The sync's state in a word."""
        return STATE_WORDS[self.sync.state] if self.sync else ""


class DraftIn(BaseModel):
    """A draft as the page holds it."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, Any]
    step: Annotated[int, Field(ge=0, le=50)] = 0
    event_id: Annotated[str, Field(max_length=36)] | None = None


@router.get("/{sync_id}/mapping")
@router.get("/{sync_id}")
async def show(
    request: Request,
    caller: LookingPage,
    sync_id: str,
    step: Annotated[int, Query(ge=0, le=50)] = 0,
    event: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    """Show the mapping in force, ready to be edited by who may."""
    engine = callers.services(request).engine
    desk = await _desk(request, caller, sync_id, Permission.LOOK)
    sees = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    chosen = await samples.one(engine, desk, event or None)
    recent = await samples.recent(engine, desk, sees_people=sees)
    at = next((number for number, one in enumerate(recent) if chosen and one.id == chosen.id), None)
    draft = drafts.read(opening.opened(desk))
    part = await _part(request, caller, desk, draft, chosen.id if chosen else "", step)
    context = MappingPage(
        **{name: getattr(part, name) for name in ("sheet", "rule", "suggestions", "may_change", "event_id")},
        sync=syncs.view(await engine.configuration.current(), desk.sync),
        events=recent if at is not None or chosen is None else [samples.sample(desk, chosen, sees_people=sees), *recent],
        newer=recent[at - 1].id if at else "",
        older=recent[at + 1].id if at is not None and at + 1 < len(recent) else "",
        person=samples.sample(desk, chosen, sees_people=sees).person if chosen else "",
        stale=desk.stale,
        may_preview=caller.may_on(desk.connection.id, Permission.OPERATE),
        event_types=" ".join(await samples.types(engine, desk)),
    )
    return await pages.of(request).show(
        request, caller, context, title=f"Mapping, {desk.sync.name}", current="/syncs", crumbs=[("Syncs", "/syncs")]
    )


@router.post("/{sync_id}/sheet")
async def draw(request: Request, caller: LookingPage, sync_id: str, body: DraftIn) -> Response:
    """Draw a step of a draft again, and say what is wrong with the whole of it."""
    desk = await _desk(request, caller, sync_id, Permission.LOOK, body.document)
    draft = drafts.read(body.document)
    part = await _part(request, caller, desk, draft, body.event_id or "", body.step)
    html = bytes(pages.of(request).part(request, caller, part).body).decode()
    places = part.sheet.places
    problems = [{**asdict(problem), "key": places.get(_row_place(problem.place))} for problem in part.sheet.refusing]
    return JSONResponse({"html": html, "problems": problems, "changes": part.sheet.changes})


async def _desk(request: Request, caller: Caller, sync_id: str, permission: Permission, *more: Mapping[str, Any]) -> Desk:
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id, *more)
    caller.expect_on(desk.connection.id, permission)
    return desk


async def _part(request: Request, caller: Caller, desk: Desk, draft: Draft, event_id: str, step: int) -> SheetPart:
    engine = callers.services(request).engine
    sees = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    event = await samples.one(engine, desk, event_id or None)
    sheet = await opening.drawn(engine, desk, draft, event, step, sees_people=sees)
    return SheetPart(
        sheet=sheet,
        rule=rule_of(draft.data, sheet.step, desk),
        suggestions=await opening.suggestions(desk, draft, sheet.step),
        may_change=caller.may_on(desk.connection.id, Permission.CONFIGURE),
        event_id=event.id if event else "",
    )


def _row_place(place: str) -> str:
    head, dot, rest = place.partition(".rows[")
    return f"{head}.rows[{rest.partition(']')[0]}]" if dot else place
