"""Connections as an admin enters them: the same rules and the same audit as the workspace file, tried before they are saved.

A login is tried with what was entered, on a token of its own; only one that works, and leads to the org it led to before, is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from pydantic import ValidationError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import workspace
from crosswalk.access.caller import Caller
from crosswalk.access.roles import Role
from crosswalk.connecting import renaming
from crosswalk.errors import MappingError, Problem, RequestRefused
from crosswalk.journal import audit
from crosswalk.salesforce import auth
from crosswalk.salesforce.logins import Token
from crosswalk.store import tables
from crosswalk.store.configuration import ConnectionConfig, SyncState
from crosswalk.turn import pausing
from crosswalk.turn.context import Engine
from crosswalk.workspace.document import ConnectionSettings, ConnectionSpec, Workspace

NEW = "new"


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody entered for a connection; secrets left empty stay as they are."""

    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    key_field: str | None = None
    slots: int = 1
    reserve: int = 0


async def save(engine: Engine, http: httpx2.AsyncClient, caller: Caller, entered: Entered, connection_id: str | None = None) -> str:
    """Save a connection whose login works, and return its id; raise what the login raises, and nothing is saved."""
    stored = (await engine.configuration.current()).connections.get(connection_id or "")
    spec = _spec(entered, stored)
    tried = _draft(spec, stored)
    token = None
    if stored is None or _logs_in_anew(spec, stored):
        token = await log_in(engine, http, tried)
        await _expect_org(engine, token.org_id, stored)
    return await keep(engine, caller, spec, token, stored)


async def keep(engine: Engine, caller: Caller, spec: ConnectionSpec, token: Token | None, stored: ConnectionConfig | None) -> str:
    """Write a connection; whoever makes one becomes its admin. A working login lets a paused connection go on."""
    async with engine.database.write() as tx:
        await renaming.rename(tx, engine, caller, tables.connection, spec.name, stored)
        await workspace.apply(tx, engine.vault, engine.clock, engine.ids, Workspace(connections=(spec,)), caller.actor)
        connection_id = await _id(tx, spec.name)
        if token:
            await _name_org(tx, connection_id, token.org_id)
        if stored is None and caller.everywhere is None:
            row = {"user_id": caller.user_id, "connection_id": connection_id, "role": Role.ADMIN.value}
            await tx.execute(insert(tables.user_connection).values(**row))
    engine.configuration.forget()
    if stored and stored.paused_reason and token:
        await pausing.resume(engine, connection_id)
    return connection_id


async def log_in(engine: Engine, http: httpx2.AsyncClient, connection: ConnectionConfig) -> Token:
    """Log in with what is entered, and return the token; raise what the login raises."""
    flow = auth.flow(connection, http, engine.clock, engine.timings, plain_http_allowed=engine.settings.allow_plain_http_orgs)
    return await flow.login(None)


async def resume(engine: Engine, caller: Caller, connection: ConnectionConfig) -> None:
    """Let a paused connection work again."""
    await pausing.resume(engine, connection.id)
    async with engine.database.write() as tx:
        before = {"paused": connection.paused_reason}
        await _note(tx, engine, caller, "connection.resume", connection.id, before, {"paused": None})


async def pause(engine: Engine, caller: Caller, connection: ConnectionConfig) -> None:
    """Let a connection rest until somebody resumes it; what arrives is kept."""
    sentence = "Paused by hand. What arrives is kept and goes on after it is resumed."
    await pausing.pause(engine, connection.id, sentence)
    async with engine.database.write() as tx:
        await _note(tx, engine, caller, "connection.pause", connection.id, {"paused": connection.paused_reason}, {"paused": sentence})


async def remove(engine: Engine, caller: Caller, connection: ConnectionConfig) -> None:
    """Give a connection up; raise `RequestRefused` as long as a sync writes into it, because its history belongs to it."""
    sync = tables.sync
    async with engine.database.write() as tx:
        used = await tx.scalar(select(func.count()).where(sync.c.connection_id == connection.id))
        if used:
            living = select(func.count()).where(sync.c.connection_id == connection.id, sync.c.state != SyncState.REMOVED.value)
            raise _still_used(int(await tx.scalar(living) or 0))
        await tx.execute(delete(tables.connection).where(tables.connection.c.id == connection.id))
        before = {"name": connection.name, "org": connection.org}
        await _note(tx, engine, caller, "connection.remove", connection.id, before, None)
    engine.configuration.forget()


