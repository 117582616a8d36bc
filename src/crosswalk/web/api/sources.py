"""Engagement systems."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, bindings, campaigns, examples, sources
from crosswalk.connecting.campaigns import FoundCampaign
from crosswalk.connecting.sources import Entered
from crosswalk.errors import RequestRefused
from crosswalk.sources import registry
from crosswalk.sources.base import Verdict
from crosswalk.store.configuration import ConnectionConfig, SourceConfig, SourceState
from crosswalk.web import callers, source_access
from crosswalk.web.api import etags
from crosswalk.web.api.connections import connection_of
from crosswalk.web.api.paging import Listed
from crosswalk.web.callers import Configuring, Looking

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


class SourceIn(BaseModel):
    """A source as it is to be. A secret that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=120)]
    kind: Annotated[str, Field(max_length=40)]
    state: SourceState = SourceState.ON
    settings: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, SecretStr] = Field(default_factory=dict)

    def entered(self) -> Entered:
        """Return it as the service takes it."""
        secrets = {name: value.get_secret_value() for name, value in self.secrets.items()}
        return Entered(self.name, self.kind, self.settings, secrets, self.state)


class AgreementIn(BaseModel):
    """Whether the terms of the account have been read and are agreed to; without it an earlier agreement counts."""

    model_config = ConfigDict(extra="forbid")

    agrees: bool = False


class FindingBody(BaseModel):
    """One thing a system said about itself or our credentials."""

    verdict: Verdict
    sentence: str


class AttributeBody(BaseModel):
    """One attribute a mapping can pick; `value` and `last_seen` are null when no recent event has it."""

    key: str
    label: str
    type: str
    group: str
    paths: list[str]
    is_custom: bool
    value: str | None
    last_seen: datetime | None


class ReceiptBody(BaseModel):
    """What became of an example that was sent."""

    events: int
    notices: int
    repeats: int
    invalid: int


class BindingIn(BaseModel):
    """The campaign of a session or event, `*` for all; null takes the binding away."""

    group: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
    connection_id: Annotated[str, Field(max_length=36)]
    campaign: Annotated[str, Field(max_length=18)] | None


class BindingBody(BaseModel):
    """One session or event of a source, its campaign in one org, and how many deliveries wait for one."""

    group: str
    connection_id: str
    campaign_id: str | None
    events: int
    title: str
    waiting: int


async def source_of(request: Request, source_id: str) -> SourceConfig:
    """Return a source; raise 404 when there is none of that id."""
    found = (await callers.services(request).configuration.current()).sources.get(source_id)
    if found is None:
        raise RequestRefused("unknown_source", "There is no source with this id. Go back to the list of sources.", 404)
    return found


async def campaigns_of(
    request: Request, source: SourceConfig, connection: ConnectionConfig, text: str, bound: str | None = None
) -> Sequence[FoundCampaign]:
    """Ask the org of a connection for campaigns that sessions of a source may belong to; raise what Salesforce says."""
    services = callers.services(request)
    syncs = [one for one in (await services.configuration.current()).syncs_of(source.id) if one.connection_id == connection.id]
    return await campaigns.found(await services.orgs.of(connection), syncs, text, bound)


@router.get("")
async def list_sources(request: Request, caller: Looking) -> Listed[SourceBody]:
    """Return all sources, by name."""
    del caller
    every = (await callers.services(request).configuration.current()).sources.values()
    return Listed[SourceBody](items=[SourceBody.of(one) for one in sorted(every, key=lambda one: one.name)])


@router.get("/{source_id}")
async def read_source(request: Request, response: Response, caller: Looking, source_id: str) -> SourceBody:
    """Return one source."""
    del caller
    body = SourceBody.of(await source_of(request, source_id))
    etags.show(response, body)
    return body


