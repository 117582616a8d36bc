"""BX-25: a new record that a duplicate rule of the org refuses is held, saved all the same, or replaced by the record found, by choice."""

import pytest
from sqlalchemy import update
from tests.flow.mappings import MATCH, calls, row, webinar
from tests.world import identify, registration

from crosswalk.store import tables
from localorg.settings import OrgSettings, Switches

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")
FIRST = row("FirstName", "firstName")
TWIN = {"FirstName": "Ann", "LastName": "Ray", "Company": "Acme"}
TRAITS = {"firstName": "Ann", "lastName": "Ray", "company": "Acme", "phone": "1"}


@pytest.fixture
def choose(open_world):
    """Return a function that opens a world whose org has active duplicate rules and whose connection has made its choice."""

    async def chosen(choice=None, *, lists_ids=True):
        switches = Switches(duplicate_rules_active=True, duplicate_result_lists_ids=lists_ids)
        here = await open_world(org_settings=OrgSettings(switches=switches))
        (one,) = await here.rows(tables.connection)
        settings = {**one["settings"], **({"duplicates": choice} if choice else {})}
        async with here.database.write() as tx:
            await tx.execute(update(tables.connection).values(settings=settings))
        here.configuration.forget()
        return here

    return chosen


async def tell(here, mapping=None, email=ANN, at=None, **traits):
    """Let a call about Ann Ray of Acme arrive under a mapping and work it off; `at` says what happens meanwhile."""

    async def meanwhile(point):
        happens = at(point) if at else None
        if happens:
            await happens

    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping or calls(PHONE, FIRST))
    await here.deliver(source, identify(email, "m1", **{**TRAITS, **traits}))
    await here.worker(meanwhile).sweep(linger=False)
    await here.drain()
    (one,) = await here.rows(tables.delivery)
    return f"{one['state']}({one['reason']})" if one["reason"] else one["state"], one["detail"] or ""


async def leads(here):
    return await here.records("SELECT Email, Phone FROM Lead ORDER BY Id")


async def write_calls(here):
    return [call for call in (await here.calls())["calls"] if call["kind"].startswith("collections")]


# --- hold, the default ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-25", "BX-19")
@pytest.mark.parametrize("choice", [None, "hold"], ids=["no choice", "hold"])
@pytest.mark.parametrize("lists_ids", [True, False])
async def test_a_refused_record_is_held_and_not_sent_again(choose, choice, lists_ids):
    here = await choose(choice, lists_ids=lists_ids)
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    state, _ = await tell(here)
    assert ("held(duplicate_rule)", 1, 1) == (state, len(await leads(here)), len(await write_calls(here)))


@pytest.mark.shows("BX-25")
async def test_a_held_record_says_what_the_rule_says(choose):
    here = await choose()
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    _, detail = await tell(here)
    assert "“Use one of these records?”" in detail


@pytest.mark.shows("BX-25")
async def test_a_held_record_is_written_by_a_replay_after_the_choice_has_changed(choose):
    here = await choose()
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    await tell(here)
    (one,) = await here.rows(tables.connection)
    async with here.database.write() as tx:
        await tx.execute(update(tables.connection).values(settings={**one["settings"], "duplicates": "allow"}))
    here.configuration.forget()
    await here.replay()
    assert (await here.states(), len(await leads(here))) == ({"written": 1}, 2)


@pytest.mark.shows("P10")
async def test_a_refused_record_holds_nobody_else(choose):
    here = await choose()
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, FIRST))
    await here.deliver(source, identify(ANN, "m1", **TRAITS))
    await here.deliver(source, identify("bob@x.example", "m2", lastName="Bay", company="Other"))
    await here.drain()
    assert await here.states() == {"held(duplicate_rule)": 1, "written": 1}


# --- allow ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-25")
@pytest.mark.parametrize("lists_ids", [True, False])
async def test_a_warning_is_overruled_where_the_connection_allows_it(choose, lists_ids):
    here = await choose("allow", lists_ids=lists_ids)
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    state, _ = await tell(here)
    assert ("written", 2, 1) == (state, len(await leads(here)), len(await write_calls(here)))


@pytest.mark.shows("BX-25")
async def test_one_step_may_allow_what_the_connection_holds(choose):
    here = await choose("hold")
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    mapping = calls(PHONE, FIRST)
    mapping["steps"][0]["allow_duplicates"] = True
    assert (await tell(here, mapping))[0] == "written"


