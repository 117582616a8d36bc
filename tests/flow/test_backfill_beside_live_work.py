"""A long range of history beside what happens now: it waits for live work, and tells how far it has come."""

from datetime import timedelta

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.livechat import SECRET, TOKEN, LiveChatSimulator
from tests.world import preset, world

from crosswalk.engine import jobs
from crosswalk.engine.notices import Notices
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.journal import runs
from crosswalk.journal.runs import Result
from crosswalk.settings import Settings
from crosswalk.sources.base import Window

HISTORY, LANES = 40, 10


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


class Licence:
    """A world beside a licence with a history that is being read in."""

    def __init__(self, here):
        self.here, self.livechat = here, LiveChatSimulator(here.clock)
        self.http = self.livechat.client()
        self.vendors = Vendors(self.http, here.clock)

    async def open(self):
        here = self.here
        self.source_id = await here.add_source(
            "livechat", self.livechat.settings, {"webhook_secret": SECRET, "personal_access_token": TOKEN}
        )
        await here.add_sync(self.source_id, preset("livechat"))
        for number in range(HISTORY):
            self.livechat.whole(number)
        self.livechat.take_posted()
        now = here.clock.now()
        async with here.database.write() as tx:
            window = Window(now - timedelta(days=2), now)
            await jobs.ask_range(tx, here.ids, self.source_id, ("archives",), [window], now)
        await Supervisor(here.engine, here.receiver, self.vendors).sweep()

    async def happens(self):
        """Hold a chat now and let its webhooks arrive."""
        self.livechat.whole(HISTORY)
        for body in self.livechat.take_posted():
            await self.here.deliver(self.source_id, body)
        await Notices(self.here.engine, self.here.receiver, self.vendors).sweep()

    async def emails(self):
        return {row["Email"] for row in await self.here.records("SELECT Email FROM Lead")}

    async def run(self):
        async with self.here.database.read() as tx:
            (found,) = await runs.recent(tx, 5)
        return found


@pytest.fixture
async def licence(database, vault, clock, ids):
    settings = Settings(commit_wait_ms=0, allow_plain_http_orgs=True, lanes_per_turn=LANES)
    async with world(database, vault, clock, ids, settings=settings) as here:
        made = Licence(here)
        await made.open()
        yield made
        await made.http.aclose()


@pytest.mark.shows("BX-28")
async def test_what_happens_now_is_in_the_org_with_the_first_turn_whatever_history_waits(licence):
    await licence.happens()
    await licence.here.worker().sweep(linger=False)
    found = await licence.emails()
    assert (True, LANES + 1) == (f"v{HISTORY}@nordkaj.example" in found, len(found))  # one turn of each priority


@pytest.mark.shows("BX-28", "BX-21")
async def test_a_backfill_tells_its_progress_and_is_green_only_when_all_of_it_is_written(licence):
    told = []
    while (run := await licence.run()).totals.waiting:
        told.append((run.result, run.totals.deliveries.get("written", 0)))
        await licence.here.worker().sweep(linger=False)
        licence.here.clock.advance(1)
    numbers = [number for _, number in told]
    assert (Result.GREEN, HISTORY, {Result.WRITING}, True) == (
        run.result,
        run.totals.deliveries["written"],
        {result for result, _ in told},
        len(told) > 2 and numbers == sorted(numbers),
    )
