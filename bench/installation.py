"""Installations in processes of their own: an org, `crosswalk serve`, workers. Loopback only; each is ended by its process id.

Benchmarks and crash tests start the real commands with settings from the environment, as an operator would.
"""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import yaml

from localorg.settings import OrgSettings

HOST = "127.0.0.1"
KEY_FIELD = "Crosswalk_Key__c"
KEYED = ("Lead", "Contact", "CampaignMember", "Task")
SECRETS = {
    "ORG_CLIENT_SECRET": OrgSettings().client_secret,
    "SIGNING_SECRET": "bench-signing-secret",
    "HOOK_TOKEN": "bench-hook-token-that-nobody-else-has",
    "WRITE_KEY": "bench-write-key",
}
_COMMANDS = Path(sys.executable).parent
_START_SECONDS = 60.0
_END_SECONDS = 30.0
_POLL_SECONDS = 0.05
_USER_TICKS, _SYSTEM_TICKS = 11, 12  # fields of /proc/<pid>/stat behind the name
_ADDRESS = re.compile(rb"listens on (http://\S+)")

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Process:
    """One program that runs; what it writes goes to its log."""

    running: asyncio.subprocess.Process
    log: Path

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal to this process alone and return how it ended; one that does not heed it is killed."""
        if self.running.returncode is None:
            self.running.send_signal(how)
        try:
            return await asyncio.wait_for(self.running.wait(), _END_SECONDS)
        except TimeoutError:
            self.running.kill()
            return await self.running.wait()

    def peak_memory_bytes(self) -> int:
        """Return the most memory it has held at once, as the kernel counted it; 0 once it has ended."""
        try:
            status = Path(f"/proc/{self.running.pid}/status").read_text("utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return 0
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def cpu_seconds(self) -> float:
        """Return the time that all its threads have spent on a processor, which does not hang on what else the machine does."""
        fields = Path(f"/proc/{self.running.pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
        return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def started(command: list[str], log: Path, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run one of the installed commands as long as the context lasts."""
    arguments = [str(_COMMANDS / command[0]), *command[1:]]
    with log.open("ab") as output:
        running = await asyncio.create_subprocess_exec(*arguments, stdout=output, stderr=output, env={**os.environ, **environment})
    process = Process(running, log)
    try:
        yield process
    finally:
        await process.end()


@asynccontextmanager
async def org(folder: Path, *options: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve an org in a process of its own and give a client for its controls."""
    port = _free_port()
    url = f"http://{HOST}:{port}"
    async with started(["localorg", "serve", "--port", str(port), *options], folder / "org.log", {}) as process:

        async def answers() -> bool:
            if process.running.returncode is not None:
                raise RuntimeError(f"the org ended: {process.log.read_text('utf-8')[-2000:]}")
            try:
                return (await client.get("/services/data")).is_success
            except httpx2.TransportError:
                return False

        async with httpx2.AsyncClient(base_url=url, timeout=120) as client:
            await until(answers, _START_SECONDS)
            yield client


@asynccontextmanager
async def serve(folder: Path, workspace: Path, environment: Mapping[str, str]) -> AsyncIterator[tuple[Process, str]]:
    """Run `crosswalk serve` with a workspace applied and give the process and its address."""
    command = ["crosswalk", "serve", "--port", "0", "--workspace", str(workspace)]
    async with started(command, folder / "serve.log", environment) as process:

        async def listens() -> str:
            if process.running.returncode is not None:
                raise RuntimeError(f"crosswalk ended: {process.log.read_text('utf-8')[-2000:]}")
            found = _ADDRESS.search(process.log.read_bytes())
            return found[1].decode() if found else ""

        yield process, await until(listens, _START_SECONDS)


def settings(folder: Path, database_url: str = "", **timings: float) -> dict[str, str]:
    """Return the environment of an installation that keeps everything in the folder."""
    durations = {f"CROSSWALK_TIMINGS__{name.upper()}": str(seconds) for name, seconds in timings.items()}
    return {
        **SECRETS,
        **durations,
        "CROSSWALK_DATA_DIR": str(folder / "data"),
        "CROSSWALK_KEY_FILE": str(folder / "keys.json"),
        "CROSSWALK_DATABASE_URL": database_url,
    }


async def key_fields(client: httpx2.AsyncClient) -> None:
    """Define the unique key field, as `provision` would, and the field of the webinar preset."""
    fields = [{"object": name, "name": KEY_FIELD, "length": 80, "unique": True, "externalId": True} for name in KEYED]
    for field in [*fields, {"object": "CampaignMember", "name": "Livestorm_Replay_Status__c", "length": 255}]:
        (await client.post("/localorg/fields", json=field)).raise_for_status()


async def seeded(client: httpx2.AsyncClient, object_name: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Put records into the org as if they had always been there and return their ids."""
    answer = await client.post("/localorg/seed", json={"object": object_name, "records": records})
    answer.raise_for_status()
    return list(answer.json()["ids"])


def workspace(folder: Path, org_url: str, syncs: Sequence[Mapping[str, Any]], key_field: str | None = KEY_FIELD) -> Path:
    """Write a workspace file with one connection named org and the sources webinars and app; syncs name them."""
    login = {"login": "client_credentials", "login_url": org_url, "client_id": OrgSettings().client_id}
    connection: dict[str, Any] = {
        "name": "org",
        "org": OrgSettings().org_id,
        "settings": login,
        "secrets": {"client_secret": "${ORG_CLIENT_SECRET}"},
    }
    if key_field:
        connection["key_field"] = key_field
    hooked: dict[str, Any] = {
        "name": "webinars",
        "kind": "livestorm",
        "secrets": {"signing_secret": "${SIGNING_SECRET}"},
        "hook_token": "${HOOK_TOKEN}",
    }
    sources: list[dict[str, Any]] = [hooked, {"name": "app", "kind": "rudderstack", "secrets": {"write_key": "${WRITE_KEY}"}}]
    document = {"connections": [connection], "sources": sources, "syncs": [{"connection": "org", **sync} for sync in syncs]}
    path = folder / "workspace.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


async def until(condition: Callable[[], Awaitable[Found]], seconds: float) -> Found:
    """Ask again and again until the answer is true, and return it; RuntimeError after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = await condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds:g} s: {condition.__name__}")
        await asyncio.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
