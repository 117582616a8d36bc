"""Channels of alerts: added, changed, tried, removed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.alerts import channels, entered, sending
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.channels import Channel, ChannelKind
from crosswalk.errors import CrosswalkError
from crosswalk.web import callers
from crosswalk.web.api.alerts import SECRETS, channel_of
from crosswalk.web.callers import ConfiguringPage
from crosswalk.web.console import alerts, forms, pages
from crosswalk.web.console.alerts import HERE, ICONS, TITLE
from crosswalk.web.console.settings import HERE as SETTINGS

router = APIRouter(prefix=f"{HERE}/channels", include_in_schema=False)

_BETWEEN = re.compile(r"[\s,;]+")
_FIELDS = {
    ChannelKind.MAIL: ("name", "host", "port", "security", "username", "password", "sender"),
    ChannelKind.WEBHOOK: ("name", "url"),
    ChannelKind.CHAT: ("name", "url"),
}


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """The form of a channel."""

    template: ClassVar[str] = "settings_alert_channel.html"
    kind: ChannelKind
    stored: Channel | None
    values: Mapping[str, Any]
    chosen: frozenset[str]
    errors: Mapping[str, str] = field(default_factory=dict)

    def icon(self, kind: ChannelKind) -> str:
        """Return the icon of a kind of channel."""
        return ICONS[kind]

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return f"{HERE}/channels/{self.stored.id}" if self.stored else f"{HERE}/channels/new?kind={self.kind}"

    @property
    def kinds(self) -> Sequence[ChannelKind]:
        """The kinds one can choose for a new channel."""
        return () if self.stored else tuple(ChannelKind)

    @property
    def causes(self) -> Sequence[tuple[str, str]]:
        """Every kind of cause with its words."""
        return [(one.value, one.summary) for one in Kind]

    def is_kept(self, name: str) -> bool:
        """Tell whether a secret is stored, and may be left empty."""
        return self.stored is not None and name in self.stored.details


@router.get("/new")
async def new(request: Request, caller: ConfiguringPage, kind: ChannelKind = ChannelKind.MAIL) -> Response:
    """Show an empty form."""
    caller.expect(Permission.CONFIGURE)
    values = {"port": "587", "security": "starttls"}
    return await _form(request, caller, ChannelPage(kind, None, values, frozenset(Kind)))


@router.post("/new")
async def add(request: Request, caller: ConfiguringPage, kind: ChannelKind = ChannelKind.MAIL) -> Response:
    """Add a channel; the secret of a webhook is shown this once."""
    caller.expect(Permission.CONFIGURE)
    values, chosen = await _given(request)
    try:
        made = await channels.add(callers.services(request).engine, caller.actor, _read(kind, values, chosen))
    except CrosswalkError as error:
        return await _form(request, caller, ChannelPage(kind, None, values, chosen, forms.errors(error)), forms.status(error))
    if made.kind is ChannelKind.WEBHOOK:
        return await alerts.overview(request, caller, made)
    return pages.of(request).go(request, HERE, f"{made.name} was added. Send a test, to see that it arrives.")


@router.get("/{channel_id}")
async def edit(request: Request, caller: ConfiguringPage, channel_id: str) -> Response:
    """Show the form of a channel."""
    caller.expect(Permission.CONFIGURE)
    stored = await channel_of(request, channel_id)
    values = {name: value for name, value in stored.details.items() if name not in SECRETS} | {"name": stored.name}
    values["recipients"] = "\n".join(stored.details.get("recipients", ()))
    return await _form(request, caller, ChannelPage(stored.kind, stored, values, frozenset(one.value for one in stored.causes)))


@router.post("/{channel_id}")
async def change(request: Request, caller: ConfiguringPage, channel_id: str) -> Response:
    """Save a channel; a secret that was left empty stays."""
    caller.expect(Permission.CONFIGURE)
    stored, (values, chosen) = await channel_of(request, channel_id), await _given(request)
    try:
        changed = await channels.change(callers.services(request).engine, caller.actor, channel_id, _read(stored.kind, values, chosen))
    except CrosswalkError as error:
        return await _form(request, caller, ChannelPage(stored.kind, stored, values, chosen, forms.errors(error)), forms.status(error))
    return pages.of(request).go(request, HERE, f"{changed.name} was saved.")


@router.post("/{channel_id}/test")
async def test(request: Request, caller: ConfiguringPage, channel_id: str) -> Response:
    """Send a message that only shows that the channel works."""
    caller.expect(Permission.CONFIGURE)
    services, channel = callers.services(request), await channel_of(request, channel_id)
    try:
        await sending.send_test(services.engine, services.http, channel)
    except CrosswalkError as error:
        return pages.of(request).go(request, HERE, f"{channel.name}: {error.sentence}", "held")
    return pages.of(request).go(request, HERE, f"{channel.name} took the test; see that it arrived.")


@router.post("/{channel_id}/remove")
async def remove(request: Request, caller: ConfiguringPage, channel_id: str) -> Response:
    """Give a channel up."""
    caller.expect(Permission.CONFIGURE)
    removed = await channels.remove(callers.services(request).engine, caller.actor, channel_id)
    return pages.of(request).go(request, HERE, f"{removed.name} was removed; it is told nothing more.")


async def _given(request: Request) -> tuple[dict[str, str], frozenset[str]]:
    return await forms.values(request), frozenset(await forms.several(request, "cause"))


def _read(kind: ChannelKind, values: Mapping[str, str], chosen: frozenset[str]) -> entered.Entered:
    """Return what the form says; raise `MappingError` with the field of each mistake."""
    given: dict[str, Any] = {name: values[name].strip() for name in _FIELDS[kind] if values.get(name, "").strip()}
    if kind is ChannelKind.MAIL:
        given["recipients"] = [one for one in _BETWEEN.split(values.get("recipients", "")) if one]
    return entered.read({**given, "kind": kind.value, "causes": sorted(chosen)})


async def _form(request: Request, caller: Caller, context: ChannelPage, status: int = HTTPStatus.OK) -> Response:
    title = context.stored.name if context.stored else "Add a channel"
    crumbs = (*alerts.CRUMBS, (TITLE, HERE))
    return await pages.of(request).show(request, caller, context, title=title, current=SETTINGS, crumbs=crumbs, status=status)
