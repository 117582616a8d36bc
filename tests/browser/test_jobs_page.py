"""The jobs of a source in a real browser: switched on and off one by one, started now, with what they came to and when they start next."""

import pytest
from playwright.async_api import async_playwright, expect
from tests.browser.mapping_stage import CHROMIUM, DEADLINE_MS
from tests.flow.conftest import sqlite_only  # noqa: F401 - pytest finds the fixtures here
from tests.flow.test_runs_pages import clock, database_url, there  # noqa: F401 - as above

from crosswalk import serving
from crosswalk.web.callers import SESSION_COOKIE


@pytest.fixture
async def page(there):  # noqa: F811 - the fixture above
    """Open the page of the jobs as the owner, on the screen of a telephone: what fits there fits everywhere."""
    app = there.served.app
    async with serving.serving(app, serving.listen("127.0.0.1", 0)) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 360, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(DEADLINE_MS)
        await context.add_cookies([{"name": SESSION_COOKIE, "value": there.owner.http.cookies[SESSION_COOKIE], "url": url}])
        opened = await context.new_page()
        opened.mistakes = []
        opened.on("pageerror", lambda error: opened.mistakes.append(str(error)))
        opened.on("console", lambda message: opened.mistakes.append(message.text) if message.type == "error" else None)
        await opened.goto(f"{url}/jobs")
        yield opened
        await browser.close()


def switch(page, kind):
    return page.get_by_role("switch", name=f"Schedule the {kind} job")


@pytest.mark.shows("LP-67")
async def test_jobs_are_switched_on_and_off_one_by_one_and_tell_their_last_and_next_run(there, page):  # noqa: F811 - as above
    periodic, daily = (page.get_by_role("region", name=name) for name in ("Periodic", "Daily"))
    for kind in ("periodic", "daily"):
        await switch(page, kind).click()
        await expect(switch(page, kind)).to_be_checked()
    await periodic.get_by_role("button", name="Run now").click()
    await page.get_by_text("The periodic job starts now.").wait_for()
    await there.work()
    await page.reload()
    await expect(periodic).to_contain_text("3 read, 3 written. Next: 4 Mar 2026, ")
    await switch(page, "periodic").click()
    await expect(switch(page, "periodic")).not_to_be_checked()
    await expect(switch(page, "daily")).to_be_checked()
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    shown = (await periodic.inner_text(), await daily.inner_text())
    assert ("Next:" in shown[0], "Next:" in shown[1], overflow, page.mistakes) == (False, True, 0, [])


async def test_the_counts_of_a_run_move_while_the_page_is_open(there, page):  # noqa: F811 - as above
    run = await there.begun(events=12)
    await page.get_by_role("link", name="Menu").click()
    await page.get_by_role("link", name="Runs").click()
    await page.get_by_text("12 read").wait_for()
    await there.advanced(run, events=40, calls=9)
    await page.get_by_text("40 read").wait_for()
    await there.ended(run)
    await page.get_by_role("heading", name="All runs").wait_for()
    assert page.mistakes == []
