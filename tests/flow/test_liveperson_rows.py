"""LivePerson, whole: a conversation ends, and its transcript stands in the org, tied to who it was with."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tests import console
from tests.vendors.clock import WindingClock
from tests.vendors.liveperson import ACCOUNT, CLIENT_SECRET, SIGNING_SECRET, LivePersonSimulator, sde
from tests.world import KEY_FIELD

from crosswalk import flow
from crosswalk.cli import source_checks
from crosswalk.engine import asking
from crosswalk.engine.conversions import Conversions
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.notices import Notices
from crosswalk.engine.pulls import Puller
from crosswalk.engine.schedules import Wish
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.journal import runs
from crosswalk.journal.runs import RunKind
from crosswalk.mapping import check, document
from crosswalk.presets import loader
from crosswalk.sources import registry
from crosswalk.sources.base import Window
from localorg.custom_fields import custom_field
from localorg.custom_objects import custom_object
from localorg.settings import OrgSettings

TRANSCRIPT = "Chat_Transcript__c"
ELIN = {"visitorName": "Elin Berg", "surveys": {"preChat": {"Name": "Elin Berg", "Email": "elin.berg@nordkaj.example"}}}
KINDS = {"Text": "string", "LongTextArea": "textarea", "DateTime": "datetime", "Number": "double", "Lookup": "reference"}
FIELD, TOO, ONLY = (), ("file_too",), ("file_only",)


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
def clock(clock):
    """Let the vendor's waits pass by themselves."""
    return WindingClock(clock.now())


class Conversations:
    """An account, the org its conversations go to, and the source between them."""

    def __init__(self, here):
        self.here, self.vendor = here, LivePersonSimulator(here.clock)
        self.http = self.vendor.client()
        self.vendors = Vendors(self.http, here.clock)
        self.source_id = self.sync_id = ""

    async def map(self, *options, **settings):
        """Add the source with the preset's sync."""
        secrets = {"signing_secret": SIGNING_SECRET, "client_secret": CLIENT_SECRET}
        self.source_id = await self.here.add_source("liveperson", {**self.vendor.settings, **settings}, secrets)
        self.sync_id = await self.here.add_sync(self.source_id, preset(*options))

    async def map_rows(self, *rows):
        """Add the source with the preset's sync and further rows of the transcript."""
        await self.map()
        mapping = preset()
        mapping["steps"][2]["rows"] += rows
        await self.here.save_mapping(self.sync_id, mapping)

    async def pull(self, stream=None):
        """Let time pass, pull, and work it off."""
        self.here.clock.advance(120)
        source = (await self.here.configuration.current()).sources[self.source_id]
        for name in (stream,) if stream else registry.source("liveperson").streams(source.settings):
            await Puller(self.here.engine, self.here.receiver, self.vendors).pull(source, name)
        await self.here.drain()

    async def arrive(self):
        """Let everything LivePerson posted arrive and work it off."""
        for body, _ in self.vendor.take_posted():
            await self.here.deliver(self.source_id, body)
        await Notices(self.here.engine, self.here.receiver, self.vendors).sweep()
        await self.here.drain()

    async def transcript(self, *fields):
        (found,) = await self.here.records(f"SELECT {', '.join(fields)} FROM {TRANSCRIPT}")
        return found[fields[0]] if len(fields) == 1 else found

    async def count(self, name):
        return len(await self.here.records(f"SELECT Id FROM {name}"))


def preset(*options):
    return loader.load("liveperson", options).document


def described(need):
    """Return a field that the preset declares, as the org has it."""
    sizes = {name: value for name in ("length", "precision", "scale") if (value := getattr(need, name)) is not None}
    references = {"referenceTo": need.references} if need.references else {}
    return custom_field({"name": need.field, "type": KINDS[need.type], **sizes, **references})


