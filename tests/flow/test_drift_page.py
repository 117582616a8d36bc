"""The drift page: what changed in the org under a saved mapping, what still works, and the way to the row."""

import dataclasses

import pytest
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.store import tables

PHONE = row("Phone", "phone", update="overwrite")
SCORE = row("Score__c", "description", update="overwrite")
GRADE = {"field": "Grade__c", "entry": {"value": "Gold"}, "update": "overwrite"}
GRADES = {"type": "picklist", "picklist": [{"value": "Gold"}, {"value": "Silver"}]}


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
async def watched(here):
    """Return a world whose mapping has run once and fills fields of the org's own, with the console beside it."""
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Score__c", type="string", length=20)
    here.app = await here.add_source("rudderstack")
    here.sync = await here.add_sync(here.app, calls(PHONE, SCORE))
    await here.deliver(here.app, identify("ann@x.example", "m1", phone="1", description="many"))
    await here.drain()
    async with console.beside(here) as served:
        here.console = served
        yield here


def change(here, **facts):
    """Change what kind of field the score of leads is, behind everybody's back."""
    org = here.org.org
    field = org.schema.object("Lead").field("Score__c")
    org.remove_field("Lead", "Score__c")
    org.add_field("Lead", dataclasses.replace(field, **facts))


async def check(here, browser=None):
    return await (browser or here.console.owner).api("POST", "/api/drift/check", json={"connection_id": here.connection_id})


async def found(here):
    [one] = (await here.console.owner.api("GET", "/api/drift")).json()["items"]
    return [(drift["kind"], f"{drift['object']}.{drift['field']}") for sync in one["syncs"] for drift in sync["drifts"]]


async def test_without_drift_the_page_says_when_it_was_checked(watched):
    assert "Every mapped field still exists. Checked" in (await watched.console.owner.get("/drift")).text


@pytest.mark.shows("LS-41")
async def test_a_deleted_field_is_told_before_anything_is_sent(watched):
    await watched.remove_field("Lead", "Score__c")
    await check(watched)
    assert [("gone", "Lead.Score__c")] == await found(watched)


@pytest.mark.shows("LS-41")
async def test_a_deleted_field_is_told_after_the_next_event_was_written_without_it(watched):
    await watched.remove_field("Lead", "Score__c")
    await watched.deliver(watched.app, identify("bob@x.example", "m2", phone="2", description="few"))
    await watched.drain()
    assert [("gone", "Lead.Score__c")] == await found(watched)


async def test_a_renamed_field_is_proposed(watched):
    await watched.remove_field("Lead", "Score__c")
    await watched.add_field("Lead", "Scores__c", type="string", length=20)
    await check(watched)
    page = (await watched.console.owner.get("/drift")).text
    assert ([("renamed", "Lead.Score__c")], True) == (await found(watched), "<b>Scores__c</b> looks like it." in page)


@pytest.mark.shows("BX-24")
async def test_a_field_that_became_a_formula_is_told(watched):
    change(watched, calculated=True, createable=False, updateable=False)
    await check(watched)
    assert [("read_only", "Lead.Score__c")] == await found(watched)


@pytest.mark.shows("BX-24")
async def test_a_field_of_another_type_is_told(watched):
    await watched.save_mapping(watched.sync, calls(PHONE, row("Score__c", "email", update="overwrite")))
    change(watched, type=type(watched.org.org.schema.object("Lead").field("Score__c").type)("reference"), reference_to=("Account",))
    await check(watched)
    assert [("retyped", "Lead.Score__c")] == await found(watched)


async def test_a_new_required_field_is_told(watched):
    await watched.add_field("Lead", "Region__c", type="string", length=20, required=True)
    await check(watched)
    assert [("required", "Lead.")] == await found(watched)


@pytest.mark.shows("BX-24", "P10")
async def test_only_the_row_concerned_stops(watched):
    await watched.remove_field("Lead", "Score__c")
    [sync] = (await check(watched)).json()["syncs"]
    assert (sync["rows"] - 1, 1) == (sync["sent"], len(sync["drifts"]))


async def test_a_check_costs_what_the_page_says(watched):
    page = (await watched.console.owner.get("/drift")).text
    before = (await watched.calls())["used"]
    await check(watched)
    assert (True, 1) == ("Costs 1 API call for" in page, (await watched.calls())["used"] - before)


@pytest.mark.shows("LS-42")
async def test_the_page_leads_to_the_row_that_the_editor_marks(watched):
    await watched.remove_field("Lead", "Score__c")
    await check(watched)
    href = f"/syncs/{watched.sync}?step=0#row-s0r4"
    marked = (await watched.console.owner.get(href)).text
    assert (True, True) == (href in (await watched.console.owner.get("/drift")).text, 'class="g prob" id="row-s0r4"' in marked)


async def test_the_side_bar_counts_paused_rows(watched):
    await watched.remove_field("Lead", "Score__c")
    await check(watched)
    assert '1<span class="slds-assistive-text"> paused mapping rows' in (await watched.console.owner.get("/help")).text


@pytest.mark.shows("BX-32")
async def test_a_check_stands_in_the_audit_trail(watched):
    await watched.remove_field("Lead", "Score__c")
    await watched.console.owner.post("/drift/check", {"connection": watched.connection_id})
    [entry] = await watched.rows(tables.audit, action="drift.check")
    assert (watched.console.owner.caller.actor, ["Lead.Score__c"]) == (entry["actor"], entry["after"]["rows_paused"])


async def test_a_viewer_sees_drift_and_checks_nothing(watched):
    viewer = await watched.console.user("viewer", {watched.connection_id: "viewer"})
    answer = await check(watched, viewer)
    assert (403, False) == (answer.status_code, "Check now" in (await viewer.get("/drift")).text)
