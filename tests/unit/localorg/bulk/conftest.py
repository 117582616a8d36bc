"""A client of the Bulk API: it makes jobs, waits for them by polling, and reads result files as rows."""

import asyncio
import csv
import io

import pytest

V = "/services/data/v60.0"
ENDED = {"JobComplete", "Failed", "Aborted"}


class BulkClient:
    """Speaks version 2 to one org."""

    def __init__(self, client):
        self.client = client
        self.root = V

    async def create(self, **job):
        """Make an ingest job; returns its answer."""
        return await self.client.post(f"{V}/jobs/ingest", json={"object": "Lead", "operation": "insert", "contentType": "CSV", **job})

    async def upload(self, job_id, text, **headers):
        return await self.client.put(f"{V}/jobs/ingest/{job_id}/batches", content=text, headers={"Content-Type": "text/csv", **headers})

    async def change(self, job_id, state, kind="ingest"):
        return await self.client.patch(f"{V}/jobs/{kind}/{job_id}", json={"state": state})

    async def show(self, job_id, kind="ingest"):
        return (await self.client.get(f"{V}/jobs/{kind}/{job_id}")).json()

    async def begin(self, text, **job):
        """Make a job, upload to it and start it; returns its id."""
        made = (await self.create(**job)).json()
        await self.upload(made["id"], text)
        await self.change(made["id"], "UploadComplete")
        return made["id"]

    async def ended(self, job_id, kind="ingest"):
        """Poll until the job has ended; returns it."""
        return await self.until(job_id, lambda shown: shown["state"] in ENDED, kind)

    async def until(self, job_id, wanted, kind="ingest"):
        """Poll until the job is as wanted, without any time passing; returns it."""
        for _ in range(5000):
            shown = await self.show(job_id, kind)
            if wanted(shown):
                return shown
            await asyncio.sleep(0)
        raise AssertionError(f"the job stays as it is: {shown}")

    async def load(self, text, **job):
        """Load a text to the end; returns the job."""
        return await self.ended(await self.begin(text, **job))

    async def file(self, job_id, name):
        """Return a result file as rows."""
        reply = await self.client.get(f"{V}/jobs/ingest/{job_id}/{name}")
        assert reply.status_code == 200, reply.text
        return list(csv.DictReader(io.StringIO(reply.text, newline="")))

    async def errors(self, job_id):
        """Return the errors of the rows that were refused, in order of their text."""
        return sorted(each["sf__Error"] for each in await self.file(job_id, "failedResults"))

    async def query(self, soql):
        """Return the records of a query that is answered at once, without attributes."""
        reply = await self.client.get(f"{V}/query", params={"q": soql})
        return [{name: value for name, value in each.items() if name != "attributes"} for each in reply.json()["records"]]

    async def field(self, object_name, name, **definition):
        reply = await self.client.post("/localorg/fields", json={"object": object_name, "name": name, **definition})
        assert reply.status_code == 200, reply.text


@pytest.fixture
async def bulk(client):
    return BulkClient(client)


@pytest.fixture
def bulk_of():
    """Return the way to a bulk client of another org."""
    return BulkClient


@pytest.fixture
async def keyed(bulk):
    """Return a bulk client of an org whose leads have a key."""
    await bulk.field("Lead", "Key__c", type="string", length=40, unique=True, externalId=True)
    return bulk
