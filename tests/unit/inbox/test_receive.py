import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from crosswalk.errors import RequestRefused
from crosswalk.inbox import identity
from crosswalk.inbox.receive import Receipt
from crosswalk.model import Accepted, Priority, Rejected
from crosswalk.settings import Settings
from crosswalk.store import tables


async def statuses(world):
    return [row.status for row in await world.rows(tables.event)]


@pytest.mark.shows("P1")
async def test_an_accepted_event_is_committed_before_the_answer(world):
    await world.receive(world.event(message_id="m-1"))
    assert [row.message_key for row in await world.rows(tables.event)] == ["m:m-1"]


async def test_the_receipt_counts_each_item_once(world):
    twice = world.event()
    receipt = await world.receive(
        twice,
        twice,
        world.event(type="nobody-wants-it"),
        notices=[world.notice("a"), world.notice("a")],
        invalid=[Rejected("bad", "Bad.", b"{")],
    )
    assert receipt == Receipt(events=2, notices=1, repeats=2, invalid=1)


@pytest.mark.shows("P2")
async def test_a_message_sent_again_is_a_repeat(world):
    event = world.event(message_id="m-1")
    await world.receive(event)
    assert await world.receive(world.event(message_id="m-1")) == Receipt(repeats=1)


async def test_the_same_message_id_from_another_source_is_no_repeat(world):
    await world.receive(world.event(message_id="m-1"))
    world.source = type(world.source)("src-2", "other", "livestorm", "on", {})
    assert await world.receive(world.event(source_id="src-2", message_id="m-1")) == Receipt(events=1)


@pytest.mark.shows("P2")
async def test_the_same_fact_by_another_channel_is_a_repeat(world):
    await world.receive(world.fact("session-1:ann", attended=True, rate=85))
    assert await world.receive(world.fact("session-1:ann", attended=True)) == Receipt(repeats=1)


async def test_a_fact_that_tells_more_is_new(world):
    await world.receive(world.fact("session-1:ann", attended=True))
    assert await world.receive(world.fact("session-1:ann", attended=True, rate=85)) == Receipt(events=1)


async def test_a_value_that_comes_back_is_new_each_time(world):
    receipts = [await world.receive(world.fact("e", rate=rate)) for rate in (1, 2, 1)]
    assert receipts == [Receipt(events=1)] * 3


async def test_an_older_revision_is_a_repeat(world):
    await world.receive(world.fact("e", revision=5, rate=1))
    assert await world.receive(world.fact("e", revision=4, rate=2)) == Receipt(repeats=1)


@pytest.mark.shows("P4")
async def test_an_older_revision_with_an_attribute_never_told_is_news(world):
    await world.receive(world.fact("e", revision=5, rate=1))
    assert await world.receive(world.fact("e", revision=4, rate=2, status="attended")) == Receipt(events=1)


@pytest.mark.shows("P4")
async def test_an_attribute_told_between_two_others_is_news_however_late_it_comes(world):
    await world.receive(world.fact("e", revision=1, status="registered"))
    await world.receive(world.fact("e", revision=3, replay="watched"))
    assert await world.receive(world.fact("e", revision=2, status="attended")) == Receipt(events=1)


async def test_what_came_late_is_a_repeat_the_second_time(world):
    await world.receive(world.fact("e", revision=5, rate=1))
    await world.receive(world.fact("e", revision=4, rate=2, status="attended"))
    assert await world.receive(world.fact("e", revision=4, rate=2, status="attended")) == Receipt(repeats=1)


async def test_a_late_event_does_not_bring_back_an_older_value(world):
    await world.receive(world.fact("e", revision=5, rate=1))
    await world.receive(world.fact("e", revision=4, rate=2, status="attended"))
    assert await world.receive(world.fact("e", revision=5, rate=1)) == Receipt(repeats=1)


async def test_a_repeat_at_a_newer_revision_outdates_what_lies_between(world):
    await world.receive(world.fact("e", revision=5, rate=1))
    await world.receive(world.fact("e", revision=7, rate=1))
    assert await world.receive(world.fact("e", revision=6, rate=2)) == Receipt(repeats=1)


async def test_facts_repeated_within_a_request_are_told_apart(world):
    receipt = await world.receive(*(world.fact("e", rate=rate) for rate in (1, 1, 2, 2)))
    assert receipt == Receipt(events=2, repeats=2)


async def test_each_sync_that_takes_the_type_gets_a_delivery(world):
    await world.receive(world.event(type="attended"))
    assert [row.sync_id for row in await world.rows(tables.delivery)] == ["sync-1", "sync-2"]


@pytest.mark.shows("P7")
async def test_an_event_that_no_sync_takes_is_unrouted(world):
    await world.receive(world.event(type="deleted"))
    assert await statuses(world) == ["unrouted"]


async def test_a_new_delivery_waits_queued_with_a_deadline(world, clock):
    await world.receive(world.event())
    [row] = await world.rows(tables.delivery)
    assert (row.state, row.reason, row.due_at, row.deadline) == ("waiting", "queued", clock.now(), clock.now() + timedelta(days=30))


async def test_an_event_for_a_paused_sync_waits_for_it(world, database):
    async with database.write() as tx:
        await tx.execute(update(tables.sync).values(state="paused"))
    await world.receive(world.event())
    assert [row.reason for row in await world.rows(tables.delivery)] == ["sync_paused"]


async def test_a_removed_sync_takes_nothing(world, database):
    async with database.write() as tx:
        await tx.execute(update(tables.sync).values(state="removed"))
    await world.receive(world.event())
    assert await statuses(world) == ["unrouted"]


