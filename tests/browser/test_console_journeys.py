"""The console in a real browser against a really served process: journeys with pictures, and what every page has to bear."""

import re

import pytest
import pytest_asyncio
from tests.browser import served as stage
from tests.browser.served import OWNER, PASSWORD, WELL, picture

from crosswalk.web.console import navigation

pytestmark = pytest.mark.asyncio(loop_scope="module")


ENTRIES = [entry.href for group in navigation.GROUPS for entry in group.entries]
SAYS_WHEN_EMPTY = {
    "/": "First steps",
    "/sources": "Add",
    "/connections": "Add new account",
    "/syncs": "Add a source first",
    "/jobs": "Add a source",
    "/runs": "Nothing has run yet",
    "/event-log": "Every event that arrives stands here",
    "/drift": "Connect",
    "/users": "Nobody is invited at the moment",
    "/audit": "joined",
    "/settings": "Apply a file",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory):
    """Serve a console whose owner has taken the first steps."""
    async with stage.served(tmp_path_factory.mktemp("served")) as served:
        page = await served.make_owner()
        served.steps, served.empty = [], {}
        for href in ENTRIES:
            await page.goto(served.url + href)
            said = await page.get_by_role("main").inner_text()
            served.empty[href] = (await stage.looked_at(page, f"empty{href.replace('/', '-')}"), said, list(page.mistakes), page.elsewhere)
        await page.set_viewport_size({"width": 1440, "height": 900})
        await page.goto(served.url)
        await page.get_by_role("main").get_by_role("link", name="First steps").click()
        for number, name in enumerate(("Use the practice org", "Livestorm", "Send an example", "Switch on"), 1):
            await picture(page, f"first-steps-{number}")
            await page.get_by_role("button", name=name).click()
            await page.wait_for_load_state()
            served.steps.append(name)
        await page.get_by_text("was written").wait_for()
        await picture(page, "first-steps-done")
        served.journey = page
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def page(here):
    page = await here.page()
    yield page
    await page.close()


async def test_serve_says_where_the_first_owner_is_made_and_with_which_code(here):
    assert re.search(rf"open {re.escape(here.url)}/first-run .* Set-up code: \d{{4}}-\d{{4}}-\d{{4}}$", here.told.strip())


async def test_four_clicks_lead_a_fresh_owner_to_a_written_record(here):
    link = here.journey.get_by_role("link", name="See how it came about")
    assert (4, [], True) == (len(here.steps), here.journey.mistakes, await link.is_visible())


@pytest.mark.shows("BX-50")
@pytest.mark.parametrize("href", ENTRIES)
async def test_an_empty_page_says_what_will_be_here_and_has_no_barrier(here, href):
    looked, said, mistakes, elsewhere = here.empty[href]
    assert (WELL, True, [], []) == (looked, SAYS_WHEN_EMPTY[href] in said, mistakes, elsewhere)


SOURCE, SYNC, DELIVERY = "the source", "the sync", "the delivery"
LISTS = {SOURCE: "/sources", SYNC: "/syncs", DELIVERY: "/event-log"}
PAGES = [
    *ENTRIES,
    "/first-steps",
    "/connections/new",
    "/connections/new?login=password",
    "/sources/new?kind=kaltura",
    SOURCE,
    f"{SOURCE}/settings",
    f"{SOURCE}/catalogue",
    f"{SOURCE}/campaigns",
    SYNC,
    f"{SYNC}/delete",
    DELIVERY,
    "/syncs/new",
    "/test-delivery",
    "/runs/new",
    "/callouts",
    "/settings/alerts",
    "/settings/alerts/channels/new",
    "/settings/retention",
    "/settings/keys",
    "/settings/health",
    "/users/invite",
    "/account",
    "/help",
    "/nowhere",
]


async def address(here, page, path):
    """Return where a page is; the id of what stands in a list is read from it."""
    name = next((name for name in LISTS if path.startswith(name)), None)
    if name is None:
        return here.url + path
    await page.goto(here.url + LISTS[name])
    href = await page.locator("tbody").get_by_role("link").first.get_attribute("href")
    return here.url + href.replace("?open=", "/") + path.removeprefix(name)


@pytest.mark.shows("BX-50")
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_bears_both_widths_asks_nobody_else_and_has_no_barrier(here, page, path):
    await page.goto(await address(here, page, path))
    found = await stage.looked_at(page, re.sub(r"[^a-z]+", "-", f"page {path}").strip("-"))
    expected = [] if path != "/nowhere" else [one for one in page.mistakes if "404" in one]
    assert (WELL, expected, []) == (found, page.mistakes, page.elsewhere)


@pytest.mark.shows("BX-48")
async def test_a_test_delivery_is_looked_at_sent_and_watched_until_its_outcome(here, page):
    await page.goto(f"{here.url}/syncs")
    await page.get_by_role("link", name="Test delivery").click()
    await page.get_by_role("main").get_by_role("link", name="Webinars On").click()
    await page.get_by_role("button", name="Preview only").click()
    looked = await stage.looked_at(page, "test-delivery-preview")
    await page.get_by_role("button", name="Send it and watch").click()
    await page.get_by_role("heading", name="1. Received").wait_for()
    await page.get_by_text("Under way").wait_for(state="detached")
    steps = await page.get_by_role("listitem").get_by_role("heading", level=2).all_inner_texts()
    watched = await stage.looked_at(page, "test-delivery-watched")
    six = ["1. Received", "2. Understood", "3. Mapped draft", "4. Matched", "5. Changes planned", "6. Outcome"]
    assert (WELL, six, WELL, []) == (looked, steps, watched, page.mistakes)


