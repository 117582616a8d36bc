"""P8: on an unchanged org a run makes exactly the previewed changes, within the previewed number of API calls."""

from dataclasses import dataclass

import pytest
from sqlalchemy import func, select
from tests.flow.mappings import MATCH, calls, row, webinar
from tests.flow.previews import changes_made, known_ids, shown
from tests.world import identify, registration

from crosswalk import flow
from crosswalk.reasons import State
from crosswalk.store import tables

PEOPLE = [f"person{number:02}@x.example" for number in range(12)]
PHONE = row("Phone", "phone", update="overwrite")
WRITTEN_BY_A_RUN = ("event", "identity", "lane", "delivery", "change", "claim", "link", "record_state", "step_outcome")


@dataclass
class Case:
    """Bodies of one source and what was there before them."""

    source: str
    bodies: list


@pytest.fixture
async def webinars(here):
    """Return registrations of people who are a Contact, a Lead, a member, converted, twice there, or unknown, two of them with faults."""
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar(on_duplicates="hold"), position=0)
    await here.add_sync(source, webinar(row("Livestorm_Replay_Status__c", "city"), create="Contact"), position=1)
    contact, lead, member, converted, twice, *_ = PEOPLE
    await here.seed("Contact", {"LastName": "Ray", "Email": contact})
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": lead, "Title": "Director"})
    (joined, gone) = await here.seed("Lead", *({"LastName": "Ray", "Company": "Acme", "Email": email} for email in (member, converted)))
    await here.seed("CampaignMember", {"CampaignId": here.campaign, "LeadId": joined, "Status": "Attended"})
    await here.convert(gone)
    await here.seed("Lead", *({"LastName": "Ray", "Company": "Acme", "Email": twice} for _ in range(2)))
    form = {"last_name": "Smith", "job_title": "Buyer", "city": "Bergen"}
    bodies = [registration(email, f"p-{email}", fields=form) for email in PEOPLE]
    bodies.append(registration("long@x.example", "p-long", fields={**form, "job_title": "x" * 300}))
    bodies.append(registration(PEOPLE[-1], f"p-{PEOPLE[-1]}", event="people.attended", at=1_772_612_000, fields=form))
    return Case(source, bodies)


@pytest.fixture
async def app(here):
    """Return calls of people met before, with values that are the same, newer and older, and of people who did not opt in."""
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE))
    for number, email in enumerate(PEOPLE[:6]):
        await here.deliver(source, identify(email, f"before-{number}", "2026-03-04T08:30:00.000Z", phone="1"))
    await here.drain()
    times = ["08:00", "08:45"] * 6
    bodies = [
        identify(email, f"m{number}", f"2026-03-04T{time}:00.000Z", phone=str(number % 3), lastName="Ray")
        for number, (email, time) in enumerate(zip(PEOPLE, times, strict=True))
    ]
    bodies.append(identify("no@x.example", "m-no") | {"integrations": {}})
    bodies.append({"type": "identify", "userId": "u", "messageId": "m-nobody", "traits": {}, "integrations": {"Salesforce": True}})
    return Case(source, bodies)


@pytest.fixture
async def colleagues(here):
    """Return calls of people who share a phone, of people told of by user id before their address, and of one person many times."""
    source = await here.add_source("rudderstack")
    by_both = [*MATCH, row("Phone", "phone")]
    await here.add_sync(source, calls(row("Title", "title", update="overwrite"), match=by_both), position=0)
    await here.add_sync(source, calls(row("FirstName", "firstName"), PHONE), position=1)
    bodies = [identify(email, f"c{number}", phone="555", title=f"Title {number}") for number, email in enumerate(PEOPLE[:4])]
    bodies += [
        {"type": "identify", "userId": "u1", "messageId": "u-1", "traits": {"title": "Boss"}, "integrations": {"Salesforce": True}},
        identify(PEOPLE[5], "u-2", firstName="Ann") | {"userId": "u1"},
    ]
    bodies += [identify(PEOPLE[6], f"n{number}", f"2026-03-04T08:0{number}:00.000Z", title=f"Title {number}") for number in (3, 1, 2)]
    return Case(source, bodies)


