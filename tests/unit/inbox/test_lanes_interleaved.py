"""Three workers, a receiver and a clock that runs out of leases, their statements interleaved at random."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from crosswalk.inbox import deliveries, lanes
from crosswalk.inbox.deliveries import Fate
from crosswalk.reasons import State
from crosswalk.store import tables

LEASE_SECONDS = 60


@dataclass
class Interleaved:
    """A database that lets others go first after each statement, now and then."""

    database: Any
    random: Random

    @asynccontextmanager
    async def write(self):
        async with self.database.write() as tx:
            yield Hesitant(tx, self.random)


@dataclass
class Hesitant:
    """A transaction whose statements are followed by a random pause."""

    tx: Any
    random: Random

    @property
    def dialect(self):
        return self.tx.dialect

    async def execute(self, *arguments):
        result = await self.tx.execute(*arguments)
        await self.pause()
        return result

    async def exec_driver_sql(self, *arguments):
        result = await self.tx.exec_driver_sql(*arguments)
        await self.pause()
        return result

    async def scalars(self, *arguments):
        result = await self.tx.scalars(*arguments)
        await self.pause()
        return result

    async def pause(self):
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)


@dataclass
class Game:
    """What the workers did, and the rules they must not break."""

    world: Any
    random: Random
    holders: dict[str, tuple[str, Any]] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    turns: int = 0

    def __post_init__(self):
        self.database = Interleaved(self.world.database, self.random)

    async def turn(self, name):
        self.turns += 1
        lease_id = f"{name}-{self.turns}"
        async with self.database.write() as tx:
            now = self.world.clock.now()
            lease = await lanes.lease(tx, "conn-1", 0, lease_id, self.random.randrange(1, 4), LEASE_SECONDS, now)
        if lease is None:
            return
        self.hold(lease, now)
        async with self.world.database.read() as tx:
            work = await deliveries.due(tx, self.world.vault, lease, self.world.clock.now(), 500)
        if self.random.random() < 0.2:
            return  # it died: its lease runs out
        async with self.database.write() as tx:
            fates = {one.delivery.id: Fate(State.WRITTEN) for one in work}
            moved = await deliveries.finish(tx, lease, fates, self.world.clock.now())
        self.finished.extend(moved)
        async with self.database.write() as tx:
            await lanes.release(tx, lease, lease.lane_ids, self.world.clock.now())
        for lane_id in lease.lane_ids:
            if self.holders.get(lane_id, ("",))[0] == lease_id:
                del self.holders[lane_id]

    def hold(self, lease, now):
        for lane_id in lease.lane_ids:
            holder = self.holders.get(lane_id)
            assert holder is None or (now - holder[1]).total_seconds() >= LEASE_SECONDS
            self.holders[lane_id] = (lease.id, now)

    async def work(self, name, turns):
        for _ in range(turns):
            await self.turn(name)
            await asyncio.sleep(0)

    async def receive(self, rounds):
        for _ in range(rounds):
            people = [{"email": f"p{self.random.randrange(4)}@x.example"} for _ in range(self.random.randrange(1, 4))]
            await self.world.receive(*(self.world.event(person=person) for person in people))
            if self.random.random() < 0.2:
                self.world.clock.advance(LEASE_SECONDS)
            await asyncio.sleep(0)


@pytest.mark.shows("P1")
async def test_every_delivery_is_finished_exactly_once(world, examples):
    for seed in range(examples(4, 100)):
        game = Game(world, Random(seed))
        await asyncio.gather(game.receive(12), *(game.work(name, 12) for name in ("a", "b", "c")))
        for _ in range(30):  # to quiet: what dead workers held comes free
            world.clock.advance(LEASE_SECONDS)
            await game.turn("last")
        async with world.database.read() as tx:
            unfinished = (await tx.scalars(select(tables.delivery.c.id).where(tables.delivery.c.state == "waiting"))).all()
        assert (unfinished, len(game.finished)) == ([], len(set(game.finished)))


async def somebody_waits(world):
    """Return once another task waits for a lock of ours: in PostgreSQL, or in the queue of SQLite's one writer."""
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    async with asyncio.timeout(10):
        while world.database.is_postgres:
            async with world.database.read() as tx:
                if await tx.scalar(asked):
                    return
        for _ in range(1_000):
            if world.database._turn._waiters:
                return
            await asyncio.sleep(0)


async def test_work_added_while_a_lane_is_let_go_is_not_forgotten(world):
    await world.receive(world.event())
    lease = await world.lease()
    async with world.database.write() as tx:
        fates = {row.id: Fate(State.WRITTEN) for row in await world.rows(tables.delivery)}
        await deliveries.finish(tx, lease, fates, world.clock.now())
    [delivery] = await world.rows(tables.delivery)
    [lane] = await world.rows(tables.lane)
    await world.receive(world.event(type="unrouted", message_id="next"))
    next_event = [row.id for row in await world.rows(tables.event)][-1]

    async def let_go():
        async with world.database.write() as tx:
            await lanes.release(tx, lease, lease.lane_ids, world.clock.now())

    now = world.clock.now()
    async with world.database.write() as tx:  # the receiver, stopped before its commit
        await lanes.add_work(tx, [{"id": lane.id, "org": lane.org, "lane_key": lane.lane_key, "slot": 0, "priority": 1, "due_at": now}])
        released = asyncio.create_task(let_go())
        await somebody_waits(world)
        row = delivery._asdict() | {"id": "added", "event_id": next_event, "state": "waiting", "due_at": now}
        await tx.execute(tables.delivery.insert(), [row])
    await released
    [lane] = await world.rows(tables.lane)
    assert (lane.due_at, lane.lease_id) == (now, None)
