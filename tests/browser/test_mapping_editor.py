"""The mapping editor in a real browser: rows begun from either side, default values, removal, saving, by mouse and by keyboard."""

import asyncio
import shutil
from datetime import UTC, datetime
from random import Random

import pytest
import pytest_asyncio
from tests.browser import mapping_stage as journey
from tests.browser.mapping_stage import new_row, options, pick, pick_field, pick_source, save, search, source_of_new, told
from tests.browser.served import WIDTHS, barriers, overflow
from tests.world import preset, registration

from crosswalk.clock import VirtualClock
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEAD, CONTACT, MEMBER = 0, 1, 2
RATE = ("attendance rate", "Attendance rate (percent)", "attendance_rate", "Webinar_Rate__c", "Webinar Rate")
MESSAGES = ("mess", "Messages count", "messages_count", "Messages__c", "Chat Messages")


@pytest.fixture(scope="module")
def empty(tmp_path_factory, sqlite_template):
    path = tmp_path_factory.mktemp("editor") / "crosswalk.db"
    path.write_bytes(sqlite_template)
    yield f"sqlite+aiosqlite:///{path}"
    shutil.rmtree(path.parent)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(empty, vault):
    clock = VirtualClock(datetime(2026, 3, 4, 9, tzinfo=UTC))
    database = await Database.open(empty, clock)
    async with journey.stage(database, vault, clock, Ids(clock, Random(7))) as opened:
        yield opened
    await database.close()


@pytest.mark.shows("LS-17", "LS-18", "LS-19", "LS-22", "LS-23", "LS-24", "LS-26", "LS-27")
@pytest.mark.parametrize(
    ("step", "wanted", "text_field", "removed"),
    [
        pytest.param(LEAD, RATE, "Description", "Website", id="lead"),
        pytest.param(CONTACT, RATE, "Tier", "Title", id="contact"),
        pytest.param(MEMBER, MESSAGES, "Tier", "Livestorm Replay Status", id="member"),
    ],
)
async def test_rows_are_mapped_given_default_values_removed_and_saved(stage, step, wanted, text_field, removed):
    typed, attribute, key, field, name = wanted
    sync = await stage.sync()
    before = {row["field"] for row in (await stage.document(sync))[0]["steps"][step]["rows"]}
    async with stage.editor(sync, step) as page:
        await new_row(page)
        await pick_source(page, "new row", typed, attribute)
        await pick_field(page, attribute, field, name)
        await new_row(page)
        await pick_field(page, "the row", text_field, text_field)
        await page.get_by_role("button", name=f"Source of {text_field}: ").click()
        await pick(page, "Partner", 'Use "Partner" as a default value')
        await told(page, "Default value · Text")
        trash = page.get_by_role("button", name=f"Remove row, {removed}")
        await page.locator("li.g", has=trash).hover()
        await trash.click()
        await told(page, "3 unsaved changes")
        await page.screenshot(path=journey.picture(f"mapping-{step}"))
        await save(page, 2)
    rows = {row["field"]: row["entry"] for row in (await stage.document(sync))[0]["steps"][step]["rows"]}
    added = {name: entry for name, entry in rows.items() if name not in before}
    text_name = {"Tier": "Tier__c"}.get(text_field, text_field)
    gone = {name.replace("_", " ").removesuffix("  c") for name in before - set(rows)}
    assert ({field: {"attribute": key}, text_name: {"value": "Partner"}}, {removed}) == (added, gone)


@pytest.mark.shows("LS-18", "LS-19")
async def test_a_row_begun_from_the_field_is_the_same_as_one_begun_from_the_attribute(stage):
    saved = []
    for begins_with_field in (True, False):
        sync = await stage.sync()
        async with stage.editor(sync) as page:
            await new_row(page)
            if begins_with_field:
                await pick_field(page, "the row", "Rate__c", "Webinar Rate")
                await pick_source(page, "Webinar Rate", "attendance rate", "Attendance rate (percent)")
            else:
                await pick_source(page, "new row", "attendance rate", "Attendance rate (percent)")
                await pick_field(page, "Attendance rate (percent)", "Webinar Rate", "Webinar Rate")
            await page.screenshot(path=journey.picture(f"mapping-from-{'field' if begins_with_field else 'attribute'}"))
            await save(page, 2)
        saved.append(await stage.saved_row(sync, LEAD, "Webinar_Rate__c"))
    assert [{"field": "Webinar_Rate__c", "entry": {"attribute": "attendance_rate"}}] * 2 == saved


