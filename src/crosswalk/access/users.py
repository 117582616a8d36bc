"""People and what they may do: list, change a role, give and take access to a connection, remove.

Somebody who was removed keeps a row, so that the audit trail can still name who did what. The last owner can be neither removed nor
made less: nobody could undo it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.caller import Caller
from crosswalk.access.context import Access
from crosswalk.access.roles import GIVEN_ON_CONNECTIONS, Permission, Role
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store import statements, tables
from crosswalk.store.vault import Vault


@dataclass(frozen=True, slots=True)
class User:
    """One person, without the password."""

    id: str
    name: str
    email: str
    role: Role
    connections: Mapping[str, Role]
    created_at: datetime
    last_seen_at: datetime | None
    letter_keys: bool = True


async def every(tx: AsyncConnection, vault: Vault) -> list[User]:
    """Return everybody who may come in, by name."""
    return sorted(await _read(tx, vault), key=lambda one: (one.name.casefold(), one.id))


async def one(tx: AsyncConnection, vault: Vault, user_id: str) -> User:
    """Return one person; raise `RequestRefused` when there is none of that id."""
    found = await _read(tx, vault, tables.user.c.id == user_id)
    if not found:
        raise RequestRefused("unknown_user", "There is nobody with this id, or the person was removed. Go back to the list.", 404)
    return found[0]


async def names(tx: AsyncConnection, vault: Vault) -> dict[str, str]:
    """Return the name of everybody who is or was here, by id, for the audit trail."""
    rows = await tx.execute(select(tables.user.c.id, tables.user.c.profile_ct))
    return {row.id: vault.open(row.profile_ct)["name"] for row in rows}


async def anybody(tx: AsyncConnection) -> bool:
    """Tell whether the first owner was made already."""
    return bool(await tx.scalar(select(tables.user.c.id).limit(1)))


async def create(
    tx: AsyncConnection, access: Access, name: str, email: str, role: Role, password_hash: str, connections: Mapping[str, Role]
) -> str:
    """Add a person and return the id; raise `RequestRefused` when the e-mail is taken. Somebody removed comes back under the old id."""
    hmac, profile = access.email_hmac(email), access.vault.seal({"name": name.strip(), "email": email.strip()})
    table = tables.user
    row = (await tx.execute(select(table.c.id, table.c.removed_at).where(table.c.email_hmac == hmac))).one_or_none()
    values: dict[str, Any] = {"profile_ct": profile, "role": role.value, "password_hash": password_hash, "removed_at": None}
    if row is None:
        user_id = access.ids.new()
        await tx.execute(insert(table).values(id=user_id, email_hmac=hmac, created_at=access.now, letter_keys=True, **values))
    elif row.removed_at is not None:
        user_id = row.id
        await tx.execute(update(table).where(table.c.id == user_id).values(**values))
    else:
        raise RequestRefused("email_taken", "Somebody with this e-mail address is here already; change that person's role instead.", 409)
    known = set((await tx.execute(select(tables.connection.c.id))).scalars())
    rows = [{"user_id": user_id, "connection_id": key, "role": given.value} for key, given in connections.items() if key in known]
    await statements.every(tx, insert(tables.user_connection), rows)
    return user_id


async def change_role(access: Access, caller: Caller, user_id: str, role: Role) -> User:
    """Give somebody another role in the workspace."""
    async with access.database.write() as tx:
        user = await one(tx, access.vault, user_id)
        if Role.OWNER in (role, user.role):
            caller.expect(Permission.MAKE_OWNERS)
        if user.role is Role.OWNER and role is not Role.OWNER:
            await _expect_another_owner(tx, user_id)
        if user.role is not role:
            await tx.execute(update(tables.user).where(tables.user.c.id == user_id).values(role=role.value))
            await _note(tx, access, caller, "user.role", user_id, {"role": user.role}, {"role": role})
        return await one(tx, access.vault, user_id)


async def give_access(access: Access, caller: Caller, user_id: str, connection_id: str, role: Role | None) -> User:
    """Give somebody a role on one connection, or with None take it; owners have access anyway."""
    if role is not None and role not in GIVEN_ON_CONNECTIONS:
        raise RequestRefused("role_not_on_connection", "Owners are owners of everything; choose another role for one connection.", 422)
    async with access.database.write() as tx:
        user = await one(tx, access.vault, user_id)
        await _expect_connection(tx, connection_id)
        before = user.connections.get(connection_id)
        if before is not role:
            await _write_access(tx, user_id, connection_id, role)
            facts = {"user": user_id, "connection": connection_id}
            await _note(tx, access, caller, "user.access", user_id, {**facts, "role": before}, {**facts, "role": role})
        return await one(tx, access.vault, user_id)


async def remove(access: Access, caller: Caller, user_id: str) -> None:
    """Let somebody in no more: the sessions end, the API tokens and accesses go."""
    async with access.database.write() as tx:
        user = await one(tx, access.vault, user_id)
        if user.role is Role.OWNER:
            caller.expect(Permission.MAKE_OWNERS)
            await _expect_another_owner(tx, user_id)
        for table in (tables.session, tables.api_token, tables.user_connection, tables.invitation):
            await tx.execute(delete(table).where(table.c.user_id == user_id))
        await tx.execute(update(tables.user).where(tables.user.c.id == user_id).values(password_hash=None, removed_at=access.now))
        await _note(tx, access, caller, "user.remove", user_id, {"role": user.role}, None)


async def change_password(access: Access, caller: Caller, old: str, new: str) -> None:
    """Set the caller's own password, with proof of the old one; every other session of his ends."""
    table = tables.user
    async with access.database.read() as tx:
        stored = await tx.scalar(select(table.c.password_hash).where(table.c.id == caller.user_id))
    if not await access.passwords.matches(stored, old):
        raise RequestRefused("wrong_password", "The present password is not right; nothing was changed.", 422, field="old_password")
    made = await access.passwords.made(new, caller.email)
    sessions = tables.session
    async with access.database.write() as tx:
        await tx.execute(update(table).where(table.c.id == caller.user_id).values(password_hash=made))
        await tx.execute(delete(sessions).where(sessions.c.user_id == caller.user_id, sessions.c.id != (caller.session_id or "")))
        await _note(tx, access, caller, "user.password", caller.user_id, None, None)


