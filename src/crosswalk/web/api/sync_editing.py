"""Making, changing, ordering and deleting syncs; their mappings are in `mappings`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.editing import syncs
from crosswalk.store.configuration import SyncState
from crosswalk.web import callers
from crosswalk.web.api.syncs import SyncBody, sync_of
from crosswalk.web.callers import Configuring

router = APIRouter(prefix="/api/syncs", tags=["syncs"])

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewSync(_Body):
    """A sync to be made; without a preset it begins with one Lead step. It is switched off at first."""

    name: Name
    source_id: str
    connection_id: str
    preset: str | None = None


class SyncChange(_Body):
    """What is to be changed of a sync."""

    name: Name | None = None
    state: Literal["on", "paused", "off"] | None = None


class CopyName(_Body):
    """The name of a copy."""

    name: Name


class Order(_Body):
    """The ids of syncs in the order they are to have."""

    ids: Annotated[list[str], Field(max_length=1_000)]


class Made(BaseModel):
    """The id of what was made."""

    id: str


@router.post("", status_code=201)
async def create_sync(request: Request, caller: Configuring, body: NewSync) -> Made:
    """Make a sync from a preset, or with one Lead step, switched off."""
    caller.expect_on(body.connection_id, Permission.CONFIGURE)
    engine = callers.services(request).engine
    ends = {"source_id": body.source_id, "connection_id": body.connection_id}
    return Made(id=await syncs.create(engine, caller.actor, name=body.name, preset=body.preset, **ends))


@router.put("/order", status_code=204)
async def order_syncs(request: Request, caller: Configuring, body: Order) -> None:
    """Put syncs in an order; where two write one field, the earlier one counts first."""
    caller.expect(Permission.CONFIGURE)
    await syncs.reorder(callers.services(request).engine, caller.actor, body.ids)


@router.patch("/{sync_id}")
async def change_sync(request: Request, caller: Configuring, sync_id: str, body: SyncChange) -> SyncBody:
    """Rename a sync, or switch it on, off or to paused."""
    await sync_of(request, caller, sync_id, Permission.CONFIGURE)
    engine = callers.services(request).engine
    if body.name is not None:
        await syncs.rename(engine, caller.actor, sync_id, body.name)
    if body.state is not None:
        await syncs.switch(engine, caller.actor, sync_id, SyncState(body.state))
    return SyncBody.of(await syncs.one(engine, sync_id))


@router.post("/{sync_id}/duplicate", status_code=201)
async def duplicate_sync(request: Request, caller: Configuring, sync_id: str, body: CopyName) -> Made:
    """Copy a sync with its mapping, switched off."""
    await sync_of(request, caller, sync_id, Permission.CONFIGURE)
    return Made(id=await syncs.duplicate(callers.services(request).engine, caller.actor, sync_id, body.name))


@router.delete("/{sync_id}", status_code=204)
async def delete_sync(request: Request, caller: Configuring, sync_id: str, name: Annotated[str, Query(max_length=120)]) -> None:
    """Delete a sync; `name` repeats its name, so that not the wrong one goes. Its deliveries stay in the log."""
    await sync_of(request, caller, sync_id, Permission.CONFIGURE)
    await syncs.delete(callers.services(request).engine, caller.actor, sync_id, name)
