"""Builds everything a process needs from its settings, once, and takes it down again in order.

Serve, worker, demo, command line and process-level tests all start here, so that they run on the same parts. The inbox is closed before
the database: what was accepted is committed first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random, SystemRandom

import httpx2
from starlette.types import ASGIApp

from crosswalk.alerts.watch import Watch
from crosswalk.clock import Clock, Time
from crosswalk.connecting.practice import Practice
from crosswalk.engine.conversions import Conversions
from crosswalk.engine.housekeeping import Housekeeping
from crosswalk.engine.notices import Notices
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.pulls import Puller
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.engine.worker import Worker
from crosswalk.inbox.receive import Receiver
from crosswalk.salesforce import client
from crosswalk.settings import Settings
from crosswalk.store import key_check, key_file, migrate
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.database import Database
from crosswalk.store.following_clock import FollowingClock
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault
from crosswalk.turn.context import Engine


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of one process, ready to use."""

    engine: Engine
    orgs: Orgs
    vendors: Vendors
    receiver: Receiver
    http: httpx2.AsyncClient
    practice: Practice | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.engine.settings

    @property
    def database(self) -> Database:
        """The database of this process."""
        return self.engine.database

    def app(self) -> ASGIApp:
        """Return the web application on these parts."""
        from crosswalk.web.app import create_app  # most commands serve nothing, and loading the web takes a while
        from crosswalk.web.services import Services

        return create_app(Services(self.engine, self.receiver, self.orgs, self.vendors, self.http, practice=self.practice))

    def worker(self) -> Worker:
        """Return a worker on these parts."""
        beside = (self.notices(), self.supervisor(), Conversions(self.engine, self.orgs), Housekeeping(self.engine), self.watch())
        return Worker(self.engine, self.orgs, beside=beside)

    def notices(self) -> Notices:
        """Return what fetches notices on these parts."""
        return Notices(self.engine, self.receiver, self.vendors)

    def supervisor(self) -> Supervisor:
        """Return what starts and does jobs on these parts."""
        return Supervisor(self.engine, self.receiver, self.vendors)

    def watch(self) -> Watch:
        """Return what raises alerts on these parts."""
        return Watch(self.engine, self.http)

    def puller(self) -> Puller:
        """Return what pulls on these parts."""
        return Puller(self.engine, self.receiver, self.vendors)


@asynccontextmanager
async def opened(
    settings: Settings, clock: Clock | None = None, random: Random | None = None, practice: Practice | None = None
) -> AsyncIterator[Runtime]:
    """Open the database (migrating SQLite), prove the key file, and hand out the parts; raises `ConfigurationError` with what to mend.

    `practice` is an org inside this process; whoever gives one closes it afterwards.
    """
    async with AsyncExitStack() as stack:
        vault = read_vault(settings)
        following = FollowingClock(clock or Time())
        database = await Database.open(settings.url, following)
        stack.push_async_callback(database.close)
        clock = await _told_by(database, clock, following, stack)
        await migrate.prepare(database)
        await key_check.prove(database, vault)
        mounts = {practice.url: practice.transport()} if practice else None
        http = await stack.enter_async_context(client.http_client(mounts))
        ids = Ids(clock, random or SystemRandom())
        configuration = ConfigurationCache(database, vault, clock)
        receiver = Receiver(database, vault, clock, ids, configuration, settings)
        stack.push_async_callback(receiver.close)
        engine = Engine(database, vault, clock, ids, settings, configuration)
        yield Runtime(engine, Orgs(engine, http), Vendors(http, clock), receiver, http, practice)


async def _told_by(database: Database, given: Clock | None, following: FollowingClock, stack: AsyncExitStack) -> Clock:
    """Return the clock that was given; without one, on PostgreSQL, the database's time, so that all processes agree on leases."""
    if given is not None or not database.is_postgres:
        return given or following
    await following.read(database)
    task = asyncio.create_task(following.follow(database), name="clock")
    stack.push_async_callback(_ended, task)
    return following


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def read_vault(settings: Settings) -> Vault:
    """Return the vault of the key file; it is made on the first start."""
    return key_file.read_or_create(settings.key_file or key_file.default_path(), settings.data_dir)
