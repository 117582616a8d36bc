"""A store that is full or busy: the sender is told when to come back, and nothing counts as taken."""

import asyncio
from dataclasses import replace

import httpx2
import pytest
from prometheus_client import CollectorRegistry

from crosswalk.inbox.receive import Receiver
from crosswalk.settings import Settings
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.web.app import create_app

WRITE_KEY = "2AbCdEfGhIjKlMn"


class TestFullQueue:
    @pytest.fixture
    def settings(self):
        return Settings(commit_wait_ms=0, queue_limit=1)

    async def test_overload_is_429_with_a_time_to_come_back(self, client, services, database, basic):
        await services.configuration.current()
        async with database.write():  # nobody can commit while this is open
            first = [asyncio.create_task(client.post("/v1/track", json={"userId": f"u{n}"}, headers=basic())) for n in range(4)]
            done, waiting = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        answers = await asyncio.gather(*waiting)
        refused = [task.result() for task in done]
        assert ({answer.status_code for answer in refused}, {answer.headers["retry-after"] for answer in refused}) == ({429}, {"1"})
        assert {answer.status_code for answer in answers} <= {200, 429}

    async def test_every_answered_200_is_stored(self, client, basic, rows):
        answers = await asyncio.gather(*(client.post("/v1/track", json={"userId": f"u{n}"}, headers=basic()) for n in range(20)))
        assert len(await rows(tables.event)) == sum(answer.status_code == 200 for answer in answers)


@pytest.fixture
async def client_in_outage(services, clock, vault, ids, settings):
    """Speak to a process that knows its configuration and has lost its database."""
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/gone", clock)
    receiver = Receiver(gone, vault, clock, ids, services.configuration, settings)
    app = create_app(replace(services, engine=replace(services.engine, database=gone), receiver=receiver, metrics=CollectorRegistry()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://crosswalk.example") as client:
        yield client
    await receiver.close()
    await gone.close()


async def test_a_hook_is_503_while_the_database_is_away(client_in_outage, signed, sample_bytes):
    body = sample_bytes("livestorm/webhook_people_registered.json")
    answer = await client_in_outage.post("/hooks/webinars/hook-token-1", content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "store_busy", "1")


async def test_the_data_plane_is_503_while_the_database_is_away(client_in_outage, basic):
    answer = await client_in_outage.post("/v1/identify", json={"userId": "u"}, headers=basic())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_pixel_that_is_not_kept_is_an_image_but_no_200(client_in_outage):
    answer = await client_in_outage.get("/pixel/v1/page", params={"writeKey": WRITE_KEY, "anonymousId": "a"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "image/gif")


async def test_not_ready_while_the_database_is_away(client_in_outage):
    assert (await client_in_outage.get("/readyz")).status_code == 503


async def test_a_refusal_is_answered_even_when_its_trace_cannot_be_kept(client_in_outage):
    answer = await client_in_outage.post("/hooks/webinars/hook-token-1", content=b"{}")
    assert answer.status_code == 401
