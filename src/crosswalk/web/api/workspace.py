"""`/api/workspace`: everything configurable as one file, without secrets: taken out, compared, applied."""

import os
from collections.abc import Mapping
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk import workspace
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.web import callers
from crosswalk.web.callers import Configuring
from crosswalk.workspace import Action, Difference, pasted, shown
from crosswalk.workspace.pasted import Compared

router = APIRouter(prefix="/api/workspace", tags=["settings"])

FILE = {"content-disposition": 'attachment; filename="workspace.yaml"'}


class TextIn(BaseModel):
    """A workspace file."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=pasted.MOST)]


class ApplyIn(TextIn):
    """A workspace file, and the mark of the differences that were shown for it."""

    mark: Annotated[str, Field(max_length=64)]


class LineBody(BaseModel):
    """One thing that differs; of a secret neither side is told."""

    name: str
    before: str
    after: str
    is_secret: bool


class DifferenceBody(BaseModel):
    """What applying does to one thing."""

    action: Action
    kind: str
    name: str
    lines: list[LineBody]

    @classmethod
    def of(cls, one: Difference) -> Self:
        """Return the body of a difference."""
        lines = [LineBody(name=line.name, before=line.before, after=line.after, is_secret=line.is_secret) for line in shown.lines(one)]
        return cls(action=one.action, kind=one.kind, name=one.name, lines=lines)


class ComparedBody(BaseModel):
    """What applying a file would change; `mark` goes with the request to apply it."""

    mark: str
    differences: list[DifferenceBody]

    @classmethod
    def of(cls, one: Compared) -> Self:
        """Return the body of a comparison."""
        return cls(mark=one.mark, differences=[DifferenceBody.of(each) for each in shown.written(one.plan.differences)])


class AppliedBody(BaseModel):
    """What was done; `hooks` holds the path that each source takes webhooks at."""

    changes: int
    hooks: dict[str, str]


async def expect_all(request: Request, caller: Caller) -> None:
    """Raise 403 unless the caller may configure the workspace and every connection: the file speaks of all of them."""
    caller.expect(Permission.CONFIGURE)
    for connection_id in (await callers.services(request).configuration.current()).connections:
        caller.expect_on(connection_id, Permission.CONFIGURE)


async def exported(request: Request) -> str:
    """Return everything configured as a workspace file."""
    services = callers.services(request)
    async with services.database.read() as tx:
        return await workspace.export(tx, services.vault)


def environment() -> Mapping[str, str]:
    """Return where secrets are looked up that a file names."""
    return os.environ


@router.get("", response_class=Response, responses={200: {"content": {"application/yaml": {}}}})
async def export(request: Request, caller: Configuring) -> Response:
    """Return everything configured as a workspace file; secrets are names of environment variables."""
    await expect_all(request, caller)
    return Response(await exported(request), media_type="application/yaml", headers=FILE)


@router.post("/diff")
async def diff(request: Request, caller: Configuring, body: TextIn) -> ComparedBody:
    """Return what applying a file would change; nothing is changed."""
    await expect_all(request, caller)
    return ComparedBody.of(await pasted.compared(callers.services(request).engine, body.text, environment()))


@router.post("/apply")
async def apply(request: Request, caller: Configuring, body: ApplyIn) -> AppliedBody:
    """Apply a file whose differences were looked at; all of it or nothing."""
    await expect_all(request, caller)
    done = await pasted.applied(callers.services(request).engine, body.text, environment(), body.mark, caller.actor)
    return AppliedBody(changes=len(shown.written(done.differences)), hooks=dict(done.hooks))
