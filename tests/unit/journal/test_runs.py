from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind, RunState, Totals
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


async def test_a_finished_run_keeps_its_totals(world, clock):
    run_id = await start(world)
    await world.receive(world.event(), run_id=run_id)
    totals = await finish(world, run_id)
    await world.receive(world.event(), run_id=run_id)
    run = await get(world, run_id)
    assert (run.state, run.ended_at, run.totals, totals.waiting) == (RunState.DONE, clock.now(), totals, 1)


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
