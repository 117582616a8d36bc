"""Two clients in threads of their own, both at work on one campaign of an org on a real port, with faults in one call of twenty."""

import asyncio
import random
import sqlite3

import httpx2
import pytest

from localorg.app import create_app
from localorg.server import running
from localorg.settings import OrgSettings

V = "/services/data/v60.0"
PEOPLE = 60
ROUNDS = 40
FAULTS = (
    {"match": {"resource": "^collections", "probability": 0.05, "seed": 1}, "do": "drop_after_commit"},
    {"match": {"resource": "^(sobject|record|upsert)", "probability": 0.05, "seed": 2}, "do": "drop_before"},
    {"match": {"resource": "^(collections|record|upsert)", "probability": 0.05, "seed": 3}, "do": "status"},
    {"match": {"resource": "bulkChunk", "probability": 0.05, "seed": 4}, "do": "status"},
    {"match": {"object": "CampaignMember", "probability": 0.05, "seed": 5}, "do": "lock_row"},
    {"match": {"resource": "^collections", "probability": 0.05, "seed": 6}, "do": "stall", "seconds": 0.02},
)


class Hammer:
    """A client that writes whatever its own chance tells it to, and takes every failure as it comes."""

    def __init__(self, url, token, campaign, seed):
        self.chance = random.Random(seed)
        self.campaign = campaign
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx2.Client(base_url=url, headers=headers, timeout=30)

    def run(self):
        with self.client:
            for _ in range(ROUNDS):
                step = self.chance.choice([self.people, self.members, self.members, self.statuses, self.removals, self.bulk])
                try:
                    step()
                except httpx2.TransportError:
                    continue

    def people(self):
        numbers = self.chance.sample(range(PEOPLE), 10)
        rows = [{"attributes": {"type": "Lead"}, "Key__c": f"k{each}", "LastName": "Berg", "Company": "Acme"} for each in numbers]
        self.client.patch(f"{V}/composite/sobjects/Lead/Key__c", json={"records": rows})

    def members(self):
        rows = [
            {"attributes": {"type": "CampaignMember"}, "CampaignId": self.campaign, "LeadId": each, "Status": self.status()}
            for each in self.ids("Lead")
        ]
        self.client.post(f"{V}/composite/sobjects", json={"records": rows})

    def statuses(self):
        rows = [{"attributes": {"type": "CampaignMember"}, "Id": each, "Status": self.status()} for each in self.ids("CampaignMember")]
        self.client.patch(f"{V}/composite/sobjects", json={"records": rows})

    def removals(self):
        for each in self.ids("CampaignMember")[:2]:
            self.client.delete(f"{V}/sobjects/CampaignMember/{each}")

    def bulk(self):
        lines = [f"{self.campaign},{each},{self.status()}" for each in self.ids("Lead")]
        job = {"object": "CampaignMember", "operation": "insert", "contentType": "CSV"}
        made = self.client.post(f"{V}/jobs/ingest", json=job).json()
        self.client.put("/" + made["contentUrl"], content="CampaignId,LeadId,Status\n" + "\n".join(lines) + "\n")
        self.client.patch(f"{V}/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})

    def ids(self, name):
        reply = self.client.get(f"{V}/query", params={"q": f"SELECT Id FROM {name}"})  # a name of ours
        found = [each["Id"] for each in reply.json()["records"]]
        return self.chance.sample(found, min(8, len(found)))

    def status(self):
        return self.chance.choice(["Sent", "Responded"])


@pytest.fixture
def settings(tmp_path):
    return OrgSettings(data=tmp_path / "org.db", api_limit=1_000_000, row_ms=1)


async def test_two_clients_at_once_leave_an_org_whole(settings):
    app = create_app(settings)
    org = app.state.org
    async with running(app) as url, httpx2.AsyncClient(base_url=url) as client:
        token = org.sessions.issue(org.user, org.clock.now())
        client.headers["Authorization"] = f"Bearer {token}"
        field = {"object": "Lead", "name": "Key__c", "type": "string", "length": 40, "unique": True, "externalId": True}
        await client.post("/localorg/fields", json=field)
        campaign = (await client.post(f"{V}/sobjects/Campaign", json={"Name": "Spring"})).json()["id"]
        await client.post("/localorg/faults", json=FAULTS)
        await asyncio.gather(*(asyncio.to_thread(Hammer(url, token, campaign, seed).run) for seed in (1, 2)))
        await org.settled()
        fired = {each.do: each.fired for each in org.faults.all()}
        await client.delete("/localorg/faults")
        shown = (await client.get(f"{V}/sobjects/Campaign/{campaign}")).json()
    with sqlite3.connect(settings.data) as database:
        (whole,) = database.execute("PRAGMA integrity_check").fetchone()
        live = database.execute(
            'SELECT count(*), count(DISTINCT "LeadId"), total("HasResponded") FROM "CampaignMember" WHERE "IsDeleted" = 0'
        ).fetchone()
        keys = database.execute('SELECT count("Key__c"), count(DISTINCT lower("Key__c")) FROM "Lead" WHERE "IsDeleted" = 0').fetchone()
    database.close()
    assert whole == "ok"
    assert live[0] == live[1] > 0
    assert (shown["NumberOfLeads"], shown["NumberOfResponses"]) == (live[0], live[2])
    assert keys[0] == keys[1] > 0
    assert sum(fired.values()) > 0