@pytest.mark.shows("P3")
async def test_allowing_duplicates_does_not_make_a_second_record_of_one_key(choose):
    here = await choose("allow")
    await here.seed("Lead", {**TWIN, "Email": ANN})
    await tell(here)
    assert await leads(here) == [{"Email": ANN, "Phone": "1"}]


# --- use ------------------------------------------------------------------------------------------------------------------------------


def appears(here, point, **fields):
    """Return what lets somebody make a Lead like Ann's when a turn passes a point for the first time."""
    passed = []

    def at(here_now):
        passed.append(here_now)
        if here_now == point and passed.count(point) == 1:
            return here.seed("Lead", {**TWIN, **fields})
        return None

    return at


@pytest.mark.shows("BX-25", "P6")
async def test_a_record_that_matches_our_key_as_well_is_used(choose):
    here = await choose("use")
    state, _ = await tell(here, at=appears(here, "K4", Email=ANN))
    assert ("written", [{"Email": ANN, "Phone": "1"}]) == (state, await leads(here))


@pytest.mark.shows("BX-25", "P6")
async def test_a_record_that_only_looks_alike_is_not_used(choose):
    here = await choose("use")
    await here.seed("Lead", {**TWIN, "Email": "private@x.example"})
    state, _ = await tell(here)
    assert ("held(duplicate_rule)", [{"Email": "private@x.example", "Phone": None}]) == (state, await leads(here))


@pytest.mark.shows("BX-25")
async def test_an_answer_without_ids_is_held(choose):
    here = await choose("use", lists_ids=False)
    state, _ = await tell(here, at=appears(here, "K4", Email=ANN))
    assert state == "held(duplicate_rule)"


@pytest.mark.shows("BX-25", "P6")
async def test_a_phone_that_is_spelled_in_a_way_nobody_could_ask_for_is_recognised(choose):
    here = await choose("use")
    await here.seed("Lead", {**TWIN, "Email": "private@x.example", "Phone": "030/12-34-567"})
    by_phone = calls(FIRST, row("Title", "title"), match=[*MATCH, row("Phone", "phone")])
    state, _ = await tell(here, by_phone, phone="0301234567", title="Buyer")
    assert ("written", [{"Email": "private@x.example", "Title": "Buyer"}]) == (
        state,
        await here.records("SELECT Email, Title FROM Lead"),
    )


@pytest.mark.shows("BX-25", "P6")
async def test_a_contact_is_used_in_place_of_the_lead_although_contacts_are_not_searched(choose):
    here = await choose("use")
    (known,) = await here.seed("Contact", {"LastName": "Ray", "Email": ANN})
    mapping = webinar(search=["Lead"])
    mapping["steps"] = [step for step in mapping["steps"] if step["name"] != "contact"]
    source = await here.add_source("livestorm")
    await here.add_sync(source, mapping)
    await here.deliver(source, registration(ANN, "p-1", fields={"last_name": "Ray"}))
    await here.drain()
    members = await here.records("SELECT ContactId, LeadId FROM CampaignMember")
    assert ([], [{"ContactId": known, "LeadId": None}]) == (await leads(here), members)


@pytest.mark.shows("BX-25")
async def test_of_several_matching_records_none_is_used_where_duplicates_are_held(choose):
    here = await choose("use")
    await here.seed("Lead", *({**TWIN, "Phone": spelled} for spelled in ("030/12-34-567", "(0)30 1234567")))
    by_phone = calls(FIRST, match=[row("Phone", "phone")], on_duplicates="hold")
    state, _ = await tell(here, by_phone, phone="0301234567")
    assert state == "held(duplicate_rule)"


@pytest.mark.shows("P9")
async def test_a_record_that_cannot_be_asked_about_for_want_of_calls_is_used_later(choose):
    here = await choose("use")
    spent = []

    def at(point):
        if point == "K6" and not spent:
            spent.append(point)
            return here.fault(match={"resource": "composite$", "times": 1}, do="status", status=503)
        return appearing(point)

    appearing = appears(here, "K4", Email=ANN)
    state, _ = await tell(here, at=at)
    assert ("written", [{"Email": ANN, "Phone": "1"}]) == (state, await leads(here))
