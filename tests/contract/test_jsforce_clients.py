"""jsforce, unpatched, against the local org on a real port: the scripts of `tests/node` print what they saw."""

import pytest
from tests.node_programs import seen

from localorg.app import create_app
from localorg.server import running


@pytest.fixture
async def org():
    app = create_app()
    async with running(app) as url:
        yield app.state.org, url


async def test_jsforce_logs_in_writes_queries_pages_and_asks_who_it_is(org):
    org, url = org
    found = await seen("records.mjs", url, org.settings.username, org.settings.password + org.settings.security_token)
    assert found == {
        "organization": org.settings.org_id,
        "title": "Head of things",
        "created": 450,
        "refused": "REQUIRED_FIELD_MISSING",
        "queried": 450,
        "total": 450,
        "found": ["Head of things"],
        "described": True,
        "searched": ["O'Neil"],
        "identity": org.settings.username,
        "left": 0,
        "usage": org.settings.api_limit,
    }


async def test_jsforce_loads_and_queries_by_both_versions_of_the_bulk_api(org):
    org, url = org
    refusal = "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    found = await seen("bulk.mjs", url, org.sessions.issue(org.user, org.clock.now()))
    assert found == {
        "firstStored": 499,
        "firstRefused": [refusal],
        "secondStored": 499,
        "secondRefused": [['Acme, "7"', refusal]],
        "secondUnprocessed": 0,
        "inUploadOrder": False,
        "queried": [499, 499],
        "company": 'Acme, "3"',
        "deleted": 10,
    }


async def test_jsforce_makes_objects_and_fields_by_tooling_and_metadata(org):
    org, url = org
    found = await seen("schema.mjs", url, org.sessions.issue(org.user, org.clock.now()))
    assert found == {
        "tooling": True,
        "toolingQuery": ["Made_By_Tooling"],
        "object": True,
        "field": True,
        "read": "Visit",
        "hidden": True,
        "permissions": True,
        "assigned": True,
        "shown": True,
        "described": True,
        "listed": True,
    }
