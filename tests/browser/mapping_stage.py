"""A mapping editor in a real browser: one org, one source with two events, and a sync of its own for each test."""

import copy
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import async_playwright
from tests import console
from tests.world import preset, registration, world

from crosswalk import serving
from crosswalk.web.callers import SESSION_COOKIE

CHROMIUM = "/usr/bin/chromium"
EMAIL = "ines.moreau@atelier-lumen.example"
FORM = {"first_name": "Inès", "last_name": "Moreau", "company": "Atelier Lumen", "country": "France"}
DEADLINE_MS = 10_000
FIELDS = (
    ("Lead", "Webinar_Rate__c", {"type": "double", "precision": 4, "scale": 1, "label": "Webinar Rate"}),
    ("Lead", "First_Webinar_On__c", {"type": "datetime", "label": "First Webinar On"}),
    ("Lead", "Heat__c", {"type": "picklist", "picklist": ["Hot", "Warm", "Cold"], "restricted": True, "label": "Heat"}),
    ("Lead", "Campaign__c", {"type": "reference", "referenceTo": "Campaign", "label": "First Campaign"}),
    ("Contact", "Webinar_Rate__c", {"type": "double", "precision": 4, "scale": 1, "label": "Webinar Rate"}),
    ("Contact", "Tier__c", {"type": "string", "length": 40, "label": "Tier"}),
    ("CampaignMember", "Messages__c", {"type": "double", "precision": 6, "scale": 0, "label": "Chat Messages"}),
    ("CampaignMember", "Tier__c", {"type": "string", "length": 40, "label": "Tier"}),
)


class Stage:
    """The served console, its org, and pages of people who are logged in."""

    def __init__(self, here, app, url, browser, source):
        self.here, self.app, self.url, self.browser, self.source = here, app, url, browser, source
        self._contexts = {}  # one for each person, so that scripts and styles are read once

    async def sync(self, **changes):
        """Add a sync with the Livestorm preset."""
        mapping = copy.deepcopy(preset("livestorm")) | changes
        return await self.here.add_sync(self.source, mapping)

    async def document(self, sync):
        """Return the mapping in force and its version."""
        self.here.configuration.forget()
        found = (await self.here.configuration.current()).syncs[sync]
        return found.document, found.version

    async def saved_row(self, sync, step, field):
        """Return the saved row of a field, or None."""
        document, _ = await self.document(sync)
        return next((row for row in document["steps"][step]["rows"] if row.get("field") == field), None)

    @asynccontextmanager
    async def page(self, who=None, viewport=None):
        """Open a page of a person, of the owner by default."""
        page = await (await self._context(who or self.app.owner)).new_page()
        if viewport:
            await page.set_viewport_size(viewport)
        page.mistakes = []
        page.on("pageerror", lambda error: page.mistakes.append(str(error)))
        page.on("console", lambda message: page.mistakes.append(message.text) if message.type == "error" else None)
        try:
            yield page
        finally:
            await page.close()

    async def _context(self, who):
        cookie = who.http.cookies[SESSION_COOKIE]
        if cookie not in self._contexts:
            context = await self.browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
            await context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, "url": self.url}])
            context.set_default_timeout(DEADLINE_MS)
            self._contexts[cookie] = context
        return self._contexts[cookie]

    @asynccontextmanager
    async def editor(self, sync, step=0, **options):
        """Open the mapping editor of a sync."""
        async with self.page(**options) as page:
            await self.open(page, sync, step)
            yield page

    async def open(self, page, sync, step=0):
        await page.goto(f"{self.url}/syncs/{sync}?step={step}")
        await page.locator("#mapping-editor[data-ready]").wait_for()


@asynccontextmanager
async def stage(database, vault, clock, ids):
    """Serve everything once."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(world(database, vault, clock, ids))
        for owner, name, definition in FIELDS:
            await here.add_field(owner, name, **definition)
        source = await here.add_source("livestorm")
        await here.add_sync(source, preset("livestorm"))
        await here.deliver(source, registration(EMAIL, "person-1", fields=FORM))
        await here.deliver(
            source, registration(EMAIL, "person-1", fields=FORM, event="people.attended", at=1_772_611_800, attendance_rate=86)
        )
        app = await stack.enter_async_context(console.beside(here))
        url = await stack.enter_async_context(serving.serving(app.app, serving.listen("127.0.0.1", 0)))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        stack.push_async_callback(browser.close)
        yield Stage(here, app, url, browser, source)


# --- what a person does ---------------------------------------------------------------------------------------------------------------


async def new_row(page):
    """Add an empty row."""
    await page.get_by_role("button", name="Map an attribute").click()
    await source_of_new(page).wait_for()


def source_of_new(page):
    return page.get_by_role("button", name="Source of new row: choose")


def search(page):
    """Return the search field of the open picker."""
    return page.get_by_role("dialog").get_by_role("combobox")


def options(page, name=None):
    """Return the options of the open picker."""
    return page.get_by_role("dialog").get_by_role("option", **({"name": name} if name else {}))


async def pick(page, typed, option):
    """Type into the open picker and take an option."""
    await search(page).fill(typed)
    await options(page, option).first.click()


async def pick_source(page, field, typed, option):
    """Choose what goes into a field, or into the new row."""
    await page.get_by_role("button", name=f"Source of {field}: ").click()
    await pick(page, typed, option)


async def pick_field(page, source, typed, option):
    """Choose the field of a row by its source."""
    await page.get_by_role("button", name=f"Field for {source}: ").click()
    await pick(page, typed, option)


async def save(page, version):
    """Press "Save changes" and wait until the version is in force."""
    await page.get_by_role("button", name="Save changes").click()
    await page.get_by_text(f"Saved as version {version}").wait_for()


async def told(page, text):
    """Wait until the page says something."""
    await page.get_by_text(text).first.wait_for()


def picture(name):
    """Return where a picture of a journey is kept: beside the reports of the run."""
    folder = Path("build") / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"
