"""Livestorm, whole: a webhook goes in, and the rows of the default mapping and of added ones stand in the org."""

import json
from pathlib import Path

import pytest
from tests.world import preset, registration

from crosswalk.store import tables

SAMPLES = Path(__file__).parents[1] / "samples" / "livestorm"
ANN = "ann@x.example"
FORM = {
    "first_name": "Ann",
    "last_name": "Ray",
    "company": "Acme",
    "job_title": "Buyer",
    "city": "Bergen",
    "country": "Norway",
    "phone": "+47 55 55 01 00",
    "website": "https://acme.example",
}
LEAD = {
    "FirstName": "Ann",
    "LastName": "Ray",
    "Email": ANN,
    "Company": "Acme",
    "Title": "Buyer",
    "City": "Bergen",
    "Country": "Norway",
    "Phone": "+47 55 55 01 00",
    "Website": "https://acme.example",
}
CONTACT = {
    "FirstName": "Ann",
    "LastName": "Ray",
    "Email": ANN,
    "Title": "Buyer",
    "MailingCity": "Bergen",
    "MailingCountry": "Norway",
    "Phone": "+47 55 55 01 00",
}
REPLAY = "Livestorm_Replay_Status__c"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
def webinars(here):
    """Return a function that adds a source with the preset; rows are added to the steps named, `person` overrides the routing."""

    async def added(person=None, settings=None, **rows):
        mapping = preset("livestorm")
        mapping["person"] |= person or {}
        for step in mapping["steps"]:
            step["rows"] += rows.get(step["name"], [])
        source = await here.add_source("livestorm", settings)
        await here.add_sync(source, mapping)
        here.clock.advance(14 * 86_400)  # the samples are of the days after
        return source

    return added


@pytest.fixture
def play(here):
    """Return a function that delivers bodies one after the other and works them off."""

    async def played(source, *bodies):
        for body in bodies:
            await here.deliver(source, body)
            await here.drain()

    return played


def sample(name):
    return json.loads((SAMPLES / f"webhook_people_{name}.json").read_text("utf-8"))


async def one(here, object_name, *names):
    (found,) = await here.records(f"SELECT {', '.join(names)} FROM {object_name}")
    return dict(found)


async def member_fields(here, **types):
    """Add custom fields to the Campaign Member."""
    for name, definition in types.items():
        await here.add_field("CampaignMember", f"{name}__c", **definition)


def rows(**attributes):
    return [{"field": f"{name}__c", "entry": {"attribute": attribute}} for name, attribute in attributes.items()]


# --- the default mapping ----------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-06")
async def test_a_registration_with_all_nine_makes_a_lead_with_all_nine(here, webinars, play):
    await play(await webinars(), registration(ANN, "p-1", fields=FORM))
    assert await one(here, "Lead", *LEAD) == LEAD


@pytest.mark.shows("LS-07")
async def test_a_registration_with_all_makes_a_contact_with_all_eight(here, webinars, play):
    (account,) = await here.seed("Account", {"Name": "Acme"})
    await play(await webinars({"create": "Contact"}), registration(ANN, "p-1", fields=FORM))
    assert await one(here, "Contact", *CONTACT, "AccountId") == {**CONTACT, "AccountId": account}


@pytest.mark.shows("LS-10", "LS-31", "LS-32", "LS-33")
async def test_registration_attendance_and_replay_move_both_statuses(here, webinars, play):
    source = await webinars()
    seen = []
    for number, event in enumerate(("people.registered", "people.attended", "people.watched_replay")):
        await play(source, registration(ANN, "p-1", event=event, at=1_772_611_200 + number))
        seen.append(tuple((await one(here, "CampaignMember", "Status", REPLAY)).values()))
    assert seen == [("Registered", None), ("Attended", None), ("Attended", "Watched replay")]


@pytest.mark.shows("LS-10", "LS-32")
async def test_who_stayed_away_gets_a_status_of_their_own(here, webinars, play):
    later = registration(ANN, "p-1", event="people.not_attended", at=1_772_612_000)
    await play(await webinars(), registration(ANN, "p-1"), later)
    assert await one(here, "CampaignMember", "Status") == {"Status": "Did not attend"}


# --- what the system posts --------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-31", "LS-40")
async def test_a_registration_through_the_api_writes_the_same_fields(here, webinars, play):
    await play(await webinars(), sample("registered"))
    assert await one(here, "Lead", "FirstName", "LastName", "Email", "Company", "Title") == {
        "FirstName": "Inès",
        "LastName": "Moreau",
        "Email": "ines.moreau@atelier-lumen.example",
        "Company": "Atelier Lumen",
        "Title": "Head of Operations",
    }


