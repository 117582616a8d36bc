"""Switching a source on applies its default mapping at once: nobody has to map anything first."""

import pytest
from tests.unit.presets.test_preset_tables import LS_06, LS_07
from tests.world import registration

from crosswalk import workspace
from crosswalk.editing import desk

ANN = "ann@x.example"
ENVIRONMENT = {"WEBINARS_SIGNING_SECRET": "example-signing-secret"}
FILE = """
sources:
  - {name: webinars, kind: livestorm, secrets: {signing_secret: "${WEBINARS_SIGNING_SECRET}"}}
syncs:
  - {name: webinar people, connection: Local org, source: webinars, campaigns: {"*": CAMPAIGN}}
"""


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
async def switched_on(here):
    """Apply a file that names a source and where its people go, and no mapping; returns the source as configured."""
    await here.ready_org()
    async with here.database.write() as tx:
        wanted = workspace.parse(FILE.replace("CAMPAIGN", here.campaign), ENVIRONMENT)
        await workspace.apply(tx, here.vault, here.clock, here.ids, wanted, "test")
    here.configuration.forget()
    return (await here.configuration.current()).source_named("webinars")


def rows(document, step):
    return {row["field"]: row["entry"] for one in document["steps"] if one["name"] == step for row in one["rows"]}


def attributes(document, step):
    return {field: entry.get("attribute") or entry["auto_match"]["attribute"] for field, entry in rows(document, step).items()}


@pytest.mark.shows("LS-03")
async def test_the_rows_of_the_default_mapping_stand_in_the_editor_at_once(here, switched_on):
    (sync,) = (await here.configuration.current()).syncs.values()
    opened = await desk.open_sync(here.engine, here.orgs, sync.id)
    found = [attributes(opened.saved, name) for name in ("lead", "contact", "member")]
    assert [LS_06, LS_07, {"Status": "session_status", "Livestorm_Replay_Status__c": "replay_status"}] == found


@pytest.mark.shows("LS-03")
async def test_a_registration_is_written_at_once(here, switched_on):
    await here.deliver(switched_on.id, registration(ANN, "p-1", fields={"last_name": "Ray", "company": "Acme"}))
    await here.drain()
    leads = await here.records("SELECT LastName, Company, Email FROM Lead")
    assert [{"LastName": "Ray", "Company": "Acme", "Email": ANN}] == leads