async def test_the_log_in_page_has_no_barrier_and_lets_in(here):
    context = await here.context()
    page = await here.page(context)
    await page.goto(f"{here.url}/audit")
    barriers = await stage.barriers(page)
    await picture(page, "login")
    await page.get_by_label("E-mail").fill(OWNER)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_role("heading", name="Audit trail").wait_for()
    await context.close()
    assert [] == barriers


async def test_somebody_invited_joins_and_cannot_change_anything(here, page):
    await page.goto(f"{here.url}/users/invite")
    await page.get_by_label("Name required", exact=True).fill("Lucas Stern")
    await page.get_by_label("E-mail").fill("lucas@harbor-supply.example")
    await page.get_by_role("button", name="Make the invitation").click()
    link = await page.get_by_label("invitation link", exact=True).input_value()
    context = await here.context()
    guest = await here.page(context)
    await guest.goto(link)
    await picture(guest, "invitation")
    await guest.get_by_label("Password").fill(PASSWORD)
    await guest.get_by_role("button", name="Set the password and log in").click()
    await guest.get_by_role("navigation", name="Main").wait_for()
    await guest.goto(f"{here.url}/connections")
    await picture(guest, "connections-as-viewer")
    buttons = await guest.get_by_role("main").get_by_role("button").count()
    await guest.goto(f"{here.url}/connections/new")
    refused = await guest.get_by_text("Ask an owner for the role of an admin").is_visible()
    await context.close()
    assert (0, True) == (buttons, refused)


async def test_access_is_given_in_the_panel_beside_the_tiles(here, page):
    await page.goto(f"{here.url}/connections")
    await page.get_by_role("link", name="Access to Practice org").click()
    await page.get_by_role("complementary", name="Access to Practice org").wait_for()
    await picture(page, "connections-access")
    assert [] == await stage.barriers(page)


@pytest.mark.shows("BX-50")
async def test_letters_lead_through_the_console(here, page):
    await page.goto(f"{here.url}/users")
    await page.keyboard.press("/")
    searching = await page.evaluate("document.activeElement.id")
    await page.keyboard.type("?g")  # while typing they are only letters
    still = page.url
    await page.get_by_role("heading", name="Users and access").click()
    await page.keyboard.press("?")
    await page.get_by_role("heading", name="Help").wait_for()
    assert ("find", f"{here.url}/users") == (searching, still)


async def test_escape_closes_the_menu_and_the_focus_returns(here, page):
    await page.goto(f"{here.url}/help")
    menu = page.locator("summary", has_text="Noor Haddad, your menu")
    await menu.click()
    await page.get_by_role("link", name="Your account").wait_for()
    await page.keyboard.press("Escape")
    hidden = await page.get_by_role("link", name="Your account").is_hidden()
    assert (True, True) == (hidden, await menu.evaluate("one => one === document.activeElement"))


async def test_without_javascript_every_form_does_its_work(here):
    context = await here.context(java_script_enabled=False, storage_state=await here.owner.storage_state())
    page = await here.page(context)

    async def press(path, name, said):
        await page.goto(await address(here, page, path))
        await page.get_by_role("main").get_by_role("button", name=name).first.click()
        return await page.get_by_text(said).first.is_visible()

    done = {
        "connection": await press("/connections", "Test Practice org", "API calls are left today"),
        "account": await press("/account", "Save changes", "Single letters are short cuts."),
        "source": await press(f"{SOURCE}/settings", "Save changes", "saved"),
        "example": await press(SOURCE, "Send a test event", "test event"),
        "sync off": await press(SYNC, "Switch off", "Switch on"),
        "sync on": await press(SYNC, "Switch on", "Switch off"),
        "log": await press("/event-log", "Show", "Every event that arrived"),
        "delivery": await press(DELIVERY, "Replay", "1 delivery queued again."),
        "drift": await press("/drift", "Check now", "Every mapped field still exists"),
        "runs": await press("/runs", "Show", "All runs"),
        "retention": await press("/settings/retention", "Save", "days"),
    }
    await page.goto(await address(here, page, SYNC))
    done["note"] = "The mapping editor needs JavaScript." in await page.get_by_role("main").inner_text()
    await page.goto(f"{here.url}/users/invite")
    await page.get_by_label("Name required", exact=True).fill("Ida Falk")
    await page.get_by_label("E-mail").fill("ida@harbor-supply.example")
    await page.get_by_role("button", name="Make the invitation").click()
    done["invitation"] = await page.get_by_label("invitation link", exact=True).is_visible()
    await picture(page, "without-javascript")
    await page.set_viewport_size({"width": 360, "height": 800})
    await page.get_by_role("link", name="Menu").click()
    done["menu"] = await page.get_by_role("navigation", name="Main").is_visible()
    await context.close()
    assert dict.fromkeys(done, True) == done
