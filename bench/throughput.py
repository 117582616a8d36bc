"""What posts cost, and how many API calls people who arrive one by one: an org, a `crosswalk serve` on SQLite and this client.

Each is a process of its own; the client posts as fast as it is answered. API calls are counted by the org.
"""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from bench import installation, load, webhooks
from bench.figures import Figure
from bench.installation import SECRETS, Process
from bench.load import Request
from sqlalchemy import func, select

from crosswalk.clock import Time
from crosswalk.reasons import State
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.database import Database

_POSTS = 4_000
_ALONE = 500
_PEOPLE = 1_000
_CONNECTIONS = 64
_PATIENCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that runs."""

    url: str
    org: httpx2.AsyncClient
    database: Database
    served: Process

    async def drained(self) -> None:
        """Return when no delivery of a running sync waits any more."""
        delivery = tables.delivery
        waiting = select(func.count()).where((delivery.c.state == State.WAITING.value) & (delivery.c.reason != "sync_paused"))

        async def nothing_waits() -> bool:
            async with self.database.read() as tx:
                return not await tx.scalar(waiting)

        await installation.until(nothing_waits, _PATIENCE_SECONDS)

    async def calls(self) -> int:
        """Return the API calls the org has counted."""
        return int((await self.org.get("/localorg/calls")).json()["used"])


async def measure() -> list[Figure]:
    """Measure posts alone, then people in a cold and in a warm process."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with installation.org(folder, "--api-limit", "1000000") as org:
            file = await prepared(folder, org)
            environment = installation.settings(folder)
            async with installation.serve(folder, file, environment) as (served, url):
                database = await Database.open(f"sqlite+aiosqlite:///{folder / 'data' / 'crosswalk.db'}", Time())
                try:
                    return await _measured(Bench(url, org, database, served))
                finally:
                    await database.close()


async def prepared(folder: Path, org: httpx2.AsyncClient) -> Path:
    """Make the org ready for the webinar preset and return a workspace file with that sync and one that is paused."""
    await installation.key_fields(org)
    (campaign,) = await installation.seeded(org, "Campaign", [{"Name": "Bench"}])
    labels = ("Registered", "Did not attend", "Attended")
    await installation.seeded(org, "CampaignMemberStatus", [{"CampaignId": campaign, "Label": label} for label in labels])
    running = {"name": "webinars", "source": "webinars", "preset": "livestorm", "campaigns": {webhooks.SESSION: campaign}}
    resting = {"name": "app", "source": "app", "preset": "rudderstack", "state": "paused"}
    return installation.workspace(folder, str(org.base_url).rstrip("/"), [running, resting])


async def _measured(bench: Bench) -> list[Figure]:
    alone = await _posts_a_second(bench, _calls_of_an_app("alone", _ALONE), 1)
    before = (bench.served.cpu_seconds(), time.process_time())
    together = await _posts_a_second(bench, _calls_of_an_app("together", _POSTS), _CONNECTIONS)
    of_server, of_client = bench.served.cpu_seconds() - before[0], time.process_time() - before[1]
    cold = await _people(bench, "cold", _PEOPLE)
    warm = await _people(bench, "warm", _PEOPLE)
    return [
        Figure("posts_per_second", f"single-event posts, durable commit, {_CONNECTIONS} connections", together, "posts/s"),
        Figure("posts_cpu_per_1000", "  processor time of crosswalk per 1,000 of them", of_server * 1000 / _POSTS, "s"),
        Figure("posts_client_share", "  this client's share of all processor time", 100 * of_client / (of_server + of_client), "%"),
        Figure("posts_per_second_one_connection", "single-event posts, durable commit, one connection", alone, "posts/s"),
        Figure("stream_calls_per_1000_people_cold", "API calls per 1,000 people as they arrive, cold start", cold, "calls"),
        Figure("stream_calls_per_1000_people_warm", "API calls per 1,000 people as they arrive, warm", warm, "calls"),
        Figure("peak_memory_bytes", "peak memory of the crosswalk process", bench.served.peak_memory_bytes() / 2**20, "MiB"),
    ]


async def _posts_a_second(bench: Bench, requests: Sequence[Request], connections: int) -> float:
    began = time.perf_counter()
    await load.send(bench.url, requests, connections)
    return len(requests) / (time.perf_counter() - began)


async def _people(bench: Bench, name: str, number: int) -> int:
    """Let so many new people register and return the API calls it took until all of it was written."""
    now = datetime.now(UTC)
    requests = [webhooks.posted(registration(name, place, int(now.timestamp())), now) for place in range(number)]
    before = await bench.calls()
    await load.send(bench.url, requests, _CONNECTIONS)
    await bench.drained()
    return await bench.calls() - before


def registration(name: str, place: int, at: int) -> bytes:
    """Return the webhook of one new person."""
    answers = {"first_name": "Ann", "last_name": f"Berg {place}", "company": "Northwind", "job_title": "Head of Operations", "city": "Lyon"}
    return webhooks.webhook(webhooks.REGISTERED, f"person-{name}-{place}", at, f"{name}.{place}@northwind.example", answers)


def _calls_of_an_app(name: str, number: int) -> list[Request]:
    headers = registry.source("rudderstack").sign(b"", SECRETS["WRITE_KEY"], datetime.now(UTC), {})
    return [load.post("/v1/identify", headers, _identify(name, place)) for place in range(number)]


def _identify(name: str, place: int) -> bytes:
    traits = {
        "email": f"app.{name}.{place}@northwind.example",
        "firstName": "Ann",
        "lastName": "Berg",
        "company": "Northwind",
        "plan": "team",
    }
    call = {"type": "identify", "userId": f"u-{name}-{place}", "messageId": f"m-{name}-{place}", "traits": traits}
    return json.dumps({**call, "timestamp": "2026-03-04T08:00:00.000Z", "integrations": {"Salesforce": True}}).encode()