@asynccontextmanager
async def standing(here):
    """Give an org that has all the preset needs, beside an account."""
    (need,) = loader.load("liveperson").needs.objects
    made = custom_object(need.name, {"label": need.label, "pluralLabel": need.plural, "nameField": {"label": "N", "type": "Text"}}, 1)
    key = custom_field({"name": KEY_FIELD, "type": "string", "length": 80, "unique": True, "externalId": True})
    fields = {field.name.lower(): field for field in (*map(described, need.fields), key)}
    org = here.org.org
    org.add_object(replace(made, fields={**made.fields, **fields}))
    org.add_field("ContentVersion", key)
    for owner, name in (("ContentVersion", "FirstPublishLocationId"), ("ContentDocumentLink", "LinkedEntityId")):
        known = org.schema.object(owner).field(name)
        org.add_field(owner, replace(known, reference_to=(*known.reference_to, need.name)))
    found = Conversations(here)
    yield found
    await found.http.aclose()


@pytest.fixture
async def talks(here):
    async with standing(here) as found:
        yield found


# --- the transcript ---------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-30")
async def test_chat_and_messaging_are_told_apart(talks):
    await talks.map()
    talks.vendor.chat(1)
    talks.vendor.conversation(2)
    await talks.pull()
    kinds = await talks.here.records(f"SELECT LivePerson_SDK_API_Type__c FROM {TRANSCRIPT} ORDER BY LivePerson_SDK_API_Type__c")
    assert ["Chat", "Messaging"] == [row["LivePerson_SDK_API_Type__c"] for row in kinds]


async def test_a_chat_that_ended_becomes_a_transcript(talks):
    await talks.map()
    talks.vendor.chat(1, **ELIN)
    await talks.pull()
    fields = ("Conversation_Id__c", "Duration__c", "Skill__c", "Agent_Name__c", "Visitor_Name__c", "Visitor_Email__c", "Goal_Name__c")
    assert ["4294970001", 300, "Orders", "Priya Nair", "Elin Berg", "elin.berg@nordkaj.example", "Resolve order questions"] == list(
        (await talks.transcript(*fields)).values()
    )


async def test_a_messaging_conversation_that_ended_becomes_a_transcript(talks):
    await talks.map()
    talks.vendor.conversation(2)
    await talks.arrive()
    found = await talks.transcript("Transcript__c", "Visitor_Email__c", "Agent_Name__c")
    said = "[2026-03-04 08:00:00] Davide Rossetti2: Message 0\n[2026-03-04 08:01:00] Agent: Message 1"
    assert [said, "d2@studio.example", "Tomas Vesely"] == list(found.values())


async def test_an_open_conversation_makes_nothing(talks):
    await talks.map()
    talks.vendor.conversation(2, status="OPEN")
    await talks.pull()
    assert 0 == await talks.count(TRANSCRIPT)


@pytest.mark.shows("P2")
async def test_a_webhook_pulls_and_a_reading_on_demand_are_one_transcript(talks):
    await talks.map()
    conversation = talks.vendor.conversation(2)
    await talks.arrive()
    for _ in range(2):
        await talks.pull()
    source = (await talks.here.configuration.current()).sources[talks.source_id]
    vendor = talks.vendors.of(source)
    page = await vendor.kind.refetch(vendor.api, source, conversation, None, talks.here.clock.now(), talks.here.ids.new)
    await talks.here.receiver.receive(source, page.accepted, fingerprint=vendor.kind.fingerprint)
    await talks.here.drain()
    assert (1, 1) == (await talks.count(TRANSCRIPT), len(talks.here.writes()))


def as_the_widget_sees_it():
    """Return the model of a chat that goes on."""
    chat_info = {"rtSessionId": "4294970001", "accountId": ACCOUNT, "chatStartTime": 1772614500000, "isMessaging": False}
    line = {"by": "Elin Berg", "source": "visitor", "text": "Hello?", "time": "2026-03-04 08:55:10.000+0000"}
    return {"chatInfo": {**chat_info, "chatSkill": "Orders"}, "chatTranscript": {"lines": [line]}, "campaignInfo": {"goalName": "Sell"}}


