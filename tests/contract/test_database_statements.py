"""What our statements rely on beyond plain SQL means the same on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select, tuple_, update

from crosswalk.store.statements import chunks, every, insert, least
from crosswalk.store.tables import Utc

PAIR = Table(
    "pair", MetaData(), Column("key", String(10), primary_key=True), Column("value", Integer), Column("at", Utc), prefixes=["TEMPORARY"]
)


@pytest.fixture
async def tx(database):
    async with database.write() as tx:
        await tx.run_sync(PAIR.metadata.create_all, checkfirst=False)
        yield tx
        await tx.run_sync(PAIR.metadata.drop_all, checkfirst=False)


async def pairs(tx):
    return [tuple(row) for row in await tx.execute(select(PAIR.c.key, PAIR.c.value).order_by(PAIR.c.key))]


async def test_an_insert_that_meets_a_row_can_do_nothing(tx):
    await every(tx, insert(PAIR).on_conflict_do_nothing(), [{"key": "a", "value": 1}, {"key": "a", "value": 2}])
    assert await pairs(tx) == [("a", 1)]


async def test_only_inserted_rows_are_returned(tx):
    statement = insert(PAIR).on_conflict_do_nothing().returning(PAIR.c.key)
    await tx.execute(statement, [{"key": "a", "value": 1}])
    rows = [{"key": key, "value": 2} for key in ("b", "a", "c", "b")]
    assert sorted((await tx.execute(statement, rows)).scalars()) == ["b", "c"]


async def test_an_insert_that_meets_a_row_can_update_it(tx):
    statement = insert(PAIR)
    statement = statement.on_conflict_do_update(index_elements=["key"], set_={"value": PAIR.c.value + statement.excluded.value})
    await every(tx, statement, [{"key": "a", "value": 1}, {"key": "a", "value": 2}])
    assert await pairs(tx) == [("a", 3)]


@pytest.mark.parametrize(("value", "returned"), [(1, []), (9, ["a"])])
async def test_an_update_on_conflict_can_be_conditional(tx, value, returned):
    statement = insert(PAIR)
    newer = PAIR.c.value < statement.excluded.value
    statement = statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value}, where=newer)
    await tx.execute(statement.values(key="a", value=5))
    found = await tx.execute(statement.values(key="a", value=value).returning(PAIR.c.key))
    assert found.scalars().all() == returned


@pytest.mark.parametrize(("first", "second", "expected"), [(1, 2, 1), (2, 1, 1), (None, 1, 1), (1, None, 1), (None, None, None)])
async def test_least_takes_null_for_none(tx, clock, first, second, expected):
    def moment(n):
        return None if n is None else clock.now() + timedelta(seconds=n)

    await tx.execute(insert(PAIR).values(key="a", at=moment(first)))
    statement = insert(PAIR)
    statement = statement.on_conflict_do_update(index_elements=["key"], set_={"at": least(PAIR.c.at, statement.excluded.at)})
    await tx.execute(statement.values(key="a", at=moment(second)))
    assert await tx.scalar(select(PAIR.c.at)) == moment(expected)


async def test_rows_are_counted_by_an_update(tx):
    await every(tx, insert(PAIR), [{"key": key, "value": 1} for key in "abc"])
    assert (await tx.execute(update(PAIR).where(PAIR.c.key > "a").values(value=2))).rowcount == 2


async def test_rows_of_two_columns_compare_in_order(tx):
    await every(tx, insert(PAIR), [{"key": key, "value": value} for key, value in (("a", 2), ("b", 1), ("c", 0))])
    after = tuple_(PAIR.c.value, PAIR.c.key) > tuple_(0, "c")
    assert (await tx.scalars(select(PAIR.c.key).where(after).order_by(PAIR.c.value))).all() == ["b", "a"]


async def test_counting_can_be_filtered(tx):
    await every(tx, insert(PAIR), [{"key": key, "value": n} for n, key in enumerate("abc")])
    assert await tx.scalar(select(func.count().filter(PAIR.c.value > 0))) == 2


async def test_thousands_of_rows_fit_one_insert_that_returns(tx):
    rows = [{"key": str(n), "value": n} for n in range(5_000)]
    statement = insert(PAIR).on_conflict_do_nothing().returning(PAIR.c.key)
    assert len((await tx.execute(statement, rows)).scalars().all()) == 5_000


async def test_no_rows_are_no_statement(tx):
    await every(tx, insert(PAIR), [])
    assert await pairs(tx) == []


@pytest.mark.parametrize(("items", "size", "expected"), [([], 2, []), ([1, 2, 3], 2, [[1, 2], [3]]), ([1, 2], 2, [[1, 2]])])
def test_chunks_hold_everything_in_order(items, size, expected):
    assert list(chunks(items, size)) == expected
