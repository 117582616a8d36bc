"""A small configured world: one source, one connection, two syncs."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from crosswalk.inbox import lanes
from crosswalk.inbox.receive import Receiver
from crosswalk.model import Accepted, Event, Notice
from crosswalk.settings import Settings
from crosswalk.store import configuration, tables
from crosswalk.store.configuration import ConfigurationCache


@dataclass
class World:
    """The inbox with everything around it, and short ways to use it."""

    database: Any
    clock: Any
    ids: Any
    vault: Any
    receiver: Any
    cache: Any
    source: Any = None
    numbers: Counter = field(default_factory=Counter)

    async def configure(self):
        now = self.clock.now()
        async with self.database.write() as tx:
            await tx.execute(
                insert(tables.connection),
                [{"id": f"conn-{n}", "name": f"org {n}", "slots": 1, "created_at": now} for n in (1, 2)],
            )
            await tx.execute(
                insert(tables.source),
                [{"id": f"src-{n}", "name": f"webinars {n}", "kind": "livestorm", "created_at": now} for n in (1, 2)],
            )
            for n, (events, source, connection) in enumerate(
                [(["registered", "attended"], "src-1", "conn-1"), (["attended"], "src-1", "conn-1")], start=1
            ):
                await tx.execute(
                    insert(tables.sync),
                    [{"id": f"sync-{n}", "name": f"sync {n}", "connection_id": connection, "source_id": source, "current_version": 1}],
                )
                await tx.execute(
                    insert(tables.mapping_version), [{"sync_id": f"sync-{n}", "version": 1, "document": {"events": events}, "at": now}]
                )
        async with self.database.read() as tx:
            self.source = (await configuration.load(tx, self.vault)).sources["src-1"]

    def event(self, **values):
        self.numbers["event"] += 1
        n = self.numbers["event"]
        given = {
            "id": self.ids.new(),
            "source_id": "src-1",
            "type": "registered",
            "occurred_at": self.clock.now() - timedelta(minutes=1),
            "received_at": self.clock.now(),
            "payload": {"n": n},
            "message_id": f"message-{n}",
            "person": {"email": "ann@x.example"},
        }
        return Event(**(given | values))

    def fact(self, entity, revision=None, **payload):
        return self.event(entity_id=entity, revision=revision, message_id=None, payload=payload)

    def notice(self, key):
        return Notice(self.ids.new(), "src-1", "session.ended", key, {"key": key}, self.clock.now())

    async def receive(self, *events, notices=(), invalid=(), **options):
        accepted = Accepted(events=events, notices=notices, invalid=invalid)
        return await self.receiver.receive(self.source, accepted, fingerprint=fingerprint, **options)

    async def rows(self, table, *columns):
        wanted = columns or (table,)
        async with self.database.read() as tx:
            return (await tx.execute(select(*wanted).order_by(*table.primary_key))).all()

    async def count(self, table):
        async with self.database.read() as tx:
            return await tx.scalar(select(func.count()).select_from(table))

    async def lease(self, lease_id="lease-1", limit=2_000, seconds=120):
        async with self.database.write() as tx:
            return await lanes.lease(tx, "conn-1", 0, lease_id, limit, seconds, self.clock.now())


def fingerprint(event):
    return {name: str(value) for name, value in (event.payload or {}).items()}


@pytest.fixture
async def world(database, clock, ids, vault):
    cache = ConfigurationCache(database, vault, clock)
    settings = Settings(commit_wait_ms=0)
    receiver = Receiver(database, vault, clock, ids, cache, settings)
    world = World(database, clock, ids, vault, receiver, cache)
    await world.configure()
    yield world
    await receiver.close()