async def switch_letter_keys(access: Access, caller: Caller, *, on: bool) -> None:
    """Let single letters be short cuts for the caller, or not."""
    async with access.database.write() as tx:
        await tx.execute(update(tables.user).where(tables.user.c.id == caller.user_id).values(letter_keys=on))


async def _read(tx: AsyncConnection, vault: Vault, *where: Any) -> Sequence[User]:
    user, given = tables.user, tables.user_connection
    rows = (await tx.execute(select(user).where(user.c.removed_at.is_(None), *where))).all()
    statement = select(given) if len(rows) != 1 else select(given).where(given.c.user_id == rows[0].id)
    connections: dict[str, dict[str, Role]] = {}
    for row in await tx.execute(statement):
        connections.setdefault(row.user_id, {})[row.connection_id] = Role(row.role)
    return [_user(row, vault.open(row.profile_ct), connections.get(row.id, {})) for row in rows]


def _user(row: Any, profile: Mapping[str, str], connections: Mapping[str, Role]) -> User:
    return User(row.id, profile["name"], profile["email"], Role(row.role), connections, row.created_at, row.last_seen_at, row.letter_keys)


async def _expect_another_owner(tx: AsyncConnection, user_id: str) -> None:
    user = tables.user
    owners = select(func.count()).where(user.c.role == Role.OWNER.value, user.c.removed_at.is_(None), user.c.id != user_id)
    if not await tx.scalar(owners):
        raise RequestRefused("last_owner", "This is the last owner, and nobody could undo it. Make somebody else an owner first.", 409)


async def _expect_connection(tx: AsyncConnection, connection_id: str) -> None:
    if not await tx.scalar(select(tables.connection.c.id).where(tables.connection.c.id == connection_id)):
        raise RequestRefused("unknown_connection", "There is no connection with this id. Go back to the list of connections.", 404)


async def _write_access(tx: AsyncConnection, user_id: str, connection_id: str, role: Role | None) -> None:
    table = tables.user_connection
    if role is None:
        await tx.execute(delete(table).where(table.c.user_id == user_id, table.c.connection_id == connection_id))
        return
    statement = statements.insert(table).values(user_id=user_id, connection_id=connection_id, role=role.value)
    columns = [table.c.user_id, table.c.connection_id]
    await tx.execute(statement.on_conflict_do_update(index_elements=columns, set_={"role": role.value}))


async def _note(tx: AsyncConnection, access: Access, caller: Caller, action: str, user_id: str, before: Any, after: Any) -> None:
    await audit.record(tx, access.ids, access.now, actor=caller.actor, action=action, subject=user_id, before=before, after=after)
