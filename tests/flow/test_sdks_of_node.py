"""RudderStack's and Segment's Node clients, unmodified and with their defaults, against a Crosswalk on a real port, on good days and bad.

One program posts for both clients to all places at once, so that their pauses overlap; the tests look at what came of it.
"""

import asyncio
import gzip
import json
from collections import Counter
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from tests import node_programs
from tests.processes import until
from tests.served import HOST, WRITE_KEY, crosswalk_and_org

from crosswalk import serving

SDKS = ("rudderstack", "segment")
PEOPLE = 25
BUSY, BROKEN, LOST = "busy", "broken", "lost"
BAD_DAYS = (BUSY, BROKEN, LOST)
PLACES = ("direct", *BAD_DAYS)


class BadDays:
    """A line to Crosswalk on which every batch fails once: it is refused, or the answer to it is lost."""

    def __init__(self, url):
        self.requests = []
        self._url = url

    def app(self):
        return Starlette(routes=[Route("/{day}/v1/batch", self._post, methods=["POST"])])

    async def _post(self, request):
        day, raw = request.path_params["day"], await request.body()
        coding = request.headers.get("content-encoding", "")
        batch = json.loads(gzip.decompress(raw) if coding else raw)["batch"]
        sdk = batch[0]["userId"].partition("-")[0]
        message_ids = tuple(call["messageId"] for call in batch)
        first = message_ids not in {ids for *_, ids in self.requests}
        self.requests.append((sdk, day, coding, message_ids))
        if first and day == BUSY:
            return Response("max requests limit reached", 429, {"retry-after": "1"})
        if first and day == BROKEN:
            return Response("service unavailable", 500)
        passed_on = ("authorization", "content-type", "content-encoding", "user-agent")
        headers = {name: request.headers[name] for name in passed_on if name in request.headers}
        async with httpx2.AsyncClient() as client:
            reply = await client.post(f"{self._url}/v1/batch", content=raw, headers=headers)
        return Response("", 502) if first else Response(reply.content, reply.status_code)


class Told:
    """What the clients were told to send and complained of, and what Crosswalk, the org and the line saw."""

    def __init__(self, outcomes, events, leads, requests):
        self.sent = {(one["sdk"], one["place"]): [tuple(call) for call in one["sent"]] for one in outcomes}
        self.problems = {(one["sdk"], one["place"]): one["problems"] for one in outcomes}
        self.events, self.leads, self.requests = events, leads, requests


@asynccontextmanager
async def bad_days(url):
    line = BadDays(url)
    async with serving.serving(line.app(), serving.listen(HOST, 0)) as address:
        yield line, address


async def tell(folder):
    async with crosswalk_and_org(folder) as served, bad_days(served.url) as (line, address):
        places = [{"name": "direct", "host": served.url, "path": "/v1/batch"}]
        places += [{"name": day, "host": address, "path": f"/{day}/v1/batch"} for day in BAD_DAYS]
        places += [{"name": "stranger", "host": served.url, "path": "/v1/batch", "key": "another"}]
        task = {"writeKey": WRITE_KEY, "people": PEOPLE, "places": places}
        outcomes = await node_programs.seen("calls.mjs", json.dumps(task))

        async def written():
            return await served.leads() >= len(SDKS) * len(PLACES) * PEOPLE

        await until(written)
        leads = await served.query("SELECT Email, LastName FROM Lead")
        return Told(outcomes, await served.events(), leads, line.requests)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return asyncio.run(tell(tmp_path_factory.mktemp("told")))


@pytest.mark.shows("RS-01", "P2")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sdk", SDKS)
def test_every_call_arrives_once_whatever_happened_to_its_batch(told, sdk, place):
    mine = [(payload["userId"], payload["type"]) for _, payload in told.events if payload["userId"].startswith(f"{sdk}-{place}-")]
    assert Counter(told.sent[sdk, place]) == Counter(mine)


@pytest.mark.shows("RS-01", "RS-02", "P3")
@pytest.mark.parametrize("sdk", SDKS)
def test_every_person_is_one_lead(told, sdk):
    expected = {f"{sdk}-{place}-{number}@x.example" for place in PLACES for number in range(PEOPLE)}
    mine = [lead["Email"] for lead in told.leads if lead["Email"].startswith(sdk)]
    assert sorted(expected) == sorted(mine)


@pytest.mark.shows("RS-01")
@pytest.mark.parametrize("sdk", SDKS)
def test_a_client_whose_batches_were_taken_in_the_end_complains_of_nothing(told, sdk):
    assert [] == [problem for place in PLACES for problem in told.problems[sdk, place]]


@pytest.mark.parametrize("day", BAD_DAYS)
@pytest.mark.parametrize("sdk", SDKS)
def test_every_batch_that_failed_is_sent_once_more_as_it_was(told, sdk, day):
    tries = Counter(ids for who, when, _, ids in told.requests if (who, when) == (sdk, day))
    assert {2} == set(tries.values())


@pytest.mark.shows("RS-01")
@pytest.mark.parametrize(("sdk", "coding", "largest"), [("rudderstack", "gzip", 20), ("segment", "", 15)])
def test_batches_come_packed_as_the_client_packs_them(told, sdk, coding, largest):
    mine = [(how, len(ids)) for who, _, how, ids in told.requests if who == sdk]
    assert ({coding}, largest) == ({how for how, _ in mine}, max(size for _, size in mine))


@pytest.mark.shows("RS-30")
@pytest.mark.parametrize("sdk", SDKS)
def test_calls_other_than_identify_are_taken_and_unrouted(told, sdk):
    kinds = {(payload["type"], status) for status, payload in told.events if payload["userId"].startswith(sdk)}
    assert {("identify", "routed"), *((kind, "unrouted") for kind in ("track", "page", "screen", "group", "alias"))} == kinds


@pytest.mark.parametrize("sdk", SDKS)
def test_a_client_with_another_write_key_is_told_so_for_every_call(told, sdk):
    problems = told.problems[sdk, "stranger"]
    assert (PEOPLE + 5, True) == (len(problems), all("401" in problem for problem in problems))
