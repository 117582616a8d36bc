"""A webinar as Livestorm tells it by webhook and when asked, down to the members in the org."""

import asyncio

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator
from tests.world import preset

from crosswalk.engine.notices import Notices
from crosswalk.engine.pulls import Puller
from crosswalk.engine.vendors import Vendors
from crosswalk.engine.worker import Worker
from crosswalk.store import tables

SECRET = "example-signing-secret"
MEMBERS = "SELECT Email, Status, Livestorm_Replay_Status__c FROM CampaignMember ORDER BY Email"
TITLE = "Webinar_Title__c"


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


class Webinar:
    """A world with a webinar of three people, one of whom attends."""

    def __init__(self, here):
        self.here = here
        self.livestorm = LivestormSimulator(here.clock)
        self.http = self.livestorm.client()
        self.vendors = Vendors(self.http, here.clock)
        self.source_id = ""

    async def open(self, **settings):
        secrets = {"signing_secret": SECRET, "api_token": TOKEN}
        self.source_id = await self.here.add_source("livestorm", {**self.livestorm.settings, **settings}, secrets)
        await self.here.add_field("CampaignMember", TITLE, type="string", length=255)
        mapping = preset("livestorm")
        mapping["steps"][-1]["rows"].append({"field": TITLE, "entry": {"attribute": "event_title"}})
        await self.here.add_sync(self.source_id, mapping)
        self.livestorm.add_event()
        self.livestorm.add_session()
        for name in ("ann", "ben", "cyd"):
            self.livestorm.register(name)

    async def webhook(self, event, record):
        return await self.here.deliver(self.source_id, self.livestorm.webhook(event, record))

    async def end(self):
        self.here.clock.advance(3600)
        self.livestorm.end(attended={"ann"})
        await self.webhook("session.ended", self.livestorm.sessions["session-1"])
        self.here.clock.advance(60)

    async def fetch(self):
        await Notices(self.here.engine, self.here.receiver, self.vendors).sweep()
        await self.here.drain()

    async def pull(self):
        """Pull every stream and write; returns how many events were new."""
        source = (await self.here.configuration.current()).sources[self.source_id]
        puller = Puller(self.here.engine, self.here.receiver, self.vendors)
        pulled = [await puller.pull(source, stream) for stream in ("sessions", "replays")]
        await self.here.drain()
        return sum(one.receipt.events for one in pulled)

    async def watch_replay(self, name):
        self.here.clock.advance(86_400)
        record = self.livestorm.find(name)
        self.livestorm.touch(record, has_viewed_replay=True)
        return record

    async def members(self):
        rows = await self.here.records(MEMBERS)
        return [(row["Email"].partition("@")[0], row["Status"], row["Livestorm_Replay_Status__c"]) for row in rows]


@pytest.fixture
async def webinar(here):
    made = Webinar(here)
    await made.open()
    yield made
    await made.http.aclose()


ENDED = [("ann", "Attended", None), ("ben", "Did not attend", None), ("cyd", "Did not attend", None)]
WATCHED = [("ann", "Attended", "Watched replay"), *ENDED[1:]]


@pytest.mark.shows("LS-32")
async def test_when_a_session_ends_all_its_registrants_are_updated(webinar):
    for name in ("ann", "ben", "cyd"):
        await webinar.webhook("people.registered", webinar.livestorm.find(name))
    await webinar.here.drain()
    registered = await webinar.members()
    await webinar.end()
    await webinar.fetch()
    assert ([(name, "Registered", None) for name in ("ann", "ben", "cyd")], ENDED) == (registered, await webinar.members())


@pytest.mark.shows("LS-32")
async def test_people_whose_registration_never_reached_us_come_with_the_session(webinar):
    await webinar.end()
    await webinar.fetch()
    assert await webinar.members() == ENDED


@pytest.mark.shows("P2")
async def test_webhooks_notice_and_pull_together_write_what_one_of_them_writes(webinar):
    await webinar.end()
    await webinar.webhook("people.attended", webinar.livestorm.find("ann"))
    await webinar.webhook("people.not_attended", webinar.livestorm.find("ben"))
    await webinar.fetch()
    writes = len(webinar.here.writes())
    assert (0, writes, ENDED) == (await webinar.pull(), len(webinar.here.writes()), await webinar.members())


@pytest.mark.shows("LS-33")
async def test_a_replay_watched_later_is_pulled_and_a_second_time_changes_nothing(webinar):
    await webinar.pull()
    await webinar.end()
    await webinar.fetch()
    record = await webinar.watch_replay("ann")
    await webinar.pull()
    once = await webinar.members()
    webinar.livestorm.touch(record, replay_views=2)
    await webinar.pull()
    assert (WATCHED, WATCHED) == (once, await webinar.members())


@pytest.mark.shows("LS-33")
async def test_a_replay_told_by_webhook_and_found_by_pull_is_one_fact(webinar):
    await webinar.end()
    await webinar.fetch()
    record = await webinar.watch_replay("ann")
    await webinar.webhook("people.watched_replay", record)
    await webinar.here.drain()
    assert (0, WATCHED) == (await webinar.pull(), await webinar.members())


@pytest.mark.shows("LS-40")
async def test_people_registered_through_the_api_are_pulled_alike(webinar):
    webinar.livestorm.find("ann")["attributes"]["registrant_detail"]["registration_type"] = "API"
    await webinar.pull()
    assert {status for _, status, _ in await webinar.members()} == {"Registered"}


async def test_the_title_of_the_event_comes_with_a_pull(webinar):
    await webinar.pull()
    rows = await webinar.here.records(f"SELECT {TITLE} FROM CampaignMember")
    assert {row[TITLE] for row in rows} == {"Spring release walkthrough"}


async def test_a_pull_completes_what_a_webhook_did_not_tell(webinar):
    await webinar.webhook("people.registered", webinar.livestorm.find("ann"))
    await webinar.here.drain()
    (before,) = await webinar.here.records(f"SELECT {TITLE} FROM CampaignMember")
    await webinar.pull()
    rows = await webinar.here.records(f"SELECT {TITLE} FROM CampaignMember WHERE Email LIKE 'ann@%'")
    assert (None, ["Spring release walkthrough"]) == (before[TITLE], [row[TITLE] for row in rows])


async def test_a_webhook_repeated_after_its_pull_is_nothing_new(webinar):
    await webinar.webhook("people.registered", webinar.livestorm.find("ann"))
    await webinar.pull()
    assert 1 == (await webinar.webhook("people.registered", webinar.livestorm.find("ann"))).repeats


async def test_the_title_of_the_event_comes_with_a_webhook_if_wished(here):
    webinar = Webinar(here)
    await webinar.open(with_session=True)
    await webinar.webhook("people.registered", webinar.livestorm.find("ann"))
    await webinar.fetch()
    rows = await here.records(f"SELECT {TITLE} FROM CampaignMember")
    await webinar.http.aclose()
    assert [row[TITLE] for row in rows] == ["Spring release walkthrough"]


async def test_a_worker_fetches_notices_beside_its_turns(webinar):
    here, stop = webinar.here, asyncio.Event()
    await webinar.end()

    async def stop_when_done():
        while any(row["state"] != "done" for row in await here.rows(tables.notice)) or await webinar.members() != ENDED:
            here.clock.advance(1)
            await asyncio.sleep(0)
        stop.set()

    worker = Worker(here.engine, here.orgs, beside=[Notices(here.engine, here.receiver, webinar.vendors)])
    await asyncio.wait_for(asyncio.gather(worker.run(stop), stop_when_done()), 60)
    assert await webinar.members() == ENDED
