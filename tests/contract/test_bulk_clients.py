"""simple-salesforce, unpatched and over TLS, against both versions of the Bulk API; and a large upload to a process of its own."""

import asyncio
import csv
import io
import re
import socket
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from requests import Session
from simple_salesforce import Salesforce

from localorg import certificates
from localorg.app import create_app
from localorg.server import running

V = "/services/data/v60.0"
TOKEN = "00DHr0000000001!AQfixed"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def salesforce(tmp_path):
    app = create_app()
    org, tls = app.state.org, certificates.make(tmp_path, "127.0.0.1", datetime.now(UTC))
    session = Session()
    session.verify = str(tls.authority)
    session.trust_env = False  # a bundle named by the environment would win over `verify`
    async with running(app, tls=tls) as address:
        token = org.sessions.issue(org.user, org.clock.now())
        yield Salesforce(instance_url=address, session_id=token, version="60.0", session=session)
        session.close()


def leads(number, **fields):
    return [{"LastName": f"Berg {place}", "Company": "Acme", **fields} for place in range(number)]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


async def test_simple_salesforce_loads_by_version_2_and_reads_every_result(salesforce):
    def work():
        given = [*leads(300, City="Two"), {"LastName": "", "Company": "Acme", "City": "Two"}]
        (done,) = salesforce.bulk2.Lead.insert(records=given, wait=0.05)
        failed = rows(salesforce.bulk2.Lead.get_failed_records(done["job_id"]))
        stored = rows(salesforce.bulk2.Lead.get_successful_records(done["job_id"]))
        left = rows(salesforce.bulk2.Lead.get_unprocessed_records(done["job_id"]))
        return done["numberRecordsProcessed"], done["numberRecordsFailed"], len(stored), [each["sf__Error"][:22] for each in failed], left

    assert await asyncio.to_thread(work) == (301, 1, 300, ["REQUIRED_FIELD_MISSING"], [])


async def test_simple_salesforce_updates_upserts_and_deletes_by_version_2(salesforce):
    def work():
        (made,) = salesforce.bulk2.Lead.insert(records=leads(3), wait=0.05)
        stored = rows(salesforce.bulk2.Lead.get_successful_records(made["job_id"]))
        changed = [{"Id": each["sf__Id"], "City": "Berlin"} for each in stored]
        salesforce.bulk2.Lead.update(records=changed, wait=0.05)
        salesforce.bulk2.Lead.upsert(records=[{**each, "City": "Bonn"} for each in changed[:1]], external_id_field="Id", wait=0.05)
        salesforce.bulk2.Lead.delete(records=[{"Id": changed[1]["Id"]}], wait=0.05)
        found = salesforce.query("SELECT City FROM Lead ORDER BY City")["records"]
        return [each["City"] for each in found]

    assert await asyncio.to_thread(work) == ["Berlin", "Bonn"]


async def test_simple_salesforce_pages_through_a_query_by_version_2(salesforce):
    def work():
        salesforce.bulk2.Lead.insert(records=leads(450), wait=0.05)
        pages = list(salesforce.bulk2.Lead.query("SELECT Id, Name FROM Lead", max_records=200, wait=0.05))
        return [len(rows(page)) for page in pages]

    assert await asyncio.to_thread(work) == [200, 200, 50]


async def test_simple_salesforce_loads_and_queries_by_version_1(salesforce):
    def work():
        done = salesforce.bulk.Lead.insert([*leads(2), {"Company": "Acme"}])
        found = salesforce.bulk.Lead.query("SELECT Id, Name FROM Lead ORDER BY Name")
        salesforce.bulk.Lead.delete([{"Id": done[0]["id"]}])
        left = salesforce.query("SELECT Name FROM Lead")["records"]
        refused = done[2]["errors"][0]["statusCode"]
        return [each["success"] for each in done], refused, [each["Name"] for each in found], [each["Name"] for each in left]

    expected = ([True, True, False], "REQUIRED_FIELD_MISSING", ["Berg 0", "Berg 1"], ["Berg 1"])
    assert await asyncio.to_thread(work) == expected


@asynccontextmanager
async def process():
    """Run an org as a process of its own; gives its address and a way to its largest memory so far, in MB."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (sys.executable, "-c", "from localorg.cli import app; app()", "serve", "--port", str(port), "--access-token", TOKEN)
    started = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def peak():
        status = Path(f"/proc/{started.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    try:
        async with asyncio.timeout(30), httpx2.AsyncClient(base_url=url) as client:
            while not await answers(client):  # noqa: ASYNC110  # another process cannot set an event
                await asyncio.sleep(0.05)
        yield url, peak
    finally:
        started.terminate()
        await started.wait()


async def answers(client):
    try:
        return (await client.get("/services/data")).is_success
    except httpx2.TransportError:
        return False


def large_upload(number):
    """Return CSV of about 300 bytes a row in which every 1,000th row has no last name."""
    lines = ["Key__c,LastName,Company,Email,Description"]
    for place in range(number):
        name = "" if place % 1000 == 0 else f"Berg {place}"
        lines.append(f'key-{place},{name},"Acme, {place}",ann{place}@acme.example,{"x" * 235}')
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the memory of a process this way")
@pytest.mark.long
async def test_a_hundred_thousand_rows_take_less_than_300_mb(tmp_path):
    content = large_upload(100_000)
    async with process() as (url, peak), httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=60) as client:
        field = {"object": "Lead", "name": "Key__c", "type": "string", "length": 40, "unique": True, "externalId": True}
        await client.post("/localorg/fields", json=field)
        before = peak()
        job = await run(client, {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Key__c"}, content)
        stored = await client.get(f"{V}/jobs/ingest/{job['id']}/successfulResults")
        failed = await client.get(f"{V}/jobs/ingest/{job['id']}/failedResults")
        rise = peak() - before
    keys = [each["Key__c"] for each in rows(stored.text)]
    refused = {each["Key__c"] for each in rows(failed.text)}
    assert len(content) > 29_000_000
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 100_000, 100)
    assert refused == {f"key-{place}" for place in range(0, 100_000, 1000)}
    assert set(keys) == {f"key-{place}" for place in range(100_000)} - refused
    assert len(keys) == 99_900
    assert keys != sorted(keys, key=lambda key: int(key.removeprefix("key-")))
    assert rise < 300


async def run(client, job, content):
    """Load content and return the job as it is when it has ended."""
    made = (await client.post(f"{V}/jobs/ingest", json={"contentType": "CSV", **job})).json()
    await client.put("/" + made["contentUrl"], content=content, headers={"Content-Type": "text/csv"})
    await client.patch(f"{V}/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
    async with asyncio.timeout(120):
        while True:
            shown = (await client.get(f"{V}/jobs/ingest/{made['id']}")).json()
            if shown["state"] not in {"UploadComplete", "InProgress"}:
                return shown
            await asyncio.sleep(0.1)
