"""What the mapping editor asks while somebody types: formulas checked, auto-matches tried, records and objects found, recent events."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.editing import formulas, lookups, samples
from crosswalk.editing.formulas import FormulaCheck
from crosswalk.editing.lookups import FoundRecord, Matched, ObjectChoice
from crosswalk.errors import MappingError, RequestRefused
from crosswalk.mapping import document
from crosswalk.mapping.document import AutoMatchEntry, FieldRow
from crosswalk.web import callers
from crosswalk.web.api.mappings import desk_for
from crosswalk.web.callers import Configuring, Looking

router = APIRouter(prefix="/api/syncs/{sync_id}", tags=["mappings"])


class FormulaIn(BaseModel):
    """A formula, and the field it is to fill where that is chosen already."""

    model_config = ConfigDict(extra="forbid")

    formula: Annotated[str, Field(max_length=10_000)]
    object: Annotated[str, Field(max_length=80)] = ""
    field: Annotated[str, Field(max_length=80)] = ""


class MatchIn(BaseModel):
    """An auto-match to be tried on an event, on the latest without an id."""

    model_config = ConfigDict(extra="forbid")

    match: dict[str, Any]
    event_id: Annotated[str, Field(max_length=36)] | None = None


class RecordOut(BaseModel):
    """One record by its name; without a name there is none of that id any more."""

    id: str
    name: str
    object: str


class SampleOut(BaseModel):
    """One recent event to try a mapping on."""

    id: str
    person: str
    what: str
    at: datetime


@router.post("/mapping/formula")
async def check_formula(request: Request, caller: Looking, sync_id: str, body: FormulaIn) -> FormulaCheck:
    """Check a formula: where it stops making sense, and what it gives for the three latest events."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    events = await samples.events(callers.services(request).engine, desk, formulas.EVENTS)
    field = desk.schema.field(body.object, body.field)
    return formulas.checked(desk, body.formula, field, events, sees_people=caller.may_on(desk.connection.id, Permission.SEE_PERSONS))


@router.post("/mapping/auto-match")
async def try_auto_match(request: Request, caller: Configuring, sync_id: str, body: MatchIn) -> Matched:
    """Look up what an auto-match would find for an event; costs an API call."""
    desk = await desk_for(request, caller, sync_id, Permission.CONFIGURE, {"steps": [{"object": str(body.match.get("object", ""))}]})
    entry = _entry(desk.source.kind, body.match)
    wanted = entry.auto_match
    if desk.known_schema and desk.schema.field(wanted.object, wanted.field) is None:
        raise RequestRefused("not_in_org", f"The org has no {wanted.object}.{wanted.field} that the connection's user may see.", 422)
    return await lookups.match(desk, entry, await samples.one(callers.services(request).engine, desk, body.event_id))


@router.get("/mapping/records")
async def find_records(
    request: Request,
    caller: Configuring,
    sync_id: str,
    object_name: Annotated[str, Query(alias="object", max_length=80, pattern=r"^[A-Za-z]\w*$")],
    q: Annotated[str, Query(max_length=100)] = "",
) -> list[FoundRecord]:
    """Find records of an object by name, for a default value; costs an API call."""
    desk = await desk_for(request, caller, sync_id, Permission.CONFIGURE)
    return await lookups.records(desk, object_name, q)


@router.get("/mapping/record")
async def name_record(
    request: Request,
    caller: Looking,
    sync_id: str,
    record_id: Annotated[str, Query(alias="id", pattern=r"^[A-Za-z0-9]{15,18}$")],
    objects: Annotated[str, Query(max_length=800, pattern=r"^[A-Za-z]\w*(,[A-Za-z]\w*)*$")],
) -> RecordOut:
    """Return the name behind the id of a default value; without a name the record is gone."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    found = await lookups.named(desk, objects.split(",")[:5], record_id)
    return RecordOut(id=record_id, name=found.name if found else "", object=found.object if found else "")


@router.get("/mapping/objects")
async def list_objects(request: Request, caller: Configuring, sync_id: str) -> list[ObjectChoice]:
    """List the objects the connection's user may create, custom ones too; costs an API call."""
    return await lookups.objects(await desk_for(request, caller, sync_id, Permission.CONFIGURE))


@router.post("/mapping/fields", status_code=204)
async def read_fields_again(request: Request, caller: Configuring, sync_id: str) -> None:
    """Read the objects of the mapping from the org again, as after somebody made a field; costs an API call."""
    desk = await desk_for(request, caller, sync_id, Permission.CONFIGURE)
    await lookups.read_again(desk)


@router.get("/mapping/events")
async def list_events(request: Request, caller: Looking, sync_id: str) -> list[SampleOut]:
    """List the latest events to try a mapping on."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    sees = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    found = await samples.recent(callers.services(request).engine, desk, sees_people=sees)
    return [SampleOut(id=one.id, person=one.person, what=one.what, at=one.at) for one in found]


def _entry(kind: str, match: dict[str, Any]) -> AutoMatchEntry:
    """Read an auto-match as a document would hold it; raise `MappingError` when it is none."""
    row = {"field": "Match", "entry": {"auto_match": match}}
    step = {"name": "match", "object": "Match", "once_per": "event", "rows": [row]}
    read = document.parse({"source": kind, "steps": [step]}).steps[0].rows[0]
    if isinstance(read, FieldRow) and isinstance(read.entry, AutoMatchEntry):
        return read.entry
    raise MappingError([])
