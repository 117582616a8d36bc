"""`/api/syncs/{id}/mapping`: the mapping of a sync, drafts of it, and its versions.

A save names the version the draft was made from. When somebody saved meanwhile, the answer is 409 with both changes put together: nothing
of either is lost. Problems come all at once, 422, each with the place of its row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from crosswalk.access import users
from crosswalk.access.caller import actor
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import opening, samples, saving, versions
from crosswalk.editing.desk import Desk
from crosswalk.editing.opening import Choices
from crosswalk.editing.saving import Conflict, Saved
from crosswalk.editing.sheet import Sheet
from crosswalk.mapping import drafts
from crosswalk.mapping.differences import Difference
from crosswalk.mapping.suggest import Suggestion
from crosswalk.web import answers, callers
from crosswalk.web.callers import Configuring, Looking

router = APIRouter(prefix="/api/syncs/{sync_id}", tags=["mappings"])

Plain = dict[str, Any]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Step = Annotated[int, Field(ge=0, le=50)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MappingOut(BaseModel):
    """The mapping in force. Rows for required fields that nothing fills stand in it without an entry."""

    version: int
    document: Plain
    may_change: bool


class SaveIn(_Body):
    """A draft and the version it was made from."""

    expected_version: Number
    document: Plain


class DraftIn(_Body):
    """A draft to be tried: what a step's rows would send for an event (the latest without an id), and every problem."""

    document: Plain
    step: Step = 0
    event_id: Annotated[str, Field(max_length=36)] | None = None


class RestoreIn(_Body):
    """The version in force as the caller knows it."""

    expected_version: Number


class ChangeOut(BaseModel):
    """One difference between two versions."""

    kind: str
    object: str
    field: str
    label: str
    what: str
    before: str
    after: str
    sentence: str


class SavedOut(BaseModel):
    """The version in force now, and what the save changed; an equal document makes no version."""

    version: int
    is_new: bool
    changes: list[ChangeOut]


class VersionOut(BaseModel):
    """One version and what it changed of the one before."""

    number: int
    author: str
    at: datetime
    changes: list[ChangeOut]


class VersionsOut(BaseModel):
    """Versions, newest first; `next_before` asks for the older ones."""

    items: list[VersionOut]
    next_before: int | None


async def desk_for(request: Request, caller: Looking, sync_id: str, permission: Permission, *more: Plain) -> Desk:
    """Open a sync for somebody; raise 403 when the role on its connection does not allow it."""
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id, *more)
    caller.expect_on(desk.connection.id, permission)
    return desk


@router.get("/mapping")
async def read_mapping(request: Request, caller: Looking, sync_id: str) -> MappingOut:
    """Return the mapping in force, ready to be edited."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    may_change = caller.may_on(desk.connection.id, Permission.CONFIGURE)
    return MappingOut(version=desk.sync.version, document=dict(opening.opened(desk)), may_change=may_change)


@router.put("/mapping", responses={409: {"description": "Somebody saved meanwhile; both changes put together."}})
async def save_mapping(request: Request, caller: Configuring, sync_id: str, body: SaveIn) -> Any:
    """Save a draft as the next version."""
    desk = await desk_for(request, caller, sync_id, Permission.CONFIGURE, body.document)
    done = await saving.save(callers.services(request).engine, desk, body.document, body.expected_version, caller.actor)
    return await _told(request, done)


@router.post("/mapping/check")
async def check_mapping(request: Request, caller: Looking, sync_id: str, body: DraftIn) -> Sheet:
    """Try a draft without saving it: every row of a step with what the event would send, and all problems of the whole draft."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK, body.document)
    engine, sees = callers.services(request).engine, caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    event = await samples.one(engine, desk, body.event_id)
    return await opening.drawn(engine, desk, drafts.read(body.document), event, body.step, sees_people=sees)


@router.post("/mapping/suggestions")
async def suggest_rows(request: Request, caller: Looking, sync_id: str, body: DraftIn) -> list[Suggestion]:
    """Propose rows for a step of a draft, the surest first."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK, body.document)
    return await opening.suggestions(desk, drafts.read(body.document), body.step)


@router.get("/mapping/options")
async def list_options(
    request: Request,
    caller: Looking,
    sync_id: str,
    object_name: Annotated[str, Query(alias="object", max_length=80)],
    event_id: Annotated[str, Query(max_length=36)] = "",
) -> Choices:
    """Return the fields of an object, the source's attributes with their values in an event, and which goes into which."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    sees = caller.may_on(desk.connection.id, Permission.SEE_PERSONS)
    engine = callers.services(request).engine
    event = await samples.one(engine, desk, event_id or None)
    return await opening.choices(engine, desk, object_name, event, sees_people=sees)


@router.get("/mapping/versions")
async def list_versions(
    request: Request,
    caller: Looking,
    sync_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> VersionsOut:
    """List the versions, newest first, each with what it changed."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    found = await versions.listed(callers.services(request).engine, desk, limit, before)
    items = [VersionOut(number=one.number, author=one.author, at=one.at, changes=changes(one.changes)) for one in found]
    more = bool(found) and len(found) == limit and found[-1].number > 1
    return VersionsOut(items=items, next_before=found[-1].number if more else None)


@router.get("/mapping/versions/{number}")
async def read_version(request: Request, caller: Looking, sync_id: str, number: Number) -> Plain:
    """Return the document of a version."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    return dict(await versions.document_of(callers.services(request).engine, desk, number))


@router.get("/mapping/differences")
async def compare_versions(
    request: Request,
    caller: Looking,
    sync_id: str,
    older: Number,
    newer: Number,
) -> list[ChangeOut]:
    """Return what differs between two versions, row by row."""
    desk = await desk_for(request, caller, sync_id, Permission.LOOK)
    return changes(await versions.between(callers.services(request).engine, desk, older, newer))


@router.post("/mapping/versions/{number}/restore", responses={409: {"description": "Somebody saved meanwhile."}})
async def restore_version(request: Request, caller: Configuring, sync_id: str, number: Number, body: RestoreIn) -> Any:
    """Put an old version in force as a new one."""
    desk = await desk_for(request, caller, sync_id, Permission.CONFIGURE)
    done = await versions.restore(callers.services(request).engine, desk, number, body.expected_version, caller.actor)
    return await _told(request, done)


def changes(found: Sequence[Difference]) -> list[ChangeOut]:
    """Return differences as the API shows them."""
    return [
        ChangeOut(
            kind=one.kind.value,
            object=one.object,
            field=one.field,
            label=one.label,
            what=one.what,
            before=one.before,
            after=one.after,
            sentence=one.sentence,
        )
        for one in found
    ]


async def _told(request: Request, done: Saved | Conflict) -> SavedOut | JSONResponse:
    if isinstance(done, Saved):
        return SavedOut(version=done.version, is_new=done.is_new, changes=changes(done.differences))
    services = callers.services(request)
    async with services.database.read() as tx:
        names = {actor(key): name for key, name in (await users.names(tx, services.vault)).items()}
    sentence = "Somebody saved this mapping while you edited it. Nothing is lost: choose row by row whose change counts, then save again."
    body = {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "saved_meanwhile",
        "detail": sentence,
        "version": done.version,
        "author": names.get(done.author, done.author),
        "at": done.at.isoformat(),
        "theirs": [one.model_dump() for one in changes(done.theirs)],
        "document": done.merged.document,
        "clashes": [jsonable_encoder(one) for one in done.merged.clashes],
    }
    return JSONResponse(body, 409, media_type=answers.PROBLEM)
