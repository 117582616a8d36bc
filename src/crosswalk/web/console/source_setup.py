"""Setting up an account in steps: its number, its credentials, the terms, and its activation; and the way back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import users
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import activation, kinds, sources
from crosswalk.connecting.sources import NEW, Entered
from crosswalk.errors import CrosswalkError, RequestRefused
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.web import callers
from crosswalk.web.api.sources import source_of
from crosswalk.web.callers import ConfiguringPage, LookingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.sources import HERE, TITLE, About, about, errors_of

router = APIRouter(prefix=HERE, include_in_schema=False)

KIND = "liveperson"
TAB = "Account"
_SETTINGS = ("account_id", "client_id")
STEPS: Sequence[tuple[str, str]] = (("account", "Account id"), ("credentials", "Credentials"), ("terms", "Terms"), ("activate", "Activate"))


@dataclass(frozen=True, slots=True)
class NewAccountPage:
    """One of the first two steps, before there is anything to save."""

    template: ClassVar[str] = "source_setup.html"
    about: About
    step: str
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[tuple[str, str]] = STEPS


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account that is saved: what is left to do, or how to change and deactivate it."""

    template: ClassVar[str] = "source_account.html"
    about: About
    terms: str
    agreed_by: str
    agreed_at: datetime | None
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[tuple[str, str]] = STEPS


@router.get("/new/account")
async def first(request: Request, caller: ConfiguringPage, name: str = "", account_id: str = "") -> Response:
    """Show the first step: which account."""
    caller.expect(Permission.CONFIGURE)
    return await _step(request, caller, "account", {"name": name or kinds.of(KIND).title, "account_id": account_id})


@router.post("/new/account")
async def check_account(request: Request, caller: ConfiguringPage) -> Response:
    """Ask LivePerson whether it has the account, and go on to the credentials when it has."""
    caller.expect(Permission.CONFIGURE)
    values = await _values(request)
    services = callers.services(request)
    draft = SourceConfig(NEW, values["name"], KIND, SourceState.OFF, {"account_id": values["account_id"]})
    try:
        _expect_name(values)
        sources.expect_settings(draft)
        await activation.expect_account(services.http, services.clock, draft)
    except CrosswalkError as error:
        return await _step(request, caller, "account", values, error)
    told = {name: values[name] for name in ("name", "account_id")}
    return pages.of(request).go(request, f"{HERE}/new/credentials?{urlencode(told)}")


@router.get("/new/credentials")
async def second(request: Request, caller: ConfiguringPage, name: str = "", account_id: str = "") -> Response:
    """Show the second step: with what the account is asked."""
    caller.expect(Permission.CONFIGURE)
    return await _step(request, caller, "credentials", {"name": name, "account_id": account_id})


@router.post("/new/credentials")
async def add(request: Request, caller: ConfiguringPage) -> Response:
    """Try the credentials and save the account, inactive."""
    caller.expect(Permission.CONFIGURE)
    values, services = await _values(request), callers.services(request)
    entered = Entered(values["name"], KIND, _settings(values, {}), _secrets(values), SourceState.OFF)
    try:
        saved = await sources.save(services.engine, services.vendors, caller, entered)
    except CrosswalkError as error:
        return await _step(request, caller, "credentials", values, error)
    return pages.of(request).go(request, _address(saved.id), f"{entered.name} was saved. Agree to the terms, then activate it.")


@router.get("/{source_id}/account")
async def show(request: Request, caller: LookingPage, source_id: str) -> Response:
    """Show an account with its four steps."""
    return await _shown(request, caller, await _source(request, source_id))


