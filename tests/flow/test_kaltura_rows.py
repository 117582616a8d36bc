"""Kaltura, whole: what a pull reads of an attendee goes in, and person, member, engagement and polls stand in the org."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.flow.provisioned import provision
from tests.vendors.clock import WindingClock
from tests.vendors.kaltura import TOKEN, KalturaSimulator
from tests.world import preset

from crosswalk.engine.pulls import Puller
from crosswalk.engine.vendors import Vendors
from crosswalk.model import Accepted
from crosswalk.presets import loader
from crosswalk.provisioning import survey
from crosswalk.salesforce.xml_text import listed
from crosswalk.sources.kaltura import Kaltura
from crosswalk.sources.kaltura.records import Reading
from crosswalk.store import tables
from localorg.custom_fields import custom_field
from localorg.custom_objects import custom_object

SAMPLES = Path(__file__).parents[1] / "samples" / "kaltura"
EVENT = {"id": "508311", "name": "Partner Summit 2026", "startDate": None, "endDate": None, "timezone": "Europe/Madrid"}
SESSION = {"id": "1_k4zq81ab", "name": "Opening keynote", "startDate": None, "endDate": None}
LUCIA = "lucia.ferrer@mirador.example"
STATUSES = ("Created", "Invited", "Registered", "Confirmed", "autoConfirmed", "Attended", "Participated", "Blocked", "Un-registered")
ENGAGEMENT, POLLS = "UserSessionEngagement__c", "Kaltura_User_Polls__c"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
def clock(clock):
    """Let the vendor's waits pass by themselves."""
    return WindingClock(clock.now())


def described(need):
    """Return a field that the preset declares, as the org has it."""
    facts = {
        "Lookup": {"type": "reference", "referenceTo": "Lead"},
        "Email": {"type": "email"},
        "Text": {"type": "string", "length": need.length},
        "Number": {"type": "double", "precision": need.precision, "scale": need.scale},
    }
    return custom_field({"name": need.field, **facts[need.type]})


@pytest.fixture
async def prepared(here):
    """Return the preset's mapping, in an org with all that it needs."""
    mapping = preset("kaltura")
    for number, need in enumerate(loader.load("kaltura").needs.objects):
        given = {"label": need.label, "pluralLabel": need.plural, "nameField": {"label": "Name", "type": "Text"}}
        made = custom_object(need.name, given, number)
        key = custom_field({"name": here.key_field, "type": "string", "length": 80, "unique": True, "externalId": True})
        fields = {field.name.lower(): field for field in (*map(described, need.fields), key)}
        here.org.org.add_object(replace(made, fields={**made.fields, **fields}))
    await here.add_field("CampaignMember", "external_id__c", type="string", length=50, unique=True, externalId=True)
    labels = [label for label in STATUSES if label not in ("Registered", "Attended")]
    await here.seed("CampaignMemberStatus", *({"CampaignId": here.campaign, "Label": label} for label in labels))
    here.clock.advance(20 * 86_400)  # the samples are of the days before
    return mapping


@pytest.fixture
async def summit(here, prepared):
    """Return a source with the preset."""
    source = await here.add_source("kaltura")
    await here.add_sync(source, prepared)
    await here.bind(source)
    return source


@pytest.fixture
async def pulled(here, prepared):
    """Pull the account of the samples, every stream of it, and write what was found."""
    kaltura = KalturaSimulator(here.clock)
    source = await here.add_source("kaltura", kaltura.settings, {"signing_secret": "s", "app_token": TOKEN})
    await here.add_sync(source, {**prepared, "events": [*prepared["events"], "user"]})
    await here.bind(source)
    async with kaltura.client() as http:
        config = (await here.configuration.current()).sources[source]
        for stream in ("profiles", "engagement"):
            await Puller(here.engine, here.receiver, Vendors(http, here.clock)).pull(config, stream)
    await here.drain()
    return source


@pytest.fixture
def arrive(here, summit):
    """Return a function that lets what a pull read arrive, and works it off."""

    async def arrived(make):
        configuration = await here.configuration.current()
        source = configuration.sources[summit]
        event = make(Reading(summit, here.clock.now(), EVENT), here.ids.new())
        await here.receiver.receive(source, Accepted((event,)), fingerprint=Kaltura().fingerprint)
        await here.drain()
        here.clock.advance(60)

    return arrived


def profile(status="participated", at="2026-03-18T13:01:40.000Z"):
    found = copy.deepcopy(json.loads((SAMPLES / "user_profile_list.json").read_text("utf-8"))["objects"][0])
    found["eventData"] |= {"attendanceStatus": status, "statusUpdateTime": at}
    found["updatedAt"] = at
    return found


