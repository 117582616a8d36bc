"""Engagement systems."""

from typing import Any, Self

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.errors import RequestRefused
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.web import callers
from crosswalk.web.api import etags
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Looking

router = APIRouter(prefix="/api/sources", tags=["sources"])


class SourceBody(BaseModel):
    """One source without its secrets."""

    id: str
    name: str
    kind: str
    state: SourceState
    settings: dict[str, Any]
    secrets: list[str]

    @classmethod
    def of(cls, one: SourceConfig) -> Self:
        """Return the body of a source."""
        return cls(id=one.id, name=one.name, kind=one.kind, state=one.state, settings=dict(one.settings), secrets=sorted(one.secrets))


async def source_of(request: Request, source_id: str) -> SourceConfig:
    """Return a source; raise 404 when there is none of that id."""
    found = (await callers.services(request).configuration.current()).sources.get(source_id)
    if found is None:
        raise RequestRefused("unknown_source", "There is no source with this id. Go back to the list of sources.", 404)
    return found


@router.get("")
async def list_sources(request: Request, caller: Looking) -> Listed[SourceBody]:
    """Return all sources, by name."""
    del caller
    sources = (await callers.services(request).configuration.current()).sources.values()
    return Listed[SourceBody](items=[SourceBody.of(one) for one in sorted(sources, key=lambda one: one.name)])


@router.get("/{source_id}")
async def read_source(request: Request, response: Response, caller: Looking, source_id: str) -> SourceBody:
    """Return one source."""
    del caller
    body = SourceBody.of(await source_of(request, source_id))
    etags.show(response, body)
    return body