@pytest.mark.shows("LS-31")
async def test_a_registration_is_written_within_the_latency_of_the_stream(here, webinars):
    await here.deliver(await webinars(), sample("registered"))
    here.clock.advance(here.settings.timings.linger_stream)
    await here.worker().sweep()
    assert await here.states() == {"written": 1}


@pytest.mark.shows("LS-32")
@pytest.mark.parametrize(("name", "status"), [("attended", "Attended"), ("not_attended", "Did not attend")])
async def test_the_end_of_a_session_updates_attendees_and_absentees(here, webinars, play, name, status):
    await play(await webinars(), sample(name))
    assert await one(here, "CampaignMember", "Status") == {"Status": status}


@pytest.mark.shows("LS-33")
async def test_a_replay_that_is_watched_again_changes_nothing(here, webinars, play):
    source, again = await webinars(), sample("watched_replay")
    await play(source, sample("watched_replay"))
    again["data"]["attributes"]["registrant_detail"]["updated_at"] += 600
    again["data"]["attributes"]["registrant_detail"]["attendance_duration"] = 4_242
    await play(source, again)
    status = await one(here, "CampaignMember", REPLAY)
    assert (status, await here.states()) == ({REPLAY: "Watched replay"}, {"unchanged": 1, "written": 1})


# --- rows an admin adds -----------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-02")
async def test_standard_and_custom_attributes_fill_standard_and_custom_fields_of_all_three_levels(here, webinars, play):
    for object_name in ("Lead", "Contact", "CampaignMember"):
        await here.add_field(object_name, "Plan__c", type="string", length=40)
    attribute = {"slug": "plan", "name": "Plan", "type": "text"}
    added = rows(Plan="plan")
    source = await webinars(settings={"people_attributes": [attribute]}, lead=added, contact=added, member=added)
    await here.seed("Contact", {"LastName": "Known", "Email": "bob@x.example"})
    told = {**FORM, "plan": "Gold"}
    await play(source, registration(ANN, "p-1", fields=told), registration("bob@x.example", "p-2", fields=told))
    found = [
        await here.records("SELECT Title, Plan__c FROM Lead"),
        await here.records("SELECT Title, Plan__c FROM Contact"),
        await here.records("SELECT Status, Plan__c FROM CampaignMember"),
    ]
    person, member = {"Title": "Buyer", "Plan__c": "Gold"}, {"Status": "Registered", "Plan__c": "Gold"}
    assert found == [[person], [person], [member, member]]


@pytest.mark.shows("LS-25")
async def test_a_default_value_reaches_everybody_of_every_event_whose_field_is_empty(here, webinars, play):
    source = await webinars(lead=[{"field": "LeadSource", "entry": {"value": "Webinar"}}])
    await here.seed("Lead", {"LastName": "Known", "Company": "Known Ltd", "Email": "known@x.example", "LeadSource": "Fair"})
    people = [(ANN, "p-1"), ("bob@x.example", "p-2"), ("known@x.example", "p-3")]
    await play(source, *(registration(email, person, session) for session in ("session-1", "session-2") for email, person in people))
    found = {one["Email"]: one["LeadSource"] for one in await here.records("SELECT Email, LeadSource FROM Lead")}
    assert found == {ANN: "Webinar", "bob@x.example": "Webinar", "known@x.example": "Fair"}


@pytest.mark.shows("LS-29", "LS-30", "LS-37", "LS-38")
async def test_links_utms_and_technical_values_arrive_in_fields_of_the_member(here, webinars, play):
    attributes = {
        "Link": "connection_link",
        "Password": "password_key",
        **{f"Utm_{part}": f"utm_{part}" for part in ("source", "medium", "term", "content", "campaign")},
        "Browser": "browser_name",
        "Browser_version": "browser_version",
        "System": "os_name",
        "System_version": "os_version",
        "Width": "screen_width",
        "Height": "screen_height",
        "Referrer": "referrer",
        "City_of_ip": "ip_city",
        "Country_of_ip": "ip_country_name",
    }
    await member_fields(here, **{name: {"type": "string", "length": 255} for name in attributes})
    told = sample("registered")
    detail = told["data"]["attributes"]["registrant_detail"] | {"utm_term": "crm", "utm_content": "top"}
    told["data"]["attributes"]["registrant_detail"] = detail
    await play(await webinars(member=rows(**attributes)), told)
    found = await one(here, "CampaignMember", *(f"{name}__c" for name in attributes))
    assert found == {f"{name}__c": detail[attribute] for name, attribute in attributes.items()}


