"""The page of alerts: what is raised, who is told, how long sources may be silent, and what is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.alerts import channels, outbox, silence, standing
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.channels import Channel, ChannelKind
from crosswalk.alerts.outbox import Doing
from crosswalk.alerts.standing import Alert
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import callers
from crosswalk.web.api import paging
from crosswalk.web.api.alerts import Hours
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import ConfiguringPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.settings import HERE as SETTINGS
from crosswalk.web.console.settings import TABS
from crosswalk.web.console.settings import TITLE as SETTINGS_TITLE

router = APIRouter(prefix=f"{SETTINGS}/alerts", include_in_schema=False)

HERE, TITLE = f"{SETTINGS}/alerts", "Alerts"
CRUMBS = ((SETTINGS_TITLE, SETTINGS),)
_OVER = 20
ICONS = {ChannelKind.MAIL: "mail", ChannelKind.WEBHOOK: "webhook", ChannelKind.CHAT: "message-square"}


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """Everything about alerts; `made` is a webhook that was added just now, with its secret, which is shown this once."""

    template: ClassVar[str] = "settings_alerts.html"
    raised: Sequence[Alert]
    over: Sequence[Alert]
    next_href: str
    is_first: bool
    channels: Sequence[Channel]
    doing: Mapping[str, Doing]
    sources: Sequence[SourceConfig]
    has_public_url: bool
    made: Channel | None = None
    kinds: int = len(Kind)
    tabs: Sequence[tuple[str, str]] = TABS

    def icon(self, kind: ChannelKind) -> str:
        """Return the icon of a kind of channel."""
        return ICONS[kind]


class _Silent(BaseModel):
    """After how many hours a source counts as silent; nothing means what is unusual."""

    hours: Hours | None = None


@router.get("")
async def show(request: Request, caller: ConfiguringPage, after: Annotated[str, Query(max_length=300)] = "") -> Response:
    """Show what is raised and what is over."""
    caller.expect(Permission.CONFIGURE)
    return await overview(request, caller, after=after)


@router.post("/silence/{source_id}")
async def allow_silence(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Set how long a source may be silent."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    form = await forms.read(request, _Silent)
    if form.model is None:
        return pages.of(request).go(request, HERE, "Enter whole hours between 1 and 8760, or nothing; nothing was changed.", "held")
    await silence.allow(callers.services(request).engine, caller.actor, source, form.model.hours)
    return pages.of(request).go(request, HERE, f"Saved for {source.name}.")


async def overview(request: Request, caller: Caller, made: Channel | None = None, after: str = "") -> Response:
    """Return the page, with the secret of a webhook that was just added."""
    services, key = callers.services(request), paging.key(after or None)
    async with services.database.read() as tx:
        raised, known = await standing.raised(tx), await channels.every(tx, services.vault)
        doing = await outbox.doing(tx, [one.id for one in known])
        rows = await standing.cleared(tx, _OVER + 1, key[0] if key else None)
    over, following = paging.cut(rows, _OVER, lambda one: (one.id,))
    sources = sorted((await services.configuration.current()).sources.values(), key=lambda one: one.name)
    context = AlertsPage(
        raised=raised,
        over=over,
        next_href=f"{HERE}?after={following}" if following else "",
        is_first=not after,
        channels=known,
        doing=doing,
        sources=sources,
        has_public_url=bool(services.settings.public_url),
        made=made,
    )
    return await pages.of(request).show(request, caller, context, title=TITLE, current=SETTINGS, crumbs=CRUMBS)
