import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.inbox import deliveries
from crosswalk.journal import runs
from crosswalk.journal.runs import Progress, Result, RunKind, RunState, Totals
from crosswalk.store import tables


async def start(world, kind=RunKind.BACKFILL):
    async with world.database.write() as tx:
        return await runs.start(tx, world.ids, kind, world.clock.now(), sync_id="sync-1")


async def finish(world, run_id, state=RunState.DONE):
    async with world.database.write() as tx:
        return await runs.finish(tx, run_id, state, world.clock.now())


async def get(world, run_id):
    async with world.database.read() as tx:
        return await runs.get(tx, run_id)


async def test_a_run_under_way_counts_what_it_has_done(world, history):
    run_id = await start(world)
    await world.receive(world.event(), world.event(), run_id=run_id)
    [first, _] = await world.rows(tables.delivery)
    await history.end(first.id, "written")
    await history.change(run_id=run_id)
    await history.call(run_id=run_id)
    expected = Totals(events=2, deliveries={"written": 1, "waiting": 1}, records={"Lead insert": 1}, api_calls=1)
    assert (await get(world, run_id)).totals == expected


async def test_a_finished_run_without_anything_waiting_keeps_its_totals(world, history, clock):
    run_id = await start(world)
    await world.receive(world.event(), run_id=run_id)
    await history.end((await world.rows(tables.delivery))[0].id, "written")
    totals = await finish(world, run_id)
    await world.receive(world.event(), run_id=run_id)
    run = await get(world, run_id)
    assert (run.state, run.ended_at, run.totals) == (RunState.DONE, clock.now(), totals)


async def test_a_finished_run_is_counted_again_while_something_of_it_waits(world, history):
    run_id = await start(world)
    await world.receive(world.event(), run_id=run_id)
    waiting = (await finish(world, run_id)).waiting
    await history.end((await world.rows(tables.delivery))[0].id, "written")
    assert (1, {"written": 1}) == (waiting, (await get(world, run_id)).totals.deliveries)


@pytest.mark.shows("BX-21")
@pytest.mark.parametrize(
    ("ends", "result"),
    [
        (["written", "unchanged"], Result.GREEN),
        (["written", None], Result.WRITING),
        (["written", "held"], Result.NEEDS_A_PERSON),
        (["skipped", "skipped"], Result.GREEN),
    ],
)
async def test_a_run_is_green_only_when_every_record_has_an_end_state(world, history, ends, result):
    run_id = await start(world)
    await world.receive(world.event(), world.event(), run_id=run_id)
    await finish(world, run_id)
    for row, end in zip(await world.rows(tables.delivery), ends, strict=True):
        if end:
            await history.end(row.id, end)
    assert result == (await get(world, run_id)).result


@pytest.mark.parametrize(("state", "result"), [(RunState.STOPPED, Result.STOPPED), (RunState.FAILED, Result.FAILED)])
async def test_a_run_that_did_not_come_to_its_end_is_not_green(world, state, result):
    run_id = await start(world)
    await finish(world, run_id, state)
    assert result == (await get(world, run_id)).result


async def test_a_pull_keeps_its_deliveries_when_they_are_replayed_in_another_run(world):
    run_id, replay_id = await start(world, RunKind.PULL), await start(world, RunKind.REPLAY)
    await world.receive(world.event(), run_id=run_id)
    async with world.database.write() as tx:
        await deliveries.replay(tx, [row.id for row in await world.rows(tables.delivery)], world.clock.now(), replay_id)
    assert {"waiting": 1} == (await get(world, run_id)).totals.deliveries


async def stop(world, run_id):
    async with world.database.write() as tx:
        await runs.request_stop(tx, run_id, world.clock.now())
        return await runs.advance(tx, run_id, Progress(pages=1))


async def test_a_pull_hears_with_its_next_page_that_it_is_to_stop(world):
    run_id = await start(world, RunKind.MANUAL)
    assert (True, 1) == (await stop(world, run_id), (await get(world, run_id)).progress.pages)


async def test_what_has_ended_cannot_be_stopped(world):
    run_id = await start(world, RunKind.PULL)
    await finish(world, run_id)
    with pytest.raises(ConfigurationError, match="ended already"):
        await stop(world, run_id)


async def test_a_replay_is_stopped_where_it_was_started(world):
    with pytest.raises(ConfigurationError, match="interrupt"):
        await stop(world, await start(world, RunKind.REPLAY))


async def test_an_unknown_run_cannot_be_stopped(world):
    with pytest.raises(ConfigurationError, match="crosswalk runs"):
        await stop(world, "nothing")


async def test_runs_are_listed_by_source_and_kind(world):
    async with world.database.write() as tx:
        for kind in (RunKind.DAILY, RunKind.PERIODIC):
            await runs.start(tx, world.ids, kind, world.clock.now(), source_id="src-1")
    async with world.database.read() as tx:
        found = await runs.recent(tx, 5, source_id="src-1", kind=RunKind.DAILY)
    assert [RunKind.DAILY] == [run.kind for run in found]


async def test_what_belongs_to_no_run_is_not_counted(world):
    run_id = await start(world)
    await world.receive(world.event())
    assert (await get(world, run_id)).totals == Totals()


async def test_an_unknown_run_is_none(world):
    assert await get(world, "nothing") is None


async def test_runs_are_listed_newest_first_and_paged(world):
    started = [await start(world) for _ in range(3)]
    async with world.database.read() as tx:
        first = await runs.recent(tx, 2)
        second = await runs.recent(tx, 2, before=first[-1].id)
    assert [run.id for run in (*first, *second)] == started[::-1]
