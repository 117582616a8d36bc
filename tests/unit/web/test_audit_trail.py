"""The audit trail narrowed by who, what and when, on its page, in its export and over the API."""

import json

import pytest
from tests import console

from crosswalk.store import tables
from crosswalk.store.database import Database


@pytest.fixture
async def app(sqlite_url, vault, clock, ids):
    """Serve a trail: the owner's first entry, then a day later two of the command line."""
    database = await Database.open(sqlite_url, clock)
    async with console.served(database, vault, clock, ids) as served:
        clock.advance(26 * 3_600)
        async with database.write() as tx:
            for action in ("mapping.change", "job.change"):
                row = {"id": ids.new(), "at": clock.now(), "actor": "command line", "action": action, "subject": "Webinars"}
                await tx.execute(tables.audit.insert().values(row))
        served.reader = await served.user("viewer")
        yield served
    await database.close()


async def told(app, **query):
    found = (await app.reader.api("GET", "/api/audit", params=query)).json()["items"]
    return [one["action"] for one in found if not one["action"].startswith(("user", "invitation"))]


@pytest.mark.shows("BX-32")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"actor": "command line"}, ["job.change", "mapping.change"]),
        ({"actor": "user:nobody"}, []),
        ({"thing": "mapping"}, ["mapping.change"]),
        ({"thing": "map"}, []),
        ({"since": "2026-03-05T00:00:00Z", "thing": "job"}, ["job.change"]),
        ({"until": "2026-03-05T00:00:00Z", "thing": "job"}, []),
    ],
)
async def test_the_trail_is_narrowed_by_who_what_and_when(app, query, expected):
    assert expected == await told(app, **query)


async def test_the_page_narrows_and_its_export_is_what_it_shows(app):
    page = (await app.reader.get("/audit", params={"who": "command line", "what": "mapping", "hours": "24"})).text
    lines = (await app.reader.get("/audit/export", params={"who": "command line", "what": "mapping"})).text.splitlines()
    assert (["mapping.change"], True, False) == (
        [json.loads(line)["action"] for line in lines],
        "changed the mapping Webinars" in page,
        "job Webinars" in page,
    )


async def test_a_filter_that_does_not_fit_counts_as_not_given(app):
    page = await app.reader.get("/audit", params={"hours": "soon", "what": "mapping"})
    assert (200, True, False) == (page.status_code, "changed the mapping Webinars" in page.text, "job Webinars" in page.text)


async def test_when_nothing_matches_the_page_leads_out_of_the_filter(app):
    page = (await app.reader.get("/audit?who=user:nobody")).text
    assert ("Nothing in the trail matches" in page, 'href="/audit">Clear filters' in page) == (True, True)
