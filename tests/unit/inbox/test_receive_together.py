"""Several processes receive at once: the same people, the same messages, the same facts."""

import asyncio
from collections import Counter
from random import Random

import pytest
from tests.inbox_world import fingerprint

from crosswalk.inbox.receive import Receiver
from crosswalk.journal import stats
from crosswalk.model import Accepted
from crosswalk.settings import Settings
from crosswalk.store import tables
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids


@pytest.fixture
async def others(world, database_url, clock, vault):
    """Return the receivers of two more processes."""
    databases = [await Database.open(database_url, clock) for _ in range(2)]
    receivers = []
    for seed, database in enumerate(databases):
        ids = Ids(clock, Random(seed))
        cache = ConfigurationCache(database, vault, clock)
        receivers.append(Receiver(database, vault, clock, ids, cache, Settings(commit_wait_ms=0)))
    yield receivers
    for receiver, database in zip(receivers, databases, strict=True):
        await receiver.close()
        await database.close()


def some_event(world, random):
    person = {}
    for kind, share in (("email", 0.6), ("user_id", 0.6), ("anonymous_id", 0.4)):
        if random.random() < share:
            person[kind] = f"{random.randrange(6)}@x.example"
    if random.random() < 0.5:
        return world.event(person=person, message_id=f"m{random.randrange(60)}")
    entity = f"e{random.randrange(10)}"
    return world.event(person=person, entity_id=entity, message_id=None, payload={"rate": random.randrange(2)})


@pytest.mark.shows("P2")
async def test_nobody_is_locked_out_and_everything_is_kept_once(world, others, examples):
    for seed in range(examples(2, 50)):
        random = Random(seed)
        batches = [[some_event(world, random) for _ in range(random.randrange(1, 6))] for _ in range(80)]
        receivers = [world.receiver, *others]
        receipts = await asyncio.gather(
            *(
                receivers[n % len(receivers)].receive(world.source, Accepted(events=tuple(batch)), fingerprint=fingerprint)
                for n, batch in enumerate(batches)
            )
        )
        assert sum(receipt.events + receipt.repeats for receipt in receipts) == sum(len(batch) for batch in batches)
    keys = Counter(row.message_key for row in await world.rows(tables.event))
    async with world.database.read() as tx:
        assert ((await stats.sums(tx)).hold, max(keys.values())) == (True, 1)


async def test_one_fact_told_to_three_processes_at_once_is_kept_once(world, others):
    event = world.fact("session-1:ann", attended=True)
    receipts = await asyncio.gather(
        *(receiver.receive(world.source, Accepted(events=(event,)), fingerprint=fingerprint) for receiver in (world.receiver, *others))
    )
    assert sorted((receipt.events, receipt.repeats) for receipt in receipts) == [(0, 1), (0, 1), (1, 0)]
