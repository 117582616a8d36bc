"""Crosswalk and its peers on the same script in the same org, one after the other: calls, speed, wrong records, and their ratios.

Once with an org that answers at once, once with one that takes 50 ms a call; there the script is shorter, because peers wait for each
call. Replies are lost, rows locked; so waits that are minutes with a real org are set to seconds (settling after 3 s).
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from bench import checker, installation, load, peers, scenario, webhooks
from bench.checker import Verdict
from bench.figures import Figure
from bench.scenario import Script
from sqlalchemy import func, select

from crosswalk.clock import Time
from crosswalk.journal import stats
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.database import Database

_SEED = 2026
_RUNS = ((1_000, 0), (100, 50))  # people, latency in ms
_CONNECTIONS = 64
_PATIENCE_SECONDS = 300
_WRITTEN = frozenset({"Lead", "Contact", "CampaignMember"})
_SCALED = {"send_timeout": 2, "settle": 3, "busy_retry": 0.5, "claimed_retry": 0.2}
_ORG_LIMIT = ("--max-request-seconds", "2", "--api-limit", "10000000")


@dataclass(frozen=True, slots=True)
class Run:
    """What one of them did."""

    people: int
    events: int
    seconds: float
    calls: int
    rows: int
    silent: int
    verdict: Verdict

    @property
    def calls_per_1000(self) -> float:
        """API calls for every thousand people."""
        return 1000 * self.calls / self.people

    @property
    def wrong(self) -> int:
        """Records that are wrong, and events nobody can account for."""
        return self.verdict.wrong + self.silent


async def measure() -> list[Figure]:
    """Run both with each latency."""
    return [figure for people, latency_ms in _RUNS for figure in await _compared(people, latency_ms)]


async def _compared(people: int, latency_ms: int) -> list[Figure]:
    script = scenario.script(_SEED, people)
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with installation.org(folder, "--latency-ms", str(latency_ms), *_ORG_LIMIT) as org:
            campaign = await furnish(org, script)
            (await org.post("/localorg/snapshot", json={})).raise_for_status()
            ours = await _run(org, script, lambda: _crosswalk(folder, org, script, campaign))
            theirs = await _run(org, script, lambda: _peers(org, script, campaign))
    return _figures(ours, theirs, latency_ms)


async def furnish(org: httpx2.AsyncClient, script: Script) -> str:
    """Define the fields, put in who is known before, and return the id of the campaign."""
    await installation.key_fields(org)
    (campaign,) = await installation.seeded(org, "Campaign", [{"Name": "Bench"}])
    labels = [{"CampaignId": campaign, "Label": label} for label in scenario.LADDER[1:]]
    await installation.seeded(org, "CampaignMemberStatus", labels)
    await introduce(org, script)
    return campaign


async def introduce(org: httpx2.AsyncClient, script: Script) -> None:
    """Put in who is known before."""
    known = scenario.records(script)
    await installation.seeded(org, "Lead", known["Lead"])
    contacts = await installation.seeded(org, "Contact", known["Contact"])
    await installation.seeded(org, "Lead", scenario.converted(script, contacts))


async def _run(org: httpx2.AsyncClient, script: Script, work: Callable[[], Awaitable[int]]) -> Run:
    """Let somebody work through the script in the org as it was, with all that fails, and judge."""
    (await org.post("/localorg/restore", json={})).raise_for_status()
    await org.delete("/localorg/faults")
    (await org.post("/localorg/faults", json=scenario.faults(_SEED))).raise_for_status()
    await org.delete("/localorg/calls")
    began = time.perf_counter()
    silent = await work()
    seconds = time.perf_counter() - began
    calls = int((await org.get("/localorg/calls")).json()["used"])
    writes = (await org.get("/localorg/writes")).json()
    verdict = checker.check(script, (await org.get("/localorg/export")).text, writes)
    rows = sum(1 for write in writes if write["object"] in _WRITTEN)
    return Run(len(script.people), len(script.arrivals), seconds, calls, rows, silent, verdict)


async def _crosswalk(folder: Path, org: httpx2.AsyncClient, script: Script, campaign: str) -> int:
    """Post the script to a `crosswalk serve` and return how many events it does not account for."""
    sync = {"name": "webinars", "source": "webinars", "document": scenario.mapping(), "campaigns": {webhooks.SESSION: campaign}}
    file = installation.workspace(folder, str(org.base_url).rstrip("/"), [sync])
    async with installation.serve(folder, file, installation.settings(folder, "", **_SCALED)) as (_, url):
        now = datetime.now(UTC)
        await load.send(url, [webhooks.posted(body, now) for body in script.bodies()], _CONNECTIONS)
        database = await Database.open(f"sqlite+aiosqlite:///{folder / 'data' / 'crosswalk.db'}", Time())
        try:
            return await _unaccounted(database, len(script.arrivals))
        finally:
            await database.close()


async def _unaccounted(database: Database, posted: int) -> int:
    delivery = tables.delivery

    async def nothing_waits() -> bool:
        async with database.read() as tx:
            return not await tx.scalar(select(func.count()).where(delivery.c.state == State.WAITING.value))

    await installation.until(nothing_waits, _PATIENCE_SECONDS)
    async with database.read() as tx:
        sums = await stats.sums(tx)
    unhappy = sums.by_state[State.HELD] + sums.by_state[State.SKIPPED]
    return unhappy + abs(posted - sums.received.received) + (0 if sums.hold else 1)


async def _peers(org: httpx2.AsyncClient, script: Script, campaign: str) -> int:
    result = await asyncio.to_thread(peers.run, str(org.base_url).rstrip("/"), campaign, list(script.bodies()))
    return result.given_up


def _figures(ours: Run, theirs: Run, latency_ms: int) -> list[Figure]:
    found: list[Figure] = []
    for who, run in (("crosswalk", ours), ("simple_salesforce", theirs)):
        label = f"{who.replace('_', '-')}, {run.people:,} people, {latency_ms} ms:"
        verdict = run.verdict
        counts = f"{len(verdict.duplicates)} double, {len(verdict.damaged)} damaged, {len(verdict.lost)} lost, "
        counts += f"{len(verdict.backwards)} back, {run.silent} silent"
        found += [
            Figure(f"{who}_{latency_ms}ms_calls_per_1000_people", f"{label} API calls per 1,000 people", run.calls_per_1000, "calls"),
            Figure(f"{who}_{latency_ms}ms_events_per_second", f"{label} events", run.events / run.seconds, "events/s"),
            Figure(f"{who}_{latency_ms}ms_rows_per_second", f"{label} rows written", run.rows / run.seconds, "rows/s"),
            Figure(f"{who}_{latency_ms}ms_wrong", f"{label} wrong records", run.wrong, f"({counts})", "0" if run is ours else ""),
        ]
    fewer, faster = theirs.calls_per_1000 / ours.calls_per_1000, (ours.events / ours.seconds) / (theirs.events / theirs.seconds)
    return [
        *found,
        Figure(f"ratio_{latency_ms}ms_calls", f"  {latency_ms} ms: API calls of simple-salesforce for one of crosswalk", fewer, "times"),
        Figure(f"ratio_{latency_ms}ms_speed", f"  {latency_ms} ms: events of crosswalk for one of simple-salesforce", faster, "times"),
    ]