async def test_the_record_that_the_widgets_model_made_is_completed_by_the_sync(talks):
    await talks.map()
    model = as_the_widget_sees_it()
    await talks.here.deliver(talks.source_id, model)
    await talks.here.drain()
    begun = await talks.transcript("Id", "Transcript__c", "End_Time__c")
    talks.vendor.chat(1, lines=3)
    await talks.pull("chats")
    await talks.here.deliver(talks.source_id, model)
    await talks.here.drain()
    found = await talks.transcript("Id", "Transcript__c", "End_Time__c")
    assert (begun["Id"], "[2026-03-04 08:55:10] Elin Berg: Hello?", None, 3, True) == (
        found["Id"],
        begun["Transcript__c"],
        begun["End_Time__c"],
        found["Transcript__c"].count("Line"),
        bool(found["End_Time__c"]),
    )


@pytest.fixture
async def chatting(talks):
    """Serve the API to an agent; returns a function that asks as the agent, or as somebody else."""
    await talks.map()
    async with console.beside(talks.here) as app:
        agent = await app.user("agent", {talks.here.connection_id: "agent"})

        async def ask(method, path="", **options):
            return await agent.api(method, f"/api/sources/{talks.source_id}/conversations{path}", **options)

        ask.app = app
        yield ask


async def by_each_job(talks, chat):
    """Let the periodic, the daily, a manual and an on-demand reading find the chat, each with a line more than the one before."""
    here = talks.here
    source = (await here.configuration.current()).sources[talks.source_id]
    for kind in (JobKind.PERIODIC, JobKind.DAILY):
        await asking.change_job(here.engine, talks.vendors, source, kind, Wish(is_on=True), "test")
    day = timedelta(days=1)
    ways = [
        lambda: asking.start_job(here.engine, talks.vendors, source, JobKind.PERIODIC, "test"),
        lambda: asking.start_job(here.engine, talks.vendors, source, JobKind.DAILY, "test"),
        lambda: asking.ask_range(here.engine, talks.vendors, source, Window(here.clock.now() - day, here.clock.now()), "test"),
        lambda: asking.ask_one(here.engine, talks.vendors, source, chat, "test"),
    ]
    for lines, ask in enumerate(ways, start=2):
        talks.vendor.chat(1, lines=lines)
        here.clock.advance(120)
        await ask()
        await Supervisor(here.engine, here.receiver, talks.vendors).sweep()
        await here.drain()


@pytest.mark.shows("LP-60")
async def test_the_call_of_the_widget_and_every_job_lead_to_one_record_with_the_last_content(talks, chatting):
    begun = await chatting("POST", json={"model": as_the_widget_sees_it()})
    await talks.here.drain()
    first = await talks.transcript("Id", "Transcript__c", "End_Time__c")
    await by_each_job(talks, "4294970001")
    await chatting("POST", json={"model": as_the_widget_sees_it()})
    await talks.here.drain()
    last = await talks.transcript("Id", "Transcript__c", "End_Time__c")
    async with talks.here.database.read() as tx:
        kinds = {run.kind for run in await runs.recent(tx, 100)}
    assert (202, "[2026-03-04 08:55:10] Elin Berg: Hello?", None) == (begun.status_code, first["Transcript__c"], first["End_Time__c"])
    assert (first["Id"], 5, True) == (last["Id"], last["Transcript__c"].count("Line"), bool(last["End_Time__c"]))
    assert {RunKind.PERIODIC, RunKind.DAILY, RunKind.MANUAL, RunKind.ON_DEMAND} == kinds


async def test_who_began_a_conversation_is_told_its_record(talks, chatting):
    begun = (await chatting("POST", json={"model": as_the_widget_sees_it()})).json()
    before = (await chatting("GET", f"/{begun['conversation_id']}")).json()["items"]
    await talks.here.drain()
    after = (await chatting("GET", f"/{begun['conversation_id']}")).json()["items"]
    made = {one["step"]: (one["state"], one["record_id"]) for one in after}
    assert ([], ("written", await talks.transcript("Id"))) == (before, made["transcript"])


async def test_the_same_start_told_twice_is_nothing_new(chatting):
    told = [(await chatting("POST", json={"model": as_the_widget_sees_it()})).json()["is_new"] for _ in range(2)]
    assert [True, False] == told


