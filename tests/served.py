"""A Crosswalk with a worker and the org it writes to, both on loopback ports, for clients that speak HTTP."""

import asyncio
import copy
import json
from contextlib import asynccontextmanager

import yaml
from sqlalchemy import select
from tests.processes import until

from crosswalk import runtime, serving, workspace
from crosswalk.settings import Settings
from crosswalk.store import tables
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

HOST = "127.0.0.1"
WRITE_KEY = "a-write-key-for-tests"
WORKSPACE = {
    "connections": [
        {
            "name": "local org",
            "settings": {"login": "client_credentials", "client_id": "localorg"},
            "secrets": {"client_secret": "${CLIENT_SECRET}"},
        }
    ],
    "sources": [{"name": "app", "kind": "rudderstack", "secrets": {"write_key": "${WRITE_KEY}"}}],
    "syncs": [{"name": "people", "connection": "local org", "source": "app", "preset": "rudderstack"}],
}


class Served:
    """A Crosswalk with a worker on a loopback port, and the org it writes to."""

    def __init__(self, url, org, parts):
        self.url = url
        self._org = org
        self._parts = parts

    async def query(self, soql):
        """Return the records of the org that a query finds, without their attributes."""
        async with self._org.client() as client:
            page = (await client.get("/services/data/v60.0/query", params={"q": soql})).json()
        return [{name: value for name, value in record.items() if name != "attributes"} for record in page["records"]]

    async def lead(self, email, **fields):
        """Return the Lead of that address once its fields are as given; fail after a deadline."""

        async def found():
            names = ", ".join(["Email", "LastName", "Company", *fields])
            records = await self.query(f"SELECT {names} FROM Lead WHERE Email = '{email}'")
            if len(records) == 1 and all(records[0][name] == value for name, value in fields.items()):
                return records[0]
            return None

        return await until(found)

    async def leads(self):
        return len(await self.query("SELECT Id FROM Lead"))

    async def events(self):
        """Return every event kept: its status and its payload."""
        async with self._parts.database.read() as tx:
            rows = (await tx.execute(select(tables.event.c.status, tables.event.c.payload_ct))).all()
        return [(row.status, json.loads(self._parts.engine.vault.open(row.payload_ct))) for row in rows]


@asynccontextmanager
async def crosswalk_and_org(folder):
    """Serve both as long as the context lasts; the folder holds the database."""
    org = LocalOrg(OrgSettings())
    settings = Settings(data_dir=folder / "data", key_file=folder / "keys.json", database_url="", host=HOST, port=0)
    async with serving.serving(org.app, serving.listen(HOST, 0)) as org_url, runtime.opened(settings) as parts:
        wanted = copy.deepcopy(WORKSPACE)
        wanted["connections"][0] |= {"org": org.org.settings.org_id}
        wanted["connections"][0]["settings"]["login_url"] = org_url
        file = folder / "workspace.yaml"
        file.write_text(yaml.safe_dump(wanted), "utf-8")
        secrets = {"CLIENT_SECRET": org.org.settings.client_secret, "WRITE_KEY": WRITE_KEY}
        await workspace.apply_file(parts.engine, file, "test", secrets)
        async with serving.serving(parts.app(), serving.listen(HOST, 0)) as url, _working(parts):
            yield Served(url, org, parts)
    await org.close()


@asynccontextmanager
async def _working(parts):
    """Let a worker work as long as the context lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(parts.worker().run(stop))
    try:
        yield
    finally:
        stop.set()
        await task
