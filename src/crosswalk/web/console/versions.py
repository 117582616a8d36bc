"""The versions of a mapping: who changed what when, row by row, and an old one put in force again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import users
from crosswalk.access.caller import actor
from crosswalk.access.roles import Permission
from crosswalk.editing import desk as desks
from crosswalk.editing import versions
from crosswalk.editing.desk import Desk
from crosswalk.editing.saving import Conflict
from crosswalk.editing.versions import Version
from crosswalk.errors import MappingError, Problem
from crosswalk.mapping.differences import Difference
from crosswalk.store.configuration import SyncConfig
from crosswalk.web import callers
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages

router = APIRouter(prefix="/syncs/{sync_id}/versions", include_in_schema=False)

Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
_PAGE = 20


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """The versions, newest first, and what differs between two that were chosen."""

    template: ClassVar[str] = "versions.html"
    sync: SyncConfig
    versions: Sequence[Version]
    names: Mapping[str, str]
    may_change: bool
    older: int | None = None
    newer: int | None = None
    differences: Sequence[Difference] = ()
    next_before: int | None = None
    problems: Sequence[Problem] = field(default_factory=tuple)

    def author(self, version: Version) -> str:
        """Return who made a version, by name where the person is still known."""
        return self.names.get(version.author, version.author) or "the workspace file"


@router.get("")
async def show(
    request: Request, caller: LookingPage, sync_id: str, before: Number = None, older: Number = None, newer: Number = None
) -> Response:
    """List the versions; with `older` and `newer` show what differs between the two."""
    desk = await _desk(request, caller, sync_id, Permission.LOOK)
    return await _page(request, caller, desk, before=before, pair=(older, newer))


@router.post("/{number}/restore")
async def restore(request: Request, caller: ConfiguringPage, sync_id: str, number: int) -> Response:
    """Put an old version in force as a new one."""
    desk = await _desk(request, caller, sync_id, Permission.CONFIGURE)
    expected = (await forms.values(request)).get("expected", "")
    try:
        done = await versions.restore(
            callers.services(request).engine, desk, number, int(expected) if expected.isdigit() else desk.sync.version, caller.actor
        )
    except MappingError as refused:
        return await _page(request, caller, desk, problems=refused.problems)
    if isinstance(done, Conflict):
        said = f"Somebody saved version {done.version} meanwhile; nothing was restored. Look at it first."
        return pages.of(request).go(request, f"/syncs/{sync_id}/versions", said, kind="held")
    said = (
        f"Version {number} is in force again, as version {done.version}."
        if done.is_new
        else f"Version {number} says what is in force already."
    )
    return pages.of(request).go(request, f"/syncs/{sync_id}", said)


async def _desk(request: Request, caller: LookingPage, sync_id: str, permission: Permission) -> Desk:
    services = callers.services(request)
    desk = await desks.open_sync(services.engine, services.orgs, sync_id)
    caller.expect_on(desk.connection.id, permission)
    return desk


async def _page(
    request: Request,
    caller: LookingPage,
    desk: Desk,
    *,
    before: int | None = None,
    pair: tuple[int | None, int | None] = (None, None),
    problems: Sequence[Problem] = (),
) -> Response:
    services = callers.services(request)
    found = await versions.listed(services.engine, desk, _PAGE, before)
    older, newer = pair
    async with services.database.read() as tx:
        names = {actor(key): name for key, name in (await users.names(tx, services.vault)).items()}
    context = VersionsPage(
        sync=desk.sync,
        versions=found,
        names=names,
        may_change=caller.may_on(desk.connection.id, Permission.CONFIGURE),
        older=older,
        newer=newer,
        differences=await versions.between(services.engine, desk, older, newer) if older is not None and newer is not None else (),
        next_before=found[-1].number if len(found) == _PAGE and found[-1].number > 1 else None,
        problems=problems,
    )
    crumbs = [("Syncs", "/syncs"), (desk.sync.name, f"/syncs/{desk.sync.id}")]
    status = 422 if problems else 200
    return await pages.of(request).show(request, caller, context, title="Versions", current="/syncs", crumbs=crumbs, status=status)
