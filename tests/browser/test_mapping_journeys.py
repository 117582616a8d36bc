"""Journeys that begin or end at the mapping: an owner by the agent's e-mail, a failed delivery cured and replayed, and who sees what."""

import copy

import pytest
from playwright.async_api import expect
from tests.browser import mapping_stage as journey
from tests.browser.mapping_stage import new_row, options, pick_field, save, search, told
from tests.browser.served import barriers
from tests.browser.test_mapping_editor import empty, stage  # noqa: F401 - pytest finds the fixtures here
from tests.flow.test_livechat_rows import Chats
from tests.vendors.livechat import MAYA
from tests.world import preset, registration

from crosswalk.store import tables

pytestmark = pytest.mark.asyncio(loop_scope="module")
CASE, LEAD = 2, 0
NAMES = {"first_name": "Agata", "last_name": "Wrona", "company": "Kopalnia"}


@pytest.mark.shows("LC-17")
async def test_a_case_is_given_to_the_user_with_the_agents_email(stage):  # noqa: F811 - the fixture above
    chats = Chats(stage.here)
    mapping = copy.deepcopy(preset("livechat"))
    mapping["steps"][CASE]["rows"] = [row for row in mapping["steps"][CASE]["rows"] if row["field"] != "OwnerId"]
    await chats.map(mapping)
    maya = await chats.user(MAYA)
    await chats.chat("T1", "C1")
    async with stage.editor(chats.sync_id, CASE) as page:
        await new_row(page)
        await pick_field(page, "the row", "OwnerId", "Owner ID")
        await page.get_by_role("button", name="Source of Owner ID: ").click()
        await page.get_by_role("tab", name="Auto-match").click()
        await page.get_by_role("button", name="Object: ").click()
        await options(page, "User").first.click()
        await search(page).fill("Email")
        await options(page, "Email").first.click()
        await search(page).fill("agent_email")
        await options(page).first.click()
        await told(page, f"User, for {MAYA}.")
        await page.screenshot(path=journey.picture("mapping-owner-by-agent"))
        await page.get_by_role("button", name="Use this look-up").click()
        await save(page, 2)
    await chats.chat("T2", "C2")
    await chats.http.aclose()
    found = await stage.here.records("SELECT OwnerId, Subject FROM Case ORDER BY CreatedDate, Id")
    assert [False, True] == [one["OwnerId"] == maya for one in found]


async def test_a_failed_delivery_is_found_its_mapping_cured_and_replayed(stage):  # noqa: F811 - as above
    mapping = copy.deepcopy(preset("livestorm"))
    mapping["steps"][LEAD]["rows"].append({"field": "Heat__c", "entry": {"attribute": "first_name"}})
    sync = await stage.here.add_sync(stage.source, mapping)
    await stage.here.deliver(stage.source, registration("agata@kopalnia.example", "person-9", fields=NAMES))
    await stage.here.drain()
    async with stage.page() as page:
        await page.goto(stage.url)
        await page.screenshot(path=journey.picture("failed-1-home"))
        need = page.locator(".need", has_text="lossy value")
        await need.get_by_role("link", name="Look at them").click()
        await page.get_by_role("link", name="Agata Wrona").click()
        panel = page.get_by_role("complementary", name="Delivery of Agata Wrona")
        await expect(panel).to_contain_text("Heat__c")
        await page.screenshot(path=journey.picture("failed-2-why"))
        await panel.get_by_role("link", name="Open the mapping").click()
        await page.locator("#mapping-editor[data-ready]").wait_for()
        await page.get_by_role("button", name="Source of Heat: ").click()
        await page.get_by_role("tab", name="Static").click()
        await options(page, "Warm").click()
        await save(page, 2)
        await page.go_back()
        await panel.get_by_role("button", name="Replay").click()
        await page.get_by_text("1 delivery queued again.").wait_for()
        await stage.here.drain()
        await panel.get_by_role("link", name="Open the full story").click()
        await expect(page.get_by_role("row", name="Heat")).to_contain_text("Warm")
        await page.screenshot(path=journey.picture("failed-3-replayed"), full_page=True)
    [delivery] = await stage.here.rows(tables.delivery, sync_id=sync)
    assert delivery["state"] == "written"


@pytest.mark.shows("LC-02", "LP-05")
async def test_an_agent_finds_no_page_of_the_console(stage):  # noqa: F811 - as above
    agent = await stage.app.user("agent", {stage.here.connection_id: "agent"})
    async with stage.page(agent) as page:
        await page.goto(f"{stage.url}/event-log")
        await page.screenshot(path=journey.picture("agent"))
        entries = await page.get_by_role("navigation", name="Main").locator("a.nav").count()
        refused = await page.get_by_role("main").inner_text()
        found = await barriers(page)
    assert (0, [], True) == (entries, found, "in the chat" in refused)
