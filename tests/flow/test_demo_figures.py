"""The demo: the sums hold, the figures are the org's own, records are linked, and sending everything again changes nothing."""

import asyncio
import io
import json
from dataclasses import dataclass
from random import Random

import pytest
from rich.console import Console
from sqlalchemy import select

from crosswalk.demo import play, sending
from crosswalk.demo.scenario import Scenario, Size
from crosswalk.demo.stage import stage
from crosswalk.demo.tally import Tally
from crosswalk.inbox import deliveries
from crosswalk.reasons import State
from crosswalk.store import tables

QUIET = Console(file=io.StringIO())
LARGE = Size(registrations=300, calls=300)  # the rest as in the demo itself
SMALL = Size(registrations=60, calls=40, chats=16, attendees=24, conversations=16)
SOURCES = ["kaltura", "livechat", "liveperson", "livestorm", "rudderstack"]
CAME = {"Attended", "Participated"}


@dataclass(frozen=True)
class Played:
    """A small demo that was played, sent again, and replayed: what it told, and what stood in the org after each."""

    scenario: Scenario
    tally: Tally
    once: str
    twice: str
    replayed: str
    console: str

    def rows(self, name):
        """Return the records of an object that stand in the org, by id."""
        found = [json.loads(line) for line in self.once.splitlines()]
        return {row["Id"]: row for row in found if row["object"] == name}

    def written(self, name):
        """Return the records of an object that Crosswalk made."""
        return [row for row in self.rows(name).values() if row.get("Crosswalk_Key__c")]

    def addresses(self, *names):
        """Return the address of each person by record id."""
        return {key: row["Email"].lower() for name in names for key, row in self.rows(name).items() if row.get("Email")}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return asyncio.run(_played(tmp_path_factory.mktemp("demo")))


async def _played(folder):
    async with stage(folder, Random(8), SMALL) as set_up:
        tally = await play.perform(set_up, QUIET)
        once = await export(set_up)
        await play.play_all(set_up, QUIET)
        twice = await export(set_up)
        async with set_up.parts.database.write() as tx:
            everything = (await tx.scalars(select(tables.delivery.c.id))).all()
            await deliveries.replay(tx, everything, set_up.parts.engine.clock.now())
        await play.drain(set_up, QUIET)
        replayed, console = await export(set_up), await set_up.api.get(set_up.addresses["console"])
        return Played(set_up.played, tally, once, twice, replayed, console.text)


async def export(set_up):
    return (await set_up.org.get("/localorg/export")).text


@pytest.mark.shows("P7")
async def test_every_item_of_the_demo_is_accounted_for(tmp_path):
    async with stage(tmp_path, Random(7), LARGE) as set_up:
        tally = await play.perform(set_up, QUIET)
        writes = (await set_up.org.get("/localorg/writes")).json()
    ours = [one for one in writes if one["object"] == "Lead" and (one["after"] or {}).get("Crosswalk_Key__c")]
    assert tally.problems() == []
    shown = tally.as_json()
    assert shown["sent"] == shown["notices"] + shown["repeats"] + shown["rejected"] + sum(shown["events"].values())
    assert shown["events"]["routed"] == sum(shown["deliveries"].values())
    assert len({one["after"]["Id"] for one in ours}) == shown["records"]["Lead"]["inserted"]
    assert shown["api_calls"] <= 30


@pytest.mark.shows("P7")
def test_the_summary_has_a_part_for_each_source_and_together_they_are_the_whole(played):
    told = played.tally.as_json()
    parts = told["sources"].values()
    assert (SOURCES, told["sent"]) == (
        list(told["sources"]),
        sum(part[name] for part in parts for name in ("events", "notices", "repeats", "rejected")),
    )
    assert sum(told["deliveries"].values()) == sum(sum(part["deliveries"].values()) for part in parts)


@pytest.mark.shows("P2")
def test_sending_the_demo_twice_leaves_the_org_byte_for_byte_the_same(played):
    assert played.once == played.twice


@pytest.mark.shows("P2")
def test_replaying_everything_under_the_same_mapping_leaves_the_org_the_same(played):
    assert played.twice == played.replayed


@pytest.mark.shows("P3")
def test_one_person_of_the_demo_has_one_record_however_many_systems_they_met(played):
    made = [row["Email"].lower() for row in played.written("Lead")]
    assert sorted(set(made)) == sorted(made)


def test_nobody_who_is_a_contact_gets_a_lead_beside_it(played):
    contacts = {person.email for person in played.scenario.known.contacts}
    assert contacts.isdisjoint({row["Email"].lower() for row in played.written("Lead")})