def _still_used(living: int) -> RequestRefused:
    what = f"{living} syncs write into it" if living else "removed syncs have their history in it"
    sentence = f"This connection cannot be removed: {what}. Pause it instead; its credentials can be taken back in Salesforce."
    return RequestRefused("connection_in_use", sentence, 409)


def _spec(entered: Entered, stored: ConnectionConfig | None) -> ConnectionSpec:
    """Return what was entered as the workspace file would say it; raise `MappingError` with the field of each mistake."""
    settings = {key: value for key, value in entered.settings.items() if value not in (None, "")}
    secrets = {key: value for key, value in entered.secrets.items() if value}
    try:
        spec = ConnectionSpec(
            name=entered.name,
            settings=ConnectionSettings.model_validate(settings),
            secrets=secrets,
            org=stored.org if stored else None,
            key_field=entered.key_field or None,
            slots=entered.slots,
            reserve=entered.reserve,
        )
    except ValidationError as error:
        raise MappingError([_problem(one["loc"], one["msg"]) for one in error.errors()]) from None
    known = stored.secrets if stored else {}
    missing = [name for name in spec.settings.login.settings if not settings.get(name)]
    missing += [name for name in spec.settings.login.secrets if not secrets.get(name) and not known.get(name)]
    if missing:
        raise MappingError([Problem("missing", name, f"Enter the {name.replace('_', ' ')}.") for name in missing])
    return spec


def _problem(location: tuple[Any, ...], message: str) -> Problem:
    name = str(location[-1]) if location else ""
    return Problem("malformed", name, f"{message.removeprefix('Value error, ').rstrip('.').capitalize()}.")


def _draft(spec: ConnectionSpec, stored: ConnectionConfig | None) -> ConnectionConfig:
    settings = spec.settings.model_dump(mode="json", exclude_defaults=True)
    secrets = {**(stored.secrets if stored else {}), **spec.secrets}
    if stored:
        return replace(stored, settings=settings, secrets=secrets)
    return ConnectionConfig(NEW, spec.name, None, settings, spec.key_field, spec.slots, spec.reserve, secrets=secrets)


def _logs_in_anew(spec: ConnectionSpec, stored: ConnectionConfig) -> bool:
    """Tell whether anything changed that the login depends on; a paused connection is tried in any case."""
    names = ("login", "login_url", "sandbox", "username", "client_id")
    settings = spec.settings.model_dump(mode="json", exclude_defaults=True)
    return bool(spec.secrets or stored.paused_reason) or any(settings.get(name) != stored.settings.get(name) for name in names)


async def _expect_org(engine: Engine, org_id: str, stored: ConnectionConfig | None) -> None:
    if stored and stored.org and stored.org != org_id:
        sentence = (
            f"The login works, but leads to org {org_id}, no longer to {stored.org}. What is remembered belongs to the old org: "
            "add a new account for the new one."
        )
        raise RequestRefused("other_org", sentence, 409, field="login_url")
    configuration = await engine.configuration.current()
    twin = next((one for one in configuration.connections.values() if one.org == org_id and (not stored or one.id != stored.id)), None)
    if twin:
        sentence = (
            f"The login works, but this org is connected already as {twin.name}; two connections would not know of each other's writes."
        )
        raise RequestRefused("org_connected", sentence, 409, field="login_url")


async def _name_org(tx: AsyncConnection, connection_id: str, org_id: str) -> None:
    try:
        await tx.execute(update(tables.connection).where(tables.connection.c.id == connection_id).values(org=org_id))
    except IntegrityError:
        raise RequestRefused("org_connected", "This org was connected by somebody else meanwhile; use that connection.", 409) from None


async def _id(tx: AsyncConnection, name: str) -> str:
    return str((await tx.execute(select(tables.connection.c.id).where(tables.connection.c.name == name))).scalar_one())


async def _note(tx: AsyncConnection, engine: Engine, caller: Caller, action: str, subject: str, before: Any, after: Any) -> None:
    now = engine.clock.now()
    await audit.record(tx, engine.ids, now, actor=caller.actor, action=action, subject=subject, before=before, after=after)
