"""The console in a real browser against a really served process: journeys with pictures, and what every page has to bear."""

import re

import pytest
import pytest_asyncio
from tests.browser import served as stage
from tests.browser.served import OWNER, PASSWORD, WIDTHS, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory):
    """Serve a console whose owner has taken the first steps."""
    async with stage.served(tmp_path_factory.mktemp("served")) as served:
        page = await served.make_owner()
        served.steps = []
        await page.goto(f"{served.url}/first-steps")
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


SOURCE = "the source"
PAGES = [
    "/first-steps",
    "/connections",
    "/connections/new",
    "/connections/new?login=password",
    "/sources",
    "/sources/new?kind=kaltura",
    SOURCE,
    f"{SOURCE}/settings",
    f"{SOURCE}/catalogue",
    f"{SOURCE}/campaigns",
    "/users",
    "/users/invite",
    "/audit",
    "/account",
    "/help",
    "/nowhere",
]


async def address(here, page, path):
    """Return where a page is; the source's id is read from the list."""
    if not path.startswith(SOURCE):
        return here.url + path
    await page.goto(f"{here.url}/sources")
    return here.url + await page.get_by_role("row").get_by_role("link").first.get_attribute("href") + path.removeprefix(SOURCE)


@pytest.mark.shows("BX-50")
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_bears_both_widths_and_has_no_barrier(here, page, path):
    await page.goto(await address(here, page, path))
    found = {}
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await picture(page, f"{path.strip('/').replace('/', '-').replace('?', '-').replace(' ', '-')}-{width}")
        found[width] = (await stage.overflow(page), await stage.barriers(page))
    expected = [] if path != "/nowhere" else [one for one in page.mistakes if "404" in one]
    assert (dict.fromkeys(WIDTHS, (0, [])), expected) == (found, page.mistakes)


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


async def test_without_javascript_a_connection_is_tested_and_a_setting_saved(here):
    context = await here.context(java_script_enabled=False, storage_state=await here.owner.storage_state())
    page = await here.page(context)
    await page.goto(f"{here.url}/connections")
    await page.get_by_role("button", name="Test Practice org").click()
    tested = await page.get_by_text("API calls are left today").is_visible()
    await page.goto(f"{here.url}/account")
    await page.get_by_role("button", name="Save changes").click()
    saved = await page.get_by_text("Single letters are short cuts.").is_visible()
    await context.close()
    assert (True, True) == (tested, saved)