@router.post("/{source_id}/account")
async def change(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Check what was entered for the account, and save it when it works."""
    caller.expect(Permission.CONFIGURE)
    source, services = await _source(request, source_id), callers.services(request)
    values = await _values(request)
    entered = Entered(values["name"], source.kind, _settings(values, source.settings), _secrets(values), source.state)
    try:
        await sources.save(services.engine, services.vendors, caller, entered, source.id)
    except CrosswalkError as error:
        return await _shown(request, caller, source, values, error)
    return pages.of(request).go(request, _address(source.id), f"{entered.name} was saved.")


@router.post("/{source_id}/activate")
async def activate(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Activate an account whose terms are agreed to."""
    caller.expect(Permission.CONFIGURE)
    source, values = await _source(request, source_id), await forms.values(request)
    try:
        await activation.activate(callers.services(request).engine, caller, source, agrees=values.get("agrees") == "on")
    except RequestRefused as error:
        return await _shown(request, caller, source, None, error)
    return pages.of(request).go(request, _address(source.id), f"{source.name} is active: its events are taken and its jobs run.")


@router.post("/{source_id}/deactivate")
async def deactivate(request: Request, caller: ConfiguringPage, source_id: str) -> Response:
    """Deactivate an account; its settings stay."""
    caller.expect(Permission.CONFIGURE)
    source = await _source(request, source_id)
    await activation.deactivate(callers.services(request).engine, caller, source)
    said = f"{source.name} is inactive: it takes no events and its jobs have stopped. Its settings stay."
    return pages.of(request).go(request, _address(source.id), said)


async def _source(request: Request, source_id: str) -> SourceConfig:
    found = await source_of(request, source_id)
    if not activation.needed(found.kind):
        raise RequestRefused(
            "not_found", "This source is not activated; switch it on and off at the top of its page.", HTTPStatus.NOT_FOUND
        )
    return found


async def _values(request: Request) -> dict[str, str]:
    given = {name: value.strip() for name, value in (await forms.values(request)).items()}
    return {"name": "", **dict.fromkeys(_SETTINGS, ""), **given}


def _expect_name(values: Mapping[str, str]) -> None:
    if not values["name"]:
        raise RequestRefused("malformed", "Enter a name.", HTTPStatus.UNPROCESSABLE_ENTITY, field="name")


def _settings(values: Mapping[str, str], stored: Mapping[str, object]) -> dict[str, object]:
    kept = {name: value for name, value in stored.items() if name not in _SETTINGS}
    return {**kept, **{name: values[name] for name in _SETTINGS if values[name]}}


def _secrets(values: Mapping[str, str]) -> dict[str, str]:
    kind = kinds.of(KIND)
    return {name: values.get(f"secret_{name}", "") for name in (*kind.secrets, *kind.optional_secrets)}


def _address(source_id: str) -> str:
    return f"{HERE}/{source_id}/account"


async def _step(request: Request, caller: Caller, step: str, values: Mapping[str, str], error: CrosswalkError | None = None) -> Response:
    kind = kinds.of(KIND)
    shown = about(SourceConfig("", kind.title, KIND, SourceState.OFF, {}), TAB, caller)
    context = NewAccountPage(shown, step, values, errors_of(error) if error else {})
    status = forms.status(error) if error else HTTPStatus.OK
    title = f"Add {kind.title}"
    return await pages.of(request).show(request, caller, context, title=title, current=HERE, crumbs=[(TITLE, HERE)], status=status)


async def _shown(
    request: Request, caller: Caller, source: SourceConfig, values: Mapping[str, str] | None = None, error: CrosswalkError | None = None
) -> Response:
    services = callers.services(request)
    known = await activation.agreement(services.engine, source)
    async with services.database.read() as tx:
        people = await users.names(tx, services.vault) if known else {}
    stored = {"name": source.name, **{name: str(source.settings.get(name, "")) for name in _SETTINGS}}
    context = AccountPage(
        about(source, TAB, caller),
        terms=services.engine.settings.account_terms,
        agreed_by=people.get(known.actor.removeprefix("user:"), known.actor) if known else "",
        agreed_at=known.at if known else None,
        values=values or stored,
        errors=errors_of(error) if error else {},
    )
    status = forms.status(error) if error else HTTPStatus.OK
    return await pages.of(request).show(request, caller, context, title=source.name, current=HERE, crumbs=[(TITLE, HERE)], status=status)
