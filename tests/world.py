"""The whole product around one local org, in one process on one virtual clock, for flow tests and the state machine.

Nothing is faked: events enter through their source and the inbox, turns run through `flow`, and the org is asked over its HTTP interface.
"""

import json
from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import yaml
from sqlalchemy import insert, select, update

import crosswalk
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.worker import Worker
from crosswalk.inbox import deliveries
from crosswalk.inbox.receive import Receiver
from crosswalk.mapping import document
from crosswalk.model import Accepted, Priority
from crosswalk.reasons import Reason
from crosswalk.settings import Settings
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming
from crosswalk.store import tables
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.turn.context import Engine, nowhere
from localorg.settings import OrgSettings
from localorg.testing import HOST, LocalOrg

PRESETS = Path(crosswalk.__file__).parent / "presets"
KEY_FIELD = "Crosswalk_Key__c"
KEYED = ("Lead", "Contact", "Account", "CampaignMember", "Case", "Task")
STATUSES = ("Registered", "Did not attend", "Attended")
GROUP = "*"


def preset(name: str) -> dict[str, Any]:
    """Return the mapping document of a preset."""
    return yaml.safe_load((PRESETS / f"{name}.yaml").read_text(encoding="utf-8"))["document"]


class Killed(BaseException):
    """The process died here."""