@pytest.mark.shows("LS-17", "LS-19")
async def test_typing_a_part_of_a_label_leaves_what_has_it(stage):
    async with stage.editor(await stage.sync()) as page:
        await new_row(page)
        assert await source_of_new(page).evaluate("one => one === document.activeElement")
        await source_of_new(page).click()
        await search(page).fill("messages c")
        names = [await one.locator("b").inner_text() for one in await options(page).all()]
    assert ["Messages count", 'Use "messages c" as a default value'] == names


@pytest.mark.shows("LS-20")
async def test_fields_that_cannot_take_an_integer_are_greyed_with_the_reason_and_enter_does_nothing(stage):
    async with stage.editor(await stage.sync()) as page:
        await new_row(page)
        await pick_source(page, "new row", "messages count", "Messages count")
        await page.get_by_role("button", name="Field for Messages count: ").click()
        await search(page).fill("First_Webinar_On")
        option = options(page, "First Webinar On")
        reason = await option.locator(".tx > span").inner_text()
        await page.screenshot(path=journey.picture("mapping-incompatible"))
        await page.keyboard.press("Home")
        await page.keyboard.press("Enter")
        said = (await option.get_attribute("aria-disabled"), "cannot hold that" in reason, await page.get_by_role("dialog").count())
    assert ("true", True, 1) == said


@pytest.mark.shows("LS-20")
async def test_attributes_that_a_field_cannot_take_are_greyed_too(stage):
    async with stage.editor(await stage.sync()) as page:
        await new_row(page)
        await pick_field(page, "the row", "First_Webinar_On", "First Webinar On")
        await page.get_by_role("button", name="Source of First Webinar On: ").click()
        await search(page).fill("Messages count")
        assert "true" == await options(page, "Messages count").first.get_attribute("aria-disabled")


@pytest.mark.shows("LP-109")
async def test_a_lookup_is_found_by_the_name_that_pages_of_salesforce_give_it_and_by_the_api_s(stage):
    case = {"name": "case", "object": "Case", "once_per": "entity", "rows": [{"field": "Subject", "entry": {"value": "Webinar"}}]}
    async with stage.editor(await stage.sync(steps=[*preset("livestorm")["steps"], case]), step=3) as page:
        await new_row(page)
        await page.get_by_role("button", name="Field for the row: ").click()
        found = {}
        for typed in ("Account Name", "Account ID", "AccountId"):
            await search(page).fill(typed)
            found[typed] = await options(page).first.locator("b").inner_text()
    assert {"Account Name": "Account ID", "Account ID": "Account ID", "AccountId": "Account ID"} == found


@pytest.mark.shows("LP-109")
async def test_a_field_that_salesforce_does_not_expose_is_explained(stage):
    async with stage.editor(await stage.sync(), LEAD) as page:
        await new_row(page)
        await page.get_by_role("button", name="Field for the row: ").click()
        await search(page).fill("Campaign")
        option = options(page, "Campaign Salesforce shows it where a person is made by hand")
        said = (await option.get_attribute("aria-disabled"), await option.locator(".tx > span").inner_text())
    assert ("true", True) == (said[0], "A Campaign Member step adds people to campaigns" in said[1])


async def test_an_attribute_shows_its_newest_value_and_when_it_was_seen(stage):
    async with stage.editor(await stage.sync()) as page:
        await new_row(page)
        await source_of_new(page).click()
        await search(page).fill("country")
        told = await options(page, "Country").first.inner_text()
    assert (True, True) == ("France" in told, "last seen 4 Mar" in told)


@pytest.mark.shows("LS-22")
async def test_without_saving_nothing_is_kept_and_leaving_asks_first(stage):
    sync = await stage.sync()
    asked = []
    async with stage.editor(sync) as page:
        page.on("dialog", lambda dialog: (asked.append(dialog.type), _accept(dialog)))
        await page.get_by_label("If First Name is already filled").select_option("overwrite")
        await told(page, "1 unsaved change")
        await page.reload()
        await page.locator("#mapping-editor[data-ready]").wait_for()
        shown = await page.get_by_label("If First Name is already filled").input_value()
    assert (["beforeunload"], "fill-empty") == (asked, shown)


