"""Kaltura, whole: what a pull reads of an attendee goes in, and person, member, engagement and polls stand in the org."""

import copy
import json
from pathlib import Path

import pytest
from tests.world import preset

from crosswalk.model import Accepted
from crosswalk.sources.kaltura import Kaltura
from crosswalk.sources.kaltura.records import Reading
from crosswalk.store import tables
from localorg.custom_objects import custom_object

SAMPLES = Path(__file__).parents[1] / "samples" / "kaltura"
EVENT = {"id": "508311", "name": "Partner Summit 2026", "startDate": None, "endDate": None, "timezone": "Europe/Madrid"}
SESSION = {"id": "1_k4zq81ab", "name": "Opening keynote", "startDate": None, "endDate": None}
LUCIA = "lucia.ferrer@mirador.example"
STATUSES = ("Created", "Invited", "Registered", "Confirmed", "autoConfirmed", "Attended", "Participated", "Blocked", "Un-registered")
ENGAGEMENT, POLLS = "UserSessionEngagement__c", "Kaltura_User_Polls__c"
TEXTS = {"campaign_member__c": 100, "entry_id__c": 11, "entry_name__c": 200, "user__c": 200, "channel_name__c": 200}


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


def field(name):
    if name == "Lead__c":
        return {"type": "reference", "referenceTo": "Lead"}
    if name == "email__c":
        return {"type": "email"}
    if name in TEXTS or name.startswith("poll_"):
        return {"type": "string", "length": TEXTS.get(name, 255)}
    return {"type": "double", "precision": 18, "scale": 2}


@pytest.fixture
async def summit(here):
    """Return a source with the preset, in an org with all that it needs."""
    mapping = preset("kaltura")
    for number, name in enumerate((ENGAGEMENT, POLLS)):
        given = {"label": name.removesuffix("__c"), "pluralLabel": name.removesuffix("__c"), "nameField": {"label": "Name", "type": "Text"}}
        here.org.org.add_object(custom_object(name, given, number))
        rows = next(step["rows"] for step in mapping["steps"] if step["object"] == name)
        for row in rows:
            await here.add_field(name, row["field"], **field(row["field"]))
        await here.add_field(name, here.key_field, type="string", length=80, unique=True, externalId=True)
    await here.add_field("CampaignMember", "external_id__c", type="string", length=50, unique=True, externalId=True)
    labels = [label for label in STATUSES if label not in ("Registered", "Attended")]
    await here.seed("CampaignMemberStatus", *({"CampaignId": here.campaign, "Label": label} for label in labels))
    source = await here.add_source("kaltura")
    await here.add_sync(source, mapping)
    await here.bind(source)
    here.clock.advance(20 * 86_400)  # the samples are of the days before
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
    async def told(report=None, polls=(), session=SESSION):
        report = {"user_id": LUCIA, "count_plays": "2", "clap_clicked_count": "5", **(report or {})}
        found = (profile(), report, list(polls))
        await arrive(lambda reading, event_id: reading.engagement(session, LUCIA, found, event_id))

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
