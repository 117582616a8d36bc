"""The home page: the counts add up, each cause stands there once with the way to its cure, and everybody sees only their own."""

import pytest
from sqlalchemy import update
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.store import tables

PHONE = row("Phone", "phone", update="overwrite")


@pytest.fixture
async def told(here):
    """Return a world with two written deliveries, two held ones and a repeat, and the console beside it."""
    here.app = await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(PHONE))
    for number, phone in enumerate(("1", "2", "3" * 90, "4" * 90)):
        await here.deliver(here.app, identify(f"p{number}@x.example", f"m{number}", phone=phone))
    await here.deliver(here.app, identify("p0@x.example", "m0", phone="1"))
    await here.drain()
    async with console.beside(here) as served:
        here.console = served
        yield here


async def home(browser, **query):
    return (await browser.api("GET", "/api/home", params=query)).json()


@pytest.mark.shows("P7", "BX-43")
async def test_the_outcomes_add_up_to_the_deliveries(told):
    found = await home(told.console.owner)
    assert (found["deliveries"], sum(found["by_state"].values()), found["by_state"]["held"]) == (4, 4, 2)


@pytest.mark.shows("P7")
async def test_what_was_received_is_the_sum_of_how_it_was_taken(told):
    door = (await home(told.console.owner))["received"]
    assert (door["received"], door["events"], door["repeats"]) == (5, 4, 1)


@pytest.mark.shows("BX-43")
async def test_each_cause_stands_there_once(told):
    assert [(one["reason"], one["number"]) for one in (await home(told.console.owner))["held"]] == [("lossy_value", 2)]


async def test_the_hours_add_up_too(told):
    found = await home(told.console.owner)
    assert sum(sum(hour["by_state"].values()) for hour in found["per_hour"]) == 4


@pytest.mark.shows("BX-14")
async def test_the_calls_are_those_the_org_counted(told):
    [calls_of_org] = (await home(told.console.owner))["calls"]
    assert calls_of_org["own"] == (await told.calls())["used"]


async def test_the_freshness_of_each_source_is_told(told):
    [fresh] = (await home(told.console.owner))["freshness"]
    assert (fresh["source_id"], fresh["typical_seconds"] is not None, fresh["is_quiet"]) == (told.app, True, False)


async def test_a_source_that_falls_silent_is_told(told):
    for day in range(1, 6):
        told.clock.advance(86_400)
        await told.deliver(told.app, identify("p1@x.example", f"day{day}", phone=str(day)))
    told.clock.advance(3 * 86_400)
    assert (await home(await told.console.user("owner")))["freshness"][0]["is_quiet"]


@pytest.mark.shows("BX-43")
async def test_the_page_leads_from_each_cause_to_its_cure(told):
    page = (await told.console.owner.get("/")).text
    assert f"/event-log?hours=0&amp;sync={told.sync}&amp;reason=lossy_value" in page


@pytest.mark.shows("BX-43")
async def test_a_paused_connection_stands_on_the_page_with_its_cause(told):
    async with told.database.write() as tx:
        await tx.execute(update(tables.connection).values(paused_reason="Salesforce signed us out."))
    told.clock.advance(2)
    assert "Salesforce signed us out." in (await told.console.owner.get("/")).text


async def test_with_nothing_to_do_the_page_says_so(here):
    await here.add_sync(await here.add_source("rudderstack"), calls(PHONE))
    async with console.beside(here) as served:
        assert "Nothing needs you." in (await served.owner.get("/")).text


async def test_before_anything_is_set_up_the_page_leads_to_the_first_steps(here):
    async with console.beside(here) as served:
        assert 'href="/first-steps"' in (await served.owner.get("/")).text


async def test_who_has_no_access_to_the_connection_sees_nothing_of_it(told):
    stranger = await told.console.user("viewer")
    found = await home(stranger)
    assert (found["deliveries"], found["held"], found["calls"], found["freshness"]) == (0, [], [], [])


@pytest.mark.parametrize("hours", [168, 720, 5])
async def test_other_ranges_are_shown_as_well(told, hours):
    assert "Deliveries" in (await told.console.owner.get(f"/?hours={hours}")).text