class World:
    """An org, a database, and one process of Crosswalk; more workers can be added."""

    def __init__(self, database, vault, clock, ids, org, settings=None, key_field=KEY_FIELD):
        self.database, self.vault, self.clock, self.ids = database, vault, clock, ids
        self.org = org
        self.key_field = key_field
        self.settings = settings or Settings(commit_wait_ms=0, allow_plain_http_orgs=True)
        self.configuration = ConfigurationCache(database, vault, clock)
        self.engine = Engine(database, vault, clock, ids, self.settings, self.configuration)
        self.http = httpx2.AsyncClient(transport=org.transport())
        self.receiver = Receiver(database, vault, clock, ids, self.configuration, self.settings)
        self.orgs = Orgs(self.engine, self.http)
        self.campaign = None
        self.connection_id = ""

    async def close(self):
        await self.receiver.close()
        await self.http.aclose()

    # --- the org ---------------------------------------------------------------------------------------------------------------------

    async def ask(self, method, path, **options):
        async with self.org.client() as client:
            reply = await client.request(method, path, **options)
        assert reply.is_success, reply.text
        return reply.json() if reply.headers.get("content-type", "") == "application/json" else reply.text

    async def seed(self, object_name, *records):
        return (await self.ask("POST", "/localorg/seed", json={"object": object_name, "records": list(records)}))["ids"]

    async def records(self, soql):
        """Return records as the org answers, without their attributes; not counted as a call of ours."""
        from localorg.soql import answer

        found = answer.run(self.org.org.connection, self.org.org.schema, soql, include_deleted=False, now=self.clock.now())
        return [{name: value for name, value in row.items() if name != "attributes"} for row in found.records]

    def writes(self):
        """Return the org's own log of rows written by us."""
        return [one for one in self.org.org.writes if one.user_id == self.org.org.user.id]

    async def fault(self, **rule):
        await self.ask("POST", "/localorg/faults", json=[rule])

    async def edit(self, object_name, record_id, **fields):
        """Change a record as a person in the org would."""
        await self.ask("POST", "/localorg/edit", json={"object": object_name, "id": record_id, "fields": fields})

    async def convert(self, lead_id, **into):
        """Convert a lead as a person would; returns the contact's id."""
        return (await self.ask("POST", "/localorg/convert", json={"leadId": lead_id, **into}))["contactId"]

    async def merge(self, object_name, master, *losers):
        await self.ask("POST", "/localorg/merge", json={"object": object_name, "master": master, "losers": list(losers)})

    async def delete(self, object_name, record_id):
        """Delete a record as a person would."""
        await self.ask("POST", "/localorg/delete", json={"object": object_name, "id": record_id})

    async def undelete(self, object_name, record_id):
        """Take a record out of the Recycle Bin as a person would."""
        await self.ask("POST", "/localorg/undelete", json={"object": object_name, "id": record_id})

    async def add_field(self, object_name, name, **definition):
        await self.ask("POST", "/localorg/fields", json={"object": object_name, "name": name, **definition})

    async def remove_field(self, object_name, name):
        await self.ask("DELETE", "/localorg/fields", json={"object": object_name, "name": name})

    async def export(self):
        """Return every record of the org as text: equal orgs give equal text."""
        return await self.ask("GET", "/localorg/export")

    async def prepare_org(self):
        for name in KEYED:
            if self.key_field:
                await self.ask(
                    "POST",
                    "/localorg/fields",
                    json={"object": name, "name": self.key_field, "type": "string", "length": 80, "unique": True, "externalId": True},
                )
        await self.ask(
            "POST",
            "/localorg/fields",
            json={"object": "CampaignMember", "name": "Livestorm_Replay_Status__c", "type": "string", "length": 255},
        )
        (self.campaign,) = await self.seed("Campaign", {"Name": "Spring webinar"})
        await self.seed("CampaignMemberStatus", *({"CampaignId": self.campaign, "Label": label} for label in STATUSES))

    # --- configuration ---------------------------------------------------------------------------------------------------------------

    async def connect(self, slots=1, reserve=0):
        self.connection_id = self.ids.new()
        async with self.database.write() as tx:
            await tx.execute(
                insert(tables.connection).values(
                    id=self.connection_id,
                    name="Local org",
                    settings={"login": "client_credentials", "login_url": HOST, "client_id": "localorg", "zone": "UTC"},
                    secret_ct=self.vault.seal({"client_secret": "localorg-secret"}),
                    key_field=self.key_field,
                    slots=slots,
                    reserve=reserve,
                    created_at=self.clock.now(),
                )
            )
        self.configuration.forget()

    async def add_source(self, kind, settings=None, secrets=None, *, bound=True):
        source_id = self.ids.new()
        async with self.database.write() as tx:
            await tx.execute(
                insert(tables.source).values(
                    id=source_id,
                    name=f"{kind} {source_id[-4:]}",
                    kind=kind,
                    state="on",
                    settings=settings or {},
                    secret_ct=self.vault.seal(secrets or {"signing_secret": "example-signing-secret", "write_key": "wk"}),
                    created_at=self.clock.now(),
                )
            )
            if kind == "livestorm" and bound:
                row = {"source_id": source_id, "group_id": GROUP, "connection_id": self.connection_id, "campaign_id": self.campaign}
                await tx.execute(insert(tables.campaign_binding).values(row))
        self.configuration.forget()
        return source_id

    async def org_id(self):
        return self.org.org.settings.org_id

    async def add_sync(self, source_id, mapping, position=0):
        document.parse(mapping)
        sync_id = self.ids.new()
        async with self.database.write() as tx:
            row = {
                "id": sync_id,
                "name": f"sync {position} {sync_id[-4:]}",
                "connection_id": self.connection_id,
                "source_id": source_id,
                "state": "on",
                "position": position,
                "current_version": 1,
            }
            await tx.execute(insert(tables.sync).values(row))
            version = {"sync_id": sync_id, "version": 1, "document": mapping, "author": "test", "at": self.clock.now()}
            await tx.execute(insert(tables.mapping_version).values(version))
        self.configuration.forget()
        return sync_id

    async def save_mapping(self, sync_id, mapping):
        """Save a new version of a mapping, as an admin would."""
        document.parse(mapping)
        async with self.database.write() as tx:
            row = (await tx.execute(select(tables.sync).where(tables.sync.c.id == sync_id))).one()
            version = row.current_version + 1
            saved = {"sync_id": sync_id, "version": version, "document": mapping, "author": "test", "at": self.clock.now()}
            await tx.execute(insert(tables.mapping_version).values(saved))
            await tx.execute(update(tables.sync).where(tables.sync.c.id == sync_id).values(current_version=version))
        self.configuration.forget()

    async def set_sync(self, sync_id, state):
        """Switch a sync on, off, pause or remove it."""
        async with self.database.write() as tx:
            await tx.execute(update(tables.sync).where(tables.sync.c.id == sync_id).values(state=state))
        self.configuration.forget()

    async def bind(self, source_id, group=GROUP, campaign=None):
        """Bind the events of a group to a campaign."""
        row = {"source_id": source_id, "group_id": group, "connection_id": self.connection_id, "campaign_id": campaign or self.campaign}
        async with self.database.write() as tx:
            await tx.execute(insert(tables.campaign_binding).values(row))
            await deliveries.wake(tx, self.connection_id, {Reason.NO_CAMPAIGN}, self.clock.now())

    # --- events ----------------------------------------------------------------------------------------------------------------------

    async def read(self, source_id, body, path="/v1/identify"):
        """Hand a body to a source as its request would be; returns the source as configured, its kind, and what it makes of the body."""
        configuration = await self.configuration.current()
        source = configuration.sources[source_id]
        kind = registry.source(source.kind)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        secret = source.secrets.get("signing_secret", "")
        headers = {name.lower(): value for name, value in kind.sign(raw, secret, self.clock.now(), source.settings).items()}
        request = Incoming("POST", path, headers, {}, raw)
        accepted: Accepted = kind.accept(request, source, self.clock.now(), self.ids.new)
        return source, kind, accepted

    async def deliver(self, source_id, body, path="/v1/identify", priority=Priority.STREAM):
        """Let a body arrive and commit what its source makes of it; returns the receipt."""
        source, kind, accepted = await self.read(source_id, body, path)
        return await self.receiver.receive(source, accepted, fingerprint=kind.fingerprint, priority=priority)

    # --- work ------------------------------------------------------------------------------------------------------------------------

    async def ready_org(self):
        """Return the org as a turn gets it."""
        connection = (await self.configuration.current()).connections[self.connection_id]
        return await self.orgs.of(connection)

    def worker(self, at=nowhere):
        """Return a worker of a process of its own: it shares the database and nothing else."""
        return Worker(self.engine, Orgs(self.engine, self.http), at)

    async def drain(self, worker=None, limit=200):
        """Work until nothing is waiting, moving the clock to whatever is waited for; returns the number of sweeps."""
        worker = worker or self.worker()
        for sweep in range(limit):
            await worker.sweep(linger=False)
            due = await self.next_due()
            if due is None:
                return sweep
            self.clock.advance(max((due - self.clock.now()).total_seconds(), 0) + 0.001)
        raise AssertionError(f"still waiting after {limit} sweeps: {await self.states()}")

    async def crash(self, point, nth=1):
        """Let a worker die where it passes the point for the nth time; its lease runs out. Tells whether it came that far."""
        passed = 0

        async def die(here):
            nonlocal passed
            passed += here == point
            if here == point and passed == nth:
                raise Killed

        try:
            await self.worker(die).sweep(linger=False)
        except Killed:
            self.clock.advance(self.settings.timings.lease + 1)
            return True
        return False

    async def replay(self):
        """Queue every delivery again and work it off."""
        async with self.database.write() as tx:
            found = (await tx.execute(select(tables.delivery.c.id))).scalars().all()
            await deliveries.replay(tx, found, self.clock.now())
        await self.drain()

    async def next_due(self):
        """Return when the next waiting delivery looks again, or None."""
        async with self.database.read() as tx:
            query = select(tables.delivery.c.due_at).where(tables.delivery.c.state == "waiting").order_by(tables.delivery.c.due_at)
            return (await tx.execute(query.limit(1))).scalar()

    async def states(self):
        """Return how many deliveries are in each state, with the reason where there is one."""
        counts: dict[str, int] = {}
        async with self.database.read() as tx:
            for row in await tx.execute(select(tables.delivery.c.state, tables.delivery.c.reason)):
                name = f"{row.state}({row.reason})" if row.reason else row.state
                counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items()))

    async def rows(self, table, **where):
        """Return rows of a table as mappings."""
        query = select(table)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        async with self.database.read() as tx:
            return [dict(row._mapping) for row in await tx.execute(query)]

    async def calls(self) -> Mapping[str, int]:
        """Return the API calls the org has counted."""
        return await self.ask("GET", "/localorg/calls")


