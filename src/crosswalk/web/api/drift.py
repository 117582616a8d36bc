"""`/api/drift`: what changed in Salesforce or at a source under the saved mappings."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import drifted, mending
from crosswalk.editing.drifted import Drift, Drifted, Kind, Watched
from crosswalk.editing.saving import Saved
from crosswalk.web import callers
from crosswalk.web.api.connections import connection_of
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Configuring, Looking, Operating
from crosswalk.web.services import Services

router = APIRouter(prefix="/api/drift", tags=["drift"])


class DriftBody(BaseModel):
    """One row that does not work as it was saved; `proposal` is the field that looks like the one that is gone."""

    kind: Kind
    object: str
    field: str
    step: int
    row: int | None
    sentence: str
    since: datetime | None
    proposal: str | None

    @classmethod
    def of(cls, one: Drift) -> Self:
        """Return the body of a drift."""
        facts = {name: getattr(one, name) for name in ("kind", "object", "field", "step", "row", "sentence", "since")}
        return cls(**facts, proposal=one.proposal or None)


class SyncDriftBody(BaseModel):
    """One sync with what drifted; `sent` of `rows` are sent as before."""

    sync_id: str
    sync: str
    version: int
    rows: int
    sent: int
    drifts: list[DriftBody]

    @classmethod
    def of(cls, one: Drifted) -> Self:
        """Return the body of a sync."""
        return cls(
            sync_id=one.sync.id,
            sync=one.sync.name,
            version=one.sync.version,
            rows=one.rows,
            sent=one.sent,
            drifts=[DriftBody.of(each) for each in one.drifts],
        )


class WatchedBody(BaseModel):
    """One connection; a check describes `objects` objects in `calls` API calls."""

    connection_id: str
    connection: str
    objects: int
    calls: int
    checked_at: datetime | None
    syncs: list[SyncDriftBody]

    @classmethod
    def of(cls, one: Watched) -> Self:
        """Return the body of a connection."""
        return cls(
            connection_id=one.connection.id,
            connection=one.connection.name,
            objects=one.objects,
            calls=one.calls,
            checked_at=one.checked_at,
            syncs=[SyncDriftBody.of(each) for each in one.syncs],
        )


class CheckIn(BaseModel):
    """Which connection to look at."""

    model_config = ConfigDict(extra="forbid")

    connection_id: Annotated[str, Field(max_length=36, pattern=r"^[^\x00]*$")]


class MendIn(BaseModel):
    """The row of a field in a step of the version that was looked at, and the field it is to fill; without one the row is removed."""

    model_config = ConfigDict(extra="forbid")

    sync_id: Annotated[str, Field(max_length=36, pattern=r"^[^\x00]*$")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    step: Annotated[int, Field(ge=0, le=50)]
    field: Annotated[str, Field(min_length=1, max_length=80)]
    use: Annotated[str, Field(min_length=1, max_length=80)] | None = None


class MendedBody(BaseModel):
    """The version in force now, and what it changed, in words."""

    version: int
    changes: list[str]


async def mended(request: Request, caller: Caller, wish: MendIn) -> Saved:
    """Mend one row of a sync whose connection the caller may configure."""
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, wish.sync_id)
    caller.expect_on(desk.connection.id, Permission.CONFIGURE)
    if wish.use is None:
        return await mending.remove(services.engine, desk, wish.step, wish.field, wish.version, caller.actor)
    return await mending.use(services.engine, desk, wish.step, wish.field, wish.use, wish.version, caller.actor)


async def watched(services: Services, caller: Caller) -> list[Watched]:
    """Return every connection the caller may look at with what drifted there."""
    configuration = await services.configuration.current()
    seen = [one for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)]
    return await drifted.watch(services.engine, configuration, sorted(seen, key=lambda one: one.name))


async def checked(request: Request, caller: Caller, connection_id: str) -> Watched:
    """Describe the objects of a connection anew and return what drifted."""
    services = callers.services(request)
    connection = await connection_of(request, caller, connection_id, Permission.OPERATE)
    configuration = await services.configuration.current()
    await drifted.check(services.engine, await services.orgs.of(connection), configuration, caller.actor)
    [found] = await drifted.watch(services.engine, configuration, [connection])
    return found


@router.get("")
async def list_drift(request: Request, caller: Looking) -> Listed[WatchedBody]:
    """Return what drifted, by connection, as Salesforce was last described; this costs no API call."""
    return Listed[WatchedBody](items=[WatchedBody.of(one) for one in await watched(callers.services(request), caller)])


@router.post("/check")
async def check_now(request: Request, caller: Operating, body: CheckIn) -> WatchedBody:
    """Describe the objects of a connection anew, put rows out of use that can no longer be sent, and return what drifted."""
    return WatchedBody.of(await checked(request, caller, body.connection_id))


@router.post("/mend")
async def mend(request: Request, caller: Configuring, body: MendIn) -> MendedBody:
    """Let a row that drifted fill another field, or remove it; the rest of the mapping stays as it is."""
    done = await mended(request, caller, body)
    return MendedBody(version=done.version, changes=[one.sentence for one in done.differences])