@pytest.mark.shows("LS-29")
async def test_a_connection_link_of_200_characters_arrives_whole(here, webinars, play):
    await member_fields(here, Link={"type": "url", "length": 255})
    link = "https://app.livestorm.co/p/live?" + "k" * 168
    await play(await webinars(member=rows(Link="connection_link")), registration(ANN, "p-1", connection_link=link))
    assert await one(here, "CampaignMember", "Link__c") == {"Link__c": link}


@pytest.mark.shows("LS-39")
async def test_attendance_and_engagement_arrive_with_their_types(here, webinars, play):
    whole = {"type": "double", "precision": 18, "scale": 0}
    await member_fields(
        here,
        Attended={"type": "boolean"},
        Rate={"type": "percent", "precision": 5, "scale": 2},
        Duration=whole,
        Messages=whole,
        Questions=whole,
        Votes=whole,
        Replay_seen={"type": "boolean"},
    )
    attributes = {
        "Attended": "attended",
        "Rate": "attendance_rate",
        "Duration": "attendance_duration",
        "Messages": "messages_count",
        "Questions": "questions_count",
        "Votes": "votes_count",
        "Replay_seen": "has_viewed_replay",
    }
    told = sample("attended")
    values = {**told["data"]["attributes"], **told["data"]["attributes"]["registrant_detail"]}
    added = [{**row, "update": "overwrite"} for row in rows(**attributes)]
    await play(await webinars(member=added), told)
    found = await one(here, "CampaignMember", *(f"{name}__c" for name in attributes))
    assert found == {f"{name}__c": values[attribute] for name, attribute in attributes.items()}


@pytest.mark.shows("P5")
async def test_a_count_of_zero_at_registration_does_not_stand_for_ever(here, webinars, play):
    await member_fields(here, Messages={"type": "double", "precision": 18, "scale": 0})
    told = registration(ANN, "p-1", event="people.attended", at=1_772_612_000)
    told["data"]["attributes"]["messages_count"] = 7
    await play(await webinars(member=rows(Messages="messages_count")), registration(ANN, "p-1"), told)
    assert await one(here, "CampaignMember", "Messages__c") == {"Messages__c": 7}


# --- what the org lacks -----------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-11")
async def test_without_the_replay_field_the_member_is_written_and_the_row_named(here, webinars, play):
    await here.remove_field("CampaignMember", REPLAY)
    await play(await webinars(), registration(ANN, "p-1", event="people.watched_replay"))
    (step,) = await here.rows(tables.step_outcome, step="member")
    notes = [sentence for code, _, sentence in step["notes"] if code == "not_in_org"]
    assert (step["state"], [REPLAY in sentence for sentence in notes]) == ("written", [True])


@pytest.mark.shows("LS-11")
async def test_once_the_replay_field_is_there_it_is_filled(here, webinars, play):
    await here.remove_field("CampaignMember", REPLAY)
    source = await webinars()
    await play(source, registration(ANN, "p-1", event="people.watched_replay"))
    await here.add_field("CampaignMember", REPLAY, type="string", length=255)
    here.clock.advance(86_400)
    await play(source, registration(ANN, "p-1", event="people.watched_replay", at=1_773_000_000, attendance_duration=9))
    assert await one(here, "CampaignMember", REPLAY) == {REPLAY: "Watched replay"}


# --- an org that wants Kaltura's ids on every member ------------------------------------------------------------------------------------


async def members_ids(here):
    return [(row["external_id__c"], row["LeadId"]) for row in await here.records("SELECT external_id__c, LeadId FROM CampaignMember")]


@pytest.mark.shows("KA-10")
async def test_where_every_member_needs_the_ids_of_campaign_and_person_they_are_filled(here, webinars, play):
    await here.add_field("CampaignMember", "external_id__c", type="string", length=50, unique=True, externalId=True, required=True)
    await play(await webinars(), registration(ANN, "p-1"))
    ((ids, lead),) = await members_ids(here)
    assert f"{here.campaign}_{lead}" == ids


async def test_where_members_need_no_ids_none_are_written(here, webinars, play):
    await here.add_field("CampaignMember", "external_id__c", type="string", length=50, unique=True, externalId=True)
    await play(await webinars(), registration(ANN, "p-1"))
    ((ids, _),) = await members_ids(here)
    assert ids is None