async def test_a_clock_in_the_future_is_set_back(world, clock):
    await world.receive(world.event(occurred_at=clock.now() + timedelta(days=27_000)))
    [row] = await world.rows(tables.event)
    assert row.occurred_at == clock.now() + timedelta(minutes=5)


async def test_an_invalid_item_is_kept_with_its_reason(world, vault):
    await world.receive(invalid=[Rejected("no_type", "The event has no type.", b'{"a":1}')])
    [row] = await world.rows(tables.event)
    assert (row.status, row.code, row.detail, vault.open(row.payload_ct)) == ("invalid", "no_type", "The event has no type.", b'{"a":1}')


@pytest.mark.shows("P7")
async def test_what_was_received_is_the_sum_of_what_became_of_it(world):
    event = world.event()
    await world.receive(event, world.event(type="x"), notices=[world.notice("a")], invalid=[Rejected("bad", "Bad.", b"{")])
    await world.receive(event)
    [row] = await world.rows(tables.received_count)
    assert (row.received, row.events, row.notices, row.repeats, row.rejected) == (5, 3, 1, 1, 0)


async def test_concurrent_requests_share_commits(world, database, monkeypatch):
    commits = 0
    write = database.write_at_once

    def counted(work):
        nonlocal commits
        commits += 1
        return write(work)

    monkeypatch.setattr(database, "write_at_once", counted)
    await asyncio.gather(*(world.receive(world.event()) for _ in range(100)))
    assert commits <= 5


async def test_concurrent_requests_are_all_kept(world):
    receipts = await asyncio.gather(*(world.receive(world.event()) for _ in range(100)))
    assert (len(receipts), await world.count(tables.event)) == (100, 100)


async def test_too_much_at_once_is_refused(world):
    world.receiver._settings = Settings(queue_limit=2, commit_wait_ms=0)
    answers = await asyncio.gather(*(world.receive(world.event()) for _ in range(10)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, RequestRefused)]
    assert {(error.request_code, error.status) for error in refused} == {("overloaded", 429)}


async def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits(world):
    world.receiver._settings = Settings(queue_limit=2, commit_wait_ms=0)
    assert await world.receive(*(world.event() for _ in range(10))) == Receipt(events=10)


async def test_a_caller_that_goes_away_stops_nobody(world):
    gone = asyncio.create_task(world.receive(world.event()))
    await asyncio.sleep(0)
    gone.cancel()
    assert await world.receive(world.event()) == Receipt(events=1)


@pytest.mark.shows("P12")
async def test_no_value_of_a_person_stands_readable_in_the_database(world):
    await world.receive(world.event(person={"email": "ann@x.example", "user_id": "u-secret"}, payload={"city": "Springfield"}))
    text = "".join([repr(row) for table in tables.metadata.sorted_tables for row in await world.rows(table)])
    assert [word for word in ("ann@x", "u-secret", "Springfield") if word in text] == []


async def test_a_forgotten_person_is_not_stored_again(world, database, clock, vault):
    async with database.write() as tx:
        hmac = identity.value_hmac(vault, "email", "ann@x.example")
        await tx.execute(insert(tables.suppression), [{"value_hmac": hmac, "at": clock.now()}])
    await world.receive(world.event(person={"email": "Ann@X.example"}))
    [row] = await world.rows(tables.event)
    assert (row.status, row.code, row.payload_ct, row.person_ct, row.message_id) == ("invalid", "suppressed", None, None, None)


async def test_a_forgotten_person_told_again_is_a_repeat(world, database, clock, vault):
    async with database.write() as tx:
        hmac = identity.value_hmac(vault, "email", "ann@x.example")
        await tx.execute(insert(tables.suppression), [{"value_hmac": hmac, "at": clock.now()}])
    await world.receive(world.event(message_id="m"))
    assert await world.receive(world.event(message_id="m")) == Receipt(repeats=1)


async def test_a_backfill_marks_its_deliveries_and_lanes(world):
    await world.receive(world.event(), run_id="run-1", priority=Priority.BACKFILL)
    [delivery] = await world.rows(tables.delivery)
    [lane] = await world.rows(tables.lane)
    assert (delivery.run_id, delivery.priority, lane.priority) == ("run-1", 2, 2)


async def test_a_live_event_lifts_the_lane_of_a_backfill(world):
    await world.receive(world.event(), priority=Priority.BACKFILL)
    await world.receive(world.event())
    [lane] = await world.rows(tables.lane)
    assert lane.priority == Priority.STREAM


async def test_a_page_and_its_cursor_are_kept_together(world):
    async def move(tx, receipt):
        await tx.execute(insert(tables.cursor), [{"source_id": "src-1", "stream": "people", "position": {"page": 2}}])

    await world.receiver.receive_page(world.source, Accepted(events=(world.event(),)), move, fingerprint=dict)
    assert (await world.count(tables.event), await world.count(tables.cursor)) == (1, 1)


async def test_a_page_whose_cursor_cannot_move_is_not_kept(world):
    async def fail(tx, receipt):
        raise LookupError

    with pytest.raises(LookupError):
        await world.receiver.receive_page(world.source, Accepted(events=(world.event(),)), fail, fingerprint=dict)
    assert await world.count(tables.event) == 0


async def test_deliveries_hold_the_events_own_time(world, clock):
    await world.receive(world.event(occurred_at=clock.now() - timedelta(hours=5)))
    async with world.database.read() as tx:
        assert await tx.scalar(select(tables.delivery.c.occurred_at)) == clock.now() - timedelta(hours=5)
