import asyncio

import pytest
from sqlalchemy import func, insert, select, text

from crosswalk.errors import ConfigurationError, StoreBusyError
from crosswalk.store import tables
from crosswalk.store.database import Database


def row(clock, key):
    return {"value_hmac": key, "at": clock.now()}


async def count(database):
    async with database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(tables.suppression))


async def test_a_write_is_there_for_the_next_reader(database, clock):
    async with database.write() as tx:
        await tx.execute(insert(tables.suppression), [row(clock, "a")])
    assert await count(database) == 1


async def test_an_error_undoes_the_whole_transaction(database, clock):
    async def write_and_fail():
        async with database.write() as tx:
            await tx.execute(insert(tables.suppression), [row(clock, "a")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    assert await count(database) == 0


async def test_times_come_back_with_their_zone(database, clock):
    async with database.write() as tx:
        await tx.execute(insert(tables.suppression), [row(clock, "a")])
    async with database.read() as tx:
        assert await tx.scalar(select(tables.suppression.c.at)) == clock.now()


async def test_concurrent_writers_all_commit(database, clock):
    async def write(n):
        async with database.write() as tx:
            await tx.execute(insert(tables.suppression), [row(clock, f"k{n}")])

    await asyncio.gather(*(write(n) for n in range(30)))
    assert await count(database) == 30


async def test_readers_do_not_wait_for_a_writer(database, clock):
    async with database.write() as tx:
        await tx.execute(insert(tables.suppression), [row(clock, "a")])
        assert await asyncio.wait_for(count(database), 5) == 0


async def test_a_lock_held_by_another_process_is_a_busy_store(sqlite_url, clock, monkeypatch):
    monkeypatch.setattr("crosswalk.store.database._LOCK_WAIT_SECONDS", 0.05)
    first, second = await Database.open(sqlite_url, clock), await Database.open(sqlite_url, clock)
    async with first.write():
        with pytest.raises(StoreBusyError) as raised:
            async with second.write():
                pass
    assert raised.value.due > clock.now()
    await first.close()
    await second.close()


async def test_a_lost_connection_is_a_busy_store(postgres_url, clock):
    database = await Database.open(postgres_url, clock)
    with pytest.raises(StoreBusyError):
        async with database.write() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    async with database.read() as tx:
        assert await tx.scalar(text("SELECT 1")) == 1
    await database.close()


async def test_a_server_that_is_not_there_is_a_busy_store(clock):
    with pytest.raises(StoreBusyError):
        await Database.open("postgresql+psycopg://nobody:hunter2@127.0.0.1:9/none", clock)


async def test_a_busy_store_does_not_tell_the_password(clock):
    with pytest.raises(StoreBusyError) as raised:
        await Database.open("postgresql+psycopg://nobody:hunter2@127.0.0.1:9/none", clock)
    assert "hunter2" not in f"{raised.value.facts} {raised.value}"


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite+aiosqlite://", "sqlite:///x.db", "postgresql://x/y"])
async def test_an_address_we_cannot_use_is_refused_in_words(url, clock):
    with pytest.raises(ConfigurationError):
        await Database.open(url, clock)


async def test_errors_of_the_database_do_not_show_values(database, clock):
    async with database.write() as tx:
        await tx.execute(insert(tables.suppression), [row(clock, "ann@x.example")])
    with pytest.raises(Exception, match="suppression") as raised:
        async with database.write() as tx:
            await tx.execute(insert(tables.suppression), [row(clock, "ann@x.example"), row(clock, "ann@x.example")])
    assert "parameters hidden" in str(raised.value)


async def test_a_sqlite_commit_is_on_disk_before_it_returns(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    async with database.write() as tx:
        settings = [await tx.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert settings == ["wal", 2, 1]
    await database.close()


async def test_a_reader_cannot_write_on_sqlite(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    with pytest.raises(Exception, match="readonly"):
        async with database.read() as tx:
            await tx.execute(insert(tables.suppression), [row(clock, "a")])
    await database.close()
