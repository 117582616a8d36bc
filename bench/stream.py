"""From HTTP post to record in the org, which runs on the same machine: how many events a second, and how old they are when they are there.

An org, a `crosswalk serve` on SQLite and this client are a process each. Three loads: the script of a thousand people, whose three events
each may fold into one write; one event of each person, where nothing folds; and a hundred events a second, for their age. Each is measured
several times (`CROSSWALK_BENCH_RUNS`, 5 unless told) with new people; the median is told. An event counts as there when Crosswalk has
read the org's answer about its last row.
"""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import httpx2
from bench import installation, load, rivals, scenario, throughput, webhooks
from bench.figures import Figure
from bench.load import Request
from bench.throughput import Bench
from sqlalchemy import select

from crosswalk.clock import Time
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.database import Database

_PEOPLE = 1_000
_ALONE = 3_000
_STEADY = 1_000
_PER_SECOND = 100
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Load:
    """What one load came to. `events` are those that were posted, repeats included; `cpu_seconds` are those of Crosswalk."""

    events: int
    people: int
    seconds: float
    cpu_seconds: float
    calls: int


async def measure() -> list[Figure]:
    """Measure each load as often as told, all in one installation."""
    runs = int(os.environ.get("CROSSWALK_BENCH_RUNS", "5"))
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with installation.org(folder, "--api-limit", "10000000") as org:
            file = await _prepared(folder, org)
            async with installation.serve(folder, file, installation.settings(folder)) as (served, url):
                database = await Database.open(f"sqlite+aiosqlite:///{folder / 'data' / 'crosswalk.db'}", Time())
                try:
                    bench = Bench(url, org, database, served)
                    await _alone(bench, "first", _PEOPLE)  # describes the org and fills every cache
                    folded = [await _script(bench, run) for run in range(runs)]
                    alone = [await _alone(bench, f"alone-{run}", _ALONE) for run in range(runs)]
                    ages = [await _ages(bench, f"steady-{run}") for run in range(runs)]
                finally:
                    await database.close()
    return [*_rates(folded, alone), *_freshness(ages)]


async def _prepared(folder: Path, org: httpx2.AsyncClient) -> Path:
    """Make an org that knows nobody yet ready for the script and return the workspace file."""
    campaign = await rivals.furnish(org, scenario.script(0, 0))
    sync = {"name": "webinars", "source": "webinars", "document": scenario.mapping(), "campaigns": {webhooks.SESSION: campaign}}
    return installation.workspace(folder, str(org.base_url).rstrip("/"), [sync])


async def _script(bench: Bench, run: int) -> Load:
    script = scenario.script(run, _PEOPLE, first=run * _PEOPLE)
    await rivals.introduce(bench.org, script)
    now = datetime.now(UTC)
    return await _posted(bench, [webhooks.posted(body, now) for body in script.bodies()], _PEOPLE)


async def _alone(bench: Bench, name: str, number: int) -> Load:
    return await _posted(bench, _registrations(name, number), number)


async def _posted(bench: Bench, requests: Sequence[Request], people: int) -> Load:
    calls, cpu, began = await bench.calls(), bench.served.cpu_seconds(), time.perf_counter()
    await load.send(bench.url, requests, _CONNECTIONS)
    await bench.drained()
    seconds = time.perf_counter() - began
    return Load(len(requests), people, seconds, bench.served.cpu_seconds() - cpu, await bench.calls() - calls)


async def _ages(bench: Bench, name: str) -> list[float]:
    """Post a hundred events a second, each of a new person, and return how old each was when it was there, in milliseconds."""
    due = await load.send_steadily(bench.url, _registrations(name, _STEADY), _CONNECTIONS, _PER_SECOND)
    await bench.drained()
    delivery, event = tables.delivery, tables.event
    query = select(event.c.entity_id, delivery.c.state, delivery.c.updated_at).join(event, event.c.id == delivery.c.event_id)
    prefix = f"{webhooks.SESSION}:person-{name}-"
    async with bench.database.read() as tx:
        rows = (await tx.execute(query.where(event.c.entity_id.startswith(prefix)))).all()
    if len(rows) != _STEADY or any(row.state != State.WRITTEN.value for row in rows):
        raise RuntimeError(f"of {_STEADY} events {len(rows)} are there, not all of them written")
    return [1000 * (row.updated_at.timestamp() - due[int(row.entity_id.removeprefix(prefix))]) for row in rows]


def _registrations(name: str, number: int) -> list[Request]:
    now = datetime.now(UTC)
    return [webhooks.posted(throughput.registration(name, place, int(now.timestamp())), now) for place in range(number)]


def _rates(folded: Sequence[Load], alone: Sequence[Load]) -> list[Figure]:
    members = 2  # an event of somebody new writes a lead and a campaign member
    return [
        Figure("events_per_second_end_to_end", "HTTP post to record, three events a person", _middle(folded, _rate), "events/s", "≥ 3,000"),
        Figure("events_per_second_unfolded", "HTTP post to record, one event a person", _middle(alone, _rate), "events/s"),
        Figure("rows_per_second_unfolded", "  rows written by that", members * _middle(alone, _rate), "rows/s"),
        Figure("cpu_per_1000_events", "CPU of crosswalk per 1,000 events, three a person", _middle(folded, _cpu), "s"),
        Figure("cpu_per_1000_events_unfolded", "CPU of crosswalk per 1,000 events, one a person", _middle(alone, _cpu), "s"),
        Figure("cpu_per_1000_people", "CPU of crosswalk per 1,000 people, three events each", _middle(folded, _cpu_of_people), "s"),
        Figure("script_calls_per_1000_people", "API calls per 1,000 people as their three events arrive", _middle(folded, _calls), "calls"),
    ]


def _freshness(ages: Sequence[Sequence[float]]) -> list[Figure]:
    cuts = [quantiles(several, n=100) for several in ages]
    label = f"post to record at {_PER_SECOND} events/s"
    return [
        Figure("freshness_p50_ms", f"{label}, half of them within", median(cut[49] for cut in cuts), "ms"),
        Figure("freshness_p95_ms", f"{label}, 95 % within", median(cut[94] for cut in cuts), "ms", "< 1,000"),
    ]


def _middle(loads: Sequence[Load], value: Callable[[Load], float]) -> float:
    return median(value(one) for one in loads)


def _rate(one: Load) -> float:
    return one.events / one.seconds


def _cpu(one: Load) -> float:
    return 1000 * one.cpu_seconds / one.events


def _cpu_of_people(one: Load) -> float:
    return 1000 * one.cpu_seconds / one.people


def _calls(one: Load) -> float:
    return 1000 * one.calls / one.people
