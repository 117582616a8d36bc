"""Callout errors: a view of the event log that shows the calls that failed, to a source or to Salesforce, and what happens next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.roles import Permission
from crosswalk.journal import callouts
from crosswalk.journal.callouts import KEPT_DAYS, Entry
from crosswalk.web import callers, source_access
from crosswalk.web.api import paging
from crosswalk.web.callers import LookingPage
from crosswalk.web.console import pages

router = APIRouter(prefix="/callouts", include_in_schema=False)

_PAGE = 50
Id = Annotated[str, Query(max_length=36, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class CalloutsPage:
    """One page of failed calls."""

    template: ClassVar[str] = "callouts.html"
    entries: Sequence[Entry]
    names: Mapping[str, str]
    sources: Sequence[tuple[str, str]]
    connections: Sequence[tuple[str, str]]
    source: str
    connection: str
    next_href: str
    first_href: str
    kept_days: int = KEPT_DAYS

    def about(self, entry: Entry) -> str:
        """Return the source or connection a call was made for."""
        return self.names.get(entry.source_id or entry.connection_id or "", "")


@router.get("")
async def show(
    request: Request,
    caller: LookingPage,
    source: Id = "",
    connection: Id = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Show the newest failed calls, or those behind `after`."""
    services = callers.services(request)
    configuration = await services.configuration.current()
    behind = paging.key(after or None)
    async with services.database.read() as tx:
        found = await callouts.page(
            tx,
            _PAGE + 1,
            behind[0] if behind else None,
            source_id=source or None,
            connection_id=connection or None,
            seen=source_access.callouts_seen(configuration, caller),
        )
    shown, following = paging.cut(found, _PAGE, lambda one: (one.id,))
    narrowed = {name: value for name, value in (("source", source), ("connection", connection)) if value}
    sources = [(one.id, one.name) for one in source_access.seen(configuration, caller)]
    connections = [(one.id, one.name) for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)]
    context = CalloutsPage(
        entries=shown,
        names=dict([*sources, *connections]),
        sources=sources,
        connections=connections,
        source=source,
        connection=connection,
        next_href=f"/callouts?{urlencode({**narrowed, 'after': following})}" if following else "",
        first_href=f"/callouts?{urlencode(narrowed)}" if after else "",
    )
    crumbs = (("Event log", "/event-log"),)
    return await pages.of(request).show(request, caller, context, title="Callout errors", current="/event-log", crumbs=crumbs)
