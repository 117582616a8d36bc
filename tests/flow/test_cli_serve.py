"""`crosswalk serve` as a process of its own: a call over HTTP becomes a Lead, and SIGTERM ends it with 0."""

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager

import httpx2
import pytest
from tests.processes import COMMAND, until

from localorg.app import create_app
from localorg.server import running

WORKSPACE = """
connections:
  - name: sales
    settings: {login: client_credentials, login_url: "${ORG_URL}", client_id: localorg}
    secrets: {client_secret: "${ORG_SECRET}"}
sources:
  - {name: app, kind: rudderstack, secrets: {write_key: "${WRITE_KEY}"}}
syncs:
  - {name: users, connection: sales, source: app, preset: rudderstack}
"""


@pytest.fixture
async def org():
    async with running(create_app()) as url, httpx2.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
def environment(tmp_path, org):
    (tmp_path / "workspace.yaml").write_text(WORKSPACE, encoding="utf-8")
    return {
        **os.environ,
        "CROSSWALK_DATA_DIR": str(tmp_path / "data"),
        "CROSSWALK_KEY_FILE": str(tmp_path / "keys.json"),
        "ORG_URL": str(org.base_url),
        "ORG_SECRET": "localorg-secret",
        "WRITE_KEY": "write-key",
        "WORKSPACE": str(tmp_path / "workspace.yaml"),
    }


@asynccontextmanager
async def served(environment):
    """Start the command on a free port and give the process and its address; it is gone at the end."""
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "serve",
        "--port",
        "0",
        "--workspace",
        environment["WORKSPACE"],
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        yield process, line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_served_call_becomes_a_lead_and_sigterm_ends_with_0(environment, org):
    async def leads():
        rows = [json.loads(line) for line in (await org.get("/localorg/export")).text.splitlines()]
        return [row["Email"] for row in rows if row["object"] == "Lead"]

    body = {"userId": "u1", "traits": {"email": "ann@x.example"}, "integrations": {"Salesforce": True}}
    async with served(environment) as (process, address), httpx2.AsyncClient(base_url=address, auth=("write-key", "")) as api:
        assert (await api.post("/v1/identify", json=body)).text == "ok"
        assert await until(leads) == ["ann@x.example"]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


@pytest.mark.shows("P1")
async def test_what_was_accepted_before_a_kill_is_written_after_the_next_start(environment, org):
    async def leads():
        return "ann@x.example" in (await org.get("/localorg/export")).text

    body = {"userId": "u1", "traits": {"email": "ann@x.example"}, "integrations": {"Salesforce": True}}
    waits = {**environment, "CROSSWALK_TIMINGS__LINGER_STREAM": "3600"}
    async with served(waits) as (process, address), httpx2.AsyncClient(base_url=address, auth=("write-key", "")) as api:
        assert (await api.post("/v1/identify", json=body)).text == "ok"
        process.kill()
        await process.wait()
    assert not await leads()
    async with served(environment):
        assert await until(leads)
