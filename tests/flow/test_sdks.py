"""Published SDKs, unmodified, pointed at a Crosswalk on a real port: what they send becomes Leads (RS-01, RS-02).

The SDKs post from threads of their own, so each is flushed and joined off the loop; what the worker makes of it is asked for until it is
there or a deadline has passed.
"""

import asyncio

import httpx2
import pytest
import requests
from rudderstack import analytics as rudderstack
from rudderstack.analytics import request as rudderstack_request
from segment import analytics as segment
from segment.analytics import request as segment_request
from tests.processes import until
from tests.served import WRITE_KEY, crosswalk_and_org

SALESFORCE = {"Salesforce": True}


@pytest.fixture
async def served(tmp_path):
    async with crosswalk_and_org(tmp_path) as made:
        yield made


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
