"""Adding a connection, and changing one: environment, login, settings; tried before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import connections, consent
from crosswalk.connecting.connections import Entered
from crosswalk.errors import CrosswalkError, MappingError, Problem, RequestRefused
from crosswalk.model import OnDuplicateRule
from crosswalk.salesforce.logins import PRODUCTION, SANDBOX
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.web import answers, callers
from crosswalk.web.api.connections import connection_of
from crosswalk.web.callers import ConfiguringPage
from crosswalk.web.console import forms, pages, wording
from crosswalk.web.console.connections import HERE, TITLE

router = APIRouter(prefix="/connections", include_in_schema=False)

CONSENT = "consent"
LOGINS: Sequence[tuple[str, str, str]] = (
    (CONSENT, "Sign in at Salesforce", "In the browser, by OAuth with PKCE"),
    ("jwt", "Certificate (JWT)", "A connected app signs; nothing secret is sent"),
    ("client_credentials", "Client credentials", "A connected app with a run-as user"),
    ("password", "Password", "User name, password, security token"),
)
_SECRETS: Mapping[str, Sequence[str]] = {
    CONSENT: ("client_secret",),
    "jwt": ("private_key",),
    "client_credentials": ("client_secret",),
    "password": ("password", "security_token", "client_secret"),
    "access_token": ("access_token",),
}
_DUPLICATES: Mapping[OnDuplicateRule, str] = {
    OnDuplicateRule.HOLD: "Hold it for a person",
    OnDuplicateRule.ALLOW: "Save it all the same",
    OnDuplicateRule.USE: "Use the record the rule found",
}


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """The form of a connection."""

    template: ClassVar[str] = "connect.html"
    login: str
    action: str
    callback: str
    connection: ConnectionConfig | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def logins(self) -> Sequence[tuple[str, str, str]]:
        """The ways of logging in."""
        return LOGINS

    @property
    def duplicates(self) -> Sequence[tuple[str, str]]:
        """What becomes of a record that a duplicate rule refuses."""
        return [(one.value, text) for one, text in _DUPLICATES.items()]

    @property
    def zones(self) -> Sequence[tuple[str, str]]:
        """Every time zone."""
        return [(name, name) for name in sorted(available_timezones())]

    def is_kept(self, secret: str) -> bool:
        """Tell whether a secret is stored and may be left empty."""
        return self.connection is not None and secret in self.connection.secrets


@dataclass(frozen=True, slots=True)
class GoPage:
    """The link to Salesforce's own page: browsers do not follow a form to another site."""

    template: ClassVar[str] = "connect_go.html"
    address: str
    name: str

    @property
    def host(self) -> str:
        """Where the link leads."""
        return urlsplit(self.address).hostname or ""


@router.get("/new")
async def new(request: Request, caller: ConfiguringPage, login: str = CONSENT) -> Response:
    """Show the form for a new connection."""
    caller.expect(Permission.CONFIGURE)
    return await _form(request, caller, _known(login), None, {"environment": "production", "zone": _zone(request), "slots": "1"})


@router.post("/new")
async def add(request: Request, caller: ConfiguringPage) -> Response:
    """Try what was entered, and save it when it works."""
    caller.expect(Permission.CONFIGURE)
    return await _entered(request, caller, None)


@router.get("/callback")
async def callback(request: Request, caller: ConfiguringPage, state: str = "", code: str = "", error_description: str = "") -> Response:
    """Come back from Salesforce with a code, or with its refusal."""
    services = callers.services(request)
    if not code:
        await consent.give_up(services.engine, caller, state)
        said = error_description[:200] or "it was not allowed"
        raise RequestRefused("sign_in_refused", f"Salesforce did not let Crosswalk in: {said}. Nothing was saved; begin again.", 409)
    connection_id = await consent.finish(services.engine, services.http, caller, state, code)
    name = (await services.configuration.current()).connections[connection_id].name
    return pages.of(request).go(request, HERE, f"{name} is connected.")


@router.get("/{connection_id}")
async def edit(request: Request, caller: ConfiguringPage, connection_id: str, login: str = "") -> Response:
    """Show the form of a connection."""
    found = await connection_of(request, caller, connection_id, Permission.CONFIGURE)
    stored = str(found.settings.get("login", ""))
    return await _form(request, caller, _known(login or stored), found, _values(found))


