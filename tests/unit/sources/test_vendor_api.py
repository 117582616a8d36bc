import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.vendors.clock import WindingClock
from tests.vendors.trouble import Troubles

from crosswalk.errors import RetryLater, SkipRecord, SourceRefusedError
from crosswalk.sources.vendor_api import ApiUrl, VendorApi

SECRET = "planted-token"


class Vendor:
    """A system with one resource."""

    def __init__(self):
        self.clock = WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))
        self.troubles = Troubles()
        self.seen = []
        self.asked = asyncio.Event()
        app = Starlette(routes=[Route("/v1/things", self._things, methods=["GET", "POST"])])
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
        self.api = VendorApi(self.http, self.clock, "http://127.0.0.1:9/v1", {"Authorization": SECRET}, vendor="Acme")

    async def _things(self, request):
        self.seen.append((request.headers.get("authorization"), str(request.url.query), await request.body()))
        self.asked.set()
        return await self.troubles.answer(request) or JSONResponse({"things": [1]})

    async def error(self, kind=RetryLater):
        with pytest.raises(kind) as caught:
            await self.api.get("things")
        return caught.value


@pytest.fixture
async def vendor():
    made = Vendor()
    yield made
    await made.http.aclose()


async def test_an_answer_is_parsed(vendor):
    assert await vendor.api.get("things") == {"things": [1]}


async def test_credentials_and_parameters_are_sent(vendor):
    await vendor.api.get("things", {"page": 0})
    assert vendor.seen == [(SECRET, "page=0", b"")]


async def test_a_body_is_posted_as_json(vendor):
    await vendor.api.post("things", {"filters": {}})
    assert vendor.seen[0][2] == b'{"filters":{}}'


async def test_credentials_may_be_made_anew_for_each_call(vendor):
    tokens = iter(["one", "two"])
    api = VendorApi(vendor.http, vendor.clock, "http://127.0.0.1:9/v1", lambda: {"Authorization": next(tokens)}, vendor="Acme")
    await api.get("things")
    await api.get("things")
    assert [seen[0] for seen in vendor.seen] == ["one", "two"]


async def test_an_empty_answer_is_none(vendor):
    vendor.troubles.order(status=200)
    assert await vendor.api.get("things") is None


async def test_a_short_wait_the_vendor_names_is_sat_out(vendor):
    vendor.troubles.order(status=429, headers={"retry-after": "7"})
    began = vendor.clock.now()
    await vendor.api.get("things")
    assert timedelta(seconds=7) == vendor.clock.now() - began


async def test_a_long_wait_the_vendor_names_is_passed_on(vendor):
    vendor.troubles.order(status=429, headers={"retry-after": "3600"})
    due = vendor.clock.now() + timedelta(hours=1)
    assert (await vendor.error()).due == due


async def test_a_refused_burst_without_a_time_waits_a_minute(vendor):
    vendor.troubles.order(status=429)
    due = vendor.clock.now() + timedelta(minutes=1)
    assert (await vendor.error()).due == due


async def test_endless_short_waits_end(vendor):
    vendor.troubles.order(status=429, headers={"retry-after": "1"}, times=99)
    assert (await vendor.error()).facts["status"] == 429


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 503, "body": "<html>", "content_type": "text/html"},
        {"status": 408},
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 200, "body": '{"cut": '},
        {"status": 200, "body": '{"n": NaN}'},
        {"drop": True},
    ],
    ids=["500", "503 in HTML", "408", "HTML with 200", "cut JSON", "no JSON", "dropped"],
)
async def test_what_passes_by_itself_is_asked_again_later(vendor, trouble):
    vendor.troubles.order(**trouble)
    assert (await vendor.error()).due > vendor.clock.now()


async def test_silence_ends_by_the_clock(vendor):
    vendor.troubles.order(hang=True)
    asked = asyncio.ensure_future(vendor.error())
    await vendor.asked.wait()
    vendor.clock.advance(91)
    assert (await asked).facts == {"cause": "TimeoutError"}


@pytest.mark.parametrize("status", [400, 401, 403, 422, 302])
async def test_a_refusal_waits_for_a_person(vendor, status):
    vendor.troubles.order(status=status, headers={"location": "https://elsewhere.example"})
    assert (await vendor.error(SourceRefusedError)).status == status


async def test_what_is_not_there_is_skipped(vendor):
    vendor.troubles.order(status=404)
    assert (await vendor.error(SkipRecord)).facts["path"] == "things"


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_no_error_holds_the_credentials_or_the_answer(vendor, status):
    vendor.troubles.order(status=status, body='{"detail": "ines@x.example"}')
    error = await vendor.error(Exception)
    told = f"{error} {error.facts}"
    assert (SECRET in told, "ines" in told) == (False, False)


async def test_calls_are_counted(vendor):
    vendor.troubles.order(status=500)
    await vendor.error()
    await vendor.api.get("things")
    assert vendor.api.calls == 2


class Settings(BaseModel):
    api_url: ApiUrl


@pytest.mark.parametrize("address", ["http://127.0.0.1:8123/v1", "http://localhost:1", "https://[::1]:5"])
def test_a_simulator_of_this_machine_may_be_set(address):
    assert Settings(api_url=address).api_url == address


@pytest.mark.parametrize(
    "address", ["https://api.livestorm.example", "http://127.0.0.1.x.example", "ftp://localhost", "localhost", "http://10.0.0.1"]
)
def test_no_other_address_gets_the_credentials(address):
    with pytest.raises(ValidationError):
        Settings(api_url=address)
