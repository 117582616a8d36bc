from datetime import timedelta

from crosswalk.journal import calls
from crosswalk.journal.calls import Usage


async def test_calls_are_listed_newest_first_and_paged(world, history):
    made = [await history.call() for _ in range(3)]
    async with world.database.read() as tx:
        first = await calls.page(tx, "conn-1", 2)
        second = await calls.page(tx, "conn-1", 2, after=first[-1].id)
    assert [entry.id for entry in (*first, *second)] == made[::-1]


async def test_the_calls_of_a_turn_come_in_order(world, history):
    made = [await history.call("lookup"), await history.call("write")]
    async with world.database.read() as tx:
        assert [entry.id for entry in await calls.of_turn(tx, "turn-1")] == made


async def test_usage_tells_what_each_purpose_cost(world, history, clock):
    await history.call("lookup", rows=200)
    await history.call("write", rows=10)
    await history.call("write", status=500, rows=10)
    await history.call("write", status=None, rows=10)
    async with world.database.read() as tx:
        usage = await calls.usage(tx, "conn-1", clock.now())
    assert usage == {"lookup": Usage(1, 200, 0), "write": Usage(3, 30, 2)}


async def test_usage_counts_from_a_moment_on(world, history, clock):
    await history.call()
    async with world.database.read() as tx:
        assert await calls.usage(tx, "conn-1", clock.now() + timedelta(seconds=1)) == {}
