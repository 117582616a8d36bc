"""Logging in with a password, and the sessions that follow: begun, found by their cookie, listed, ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access import throttle
from crosswalk.access.caller import Caller
from crosswalk.access.context import Access, new_token, token_hmac
from crosswalk.access.roles import Permission, Role
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store import tables

_KIND = "session"
_SEEN_EVERY = timedelta(minutes=1)
_BROWSER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as far as it says."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Session:
    """One session, for the one who looks whether it is his."""

    id: str
    user_id: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


async def log_in(access: Access, email: str, password: str, client: Client) -> str:
    """Return the token of a new session; raise `RequestRefused` for a wrong password, and 429 after too many attempts."""
    counted = throttle.limits(access.vault, "login", client.address, email)
    async with access.database.write() as tx:
        refusal = await throttle.attempt(tx, counted, access.now)
        user = tables.user
        row = (
            await tx.execute(
                select(user.c.id, user.c.password_hash).where(user.c.email_hmac == access.email_hmac(email), user.c.removed_at.is_(None))
            )
        ).one_or_none()
    if refusal:
        raise refusal
    if not await access.passwords.matches(row.password_hash if row else None, password) or row is None:
        raise RequestRefused("wrong_login", "E-mail and password do not belong together; try again, or ask an owner for a new link.", 401)
    async with access.database.write() as tx:
        await throttle.forget(tx, counted)
        return await begin(tx, access, row.id, client)


async def begin(tx: AsyncConnection, access: Access, user_id: str, client: Client) -> str:
    """Begin a session for somebody who has proved who he is, and return its token."""
    token, now, table = new_token(), access.now, tables.session
    await tx.execute(delete(table).where(table.c.expires_at <= now))
    await tx.execute(
        insert(table).values(
            id=access.ids.new(),
            user_id=user_id,
            token_hmac=token_hmac(access.vault, _KIND, token),
            client_ct=access.vault.seal({"address": client.address, "browser": client.browser[:_BROWSER_LENGTH]}),
            created_at=now,
            last_seen_at=now,
            expires_at=now + access.session_longest,
        )
    )
    await tx.execute(update(tables.user).where(tables.user.c.id == user_id).values(last_seen_at=now))
    return token


async def caller(access: Access, token: str) -> Caller | None:
    """Return whom a session's token belongs to, or None when it is unknown, has ended or was idle for too long."""
    session, user, now = tables.session, tables.user, access.now
    statement = (
        select(session.c.id.label("session_id"), session.c.last_seen_at.label("seen"), user)
        .join(user, user.c.id == session.c.user_id)
        .where(session.c.token_hmac == token_hmac(access.vault, _KIND, token), session.c.expires_at > now)
        .where(session.c.last_seen_at > now - access.session_idle, user.c.removed_at.is_(None))
    )
    async with access.database.read() as tx:
        row = (await tx.execute(statement)).one_or_none()
        if row is None:
            return None
        found = await of_row(tx, access, row, session_id=row.session_id)
    if now - row.seen >= _SEEN_EVERY:
        await _seen(access, row.session_id, row.id)
    return found


async def of_row(tx: AsyncConnection, access: Access, row: Any, *, session_id: str | None = None) -> Caller:
    """Return the caller a row of the user table stands for."""
    given = tables.user_connection
    roles = await tx.execute(select(given.c.connection_id, given.c.role).where(given.c.user_id == row.id))
    profile = access.vault.open(row.profile_ct)
    connections = {one.connection_id: Role(one.role) for one in roles}
    role = Role(row.role)
    everywhere = Role.OWNER if role is Role.OWNER else None
    return Caller(row.id, profile["name"], profile["email"], role, connections, everywhere, session_id, row.letter_keys)


async def of_user(tx: AsyncConnection, access: Access, user_id: str) -> list[Session]:
    """Return the running sessions of one person, the newest first."""
    table = tables.session
    statement = select(table).where(
        table.c.user_id == user_id, table.c.expires_at > access.now, table.c.last_seen_at > access.now - access.session_idle
    )
    return [_session(row, access) for row in await tx.execute(statement.order_by(table.c.id.desc()))]


async def end(access: Access, caller: Caller, session_id: str) -> None:
    """End a session: one's own, or with the right to manage access anybody's."""
    table = tables.session
    async with access.database.write() as tx:
        owner = await tx.scalar(select(table.c.user_id).where(table.c.id == session_id))
        if owner is None or (owner != caller.user_id and not caller.may(Permission.MANAGE_ACCESS)):
            raise RequestRefused("unknown_session", "There is no running session with this id; it may have ended already.", 404)
        await tx.execute(delete(table).where(table.c.id == session_id))
        if session_id != caller.session_id:
            await audit.record(tx, access.ids, access.now, actor=caller.actor, action="session.end", subject=owner)


def _session(row: Any, access: Access) -> Session:
    client = access.vault.open(row.client_ct)
    return Session(row.id, row.user_id, client["address"], client["browser"], row.created_at, row.last_seen_at, row.expires_at)


async def _seen(access: Access, session_id: str, user_id: str) -> None:
    now = access.now
    async with access.database.write() as tx:
        await tx.execute(update(tables.session).where(tables.session.c.id == session_id).values(last_seen_at=now))
        await tx.execute(update(tables.user).where(tables.user.c.id == user_id).values(last_seen_at=now))
