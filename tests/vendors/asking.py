"""An inbox with a source that can be asked, for tests of pulls and notices: everything is real but the vendor at the other end."""

from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import func, insert, select

from crosswalk.engine import alive, schedules
from crosswalk.engine.notices import Notices
from crosswalk.engine.pulls import Puller
from crosswalk.engine.schedules import Wish
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.inbox.receive import Receiver
from crosswalk.journal import runs
from crosswalk.settings import Settings
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming
from crosswalk.store import tables
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.ids import Ids
from crosswalk.turn.context import Engine, nowhere


class Killed(BaseException):
    """The process died here."""


class Asking:
    """One source of a simulated vendor, and what asks it."""

    def __init__(self, database, vault, clock, ids: Ids, vendor, kind, secrets):
        self.database, self.vault, self.clock, self.ids, self.vendor = database, vault, clock, ids, vendor
        self.kind, self.secrets, self.source_id = kind, secrets, ids.new()
        self.configuration = ConfigurationCache(database, vault, clock)
        settings = Settings(commit_wait_ms=0)
        self.receiver = Receiver(database, vault, clock, ids, self.configuration, settings)
        self.engine = Engine(database, vault, clock, ids, settings, self.configuration)
        self.http = vendor.client()
        self.vendors = Vendors(self.http, clock)

    async def configure(self, **settings):
        """Store the source with these settings besides the vendor's address."""
        values = {
            "id": self.source_id,
            "name": "asked",
            "kind": self.kind,
            "state": "on",
            "settings": {**self.vendor.settings, **settings},
            "secret_ct": self.vault.seal(self.secrets),
            "created_at": self.clock.now(),
        }
        async with self.database.write() as tx:
            await tx.execute(tables.source.delete().where(tables.source.c.id == self.source_id))
            await tx.execute(insert(tables.source).values(values))
        self.configuration.forget()

    async def source(self):
        return (await self.configuration.current()).sources[self.source_id]

    async def vendor_of(self):
        return self.vendors.of(await self.source())

    def puller(self, at=nowhere):
        """Return a puller of a process of its own."""
        return Puller(self.engine, self.receiver, Vendors(self.http, self.clock), at)

    def notices(self):
        return Notices(self.engine, self.receiver, self.vendors)

    def supervisor(self, at=nowhere):
        """Return what does the jobs in a process of its own."""
        return Supervisor(self.engine, self.receiver, Vendors(self.http, self.clock), at)

    async def switch(self, kind, **wish):
        """Change a job of the source, switched on unless said otherwise; returns it as stored."""
        async with self.database.write() as tx:
            known = (await schedules.of_source(tx, self.source_id))[kind]
            wished = schedules.changed(known, Wish(**{"is_on": True, **wish}))
            return await schedules.save(tx, self.ids, wished, self.clock.now())

    async def work(self, hours=0, supervisor=None):
        """Do the jobs of so many hours, each when it is due."""
        supervisor = supervisor or self.supervisor()
        until = self.clock.now() + timedelta(hours=hours)
        await supervisor.sweep()
        while (due := await self.next_due()) and due <= until:
            self.clock.advance(max((due - self.clock.now()).total_seconds(), 1))
            await supervisor.sweep()
        self.clock.advance(max((until - self.clock.now()).total_seconds(), 0))

    async def next_due(self):
        """Return when the next job is due or starts."""
        async with self.database.read() as tx:
            found = [await tx.scalar(select(func.min(column))) for column in (tables.schedule.c.next_at, tables.job.c.due_at)]
        return min((moment for moment in found if moment), default=None)

    async def runs(self):
        """Return every run, oldest first."""
        async with self.database.read() as tx:
            return list(reversed(await runs.recent(tx, 10_000)))

    async def pull(self, *streams, at=nowhere):
        """Pull streams one after the other; all of the source without names."""
        source = await self.source()
        names = streams or registry.source(self.kind).streams(source.settings)
        return [await self.puller(at).pull(source, name) for name in names]

    async def crash(self, stream, point, nth=1):
        """Let a pull die where it passes the point for the nth time; its lease runs out. Tells whether it came that far."""
        passed = 0

        async def die(here):
            nonlocal passed
            passed += here == point
            if here == point and passed == nth:
                raise Killed

        try:
            await self.pull(stream, at=die)
        except Killed:
            self.clock.advance(alive.LEASE_SECONDS + 1)
            return True
        return False

    async def post(self, body, headers):
        """Let a webhook arrive; returns the receipt."""
        source = await self.source()
        kind = registry.source(source.kind)
        request = Incoming("POST", "/hooks/asked/token", {name.lower(): value for name, value in headers.items()}, {}, body)
        accepted = kind.accept(request, source, self.clock.now(), self.ids.new)
        return await self.receiver.receive(source, accepted, fingerprint=kind.fingerprint)

    async def rows(self, table, *columns):
        async with self.database.read() as tx:
            return (await tx.execute(select(*(columns or (table,))).order_by(*table.primary_key))).all()

    async def count(self, table, *where):
        async with self.database.read() as tx:
            return await tx.scalar(select(func.count()).select_from(table).where(*where))

    async def facts(self):
        """Return (entity, type) of every event kept, sorted."""
        rows = await self.rows(tables.event, tables.event.c.entity_id, tables.event.c.type)
        return sorted((row.entity_id, row.type) for row in rows if row.entity_id)

    async def payloads(self):
        """Return the payload of every event kept."""
        rows = await self.rows(tables.event, tables.event.c.payload_ct)
        return [self.vault.open(row.payload_ct) for row in rows]


@asynccontextmanager
async def asking(database, vault, clock, ids, vendor, kind, secrets):
    """Open an inbox beside a vendor."""
    made = Asking(database, vault, clock, ids, vendor, kind, secrets)
    await made.configure()
    try:
        yield made
    finally:
        await made.receiver.close()
        await made.http.aclose()
