"""A whole season through all jobs, with one call in twenty going wrong and processes that die: every fact in the org, exactly once."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from tests.flow.season import Season
from tests.flow.test_kaltura_rows import prepared  # noqa: F401 - pytest finds the fixture here
from tests.vendors.clock import WindingClock

from crosswalk.engine.schedules import Wish
from crosswalk.journal import stats
from crosswalk.journal.runs import RunState
from crosswalk.store import tables

FAULTS, KILLS = 0.05, 0.004
CALL_RESERVE = 500  # of Livestorm's allowance of thirty days, left to others


@pytest.fixture
def database_url(sqlite_url):
    """Return a SQLite database; several processes on PostgreSQL are shown with the jobs themselves."""
    return sqlite_url


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 9, 20, 6, tzinfo=UTC))  # the days around the change of the clock lie within


async def lived(here, mapping, periodic, **length):
    """Let a season pass."""
    season = Season(here, Random(11), FAULTS, KILLS)
    try:
        await season.open(mapping, periodic)
        await season.live(**length)
    finally:
        await season.http.aclose()
    return season


async def differences(season):
    """Return what the org has otherwise than the season was."""
    here = season.here
    found = {
        "leads": Counter(row["Email"] for row in await here.records("SELECT Email FROM Lead")),
        "contacts": Counter(row["Email"] for row in await here.records("SELECT Email FROM Contact")),
        "members": Counter(
            (row["Email"], row["Status"], row["Livestorm_Replay_Status__c"])
            for row in await here.records("SELECT Email, Status, Livestorm_Replay_Status__c FROM CampaignMember")
        ),
        "cases": Counter(
            (row["LiveChat_Thread_Id__c"], row["LiveChat_Rating__c"], row["LiveChat_Tags__c"])
            for row in await here.records("SELECT LiveChat_Thread_Id__c, LiveChat_Rating__c, LiveChat_Tags__c FROM Case")
        ),
        "engagements": len(await here.records("SELECT Id FROM UserSessionEngagement__c")),
    }
    wanted = {
        "leads": Counter(season.leads),
        "contacts": Counter(),
        "members": Counter((email, *told) for email, told in season.members.items()),
        "cases": Counter((thread, *told) for thread, told in season.cases.items()),
        "engagements": len(season.engagements),
    }
    return {name: (found[name], wanted[name]) for name in wanted if found[name] != wanted[name]}


async def check(season):
    here = season.here
    async with here.database.read() as tx:
        sums = await stats.sums(tx)
    states = Counter(row["state"] for row in await here.rows(tables.run))
    assert {} == await differences(season)
    assert (True, set(), 0) == (sums.hold, set(await here.states()) - {"written", "unchanged", "skipped"}, states[RunState.RUNNING])


@pytest.mark.shows("LP-62", "BX-21")
async def test_six_days_of_all_jobs_leave_every_fact_in_the_org_once(here, prepared):  # noqa: F811 - the fixture above
    season = await lived(here, prepared, Wish(is_on=True, every_hours=12, window_hours=24), days=1, late=4)
    await check(season)


@pytest.mark.long
@pytest.mark.shows("LP-62", "BX-21", "P2", "P3")
async def test_ninety_days_of_all_jobs_leave_every_fact_in_the_org_once(here, prepared):  # noqa: F811 - as above
    season = await lived(here, prepared, Wish(is_on=True), days=90)
    await check(season)
    assert min(season.calls_left) > CALL_RESERVE
