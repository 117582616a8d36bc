"""The preview page in a real browser: a file handed in, its records gone through by keys, downloaded and run."""

import json
from pathlib import Path

import pytest
from tests.browser import mapping_stage as journey
from tests.browser.mapping_stage import told
from tests.browser.served import WIDTHS, barriers, overflow
from tests.browser.test_mapping_editor import empty, stage
from tests.world import registration

__all__ = ["empty", "stage"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
PEOPLE = ("Amara", "Lucía")


def people(desk):
    """Return a file of two people, and a line that is none; what has been handed in at one desk is new at another."""
    forms = ({**journey.FORM, "first_name": name} for name in PEOPLE)
    lines = [json.dumps(registration(f"{desk}{at}@mirador.example", f"{desk}-{at}", fields=form)) for at, form in enumerate(forms)]
    return {"name": "people.jsonl", "mimeType": "application/jsonl", "buffer": "\n".join([*lines, "nonsense"]).encode()}


async def handed_in(stage, page, sync, desk):
    await page.goto(f"{stage.url}/syncs/{sync}/preview")
    await page.get_by_label("Or a file").set_input_files(people(desk))
    await page.get_by_role("button", name="Preview the file").click()
    await told(page, "2 events of 2 people in people.jsonl.")


def content(path):
    return Path(path).read_text("utf-8-sig")


async def shown(page):
    """Return the headings of the records that are to be seen."""
    return [await one.inner_text() for one in await page.locator("[data-preview] section[id] h2").all() if await one.is_visible()]


@pytest.mark.shows("P8")
async def test_a_file_is_previewed_downloaded_and_run(stage):
    sync = await stage.sync()
    async with stage.page() as page:
        await handed_in(stage, page, sync, "north")
        await told(page, "1 row of 3 cannot be read and would be left out.")
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download list").click()
        table = content(await (await download.value).path())
        await page.get_by_role("button", name="Run these changes").click()
        await told(page, "2 deliveries are being written, exactly as previewed.")
        assert [] == page.mistakes
    await stage.here.drain()
    written = await stage.here.records("SELECT FirstName FROM Lead WHERE Email LIKE 'north%@mirador.example'")
    assert (sorted(PEOPLE), True) == (
        sorted(one["FirstName"] for one in written),
        "Amara Moreau,Lead,,insert,Email,,north0@mirador.example" in table,
    )


async def test_j_and_k_go_through_the_records_one_at_a_time(stage):
    sync = await stage.sync()
    async with stage.page() as page:
        await page.goto(f"{stage.url}/syncs/{sync}/preview")
        seen = [await shown(page)]
        for key in "jjk":
            await page.keyboard.press(key)
            seen.append(await shown(page))
    assert ([1, 1, 1, 1], True, True) == ([len(one) for one in seen], seen[0] == seen[1] == seen[3], seen[1] != seen[2])


async def test_the_list_is_narrowed_to_a_person_and_to_a_kind_of_change(stage):
    sync = await stage.sync()
    async with stage.page() as page:
        await handed_in(stage, page, sync, "east")
        found = []
        for typed in ("lucía", "nobody", "amara"):
            await page.get_by_label("Find a person", exact=True).fill(typed)
            found.append(([await one.inner_text() for one in await page.locator("[data-list] li:visible b").all()], await shown(page)))
        await page.get_by_label("Which changes").select_option("Create")
        everyone = await page.locator("[data-list] li:visible").count()
    assert [["Lucía Moreau"] * 2, [], ["Amara Moreau"] * 2] == [names for names, _ in found]
    assert (True, True, 2) == ("Lucía" in found[0][1][0], "Amara" in found[2][1][0], everyone)


async def test_the_page_of_a_file_bears_both_widths_and_has_no_barrier(stage):
    sync = await stage.sync()
    async with stage.page() as page:
        await handed_in(stage, page, sync, "south")
        found, too_wide = await barriers(page), []
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            too_wide.append(await overflow(page))
            await page.screenshot(path=journey.picture(f"preview-file-{width}"), full_page=True)
        assert ([], [0, 0], []) == (found, too_wide, page.mistakes)
