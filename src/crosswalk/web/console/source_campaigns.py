"""Sessions and events of a source with their campaigns, and picking one: by its name in Salesforce, with what it lacks, or by its id."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, bindings
from crosswalk.connecting.bindings import Group
from crosswalk.connecting.campaigns import FoundCampaign
from crosswalk.errors import CrosswalkError
from crosswalk.store.configuration import ConnectionConfig, SyncState
from crosswalk.web import callers, delivery_views
from crosswalk.web.api.connections import connection_of
from crosswalk.web.api.sources import campaigns_of, source_of
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.sources import HERE, TITLE, About, about

router = APIRouter(prefix="/sources/{source_id}/campaigns", include_in_schema=False)

_TAB = "Events and campaigns"
Text = Annotated[str, Query(max_length=255, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class CampaignsPage:
    """Sessions and events with their campaigns, connection by connection, and whether the reader may pick."""

    template: ClassVar[str] = "source_campaigns.html"
    about: About
    parts: Sequence[tuple[ConnectionConfig, Sequence[Group], bool]]

    def pick_href(self, group: Group) -> str:
        """Return where the campaign of a group is picked."""
        asked = urlencode({"connection": group.connection_id, "group": group.id})
        return f"{HERE}/{self.about.source.id}/campaigns/pick?{asked}"

    def record_href(self, connection: ConnectionConfig, record_id: str) -> str:
        """Return where Salesforce shows a campaign."""
        return delivery_views.record_address(connection, record_id)


@dataclass(frozen=True, slots=True)
class PickPage:
    """The campaigns one may pick for one session or event; without an answer of Salesforce `refused` says why."""

    template: ClassVar[str] = "source_campaign_pick.html"
    about: About
    connection: ConnectionConfig
    group: str
    title: str
    waiting: int
    bound: str | None
    found: Sequence[FoundCampaign]
    search: str
    refused: str = ""


@router.get("")
async def show(request: Request, caller: LookingPage, source_id: str) -> Response:
    """Show which campaign each session or event belongs to."""
    services, source = callers.services(request), await source_of(request, source_id)
    configuration = await services.configuration.current()
    syncs = [one for one in configuration.syncs_of(source.id) if one.state is not SyncState.REMOVED]
    wanted = dict.fromkeys(one.connection_id for one in syncs if caller.may_on(one.connection_id, Permission.LOOK))
    groups = await bindings.groups(services.engine, source.id, list(wanted))
    parts = [
        (configuration.connections[key], [one for one in groups if one.connection_id == key], caller.may_on(key, Permission.CONFIGURE))
        for key in wanted
    ]
    context = CampaignsPage(about(source, _TAB, caller), parts)
    return await pages.of(request).show(request, caller, context, title=source.name, current=HERE, crumbs=[(TITLE, HERE)])


@router.get("/pick")
async def choose(
    request: Request, caller: ConfiguringPage, source_id: str, connection: Text = "", group: Text = "", q: Text = ""
) -> Response:
    """Show campaigns of the org by name, with the member statuses each lacks."""
    source = await source_of(request, source_id)
    activation.expect_active(source)
    org = await connection_of(request, caller, connection, Permission.CONFIGURE)
    groups = await bindings.groups(callers.services(request).engine, source.id, [org.id])
    known = next((one for one in groups if one.id == group), Group(group, org.id, None, 0))
    found: Sequence[FoundCampaign] = ()
    refused = ""
    try:
        found = await campaigns_of(request, source, org, q, known.campaign_id)
    except CrosswalkError as error:
        refused = error.sentence
    context = PickPage(about(source, _TAB, caller), org, group, known.title, known.waiting, known.campaign_id, found, q, refused)
    crumbs = [(TITLE, HERE), (source.name, f"{HERE}/{source.id}"), (_TAB, f"{HERE}/{source.id}/campaigns")]
    return await pages.of(request).show(request, caller, context, title="Pick a campaign", current=HERE, crumbs=crumbs)


@router.post("")
async def bind(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Bind a session or event to a campaign, or take the binding away."""
    source, values = await source_of(request, source_id), await forms.values(request)
    activation.expect_active(source)
    connection = await connection_of(request, caller, values.get("connection", ""), Permission.CONFIGURE)
    given = (values.get("group", ""), connection.id, values.get("campaign", ""))
    back = f"{HERE}/{source.id}/campaigns"
    try:
        released = await bindings.bind(callers.services(request).engine, caller, source, *given)
    except CrosswalkError as error:
        return pages.of(request).go(request, back, error.sentence, "held")
    if not given[2].strip():
        return pages.of(request).go(request, back, "The binding was taken away; members that were written stay.")
    went = f"{released:,} {'delivery that waited for it goes' if released == 1 else 'deliveries that waited for it go'} on."
    return pages.of(request).go(request, back, f"The campaign was saved. {went if released else 'Nothing waited for it.'}")