@pytest.fixture(params=["webinars", "app", "colleagues"])
def case(request):
    return request.getfixturevalue(request.param)


async def previewed(here, case):
    events, source = [], None
    for body in case.bodies:
        source, _, accepted = await here.read(case.source, body)
        events.extend(accepted.events)
    return await flow.preview(here.engine, await here.ready_org(), source, events)


async def run(here, case):
    for body in case.bodies:
        await here.deliver(case.source, body)
    await here.drain()


@pytest.mark.shows("P8", "BX-11")
async def test_a_run_makes_exactly_the_previewed_changes(here, case):
    known = await known_ids(here)
    before = {one["id"] for one in await here.rows(tables.change)}
    preview = await previewed(here, case)
    await run(here, case)
    changes = [decision.change for decision in preview.decisions if decision.change]
    planned = sorted(shown(one.object, one.operation.value, one.record_id, one.fields, known) for one in changes)
    assert planned == await changes_made(here, known, before)


@pytest.mark.shows("P8")
async def test_the_org_sees_exactly_the_previewed_rows_and_fields(here, case):
    preview = await previewed(here, case)
    before = len(here.writes())
    await run(here, case)
    planned = sorted((one.change.object, one.change.operation.value, sorted(one.change.fields)) for one in preview.decisions if one.change)
    assert planned == sorted((one.object, one.op, sorted(one.sent)) for one in here.writes()[before:])


@pytest.mark.shows("P8", "BX-11")
async def test_a_run_makes_no_more_api_calls_than_previewed(here, case):
    preview = await previewed(here, case)
    before = (await here.calls())["total"]
    await run(here, case)
    assert (await here.calls())["total"] - before <= preview.calls_at_most


@pytest.mark.shows("P8")
async def test_the_bound_on_api_calls_is_not_idle(here, case):
    preview = await previewed(here, case)
    before = (await here.calls())["total"]
    await run(here, case)
    assert preview.calls_at_most <= 2 * ((await here.calls())["total"] - before)


@pytest.mark.shows("P8", "P7")
async def test_a_preview_says_of_each_step_how_it_will_end(here, case):
    preview = await previewed(here, case)
    await run(here, case)
    ends = sorted((one.state.value, one.reason.value if one.reason else None) for one in preview.decisions)
    assert {end for end in ends if end[0] in ("held", "skipped")} <= await step_ends(here)


async def step_ends(here):
    rows = [*await here.rows(tables.step_outcome), *await here.rows(tables.delivery)]
    return {(one["state"], one["reason"]) for one in rows}


@pytest.mark.shows("P8", "BX-11")
async def test_a_preview_shows_what_stands_before(here, webinars):
    preview = await previewed(here, webinars)
    (lead,) = await here.records(f"SELECT Id FROM Lead WHERE Email = '{PEOPLE[2]}'")
    (change,) = [one.change for one in preview.of(State.WRITTEN) if one.change and one.change.record_id == lead["Id"]]
    assert (change.before, change.fields) == ({"Title": None}, {"Title": "Buyer"})


@pytest.mark.shows("P8")
async def test_a_preview_writes_nothing_to_the_org(here, case):
    before = await here.export()
    await previewed(here, case)
    assert await here.export() == before


@pytest.mark.shows("P8")
async def test_a_preview_leaves_nothing_behind(here, case):
    before = await counted(here)
    await previewed(here, case)
    assert await counted(here) == before


async def counted(here):
    """Return how many rows each table has that a run would write to."""
    async with here.database.read() as tx:
        return {name: await tx.scalar(select(func.count()).select_from(tables.metadata.tables[name])) for name in WRITTEN_BY_A_RUN}


@pytest.mark.shows("P8")
async def test_a_preview_after_the_run_shows_that_nothing_is_left_to_do(here, case):
    await run(here, case)
    assert [one.change for one in (await previewed(here, case)).decisions if one.change] == []
