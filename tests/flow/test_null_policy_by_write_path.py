"""The null policy means the same however a row is sent: by itself, with others in one collection, or in a composite of collections."""

import asyncio

import pytest
from sqlalchemy import insert, select
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.salesforce.calls import Purpose
from crosswalk.store import tables

KEPT = row("Phone", "phone", update="overwrite")
CLEARED = row("Title", "title", update="overwrite", nulls="clear")
TOLD = {"absent": {}, "null": {"phone": None, "title": None}, "empty": {"phone": "", "title": ""}, "told": {"phone": "333", "title": "444"}}
LEFT = {"absent": {("111", "222")}, "null": {("111", None)}, "empty": {("111", None)}, "told": {("333", "444")}}
BEYOND_A_COLLECTION = 268  # of every four, three have something to write: 201 rows


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


async def written_rows(here):
    """Return how many rows each write call carried."""
    query = select(tables.api_call.c.rows).where(tables.api_call.c.purpose == Purpose.WRITE.value)
    async with here.database.read() as tx:
        return set((await tx.scalars(query)).all())


async def told(here, number, *, together):
    """Let each of so many people be told of in one of the four ways, and return what stands in the org by way."""
    people = [(list(TOLD)[place % len(TOLD)], f"p{place}@x.example") for place in range(number)]
    seeds = [{"LastName": "Ray", "Company": way, "Email": email, "Phone": "111", "Title": "222"} for way, email in people]
    for start in range(0, number, 200):
        await here.seed("Lead", *seeds[start : start + 200])
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(KEPT, CLEARED))
    bodies = [identify(email, email, "2026-03-04T08:00:00.000Z", **TOLD[way]) for way, email in people]
    for part in [bodies] if together else [[body] for body in bodies]:
        await asyncio.gather(*(here.deliver(source, body) for body in part))
        await here.drain()
    found = await here.records("SELECT Company, Phone, Title FROM Lead")
    return {way: {(one["Phone"], one["Title"]) for one in found if one["Company"] == way} for way in TOLD}


@pytest.mark.shows("BX-07")
@pytest.mark.parametrize(
    ("number", "together", "rows"),
    [(4, False, {1}), (4, True, {3}), (BEYOND_A_COLLECTION, True, {201})],
    ids=["a single row", "one collection", "a composite of collections"],
)
async def test_absent_null_and_empty_end_the_same_by_every_write_path_there_is(here, number, together, rows):
    async with here.database.write() as tx:
        await tx.execute(insert(tables.call_size).values(connection_id=here.connection_id, object="Lead", rows=1_000))
    assert LEFT == await told(here, number, together=together)
    assert rows == await written_rows(here)
