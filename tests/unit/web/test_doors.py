"""What programs post goes past the layers made for pages, and is answered and counted as if it had not."""

from dataclasses import replace

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from crosswalk.web.app import create_app

HOOK = "/hooks/webinars/hook-token-1"


@pytest.fixture
async def broken(services):
    """Speak to a process with a mistake in it that nobody expected."""
    app = create_app(replace(services, receiver=None, metrics=CollectorRegistry()))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://crosswalk.example") as client:
        yield client


async def test_a_mistake_is_500_so_that_the_sender_comes_back(broken, basic):
    answer = await broken.post("/v1/track", json={"userId": "u"}, headers=basic())
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")


@pytest.mark.parametrize("origin", [{}, {"origin": "https://shop.example"}])
async def test_a_page_of_another_origin_may_read_the_answer_and_nobody_else_is_told_so(client, basic, origin):
    answer = await client.post("/v1/track", json={"userId": "u"}, headers={**basic(), **origin})
    assert (answer.text, answer.headers.get("access-control-allow-origin")) == ("ok", origin.get("origin"))


async def test_every_request_is_counted_by_the_template_of_its_address(client, services, basic, signed, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    await client.post(HOOK, content=body, headers=signed(body))
    await client.post("/v1/track", json={"userId": "u"}, headers=basic())
    await client.post("/v1/track", json={"userId": "u"}, headers={**basic(), "origin": "https://shop.example"})
    counted = {
        route: services.metrics.get_sample_value("crosswalk_http_requests_total", {"method": "POST", "route": route, "status": "200"})
        for route in ("/hooks/{source}/{token}", "/v1/track")
    }
    assert counted == {"/hooks/{source}/{token}": 1, "/v1/track": 2}


@pytest.mark.parametrize("path", ["/hooks/webinars", "/hooks/webinars/", "/hooks//hook-token-1", "/hooks/webinars/hook-token-1/more"])
async def test_an_address_that_is_none_is_not_found(client, path):
    assert (await client.post(path, content=b"{}")).status_code == 404
