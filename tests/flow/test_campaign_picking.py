"""What waits for a campaign is listed, and goes on as soon as somebody picks one."""

import pytest
import yaml
from sqlalchemy import insert
from tests.flow.test_campaign_binding import members, titled
from tests.world import preset

from crosswalk import workspace
from crosswalk.engine import bindings
from crosswalk.errors import ConfigurationError
from crosswalk.journal import audit
from crosswalk.store import tables
from crosswalk.turn.bound import BindingOrigin


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def waiting(here):
    """Three registrations for two sessions, and nobody has said for which campaign; returns the source."""
    source = await here.add_source("livestorm", bound=False)
    await here.add_sync(source, preset("livestorm"))
    for number, session in enumerate(("session-1", "session-1", "session-2")):
        await here.deliver(source, titled(f"p{number}@x.example", f"p-{number}", session))
    await here.worker().sweep(linger=False)
    return source


@pytest.mark.shows("LS-44")
async def test_what_waits_is_listed_and_written_after_picking(here, waiting):
    listed = [(one.group_id, one.deliveries, one.title) for one in await bindings.waiting(here.engine)]
    released = await bindings.bind(here.engine, waiting, here.connection_id, "session-1", here.campaign, "tester")
    await here.worker().sweep(linger=False)
    assert ([("session-1", 2, "Spring webinar"), ("session-2", 1, "Spring webinar")], 2, ["Registered"] * 2) == (
        listed,
        released,
        await members(here, here.campaign),
    )


async def test_what_waited_past_its_deadline_is_tried_again(here, waiting):
    here.clock.advance(31 * 86_400)
    await here.worker().sweep(linger=False)
    held = await here.states()
    await bindings.bind(here.engine, waiting, here.connection_id, "*", here.campaign, "tester")
    await here.drain()
    assert ({"held(deadline)": 3}, {"written": 3}) == (held, await here.states())


async def test_a_pick_replaces_what_a_rule_found_and_is_audited(here, waiting):
    await bindings.bind(here.engine, waiting, here.connection_id, "session-1", here.campaign, "tester")
    (other,) = await here.seed("Campaign", {"Name": "Other"})
    await bindings.bind(here.engine, waiting, here.connection_id, "session-1", other, "tester")
    (bound,) = await bindings.bindings(here.engine)
    async with here.database.read() as tx:
        newest = (await audit.page(tx, 1))[0]
    assert (other, BindingOrigin.PICKED, {"campaign": here.campaign}) == (bound.campaign_id, bound.origin, newest.before)


async def test_a_binding_can_be_taken_away(here, waiting):
    await bindings.bind(here.engine, waiting, here.connection_id, "session-1", here.campaign, "tester")
    assert (True, False) == (
        await bindings.unbind(here.engine, waiting, here.connection_id, "session-1", "tester"),
        await bindings.unbind(here.engine, waiting, here.connection_id, "session-1", "tester"),
    )


async def test_a_campaign_is_named_by_id_name_or_another_field(here):
    await here.add_field("Campaign", "Webinar__c", type="string", length=80, externalId=True)
    await here.edit("Campaign", here.campaign, Webinar__c="event-1")
    org = await here.ready_org()
    named = [("Name", "spring WEBINAR"), ("Id", here.campaign[:15]), ("Webinar__c", "event-1")]
    assert [bindings.Campaign(here.campaign, "Spring webinar")] * 3 == [await bindings.campaign(org, *one) for one in named]


async def test_what_is_no_campaign_is_told(here):
    org = await here.ready_org()
    for field, value, told in (
        ("Name", "Nowhere", "No campaign has"),
        ("Id", "nonsense", "cannot be"),
        ("Nothing__c", "x", "cannot be searched"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            await bindings.campaign(org, field, value)


async def test_an_export_holds_what_was_picked_and_not_what_rules_found(here, waiting):
    await bindings.bind(here.engine, waiting, here.connection_id, "session-1", here.campaign, "tester")
    async with here.database.write() as tx:
        found = {"source_id": waiting, "connection_id": here.connection_id, "group_id": "session-2", "origin": "found"}
        await tx.execute(insert(tables.campaign_binding).values(found | {"campaign_id": here.campaign}))
    async with here.database.read() as tx:
        exported = yaml.safe_load(await workspace.export(tx, here.vault))
    assert {"session-1": here.campaign} == exported["syncs"][0]["campaigns"]
