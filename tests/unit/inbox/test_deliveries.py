from datetime import timedelta

import pytest
from sqlalchemy import update

from crosswalk.inbox import deliveries, lanes
from crosswalk.inbox.deliveries import Fate
from crosswalk.reasons import Reason, State
from crosswalk.store import tables


async def due(world, lease, cap=500):
    async with world.database.read() as tx:
        return await deliveries.due(tx, world.vault, lease, world.clock.now(), cap)


async def finish(world, lease, fates):
    async with world.database.write() as tx:
        return await deliveries.finish(tx, lease, fates, world.clock.now())


async def states(world):
    return [(row.state, row.reason) for row in await world.rows(tables.delivery)]


async def test_due_work_holds_the_event_as_it_came(world):
    event = world.event(payload={"rate": 8.5}, body=b'{ "rate": 8.5 }')
    await world.receive(event)
    [work] = await due(world, await world.lease())
    assert work.event == event


async def test_the_payload_counts_where_it_differs_from_the_body(world):
    await world.receive(world.event(payload={"merged": True}, body=b'{"raw":1}'))
    [work] = await due(world, await world.lease())
    assert work.event.payload == {"merged": True}


async def test_work_comes_in_the_total_order_of_events(world, clock):
    at = clock.now() - timedelta(hours=1)
    names = [("b", at, 1), ("a", at, 1), ("late", at + timedelta(minutes=1), 0), ("first", at, 0)]
    await world.receive(*(world.event(message_id=name, occurred_at=when, rank=rank) for name, when, rank in names))
    assert [work.event.message_id for work in await due(world, await world.lease())] == ["first", "a", "b", "late"]


async def test_a_lane_gives_no_more_than_the_cap_and_the_oldest_first(world, clock):
    now = clock.now()
    await world.receive(*(world.event(message_id=str(n), occurred_at=now - timedelta(minutes=n)) for n in range(5)))
    assert [work.event.message_id for work in await due(world, await world.lease(), cap=2)] == ["4", "3"]


async def test_what_waits_for_later_is_not_due(world, clock):
    await world.receive(world.event())
    lease = await world.lease()
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(due_at=clock.now() + timedelta(seconds=1)))
    assert await due(world, lease) == []


async def test_a_finished_delivery_has_its_fate(world):
    await world.receive(world.event())
    lease = await world.lease()
    [work] = await due(world, lease)
    await finish(world, lease, {work.delivery.id: Fate(State.HELD, Reason.REJECTED, "too long")})
    [row] = await world.rows(tables.delivery)
    assert (row.state, row.reason, row.detail, row.due_at, row.deadline, row.attempts) == ("held", "rejected", "too long", None, None, 1)


async def test_a_waiting_delivery_keeps_its_deadline(world, clock):
    await world.receive(world.event())
    lease = await world.lease()
    [work] = await due(world, lease)
    later = clock.now() + timedelta(minutes=5)
    await finish(world, lease, {work.delivery.id: Fate(State.WAITING, Reason.NO_RECORD, due_at=later)})
    [row] = await world.rows(tables.delivery)
    assert (row.due_at, row.deadline) == (later, work.delivery.deadline)


async def test_a_waiting_fate_without_a_time_is_a_mistake(world):
    await world.receive(world.event())
    lease = await world.lease()
    [work] = await due(world, lease)
    with pytest.raises(ValueError, match="needs the time"):
        await finish(world, lease, {work.delivery.id: Fate(State.WAITING, Reason.NO_RECORD)})


async def test_only_the_holder_of_the_lane_moves_a_delivery(world, clock):
    await world.receive(world.event())
    first = await world.lease("first", seconds=60)
    [work] = await due(world, first)
    clock.advance(61)
    await world.lease("second")
    moved = await finish(world, first, {work.delivery.id: Fate(State.WRITTEN)})
    assert (moved, await states(world)) == (frozenset(), [("waiting", "queued")])