async def test_a_start_that_cannot_be_read_or_belongs_to_another_source_is_refused(talks, chatting):
    unreadable = await chatting("POST", json={"model": {"chatInfo": {}}})
    webinars = await talks.here.add_source("livestorm")
    elsewhere = await chatting.app.owner.api("POST", f"/api/sources/{webinars}/conversations", json={"model": {}})
    assert [(422, "id_missing"), (404, "no_conversations")] == [(one.status_code, one.json()["code"]) for one in (unreadable, elsewhere)]


async def test_an_agent_without_access_to_the_org_begins_nothing(talks, chatting):
    stranger = await chatting.app.user("agent", {})
    answer = await stranger.api("POST", f"/api/sources/{talks.source_id}/conversations", json={"model": as_the_widget_sees_it()})
    assert (403, 0) == (answer.status_code, await talks.count(TRANSCRIPT))


@pytest.mark.shows("LP-71")
async def test_after_partial_and_full_partial_leaves_the_full_transcript(talks):
    await talks.map()
    chat = talks.vendor.chat(1, lines=4, isPartial=True, **ELIN)
    whole = talks.vendor.chats[chat]
    part = {**whole, "transcript": {"lines": whole["transcript"]["lines"][:1]}, "surveys": {}, "campaign": {"campaignName": "NA"}}
    for record in (part, {**whole, "info": {**whole["info"], "isPartial": False}}, part):
        talks.vendor.chats[chat] = record
        await talks.pull("chats")
    found = await talks.transcript("Transcript__c", "Visitor_Email__c", "Campaign_Name__c")
    assert (4, "elin.berg@nordkaj.example", "Order support") == (found["Transcript__c"].count("Line"), *list(found.values())[1:])


@pytest.mark.shows("P5")
async def test_nothing_takes_the_place_of_a_value(talks):
    await talks.map()
    chat = talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    nothing = {"skillName": "Unassigned", "agentFullName": "undefined", "visitorName": None, "chatStartUrl": ""}
    talks.vendor.chats[chat]["info"] |= {**nothing, "endReasonDesc": "Visitor closed chat"}
    await talks.pull("chats")
    assert ["Orders", "Priya Nair", "Elin Berg"] == list((await talks.transcript("Skill__c", "Agent_Name__c", "Visitor_Name__c")).values())


@pytest.mark.shows("P1", "P3")
@pytest.mark.parametrize("point", ["K5", "K7"])
async def test_a_worker_that_dies_anywhere_leaves_one_transcript_and_one_file(talks, point):
    await talks.map(*TOO)
    talks.vendor.chat(1, **ELIN)
    talks.here.clock.advance(120)
    source = (await talks.here.configuration.current()).sources[talks.source_id]
    await Puller(talks.here.engine, talks.here.receiver, talks.vendors).pull(source, "chats")
    await talks.here.crash(point)
    await talks.here.drain()
    assert (1, 1) == (await talks.count(TRANSCRIPT), await talks.count("ContentVersion"))


# --- the save modes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-26")
@pytest.mark.parametrize(("mode", "in_field", "files"), [(FIELD, True, 0), (TOO, True, 1), (ONLY, False, 1)], ids=["field", "both", "file"])
async def test_the_transcript_is_saved_as_field_file_or_both_and_once(talks, mode, in_field, files):
    await talks.map(*mode)
    chat = talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    talks.vendor.chats[chat]["info"]["endReasonDesc"] = "Visitor closed chat"
    await talks.pull("chats")
    assert (in_field, files) == (bool(await talks.transcript("Transcript__c")), await talks.count("ContentVersion"))


@pytest.mark.shows("LP-26")
async def test_the_file_holds_the_whole_text_and_hangs_on_the_transcript(talks):
    await talks.map(*TOO)
    talks.vendor.chat(1, visitorName="Åsa Öberg")
    await talks.pull("chats")
    (version,) = await talks.here.records("SELECT Id, ContentDocumentId, Title, FileExtension FROM ContentVersion")
    record = await talks.transcript("Id")
    links = await talks.here.records(
        f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{version['ContentDocumentId']}'"
    )
    assert ("Transcript 4294970001", "txt", True) == (version["Title"], version["FileExtension"], {"LinkedEntityId": record} in links)


