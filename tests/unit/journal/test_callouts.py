from datetime import timedelta

import pytest

from crosswalk.journal import callouts
from crosswalk.journal.callouts import Failed
from crosswalk.model import Callout
from crosswalk.model.callouts import masked_request, masked_sentence


def failed(at, code="retry_later", due=None, **owner):
    return Failed(Callout(at, "Livestorm", "GET sessions/s1/people", code, "Livestorm answers with 500.", 500, due), **owner)


async def keep(world, *found):
    async with world.database.write() as tx:
        await callouts.write(tx, world.ids, found, world.clock.now())


async def listed(world, limit=20_000, **wanted):
    async with world.database.read() as tx:
        return await callouts.page(tx, limit, **wanted)


async def test_a_failed_call_is_kept_with_time_request_reason_and_next_step(world, clock):
    await keep(world, failed(clock.now(), source_id="src-1", due=clock.now() + timedelta(seconds=30)))
    (entry,) = await listed(world)
    assert (clock.now(), "GET sessions/s1/people", 500, "Livestorm answers with 500.", "src-1") == (
        entry.at,
        entry.request,
        entry.status,
        entry.sentence,
        entry.source_id,
    )


async def test_the_log_is_narrowed_by_owner_and_time_and_paged(world, clock):
    await keep(world, failed(clock.now(), source_id="src-1"), failed(clock.now(), connection_id="con-1"))
    clock.advance(60)
    await keep(world, failed(clock.now(), source_id="src-1"))
    first, *_ = await listed(world)
    found = [await listed(world, source_id="src-1"), await listed(world, connection_id="con-1"), await listed(world, since=clock.now())]
    assert ([2, 1, 1], 2) == ([len(one) for one in found], len(await listed(world, after=first.id)))


async def test_what_is_older_than_a_month_leaves_the_log(world, clock):
    await keep(world, failed(clock.now()))
    clock.advance(31 * 86_400)
    await keep(world, failed(clock.now()))
    assert [clock.now()] == [entry.at for entry in await listed(world)]


async def test_a_system_that_is_down_for_weeks_does_not_fill_the_disk(world, clock):
    await keep(world, *[failed(clock.now())] * (callouts.KEPT_ENTRIES - 1), failed(clock.now(), "skip_record"))
    await keep(world, *[failed(clock.now())] * 2)
    found = await listed(world)
    assert (callouts.KEPT_ENTRIES, "skip_record") == (len(found), found[2].code)


@pytest.mark.parametrize(
    ("code", "told"),
    [("source_refused", "doctor"), ("login_refused", "resume"), ("reply_lost", "asked what became"), ("replan", "by itself")],
)
def test_every_kind_of_failure_says_what_is_next(clock, code, told):
    assert told in callouts.next_step(failed(clock.now(), code).callout)


@pytest.mark.shows("P12")
@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://api.livestorm.co/v1/sessions/s-1/people?filter[email]=ann@x.example", "GET /v1/sessions/s-1/people"),
        ("/services/data/v60.0/query?q=SELECT Id FROM Lead WHERE Email = 'ann@x.example'", "GET /services/data/v60.0/query"),
        ("/services/data/v60.0/sobjects/Lead/Email/ann@x.example", "GET /services/data/v60.0/sobjects/Lead/Email/…"),
        ("/hooks/webinars/" + "a" * 65, "GET /hooks/webinars/…"),
        ("people/Ann%20Berg", "GET people/…"),
        ("agent/action/list_archives", "GET agent/action/list_archives"),
    ],
)
def test_a_request_is_kept_without_host_query_and_personal_values(address, kept):
    assert kept == masked_request("GET", address)


def test_a_sentence_is_kept_without_addresses():
    told = "The user ann.berg@x.example was refused (403 for sessions?email=ann@x.example); ask again."
    assert "The user … was refused (403 for sessions); ask again." == masked_sentence(told)
