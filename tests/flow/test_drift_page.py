"""The drift page: what changed in the org under a saved mapping, what still works, and the way to the row."""

import dataclasses

import pytest
from tests import console
from tests.flow.mappings import calls, row
from tests.world import identify, preset

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


async def described_anew(here):
    """Let an hour pass and the org be described anew, as turns, editors and previews do; nothing is written."""
    here.clock.advance(3_601)
    before = len(here.writes())
    await (await here.ready_org()).describe.schema(["Lead", "Contact"])
    assert before == len(here.writes())


@pytest.mark.shows("LS-41")
async def test_a_field_of_a_preset_that_was_deleted_is_told_once_the_org_is_described_anew(here):
    sync = await here.add_sync(await here.add_source("livestorm"), preset("livestorm"))
    org = await here.ready_org()
    await org.describe.schema(["Lead", "Contact", "CampaignMember", "Campaign"])
    here.clock.advance(60)  # Salesforce tells by the second when an object was changed
    await here.remove_field("CampaignMember", "Livestorm_Replay_Status__c")
    here.clock.advance(3_601)
    await org.describe.schema(["CampaignMember"])
    async with console.beside(here) as here.console:
        assert [("gone", "CampaignMember.Livestorm_Replay_Status__c")] == await found(here)
    async with here.database.read() as tx:
        assert [sync] == [row.sync_id for row in await tx.execute(tables.suspended_row.select())]


async def test_a_field_that_is_back_is_taken_up_again_once_the_org_is_described_anew(watched):
    watched.clock.advance(60)
    await watched.remove_field("Lead", "Score__c")
    await described_anew(watched)
    gone = await found(watched)
    await watched.add_field("Lead", "Score__c", type="string", length=20)
    await described_anew(watched)
    assert ([("gone", "Lead.Score__c")], []) == (gone, await found(watched))


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


async def mend(here, field="Score__c", use=None, browser=None, version=1):
    body = {"sync_id": here.sync, "version": version, "step": 0, "field": field, **({"use": use} if use else {})}
    return await (browser or here.console.owner).api("POST", "/api/drift/mend", json=body)


async def leads(here, fields):
    here.clock.advance(60)
    await here.deliver(here.app, identify("ann@x.example", "m2", phone="2", description="more"))
    await here.drain()
    return await here.records(f"SELECT {fields} FROM Lead")


async def rename(here):
    await here.remove_field("Lead", "Score__c")
    await here.add_field("Lead", "Score_New__c", type="string", length=20)
    await check(here)


@pytest.mark.shows("LS-41")
async def test_use_it_lets_the_row_fill_the_field_that_looks_like_the_one_that_is_gone(watched):
    await rename(watched)
    page = (await watched.console.owner.get("/drift")).text
    form = {"sync_id": watched.sync, "version": "1", "step": "0", "field": "Score__c", "use": "Score_New__c"}
    answer = await watched.console.owner.post("/drift/mend", form)
    assert (True, 303, [], [{"Phone": "2", "Score_New__c": "more"}]) == (
        all(word in page for word in ("Use it", "Pick another", "Remove rows")),
        answer.status_code,
        await found(watched),
        await leads(watched, "Phone, Score_New__c"),
    )


async def test_a_removed_row_leaves_the_rest_as_it_is(watched):
    await watched.remove_field("Lead", "Score__c")
    await check(watched)
    answer = (await mend(watched)).json()
    assert (2, True, [], [{"Phone": "2"}]) == (
        answer["version"],
        "Score__c" in answer["changes"][0],
        await found(watched),
        await leads(watched, "Phone"),
    )


async def test_of_several_dead_rows_one_is_mended_and_the_others_stay_paused(watched):
    for owner in ("Lead", "Contact"):
        await watched.add_field(owner, "Grade__c", type="string", length=20)
    await watched.save_mapping(watched.sync, calls(PHONE, SCORE, GRADE))
    await watched.deliver(watched.app, identify("ann@x.example", "m3", phone="3", description="many"))
    await watched.drain()
    for name in ("Score__c", "Grade__c"):
        await watched.remove_field("Lead", name)
    await check(watched)
    await mend(watched, version=2)
    assert [("gone", "Lead.Grade__c")] == await found(watched)


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"use": "Nowhere__c"}, 422, "mapping_invalid"),
        ({"version": 7}, 409, "saved_meanwhile"),
        ({"field": "Other__c"}, 409, "no_such_row"),
    ],
)
async def test_what_cannot_be_mended_says_so_and_saves_nothing(watched, wish, status, code):
    await watched.remove_field("Lead", "Score__c")
    await check(watched)
    answer = await mend(watched, **wish)
    assert (status, code, 1) == (answer.status_code, answer.json()["code"], len(await watched.rows(tables.mapping_version)))


async def test_an_operator_checks_and_mends_nothing(watched):
    operator = await watched.console.user("operator", {watched.connection_id: "operator"})
    await rename(watched)
    answer = await mend(watched, use="Score_New__c", browser=operator)
    assert (403, False) == (answer.status_code, "Use it" in (await operator.get("/drift")).text)
