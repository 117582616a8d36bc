"""A transaction that runs at once is a transaction like any other."""

import asyncio

import pytest
from sqlalchemy import func, insert, select

from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.repeated import Repeated

ADD = insert(tables.suppression)


@pytest.fixture
def count(database):
    async def counted():
        async with database.read() as tx:
            return await tx.scalar(select(func.count()).select_from(tables.suppression))

    return counted


@pytest.fixture
def add(clock):
    async def added(tx, name):
        await tx.execute(ADD, [{"value_hmac": name, "at": clock.now()}])
        return name

    return added


async def test_it_is_committed_when_it_returns(database, add, count):
    assert (await database.write_at_once(lambda tx: add(tx, "a")), await count()) == ("a", 1)


async def test_an_error_undoes_it(database, add, count):
    async def fails(tx):
        await add(tx, "a")
        raise LookupError

    with pytest.raises(LookupError):
        await database.write_at_once(fails)
    assert await count() == 0


async def test_transactions_of_both_kinds_take_turns(database, add, count):
    async def one_by_one(name):
        async with database.write() as tx:
            await add(tx, name)

    await asyncio.gather(
        *(one_by_one(f"w{n}") for n in range(5)), *(database.write_at_once(lambda tx, n=n: add(tx, f"o{n}")) for n in range(5))
    )
    assert await count() == 10


async def test_on_sqlite_work_that_waits_for_something_else_is_refused_and_undone(sqlite_url, clock, add):
    database = await Database.open(sqlite_url, clock)

    async def waits(tx):
        await add(tx, "a")
        await asyncio.sleep(0)

    try:
        with pytest.raises(RuntimeError, match="nothing but its transaction"):
            await database.write_at_once(waits)
        async with database.read() as tx:
            assert (await tx.execute(select(tables.suppression))).all() == []
    finally:
        await database.close()


async def test_rows_bound_by_hand_are_what_they_were(database, clock):
    rows = [
        {"source_id": "s", "entity_id": name, "last_hash": {"a": [1, "ä"]}, "revision": 2**40, "last_event_id": "e"} for name in ("x", "y")
    ]
    saved = Repeated(insert(tables.entity))
    async with database.write() as tx:
        await saved.execute(tx, [])
        await saved.execute(tx, rows)
        found = (await tx.execute(select(tables.entity).order_by(tables.entity.c.entity_id))).all()
    assert rows == [row._asdict() for row in found]


async def test_a_time_bound_by_hand_is_what_it_was(database, clock):
    lane = {"id": "l", "org": "o", "lane_key": "k", "slot": 0, "priority": 1, "due_at": clock.now()}
    async with database.write() as tx:
        await Repeated(insert(tables.lane)).execute(tx, [lane, {**lane, "id": "m", "lane_key": "n", "due_at": None}])
        found = (await tx.scalars(select(tables.lane.c.due_at).order_by(tables.lane.c.id))).all()
    assert [clock.now(), None] == found