@router.post("/{connection_id}")
async def change(request: Request, caller: ConfiguringPage, connection_id: str) -> Response:
    """Try what was entered where the login changed, and save it."""
    return await _entered(request, caller, await connection_of(request, caller, connection_id, Permission.CONFIGURE))


async def _entered(request: Request, caller: Caller, stored: ConnectionConfig | None) -> Response:
    values = await forms.values(request)
    login, services = _known(values.get("login", "")), callers.services(request)
    connection_id = stored.id if stored else None
    try:
        entered = _read(values, login, stored)
        if login == CONSENT and (stored is None or values.get("sign_in")):
            target = await consent.begin(services.engine, services.http, caller, entered, _callback(request), connection_id)
            context = GoPage(target, entered.name)
            return await pages.of(request).show(
                request, caller, context, title="Sign in at Salesforce", current=HERE, crumbs=[(TITLE, HERE)]
            )
        await connections.save(services.engine, services.http, caller, entered, connection_id)
    except CrosswalkError as error:
        return await _form(request, caller, login, stored, values, forms.errors(error), answers.status_for_people(error))
    done = "was saved" if stored else "is connected"
    return pages.of(request).go(request, HERE, f"{entered.name} {done}.")


async def _form(
    request: Request,
    caller: Caller,
    login: str,
    stored: ConnectionConfig | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    action = f"{HERE}/{stored.id}" if stored else f"{HERE}/new"
    context = ConnectPage(login, action, _callback(request), stored, values, errors or {})
    title = stored.name if stored else "Add new account"
    return await pages.of(request).show(request, caller, context, title=title, current=HERE, crumbs=[(TITLE, HERE)], status=status)


def _read(values: Mapping[str, str], login: str, stored: ConnectionConfig | None) -> Entered:
    """Return what the form says; raise `MappingError` with the field of each mistake."""
    environment = values.get("environment", "production")
    needed = ["name", *(["login_url"] if environment == "custom" else []), *(["client_id"] if login == CONSENT else [])]
    problems = [Problem("missing", name, "Fill this in.") for name in needed if not values.get(name, "").strip()]
    numbers = {name: values.get(name) or standard for name, standard in (("slots", "1"), ("reserve", "0"))}
    problems += [Problem("malformed", name, "Enter a whole number.") for name, text in numbers.items() if not _is_number(text)]
    if problems:
        raise MappingError(problems)
    kept = {name: value for name, value in (stored.settings if stored else {}).items() if name == "api_version"}
    settings: dict[str, Any] = {
        **kept,
        "login": "refresh_token" if login == CONSENT else login,
        "sandbox": environment == "sandbox",
        "login_url": values.get("login_url", "").strip() if environment == "custom" else None,
        **{name: values.get(name, "").strip() for name in ("username", "client_id", "zone", "duplicates")},
    }
    secrets = {name: values.get(name, "").strip() for name in _SECRETS.get(login, ())}
    numbers_read = {name: int(text) for name, text in numbers.items()}
    return Entered(values["name"].strip(), settings, secrets, values.get("key_field", "").strip() or None, **numbers_read)


def _values(stored: ConnectionConfig) -> dict[str, Any]:
    settings = dict(stored.settings)
    custom = settings.get("login_url") not in (None, PRODUCTION, SANDBOX)
    environment = "custom" if custom else "sandbox" if settings.get("sandbox") or settings.get("login_url") == SANDBOX else "production"
    own = {"name": stored.name, "key_field": stored.key_field or "", "slots": stored.slots, "reserve": stored.reserve}
    return {**settings, **own, "environment": environment}


def _known(login: str) -> str:
    if login == "refresh_token":
        return CONSENT
    return login if login in {name for name, _, _ in LOGINS} or login == "access_token" else CONSENT


def _callback(request: Request) -> str:
    return f"{callers.base_url(request)}{HERE}/callback"


def _zone(request: Request) -> str:
    return wording.zone_name(wording.zone(request))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9  # noqa: PLR2004 - digits of a number that every database takes