@router.post("", status_code=201)
async def add_source(request: Request, caller: Configuring, body: SourceIn) -> SourceBody:
    """Add a source. Its credentials are tried first as far as its system can be asked; what fails saves nothing."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    saved = await sources.save(services.engine, services.vendors, caller, body.entered())
    return SourceBody.of(await source_of(request, saved.id))


@router.put("/{source_id}")
async def change_source(request: Request, response: Response, caller: Configuring, source_id: str, body: SourceIn) -> SourceBody:
    """Change a source, after the same check."""
    caller.expect(Permission.CONFIGURE)
    etags.expect(request, SourceBody.of(await source_of(request, source_id)))
    services = callers.services(request)
    await sources.save(services.engine, services.vendors, caller, body.entered(), source_id)
    changed = SourceBody.of(await source_of(request, source_id))
    etags.show(response, changed)
    return changed


@router.post("/{source_id}/activate")
async def activate_source(request: Request, caller: Configuring, source_id: str, body: AgreementIn) -> SourceBody:
    """Activate the account behind a LivePerson source, or switch another source on."""
    caller.expect(Permission.CONFIGURE)
    await activation.activate(callers.services(request).engine, caller, await source_of(request, source_id), agrees=body.agrees)
    return SourceBody.of(await source_of(request, source_id))


@router.post("/{source_id}/deactivate")
async def deactivate_source(request: Request, caller: Configuring, source_id: str) -> SourceBody:
    """Switch a source off: it takes no events and its jobs stop at once. Its settings stay."""
    caller.expect(Permission.CONFIGURE)
    await activation.deactivate(callers.services(request).engine, caller, await source_of(request, source_id))
    return SourceBody.of(await source_of(request, source_id))


@router.post("/{source_id}/check")
async def check_source(request: Request, caller: Configuring, source_id: str) -> list[FindingBody]:
    """Ask the system behind a source whether the credentials work and what they may do."""
    caller.expect(Permission.CONFIGURE)
    found = await sources.check(callers.services(request).vendors, await source_of(request, source_id))
    return [FindingBody(verdict=one.verdict, sentence=one.sentence) for one in found]


@router.post("/{source_id}/scan")
async def scan_source(request: Request, caller: Configuring, source_id: str) -> list[AttributeBody]:
    """Ask the system which attributes it has, and return the catalogue as it is then."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    await sources.scan(services.engine, services.vendors, caller, await source_of(request, source_id))
    return await _catalogue(request, caller, await source_of(request, source_id))


@router.get("/{source_id}/catalogue")
async def read_catalogue(request: Request, caller: Looking, source_id: str) -> list[AttributeBody]:
    """Return every attribute a mapping can pick, with its newest value in words; values of people are masked as in the event log."""
    return await _catalogue(request, caller, await source_of(request, source_id))


@router.post("/{source_id}/example", status_code=201)
async def send_example(request: Request, caller: Configuring, source_id: str) -> ReceiptBody:
    """Let a made-up event arrive, as if the system had sent it."""
    caller.expect(Permission.CONFIGURE)
    services = callers.services(request)
    receipt = await examples.send(services.engine, services.receiver, await source_of(request, source_id))
    return ReceiptBody(events=receipt.events, notices=receipt.notices, repeats=receipt.repeats, invalid=receipt.invalid)


@router.get("/{source_id}/campaigns")
async def list_campaigns(request: Request, caller: Looking, source_id: str) -> list[BindingBody]:
    """Return the sessions and events of a source with their campaigns, for each connection the caller has access to."""
    configuration = await callers.services(request).configuration.current()
    seen = [one for one in configuration.connections if caller.may_on(one, Permission.LOOK)]
    found = await bindings.groups(callers.services(request).engine, (await source_of(request, source_id)).id, seen)
    return [
        BindingBody(
            group=one.id,
            connection_id=one.connection_id,
            campaign_id=one.campaign_id,
            events=one.events,
            title=one.title,
            waiting=one.waiting,
        )
        for one in found
    ]


@router.get("/{source_id}/campaigns/candidates")
async def list_candidates(
    request: Request,
    caller: Configuring,
    source_id: str,
    connection_id: Annotated[str, Query(max_length=36)],
    find: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")] = "",
) -> list[FoundCampaign]:
    """Return up to ten campaigns of an org whose name holds a text, with the member statuses each lacks; costs two API calls."""
    source = await source_of(request, source_id)
    return list(await campaigns_of(request, source, await connection_of(request, caller, connection_id, Permission.CONFIGURE), find))


@router.put("/{source_id}/campaigns", status_code=204)
async def bind_campaign(request: Request, caller: Configuring, source_id: str, body: BindingIn) -> Response:
    """Bind a session or event to a campaign, or take the binding away."""
    found = await source_of(request, source_id)
    connection = await connection_of(request, caller, body.connection_id, Permission.CONFIGURE)
    await bindings.bind(callers.services(request).engine, caller, found, body.group, connection.id, body.campaign or "")
    return Response(status_code=204)


async def _catalogue(request: Request, caller: Caller, source: SourceConfig) -> list[AttributeBody]:
    seen, custom = await source_access.last_seen(request, caller, source), sources.custom_attributes(source)
    return [
        AttributeBody(
            key=one.key,
            label=one.label,
            type=one.type.value,
            group=one.group,
            paths=list(one.paths),
            is_custom=one.key in custom,
            value=seen[one.key].value if one.key in seen else None,
            last_seen=seen[one.key].at if one.key in seen else None,
        )
        for one in registry.source(source.kind).catalogue(source.settings)
    ]
