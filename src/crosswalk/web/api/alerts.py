"""`/api/alerts`: what is raised and what is over, the channels that are told, and how long sources may be silent."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.roles import Permission
from crosswalk.alerts import channels, messages, outbox, sending, silence, standing
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.channels import Channel, ChannelKind
from crosswalk.alerts.entered import ChannelIn
from crosswalk.alerts.standing import Alert
from crosswalk.settings import Settings
from crosswalk.web import callers
from crosswalk.web.api import etags, paging
from crosswalk.web.api.paging import USUAL, After, Limit, Listed
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import Configuring

router = APIRouter(prefix="/api/alerts", tags=["alerts"])

Hours = Annotated[int, Field(ge=1, le=8_760)]
SECRETS = frozenset({"password", "url", "signing_secret"})


class Standing(StrEnum):
    """Which alerts to list."""

    RAISED = "raised"
    CLEARED = "cleared"


class AlertBody(BaseModel):
    """One alert; it stands as long as `cleared_at` is null."""

    id: str
    cause: Kind
    title: str
    sentence: str
    link: str
    raised_at: datetime
    cleared_at: datetime | None

    @classmethod
    def of(cls, one: Alert, settings: Settings) -> Self:
        """Return the body of an alert."""
        return cls(
            id=one.id,
            cause=one.kind,
            title=one.title,
            sentence=one.sentence,
            link=messages.link(settings, one.path),
            raised_at=one.raised_at,
            cleared_at=one.cleared_at,
        )


class ChannelBody(BaseModel):
    """One channel without its secrets; the address of a webhook or chat is one, `place` is its host."""

    id: str
    name: str
    kind: ChannelKind
    causes: list[Kind]
    place: str
    settings: dict[str, Any]
    secrets: list[str]

    @classmethod
    def of(cls, one: Channel) -> Self:
        """Return the body of a channel."""
        return cls(
            id=one.id,
            name=one.name,
            kind=one.kind,
            causes=sorted(one.causes),
            place=one.place,
            settings={name: value for name, value in one.details.items() if name not in SECRETS},
            secrets=sorted(SECRETS & set(one.details)),
        )


class ChannelMade(ChannelBody):
    """A new channel; the secret that signs its requests is shown this once."""

    signing_secret: str | None


class ChannelShown(ChannelBody):
    """A channel and how it does: when it last took a message, how many wait, and why the last attempt failed."""

    sent_at: datetime | None
    waiting: int
    trouble: str | None


class SilenceBody(BaseModel):
    """After how many hours without an event a source counts as silent; null is what is unusual for it."""

    source_id: str
    name: str
    hours: int | None


class HoursIn(BaseModel):
    """How many hours; null is what is unusual for the source."""

    model_config = ConfigDict(extra="forbid")

    hours: Hours | None


@router.get("")
async def list_alerts(
    request: Request, caller: Configuring, state: Standing = Standing.RAISED, limit: Limit = USUAL, after: After = None
) -> Listed[AlertBody]:
    """Return what is raised now, all of it, or what is over, page by page."""
    caller.expect(Permission.CONFIGURE)
    services, key = callers.services(request), paging.key(after)
    async with services.database.read() as tx:
        if state is Standing.RAISED:
            found, following = await standing.raised(tx), None
        else:
            rows = await standing.cleared(tx, limit + 1, key[0] if key else None)
            page, following = paging.cut(rows, limit, lambda one: (one.id,))
            found = list(page)
    return Listed[AlertBody](items=[AlertBody.of(one, services.settings) for one in found], next=following)


@router.get("/channels")
async def list_channels(request: Request, caller: Configuring) -> Listed[ChannelShown]:
    """Return all channels, by name, with how each does."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    async with services.database.read() as tx:
        found = await channels.every(tx, services.vault)
        doing = await outbox.doing(tx, [one.id for one in found])
    shown = [(ChannelBody.of(one).model_dump(), doing[one.id]) for one in found]
    return Listed[ChannelShown](
        items=[ChannelShown(**body, sent_at=how.sent_at, waiting=how.waiting, trouble=how.trouble) for body, how in shown]
    )


@router.post("/channels", status_code=201)
async def add_channel(request: Request, caller: Configuring, body: ChannelIn) -> ChannelMade:
    """Add a channel. It is told of what is raised from now on."""
    caller.expect(Permission.CONFIGURE)
    made = await channels.add(callers.services(request).engine, caller.actor, body)
    return ChannelMade(**ChannelBody.of(made).model_dump(), signing_secret=made.details.get("signing_secret"))


@router.get("/channels/{channel_id}")
async def read_channel(request: Request, response: Response, caller: Configuring, channel_id: str) -> ChannelBody:
    """Return one channel."""
    caller.expect(Permission.CONFIGURE)
    body = ChannelBody.of(await channel_of(request, channel_id))
    etags.show(response, body)
    return body


@router.put("/channels/{channel_id}")
async def change_channel(request: Request, response: Response, caller: Configuring, channel_id: str, body: ChannelIn) -> ChannelBody:
    """Change a channel; a secret that is left out stays."""
    caller.expect(Permission.CONFIGURE)
    etags.expect(request, ChannelBody.of(await channel_of(request, channel_id)))
    changed = ChannelBody.of(await channels.change(callers.services(request).engine, caller.actor, channel_id, body))
    etags.show(response, changed)
    return changed


@router.delete("/channels/{channel_id}", status_code=204)
async def remove_channel(request: Request, caller: Configuring, channel_id: str) -> Response:
    """Give a channel up, with what it was still to be told."""
    caller.expect(Permission.CONFIGURE)
    await channels.remove(callers.services(request).engine, caller.actor, channel_id)
    return Response(status_code=204)


@router.post("/channels/{channel_id}/test", status_code=204)
async def test_channel(request: Request, caller: Configuring, channel_id: str) -> Response:
    """Send a message that only shows that the channel works; 503 says why it does not."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    await sending.send_test(services.engine, services.http, await channel_of(request, channel_id))
    return Response(status_code=204)


@router.get("/silence")
async def list_silence(request: Request, caller: Configuring) -> Listed[SilenceBody]:
    """Return how long each source may be silent."""
    caller.expect(Permission.CONFIGURE)
    every = sorted((await callers.services(request).configuration.current()).sources.values(), key=lambda one: one.name)
    return Listed[SilenceBody](items=[SilenceBody(source_id=one.id, name=one.name, hours=one.silent_after_hours) for one in every])


@router.put("/silence/{source_id}")
async def allow_silence(request: Request, caller: Configuring, source_id: str, body: HoursIn) -> SilenceBody:
    """Set how long a source may be silent before an alert is raised."""
    caller.expect(Permission.CONFIGURE)
    source = await source_of(request, source_id)
    await silence.allow(callers.services(request).engine, caller.actor, source, body.hours)
    return SilenceBody(source_id=source.id, name=source.name, hours=body.hours)


async def channel_of(request: Request, channel_id: str) -> Channel:
    """Return a channel; raise 404 when there is none of that id."""
    services = callers.services(request)
    async with services.database.read() as tx:
        return await channels.get(tx, services.vault, channel_id)