async def test_a_file_waits_until_nothing_is_missing(talks):
    await talks.map(*ONLY)
    chat = talks.vendor.chat(1, isPartial=True, lines=1)
    await talks.pull("chats")
    before = await talks.count("ContentVersion")
    talks.vendor.chats[chat]["info"]["isPartial"] = False
    await talks.pull("chats")
    assert (0, 1) == (before, await talks.count("ContentVersion"))


async def test_a_long_transcript_is_cut_in_the_field_and_whole_in_the_file(talks):
    await talks.map(*TOO)
    chat = talks.vendor.chat(1, lines=1)
    talks.vendor.chats[chat]["transcript"]["lines"][0]["text"] = "x" * 140_000
    await talks.pull("chats")
    (version,) = await talks.here.records("SELECT ContentSize FROM ContentVersion")
    assert (131_072, True) == (len(await talks.transcript("Transcript__c")), version["ContentSize"] > 140_000)


# --- who it was with --------------------------------------------------------------------------------------------------------------


async def test_a_transcript_is_tied_to_the_person_who_is_known(talks):
    await talks.map()
    (contact,) = await talks.here.seed("Contact", {"LastName": "Berg", "Email": "ELIN.berg@nordkaj.example"})
    (lead,) = await talks.here.seed("Lead", {"LastName": "Rossetti", "Email": "d2@studio.example", "Company": "Studio"})
    talks.vendor.chat(1, **ELIN)
    talks.vendor.conversation(2)
    await talks.pull()
    found = await talks.here.records(f"SELECT Contact__c, Lead__c FROM {TRANSCRIPT} ORDER BY LivePerson_SDK_API_Type__c")
    assert [{"Contact__c": contact, "Lead__c": None}, {"Contact__c": None, "Lead__c": lead}] == found


@pytest.fixture
async def with_person_accounts(open_world):
    async with standing(await open_world(org_settings=OrgSettings(person_accounts=True))) as found:
        yield found


@pytest.mark.shows("LP-116")
async def test_a_person_account_is_found_filled_and_tied_as_account_and_as_contact(with_person_accounts):
    talks = with_person_accounts
    await talks.map("person_accounts")
    (account,) = await talks.here.seed("Account", {"LastName": "Berg", "PersonEmail": "elin.berg@nordkaj.example"})
    talks.vendor.chat(1, visitorName="Elin Berg", surveys={"preChat": {"Email": "ELIN.berg@nordkaj.example", "Phone": "+46700000001"}})
    await talks.pull("chats")
    (person,) = await talks.here.records("SELECT PersonMobilePhone, PersonContactId FROM Account")
    tied = await talks.transcript("Account__c", "Contact__c")
    assert (account, person["PersonContactId"], "+46700000001") == (*tied.values(), person["PersonMobilePhone"])


@pytest.mark.shows("LP-116", "P3")
async def test_somebody_unknown_becomes_one_person_account_and_is_tied_as_account_and_as_contact(with_person_accounts):
    talks = with_person_accounts
    await talks.map("new_person_accounts")
    for number in (1, 2):
        talks.vendor.chat(number, **ELIN)
        await talks.pull("chats")
    (person,) = await talks.here.records("SELECT Id, Name, IsPersonAccount, PersonEmail, PersonContactId FROM Account")
    tied = await talks.here.records(f"SELECT Account__c, Contact__c FROM {TRANSCRIPT}")
    assert ["Elin Berg", True, "elin.berg@nordkaj.example"] == [person[name] for name in ("Name", "IsPersonAccount", "PersonEmail")]
    assert [{"Account__c": person["Id"], "Contact__c": person["PersonContactId"]}] * 2 == tied


