"""A connection row and the pieces around one org."""

import dataclasses

import httpx2
import pytest
from sqlalchemy import insert

from crosswalk.salesforce.calls import RecordedCalls
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.logins import Token
from crosswalk.settings import Timings
from crosswalk.store import tables
from crosswalk.store.configuration import ConnectionConfig
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg


@pytest.fixture
def timings():
    return Timings()


@pytest.fixture
def connection_config():
    return ConnectionConfig(
        id="connection-1", name="Acme", org=None, settings={}, key_field="Crosswalk_Key__c", slots=1, reserve=0, limit_max=None
    )


@pytest.fixture
async def connection(database, clock, connection_config):
    """Return a stored connection."""
    row = {"id": connection_config.id, "name": connection_config.name, "settings": {}, "slots": 1, "reserve": 0, "created_at": clock.now()}
    async with database.write() as tx:
        await tx.execute(insert(tables.connection), row)
    return dataclasses.replace(connection_config)


HOST = "http://127.0.0.1:8301"


class OrgTokens:
    """Logs in to the local org without a database, and counts the logins."""

    def __init__(self, org):
        self.org, self.logins, self.token = org, 0, None

    async def current(self):
        return self.token or await self.refresh(None)

    async def refresh(self, stale):
        del stale
        self.logins += 1
        self.token = Token(self.org.token, HOST, self.org.org.settings.org_id, self.org.org.user.id, version=self.logins)
        return self.token


@pytest.fixture
def org_settings():
    return OrgSettings()


@pytest.fixture
async def org(org_settings, clock):
    """Return a local org on the test's clock."""
    org = LocalOrg(org_settings, clock)
    yield org
    await org.close()


@pytest.fixture
async def controls(org):
    """Return the org's remote control, a function of a path and a body."""
    async with org.client() as http:

        async def post(path, body):
            answer = await http.post(f"/localorg/{path}", json=body)
            assert answer.is_success, answer.text
            return answer.json()

        yield post


@pytest.fixture
def org_tokens(org):
    return OrgTokens(org)


@pytest.fixture
def journal(ids):
    return RecordedCalls("connection-1", ids.new)


@pytest.fixture
async def client(org, org_tokens, clock, journal, timings):
    async with httpx2.AsyncClient(transport=org.transport()) as http:
        yield Client(http, org_tokens, clock, journal, timings=timings)


@pytest.fixture
def answering(clock, journal, org_tokens, timings):
    """Return a function that makes a client whose every request is answered by a given function."""

    def make(answer):
        return Client(httpx2.AsyncClient(transport=httpx2.MockTransport(answer)), org_tokens, clock, journal, timings=timings)

    return make
