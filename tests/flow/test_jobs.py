"""Jobs against the simulated vendors on a virtual clock: what is read when, once, whatever happens meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from tests.vendors.asking import Killed, asking
from tests.vendors.clock import WindingClock
from tests.vendors.kaltura import TOKEN as KALTURA_TOKEN
from tests.vendors.kaltura import KalturaSimulator
from tests.vendors.livechat import SECRET, LiveChatSimulator
from tests.vendors.livechat import TOKEN as LIVECHAT_TOKEN
from tests.vendors.livestorm import TOKEN, LivestormSimulator

from crosswalk.engine import jobs, schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.worker import Worker
from crosswalk.errors import ConfigurationError
from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.sources.base import Window
from crosswalk.store import tables

LIVESTORM_SECRETS = {"signing_secret": "example-signing-secret", "api_token": TOKEN}
LIVECHAT_SECRETS = {"webhook_secret": SECRET, "personal_access_token": LIVECHAT_TOKEN}
KALTURA_SECRETS = {"signing_secret": "example-signing-secret", "app_token": KALTURA_TOKEN}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = 60


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
def database_url(sqlite_url):
    """Return a SQLite database: most of this is arithmetic; what the database decides is shown on both below."""
    return sqlite_url


@pytest.fixture
async def chats(database, vault, clock, ids):
    """Return an inbox beside a licence."""
    async with asking(database, vault, clock, ids, LiveChatSimulator(clock), "livechat", LIVECHAT_SECRETS) as here:
        yield here


@pytest.fixture
async def webinars(database, vault, clock, ids):
    """Return an inbox beside a workspace with one session of three pages."""
    livestorm = LivestormSimulator(clock)
    async with asking(database, vault, clock, ids, livestorm, "livestorm", LIVESTORM_SECRETS) as here:
        livestorm.add_event()
        livestorm.add_session()
        for n in range(PEOPLE):
            livestorm.register(f"p{n:03}")
        yield here


def windows(found):
    return [
        (datetime.fromisoformat(run.progress.start), datetime.fromisoformat(run.progress.end)) for run in found if run.kind in runs.PULLS
    ]


# --- periodic and daily ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-61")
async def test_in_a_day_the_periodic_job_reads_eight_windows_of_six_hours(chats):
    await chats.switch(JobKind.PERIODIC)
    await chats.work(hours=24)
    assert [6 * HOUR] * 8 == [end - start for start, end in windows(await chats.runs())]


@pytest.mark.shows("LP-62")
async def test_the_daily_job_reads_the_last_48_hours_and_finds_what_came_late(chats):
    await chats.switch(JobKind.PERIODIC)
    await chats.switch(JobKind.DAILY, hour=4, zone="Europe/Paris")
    late = chats.vendor.whole(1)
    chats.vendor.archived.clear()
    await chats.work(hours=10)
    chats.vendor.archived.add(late)
    await chats.work(hours=14)
    (daily,) = [run for run in await chats.runs() if run.kind is RunKind.DAILY]
    assert ([2 * DAY], 1) == ([end - start for start, end in windows([daily])], daily.progress.events)


@pytest.mark.shows("BX-27")
async def test_the_next_start_is_known_and_moves_on(chats):
    first = (await chats.switch(JobKind.PERIODIC)).next_at
    await chats.work(hours=3)
    async with chats.database.read() as tx:
        following = (await schedules.of_source(tx, chats.source_id))[JobKind.PERIODIC].next_at
    assert first + 3 * HOUR == following


async def test_a_machine_that_slept_two_days_reads_once_and_leaves_no_gap(chats):
    await chats.switch(JobKind.PERIODIC)
    await chats.work(hours=6)
    before = windows(await chats.runs())[-1]
    chats.clock.advance(2 * 86_400)
    await chats.work()
    (*_, (start, _)) = found = windows(await chats.runs())
    assert (3, True) == (len(found), start < before[1])


@pytest.mark.shows("BX-27")
async def test_a_paused_job_rests_and_goes_on_where_it_stood(chats):
    await chats.switch(JobKind.PERIODIC)
    await chats.work(hours=6)
    before = windows(await chats.runs())
    await chats.switch(JobKind.PERIODIC, is_on=False)
    await chats.work(hours=48)
    paused = windows(await chats.runs())
    await chats.switch(JobKind.PERIODIC)
    await chats.work(hours=4)
    after = windows(await chats.runs())
    assert (before, True) == (paused, after[len(before)][0] < before[-1][1])


async def test_a_source_that_is_off_is_not_asked(chats):
    await chats.switch(JobKind.PERIODIC)
    async with chats.database.write() as tx:
        await tx.execute(update(tables.source).values(state="off"))
    chats.configuration.forget()
    await chats.work(hours=24)
    assert ([], []) == (await chats.runs(), chats.vendor.calls)


async def test_what_costs_many_calls_is_read_once_a_day_only(webinars):
    await webinars.switch(JobKind.PERIODIC)
    await webinars.switch(JobKind.DAILY)
    await webinars.work(hours=24)
    streams = {(run.kind, run.stream) for run in await webinars.runs()}
    assert {("periodic", "sessions"), ("daily", "sessions"), ("daily", "replays")} == streams


# --- trouble ---------------------------------------------------------------------------------------------------------------------------


async def test_a_source_that_is_down_is_asked_again_until_it_answers(chats):
    thread = chats.vendor.whole(1)
    chats.vendor.troubles.order(status=500, times=30)
    await chats.switch(JobKind.PERIODIC, every_hours=12, window_hours=12)
    await chats.work(hours=15)
    assert [(thread, "chat.ended")] == await chats.facts()


async def test_a_job_that_cannot_begin_leaves_a_failed_run_that_says_why(chats):
    chats.secrets = {"webhook_secret": SECRET}
    await chats.configure()
    await chats.switch(JobKind.PERIODIC)
    await chats.work(hours=3)
    (run,) = await chats.runs()
    assert (RunState.FAILED, True) == (run.state, "personal_access_token" in run.detail)


@pytest.mark.parametrize("point", ["P1", "P2"])
@pytest.mark.parametrize("nth", [1, 3])
async def test_a_process_killed_at_any_page_is_followed_within_a_minute_by_one_that_goes_on_there(webinars, point, nth):
    passed = 0

    async def die(here):
        nonlocal passed
        passed += here == point
        if here == point and passed == nth:
            raise Killed

    await webinars.switch(JobKind.PERIODIC)
    with pytest.raises(Killed):
        await webinars.work(hours=4, supervisor=webinars.supervisor(die))
    webinars.clock.advance(60)
    await webinars.work()
    new = sum(run.progress.events for run in await webinars.runs())
    assert ([(f"session-1:p{n:03}", "people.registered") for n in range(PEOPLE)], PEOPLE) == (await webinars.facts(), new)


async def test_after_a_window_that_broke_off_comes_the_one_that_was_due(webinars):
    await webinars.switch(JobKind.PERIODIC)
    webinars.vendor.troubles.order(status=401, path="/people", skip=1)
    await webinars.work(hours=3)
    webinars.clock.advance(3 * 3600)
    await webinars.work()
    (broken, ended, due) = windows(await webinars.runs())
    assert (broken, True) == (ended, due[1] > ended[1])


async def test_a_process_that_is_told_to_end_finishes_its_page_and_another_goes_on(webinars):
    stop, seen = asyncio.Event(), []

    async def tell(point):
        seen.append(point)
        stop.set()

    await webinars.switch(JobKind.PERIODIC)
    webinars.clock.advance(3 * 3600)
    await asyncio.wait_for(webinars.supervisor(tell).run(stop), 30)
    await webinars.work()
    states = [(run.state, run.progress.pages) for run in await webinars.runs()]
    assert ([(RunState.STOPPED, 1), (RunState.DONE, 2)], 0) == (
        states[:2],
        await webinars.count(tables.job, tables.job.c.kind == "periodic"),
    )


async def test_a_job_waits_for_the_allowance_of_its_source_and_looks_once_an_hour(webinars):
    await webinars.switch(JobKind.PERIODIC)
    webinars.vendor.monthly = 503
    await webinars.work(hours=5)
    left, waiting = webinars.vendor.monthly, len(await webinars.facts())
    webinars.vendor.monthly = 10_000
    await webinars.work(hours=3)
    assert (True, True, PEOPLE) == (left >= 495, waiting < PEOPLE, len(await webinars.facts()))


async def test_two_streams_of_a_source_that_are_read_at_once_count_their_own_calls(webinars):
    puller, source = webinars.puller(), await webinars.source()
    found = await asyncio.gather(puller.pull(source, "sessions"), puller.pull(source, "replays"))
    assert len(webinars.vendor.calls) == sum(pulled.calls for pulled in found)


async def test_a_worker_does_jobs_beside_its_turns(webinars):
    stop = asyncio.Event()

    async def stop_when_read(point):
        if point == "P2" and len(await webinars.facts()) == PEOPLE:
            stop.set()

    webinars.vendor.end()
    async with webinars.database.write() as tx:
        await jobs.ask_one(tx, webinars.ids, webinars.source_id, "session-1", webinars.clock.now())
    worker = Worker(webinars.engine, Orgs(webinars.engine, webinars.http), beside=(webinars.supervisor(stop_when_read),))
    await asyncio.wait_for(worker.run(stop), 30)
    assert [RunState.DONE] == [run.state for run in await webinars.runs()]


# --- several processes -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgres"])
async def shared(request, vault, clock, ids):
    """Return an inbox beside a workspace, on a database that several processes share."""
    from crosswalk.store.database import Database

    database = await Database.open(request.getfixturevalue(f"{request.param}_url"), clock)
    livestorm = LivestormSimulator(clock)
    async with asking(database, vault, clock, ids, livestorm, "livestorm", LIVESTORM_SECRETS) as here:
        livestorm.add_event()
        livestorm.add_session()
        for n in range(PEOPLE):
            livestorm.register(f"p{n:03}")
        yield here
    await database.close()


async def test_of_several_processes_one_does_each_job(shared):
    await shared.switch(JobKind.PERIODIC)
    for _ in range(4):
        shared.clock.advance(3 * 3600)
        await asyncio.gather(*(shared.supervisor().sweep() for _ in range(3)))
    assert ([PEOPLE, 0, 0, 0], PEOPLE) == ([run.progress.events for run in await shared.runs()], len(await shared.facts()))


# --- stop ------------------------------------------------------------------------------------------------------------------------------


async def test_a_run_that_is_stopped_finishes_its_page_and_the_next_one_goes_on(webinars):
    async def stop(point):
        if point == "P1" and not asked:
            (run,) = await webinars.runs()
            async with webinars.database.write() as tx:
                await runs.request_stop(tx, run.id, webinars.clock.now())
            asked.append(run.id)

    asked = []
    await webinars.switch(JobKind.PERIODIC)
    webinars.clock.advance(3 * 3600)
    await webinars.work(supervisor=webinars.supervisor(stop))
    stopped = [(run.state, run.progress.pages) for run in await webinars.runs()]
    await webinars.work(hours=3)
    assert ([(RunState.STOPPED, 1)], PEOPLE) == (stopped, len(await webinars.facts()))


@pytest.mark.shows("BX-21")
async def test_what_a_run_has_read_adds_up(webinars):
    webinars.vendor.people["session-1"].append(None)
    await webinars.switch(JobKind.PERIODIC)
    await webinars.work(hours=6)
    read = [(run.progress.events + run.progress.invalid, run.totals.events) for run in await webinars.runs()]
    repeats = [run.progress.repeats for run in await webinars.runs()]
    assert ([(PEOPLE + 1, PEOPLE + 1), (0, 0)], [0, PEOPLE + 1]) == (read, repeats)


# --- ranges ----------------------------------------------------------------------------------------------------------------------------


async def ask(here, length, *, split=False):
    """Ask for a range up to now, as an admin would."""
    now = here.clock.now()
    wanted = jobs.parts(Window(now - length, now), now, split=split)
    async with here.database.write() as tx:
        await jobs.ask_range(tx, here.ids, here.source_id, ("archives",), wanted, now)


@pytest.mark.shows("LP-63", "BX-29")
async def test_a_range_reads_exactly_its_conversations_once(chats):
    for number in (1, 2, 3):
        chats.vendor.whole(number)
        chats.clock.advance(3 * 86_400)
    await ask(chats, 7 * DAY)
    await chats.work(hours=1)
    facts = [entity for entity, _ in await chats.facts()]
    assert (["T0002", "T0003"], [RunKind.MANUAL]) == (facts, [run.kind for run in await chats.runs()])


@pytest.mark.shows("BX-29")
@pytest.mark.parametrize(
    ("kind", "simulator", "secrets"),
    [
        ("livestorm", LivestormSimulator, LIVESTORM_SECRETS),
        ("livechat", LiveChatSimulator, LIVECHAT_SECRETS),
        ("kaltura", KalturaSimulator, KALTURA_SECRETS),
    ],
)
async def test_a_range_can_be_read_of_every_source_that_can_be_asked(database, vault, clock, ids, kind, simulator, secrets):
    clock.advance(20 * 86_400)
    vendor = simulator(clock)
    if kind == "livestorm":
        vendor.add_event()
        vendor.add_session()
        vendor.register("ann")
    if kind == "livechat":
        vendor.whole(1)
    clock.advance(3600)
    async with asking(database, vault, clock, ids, vendor, kind, secrets) as here:
        streams = (await here.vendor_of()).kind.streams({})
        async with database.write() as tx:
            await jobs.ask_range(tx, ids, here.source_id, streams, [Window(clock.now() - 25 * DAY, clock.now())], clock.now())
        await here.work()
        found = [run for run in await here.runs() if run.kind is RunKind.MANUAL]
    assert (set(streams), {RunState.DONE}, True) == (
        {run.stream for run in found},
        {run.state for run in found},
        sum(run.progress.events for run in found) > 0,
    )


@pytest.mark.shows("LP-64")
async def test_a_range_of_31_days_is_refused_with_the_offer_to_split_it(chats):
    with pytest.raises(ConfigurationError, match=r"31 days.*at most 30.*split into 2 runs"):
        await ask(chats, 31 * DAY)


@pytest.mark.shows("LP-64")
async def test_a_longer_range_is_split_when_that_is_confirmed(chats):
    await ask(chats, 31 * DAY, split=True)
    await chats.work(hours=1)
    assert [30 * DAY, DAY] == [end - start for start, end in windows(await chats.runs())]


def test_thirty_days_are_one_run():
    now = datetime(2026, 3, 31, tzinfo=UTC)
    assert [Window(now - 30 * DAY, now)] == jobs.parts(Window(now - 30 * DAY, now), now)


@pytest.mark.parametrize(("start", "end"), [(2 * DAY, -HOUR), (DAY, 2 * DAY), (DAY, DAY)])
def test_a_range_lies_in_the_past_and_begins_before_it_ends(start, end):
    now = datetime(2026, 3, 31, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="must begin before it ends"):
        jobs.parts(Window(now - start, now - end), now)


# --- one conversation or session -------------------------------------------------------------------------------------------------------


async def ask_one(here, subject):
    async with here.database.write() as tx:
        await jobs.ask_one(tx, here.ids, here.source_id, subject, here.clock.now())
    await here.work()


@pytest.mark.shows("LP-65")
async def test_one_conversation_is_read_on_demand_once_it_has_ended(chats):
    chats.vendor.open("T7", "C7")
    await ask_one(chats, "T7")
    chats.vendor.close("T7")
    await ask_one(chats, "T7")
    first, second = await chats.runs()
    assert (RunState.FAILED, True, 1) == (first.state, "once it has ended" in first.detail, second.progress.events)


async def test_one_session_is_read_on_demand(webinars):
    webinars.clock.advance(3600)
    webinars.vendor.end(attended={"p000"})
    await ask_one(webinars, "session-1")
    (run,) = await webinars.runs()
    assert (RunKind.ON_DEMAND, "session-1", PEOPLE) == (run.kind, run.stream, run.progress.events)


async def test_a_session_that_is_under_way_is_not_read_on_demand(webinars):
    await ask_one(webinars, "session-1")
    (run,) = await webinars.runs()
    assert (RunState.FAILED, True) == (run.state, "has not ended yet" in run.detail)


async def test_nothing_of_a_single_reading_stays_behind(webinars):
    webinars.clock.advance(3600)
    webinars.vendor.end()
    await ask_one(webinars, "session-1")
    assert (0, 0) == (await webinars.count(tables.job), await webinars.count(tables.cursor))


# --- sessions that are read again ------------------------------------------------------------------------------------------------------

AFTER = [1, 6, 24, 72, 168, 336, 720]  # hours


def hours_after(end, found):
    return [round((run.started_at - end) / HOUR) for run in found if run.kind is RunKind.REREAD]


async def test_a_livestorm_session_is_read_again_seven_times_in_thirty_days(webinars):
    await webinars.switch(JobKind.PERIODIC, every_hours=1)
    await webinars.work(hours=1)
    webinars.vendor.end()
    end = webinars.clock.now()
    await webinars.work(hours=1)
    await webinars.switch(JobKind.PERIODIC, is_on=False)
    before = len(webinars.vendor.calls)
    await webinars.work(hours=24 * 32)
    calls = len(webinars.vendor.calls) - before
    assert (AFTER, 0, True) == (hours_after(end, await webinars.runs()), await webinars.count(tables.job), calls <= len(AFTER) * 4)


async def test_somebody_who_watches_later_is_found_by_reading_again(webinars):
    await webinars.switch(JobKind.PERIODIC)
    await webinars.work(hours=3)
    webinars.vendor.end()
    await webinars.work(hours=4)
    await webinars.switch(JobKind.PERIODIC, is_on=False)
    webinars.vendor.touch(webinars.vendor.find("p007"), has_viewed_replay=True)
    await webinars.work(hours=24)
    assert ("session-1:p007", "people.watched_replay") in await webinars.facts()


async def test_a_session_that_was_deleted_is_not_looked_for_for_ever(webinars):
    await webinars.configure(reread_hours=[2, 6, 24])
    await webinars.switch(JobKind.PERIODIC)
    await webinars.work(hours=3)
    webinars.vendor.end()
    await webinars.work(hours=4)
    await webinars.switch(JobKind.PERIODIC, is_on=False)
    webinars.vendor.sessions.clear()
    await webinars.work(hours=25)
    assert 0 == await webinars.count(tables.job)


async def test_a_reading_that_was_given_up_half_way_begins_anew_the_next_time(webinars):
    await webinars.switch(JobKind.PERIODIC)
    await webinars.work(hours=3)
    webinars.vendor.end()
    await webinars.work(hours=4)
    await webinars.switch(JobKind.PERIODIC, is_on=False)
    webinars.vendor.troubles.order(status=401, path="/people", skip=1)
    await webinars.work(hours=6)
    given_up = [run.state for run in await webinars.runs() if run.kind is RunKind.REREAD]
    webinars.vendor.touch(webinars.vendor.find("p000"), has_viewed_replay=True)
    await webinars.work(hours=24)
    assert (True, True) == (RunState.FAILED in given_up, ("session-1:p000", "people.watched_replay") in await webinars.facts())


async def test_kaltura_sessions_are_read_again_too(database, vault, clock, ids):
    kaltura = KalturaSimulator(clock)
    async with asking(database, vault, clock, ids, kaltura, "kaltura", KALTURA_SECRETS) as here:
        end = max(datetime.fromisoformat(session["endDate"]) for session in kaltura.sessions)
        clock.advance((end - clock.now()).total_seconds() + 600)
        await here.switch(JobKind.PERIODIC)
        await here.work(hours=3)
        await here.switch(JobKind.PERIODIC, is_on=False)
        await here.work(hours=24 * 8)
        found = [run for run in await here.runs() if run.kind is RunKind.REREAD]
    assert ({RunState.DONE}, True) == ({run.state for run in found}, len(found) >= 4)