@pytest.mark.shows("P8")
async def test_a_preview_of_somebody_who_becomes_a_person_account_is_what_a_run_does(with_person_accounts):
    talks = with_person_accounts
    await talks.map("new_person_accounts")
    chat = talks.vendor.chats[talks.vendor.chat(1, **ELIN)]
    source, _, accepted = await talks.here.read(talks.source_id, chat)
    preview = await flow.preview(talks.here.engine, await talks.here.ready_org(), source, accepted.events)
    await talks.here.deliver(talks.source_id, chat)
    await talks.here.drain()
    planned = sorted((one.change.object, sorted(one.change.fields)) for one in preview.decisions if one.change)
    assert planned == sorted((one.object, sorted(one.sent)) for one in talks.here.writes() if one.sent)  # the contact is the org's own work


async def test_a_company_never_lends_its_contacts_to_a_transcript(with_person_accounts):
    talks = with_person_accounts
    await talks.map("person_accounts")
    (company,) = await talks.here.seed("Account", {"Name": "Nordkaj", "PersonEmail": "elin.berg@nordkaj.example"})
    await talks.here.seed("Contact", {"LastName": "Holm", "AccountId": company})
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    assert {"Account__c": company, "Contact__c": None} == await talks.transcript("Account__c", "Contact__c")


async def test_nobody_is_created_for_somebody_unknown(talks):
    await talks.map()
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    assert (1, 0, 0) == (await talks.count(TRANSCRIPT), await talks.count("Lead"), await talks.count("Contact"))