@asynccontextmanager
async def world(database, vault, clock, ids, *, org_settings=None, org_clock=None, settings=None, key_field=KEY_FIELD, slots=1, reserve=0):
    """Open a world with an empty org, connected; the org has the same clock unless it gets one of its own."""
    org = LocalOrg(org_settings or OrgSettings(), org_clock or clock)
    made = World(database, vault, clock, ids, org, settings, key_field)
    try:
        await made.prepare_org()
        await made.connect(slots, reserve)
        yield made
    finally:
        await made.close()
        await org.close()


def identify(email, message_id, at="2026-03-04T08:00:00.000Z", **traits):
    """Return an identify call as an SDK sends it."""
    return {
        "type": "identify",
        "userId": f"user-{email}",
        "messageId": message_id,
        "timestamp": at,
        "traits": {"email": email, **traits},
        "integrations": {"Salesforce": True},
    }


def registration(email, person, session="session-1", event="people.registered", at=1_772_611_200, **detail):
    """Return a Livestorm webhook about one person in one session; `fields` in `detail` are registration answers."""
    answers = {"email": email, **detail.pop("fields", {})}
    return {
        "data": {
            "id": person,
            "type": "people",
            "attributes": {
                "role": "participant",
                "created_at": at,
                "updated_at": at,
                "email": email,
                "first_name": answers.get("first_name"),
                "last_name": answers.get("last_name"),
                "registrant_detail": {
                    "event_id": "event-1",
                    "session_id": session,
                    "created_at": at,
                    "updated_at": at,
                    "fields": [{"id": name, "type": "text", "value": value} for name, value in answers.items()],
                    "attended": event == "people.attended",
                    "has_viewed_replay": event == "people.watched_replay",
                    **detail,
                },
                "messages_count": 0,
                "questions_count": 0,
                "votes_count": 0,
                "up_votes_count": 0,
            },
            "meta": {"webhook": {"event": event, "organization_id": "org-1"}},
        }
    }
