"""`/api/sources/{id}/objects`: custom objects of an org that a source's records could be linked to, and the lookup that links one."""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, lookups
from crosswalk.provisioning.plan import Obstacle, Step
from crosswalk.provisioning.service import Linkable
from crosswalk.web import callers
from crosswalk.web.api.connections import connection_of
from crosswalk.web.api.paging import Listed
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import Configuring, Looking

router = APIRouter(prefix="/api/sources/{source_id}/objects", tags=["sources"])

ObjectName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^\w+$")]


class ObjectBody(BaseModel):
    """One custom object of the org; it is available once the source's own object has a lookup to it."""

    name: str
    label: str
    available: bool
    sentence: str

    @classmethod
    def of(cls, one: Linkable, owner: str) -> Self:
        """Return the body of an object."""
        return cls(name=one.name, label=one.label, available=one.linked, sentence=lookups.sentence(one, owner))


class LookupIn(BaseModel):
    """The object to link to; without `confirmed` it is only told what would change in the org."""

    model_config = ConfigDict(extra="forbid")

    connection_id: Annotated[str, Field(max_length=36)]
    object: ObjectName
    confirmed: bool = False


class ObstacleBody(BaseModel):
    """What cannot be done, and what to do instead."""

    name: str
    sentence: str


class LookupBody(BaseModel):
    """What making the lookup changes, or has changed, in the org."""

    made: bool
    steps: list[str]
    obstacles: list[ObstacleBody]
    hints: list[str]


@router.get("")
async def list_objects(
    request: Request, caller: Looking, source_id: str, connection_id: Annotated[str, Query(max_length=36)]
) -> Listed[ObjectBody]:
    """Return the org's custom objects, by label, and whether each is available."""
    services, source = callers.services(request), await source_of(request, source_id)
    connection = await connection_of(request, caller, connection_id, Permission.LOOK)
    owner = lookups.expect_owner(source)
    found = await lookups.listed(services.engine, services.orgs, source, connection)
    return Listed[ObjectBody](items=[ObjectBody.of(one, owner.label) for one in found])


@router.post("")
async def make_lookup(request: Request, caller: Configuring, source_id: str, body: LookupIn) -> LookupBody:
    """Tell what making a lookup would change; with `confirmed`, make it."""
    services, source = callers.services(request), await source_of(request, source_id)
    connection = await connection_of(request, caller, body.connection_id, Permission.CONFIGURE)
    activation.expect_active(source)
    if not body.confirmed:
        plan = await lookups.planned(services.engine, services.orgs, source, connection, body.object)
        return _body(plan.steps, plan.obstacles, plan.hints, made=False)
    applied = await lookups.make(services.engine, services.orgs, source, connection, body.object, caller.actor)
    return _body(applied.steps, applied.obstacles, applied.hints, made=bool(applied.steps))


def _body(steps: tuple[Step, ...], obstacles: tuple[Obstacle, ...], hints: tuple[str, ...], *, made: bool) -> LookupBody:
    told = [ObstacleBody(name=one.name, sentence=one.sentence) for one in obstacles]
    return LookupBody(made=made, steps=[step.sentence for step in steps], obstacles=told, hints=list(hints))