@pytest.fixture
def status(arrive):
    async def told(code, at):
        await arrive(lambda reading, event_id: reading.profile(profile(code, at), event_id))

    return told


@pytest.fixture
def engaged(arrive):
    async def told(report=None, polls=(), session=SESSION, user_id=LUCIA, left_out=""):
        report = {"user_id": LUCIA, "count_plays": "2", "clap_clicked_count": "5", **(report or {})}
        found = ({**profile(), "userId": user_id}, report, list(polls))
        await arrive(lambda reading, event_id: reading.engagement(session, LUCIA, found, event_id, left_out))

    return told


def polls(number, question="Which region?"):
    return [{"type": "poll question", "question": f"{question} {n}", "answer": f"answer {n}"} for n in range(1, number + 1)]


async def members(here):
    return await here.records("SELECT Id, LeadId, ContactId, Status, external_id__c FROM CampaignMember")


async def outcomes(here, step):
    return [row["notes"] for row in await here.rows(tables.step_outcome) if row["step"] == step]


@pytest.mark.shows("KA-07")
async def test_a_member_holds_the_ids_of_campaign_and_lead(here, status):
    await status("registered", "2026-03-12T07:30:00.000Z")
    (member,) = await members(here)
    assert (f"{here.campaign}_{member['LeadId']}", 37) == (member["external_id__c"], len(member["external_id__c"]))


async def test_a_contact_s_member_holds_the_contact_s_id(here, status):
    (contact,) = await here.seed("Contact", {"LastName": "Ferrer", "Email": LUCIA})
    await status("registered", "2026-03-12T07:30:00.000Z")
    assert [f"{here.campaign}_{contact}"] == [member["external_id__c"] for member in await members(here)]


@pytest.mark.shows("KA-08")
async def test_a_member_added_by_hand_gets_the_ids(here, status):
    (lead,) = await here.seed("Lead", {"LastName": "Ferrer", "Company": "Mirador Tech", "Email": LUCIA})
    (added,) = await here.seed("CampaignMember", {"CampaignId": here.campaign, "LeadId": lead, "Status": "Registered"})
    await status("participated", "2026-03-18T13:01:40.000Z")
    assert [(added, "Participated", f"{here.campaign}_{lead}")] == [
        (member["Id"], member["Status"], member["external_id__c"]) for member in await members(here)
    ]


@pytest.mark.shows("KA-24")
@pytest.mark.parametrize(
    ("course", "ends"),
    [
        (["registered", "unregistered", "registered"], "Registered"),
        (["participated", "blocked"], "Blocked"),
        (["participated", "registered"], "Participated"),
    ],
    ids=["registers again", "blocked", "goes back"],
)
async def test_statuses_climb_and_resets_may_follow_any(here, status, course, ends):
    for day, code in enumerate(course, 1):
        await status(code, f"2026-03-{day:02d}T08:00:00.000Z")
    assert [ends] == [member["Status"] for member in await members(here)]


@pytest.mark.shows("KA-03")
async def test_the_most_granular_status_is_written(here, status):
    await status("autoConfirmed", "2026-03-11T16:40:00.000Z")
    assert ["autoConfirmed"] == [member["Status"] for member in await members(here)]


@pytest.mark.shows("KA-12")
async def test_a_later_report_replaces_the_totals_of_the_same_row(here, engaged):
    await engaged()
    await engaged({"clap_clicked_count": "9"})
    assert [9] == [row["clap_clicked_count__c"] for row in await here.records(f"SELECT clap_clicked_count__c FROM {ENGAGEMENT}")]


@pytest.mark.shows("KA-13")
async def test_an_engagement_row_names_member_and_lead(here, engaged):
    await engaged()
    (member,) = await members(here)
    (row,) = await here.records(f"SELECT campaign_member__c, Lead__c, entry_id__c FROM {ENGAGEMENT}")
    assert (member["Id"], member["LeadId"], "1_k4zq81ab") == (row["campaign_member__c"], row["Lead__c"], row["entry_id__c"])


async def test_each_session_has_a_row_of_its_own(here, engaged):
    await engaged()
    await engaged(session={**SESSION, "id": "1_m9t2w6ce"})
    assert 2 == len(await here.records(f"SELECT Id FROM {ENGAGEMENT}"))


@pytest.mark.shows("KA-16")
async def test_three_polls_fill_three_slots(here, engaged):
    await engaged(polls=polls(3))
    (row,) = await here.records(f"SELECT poll_1_type__c, poll_3_answer__c, poll_4_question__c FROM {POLLS}")
    assert ("poll question", "answer 3", None) == (row["poll_1_type__c"], row["poll_3_answer__c"], row["poll_4_question__c"])


