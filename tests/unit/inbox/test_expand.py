from datetime import timedelta

import pytest
from tests.inbox_world import fingerprint

from crosswalk.errors import HoldDelivery, SkipRecord, StoreBusyError
from crosswalk.inbox import expand
from crosswalk.inbox.expand import Ending
from crosswalk.model import Accepted
from crosswalk.store import tables


class Fetching:
    """A source whose notices point at these events, or at this trouble."""

    def __init__(self, *events, trouble=None):
        self.events = events
        self.trouble = trouble
        self.asked = None

    def fingerprint(self, event):
        return fingerprint(event)

    async def expand(self, notice, source):
        self.asked = (notice.message_key, source.name)
        if self.trouble:
            raise self.trouble
        return Accepted(events=self.events)


@pytest.fixture
def expander(world):
    return expand.Expander(world.database, world.vault, world.clock, world.receiver)


async def notices(world):
    return [(row.state, row.attempts) for row in await world.rows(tables.notice)]


async def test_a_due_notice_comes_back_as_it_was(world, expander):
    notice = world.notice("n-1")
    await world.receive(notices=[notice])
    assert [due.notice for due in await expander.take(10)] == [notice]


async def test_a_taken_notice_is_not_taken_again(world, expander):
    await world.receive(notices=[world.notice("n-1")])
    await expander.take(10)
    assert await expander.take(10) == []


async def test_a_notice_whose_fetcher_died_comes_again(world, expander, clock):
    await world.receive(notices=[world.notice("n-1")])
    await expander.take(10)
    clock.advance(expand.FETCH_SECONDS)
    assert [due.attempts for due in await expander.take(10)] == [2]


async def test_an_expanded_notice_has_become_events(world, expander):
    await world.receive(notices=[world.notice("n-1")])
    [due] = await expander.take(10)
    source = Fetching(world.event(), world.event())
    ending = await expander.expand(due, source, world.source)
    assert (ending, await world.count(tables.event), await notices(world)) == (Ending.DONE, 2, [("done", 1)])


async def test_a_source_that_is_busy_is_asked_again_when_it_says(world, expander, clock):
    await world.receive(notices=[world.notice("n-1")])
    [due] = await expander.take(10)
    busy = StoreBusyError("Later.", clock.now() + timedelta(minutes=7))
    ending = await expander.expand(due, Fetching(trouble=busy), world.source)
    [row] = await world.rows(tables.notice)
    assert (ending, row.due_at, row.detail) == (Ending.AGAIN, busy.due, "Later.")


async def test_a_notice_about_nothing_is_done(world, expander):
    await world.receive(notices=[world.notice("n-1")])
    [due] = await expander.take(10)
    await expander.expand(due, Fetching(trouble=SkipRecord("The session is gone.")), world.source)
    assert await notices(world) == [("done", 1)]


async def test_a_notice_that_needs_a_person_is_held_and_can_be_released(world, expander, clock):
    await world.receive(notices=[world.notice("n-1")])
    [due] = await expander.take(10)
    await expander.expand(due, Fetching(trouble=HoldDelivery("The token is refused.")), world.source)
    held = await notices(world)
    async with world.database.write() as tx:
        await expand.release_notices(tx, [due.notice.id], clock.now())
    assert (held, len(await expander.take(10))) == ([("held", 1)], 1)


async def test_pauses_double_and_end_in_a_hold(world, expander, clock):
    await world.receive(notices=[world.notice("n-1")])
    pauses = []
    for _ in range(expand.MOST_ATTEMPTS):
        [due] = await expander.take(1)
        async with world.database.write() as tx:
            await expand.finish_notice(tx, due, Ending.AGAIN, clock.now())
        [row] = await world.rows(tables.notice)
        pauses.append(row.due_at and (row.due_at - clock.now()).total_seconds())
        clock.advance(pauses[-1] or 0)
    assert (pauses[:4], pauses[-1], row.state) == ([15, 30, 60, 120], None, "held")