async def test_a_detail_that_no_database_takes_is_cleaned(world):
    await world.receive(world.event())
    lease = await world.lease()
    [work] = await due(world, lease)
    await finish(world, lease, {work.delivery.id: Fate(State.HELD, Reason.REJECTED, "zero\x00 and \ud800")})
    [row] = await world.rows(tables.delivery)
    assert row.detail.startswith("zero? and ?")


async def test_waking_makes_what_waits_for_the_reason_due(world, clock):
    await world.receive(world.event())
    lease = await world.lease()
    [work] = await due(world, lease)
    later = clock.now() + timedelta(hours=1)
    await finish(world, lease, {work.delivery.id: Fate(State.WAITING, Reason.PARENT_MISSING, due_at=later)})
    async with world.database.write() as tx:
        await lanes.release(tx, lease, lease.lane_ids, clock.now())
        woken = await deliveries.wake(tx, "conn-1", {Reason.PARENT_MISSING}, clock.now())
    assert (woken, len(await due(world, await world.lease("next")))) == (1, 1)


async def test_waking_for_another_reason_wakes_nothing(world, clock):
    await world.receive(world.event())
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(due_at=clock.now() + timedelta(hours=1)))
        assert await deliveries.wake(tx, "conn-1", {Reason.NO_CAMPAIGN}, clock.now()) == 0


async def test_resuming_a_sync_wakes_what_waited_for_it(world, database):
    async with database.write() as tx:
        await tx.execute(update(tables.sync).values(state="paused"))
    await world.receive(world.event())
    async with database.write() as tx:
        assert await deliveries.wake_sync(tx, "sync-1", {Reason.SYNC_PAUSED}, world.clock.now()) == 1
    assert len(await due(world, await world.lease())) == 1


@pytest.mark.parametrize("state", ["written", "unchanged", "skipped", "held"])
async def test_a_replayed_delivery_is_queued_with_the_events_own_time(world, clock, state):
    await world.receive(world.event())
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(state=state, reason="rejected", due_at=None, deadline=None))
        await tx.execute(update(tables.lane).values(due_at=None))
    [before] = await world.rows(tables.delivery)
    clock.advance(3_600)
    async with world.database.write() as tx:
        await deliveries.replay(tx, [before.id], clock.now(), "run-1")
    [row] = await world.rows(tables.delivery)
    assert (row.state, row.reason, row.occurred_at, row.due_at, row.run_id) == (
        "waiting",
        "queued",
        before.occurred_at,
        clock.now(),
        "run-1",
    )


async def test_a_replayed_delivery_wakes_its_lane(world, clock):
    await world.receive(world.event())
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(state="held", due_at=None))
        await tx.execute(update(tables.lane).values(due_at=None))
        await deliveries.replay(tx, [row.id for row in await world.rows(tables.delivery)], clock.now())
    assert len(await due(world, await world.lease())) == 1


async def test_an_event_whose_payload_is_gone_cannot_be_replayed(world, clock):
    await world.receive(world.event())
    [row] = await world.rows(tables.delivery)
    async with world.database.write() as tx:
        await tx.execute(update(tables.event).values(payload_ct=None))
        assert await deliveries.replay(tx, [row.id], clock.now()) == ()


@pytest.mark.shows("P7")
async def test_what_waits_past_its_deadline_is_held(world, clock):
    await world.receive(world.event())
    clock.advance(31 * 86_400)
    async with world.database.write() as tx:
        assert await deliveries.expire_deadlines(tx, clock.now()) == 1
    assert await states(world) == [("held", "deadline")]


async def test_a_deadline_does_not_interrupt_a_turn(world, clock):
    await world.receive(world.event())
    clock.advance(31 * 86_400)
    await world.lease()
    async with world.database.write() as tx:
        assert await deliveries.expire_deadlines(tx, clock.now()) == 0


async def test_one_event_of_two_syncs_is_work_for_both(world):
    await world.receive(world.event(type="attended"))
    works = await due(world, await world.lease())
    assert [(work.delivery.sync_id, work.sync_state, work.sync_version) for work in works] == [("sync-1", "on", 1), ("sync-2", "on", 1)]
