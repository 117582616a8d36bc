from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from crosswalk.access import invitations
from crosswalk.access.context import Access
from crosswalk.access.passwords import Passwords
from crosswalk.access.roles import Role
from crosswalk.access.sessions import Client
from crosswalk.store import tables
from crosswalk.store.database import Database

PASSWORD = "correct horse battery"
HERE = Client("192.0.2.7", "Firefox")


@pytest.fixture
async def database(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    yield database
    await database.close()


@pytest.fixture
def access(database, vault, clock, ids):
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Access(database, vault, clock, ids, cheap, timedelta(hours=12), timedelta(days=14))


@pytest.fixture
async def connection(database, clock):
    """Return the id of a connection."""
    async with database.write() as tx:
        await tx.execute(tables.connection.insert().values(id="conn-1", name="Harbor Supply", created_at=clock.now()))
    return "conn-1"


@pytest.fixture
async def owner(access):
    """Return the first owner as a caller."""
    from crosswalk.access import sessions

    token = await invitations.first_owner(access, "Noor Haddad", "noor@harbor.example", PASSWORD, HERE)
    return await sessions.caller(access, token)


@pytest.fixture
def joins(access, owner):
    """Let somebody join by an invitation; gives the caller."""
    from crosswalk.access import sessions

    async def join(role, connections=None, email=None):
        email = email or f"{role}@harbor.example"
        _, token = await invitations.invite(access, owner, role.title(), email, Role(role), connections or {})
        return await sessions.caller(access, await invitations.accept(access, token, PASSWORD, HERE))

    return join
