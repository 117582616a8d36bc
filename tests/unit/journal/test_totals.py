"""Totals by the hour: always what the rows say, and an hour that is over is not counted again."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from crosswalk.inbox import deliveries
from crosswalk.journal import totals
from crosswalk.reasons import State
from crosswalk.store import tables


@pytest.fixture
async def told(world, history, clock):
    """Three hours: one delivery of the first is held; the second is empty."""
    await world.receive(world.event(type="registered"))
    [held] = await world.rows(tables.delivery)
    await history.end(held.id, "held", "rejected")
    clock.advance(2 * 3600)
    await world.receive(world.event(type="attended"))
    return world


async def counted(world, clock, **narrowed):
    found = await totals.between(world.database, clock.now() - timedelta(days=1), clock.now(), clock.now(), **narrowed)
    return sorted((total.hour.hour, total.sync_id, total.state.value, total.number) for total in found)


async def test_each_delivery_is_counted_in_the_hour_of_its_receipt(told, clock):
    assert await counted(told, clock) == [(9, "sync-1", "held", 1), (11, "sync-1", "waiting", 1), (11, "sync-2", "waiting", 1)]


async def test_syncs_narrow(told, clock):
    assert await counted(told, clock, syncs=["sync-2"]) == [(11, "sync-2", "waiting", 1)]


async def test_nothing_is_counted_where_nothing_is(world, clock):
    assert await counted(world, clock) == []


async def test_an_hour_in_which_something_waits_is_counted_again(told, history, clock):
    await counted(told, clock)
    waiting = [row.id for row in await told.rows(tables.delivery) if row.state == "waiting"]
    for delivery_id in waiting:
        await history.end(delivery_id, "written", None)
    clock.advance(2 * 3600)
    assert await counted(told, clock) == [(9, "sync-1", "held", 1), (11, "sync-1", "written", 1), (11, "sync-2", "written", 1)]


async def test_an_hour_that_is_over_is_not_counted_again(told, clock):
    await counted(told, clock)
    async with told.database.write() as tx:
        await tx.execute(update(tables.delivery_total).where(tables.delivery_total.c.state == State.HELD.value).values(number=99))
    clock.advance(3600)
    assert (9, "sync-1", "held", 99) in await counted(told, clock)


async def test_a_replay_lets_its_hour_be_counted_again(told, clock):
    await counted(told, clock)
    [held] = [row.id for row in await told.rows(tables.delivery) if row.state == "held"]
    async with told.database.write() as tx:
        await deliveries.replay(tx, [held], clock.now())
        await totals.recount(tx, [held], clock.now())
    clock.advance(61)
    assert (9, "sync-1", "waiting", 1) in await counted(told, clock)


async def test_totals_are_what_the_rows_say(told, clock):
    async with told.database.read() as tx:
        rows = await tx.scalar(select(func.count()).select_from(tables.delivery))
    assert rows == sum(number for *_, number in await counted(told, clock))
