"""Chat messages and questions of a webinar, pulled once it is over: nothing lost, nothing twice, and nobody of the team a lead."""

import pytest
from tests.flow.mappings import MATCH, PERSON, person_steps, row
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator

from crosswalk.engine.pulls import Puller
from crosswalk.engine.vendors import Vendors
from crosswalk.journal.runs import RunState
from crosswalk.sources import registry
from crosswalk.store import tables

SECRETS = {"signing_secret": "example-signing-secret", "api_token": TOKEN}
SETTINGS = {"with_chat": True, "with_questions": True}
QUESTION = "Does the export include custom fields?"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: pages and cursors are shown on both with other streams."""
    return sqlite_url


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


def play(livestorm, messages=60):
    """Hold a webinar: Ann writes much and asks once, Noor of the team answers in the chat."""
    livestorm.add_event()
    livestorm.add_session()
    livestorm.register("ann")
    livestorm.register("noor")["attributes"]["role"] = "team_member"
    for number in range(messages):
        livestorm.say("ann", f"Message {number}")
    livestorm.say("noor", "Welcome", from_team_member=True)
    question = livestorm.ask("ann", QUESTION)
    livestorm.clock.advance(3600)
    livestorm.end(attended={"ann"})
    livestorm.clock.advance(120)
    return question


@pytest.fixture
async def webinar(database, vault, clock, ids):
    async with asking(database, vault, clock, ids, LivestormSimulator(clock), "livestorm", SECRETS) as here:
        await here.configure(**SETTINGS)
        play(here.vendor)
        yield here


async def said(here, kind):
    return [entity for entity, told in await here.facts() if told == kind]


def test_what_was_said_is_pulled_only_where_it_is_wanted():
    assert ("sessions", "replays") == registry.source("livestorm").streams({})


def test_both_streams_can_be_wanted():
    assert ("sessions", "replays", "chat", "questions") == registry.source("livestorm").streams(SETTINGS)


async def test_every_message_is_pulled_once(webinar):
    for _ in range(2):
        await webinar.pull("chat")
    assert 61 == len(await said(webinar, "chat.message"))


@pytest.mark.shows("P1")
@pytest.mark.parametrize("point", ["P1", "P2"])
async def test_a_pull_of_questions_that_dies_goes_on_there(webinar, point):
    await webinar.crash("questions", point, 2)
    await webinar.pull("questions")
    assert 1 == len(await said(webinar, "question.asked"))


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 429, "headers": {"Retry-After": "3"}}, {"drop": True}], ids=str)
async def test_trouble_that_passes_is_sat_out(webinar, trouble):
    webinar.vendor.troubles.order(path="chat_messages", skip=1, **trouble)
    (pulled,) = await webinar.pull("chat")
    assert (RunState.DONE, 61) == (pulled.state, len(await said(webinar, "chat.message")))


async def test_an_answer_given_later_is_news_about_the_question(webinar):
    await webinar.pull("questions")
    webinar.clock.advance(600)
    (question,) = webinar.vendor.said["/v1/sessions/session-1/questions"]
    question["attributes"] |= {"response": "Yes.", "responded_at": webinar.vendor.now(), "updated_at": webinar.vendor.now()}
    (pulled,) = await webinar.pull("questions")
    assert 1 == pulled.receipt.events


async def test_a_session_that_goes_on_is_left_for_later(webinar):
    webinar.vendor.sessions["session-1"]["attributes"] |= {"status": "live", "ended_at": 0}
    (pulled,) = await webinar.pull("chat")
    assert 0 == pulled.receipt.events


async def test_a_message_that_cannot_be_read_is_held_alone_and_once(webinar):
    webinar.vendor.said["/v1/sessions/session-1/chat_messages"].insert(7, {"type": "chat_messages"})
    for _ in range(2):
        await webinar.pull("chat")
    invalid = await webinar.count(tables.event, tables.event.c.status == "invalid")
    assert (1, 61) == (invalid, len(await said(webinar, "chat.message")))


# --- whole ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def pulled(here):
    """Return a function that pulls a stream into an org where questions and messages become Tasks."""
    livestorm = LivestormSimulator(here.clock)
    play(livestorm, messages=1)
    source = await here.add_source("livestorm", {**livestorm.settings, **SETTINGS}, SECRETS)
    task = {
        "name": "task",
        "object": "Task",
        "once_per": "entity",
        "parent": "person",
        "rows": [
            row("Subject", "event_title"),
            {"field": "Description", "entry": {"attribute": ["question_text", "message_text"]}},
            {"field": "WhoId", "entry": {"step": "person"}},
        ],
    }
    steps = [*person_steps(match=MATCH, last_name="last_name"), task]
    mapping = {"source": "livestorm", "events": ["chat.message", "question.asked"], "person": PERSON, "steps": steps}
    await here.add_sync(source, mapping)

    async def pull(stream):
        async with livestorm.client() as http:
            config = (await here.configuration.current()).sources[source]
            await Puller(here.engine, here.receiver, Vendors(http, here.clock)).pull(config, stream)
        await here.drain()

    return pull


async def test_a_question_is_a_task_of_who_asked(here, pulled):
    await pulled("questions")
    (lead,) = await here.records("SELECT Id, LastName FROM Lead")
    (task,) = await here.records("SELECT Subject, Description, WhoId FROM Task")
    told = {"Subject": "Spring release walkthrough", "Description": QUESTION, "WhoId": lead["Id"]}
    assert ("ann", told) == (lead["LastName"], task)


async def test_what_the_team_wrote_makes_nobody_a_lead(here, pulled):
    await pulled("chat")
    leads = [lead["LastName"] for lead in await here.records("SELECT LastName FROM Lead")]
    assert (["ann"], {"skipped(no_match_key)": 1, "written": 1}) == (leads, await here.states())
