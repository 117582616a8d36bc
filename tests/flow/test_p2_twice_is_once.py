"""P2: redelivery changes nothing; a replay changes nothing unless the mapping has changed, and then it keeps the event's own time."""

import copy

import pytest
from sqlalchemy import select
from tests.flow.mappings import calls, row, webinar
from tests.world import identify, registration

from crosswalk.inbox import deliveries
from crosswalk.journal import stats
from crosswalk.store import tables

PHONE = row("Phone", "phone", update="overwrite")
PEOPLE = [f"person{n}@x.example" for n in range(6)]


def everything():
    """Return a bit of all: registrations, attendance, calls, an opted-out call, an anonymous one."""
    webhooks = [registration(email, f"p-{email}", fields={"last_name": "Ray", "job_title": "Buyer"}) for email in PEOPLE]
    webhooks += [registration(email, f"p-{email}", event="people.attended", at=1_772_620_000) for email in PEOPLE[:3]]
    bodies = [identify(email, f"m-{email}", phone="111", lastName="Ray") for email in PEOPLE[2:]]
    bodies += [identify("no@x.example", "m-no") | {"integrations": {}}, identify("", "m-anonymous")]
    return webhooks, bodies


@pytest.fixture
async def busy(here):
    """Return a world in which everything has been delivered and worked off."""
    here.webinars, here.app = await here.add_source("livestorm"), await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(PHONE), position=0)
    await here.add_sync(here.webinars, webinar(), position=1)
    await deliver_all(here)
    await here.drain()
    return here


async def deliver_all(here):
    webhooks, bodies = everything()
    receipts = [await here.deliver(here.webinars, body) for body in webhooks]
    return receipts + [await here.deliver(here.app, body) for body in bodies]


@pytest.mark.shows("P2", "BX-17")
async def test_everything_delivered_twice_more_leaves_the_org_as_it_is(busy):
    before = await busy.export()
    for _ in range(2):
        await deliver_all(busy)
        await busy.drain()
    assert await busy.export() == before


@pytest.mark.shows("P2")
async def test_a_repeat_makes_no_event(busy):
    assert {receipt.events for receipt in await deliver_all(busy)} == {0}


@pytest.mark.shows("P2")
async def test_repeats_are_counted(busy):
    await deliver_all(busy)
    async with busy.database.read() as tx:
        received = (await stats.sums(tx)).received
    assert received.repeats == received.events


@pytest.mark.shows("P2")
async def test_a_repeat_costs_no_api_call(busy):
    before = (await busy.calls())["total"]
    await deliver_all(busy)
    await busy.drain()
    assert (await busy.calls())["total"] == before


@pytest.mark.shows("P2")
async def test_the_same_fact_by_another_webhook_is_a_repeat(busy):
    again = copy.deepcopy(everything()[0][0])
    again["data"]["meta"]["webhook"]["attempt"] = 2
    again["data"]["attributes"]["updated_at"] += 60
    assert (await busy.deliver(busy.webinars, again)).events == 0


@pytest.mark.shows("P2")
async def test_a_fact_that_tells_less_is_a_repeat(busy):
    less = copy.deepcopy(everything()[0][0])
    del less["data"]["attributes"]["votes_count"]
    assert (await busy.deliver(busy.webinars, less)).events == 0


@pytest.mark.shows("P2")
async def test_a_replay_under_the_same_mapping_writes_nothing(busy):
    before = await busy.export()
    await busy.replay()
    assert await busy.export() == before


@pytest.mark.shows("P2")
async def test_a_replay_under_the_same_mapping_leaves_alone_what_a_person_has_changed_since(busy):
    (lead,) = await busy.records(f"SELECT Id FROM Lead WHERE Email = '{PEOPLE[3]}'")
    await busy.edit("Lead", lead["Id"], Phone="999")
    await busy.replay()
    assert await busy.records(f"SELECT Phone FROM Lead WHERE Email = '{PEOPLE[3]}'") == [{"Phone": "999"}]


@pytest.mark.shows("P2", "BX-34")
async def test_a_replay_under_a_newer_mapping_writes_the_new_row(busy):
    await busy.save_mapping(busy.sync, calls(PHONE, row("FirstName", "phone")))
    await busy.replay()
    assert await busy.records(f"SELECT FirstName FROM Lead WHERE Email = '{PEOPLE[3]}'") == [{"FirstName": "111"}]


@pytest.mark.shows("P2")
async def test_a_replay_under_a_newer_mapping_corrects_an_overwritten_field(busy):
    await busy.save_mapping(busy.sync, calls(row("Phone", "lastName", update="overwrite")))
    await busy.replay()
    assert await busy.records(f"SELECT Phone FROM Lead WHERE Email = '{PEOPLE[3]}'") == [{"Phone": "Ray"}]


@pytest.mark.shows("P2", "BX-34")
async def test_a_replay_names_the_mapping_version_it_used(busy):
    await busy.save_mapping(busy.sync, calls(PHONE, row("FirstName", "phone")))
    await busy.replay()
    async with busy.database.read() as tx:
        steps = tables.step_outcome.join(tables.delivery, tables.delivery.c.id == tables.step_outcome.c.delivery_id)
        query = select(tables.step_outcome.c.mapping_version).select_from(steps).where(tables.delivery.c.sync_id == busy.sync)
        versions = set((await tx.execute(query)).scalars())
    assert versions == {2}


@pytest.mark.shows("P2", "P4")
async def test_a_replay_keeps_the_time_of_the_event(here):
    source = await here.add_source("rudderstack")
    sync = await here.add_sync(source, calls(PHONE))
    for message, phone, at in (("m1", "111", "08:00"), ("m2", "222", "08:30")):
        await here.deliver(source, identify("ann@x.example", message, f"2026-03-04T{at}:00.000Z", phone=phone))
        await here.drain()
    await here.save_mapping(sync, calls(PHONE, row("Title", "phone", update="overwrite")))
    (older,) = await here.rows(tables.event, message_id="m1")
    await replay_event(here, older["id"])
    assert await here.records("SELECT Phone FROM Lead") == [{"Phone": "222"}]


@pytest.mark.shows("P2")
async def test_a_newer_fact_about_the_same_entity_is_an_event(busy):
    newer = registration(PEOPLE[5], f"p-{PEOPLE[5]}", event="people.attended", at=1_772_630_000)
    assert (await busy.deliver(busy.webinars, newer)).events == 1


@pytest.mark.shows("P2")
async def test_a_value_that_changes_and_changes_back_is_told_each_time(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    told = [registration("ann@x.example", "p-1", at=at, fields={"city": city}) for at, city in ((1, "A"), (2, "B"), (3, "A"))]
    assert [(await here.deliver(source, one)).events for one in told] == [1, 1, 1]


async def replay_event(here, event_id):
    async with here.database.write() as tx:
        found = (await tx.execute(select(tables.delivery.c.id).where(tables.delivery.c.event_id == event_id))).scalars().all()
        await deliveries.replay(tx, found, here.clock.now())
    await here.drain()
