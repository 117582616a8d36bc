"""From an org as Salesforce hands it out, through provisioning, to the records of three systems."""

import copy
import json
from pathlib import Path

import pytest
from tests.flow.provisioned import plan, provision
from tests.flow.test_liveperson_rows import ELIN, TRANSCRIPT, Conversations
from tests.vendors.clock import WindingClock
from tests.world import preset, registration

from crosswalk.model import Accepted
from crosswalk.sources.kaltura import Kaltura
from crosswalk.sources.kaltura.records import Reading

PRESETS = ("livestorm", "kaltura", "liveperson")
SAMPLES = Path(__file__).parents[1] / "samples" / "kaltura"
EVENT = {"id": "508311", "name": "Partner Summit 2026", "startDate": None, "endDate": None, "timezone": "Europe/Madrid"}
SESSION = {"id": "1_k4zq81ab", "name": "Opening keynote", "startDate": None, "endDate": None}
LUCIA = "lucia.ferrer@mirador.example"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
def clock(clock):
    """Let the vendor's waits pass by themselves."""
    return WindingClock(clock.now())


async def attended(here, source):
    """Let what Kaltura's pull reads of an attendee arrive."""
    found = copy.deepcopy(json.loads((SAMPLES / "user_profile_list.json").read_text("utf-8"))["objects"][0])
    report = {"user_id": LUCIA, "count_plays": "2", "clap_clicked_count": "5"}
    asked = [{"type": "poll question", "question": "Which region?", "answer": "South"}]
    here.clock.advance(20 * 86_400)  # the samples are of the days before
    reading = Reading(source, here.clock.now(), EVENT)
    events = [reading.profile(found, here.ids.new()), reading.engagement(SESSION, LUCIA, (found, report, asked), here.ids.new())]
    configured = (await here.configuration.current()).sources[source]
    for event in events:
        await here.receiver.receive(configured, Accepted((event,)), fingerprint=Kaltura().fingerprint)
        await here.drain()


async def test_three_systems_write_into_an_org_that_was_fresh(fresh):
    webinars, events = await fresh.add_source("livestorm"), await fresh.add_source("kaltura")
    for source, name in ((webinars, "livestorm"), (events, "kaltura")):
        await fresh.add_sync(source, preset(name))
    await fresh.bind(events)
    talks = Conversations(fresh)
    await talks.map()
    await provision(fresh, *PRESETS)
    await fresh.deliver(webinars, registration("ann@x.example", "p-1", fields={"last_name": "Lee"}))
    await fresh.drain()
    await attended(fresh, events)
    talks.vendor.chat(1, **ELIN)
    await talks.pull()
    await talks.http.aclose()
    members = await fresh.records("SELECT Lead.Email FROM CampaignMember ORDER BY Lead.Email")
    assert ["ann@x.example", LUCIA] == [row["Lead"]["Email"] for row in members]
    written = ("UserSessionEngagement__c", "Kaltura_User_Polls__c", TRANSCRIPT)
    assert [1, 1, 1] == [len(await fresh.records(f"SELECT Id FROM {name} WHERE Crosswalk_Key__c <> NULL")) for name in written]
    assert (set(), ()) == (
        {state.partition("(")[0] for state in await fresh.states()} - {"written", "unchanged"},
        (await plan(fresh, *PRESETS)).steps,
    )