async def test_a_converted_lead_is_followed_to_its_contact(talks):
    await talks.map()
    (lead,) = await talks.here.seed("Lead", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"})
    contact = await talks.here.convert(lead)
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    assert {"Contact__c": contact, "Lead__c": None} == await talks.transcript("Contact__c", "Lead__c")


async def test_a_lead_converted_later_is_followed_when_the_conversation_is_replayed(talks):
    await talks.map()
    (lead,) = await talks.here.seed("Lead", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"})
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    contact = await talks.here.convert(lead)
    await talks.here.replay()
    assert {"Contact__c": contact, "Lead__c": lead} == await talks.transcript("Contact__c", "Lead__c")


async def followed(talks):
    """Let an hour pass, look for converted leads, and work off what that brings; return how much it was."""
    talks.here.clock.advance(3_600)
    count = await Conversions(talks.here.engine, talks.here.orgs).sweep()
    await talks.here.drain()
    return count


@pytest.mark.shows("LP-117")
async def test_a_transcript_follows_its_lead_into_contact_account_and_opportunity(talks):
    await talks.map()
    (lead,) = await talks.here.seed("Lead", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"})
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    contact = await talks.here.convert(lead, createOpportunity=True)
    await followed(talks)
    (account,) = await talks.here.records("SELECT Id FROM Account")
    (opportunity,) = await talks.here.records("SELECT Id FROM Opportunity")
    linked = await talks.transcript("Lead__c", "Contact__c", "Account__c", "Opportunity__c")
    assert [lead, contact, account["Id"], opportunity["Id"]] == list(linked.values())


@pytest.mark.shows("LP-117")
async def test_the_contact_shows_the_transcript_of_the_lead_it_was(talks):
    await talks.map()
    (lead,) = await talks.here.seed("Lead", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"})
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    contact = await talks.here.convert(lead)
    await followed(talks)
    shown = await talks.here.records(f"SELECT Conversation_Id__c FROM {TRANSCRIPT} WHERE Contact__c = '{contact}'")
    assert [{"Conversation_Id__c": "4294970001"}] == shown


async def test_a_converted_lead_is_followed_once_and_one_that_stays_is_left_alone(talks):
    await talks.map()
    lead, _ = await talks.here.seed(
        "Lead",
        {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"},
        {"LastName": "Rossetti", "Email": "d2@studio.example", "Company": "Studio"},
    )
    talks.vendor.chat(1, **ELIN)
    talks.vendor.conversation(2)
    await talks.pull()
    await talks.here.convert(lead)
    assert [1, 0, 0] == [await followed(talks) for _ in range(3)]


async def test_an_org_is_asked_for_converted_leads_once_an_hour(talks):
    await talks.map()
    look = Conversions(talks.here.engine, talks.here.orgs).sweep
    used = [(await talks.here.calls())["used"] for _ in range(3) if not await look()]
    assert used[0] == used[2]


async def test_a_later_conversation_is_not_tied_to_what_the_lead_became_long_before(talks):
    await talks.map()
    (lead,) = await talks.here.seed("Lead", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example", "Company": "Nordkaj"})
    contact = await talks.here.convert(lead, createOpportunity=True)
    talks.here.clock.advance(5 * 86_400)
    talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    assert {"Contact__c": contact, "Opportunity__c": None} == await talks.transcript("Contact__c", "Opportunity__c")


async def test_what_a_person_linked_stays_linked(talks):
    await talks.map()
    chat = talks.vendor.chat(1, **ELIN)
    await talks.pull("chats")
    (other,) = await talks.here.seed("Contact", {"LastName": "Holm"})
    await talks.here.edit(TRANSCRIPT, await talks.transcript("Id"), Contact__c=other)
    await talks.here.seed("Contact", {"LastName": "Berg", "Email": "elin.berg@nordkaj.example"})
    talks.vendor.chats[chat]["info"]["endReasonDesc"] = "Visitor closed chat"
    await talks.pull("chats")
    assert other == await talks.transcript("Contact__c")


# --- mappings of one's own --------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-27", "LP-93")
async def test_a_survey_answer_is_stored_on_the_transcript(talks):
    await talks.here.add_field(TRANSCRIPT, "Account_Number__c", type="string", length=255)
    await talks.map_rows(
        {"field": "Account_Number__c", "entry": {"attribute": "surveys.preChat[displayName=What is your Account Number?].value"}}
    )
    talks.vendor.chat(1, surveys={"preChat": {"What is your Account Number?": "C-558120"}})
    await talks.pull("chats")
    assert "C-558120" == await talks.transcript("Account_Number__c")


@pytest.mark.shows("LP-100")
async def test_a_question_that_is_asked_no_more_is_named_by_the_doctor(talks):
    await talks.here.add_field(TRANSCRIPT, "Account_Number__c", type="string", length=255)
    asked = "surveys.preChat[displayName=What is your Account Number?].value"
    await talks.map_rows({"field": "Account_Number__c", "entry": {"attribute": asked}})
    talks.vendor.chat(1, surveys={"preChat": {"What is your account no.?": "C-558120"}})
    await talks.pull("chats")
    source = (await talks.here.configuration.current()).sources[talks.source_id]
    parts = SimpleNamespace(engine=talks.here.engine, database=talks.here.database)
    (finding,) = [one async for one in source_checks.reworded(parts, source)]
    assert ("transcript.Account_Number__c" in finding.sentence, "account no.?" in finding.sentence) == (True, True)


async def asked(talks, method, path, **options):
    """Ask about the mapping of the conversations' sync as the owner would."""
    async with console.beside(talks.here) as app:
        return await app.owner.api(method, f"/api/syncs/{talks.sync_id}/mapping{path}", **options)


@pytest.mark.shows("LP-28")
async def test_only_fields_that_the_customer_added_are_offered_on_the_transcript(talks):
    await talks.here.add_field(TRANSCRIPT, "Account_Number__c", type="string", length=255)
    await talks.map()
    offered = (await asked(talks, "GET", f"/options?object={TRANSCRIPT}")).json()["fields"]
    assert ["Account_Number__c"] == [field["name"] for field in offered]


@pytest.mark.shows("LP-28")
async def test_a_row_of_ones_own_for_a_field_of_the_package_is_refused_with_the_reason(talks):
    await talks.map()
    mapping = preset()
    mapping["steps"][2]["rows"][6]["entry"] = {"value": "All skills"}
    answer = await asked(talks, "PUT", "", json={"expected_version": 1, "document": mapping})
    (problem,) = answer.json()["problems"]
    said = "Skill (Skill__c) is filled by Crosswalk; map a custom field that you added to Chat Transcript."
    assert ("kept_field", "steps[2].rows[6].field", said) == (problem["code"], problem["place"], problem["sentence"])


@pytest.mark.shows("LP-28")
async def test_the_rows_of_the_preset_stay_beside_ones_own(talks):
    await talks.here.add_field(TRANSCRIPT, "Account_Number__c", type="string", length=255)
    await talks.map(*ONLY)
    mapping = preset(*TOO)
    mapping["steps"][2]["rows"].append({"field": "Account_Number__c", "entry": {"attribute": "age"}})
    answer = await asked(talks, "PUT", "", json={"expected_version": 1, "document": mapping})
    assert (200, True) == (answer.status_code, answer.json()["is_new"])


TYPES = {
    "string": ({"length": 255}, "age", 46.0, "46"),
    "textarea": ({"length": 32_768}, "age", "46.0", "46.0"),
    "double": ({"precision": 5, "scale": 1}, "age", "46.0", 46.0),
    "date": ({}, "birthday", None, "1979-08-19"),
    "datetime": ({}, "started_at", None, "2026-03-04T08:55:00.000+0000"),
    "boolean": ({}, "is_messaging", None, False),
    "picklist": ({"picklist": ["Search", "Social"]}, "marketing_channel", None, "Search"),
    "url": ({}, "start_url", None, "https://shop.example/"),
    "email": ({}, "personal_email", None, "elin@nordkaj.example"),
    "phone": ({}, "personal_phone", None, "+46700000001"),
}


@pytest.mark.shows("LP-29")
async def test_every_type_of_field_takes_what_suits_it(talks):
    for kind, (facts, *_) in TYPES.items():
        await talks.here.add_field(TRANSCRIPT, f"Own_{kind}__c", type=kind, **facts)
    await talks.map_rows(*({"field": f"Own_{kind}__c", "entry": {"attribute": key}} for kind, (_, key, *_) in TYPES.items()))
    contact = {"personalContact": {"email": "elin@nordkaj.example", "phone": "+46700000001"}}
    age = {"customerAgeInYears": "46.0", "customerYearOfBirth": "1979", "customerMonthOfBirth": "8", "customerDateOfBirth": "19"}
    marketing = {"marketingCampaignInfo": {"marketingCampaignInfo": {"originatingChannel": "1"}}, "serverTimeStamp": "1"}
    attributes = [sde("PERSONAL_INFO", 1, customerAge=age, contacts=[contact]), marketing]
    talks.vendor.chat(1, sdes=attributes, chatStartUrl="https://shop.example/")
    await talks.pull("chats")
    found = await talks.transcript(*(f"Own_{kind}__c" for kind in TYPES))
    assert {f"Own_{kind}__c": expected for kind, (*_, expected) in TYPES.items()} | {"Own_string__c": "46.0"} == found


@pytest.mark.shows("LP-29")
async def test_what_does_not_suit_a_field_is_refused_when_it_is_saved(talks):
    unsuited = {"reference": "csat", "boolean": "started_at", "base64": "age", "double": "transcript_lines"}
    mapping = preset()
    for kind, attribute in unsuited.items():
        await talks.here.add_field(TRANSCRIPT, f"Own_{kind}__c", type=kind, **({"referenceTo": "Contact"} if kind == "reference" else {}))
        mapping["steps"][2]["rows"].append({"field": f"Own_{kind}__c", "entry": {"attribute": attribute}})
    schema = await (await talks.here.ready_org()).describe.schema({TRANSCRIPT, "Contact", "Lead"})
    found = check.check(document.parse(mapping), registry.source("liveperson").catalogue({}), schema)
    assert ["type_mismatch"] * len(unsuited) == [problem.code for problem in check.refusing(found)]


async def test_the_preset_suits_an_org_that_has_what_it_needs_with_each_save_mode(talks):
    org, catalogue = await talks.here.ready_org(), registry.source("liveperson").catalogue({})
    for options in (FIELD, TOO, ONLY):
        mapping = document.parse(preset(*options))
        assert [] == check.check(mapping, catalogue, await org.describe.schema(document.objects(mapping)))
