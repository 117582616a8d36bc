"""`/api/keys`: the encryption key, and changing it while everything runs."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request

from crosswalk.access.roles import Permission
from crosswalk.engine import keys
from crosswalk.engine.keys import Keys
from crosswalk.web import callers, rotating
from crosswalk.web.callers import Configuring, Guarding

router = APIRouter(prefix="/api/keys", tags=["settings"])


class KeysBody(BaseModel):
    """How the encryption key stands; `trouble` says why it cannot be changed from here, else it is null."""

    rotated_at: datetime | None
    under_way: bool
    trouble: str | None


class RotateIn(BaseModel):
    """Said aloud, so that no empty request changes a key."""

    model_config = ConfigDict(extra="forbid")

    confirm: Literal["rotate"]


@router.get("")
async def read_keys(request: Request, caller: Configuring) -> KeysBody:
    """Return when the key was last changed and whether a change is under way."""
    caller.expect(Permission.CONFIGURE)
    return _body(await keys.state(callers.services(request).engine))


@router.post("/rotate", status_code=202)
async def rotate(request: Request, caller: Guarding, body: RotateIn) -> KeysBody:
    """Put a new key in force; everything is sealed anew in the background, then the old key is thrown away."""
    del body
    caller.expect(Permission.GUARD_DATA)
    services = callers.services(request)
    rotating.start(services, caller.actor)
    return _body(await keys.state(services.engine))


def _body(found: Keys) -> KeysBody:
    return KeysBody(rotated_at=found.rotated_at, under_way=found.under_way, trouble=found.trouble or None)
