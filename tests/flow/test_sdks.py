"""Published SDKs, unmodified, pointed at a Crosswalk on a real port: what they send becomes Leads (RS-01, RS-02).

The SDKs post from threads of their own, so each is flushed and joined off the loop; what the worker makes of it is asked for until it is
there or a deadline has passed.
"""

import asyncio
import copy
from contextlib import asynccontextmanager

import httpx2
import pytest
import requests
import yaml
from rudderstack import analytics as rudderstack
from rudderstack.analytics import request as rudderstack_request
from segment import analytics as segment
from segment.analytics import request as segment_request
from tests.processes import until

from crosswalk import runtime, serving, workspace
from crosswalk.settings import Settings
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

HOST = "127.0.0.1"
WRITE_KEY = "a-write-key-for-tests"
SALESFORCE = {"Salesforce": True}
WORKSPACE = {
    "connections": [
        {
            "name": "local org",
            "settings": {"login": "client_credentials", "client_id": "localorg"},
            "secrets": {"client_secret": "${CLIENT_SECRET}"},
        }
    ],
    "sources": [{"name": "app", "kind": "rudderstack", "secrets": {"write_key": "${WRITE_KEY}"}}],
    "syncs": [{"name": "people", "connection": "local org", "source": "app", "preset": "rudderstack"}],
}


class Served:
    """A Crosswalk with a worker on a loopback port, and the org it writes to."""

    def __init__(self, url, org):
        self.url = url
        self._org = org

    async def lead(self, email, **fields):
        """Return the Lead of that address once its fields are as given; fail after a deadline."""

        async def found():
            names = ", ".join(["Email", "LastName", "Company", *fields])
            async with self._org.client() as client:
                query = f"SELECT {names} FROM Lead WHERE Email = '{email}'"
                records = (await client.get("/services/data/v60.0/query", params={"q": query})).json()["records"]
            if len(records) == 1 and all(records[0][name] == value for name, value in fields.items()):
                return {name: value for name, value in records[0].items() if name != "attributes"}
            return None

        return await until(found)

    async def leads(self):
        async with self._org.client() as client:
            return (await client.get("/services/data/v60.0/query", params={"q": "SELECT Id FROM Lead"})).json()["totalSize"]


@asynccontextmanager
async def working(parts):
    """Let a worker work as long as the context lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(parts.worker().run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.fixture
async def served(tmp_path):
    org = LocalOrg(OrgSettings())
    settings = Settings(data_dir=tmp_path / "data", key_file=tmp_path / "keys.json", database_url="", host=HOST, port=0)
    async with serving.serving(org.app, serving.listen(HOST, 0)) as org_url, runtime.opened(settings) as parts:
        wanted = copy.deepcopy(WORKSPACE)
        wanted["connections"][0] |= {"org": org.org.settings.org_id}
        wanted["connections"][0]["settings"]["login_url"] = org_url
        file = tmp_path / "workspace.yaml"
        file.write_text(yaml.safe_dump(wanted), "utf-8")
        secrets = {"CLIENT_SECRET": org.org.settings.client_secret, "WRITE_KEY": WRITE_KEY}
        await workspace.apply_file(parts.engine, file, "test", secrets)
        async with serving.serving(parts.app(), serving.listen(HOST, 0)) as url, working(parts):
            yield Served(url, org)
    await org.close()


@pytest.fixture(params=["rudderstack", "segment"])
async def sdk(request, served):
    """Return a client of each SDK; what could not be sent fails the test."""
    problems = []
    module, posting = {"rudderstack": (rudderstack, rudderstack_request), "segment": (segment, segment_request)}[request.param]
    client = module.Client(
        WRITE_KEY, host=served.url, on_error=lambda error, _: problems.append(error), max_retries=2, timeout=10, upload_interval=0.05
    )
    yield client
    await asyncio.to_thread(client.join)
    posting._session.close()
    assert problems == []


async def flush(sdk):
    """Wait until the client has posted everything."""
    async with asyncio.timeout(20):
        await asyncio.to_thread(sdk.flush)


@pytest.mark.shows("RS-01", "RS-02")
async def test_one_identify_of_an_sdk_makes_one_lead(served, sdk):
    sdk.identify("u1", {"email": "ann@x.example", "lastName": "Ray", "company": "Acme"}, integrations=SALESFORCE)
    await flush(sdk)
    assert await served.lead("ann@x.example") == {"Email": "ann@x.example", "LastName": "Ray", "Company": "Acme"}


@pytest.mark.shows("RS-01")
async def test_a_second_identify_of_an_sdk_updates_the_lead(served, sdk):
    for phone in ("111", "222"):
        sdk.identify("u1", {"email": "ann@x.example", "lastName": "Ray", "phone": phone}, integrations=SALESFORCE)
        await flush(sdk)
        await served.lead("ann@x.example", Phone=phone)
    assert await served.leads() == 1


@pytest.mark.shows("RS-01")
async def test_a_hundred_calls_of_an_sdk_make_a_hundred_leads(served, sdk):
    for number in range(100):
        sdk.identify(f"u{number}", {"email": f"p{number}@x.example", "lastName": "Ray"}, integrations=SALESFORCE)
    await flush(sdk)

    async def all_there():
        return await served.leads() == 100

    assert await until(all_there)


@pytest.mark.shows("RS-01", "RS-11")
async def test_other_calls_of_an_sdk_are_taken_and_write_nothing(served, sdk):
    sdk.identify("u1", {"email": "no@x.example"})
    sdk.track("u1", "Opened", {"price": 5})
    sdk.page("u1", "Docs", "Start")
    sdk.screen("u1", "Docs", "Start")
    sdk.group("u1", "g1", {"name": "Acme"})
    sdk.alias("before", "u1")
    sdk.identify("u2", {"email": "ann@x.example", "lastName": "Ray"}, integrations=SALESFORCE)
    await flush(sdk)
    await served.lead("ann@x.example")
    assert await served.leads() == 1


@pytest.mark.shows("RS-01")
async def test_a_call_in_the_shape_of_a_browser_makes_a_lead(served):
    traits = {"email": "web@x.example", "lastName": "Ray"}
    body = {"type": "identify", "anonymousId": "a1", "channel": "web", "context": {"traits": traits}, "integrations": SALESFORCE}
    async with httpx2.AsyncClient(base_url=served.url, auth=(WRITE_KEY, "")) as browser:
        reply = await browser.post("/v1/identify", json=body, headers={"Origin": "https://shop.example"})
    assert (reply.text, (await served.lead("web@x.example"))["LastName"]) == ("ok", "Ray")


@pytest.mark.shows("RS-01")
async def test_a_wrong_write_key_is_refused_as_the_gateway_refuses_it(served):
    def post():
        return requests.post(f"{served.url}/v1/batch", json={"batch": [{}]}, auth=("another", ""), timeout=10)

    reply = await asyncio.to_thread(post)
    assert (reply.status_code, reply.text) == (401, "invalid write key")
