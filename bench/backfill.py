"""Files: `crosswalk run` over a thousand people in a fresh installation, over as many again, and over a large table.

This is where API calls count: everybody waits, so that calls are as full as the platform lets them be. `ROWS` says how large the table is.
"""

import csv
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from bench import installation, throughput, webhooks
from bench.figures import Figure

_PEOPLE = 1_000
_ROWS = 100_000
_TOKEN = "token-of-the-bench"  # noqa: S105 - of an org that lives as long as the bench
_HEADING = (
    "data.meta.webhook.event",
    "data.id",
    "session_id",
    "data.attributes.updated_at",
    "data.attributes.registrant_detail.created_at",
    "Email",
    "First name",
    "Last name",
    "Company",
    "job_title",
    "city",
)


def _rows() -> int:
    return int(os.environ.get("ROWS", _ROWS))


def _patience_seconds() -> float:
    return 300 + _rows() / 10


async def measure() -> list[Figure]:
    """Run over two files of new people, one after the other, each in a process of its own; then over a large table."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with installation.org(folder, "--api-limit", "10000000", "--access-token", _TOKEN) as org:
            file = await throughput.prepared(folder, org)
            await _command(folder, "apply", str(file), "--yes")
            cold = await _run(folder, org, _lines(folder, "cold"))
            warm = await _run(folder, org, _lines(folder, "warm"))
            rows = _rows()
            table = await _run(folder, org, _table(folder, rows))
            await _expect(org, 2 * _PEOPLE + rows)
    return [
        Figure("backfill_calls_per_1000_people_cold", "API calls per 1,000 people waiting, cold start", cold.calls, "calls", "≤ 12"),
        Figure("backfill_calls_per_1000_people_warm", "API calls per 1,000 people waiting, org known", warm.calls, "calls", "≤ 6"),
        Figure("backfill_events_per_second", "run over a file, from start to end of the command", _PEOPLE / warm.seconds, "events/s"),
        Figure("csv_rows", "rows of a table, each a new person with a lead and a campaign member", rows, "rows"),
        Figure("csv_rows_per_second", "  rows from the table to the org", rows / table.seconds, "rows/s"),
        Figure(
            "csv_calls_per_1000_people", "  API calls per 1,000 people, as the org counts them", 1_000 * table.calls / rows, "calls", "≤ 6"
        ),
        Figure("csv_peak_memory_mib", "  peak memory of the command", table.peak_bytes / 2**20, "MiB", "< 400"),
    ]


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a run over a file took."""

    calls: int
    seconds: float
    peak_bytes: int


async def _run(folder: Path, org: httpx2.AsyncClient, file: Path) -> _Ran:
    """Let the people of a file in."""
    before, began = await _calls(org), time.perf_counter()
    peak = await _command(folder, "run", "--file", str(file), "--source", "webinars")
    return _Ran(await _calls(org) - before, time.perf_counter() - began, peak)


def _lines(folder: Path, name: str) -> Path:
    """Write a thousand new people as JSON lines."""
    at, path = int(datetime.now(UTC).timestamp()), folder / f"{name}.jsonl"
    path.write_bytes(b"".join(throughput.registration(name, place, at) + b"\n" for place in range(_PEOPLE)))
    return path


def _table(folder: Path, rows: int) -> Path:
    """Write new people as a table, a row at a time."""
    at, path = int(datetime.now(UTC).timestamp()), folder / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(_HEADING)
        for place in range(rows):
            known = (webhooks.REGISTERED, f"person-table-{place}", webhooks.SESSION, at, at)
            table.writerow((*known, f"table.{place}@northwind.example", "Ann", f"Berg {place}", "Northwind", "Head of Operations", "Lyon"))
    return path


async def _expect(org: httpx2.AsyncClient, people: int) -> None:
    """Raise RuntimeError unless the org holds so many leads and as many members."""
    for query in ("SELECT COUNT() FROM Lead", "SELECT COUNT() FROM CampaignMember"):
        answer = await org.get("/services/data/v66.0/query", params={"q": query}, headers={"Authorization": f"Bearer {_TOKEN}"})
        found = answer.json()["totalSize"]
        if found != people:
            raise RuntimeError(f"{query}: {found} where {people} were expected")


async def _command(folder: Path, *arguments: str) -> int:
    """Run a command of Crosswalk to its end and return the most memory it held, in bytes; RuntimeError when it fails."""
    peak = 0
    async with installation.started(["crosswalk", *arguments], folder / "commands.log", installation.settings(folder)) as process:

        async def ended() -> bool:
            nonlocal peak
            peak = max(peak, process.peak_memory_bytes())
            return process.running.returncode is not None

        await installation.until(ended, _patience_seconds())
        if process.running.returncode:
            raise RuntimeError(f"crosswalk {arguments[0]} failed: {process.log.read_text('utf-8')[-2000:]}")
    return peak


async def _calls(org: httpx2.AsyncClient) -> int:
    return int((await org.get("/localorg/calls")).json()["used"])
