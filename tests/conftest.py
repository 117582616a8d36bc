"""Fixtures every part may use: `clock`, `ids`, `vault`, and `database` on both databases."""

import os
from datetime import UTC, datetime
from random import Random

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from crosswalk.clock import VirtualClock
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault

_POSTGRES = make_url(os.environ.get("TEST_POSTGRES_URL") or "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def clock():
    return VirtualClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
def ids(clock):
    return Ids(clock, Random(7))


@pytest.fixture(scope="session")
def vault():
    return Vault.in_memory("test")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request):
    """Return the address of an empty database that has all tables."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def database(database_url, clock):
    database = await Database.open(database_url, clock)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """Return the bytes of a SQLite database that has all tables and no rows."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path, sqlite_template):
    path = tmp_path / "crosswalk.db"
    path.write_bytes(sqlite_template)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_session():
    """Return the address of a database of this session's own; skip where no server runs, except in CI."""
    server = _POSTGRES.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL server: {error}")
    name = f"crosswalk_test_{os.getpid()}"
    with connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # nothing of a test outlives a power cut
        url = _POSTGRES.set(database=name)
        engine = create_engine(url)
        tables.metadata.create_all(engine)
        engine.dispose()
        yield url
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    connection.close()


@pytest.fixture
def postgres_url(postgres_session):
    """Return the address of the session's database, emptied."""
    address = postgres_session.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True, options="-c lock_timeout=5000") as connection:
        connection.execute("; ".join(str(table.delete()) for table in reversed(tables.metadata.sorted_tables)))
    return postgres_session.render_as_string(hide_password=False)
