import pytest
from sqlalchemy import insert, update

from crosswalk.errors import RequestRefused
from crosswalk.inbox import refusals
from crosswalk.inbox.prepare import EventStatus
from crosswalk.journal import stats
from crosswalk.model import Rejected
from crosswalk.reasons import State
from crosswalk.store import tables


async def sums(world):
    async with world.database.read() as tx:
        return await stats.sums(tx)


async def test_an_empty_journal_adds_up(world):
    assert (await sums(world)).hold


@pytest.mark.shows("P7")
async def test_the_three_sums_hold_whatever_came(world, history):
    again = world.event()
    await world.receive(again, world.event(type="attended"), world.event(type="x"), notices=[world.notice("n")])
    await world.receive(again, world.fact("e", rate=1), world.fact("e", rate=1), invalid=[Rejected("bad", "Bad.", b"{")])
    async with world.database.write() as tx:
        await refusals.record(tx, RequestRefused("bad", "Bad.", 400), "src-1", world.ids, world.clock.now())
    [first, second, *_] = await world.rows(tables.delivery)
    await history.end(first.id, "written")
    await history.end(second.id, "held", "rejected")
    found = await sums(world)
    assert (found.received, found.events, found.deliveries, found.hold) == (
        stats.Received(received=9, events=5, notices=1, repeats=2, rejected=1),
        {EventStatus.ROUTED: 3, EventStatus.UNROUTED: 1, EventStatus.INVALID: 1},
        4,
        True,
    )


async def test_deliveries_are_counted_by_state_and_reason(world, history):
    await world.receive(world.event(), world.event())
    [first, _] = await world.rows(tables.delivery)
    await history.end(first.id, "held", "rejected")
    found = await sums(world)
    assert (found.by_state[State.HELD], found.by_state[State.WAITING], found.by_reason) == (1, 1, {"rejected": 1, "queued": 1})


async def test_an_event_that_vanished_breaks_the_second_sum(world):
    await world.receive(world.event(type="x"))
    async with world.database.write() as tx:
        await tx.execute(tables.event.delete())
    assert not (await sums(world)).events_hold


async def test_an_item_that_was_counted_nowhere_breaks_the_first_sum(world):
    await world.receive(world.event())
    async with world.database.write() as tx:
        await tx.execute(update(tables.received_count).values(received=2))
    assert not (await sums(world)).received.holds


async def test_a_delivery_in_an_unknown_state_breaks_the_third_sum(world, history):
    await world.receive(world.event())
    [only] = await world.rows(tables.delivery)
    await history.end(only.id, "lost")
    assert not (await sums(world)).deliveries_hold


async def test_records_are_counted_by_what_was_done_to_them(world, history):
    await history.change("insert")
    await history.change("update")
    await history.change("update")
    await history.change("insert", result="rejected")
    unchanged = {"delivery_id": "d", "step": "s", "state": "unchanged", "object": "Contact", "at": world.clock.now()}
    async with world.database.write() as tx:
        await tx.execute(insert(tables.step_outcome), [unchanged])
    assert (await sums(world)).records == (stats.Records("Contact", 0, 0, 1), stats.Records("Lead", 1, 2, 0))


async def test_api_calls_are_counted(world, history):
    await history.call()
    await history.call()
    assert (await sums(world)).api_calls == 2