def test_the_address_of_the_console_leads_to_the_making_of_an_owner(played):
    assert 'action="/first-run"' in played.console


def test_everybody_at_the_webinar_is_a_member_of_its_campaign(played):
    (webinar,) = [key for key, row in played.rows("Campaign").items() if row["Name"] == played.scenario.told.title]
    people = played.addresses("Lead", "Contact")
    members = [
        people[row.get("LeadId") or row["ContactId"]] for row in played.rows("CampaignMember").values() if row["CampaignId"] == webinar
    ]
    registered = {body["data"]["attributes"]["email"].lower() for body in played.scenario.webhooks}
    moved = {person.email for person in played.scenario.known.converted}  # their contact has another address
    assert registered - moved <= set(members)
    assert len(members) == len(set(members))


def test_every_chat_is_a_case_of_its_agent_tied_to_the_visitors_contact(played):
    contacts, users = played.addresses("Contact"), played.addresses("User")
    made = {row["LiveChat_Thread_Id__c"]: row for row in played.written("Case")}
    moved = {person.email for person in played.scenario.known.converted}
    expected, found = {}, {}
    for chat in played.scenario.chats:
        (visitor, agent), case = chat["users"], made[chat["thread"]["id"]]
        is_known = visitor["email"] in contacts.values()
        expected[chat["id"]] = (visitor["email"] if is_known else None, agent["email"])
        contact = None if visitor["email"] in moved else contacts.get(case.get("ContactId"))
        found[chat["id"]] = (contact, users[case["OwnerId"]])
    assert expected == found


@pytest.mark.shows("KA-01")
def test_every_attendee_is_a_member_of_the_summits_campaign(played):
    (summit,) = [key for key, row in played.rows("Campaign").items() if row["Name"] == "Partner Summit"]
    people, moved = played.addresses("Lead", "Contact"), {person.email for person in played.scenario.known.converted}
    members = [
        people[row.get("LeadId") or row["ContactId"]] for row in played.rows("CampaignMember").values() if row["CampaignId"] == summit
    ]
    attendees = {profile["userId"] for profile in played.scenario.summit.profiles}
    assert (attendees - moved, len(attendees)) == (set(members) & attendees, len(members))


@pytest.mark.shows("KA-13")
@pytest.mark.parametrize("name", ["UserSessionEngagement__c", "Kaltura_User_Polls__c"])
def test_what_an_attendee_did_is_tied_to_the_member_and_to_the_lead(played, name):
    members = played.rows("CampaignMember")
    tied = [(members[row["campaign_member__c"]], row.get("Lead__c")) for row in played.written(name)]
    assert any(lead for _, lead in tied)
    assert [lead for _, lead in tied] == [member.get("LeadId") for member, _ in tied]
    assert CAME >= {member["Status"] for member, _ in tied} > set()


def test_every_conversation_is_a_transcript_tied_to_whom_it_was_with(played):
    contacts, leads = played.addresses("Contact"), played.addresses("Lead")
    moved = {person.email for person in played.scenario.known.converted}
    tied = [row for row in played.written("Chat_Transcript__c") if row["Visitor_Email__c"] not in moved]
    expected = [
        (email if email in contacts.values() else None, email if email in set(leads.values()) - set(contacts.values()) else None)
        for row in tied
        if (email := row["Visitor_Email__c"])
    ]
    assert expected == [(contacts.get(row.get("Contact__c")), leads.get(row.get("Lead__c"))) for row in tied]
    assert all(any(row.get(field) for row in tied) for field in ("Contact__c", "Lead__c"))
    assert SMALL.conversations == len(played.written("Chat_Transcript__c"))


async def test_figures_that_do_not_add_up_are_a_failure(tmp_path):
    async with stage(tmp_path, Random(11), Size(40, 8, 2, 2, 2)) as set_up:
        await sending.webinar_and_calls(set_up, QUIET)
        await sending.chat_webhooks(set_up, QUIET)
        async with set_up.parts.database.read() as tx:
            waiting = await tx.scalar(select(tables.delivery.c.id).where(tables.delivery.c.state == State.WAITING.value).limit(1))
        assert waiting
        configuration = await set_up.parts.engine.configuration.current()
        async with set_up.parts.database.read() as tx:
            told = await play.tally(tx, set_up.parts.engine.vault, configuration, sent=1, api_calls=0, seconds=1)
    named = ("deliveries still wait", "have not been fetched", "items were sent")
    assert list(named) == [next(part for part in named if part in problem) for problem in told.problems()]


async def test_a_stopped_demo_leaves_with_the_code_of_an_interruption(tmp_path):
    stop = asyncio.Event()
    stop.set()
    assert await play.play(QUIET, stop) == play.INTERRUPTED
