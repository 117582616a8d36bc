"""API tokens: a program acts for the person who made the token, never with more than that person may do.

A token is shown once and stored as its keyed hash. When the person loses a role or is removed, so do his tokens.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access import roles, sessions
from crosswalk.access.caller import Caller
from crosswalk.access.context import Access, new_token, token_hmac
from crosswalk.access.roles import Role
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store import tables

PREFIX = "crosswalk_"
_KIND = "api"
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One token, without what opens the door."""

    id: str
    name: str
    role: Role
    user_id: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


async def make(access: Access, caller: Caller, name: str, role: Role, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token that acts for the caller; return it with its text, which is shown once."""
    if roles.lesser(role, caller.role) is not role:
        raise RequestRefused("role_too_high", "A token may not do more than the person who makes it; choose a smaller role.", 422)
    text, now = PREFIX + new_token(), access.now
    made = ApiToken(access.ids.new(), name.strip(), role, caller.user_id, now, expires_at, None)
    async with access.database.write() as tx:
        await tx.execute(
            insert(tables.api_token).values(
                id=made.id,
                user_id=caller.user_id,
                name=made.name,
                token_hmac=token_hmac(access.vault, _KIND, text),
                role=role.value,
                created_at=now,
                expires_at=expires_at,
            )
        )
        after = {"name": made.name, "role": role, "expires_at": expires_at}
        await audit.record(tx, access.ids, now, actor=caller.actor, action="api_token.add", subject=made.id, after=after)
    return made, text


async def every(tx: AsyncConnection) -> list[ApiToken]:
    """Return all tokens, the newest first."""
    return [_token(row) for row in await tx.execute(select(tables.api_token).order_by(tables.api_token.c.id.desc()))]


async def revoke(access: Access, caller: Caller, token_id: str) -> None:
    """Make a token useless."""
    table = tables.api_token
    async with access.database.write() as tx:
        row = (await tx.execute(select(table).where(table.c.id == token_id))).one_or_none()
        if row is None:
            raise RequestRefused("unknown_token", "There is no API token with this id; it may have been revoked already.", 404)
        await tx.execute(delete(table).where(table.c.id == token_id))
        before = {"name": row.name, "role": row.role}
        await audit.record(tx, access.ids, access.now, actor=caller.actor, action="api_token.remove", subject=token_id, before=before)


async def caller(access: Access, text: str) -> Caller | None:
    """Return whom a token acts for, with the smaller of both roles, or None when it is unknown or past its end."""
    token, user, now = tables.api_token, tables.user, access.now
    statement = (
        select(token.c.id.label("token_id"), token.c.role.label("token_role"), token.c.expires_at, token.c.last_used_at, user)
        .join(user, user.c.id == token.c.user_id)
        .where(token.c.token_hmac == token_hmac(access.vault, _KIND, text), user.c.removed_at.is_(None))
    )
    async with access.database.read() as tx:
        row = (await tx.execute(statement)).one_or_none()
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            return None
        person = await sessions.of_row(tx, access, row)
    if row.last_used_at is None or now - row.last_used_at >= _SEEN_EVERY:
        async with access.database.write() as tx:
            await tx.execute(update(token).where(token.c.id == row.token_id).values(last_used_at=now))
    most = Role(row.token_role)
    connections = {key: roles.lesser(role, most) for key, role in person.connections.items()}
    everywhere = roles.lesser(person.everywhere, most) if person.everywhere else None
    return replace(person, role=roles.lesser(person.role, most), connections=connections, everywhere=everywhere)


def _token(row: Any) -> ApiToken:
    return ApiToken(row.id, row.name, Role(row.role), row.user_id, row.created_at, row.expires_at, row.last_used_at)
