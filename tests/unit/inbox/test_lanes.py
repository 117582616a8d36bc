from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crosswalk.inbox import lanes
from crosswalk.model import Priority
from crosswalk.store import tables


def person(name):
    return {"email": f"{name}@x.example"}


async def lane_rows(world):
    return await world.rows(tables.lane)


async def release(world, lease):
    async with world.database.write() as tx:
        await lanes.release(tx, lease, lease.lane_ids, world.clock.now())


async def test_one_person_has_one_lane(world):
    await world.receive(*(world.event() for _ in range(5)))
    assert len(await lane_rows(world)) == 1


async def test_two_people_have_two_lanes(world):
    await world.receive(world.event(person=person("ann")), world.event(person=person("bob")))
    assert len(await lane_rows(world)) == 2


async def test_nothing_due_gives_no_lease(world):
    assert await world.lease() is None


async def test_a_leased_lane_is_not_leased_again(world):
    await world.receive(world.event())
    first = await world.lease("first")
    assert (len(first.lane_ids), await world.lease("second")) == (1, None)


async def test_a_lease_that_ran_out_is_taken_over(world, clock):
    await world.receive(world.event())
    first = await world.lease("first", seconds=60)
    clock.advance(60)
    second = await world.lease("second")
    assert second.lane_ids == first.lane_ids


async def test_the_best_priority_goes_first_and_alone(world):
    await world.receive(world.event(person=person("old")), priority=Priority.BACKFILL)
    await world.receive(world.event(person=person("live")))
    first, second = await world.lease("first"), await world.lease("second")
    assert [(lease.priority, len(lease.lane_ids)) for lease in (first, second)] == [(Priority.STREAM, 1), (Priority.BACKFILL, 1)]


async def test_the_longest_waiting_lanes_go_first(world, clock):
    await world.receive(world.event(person=person("ann")))
    clock.advance(1)
    await world.receive(world.event(person=person("bob")))
    lease = await world.lease(limit=1)
    [row] = [row for row in await lane_rows(world) if row.id in lease.lane_ids]
    assert row.due_at < clock.now()


async def test_a_released_lane_is_due_when_its_first_waiting_delivery_is(world, clock):
    await world.receive(world.event(), world.event())
    lease = await world.lease()
    later = clock.now() + timedelta(minutes=5)
    async with world.database.write() as tx:
        [first, second] = (await tx.scalars(select(tables.delivery.c.id))).all()
        await tx.execute(update(tables.delivery).where(tables.delivery.c.id == first).values(state="written", due_at=None))
        await tx.execute(update(tables.delivery).where(tables.delivery.c.id == second).values(due_at=later))
    await release(world, lease)
    assert [(row.due_at, row.lease_id) for row in await lane_rows(world)] == [(later, None)]


async def test_a_lane_without_waiting_deliveries_is_not_due(world, database):
    await world.receive(world.event())
    lease = await world.lease()
    async with database.write() as tx:
        await tx.execute(update(tables.delivery).values(state="written", due_at=None))
    await release(world, lease)
    assert await world.lease("next") is None


async def test_releasing_what_another_took_over_changes_nothing(world, clock):
    await world.receive(world.event())
    first = await world.lease("first", seconds=60)
    clock.advance(61)
    await world.lease("second")
    await release(world, first)
    assert [row.lease_id for row in await lane_rows(world)] == ["second"]


async def test_an_event_for_a_leased_lane_makes_it_due_after_release(world, clock):
    await world.receive(world.event())
    lease = await world.lease()
    async with world.database.write() as tx:
        await tx.execute(update(tables.delivery).values(state="written", due_at=None))
    await world.receive(world.event())
    await release(world, lease)
    assert (await world.lease("next")) is not None


async def test_extending_keeps_the_lanes(world, clock):
    await world.receive(world.event())
    lease = await world.lease("first", seconds=60)
    clock.advance(50)
    async with world.database.write() as tx:
        assert await lanes.extend(tx, lease, 60, clock.now())
    clock.advance(50)
    assert await world.lease("second") is None


async def test_extending_after_a_takeover_says_so(world, clock):
    await world.receive(world.event())
    lease = await world.lease("first", seconds=60)
    clock.advance(61)
    await world.lease("second")
    async with world.database.write() as tx:
        assert not await lanes.extend(tx, lease, 60, clock.now())


async def test_extending_after_another_took_and_released_the_lane_says_so(world, clock):
    await world.receive(world.event())
    lease = await world.lease("first", seconds=60)
    clock.advance(61)
    await release(world, await world.lease("second"))
    async with world.database.write() as tx:
        assert not await lanes.extend(tx, lease, 60, clock.now())


async def test_a_parked_lane_waits_until_its_time(world, clock):
    await world.receive(world.event())
    lease = await world.lease()
    until = clock.now() + timedelta(minutes=11)
    async with world.database.write() as tx:
        await lanes.park(tx, lease, lease.lane_ids, until)
    assert [(row.due_at, row.lease_id) for row in await lane_rows(world)] == [(until, None)]


async def test_due_work_is_told_by_connection_slot_and_priority(world, clock):
    await world.receive(world.event(person=person("old")), priority=Priority.BACKFILL)
    await world.receive(world.event(person=person("ann")), world.event(person=person("bob")))
    async with world.database.read() as tx:
        due = await lanes.due_connections(tx, clock.now())
    assert [(one.connection_id, one.slot, one.priority, one.lanes) for one in due] == [
        ("conn-1", 0, Priority.STREAM, 2),
        ("conn-1", 0, Priority.BACKFILL, 1),
    ]


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_a_lane_has_always_the_same_slot(slots, vault):
    keys = [vault.hmac(str(n)) for n in range(50)]
    assert {lanes.slot_of(key, slots) for key in keys} == set(range(slots))


async def test_lowering_the_slots_moves_lanes_into_those_left(world, database):
    await world.receive(world.event())
    async with database.write() as tx:
        await tx.execute(update(tables.lane).values(slot=4))
        await lanes.reslot(tx, "conn-1", 2)
    assert [row.slot for row in await lane_rows(world)] == [0]


async def take_slot(world, lease_id, seconds=60):
    async with world.database.write() as tx:
        return await lanes.lease_slot(tx, "conn-1", 0, lease_id, world.clock.now(), seconds)


async def test_a_slot_has_one_holder(world):
    assert [await take_slot(world, "first"), await take_slot(world, "second"), await take_slot(world, "first")] == [True, False, True]


async def test_a_slot_whose_lease_ran_out_is_free(world, clock):
    await take_slot(world, "first")
    clock.advance(60)
    assert await take_slot(world, "second")


async def test_a_released_slot_is_free(world):
    await take_slot(world, "first")
    async with world.database.write() as tx:
        assert await lanes.release_slot(tx, "conn-1", 0, "first")
    assert await take_slot(world, "second")


async def test_a_lost_slot_cannot_be_extended(world, clock):
    await take_slot(world, "first")
    clock.advance(60)
    await take_slot(world, "second")
    async with world.database.write() as tx:
        assert not await lanes.extend_slot(tx, "conn-1", 0, "first", clock.now(), 60)
