"""A really served console: one `crosswalk serve` with its practice org, one browser, and what every page has to bear."""

import asyncio
import json
import os
import re
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

from playwright.async_api import async_playwright
from tests.processes import COMMAND

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
DEADLINE_MS = 20_000
WIDTHS = (1440, 360)
WELL = {width: (0, []) for width in WIDTHS}
PASSWORD = "correct horse battery"
OWNER = "noor.haddad@harbor-supply.example"


class Served:
    """The address of a served console, and browsers to look at it with."""

    def __init__(self, url, browser, told):
        self.url, self.browser, self.told = url, browser, told
        self.owner = None

    async def context(self, **options):
        """Return a browser of somebody else."""
        given = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "timezone_id": "Europe/Paris", **options}
        context = await self.browser.new_context(**given)
        context.set_default_timeout(DEADLINE_MS)
        return context

    async def page(self, context=None):
        """Return a page that keeps what goes wrong in it and what it asks elsewhere, the owner's unless another browser is given."""
        page = await (context or self.owner).new_page()
        page.mistakes, page.elsewhere = [], []
        page.on("request", lambda asked: page.elsewhere.append(asked.url) if not asked.url.startswith(self.url) else None)
        page.on("pageerror", lambda error: page.mistakes.append(str(error)))
        page.on("console", lambda message: page.mistakes.append(message.text) if message.type == "error" else None)
        return page

    async def make_owner(self):
        """Make the first owner in the browser; returns his page."""
        self.owner = await self.context()
        page = await self.page()
        await page.goto(self.url)
        await page.get_by_label("Your name").fill("Noor Haddad")
        await page.get_by_label("E-mail").fill(OWNER)
        await page.get_by_label("Password").fill(PASSWORD)
        await picture(page, "first-run")
        await page.get_by_role("button", name="Make the owner").click()
        await page.get_by_role("navigation", name="Main").wait_for()
        return page


@asynccontextmanager
async def served(folder):
    """Start everything, and end it."""
    given = {"CROSSWALK_DATA_DIR": str(folder / "data"), "CROSSWALK_KEY_FILE": str(folder / "keys.json"), "CROSSWALK_DATABASE_URL": ""}
    async with AsyncExitStack() as stack:
        pipe = asyncio.subprocess.PIPE
        log = stack.enter_context((folder / "log").open("wb"))
        process = await asyncio.create_subprocess_exec(
            COMMAND, "serve", "--port", "0", stdout=pipe, stderr=log, env={**os.environ, **given}
        )
        stack.push_async_callback(ended, process)
        line, told = [(await process.stdout.readline()).decode() for _ in range(2)]
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        yield Served(re.search(r"http://\S+", line)[0], browser, told)


async def ended(process):
    """End the process and wait for it."""
    process.terminate()
    await process.communicate()


async def picture(page, name):
    """Keep a picture of the whole page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


async def looked_at(page, name):
    """Keep pictures of a page at both widths, and return at each how far it overflows and what bars people from it."""
    found = {}
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        await picture(page, f"{name}-{width}")
        found[width] = (await overflow(page), await barriers(page))
    return found


async def overflow(page):
    """Return by how many pixels the page is wider than its window."""
    return await page.evaluate("Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)")


async def barriers(page):
    """Return what axe finds serious or critical: rule, and where."""
    await page.evaluate(axe_source())
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
    found = await page.evaluate(f"axe.run(document, {json.dumps(rules)})")
    serious = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    return [f"{one['id']}: {node['target']} {node['html'][:120]}" for one in serious for node in one["nodes"][:3]]


@cache
def axe_source():
    """Return the script of axe-core; it comes with the node packages of the tests."""
    return AXE.read_text(encoding="utf-8")