@pytest.mark.shows("KA-17")
async def test_polls_beyond_the_slots_are_told_in_the_outcome(here, engaged):
    await engaged(polls=polls(12))
    assert ["2 polls beyond the ten slots" in json.dumps(notes) for notes in await outcomes(here, "polls")] == [True]


@pytest.mark.shows("KA-18")
async def test_a_long_question_is_cut_and_the_outcome_says_so(here, engaged):
    await engaged(polls=polls(1, question="q" * 300))
    (row,) = await here.records(f"SELECT poll_1_question__c FROM {POLLS}")
    assert (255, True) == (len(row["poll_1_question__c"]), "truncated" in json.dumps(await outcomes(here, "polls")))


@pytest.mark.shows("KA-19")
@pytest.mark.parametrize(
    ("row", "name", "longest"),
    [
        ("entry_name__c", "session", 200),
        ("user__c", "user_id", 200),
        ("channel_name__c", "channel_name", 200),
        ("entry_id__c", "entry", 11),
    ],
)
async def test_a_long_name_is_cut_and_the_outcome_says_so(here, engaged, row, name, longest):
    long = "n" * 250
    session = {**SESSION, **({"name": long} if name == "session" else {"id": long} if name == "entry" else {})}
    await engaged({"channel_name": long}, session=session, user_id=long if name == "user_id" else LUCIA)
    (found,) = await here.records(f"SELECT {row} FROM {ENGAGEMENT}")
    (notes,) = await outcomes(here, "engagement")
    assert ("n" * longest, True) == (found[row], ["truncated", f"engagement.{row}"] in [note[:2] for note in notes])


@pytest.mark.shows("KA-14")
async def test_each_live_engagement_rate_has_its_own_field(here, engaged):
    rates = {"no": 0.1, "low": 0.15, "fair": 0.2, "good": 0.25, "high": 0.3}
    await engaged({f"{name}_live_engagement_rate": str(rate) for name, rate in rates.items()})
    fields = [f"{name}_live_engagement_rate__c" for name in rates]
    (row,) = await here.records(f"SELECT {', '.join(fields)} FROM {ENGAGEMENT}")
    assert list(rates.values()) == [row[field] for field in fields]


@pytest.mark.shows("KA-14")
def test_the_docs_repeat_what_the_rates_mean():
    text = " ".join((Path(__file__).parents[2] / "docs" / "how-to" / "kaltura.md").read_text("utf-8").split())
    meaning = "*no* = tab not in focus, muted; *low* = in focus, muted; *fair* = not in focus, sound on; *good* = in focus, sound on; "
    assert meaning + "*high* = in focus, full screen" in text


async def test_the_outcome_names_reports_that_kaltura_refuses(here, engaged):
    await engaged(left_out="Kaltura refuses the report 40009 to this account.")
    assert ["the report 40009" in json.dumps(notes) for notes in await outcomes(here, "engagement")] == [True]


# --- what a mapping may change ----------------------------------------------------------------------------------------------------


@pytest.mark.shows("KA-04")
async def test_a_changed_text_is_written_by_the_next_event(here, prepared, summit, status):
    await status("registered", "2026-03-12T07:30:00.000Z")
    (row,) = (row for step in prepared["steps"] if step["name"] == "member" for row in step["rows"] if row["field"] == "Status")
    row["values"]["participated"] = "Was there"
    row["ladder"]["ranks"].append("Was there")
    await here.seed("CampaignMemberStatus", {"CampaignId": here.campaign, "Label": "Was there"})
    (sync,) = await here.rows(tables.sync)
    await here.save_mapping(sync["id"], prepared)
    await status("participated", "2026-03-18T13:01:40.000Z")
    assert ["Was there"] == [member["Status"] for member in await members(here)]


@pytest.mark.shows("KA-04")
async def test_code_and_label_are_attributes(here, prepared, arrive):
    rows = next(step["rows"] for step in prepared["steps"] if step["name"] == "member")
    for name in ("status_code", "status_label"):
        await here.add_field("CampaignMember", f"{name}__c", type="string", length=80)
        rows.append({"field": f"{name}__c", "entry": {"attribute": name}})
    (sync,) = await here.rows(tables.sync)
    await here.save_mapping(sync["id"], prepared)
    await arrive(lambda reading, event_id: reading.profile(profile("autoConfirmed", "2026-03-11T16:40:00.000Z"), event_id))
    (member,) = await here.records("SELECT status_code__c, status_label__c FROM CampaignMember")
    assert {"status_code__c": "autoConfirmed", "status_label__c": "Registered no confirmation required"} == member


# --- leads that were converted ----------------------------------------------------------------------------------------------------


