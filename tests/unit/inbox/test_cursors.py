from datetime import timedelta

import pytest

from crosswalk.errors import Replan
from crosswalk.inbox import cursors
from crosswalk.model import Accepted
from crosswalk.store import tables


async def take(world, lease_id, seconds=60):
    async with world.database.write() as tx:
        return await cursors.lease(tx, "src-1", "people", lease_id, seconds, world.clock.now())


def advancing(world, cursor, position):
    async def advance(tx, receipt):
        await cursors.advance(tx, cursor, position, world.clock.now(), 60, world.clock.now())

    return advance


async def test_the_first_pull_begins_nowhere(world):
    assert await take(world, "a") == cursors.Cursor("src-1", "people", "a", None, None)


async def test_two_pulls_of_one_stream_are_excluded(world):
    await take(world, "a")
    assert await take(world, "b") is None


async def test_a_pull_goes_on_where_the_last_one_stood(world, clock):
    cursor = await take(world, "a")
    async with world.database.write() as tx:
        await cursors.advance(tx, cursor, {"page": 3}, clock.now(), 60, clock.now())
        await cursors.release(tx, cursor)
    again = await take(world, "b")
    assert (again.position, again.window_end) == ({"page": 3}, clock.now())


async def test_a_pull_that_died_is_taken_over(world, clock):
    await take(world, "a")
    clock.advance(60)
    assert await take(world, "b") is not None


async def test_a_page_moves_the_cursor_in_its_own_commit(world, clock):
    cursor = await take(world, "a")
    page = Accepted(events=(world.event(),))
    await world.receiver.receive_page(world.source, page, advancing(world, cursor, {"page": 2}), fingerprint=dict)
    [row] = await world.rows(tables.cursor)
    assert (row.position, await world.count(tables.event)) == ({"page": 2}, 1)


async def test_a_page_of_a_pull_that_was_taken_over_is_not_kept(world, clock):
    cursor = await take(world, "a")
    clock.advance(61)
    await take(world, "b")
    page = Accepted(events=(world.event(),))
    with pytest.raises(Replan):
        await world.receiver.receive_page(world.source, page, advancing(world, cursor, {"page": 2}), fingerprint=dict)
    assert await world.count(tables.event) == 0


async def test_advancing_holds_the_stream_longer(world, clock):
    cursor = await take(world, "a")
    clock.advance(50)
    async with world.database.write() as tx:
        await cursors.advance(tx, cursor, {}, clock.now() - timedelta(hours=1), 60, clock.now())
    clock.advance(50)
    assert await take(world, "b") is None
