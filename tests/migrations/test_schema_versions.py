from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from crosswalk.errors import ConfigurationError
from crosswalk.store import migrate, tables
from crosswalk.store.database import Database


@pytest.fixture
def empty_sqlite_url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path / 'new' / 'crosswalk.db'}"


@pytest.fixture
def empty_postgres_url(postgres_session):
    name = f"{postgres_session.database}_migrations"
    address = postgres_session.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield postgres_session.set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgres"])
async def empty(request, clock):
    database = await Database.open(request.getfixturevalue(f"empty_{request.param}_url"), clock)
    yield database
    await database.close()


async def test_the_migrated_schema_is_that_of_the_tables(empty):
    await migrate.upgrade(empty)

    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_server_default": True}), tables.metadata)

    async with empty.read() as tx:
        assert await tx.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(empty):
    await migrate.upgrade(empty)
    await migrate.upgrade(empty)
    await migrate.check(empty)


async def test_an_old_schema_is_refused_and_the_cure_named(empty):
    with pytest.raises(ConfigurationError, match="crosswalk migrate"):
        await migrate.check(empty)


async def test_a_schema_of_the_future_is_refused(empty):
    await migrate.upgrade(empty)
    async with empty.write() as tx:
        await tx.exec_driver_sql("UPDATE alembic_version SET version_num = 'future'")
    with pytest.raises(ConfigurationError, match="newer"):
        await migrate.check(empty)


async def test_sqlite_migrates_by_itself_at_start(empty_sqlite_url, clock):
    database = await Database.open(empty_sqlite_url, clock)
    await migrate.prepare(database)
    await migrate.check(database)
    await database.close()


async def test_postgres_refuses_to_start_on_an_empty_database(empty_postgres_url, clock):
    database = await Database.open(empty_postgres_url, clock)
    with pytest.raises(ConfigurationError):
        await migrate.prepare(database)
    await database.close()


def test_migrations_are_numbered_without_gaps():
    folder = Path(migrate.__file__).parent / "migrations" / "versions"
    numbers = sorted(path.name[:4] for path in folder.glob("*.py"))
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]
