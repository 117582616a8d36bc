"""What the HTTP faces are built from; whoever starts the process makes these and keeps their lifetime."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
from prometheus_client import CollectorRegistry

from crosswalk.access.context import Access
from crosswalk.access.passwords import Passwords
from crosswalk.clock import Clock
from crosswalk.connecting.practice import Practice
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.vendors import Vendors
from crosswalk.inbox.receive import Receiver
from crosswalk.settings import Settings
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault
from crosswalk.turn.context import Engine


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may need."""

    engine: Engine
    receiver: Receiver
    orgs: Orgs
    vendors: Vendors
    http: httpx2.AsyncClient
    passwords: Passwords = field(default_factory=Passwords)
    practice: Practice | None = None
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # set when the process ends, so that open streams end too
    background: set[asyncio.Task[None]] = field(default_factory=set)  # work that outlasts the request that began it

    @property
    def database(self) -> Database:
        """The database of this process."""
        return self.engine.database

    @property
    def vault(self) -> Vault:
        """The vault of this process."""
        return self.engine.vault

    @property
    def clock(self) -> Clock:
        """The clock of this process."""
        return self.engine.clock

    @property
    def ids(self) -> Ids:
        """What makes ids."""
        return self.engine.ids

    @property
    def configuration(self) -> ConfigurationCache:
        """What is configured."""
        return self.engine.configuration

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.engine.settings

    @property
    def access(self) -> Access:
        """What people, sessions and tokens are kept with."""
        settings = self.settings
        return Access(
            self.database,
            self.vault,
            self.clock,
            self.ids,
            self.passwords,
            timedelta(hours=settings.session_idle_hours),
            timedelta(days=settings.session_longest_days),
        )
