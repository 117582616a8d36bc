"""Custom objects that transcripts can be tied to: listed, given a lookup after a look at the change, and then available."""

import pytest
from tests import console
from tests.flow.provisioned import fields, provision

from crosswalk.presets import loader
from localorg.custom_objects import custom_object

TRANSCRIPT = "Chat_Transcript__c"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
async def app(fresh):
    """Serve the console beside an org with a transcript object and an object of the admin's own, and a source with a sync into it."""
    given = {"label": "Invoice", "pluralLabel": "Invoices", "nameField": {"label": "Invoice Name", "type": "Text"}}
    fresh.org.org.add_object(custom_object("Invoice__c", given, 1))
    await provision(fresh, "liveperson")
    fresh.source_id = await fresh.add_source("liveperson", {"account_id": "87412093"})
    await fresh.add_sync(fresh.source_id, loader.load("liveperson").document)
    async with console.beside(fresh) as served:
        yield served


def address(fresh):
    return f"/api/sources/{fresh.source_id}/objects"


async def listed(app, fresh):
    found = (await app.owner.api("GET", f"{address(fresh)}?connection_id={fresh.connection_id}")).json()["items"]
    return {one["name"]: (one["available"], one["sentence"]) for one in found}


async def ask(app, fresh, who=None, **body):
    body = {"connection_id": fresh.connection_id, "object": "Invoice__c", **body}
    return await (who or app.owner).api("POST", address(fresh), json=body)


@pytest.mark.shows("LP-32", "LP-108")
async def test_an_object_without_a_lookup_is_listed_with_the_reason(app, fresh):
    said = "Needs a lookup: there is no lookup from the transcript object (Chat Transcript)."
    assert {"Invoice__c": (False, said)} == await listed(app, fresh)


@pytest.mark.shows("LP-32")
async def test_the_lookup_is_made_when_it_is_confirmed_and_the_object_is_available_afterwards(app, fresh):
    looked = (await ask(app, fresh)).json()
    before = "Invoice__c" in await fields(fresh, TRANSCRIPT)
    made = (await ask(app, fresh, confirmed=True)).json()
    assert (False, True, []) == (looked["made"], made["made"], made["obstacles"])
    assert looked["steps"] == made["steps"]
    assert (False, ["Invoice__c"]) == (before, (await fields(fresh, TRANSCRIPT))["Invoice__c"]["referenceTo"])
    assert {"Invoice__c": (True, "Available: Chat Transcript has a lookup to it.")} == await listed(app, fresh)


@pytest.mark.shows("LP-32", "LP-108")
async def test_the_page_says_what_an_object_needs_and_its_button_makes_it_after_a_look_at_the_change(app, fresh):
    here = f"/sources/{fresh.source_id}/objects"
    before = (await app.owner.get(here)).text
    change = (await app.owner.get(f"{here}/{fresh.connection_id}/Invoice__c")).text
    answer = await app.owner.post(here, {"connection": fresh.connection_id, "object": "Invoice__c"})
    after = (await app.owner.get(answer.headers["location"])).text
    button, field = "Create the lookup to Invoice", f"Custom field {TRANSCRIPT}.Invoice__c, Lookup"
    assert [True, True, True] == ["Needs a lookup" in before, button in before, "no lookup from the transcript object" in before]
    assert [True, True, False] == [field in change, "Available" in after, button in after]


async def test_a_lookup_that_is_there_or_an_object_that_is_not_are_refused(app, fresh):
    await ask(app, fresh, confirmed=True)
    answers = [await ask(app, fresh, confirmed=True), await ask(app, fresh, object="Nowhere__c")]
    assert [(409, "already_linked"), (404, "no_such_object")] == [(one.status_code, one.json()["code"]) for one in answers]


@pytest.mark.parametrize("role", ["viewer", "operator"])
async def test_only_who_configures_the_connection_makes_a_lookup(app, fresh, role):
    assert 403 == (await ask(app, fresh, await app.user(role, {fresh.connection_id: role}), confirmed=True)).status_code


async def test_a_source_whose_records_take_no_lookups_has_no_such_page(app, fresh):
    source_id = await fresh.add_source("livestorm")
    answers = [await app.owner.get(f"/sources/{source_id}/objects"), await app.owner.get(f"/sources/{source_id}")]
    assert (404, False) == (answers[0].status_code, "/objects" in answers[1].text)