@pytest.mark.shows("KA-09")
async def test_a_converted_lead_keeps_its_one_member_and_its_ids(here, status):
    await status("registered", "2026-03-12T07:30:00.000Z")
    (before,) = await members(here)
    await here.convert(before["LeadId"])
    await status("participated", "2026-03-18T13:01:40.000Z")
    assert [(before["Id"], "Participated", before["external_id__c"])] == [
        (member["Id"], member["Status"], member["external_id__c"]) for member in await members(here)
    ]


# --- pulled, whole ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("KA-01")
async def test_each_attendee_of_the_samples_is_one_member(here, pulled):
    profiles = json.loads((SAMPLES / "user_profile_list.json").read_text("utf-8"))["objects"]
    rows = await here.records("SELECT Email, CampaignId FROM CampaignMember ORDER BY Email")
    assert sorted((one["profileData"]["email"], here.campaign) for one in profiles) == [(row["Email"], row["CampaignId"]) for row in rows]


async def test_what_was_pulled_is_written(here, pulled):
    assert {"written"} == set(await here.states())


async def test_the_engagement_of_both_sessions_stands_in_the_org(here, pulled):
    rows = await here.records(f"SELECT email__c, clap_clicked_count__c, plays__c FROM {ENGAGEMENT} WHERE entry_id__c = '1_k4zq81ab'")
    assert [(LUCIA, 5, 2)] == [tuple(row.values()) for row in rows if row["email__c"] == LUCIA]


async def test_engagement_joins_its_lead_in_a_report(here, pulled):
    rows = await here.records(f"SELECT Lead__r.Email, Lead__r.Company, plays__c FROM {ENGAGEMENT} WHERE entry_id__c = '1_k4zq81ab'")
    assert ("Mirador Tech", 2) in [(row["Lead__r"]["Company"], row["plays__c"]) for row in rows]


async def test_a_notification_and_a_pull_are_one_person(here, pulled):
    told = json.loads((SAMPLES / "webhook_user_created.json").read_text("utf-8"))
    await here.deliver(pulled, told)
    await here.drain()
    assert 1 == len(await here.records(f"SELECT Id FROM Lead WHERE Email = '{LUCIA}'"))


# --- reports ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def reported(fresh):
    """Return an org that was provisioned, with the account of the samples pulled into it."""
    fresh.clock.advance(20 * 86_400)  # the samples are of the days before
    kaltura = KalturaSimulator(fresh.clock)
    source = await fresh.add_source("kaltura", kaltura.settings, {"signing_secret": "s", "app_token": TOKEN})
    await fresh.add_sync(source, preset("kaltura"))
    await fresh.bind(source)
    await provision(fresh, "kaltura")
    async with kaltura.client() as http:
        config = (await fresh.configuration.current()).sources[source]
        for stream in ("profiles", "engagement"):
            await Puller(fresh.engine, fresh.receiver, Vendors(http, fresh.clock)).pull(config, stream)
    await fresh.drain()
    return fresh


async def report(here, name):
    """Run a report type as a report does: its columns over its object and what that looks up."""
    found = (await survey.api(await here.ready_org()).read("ReportType", [name]))[name]
    columns = [column["field"] for section in listed(found, "sections") for column in listed(section, "columns")]
    paths = [column.replace("__c.", "__r.") for column in columns]
    return columns, await here.records(f"SELECT {', '.join(paths)} FROM {found['baseObject']}")


@pytest.mark.shows("KA-21")
async def test_every_column_of_the_report_type_is_answered_beside_the_lead(reported):
    columns, rows = await report(reported, "Kaltura_Session_Engagement")
    leads = {row["Id"]: row["Company"] for row in await reported.records("SELECT Id, Company FROM Lead")}
    assert (True, True) == (bool(rows), {"live_minutes_viewed__c", "Lead__c.Name", "Lead__c.Company"} <= set(columns))
    assert [leads[row["Lead__c"]] for row in rows] == [row["Lead__r"]["Company"] for row in rows]


@pytest.mark.shows("KA-21")
async def test_leads_are_chosen_and_scored_by_what_they_did(reported):
    engaged = f"Id IN (SELECT Lead__c FROM {ENGAGEMENT})"
    found = await reported.records(f"SELECT Name, (SELECT plays__c FROM UserSessionEngagements__r) FROM Lead WHERE {engaged}")
    plays = {lead["Name"]: sum(row["plays__c"] or 0 for row in lead["UserSessionEngagements__r"]["records"]) for lead in found}
    scores = await reported.records(f"SELECT Lead__r.Name who, SUM(plays__c) plays FROM {ENGAGEMENT} GROUP BY Lead__r.Name")
    assert (True, plays) == (any(plays.values()), {row["who"]: row["plays"] or 0 for row in scores})
