"""How fast the local org is: start-up, rows through collections and through a bulk job, and a long IN list over many leads.

All in one process on one core, client included, except the start-up, which is a process of its own until it answers.
"""

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from bench.figures import Figure

from localorg.custom_fields import custom_field
from localorg.settings import OrgSettings
from localorg.soql import answer
from localorg.testing import LocalOrg

_V = "/services/data/v60.0"
_SERVE = ("-c", "from localorg.cli import app; app()", "serve", "--port")
_COLLECTIONS = 50
_ROWS = 200
_LOADED = 100_000
_LISTED = 500
_REPEATS = 20
_KEY = {"object": "Lead", "name": "Key__c", "type": "string", "length": 40, "unique": True, "externalId": True}


async def measure() -> list[Figure]:
    """Measure all of it; takes about fifteen seconds."""
    start = await _start_up()
    insert, upsert = await _collections()
    bulk, by_processor, in_list, over_http = await _bulk_and_list()
    return [
        Figure("localorg_start_seconds", "local org: start of the process until it answers", start, "s", "< 1"),
        Figure("localorg_collection_inserts_per_second", "local org: leads created, collections of 200", insert, "rows/s", ">= 5,000"),
        Figure("localorg_collection_upserts_per_second", "local org: leads upserted, collections of 200", upsert, "rows/s", ">= 5,000"),
        Figure("localorg_bulk_rows_per_second", "local org: 100,000 leads of 300 bytes upserted by Bulk 2", bulk, "rows/s", ">= 20,000"),
        Figure(
            "localorg_bulk_rows_per_processor_second",
            "  the same by processor time",
            by_processor,
            "rows/s",
            ">= 20,000",
        ),
        Figure("localorg_in_list_milliseconds", "local org: 500 e-mails in a list over 100,000 leads", in_list, "ms", "< 10"),
        Figure("localorg_in_list_http_milliseconds", "  the same with the call around it", over_http, "ms"),
    ]


async def _start_up() -> float:
    """Return the shortest of three starts."""
    taken = []
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, *_SERVE, str(port), stdout=asyncio.subprocess.DEVNULL)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            while not await _answers(client):  # noqa: ASYNC110  # another process cannot set an event
                await asyncio.sleep(0.01)
        taken.append(time.perf_counter() - began)
        process.terminate()
        await process.wait()
    return min(taken)


async def _answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/services/data")).is_success
    except httpx2.TransportError:
        return False


async def _collections() -> tuple[float, float]:
    """Return rows a second for creates, and for upserts of which every second call changes what the one before made."""
    async with _org() as org, org.client(timeout=None) as client:
        began = time.perf_counter()
        for number in range(_COLLECTIONS):
            await client.post(f"{_V}/composite/sobjects", json={"records": _leads(number)})
        insert = _COLLECTIONS * _ROWS / (time.perf_counter() - began)
        began = time.perf_counter()
        for number in range(_COLLECTIONS):
            rows = [{**row, "Key__c": f"key-{number // 2}-{place}"} for place, row in enumerate(_leads(number))]
            await client.patch(f"{_V}/composite/sobjects/Lead/Key__c", json={"records": rows})
        upsert = _COLLECTIONS * _ROWS / (time.perf_counter() - began)
    return insert, upsert


async def _bulk_and_list() -> tuple[float, float, float, float]:
    """Return rows a second of a bulk upsert by either clock, and milliseconds of a list query over them, without and with HTTP."""
    content = _csv()
    async with _org() as org:
        async with org.client(timeout=None) as client:
            job = {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Key__c", "contentType": "CSV"}
            began, spent = time.perf_counter(), time.process_time()
            made = (await client.post(f"{_V}/jobs/ingest", json=job)).json()
            place = f"{_V}/jobs/ingest/{made['id']}"
            await client.put(f"{place}/batches", content=content)
            await client.patch(place, json={"state": "UploadComplete"})
            await org.org.settled()
            rate, by_processor = _LOADED / (time.perf_counter() - began), _LOADED / (time.process_time() - spent)
            shown = (await client.get(place)).json()
            if (shown["state"], shown["numberRecordsProcessed"], shown["numberRecordsFailed"]) != ("JobComplete", _LOADED, 0):
                raise RuntimeError(f"the job did not do what it should: {shown}")
            emails = ",".join(f"'ann{number * 199}@acme.example'" for number in range(_LISTED))
            soql = f"SELECT Id, Email FROM Lead WHERE Email IN ({emails})"  # noqa: S608  # numbers of ours
            over_http = [await _timed_call(client, soql) for _ in range(_REPEATS)]
        in_list = [_timed_answer(org, soql) for _ in range(_REPEATS)]
    return rate, by_processor, statistics.median(in_list), statistics.median(over_http)


async def _timed_call(client: httpx2.AsyncClient, soql: str) -> float:
    began = time.perf_counter()
    reply = await client.get(f"{_V}/query", params={"q": soql})
    taken = (time.perf_counter() - began) * 1000
    if reply.json()["totalSize"] != _LISTED:
        raise RuntimeError(f"the query did not find what it should: {reply.text[:200]}")
    return taken


def _timed_answer(org: LocalOrg, soql: str) -> float:
    began = time.perf_counter()
    answer.run(org.org.connection, org.org.schema, soql, include_deleted=False, now=org.org.clock.now())
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def _org() -> AsyncIterator[LocalOrg]:
    org = LocalOrg(OrgSettings())
    org.org.add_field("Lead", custom_field(_KEY))
    try:
        yield org
    finally:
        await org.close()


def _leads(number: int) -> list[dict[str, object]]:
    return [
        {
            "attributes": {"type": "Lead"},
            "FirstName": "Ann",
            "LastName": f"Berg {place}",
            "Company": "Acme",
            "Email": f"ann{number}-{place}@acme.example",
            "Phone": "+49 30 1234567",
            "City": "Berlin",
            "Title": "Head of things",
        }
        for place in range(_ROWS)
    ]


def _csv() -> bytes:
    filler = "x" * 215
    lines = ["Key__c,FirstName,LastName,Company,Email,Phone,City,Title,Description"]
    lines += [f'k{n},Ann,Berg {n},"Acme, {n}",ann{n}@acme.example,+49 30 1,Berlin,Boss,{filler}' for n in range(_LOADED)]
    return ("\n".join(lines) + "\n").encode()


if __name__ == "__main__":
    for figure in asyncio.run(measure()):
        print(figure.line())
