"""Which campaign an event belongs to: picked, found by a rule, or made from a template, once; and what waits until it is known."""

import json
from pathlib import Path

import pytest
from tests.plugin import LONG
from tests.world import preset, registration

from crosswalk import flow
from crosswalk.model import Accepted
from crosswalk.sources.kaltura import Kaltura
from crosswalk.sources.kaltura.records import Reading
from crosswalk.store import tables
from crosswalk.turn.bound import BindingOrigin

SAMPLES = Path(__file__).parents[1] / "samples" / "kaltura"
KALTURA_STATUSES = {"Created", "Invited", "Registered", "Confirmed", "autoConfirmed", "Attended", "Participated", "Blocked"}
BY_NAME = {"match": [{"field": "Name", "entry": {"attribute": "event_title"}}]}
EVERY_STATUS = {"Sent", "Responded", "Registered", "Did not attend", "Attended"}


@pytest.fixture
def database_url(request):
    """Return the address of a SQLite database unless a test asks for PostgreSQL."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")


BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


def titled(mail, person, session="session-1", title="Spring webinar", **more):
    """Return a webhook with the event's title, as Livestorm sends it about a session's people."""
    body = registration(mail, person, session, **more)
    body["included"] = [{"id": "event-1", "type": "events", "attributes": {"title": title}}]
    return body


@pytest.fixture
async def ruled(here):
    """Open a sync with rules; returns the source."""

    async def opened(*rules, **more):
        source = await here.add_source("livestorm", bound=False)
        await here.add_sync(source, preset("livestorm") | {"campaigns": list(rules)} | more)
        return source

    return opened


async def campaigns(here):
    return [row["Name"] for row in await here.records("SELECT Name FROM Campaign ORDER BY Name")]


async def members(here, campaign=None):
    where = f" WHERE CampaignId = '{campaign}'" if campaign else ""
    return sorted(row["Status"] for row in await here.records(f"SELECT Status FROM CampaignMember{where}"))


async def labels(here, campaign):
    rows = await here.records(f"SELECT Label FROM CampaignMemberStatus WHERE CampaignId = '{campaign}'")
    return {row["Label"] for row in rows}


async def bindings(here):
    return {row["group_id"]: (row["campaign_id"], row["origin"]) for row in await here.rows(tables.campaign_binding)}


@BOTH
@pytest.mark.shows("LS-44")
async def test_a_rule_finds_the_campaign_by_its_name(here, ruled):
    source = await ruled(BY_NAME)
    await here.deliver(source, titled("ann@x.example", "p-1"))
    await here.drain()
    assert (["Registered"], {"session-1": (here.campaign, BindingOrigin.FOUND)}) == (
        await members(here, here.campaign),
        await bindings(here),
    )


async def test_a_rule_finds_the_campaign_by_an_external_id(here, ruled):
    await here.add_field("Campaign", "Webinar__c", type="string", length=80, externalId=True)
    await here.edit("Campaign", here.campaign, Webinar__c="event-1")
    source = await ruled({"match": [{"field": "Webinar__c", "entry": {"attribute": "event_id"}}]})
    await here.deliver(source, titled("ann@x.example", "p-1", title="Whatever"))
    await here.drain()
    assert ["Registered"] == await members(here, here.campaign)


async def test_a_rule_with_a_condition_binds_to_one_campaign(here, ruled):
    (other,) = await here.seed("Campaign", {"Name": "Other"})
    await here.seed("CampaignMemberStatus", {"CampaignId": other, "Label": "Registered"})
    rules = [{"when": '{event_title} = "Spring webinar"', "campaign": here.campaign}, {"campaign": other}]
    source = await ruled(*rules)
    await here.deliver(source, titled("ann@x.example", "p-1"))
    await here.deliver(source, titled("bob@x.example", "p-2", "session-2", title="Autumn"))
    await here.drain()
    assert {"session-1": here.campaign, "session-2": other} == {name: found for name, (found, _) in (await bindings(here)).items()}


@pytest.mark.shows("LS-44")
async def test_without_a_campaign_the_delivery_waits_and_says_what_is_lacking(here, ruled):
    source = await ruled(BY_NAME)
    await here.deliver(source, titled("ann@x.example", "p-1", title="Unknown"))
    await here.worker().sweep(linger=False)
    (delivery,) = await here.rows(tables.delivery)
    assert ("no_campaign", "No campaign has Name 'unknown'.") == (delivery["reason"], delivery["detail"])


async def test_once_the_campaign_appears_what_waited_goes_on(here, ruled):
    source = await ruled(BY_NAME)
    await here.deliver(source, titled("ann@x.example", "p-1", title="Unknown"))
    await here.worker().sweep(linger=False)
    (campaign,) = await here.seed("Campaign", {"Name": "Unknown"})
    await here.seed("CampaignMemberStatus", {"CampaignId": campaign, "Label": "Registered"})
    await here.drain()
    assert ["Registered"] == await members(here, campaign)


async def test_several_campaigns_of_a_name_are_left_to_the_admin(here, ruled):
    await here.seed("Campaign", {"Name": "Spring webinar"})
    source = await ruled(BY_NAME)
    await here.deliver(source, titled("ann@x.example", "p-1"))
    await here.worker().sweep(linger=False)
    (delivery,) = await here.rows(tables.delivery)
    assert ("no_campaign", "2 records match") == (delivery["reason"], delivery["detail"])


async def test_what_an_admin_picked_counts_before_any_rule(here, ruled):
    (other,) = await here.seed("Campaign", {"Name": "Other"})
    await here.seed("CampaignMemberStatus", {"CampaignId": other, "Label": "Registered"})
    source = await ruled(BY_NAME)
    await here.bind(source, "session-1", other)
    await here.deliver(source, titled("ann@x.example", "p-1"))
    await here.drain()
    assert (["Registered"], []) == (await members(here, other), await members(here, here.campaign))


@pytest.mark.shows("LS-44")
async def test_a_campaign_made_from_a_template_has_its_fields_and_statuses_before_the_first_member(here, ruled):
    await here.edit("Campaign", here.campaign, Type="Webinar", IsActive=True)
    source = await ruled(BY_NAME | {"create": True, "template": here.campaign})
    await here.deliver(source, titled("ann@x.example", "p-1", title="Made"))
    await here.drain()
    (made,) = await here.records("SELECT Id, Type, IsActive FROM Campaign WHERE Name = 'Made'")
    assert ("Webinar", True, EVERY_STATUS, ["Registered"]) == (
        made["Type"],
        made["IsActive"],
        await labels(here, made["Id"]),
        await members(here, made["Id"]),
    )


@pytest.mark.parametrize("point", ["K2", "K3", "K4", "K5", "K6", "K7", "K8"] if LONG else ["K4", "K6", "K7"])
async def test_killed_while_making_it_there_is_one_campaign(here, ruled, point):
    source = await ruled(BY_NAME | {"create": True}, member_statuses={"missing": "create"})
    for number in range(3):
        await here.deliver(source, titled(f"p{number}@x.example", f"p-{number}", title="Made"))
    assert await here.crash(point)
    await here.drain()
    assert (["Made", "Spring webinar"], ["Registered"] * 3) == (await campaigns(here), await members(here))


@pytest.mark.shows("P3")
async def test_two_workers_make_one_campaign(here, ruled):
    source = await ruled(BY_NAME | {"create": True}, member_statuses={"missing": "create"})
    await here.deliver(source, titled("ann@x.example", "p-1", "session-1", title="Made"))

    async def meanwhile(point):
        if point == "K2" and not meanwhile.done:  # the other worker works while this one has not asked yet
            meanwhile.done = True
            await here.deliver(source, titled("bob@x.example", "p-2", "session-2", title="Made"))
            await here.worker().sweep(linger=False)

    meanwhile.done = False
    await here.drain(here.worker(meanwhile))
    assert (["Made", "Spring webinar"], ["Registered"] * 2) == (await campaigns(here), await members(here))


@pytest.mark.shows("LS-45")
async def test_a_missing_status_is_made_where_the_admin_allows_it(here, ruled):
    (bare,) = await here.seed("Campaign", {"Name": "Bare"})
    source = await ruled(BY_NAME, member_statuses={"missing": "create", "responded": ["Attended"]})
    await here.deliver(source, titled("ann@x.example", "p-1", title="Bare", event="people.attended"))
    await here.drain()
    (status,) = await here.records(f"SELECT HasResponded FROM CampaignMemberStatus WHERE CampaignId = '{bare}' AND Label = 'Attended'")
    assert (["Attended"], True, EVERY_STATUS) == (await members(here, bare), status["HasResponded"], await labels(here, bare))


@pytest.mark.shows("LS-45")
async def test_where_it_is_not_allowed_the_member_is_held_with_the_missing_label(here, ruled):
    await here.seed("Campaign", {"Name": "Bare"})
    source = await ruled(BY_NAME)
    await here.deliver(source, titled("ann@x.example", "p-1", title="Bare"))
    await here.drain()
    (delivery,) = await here.rows(tables.delivery)
    assert ("unknown_status", True, []) == (delivery["reason"], "Registered" in delivery["detail"], await members(here))


async def test_a_refused_campaign_holds_every_delivery_that_needs_it_and_is_tried_once(here, ruled):
    source = await ruled(BY_NAME | {"create": True, "template": "701000000000001"})
    for number in range(3):
        await here.deliver(source, titled(f"p{number}@x.example", f"p-{number}", title="Made"))
    await here.worker().sweep(linger=False)
    (detail,) = {row["detail"] for row in await here.rows(tables.delivery)}
    assert (["Spring webinar"], True) == (await campaigns(here), detail.startswith("The template campaign 701000000000001"))


@pytest.mark.shows("P8")
async def test_the_preview_shows_the_campaign_the_statuses_and_the_member(here, ruled):
    source = await ruled(BY_NAME | {"create": True}, member_statuses={"missing": "create"})
    configured, _, accepted = await here.read(source, titled("ann@x.example", "p-1", title="Made"), "/hooks")
    preview = await flow.preview(here.engine, await here.ready_org(), configured, accepted.events)
    shown = sorted(decision.change.object for decision in preview.decisions if decision.change)
    await here.deliver(source, titled("ann@x.example", "p-1", title="Made"))
    await here.drain()
    assert shown == sorted(row["object"] for row in await here.rows(tables.change))


@pytest.mark.shows("KA-05", "KA-23")
async def test_a_kaltura_event_gets_a_campaign_with_its_statuses_before_the_first_member(here):
    source_id = await here.add_source("kaltura")
    rule = {"match": [{"field": "Name", "entry": {"attribute": "event_name"}}], "create": True}
    await here.add_sync(source_id, preset("kaltura") | {"campaigns": [rule], "member_statuses": {"missing": "create"}})
    source = (await here.configuration.current()).sources[source_id]
    profile = json.loads((SAMPLES / "user_profile_list.json").read_text("utf-8"))["objects"][0]
    here.clock.advance(20 * 86_400)  # the samples are of the days before
    event = Reading(source_id, here.clock.now(), {"id": "508311", "name": "Partner Summit"}).profile(profile, here.ids.new())
    await here.receiver.receive(source, Accepted((event,)), fingerprint=Kaltura().fingerprint)
    await here.drain()
    (made,) = await here.records("SELECT Id FROM Campaign WHERE Name = 'Partner Summit'")
    assert (True, 1) == (KALTURA_STATUSES <= await labels(here, made["Id"]), len(await members(here, made["Id"])))
