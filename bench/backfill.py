"""A thousand people at once: `crosswalk run` over a file, in a fresh installation and again in one that knows the org.

This is where API calls count: everybody waits, so that calls are as full as the platform lets them be.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
from bench import installation, throughput
from bench.figures import Figure

_PEOPLE = 1_000
_PATIENCE_SECONDS = 300


async def measure() -> list[Figure]:
    """Run over two files of new people, one after the other, each in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as name:
        folder = Path(name)
        async with installation.org(folder, "--api-limit", "1000000") as org:
            file = await throughput.prepared(folder, org)
            await _command(folder, "apply", str(file), "--yes")
            cold, _ = await _run(folder, org, "cold")
            warm, seconds = await _run(folder, org, "warm")
    return [
        Figure("backfill_calls_per_1000_people_cold", "API calls per 1,000 people waiting, cold start", cold, "calls", "≤ 12"),
        Figure("backfill_calls_per_1000_people_warm", "API calls per 1,000 people waiting, org known", warm, "calls", "≤ 6"),
        Figure("backfill_events_per_second", "run over a file, from start to end of the command", _PEOPLE / seconds, "events/s"),
    ]


async def _run(folder: Path, org: httpx2.AsyncClient, name: str) -> tuple[int, float]:
    """Let a thousand new people in by a file; return the API calls and the seconds it took."""
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(_lines(name)))
    before, began = await _calls(org), time.perf_counter()
    await _command(folder, "run", "--file", str(path), "--source", "webinars")
    return await _calls(org) - before, time.perf_counter() - began


def _lines(name: str) -> Iterator[bytes]:
    at = int(datetime.now(UTC).timestamp())
    return (throughput.registration(name, place, at) + b"\n" for place in range(_PEOPLE))


async def _command(folder: Path, *arguments: str) -> None:
    """Run a command of Crosswalk to its end; RuntimeError when it fails."""
    async with installation.started(["crosswalk", *arguments], folder / "commands.log", installation.settings(folder)) as process:

        async def ended() -> bool:
            return process.running.returncode is not None

        await installation.until(ended, _PATIENCE_SECONDS)
        if process.running.returncode:
            raise RuntimeError(f"crosswalk {arguments[0]} failed: {process.log.read_text('utf-8')[-2000:]}")


async def _calls(org: httpx2.AsyncClient) -> int:
    return int((await org.get("/localorg/calls")).json()["used"])
