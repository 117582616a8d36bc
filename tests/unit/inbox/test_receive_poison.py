"""What no database takes, and what breaks in the middle of a commit, hurts only itself."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from crosswalk.errors import StoreBusyError
from crosswalk.inbox.receive import Receipt
from crosswalk.store import tables


async def receive_all(world, *events):
    return await asyncio.gather(*(world.receive(event) for event in events), return_exceptions=True)


POISON = [
    {"message_id": "zero\x00"},
    {"message_id": "half\ud800"},
    {"message_id": "x" * 5_000},
    {"entity_id": "zero\x00", "message_id": None},
    {"type": "odd\x00" * 100},
    {"group_id": "half\udfff"},
    {"person": {"email": "zero\x00@x.example", "user_id": "half\ud800"}},
    {"payload": {"text": "\x00 \ud800"}, "body": b'{"text":"\\u0000 \\ud800"}'},
    {"payload": {"broken": True}, "body": b"\x00\xff\xfe not json"},
]


@pytest.mark.parametrize("values", POISON)
async def test_odd_text_is_stored_like_any_other(world, values):
    assert await world.receive(world.event(**values)) == Receipt(events=1)


@pytest.mark.parametrize("values", POISON[:3])
async def test_an_odd_message_sent_again_is_a_repeat(world, values):
    await world.receive(world.event(**values))
    assert await world.receive(world.event(**values)) == Receipt(repeats=1)


async def test_odd_ids_that_differ_stay_different(world):
    long = "x" * 300
    receipts = [await world.receive(world.event(message_id=one)) for one in (long + "a", long + "b", "\x00", "\ud800")]
    assert receipts == [Receipt(events=1)] * 4


async def test_odd_text_comes_back_as_it_was(world):
    await world.receive(world.event(payload={"text": "\x00 \ud800"}, body=b'{"text":"\\u0000 \\ud800"}'))
    [row] = await world.rows(tables.event)
    assert world.vault.open(row.payload_ct) == b'{"text":"\\u0000 \\ud800"}'


UNSTORABLE = {"revision": 2**80, "entity_id": "e", "message_id": None}


@pytest.mark.shows("P10")
async def test_one_that_no_database_takes_is_kept_as_invalid_and_hurts_nobody(world):
    receipts = await receive_all(world, world.event(), world.event(**UNSTORABLE), world.event())
    assert receipts == [Receipt(events=1), Receipt(invalid=1), Receipt(events=1)]


async def test_one_that_no_database_takes_keeps_its_body(world):
    await world.receive(world.event(**UNSTORABLE, payload={"name": "kept"}))
    [row] = await world.rows(tables.event)
    assert (row.code, world.vault.open(row.payload_ct)) == ("unstorable", b'{"name":"kept"}')


async def test_one_bad_item_of_a_request_does_not_lose_the_others(world):
    receipt = await world.receive(world.event(), world.event(**UNSTORABLE), world.event(), notices=[world.notice("n")])
    assert receipt == Receipt(events=2, notices=1, invalid=1)


async def test_the_counts_hold_after_a_bad_item(world):
    await world.receive(world.event(), world.event(**UNSTORABLE))
    [row] = await world.rows(tables.received_count)
    assert (row.received, row.events) == (2, 2)


async def test_one_that_cannot_be_prepared_fails_alone(world):
    bad = world.event(occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test
    answers = await receive_all(world, world.event(), bad, world.event())
    assert [type(answer) for answer in answers] == [Receipt, TypeError, Receipt]


class Failing:
    """A database whose transactions break just before they commit, as often as told."""

    def __init__(self, database, *errors):
        self._database = database
        self._errors = list(errors)
        self.read = database.read

    @asynccontextmanager
    async def write(self):
        async with self._database.write() as tx:
            yield tx
            if self._errors:
                raise self._errors.pop(0)

    async def write_at_once(self, work):
        async def broken(tx):
            made = await work(tx)
            if self._errors:
                raise self._errors.pop(0)
            return made

        return await self._database.write_at_once(broken)


def breaking(world, *errors):
    world.receiver._database = Failing(world.database, *errors)


BUSY = StoreBusyError("Busy.", datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.mark.shows("P1")
async def test_a_crash_before_the_commit_accepts_nothing_and_keeps_nothing(world):
    breaking(world, *[MemoryError()] * 3)
    answers = await receive_all(world, world.event(), world.event())
    assert ([type(answer) for answer in answers], await world.count(tables.event)) == ([MemoryError, MemoryError], 0)


@pytest.mark.shows("P1")
async def test_what_was_not_accepted_can_be_sent_again(world):
    breaking(world, BUSY)
    event = world.event(message_id="m-1")
    answers = [await receive_all(world, event), await receive_all(world, event)]
    assert answers == [[BUSY], [Receipt(events=1)]]


async def test_a_busy_store_is_told_to_everybody_who_shared_the_commit(world):
    breaking(world, BUSY)
    assert await receive_all(world, world.event(), world.event()) == [BUSY, BUSY]


async def test_a_shared_commit_that_fails_once_is_tried_request_by_request(world):
    breaking(world, IntegrityError("INSERT", {}, Exception("constraint")))
    assert await receive_all(world, world.event(), world.event()) == [Receipt(events=1)] * 2


async def test_closing_commits_what_waits(world):
    waiting = [asyncio.create_task(world.receive(world.event())) for _ in range(20)]
    await asyncio.sleep(0)
    await world.receiver.close()
    assert [await task for task in waiting] == [Receipt(events=1)] * 20
