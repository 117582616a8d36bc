"""The jobs that complete LivePerson's transcripts, as the seed has them: periodic, daily, manual, and one conversation on demand."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.liveperson import APP_KEYS, CLIENT_SECRET, SIGNING_SECRET, LivePersonSimulator

from crosswalk.engine import jobs
from crosswalk.engine.jobs import JobKind
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.sources.base import Window

SECRETS = {"signing_secret": SIGNING_SECRET, "client_secret": CLIENT_SECRET, **APP_KEYS}
DAY = timedelta(days=1)
STREAMS = ("chats", "messaging")


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


@pytest.fixture
def database_url(sqlite_url):
    """Return a SQLite database: what the database decides is shown with the jobs of other sources."""
    return sqlite_url


@pytest.fixture
async def account(database, vault, clock, ids):
    async with asking(database, vault, clock, ids, LivePersonSimulator(clock), "liveperson", SECRETS) as here:
        yield here


async def ask_range(here, window):
    async with here.database.write() as tx:
        await jobs.ask_range(tx, here.ids, here.source_id, STREAMS, [window], here.clock.now())
    await here.work()


async def ask_one(here, subject):
    async with here.database.write() as tx:
        await jobs.ask_one(tx, here.ids, here.source_id, subject, here.clock.now())
    await here.work()
    return (await here.runs())[-1]


def found_by(runs, kind):
    return sum(run.progress.events for run in runs if run.kind is kind)


@pytest.mark.shows("LP-61")
async def test_in_a_day_both_histories_are_read_eight_times(account):
    await account.switch(JobKind.PERIODIC)
    await account.work(hours=24)
    found = await account.runs()
    lengths = {datetime.fromisoformat(run.progress.end) - datetime.fromisoformat(run.progress.start) for run in found}
    assert (dict.fromkeys(STREAMS, 8), {timedelta(hours=6)}) == (
        {stream: sum(run.stream == stream for run in found) for stream in STREAMS},
        lengths,
    )


@pytest.mark.shows("LP-62")
async def test_a_chat_that_the_history_shows_a_day_late_is_found_by_the_daily_job(account):
    account.vendor.lag = DAY
    account.vendor.chat(1)
    await account.switch(JobKind.PERIODIC)
    await account.switch(JobKind.DAILY, hour=4, zone="America/New_York")
    await account.work(hours=48)
    found = await account.runs()
    assert (0, 1) == (found_by(found, RunKind.PERIODIC), found_by(found, RunKind.DAILY))


@pytest.mark.shows("LP-62")
async def test_what_periodic_runs_failed_to_read_is_read_by_the_daily_one(account):
    account.vendor.chat(1)
    account.vendor.troubles.order(status=401, times=1_000)
    await account.switch(JobKind.PERIODIC)
    await account.switch(JobKind.DAILY)
    await account.work(hours=15)
    failed = {run.state for run in await account.runs()}
    account.vendor.troubles.ordered.clear()
    await account.switch(JobKind.PERIODIC, is_on=False)
    await account.work(hours=9)
    assert ({RunState.FAILED}, 1) == (failed, found_by(await account.runs(), RunKind.DAILY))


@pytest.mark.shows("LP-63")
async def test_a_range_of_last_week_reads_exactly_its_conversations(account):
    now = account.clock.now()
    account.vendor.chat(1, at=now - 20 * DAY)
    wanted = [account.vendor.chat(2, at=now - 9 * DAY), account.vendor.conversation(3, at=now - 8 * DAY)]
    account.vendor.chat(4, at=now - 2 * DAY)
    await ask_range(account, Window(now - 14 * DAY, now - 7 * DAY))
    assert sorted(wanted) == [entity for entity, _ in await account.facts()]


@pytest.mark.shows("LP-65")
async def test_one_conversation_is_read_on_demand_once_it_has_ended(account):
    open_one = account.vendor.conversation(5, status="OPEN")
    refused = await ask_one(account, open_one)
    account.vendor.close(open_one)
    account.clock.advance(60)
    read = await ask_one(account, open_one)
    assert (RunState.FAILED, True, 1) == (refused.state, "once it has ended" in refused.detail, read.progress.events)


@pytest.mark.shows("P2")
async def test_however_many_jobs_read_a_conversation_it_is_one_fact(account):
    conversation = account.vendor.conversation(6)
    await account.switch(JobKind.PERIODIC)
    await account.switch(JobKind.DAILY)
    await account.work(hours=24)
    await ask_range(account, Window(account.clock.now() - 3 * DAY, account.clock.now()))
    await ask_one(account, conversation)
    kinds = {run.kind for run in await account.runs() if run.progress.events or run.progress.repeats}
    assert (1, {RunKind.PERIODIC, RunKind.DAILY, RunKind.MANUAL, RunKind.ON_DEMAND}) == (len(await account.facts()), kinds)