def _accept(dialog):
    return asyncio.ensure_future(dialog.accept())


@pytest.mark.shows("LS-23")
async def test_a_row_is_removed_by_keyboard(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        await page.get_by_role("button", name="Field for Website: Website").focus()
        await page.keyboard.press("Delete")
        await told(page, "1 unsaved change")
        await page.get_by_role("button", name="Remove row, Phone").press("Enter")
        await told(page, "2 unsaved changes")
        await save(page, 2)
    assert [None, None] == [await stage.saved_row(sync, LEAD, field) for field in ("Website", "Phone")]


@pytest.mark.shows("LS-42")
async def test_a_deleted_field_asks_for_another_before_the_next_save(stage):
    here = stage.here
    await here.add_field("Lead", "Votes__c", type="double", precision=6, scale=0, label="Votes")
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        await new_row(page)
        await pick_source(page, "new row", "votes count", "Polls answered (votes count)")
        await page.get_by_role("button", name="Field for Polls answered (votes count): ").click()
        await page.get_by_role("button", name="Read the fields again").click()
        await pick(page, "Votes__c", "Votes")
        await save(page, 2)
        await here.remove_field("Lead", "Votes__c")
        (await here.ready_org()).describe.invalidate("Lead")
        await stage.open(page, sync)
        await told(page, "no longer exists in Salesforce, so the row is paused")
        await page.get_by_label("If First Name is already filled").select_option("overwrite")
        await told(page, "1 unsaved change")
        await page.get_by_role("button", name="Save changes").click()
        await page.get_by_role("alert").get_by_role("link").wait_for()
        await page.screenshot(path=journey.picture("mapping-dead-row"))
        _, refused = await stage.document(sync)
        await page.get_by_role("button", name="Remove row, Votes__c").click()
        await told(page, "2 unsaved changes")
        await save(page, 3)
    assert (2, None) == (refused, await stage.saved_row(sync, LEAD, "Votes__c"))


@pytest.mark.shows("LC-09")
async def test_optional_fields_are_added_from_a_list_and_sent(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        await page.get_by_role("button", name="Add optional fields").click()
        await page.get_by_label("Search optional fields").fill("heat")
        await page.get_by_role("checkbox", name="Heat").check()
        await page.get_by_role("button", name="Add these fields").click()
        await page.get_by_role("button", name="Source of Heat: choose").click()
        await page.get_by_role("tab", name="Static").click()
        await options(page, "Warm").first.wait_for()
        await page.screenshot(path=journey.picture("mapping-static-picklist"))
        await options(page, "Warm").click()
        await save(page, 2)
    await stage.here.deliver(stage.source, registration("leila@harbor.example", "person-2", fields=journey.FORM))
    await stage.here.drain()
    found = await stage.here.records("SELECT Heat__c FROM Lead WHERE Email = 'leila@harbor.example'")
    assert ({"field": "Heat__c", "entry": {"value": "Warm"}}, [{"Heat__c": "Warm"}]) == (
        await stage.saved_row(sync, LEAD, "Heat__c"),
        found,
    )


@pytest.mark.shows("LC-07")
async def test_each_picker_has_a_search_that_filters(stage):
    found = {}
    async with stage.editor(await stage.sync()) as page:
        for picker in ("Source of First Name: ", "Field for First name: ", "Add step", "Email", "create one", "the oldest"):
            await page.get_by_role("button", name=picker, exact=False).first.click()
            if picker != "Email":
                box = search(page)
                before = await options(page).count() or await options(page).first.wait_for() or 0
                await box.fill("nothing has this name")
                found[picker] = await options(page).count() <= min(before or 1, 1)
            await page.keyboard.press("Escape")
    assert all(found.values())


@pytest.mark.shows("LC-14")
async def test_a_default_value_of_a_lookup_is_chosen_by_name_and_shown_by_name(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        await new_row(page)
        await pick_field(page, "the row", "Campaign__c", "First Campaign")
        await page.get_by_role("button", name="Source of First Campaign: ").click()
        await page.get_by_role("tab", name="Static").click()
        await page.get_by_label("First Campaign · Lookup to Campaign").fill("spring")
        await options(page, "Spring webinar").click()
        await told(page, "Spring webinar")
        await save(page, 2)
        row = await stage.saved_row(sync, LEAD, "Campaign__c")
        await stage.open(page, sync)
        await told(page, "Spring webinar")
    assert {"value": stage.here.campaign} == row["entry"]


@pytest.mark.shows("LC-05")
async def test_a_new_object_is_mapped_from_the_tile_of_the_connection(stage):
    sync = await stage.sync()
    name = (await stage.here.configuration.current()).syncs[sync].name
    async with stage.page() as page:
        await page.goto(f"{stage.url}/connections")
        await page.get_by_role("link", name="Map objects of Local org").click()
        card = page.get_by_role("region", name=name)
        await card.get_by_role("link", name="Add new object").click()
        await search(page).fill("opportunity")
        await options(page, "Opportunity Opportunity").click()
        required = page.get_by_role("list", name="Fields required by Salesforce")
        await required.get_by_text("CloseDate").wait_for()
        names = [await one.inner_text() for one in await required.locator("b").all()]
        await page.get_by_role("button", name="Save changes").click()
        problems = page.get_by_role("alert").get_by_role("link")
        await problems.first.wait_for()
        told = [await one.inner_text() for one in await problems.all()]
    fields = {"Close Date", "Name", "Stage"}
    asked = {f"{name} is required by Salesforce; pick what goes into it." for name in fields}
    assert (True, asked, 1) == (fields <= set(names), set(told), (await stage.document(sync))[1])


@pytest.mark.shows("LS-16")
async def test_the_settings_of_a_source_lead_to_its_mapping(stage):
    async with stage.page() as page:
        await page.goto(f"{stage.url}/sources/{stage.source}/settings")
        section = page.get_by_role("region", name="Attributes mapped")
        await section.get_by_role("link", name="Edit").first.click()
        await page.locator("#mapping-editor[data-ready]").wait_for()
        rows = await page.locator("[data-rows] > li").count()
    assert len(preset("livestorm")["steps"][LEAD]["rows"]) == rows


async def test_a_formula_is_checked_while_it_is_typed(stage):
    async with stage.editor(await stage.sync()) as page:
        await new_row(page)
        await pick_field(page, "the row", "Description", "Description")
        await page.get_by_role("button", name="Source of Description: ").click()
        await page.get_by_role("tab", name="Formula").click()
        await page.get_by_label("Formula", exact=True).fill('"Attended " & TEXT({attendance_rate}')
        await told(page, "stops making sense at character")
        await page.get_by_label("Formula", exact=True).fill('"Attended " & TEXT({attendance_rate}) & " %"')
        await told(page, "Attended 86 %")
        await page.get_by_role("button", name="Use this formula").click()
        await told(page, "1 unsaved change")
        assert [] == page.mistakes


async def test_an_auto_match_is_tried_on_the_chosen_event(stage):
    await stage.here.seed("Account", {"Name": "Atelier Lumen"})
    async with stage.editor(await stage.sync(), CONTACT) as page:
        await page.get_by_role("button", name="Source of Account ID: ").click()
        await told(page, "Atelier Lumen, Account, for Atelier Lumen.")
        await page.screenshot(path=journey.picture("mapping-auto-match"))


async def test_a_whole_mapping_is_made_by_keyboard(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        press = page.keyboard.press
        await page.locator("body").focus()
        await press("n")
        await source_of_new(page).wait_for()
        await press("Enter")
        await search(page).wait_for()
        await page.keyboard.type("utm source")
        await press("Enter")
        await page.get_by_role("button", name="Field for UTM source: choose").wait_for()
        await press("Tab")
        await press("Enter")
        await search(page).wait_for()
        await page.keyboard.type("Industry")
        await press("ArrowDown")
        await press("Home")
        await press("Enter")
        await told(page, "1 unsaved change")
        await press("Control+z")
        await press("Control+Shift+z")
        await page.screenshot(path=journey.picture("mapping-by-keyboard"))
        await press("Control+s")
        await told(page, "Saved as version 2")
        assert await stage.saved_row(sync, LEAD, "Industry") == {"field": "Industry", "entry": {"attribute": "utm_source"}}


async def test_the_second_of_two_admins_is_told_and_loses_nothing(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as one, stage.editor(sync) as other:
        await one.get_by_label("If First Name is already filled").select_option("overwrite")
        await one.get_by_label("If Phone is already filled").select_option("overwrite")
        await told(one, "2 unsaved changes")
        await other.get_by_label("If First Name is already filled").select_option("create-only")
        await other.get_by_label("If City is already filled").select_option("overwrite")
        await told(other, "2 unsaved changes")
        await save(one, 2)
        await other.get_by_role("button", name="Save changes").click()
        await told(other, "saved version 2 while you edited")
        await other.screenshot(path=journey.picture("mapping-conflict"))
        await other.get_by_role("button", name="Take theirs").click()
        await told(other, "1 unsaved change")
        await save(other, 3)
    rows = {row["field"]: row.get("update") for row in (await stage.document(sync))[0]["steps"][LEAD]["rows"]}
    assert ("overwrite", "overwrite", "overwrite") == (rows["FirstName"], rows["Phone"], rows["City"])


async def test_a_viewer_reads_the_mapping_masked_and_finds_nothing_to_change(stage):
    sync = await stage.sync()
    viewer = await stage.app.user("viewer", {stage.here.connection_id: "viewer"})
    async with stage.editor(sync, who=viewer) as page:
        counts = [await page.get_by_role("button", name=name).count() for name in ("Map an attribute", "Save changes", "Source of")]
        await page.screenshot(path=journey.picture("mapping-as-viewer"))
        found_by = await page.get_by_text("A record found by a personal value").count()  # the step has no look-up
        assert ([0, 0, 0], True, 0) == (counts, await page.get_by_text("•••••").count() > 0, found_by)


async def test_the_sentence_of_a_step_is_changed_choice_by_choice(stage):
    sync = await stage.sync()
    async with stage.editor(sync) as page:
        await page.get_by_role("button", name="registered, attended").click()
        await page.get_by_role("checkbox", name="people.watched_replay").uncheck()
        await page.get_by_role("button", name="Take these events").click()
        await page.get_by_role("button", name="the oldest").click()
        await options(page, "Use the newest").click()
        await page.get_by_role("button", name="whatever they hold").click()
        await page.get_by_role("textbox", name="Only when").fill('{country} = "France"')
        await page.get_by_role("button", name="Use this condition").click()
        await told(page, "3 unsaved changes")
        await save(page, 2)
    document, _ = await stage.document(sync)
    events = ["people.attended", "people.not_attended", "people.registered"]
    changed = (sorted(document["events"]), document["person"]["on_duplicates"], document["steps"][LEAD]["when"])
    assert (events, "newest", '{country} = "France"') == changed


@pytest.mark.shows("P8")
async def test_what_is_previewed_is_run(stage):
    sync = await stage.sync()
    await stage.here.deliver(
        stage.source, registration("tomasz@kopalnia.example", "person-3", fields={**journey.FORM, "first_name": "Tomasz"})
    )
    async with stage.editor(sync) as page:
        await page.get_by_role("link", name="Preview").click()
        await told(page, "Nothing has been sent. Running it makes exactly these changes.")
        await page.get_by_role("link", name="Tomasz Moreau Lead").click()
        await page.get_by_role("region", name="Lead of Tomasz Moreau").get_by_role("cell", name="Tomasz", exact=True).wait_for()
        await page.screenshot(path=journey.picture("preview"))
        await page.get_by_role("button", name="Run these changes").click()
        await told(page, "exactly as previewed")
    await stage.here.drain()
    assert 1 == len(await stage.here.records("SELECT Id FROM Lead WHERE Email = 'tomasz@kopalnia.example'"))


@pytest.mark.parametrize("path", ["", "/preview", "/versions"])
async def test_a_page_of_a_sync_bears_both_widths_and_has_no_barrier(stage, path):
    sync = await stage.sync()
    async with stage.page() as page:
        await page.goto(f"{stage.url}/syncs/{sync}{path}")
        found = await barriers(page)
        too_wide = []
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            too_wide.append(await overflow(page))
        assert ([], [0, 0], []) == (found, too_wide, page.mistakes)


async def test_an_open_picker_has_no_barrier(stage):
    async with stage.editor(await stage.sync()) as page:
        await page.get_by_role("button", name="Source of First Name: ").click()
        await options(page).first.wait_for()
        assert [] == await barriers(page)
