import asyncio
from datetime import UTC, datetime, timedelta

from crosswalk.clock import VirtualClock
from crosswalk.store.following_clock import FollowingClock


async def test_it_tells_the_time_of_its_machine_at_first(clock):
    assert FollowingClock(clock).now() == clock.now()


async def test_it_follows_the_database_where_that_has_a_clock(database, clock):
    following = FollowingClock(clock)
    await following.read(database)
    real = datetime.now(UTC) if database.is_postgres else clock.now()
    assert abs(following.now() - real) < timedelta(minutes=1)


async def test_it_never_goes_back(database):
    ahead = VirtualClock(datetime(2100, 1, 1, tzinfo=UTC))
    following = FollowingClock(ahead)
    before = following.now()
    await following.read(database)
    assert following.now() == before


async def test_it_moves_on_with_its_machine(clock):
    following = FollowingClock(clock)
    before = following.now(), following.monotonic()
    clock.advance(5)
    assert (following.now() - before[0], following.monotonic() - before[1]) == (timedelta(seconds=5), 5)


async def test_it_reads_the_offset_again_every_minute(database, clock):
    following = FollowingClock(clock)
    task = asyncio.create_task(following.follow(database))
    await asyncio.sleep(0)
    clock.advance(60)
    async with asyncio.timeout(10):
        while database.is_postgres and following.now() == clock.now():  # noqa: ASYNC110 - the reading has no event to wait for
            await asyncio.sleep(0)
    task.cancel()
    assert (following.now() == clock.now()) is not database.is_postgres
