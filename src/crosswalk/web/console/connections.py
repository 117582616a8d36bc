"""Salesforce connections: a tile for each, who may use it, and how to add one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access import roles, users
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.access.users import User
from crosswalk.connecting import checking, connections
from crosswalk.connecting.checking import Calls
from crosswalk.salesforce.logins import PRODUCTION, SANDBOX
from crosswalk.store.configuration import ConnectionConfig, SyncState
from crosswalk.web import callers
from crosswalk.web.api.connections import connection_of
from crosswalk.web.callers import ConfiguringPage, LookingPage, ManagingPage, OperatingPage
from crosswalk.web.console import forms, pages
from crosswalk.web.console.users import role_of

router = APIRouter(prefix="/connections", include_in_schema=False)

TITLE = "Salesforce connections"
HERE = "/connections"


@dataclass(frozen=True, slots=True)
class Tile:
    """One connection as its tile shows it."""

    connection: ConnectionConfig
    calls: Calls
    syncs: int
    waiting: int
    can_configure: bool
    can_operate: bool
    can_manage: bool

    @property
    def address(self) -> str:
        """The host the login goes to."""
        return urlsplit(login_url(self.connection)).hostname or ""

    @property
    def kind(self) -> tuple[str, str]:
        """What it is, and the colour of the word."""
        if self.is_practice:
            return "Built in", ""
        if self.connection.settings.get("sandbox"):
            return "Sandbox", "waiting"
        return ("Production", "info") if self.address.endswith("salesforce.com") else ("Own address", "line")

    @property
    def is_practice(self) -> bool:
        """Whether it is the org inside this process."""
        return self.address.endswith("practice.localhost")

    @property
    def meter(self) -> Sequence[tuple[str, float]]:
        """Shares of the day's calls: other applications, ours, free, reserve."""
        most = self.calls.limit or 0
        used = min(self.calls.used or 0, most)
        if not most:
            return ()
        own = min(self.calls.own, used)
        reserve = min(self.connection.reserve, most - used)
        parts = (("other", used - own), ("own", own), ("rest", most - used - reserve), ("reserve", reserve))
        return [(name, round(100 * part / most, 2)) for name, part in parts]


@dataclass(frozen=True, slots=True)
class ConnectionsPage:
    """All tiles, and beside them who may use one."""

    template: ClassVar[str] = "connections.html"
    tiles: Sequence[Tile]
    can_add: bool
    chosen: Tile | None = None
    people: Sequence[User] = ()
    others: Sequence[User] = ()
    given: Sequence[tuple[str, str]] = field(default=tuple((one.value, one.word) for one in roles.GIVEN_ON_CONNECTIONS))
    summaries: Sequence[tuple[str, str]] = field(default=tuple((one.word, roles.SUMMARIES[one]) for one in roles.GIVEN_ON_CONNECTIONS))


@router.get("")
async def show(request: Request, caller: LookingPage, access: str = "") -> Response:
    """Show the connections the caller has access to; `access` opens the panel of one."""
    services = callers.services(request)
    configuration = await services.configuration.current()
    seen = sorted((one for one in configuration.connections.values() if caller.may_on(one.id, Permission.LOOK)), key=lambda one: one.name)
    tiles = [await _tile(request, caller, one) for one in seen]
    chosen = next((one for one in tiles if one.connection.id == access and one.can_manage), None)
    people, others = await _people(request, chosen.connection) if chosen else ((), ())
    context = ConnectionsPage(tiles, caller.may(Permission.CONFIGURE), chosen, people, others)
    return await pages.of(request).show(request, caller, context, title=TITLE, current=HERE)


@router.post("/{connection_id}/test")
async def test(request: Request, caller: OperatingPage, connection_id: str) -> Response:
    """Test a connection and tell how it ended."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    services = callers.services(request)
    tested = await checking.test(services.engine, services.orgs, found)
    return pages.of(request).go(request, HERE, tested.sentence, "ok" if tested.works else "held")


@router.post("/{connection_id}/pause")
async def pause(request: Request, caller: OperatingPage, connection_id: str) -> Response:
    """Let a connection rest."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    await connections.pause(callers.services(request).engine, caller, found)
    return pages.of(request).go(request, HERE, f"{found.name} is paused; what arrives is kept.")


@router.post("/{connection_id}/resume")
async def resume(request: Request, caller: OperatingPage, connection_id: str) -> Response:
    """Let a paused connection work again."""
    found = await connection_of(request, caller, connection_id, Permission.OPERATE)
    await connections.resume(callers.services(request).engine, caller, found)
    return pages.of(request).go(request, HERE, f"{found.name} works again.")


@router.post("/{connection_id}/remove")
async def remove(request: Request, caller: ConfiguringPage, connection_id: str) -> Response:
    """Give a connection up."""
    found = await connection_of(request, caller, connection_id, Permission.CONFIGURE)
    await connections.remove(callers.services(request).engine, caller, found)
    return pages.of(request).go(request, HERE, f"{found.name} was removed.")


@router.post("/{connection_id}/access")
async def give_access(request: Request, caller: ManagingPage, connection_id: str) -> Response:
    """Give somebody a role on a connection, or take it."""
    found = await connection_of(request, caller, connection_id, Permission.MANAGE_ACCESS)
    values = await forms.values(request)
    role = role_of(values["role"]) if values.get("role") else None
    changed = await users.give_access(callers.services(request).access, caller, values.get("user", ""), found.id, role)
    said = f"{changed.name} is {role.word} on {found.name} now." if role else f"{changed.name} has no access to {found.name} now."
    return pages.of(request).go(request, f"{HERE}?access={found.id}", said)


def login_url(connection: ConnectionConfig) -> str:
    """Return the address a connection logs in at."""
    return str(connection.settings.get("login_url") or (SANDBOX if connection.settings.get("sandbox") else PRODUCTION))


async def _tile(request: Request, caller: Caller, connection: ConnectionConfig) -> Tile:
    services = callers.services(request)
    syncs = [one for one in (await services.configuration.current()).syncs_into(connection.id) if one.state is not SyncState.REMOVED]
    waiting = await checking.waiting(services.engine, connection.id) if connection.paused_reason else 0
    return Tile(
        connection,
        await checking.calls(services.engine, connection.id),
        len(syncs),
        waiting,
        caller.may_on(connection.id, Permission.CONFIGURE),
        caller.may_on(connection.id, Permission.OPERATE),
        caller.may_on(connection.id, Permission.MANAGE_ACCESS),
    )


async def _people(request: Request, connection: ConnectionConfig) -> tuple[Sequence[User], Sequence[User]]:
    """Return who has access, and who might be given it."""
    services = callers.services(request)
    async with services.database.read() as tx:
        everybody = await users.every(tx, services.vault)
    inside = [one for one in everybody if one.role is roles.Role.OWNER or connection.id in one.connections]
    return inside, [one for one in everybody if one not in inside]
