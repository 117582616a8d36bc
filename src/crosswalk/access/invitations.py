"""Letting somebody in by a link: an admin makes it and passes it on, the person chooses a password.

The link holds the only copy of its token and works once, for a week. The same kind of link gives somebody who is here already a new
password.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access import passwords, sessions, users
from crosswalk.access.caller import Caller
from crosswalk.access.context import Access, new_token, token_hmac
from crosswalk.access.roles import Permission, Role
from crosswalk.access.sessions import Client
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store import tables

LIVES = timedelta(days=7)
_KIND = "invitation"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One open invitation. `user_id` is set when it only gives a new password."""

    id: str
    name: str
    email: str
    role: Role
    connections: Mapping[str, Role]
    user_id: str | None
    invited_by: str
    created_at: datetime
    expires_at: datetime


async def invite(
    access: Access, caller: Caller, name: str, email: str, role: Role, connections: Mapping[str, Role]
) -> tuple[Invitation, str]:
    """Make an invitation; return it with the token of its link, which is shown once."""
    if role is Role.OWNER:
        caller.expect(Permission.MAKE_OWNERS)
    user, hmac = tables.user, access.email_hmac(email)
    async with access.database.write() as tx:
        if await tx.scalar(select(user.c.id).where(user.c.email_hmac == hmac, user.c.removed_at.is_(None))):
            raise RequestRefused(
                "email_taken", "Somebody with this e-mail address is here already; change that person's role instead.", 409
            )
        await tx.execute(delete(tables.invitation).where(tables.invitation.c.email_hmac == hmac))
        made = _made(access, caller, name.strip(), email.strip(), role, connections, None)
        token = await _keep(tx, access, made, hmac)
        after = {"role": role, "connections": dict(connections)}
        await audit.record(tx, access.ids, access.now, actor=caller.actor, action="invitation.add", subject=made.id, after=after)
    return made, token


async def new_password(access: Access, caller: Caller, user_id: str) -> tuple[Invitation, str]:
    """Make a link by which somebody who is here sets a new password; only owners make one for owners."""
    async with access.database.write() as tx:
        user = await users.one(tx, access.vault, user_id)
        if user.role is Role.OWNER:
            caller.expect(Permission.MAKE_OWNERS)
        made = _made(access, caller, user.name, user.email, user.role, {}, user_id)
        token = await _keep(tx, access, made, access.email_hmac(user.email))
        await audit.record(tx, access.ids, access.now, actor=caller.actor, action="user.password_link", subject=user_id)
    return made, token


async def every(tx: AsyncConnection, access: Access) -> list[Invitation]:
    """Return the open invitations, the newest first."""
    table = tables.invitation
    rows = await tx.execute(select(table).where(table.c.expires_at > access.now).order_by(table.c.id.desc()))
    return [_invitation(row, access) for row in rows]


async def of_token(access: Access, token: str) -> Invitation:
    """Return the invitation a link belongs to; raise `RequestRefused` when it was used, withdrawn or is too old."""
    async with access.database.read() as tx:
        return await _of_token(tx, access, token)


async def accept(access: Access, token: str, password: str, client: Client) -> str:
    """Let the person in with a password of his own, and return the token of a session."""
    invitation = await of_token(access, token)
    made = await access.passwords.made(password, invitation.email)
    async with access.database.write() as tx:
        invitation = await _of_token(tx, access, token)
        user_id = await _admitted(tx, access, invitation, made)
        await tx.execute(delete(tables.invitation).where(tables.invitation.c.id == invitation.id))
        return await sessions.begin(tx, access, user_id, client)


async def withdraw(access: Access, caller: Caller, invitation_id: str) -> None:
    """Take an invitation back: its link works no more."""
    table = tables.invitation
    async with access.database.write() as tx:
        gone = await tx.execute(delete(table).where(table.c.id == invitation_id))
        if not gone.rowcount:
            raise RequestRefused("unknown_invitation", "There is no open invitation with this id; it may have been used.", 404)
        await audit.record(tx, access.ids, access.now, actor=caller.actor, action="invitation.remove", subject=invitation_id)


async def first_owner(access: Access, name: str, email: str, password: str, client: Client) -> str:
    """Make the first owner and return the token of a session; raise `RequestRefused` when somebody was first."""
    passwords.expect_strong(password, email)
    made = await access.passwords.made(password, email)
    async with access.database.write() as tx:
        if await users.anybody(tx):
            raise RequestRefused("already_set_up", "An owner was made already. Log in, or ask an owner for an invitation.", 409)
        user_id = await users.create(tx, access, name, email, Role.OWNER, made, {})
        who = f"user:{user_id}"
        after = {"role": Role.OWNER}
        await audit.record(tx, access.ids, access.now, actor=who, action="user.add", subject=user_id, after=after)
        return await sessions.begin(tx, access, user_id, client)


async def _admitted(tx: AsyncConnection, access: Access, invitation: Invitation, password_hash: str) -> str:
    if invitation.user_id is not None:
        table = tables.user
        await tx.execute(update(table).where(table.c.id == invitation.user_id).values(password_hash=password_hash))
        await tx.execute(delete(tables.session).where(tables.session.c.user_id == invitation.user_id))
        return invitation.user_id
    given = (invitation.name, invitation.email, invitation.role)
    user_id = await users.create(tx, access, *given, password_hash, invitation.connections)
    after = {"role": invitation.role, "connections": dict(invitation.connections)}
    await audit.record(tx, access.ids, access.now, actor=f"user:{user_id}", action="user.add", subject=user_id, after=after)
    return user_id


def _made(
    access: Access, caller: Caller, name: str, email: str, role: Role, connections: Mapping[str, Role], user_id: str | None
) -> Invitation:
    now = access.now
    return Invitation(access.ids.new(), name, email, role, connections, user_id, caller.user_id, now, now + LIVES)


async def _keep(tx: AsyncConnection, access: Access, made: Invitation, email_hmac: str) -> str:
    token = new_token()
    await tx.execute(
        insert(tables.invitation).values(
            id=made.id,
            token_hmac=token_hmac(access.vault, _KIND, token),
            user_id=made.user_id,
            profile_ct=access.vault.seal({"name": made.name, "email": made.email}),
            email_hmac=email_hmac,
            role=made.role.value,
            connections={key: role.value for key, role in made.connections.items()},
            invited_by=made.invited_by,
            created_at=made.created_at,
            expires_at=made.expires_at,
        )
    )
    return token


async def _of_token(tx: AsyncConnection, access: Access, token: str) -> Invitation:
    table = tables.invitation
    wanted = select(table).where(table.c.token_hmac == token_hmac(access.vault, _KIND, token), table.c.expires_at > access.now)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise RequestRefused("link_not_valid", "This link was used already, withdrawn, or is older than a week. Ask for a new one.", 404)
    return _invitation(row, access)


def _invitation(row: Any, access: Access) -> Invitation:
    profile = access.vault.open(row.profile_ct)
    connections = {key: Role(role) for key, role in row.connections.items()}
    return Invitation(
        row.id,
        profile["name"],
        profile["email"],
        Role(row.role),
        connections,
        row.user_id,
        row.invited_by,
        row.created_at,
        row.expires_at,
    )
