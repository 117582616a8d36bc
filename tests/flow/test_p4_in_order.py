"""P4: whatever the order of arrival, overwritten and advancing fields end alike, and what comes late is harmless."""

import itertools
import json

import pytest
from tests.flow.mappings import calls, row, webinar
from tests.world import identify, registration

ANN = "ann@x.example"
RANKS = ["New", "Trial", "Customer"]
LADDER = row("Status", "status", update="advance", ladder={"ranks": RANKS, "resets": ["Blocked"]})
PHONE = row("Phone", "phone", update="overwrite")
TOLD = [("New", "1"), ("Customer", "2"), ("Blocked", "3"), ("Trial", "4"), ("New", "5")]
ALL = list(itertools.permutations(range(5)))
ENDS = {"Status": "Trial", "Phone": "5"}  # after the reset Trial is the highest; the last phone is the newest


def mapping():
    """Return calls whose status is kept on Leads alone: Contacts have none."""
    made = calls(PHONE)
    made["steps"][0]["rows"].append(LADDER)
    return made


def event(email, number, place):
    status, phone = TOLD[place]
    return identify(email, f"m{number}-{place}", f"2026-03-04T08:0{place}:00.000Z", status=status, phone=phone)


@pytest.fixture
async def app(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping())
    return source


@pytest.fixture
def orders(examples):
    """Return permutations of five places: all of them in the long suite, every fifth otherwise."""
    return ALL[:: examples(5, 1)]


async def ends(here):
    found = await here.records("SELECT Status, Phone FROM Lead")
    return [dict(one) for one in found]


async def tell(here, app, at, **traits):
    """Let one call about Ann arrive and be worked off."""
    await here.deliver(app, identify(ANN, f"at {at}", f"2026-03-04T{at}:00.000Z", **traits))
    await here.drain()


@pytest.mark.shows("P4", "BX-16")
async def test_five_events_that_are_worked_off_one_by_one_end_alike_in_every_order(here, app):
    for place in range(5):
        entries = [event(f"person{number}@x.example", number, order[place]) for number, order in enumerate(ALL)]
        await here.deliver(app, json.dumps({"batch": entries}).encode(), path="/v1/batch")
        await here.drain()
    assert await ends(here) == [ENDS] * len(ALL)


@pytest.mark.shows("P4")
async def test_five_events_that_are_worked_off_two_and_three_together_end_alike_in_every_order(here, app, orders):
    for places in ((0, 1), (2, 3, 4)):
        for number, order in enumerate(orders):
            entries = [event(f"person{number}@x.example", number, order[place]) for place in places]
            await here.deliver(app, json.dumps({"batch": entries}).encode(), path="/v1/batch")
        await here.drain()
    assert await ends(here) == [ENDS] * len(orders)


@pytest.mark.shows("P4")
async def test_five_events_that_come_together_end_alike_in_every_order(here, app, orders):
    for number, order in enumerate(orders):
        entries = [event(f"person{number}@x.example", number, place) for place in order]
        await here.deliver(app, json.dumps({"batch": entries}).encode(), path="/v1/batch")
    await here.drain()
    assert await ends(here) == [ENDS] * len(orders)


@pytest.mark.shows("P4", "BX-16")
async def test_a_late_older_event_does_nothing(here, app):
    await tell(here, app, "08:30", phone="2", status="Trial")
    before = await here.export()
    await tell(here, app, "08:00", phone="1", status="New")
    assert await here.export() == before


@pytest.mark.shows("P4", "P7")
async def test_a_late_older_event_ends_as_unchanged(here, app):
    await tell(here, app, "08:30", phone="2", status="Trial")
    await tell(here, app, "08:00", phone="1", status="New")
    assert await here.states() == {"unchanged": 1, "written": 1}


@pytest.mark.shows("P4")
async def test_a_newer_event_that_changes_nothing_still_keeps_an_older_one_out(here, app):
    await tell(here, app, "08:10", phone="1")
    await tell(here, app, "08:30", phone="1")
    await tell(here, app, "08:20", phone="2")
    assert await here.records("SELECT Phone FROM Lead") == [{"Phone": "1"}]


@pytest.mark.shows("P4")
async def test_a_late_event_fills_a_field_that_no_newer_one_told(here, app):
    await tell(here, app, "08:30", phone="1")
    await tell(here, app, "08:00", company="Acme")
    assert await here.records("SELECT Company FROM Lead") == [{"Company": "Acme"}]


@pytest.mark.shows("P4")
@pytest.mark.parametrize("order", [("m1", "m2"), ("m2", "m1")])
async def test_events_of_one_moment_go_by_their_message_ids(here, app, order):
    for message in order:
        await here.deliver(app, identify(ANN, message, phone=message[1]))
        await here.drain()
    assert await here.records("SELECT Phone FROM Lead") == [{"Phone": "2"}]


@pytest.mark.shows("P4")
async def test_a_clock_that_is_years_ahead_does_not_block_a_field_for_ever(here, app):
    await here.deliver(app, identify(ANN, "m1", "2099-01-01T00:00:00.000Z", phone="1"))
    await here.drain()
    here.clock.advance(3600)
    await here.deliver(app, identify(ANN, "m2", "2026-03-04T09:59:00.000Z", phone="2"))
    await here.drain()
    assert await here.records("SELECT Phone FROM Lead") == [{"Phone": "2"}]


@pytest.mark.shows("P4", "BX-09")
@pytest.mark.parametrize("together", [True, False])
async def test_a_registration_that_comes_after_the_attendance_takes_nobody_back(here, together):
    source = await here.add_source("livestorm")
    other = await here.add_source("livestorm")  # another workspace that tells of the same session
    for position, one in enumerate((source, other)):
        await here.add_sync(one, webinar(), position)
    await here.deliver(source, registration(ANN, "p-1", event="people.attended", at=1_772_612_000))
    if not together:
        await here.drain()
    await here.deliver(other, registration(ANN, "p-1", at=1_772_600_000))
    await here.drain()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Attended"}]


@pytest.mark.shows("P4", "BX-49")
async def test_an_older_event_does_not_take_an_opt_out_back(here):
    source = await here.add_source("rudderstack")
    opt_out = {"field": "HasOptedOutOfEmail", "entry": {"attribute": "hasOptedOutOfEmail"}, "update": "overwrite"}
    await here.add_sync(source, calls(opt_out))
    await tell(here, source, "08:30", hasOptedOutOfEmail=True)
    await tell(here, source, "08:00", hasOptedOutOfEmail=False)
    assert await here.records("SELECT HasOptedOutOfEmail FROM Lead") == [{"HasOptedOutOfEmail": True}]


@pytest.mark.shows("P4")
async def test_fill_empty_takes_the_earliest_of_what_comes_together(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(row("Title", "title")))
    told = [identify(ANN, f"m{n}", f"2026-03-04T08:0{n}:00.000Z", title=f"Title {n}") for n in (3, 1, 2)]
    await here.deliver(source, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await here.drain()
    assert await here.records("SELECT Title FROM Lead") == [{"Title": "Title 1"}]
