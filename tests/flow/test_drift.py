"""BX-24: a field that was retyped, made read-only, turned into a formula or hidden is noticed; its row alone is put out of use."""

import dataclasses

import pytest
from tests.flow.mappings import MATCH, calls, row
from tests.world import identify

from crosswalk.store import tables
from localorg.schema import FieldType
from localorg.settings import OrgSettings, Switches

ANN, BOB = "ann@x.example", "bob@x.example"
PHONE = row("Phone", "phone", update="overwrite")
SCORE = row("Score__c", "description", update="overwrite")
READ_ONLY = {"createable": False, "updateable": False}


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def app(here):
    """Return a source of calls whose mapping has run once and fills a field of the org's own."""
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Score__c", type="string", length=20)
        await here.add_field(name, "Badge__c", type="string", length=20)
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, SCORE))
    await tell(here, source, ANN, "1")
    return source


async def tell(here, source, email, number, score="many"):
    at = f"2026-03-04T08:0{number}:00.000Z"
    await here.deliver(source, identify(email, f"m-{email}-{number}", at, phone=number, description=score))
    await here.drain()


def change_field(here, **facts):
    """Change what kind of field the score is, behind the back of whoever has described it."""
    org = here.org.org
    field = org.schema.object("Lead").field("Score__c")
    if "type" in facts:
        org.remove_field("Lead", "Score__c")
    org.add_field("Lead", dataclasses.replace(field, **facts))


async def leads(here):
    return {one["Email"]: one["Phone"] for one in await here.records("SELECT Email, Phone FROM Lead")}


@pytest.mark.shows("BX-24", "P10")
@pytest.mark.parametrize("facts", [{"calculated": True, **READ_ONLY}, READ_ONLY], ids=["formula", "read-only"])
@pytest.mark.parametrize("email", [ANN, BOB], ids=["update", "insert"])
async def test_a_field_that_became_unwritable_keeps_nothing_else_from_being_written(here, app, facts, email):
    change_field(here, **facts)
    await tell(here, app, email, "2", "more")
    assert ((await leads(here))[email], await here.states()) == ("2", {"written": 2})


@pytest.mark.shows("BX-24")
@pytest.mark.parametrize("facts", [{"calculated": True, **READ_ONLY}, READ_ONLY], ids=["formula", "read-only"])
async def test_the_row_of_an_unwritable_field_is_reported(here, app, facts):
    change_field(here, **facts)
    await tell(here, app, BOB, "2", "more")
    assert [("Lead", "Score__c")] == [(one["object"], one["field"]) for one in await here.rows(tables.suspended_row)]


@pytest.mark.shows("BX-24", "P10")
async def test_a_field_that_is_hidden_keeps_nothing_else_from_being_written(here, app):
    await here.ask("POST", "/localorg/permissions", json={"hidden": ["Lead.Score__c"]})
    await tell(here, app, ANN, "2", "more")
    await tell(here, app, BOB, "3", "more")
    assert (await leads(here), await here.states()) == ({ANN: "2", BOB: "3"}, {"written": 3})


@pytest.mark.shows("BX-24", "P10")
@pytest.mark.parametrize("whole", [False, True], ids=["row refused", "call refused"])
async def test_a_field_of_another_type_is_described_anew_and_converted_to(open_world, whole):
    here = await open_world(org_settings=OrgSettings(switches=Switches(unreadable_row_fails_whole_collection=whole)))
    await here.add_field("Lead", "Score__c", type="string", length=20)
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, SCORE))
    await tell(here, source, ANN, "1")
    change_field(here, type=FieldType.BOOLEAN, length=0)
    await tell(here, source, BOB, "2", "yes")
    assert await here.records(f"SELECT Phone, Score__c FROM Lead WHERE Email = '{BOB}'") == [{"Phone": "2", "Score__c": True}]


@pytest.mark.shows("BX-24", "P10")
async def test_a_value_that_no_longer_fits_goes_by_the_rows_choice(here, app):
    change_field(here, type=FieldType.BOOLEAN, length=0)
    await tell(here, app, BOB, "2", "perhaps")
    assert await here.states() == {"held(lossy_value)": 1, "written": 1}


@pytest.mark.shows("BX-19")
async def test_a_type_that_did_not_change_is_not_tried_again(here, app):
    await here.fault(match={"field": "Email", "value": BOB}, do="reject_row", code="INVALID_TYPE_ON_FIELD_IN_RECORD", message="Score")
    await tell(here, app, BOB, "2")
    (rule,) = await here.ask("GET", "/localorg/faults")
    assert (1, {"held(rejected)": 1, "written": 1}) == (rule["asked"], await here.states())


# --- what is looked for ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def by_badge(here, app):
    """Return a source of another sync of the org, which finds people by a badge that nothing writes."""
    source = await here.add_source("rudderstack")
    match = [row("Badge__c", "description")]
    await here.add_sync(source, calls(row("Title", "title"), match=match), position=1)
    await tell(here, source, "eve@x.example", "5", "7")
    return source


@pytest.mark.shows("BX-24", "P10")
async def test_a_match_key_that_is_hidden_keeps_nobody_else_from_being_written(here, app, by_badge):
    await here.ask("POST", "/localorg/permissions", json={"hidden": ["Lead.Badge__c", "Contact.Badge__c"]})
    await here.deliver(by_badge, identify("joe@x.example", "m9", description="8", title="Buyer"))
    await here.deliver(app, identify(BOB, "m8", phone="2"))
    await here.drain()
    assert ((await leads(here))[BOB], await here.states()) == ("2", {"skipped(no_match_key)": 1, "written": 3})


@pytest.mark.shows("BX-24")
async def test_who_was_looked_for_by_a_hidden_field_alone_is_skipped_with_a_sentence(here, app, by_badge):
    await here.ask("POST", "/localorg/permissions", json={"hidden": ["Lead.Badge__c", "Contact.Badge__c"]})
    await here.deliver(by_badge, identify("joe@x.example", "m9", description="8", title="Buyer"))
    await here.drain()
    (one,) = [each for each in await here.rows(tables.delivery) if each["state"] == "skipped"]
    assert ("no_match_key", "No match key of the person steps can be searched in this org.") == (one["reason"], one["detail"])


@pytest.mark.shows("BX-24")
async def test_who_has_another_match_key_is_found_by_it(here, app):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(row("Title", "title"), match=[row("Badge__c", "description"), *MATCH]), position=1)
    await here.ask("POST", "/localorg/permissions", json={"hidden": ["Lead.Badge__c", "Contact.Badge__c"]})
    await here.deliver(source, identify(ANN, "m9", description="7", title="Buyer"))
    await here.drain()
    assert await here.records("SELECT Title FROM Lead") == [{"Title": "Buyer"}]
