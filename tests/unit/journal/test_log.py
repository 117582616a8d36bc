from datetime import timedelta

import pytest
from sqlalchemy import insert

from crosswalk.journal import log
from crosswalk.journal.log import Filter
from crosswalk.reasons import Reason, State
from crosswalk.store import tables


async def page(world, wanted=None, limit=10, after=None):
    async with world.database.read() as tx:
        return await log.page(tx, wanted or Filter(), limit, after)


async def found(world, **wanted):
    return [entry.event_type for entry in (await page(world, Filter(**wanted))).entries]


@pytest.fixture
async def told(world, history, clock):
    """Two events a minute apart: a registration that is held, and an attendance with two deliveries."""
    await world.receive(world.event(type="registered"))
    [held] = await world.rows(tables.delivery)
    await history.end(held.id, "held", "rejected")
    outcome = {"delivery_id": held.id, "step": "person", "state": "held", "record_id": "00Q000000000001EAA", "at": clock.now()}
    async with world.database.write() as tx:
        await tx.execute(insert(tables.step_outcome), [outcome])
    clock.advance(60)
    await world.receive(world.event(type="attended"), run_id="run-1")
    return world


async def test_the_newest_come_first(told):
    assert await found(told) == ["attended", "attended", "registered"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"states": [State.HELD]}, ["registered"]),
        ({"reasons": [Reason.QUEUED]}, ["attended", "attended"]),
        ({"sync_id": "sync-2"}, ["attended"]),
        ({"source_id": "src-2"}, []),
        ({"run_id": "run-1"}, ["attended", "attended"]),
        ({"record_id": "00Q000000000001EAA"}, ["registered"]),
        ({"states": [State.HELD], "sync_id": "sync-2"}, []),
    ],
)
async def test_filters_narrow(told, wanted, expected):
    assert await found(told, **wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"), [({}, 3), ({"states": [State.WAITING]}, 2), ({"sync_id": "sync-2", "states": [State.HELD]}, 0)]
)
async def test_what_a_filter_finds_can_be_counted(told, wanted, expected):
    async with told.database.read() as tx:
        assert expected == await log.count(tx, Filter(**wanted), 10)


async def test_counting_goes_no_further_than_asked(told):
    async with told.database.read() as tx:
        assert await log.count(tx, Filter(), 2) == 2


async def searched(world, text):
    async with world.database.read() as tx:
        return [entry.event_type for entry in (await log.page(tx, await log.searched(tx, world.vault, text), 10)).entries]


@pytest.mark.parametrize("text", ["ann@x.example", " Ann@X.example "])
async def test_a_person_is_found_by_the_whole_address(told, text):
    assert await searched(told, text) == ["attended", "attended", "registered"]


async def test_part_of_an_address_finds_nobody(told):
    assert await searched(told, "ann@x") == []


async def test_a_record_is_found_by_either_form_of_its_id(told):
    assert [await searched(told, text) for text in ("00Q000000000001EAA", "00Q000000000001")] == [["registered"]] * 2


async def test_a_delivery_is_found_by_its_id(told):
    held = next(row for row in await told.rows(tables.delivery) if row.state == "held")
    assert await searched(told, held.id) == ["registered"]


async def test_a_message_is_found_by_its_id(world):
    await world.receive(world.event(type="tracked", message_id="message-7"))
    assert await searched(world, "message-7") == ["tracked"] * len(await world.rows(tables.delivery))


async def test_what_nobody_sent_finds_nothing(told):
    assert await searched(told, "x' OR 1=1 --") == []


async def test_times_narrow(told, clock):
    middle = clock.now() - timedelta(seconds=30)
    assert (await found(told, until=middle), len(await found(told, since=middle))) == (["registered"], 2)


async def test_pages_follow_each_other_without_gap_or_repeat(told):
    seen, after = [], None
    for _ in range(3):
        part = await page(told, limit=1, after=after)
        seen += [entry.delivery.id for entry in part.entries]
        after = part.next
    assert (seen, after) == ([row.id for row in await told.rows(tables.delivery)][::-1], None)


async def test_a_page_stays_where_it_is_while_new_deliveries_come(told):
    first = await page(told, limit=1)
    before = await page(told, limit=1, after=first.next)
    await told.receive(told.event())
    assert await page(told, limit=1, after=first.next) == before


async def test_everything_found_can_be_named_oldest_first(told):
    async with told.database.read() as tx:
        ids = await log.ids(tx, Filter(), 10)
    assert list(ids) == [row.id for row in await told.rows(tables.delivery)]


async def test_one_delivery_is_told_in_full(told):
    [row, *_] = await told.rows(tables.delivery)
    async with told.database.read() as tx:
        full = await log.full(tx, told.vault, row.id)
    assert (full.event.person, [step.record_id for step in full.steps], full.entry.delivery.state) == (
        {"email": "ann@x.example"},
        ["00Q000000000001EAA"],
        State.HELD,
    )


async def test_an_unknown_delivery_is_none(world):
    async with world.database.read() as tx:
        assert await log.full(tx, world.vault, "nothing") is None
