import base64
import json
from pathlib import Path

import httpx2
import pytest
import structlog
from argon2 import PasswordHasher
from sqlalchemy import select

from crosswalk.access.passwords import Passwords
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.vendors import Vendors
from crosswalk.inbox.receive import Receiver
from crosswalk.settings import Settings
from crosswalk.sources import addresses
from crosswalk.sources.livestorm import Livestorm
from crosswalk.store import tables
from crosswalk.store.configuration import ConfigurationCache
from crosswalk.store.database import Database
from crosswalk.turn.context import Engine
from crosswalk.web.app import create_app
from crosswalk.web.services import Services

SAMPLES = Path(__file__).parents[2] / "samples"
TOKEN = "hook-token-1"
SIGNING_SECRET = "signing-secret-1"
WRITE_KEY = "2AbCdEfGhIjKlMn"


@pytest.fixture
def log():
    """Return what is logged, as one text."""
    with structlog.testing.capture_logs() as entries:
        yield lambda: json.dumps(entries, default=str)


@pytest.fixture
async def database(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    yield database
    await database.close()


@pytest.fixture
async def sources(database, vault, clock):
    """Configure a Livestorm and a RudderStack source."""
    rows = [
        {
            "id": "ls",
            "name": "webinars",
            "kind": "livestorm",
            "secret_ct": vault.seal({"signing_secret": SIGNING_SECRET}),
            "hook_token_hmac": addresses.hook_hmac(vault, TOKEN),
            "write_key_hmac": None,
        },
        {
            "id": "rs",
            "name": "site",
            "kind": "rudderstack",
            "secret_ct": vault.seal({"write_key": WRITE_KEY}),
            "hook_token_hmac": None,
            "write_key_hmac": addresses.write_key_hmac(vault, WRITE_KEY),
        },
    ]
    async with database.write() as tx:
        await tx.execute(tables.source.insert(), [{**row, "state": "on", "settings": {}, "created_at": clock.now()} for row in rows])


@pytest.fixture
def settings():
    return Settings(commit_wait_ms=0)


@pytest.fixture
async def services(database, vault, clock, ids, settings, sources):
    configuration = ConfigurationCache(database, vault, clock)
    receiver = Receiver(database, vault, clock, ids, configuration, settings)
    engine = Engine(database, vault, clock, ids, settings, configuration)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with httpx2.AsyncClient() as http:
        yield Services(engine, receiver, Orgs(engine, http), Vendors(http, clock), http, cheap)
    await receiver.close()


@pytest.fixture
async def client(services):
    transport = httpx2.ASGITransport(app=create_app(services))
    async with httpx2.AsyncClient(transport=transport, base_url="http://crosswalk.example") as client:
        yield client


@pytest.fixture
def basic():
    """Return the header a client sends for a write key."""
    return lambda key=WRITE_KEY: {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.fixture
def signed(clock):
    """Return the headers with which Livestorm would post a body."""
    return lambda body: dict(Livestorm().sign(body, SIGNING_SECRET, clock.now(), {}))


@pytest.fixture
def sample_bytes():
    return lambda path: (SAMPLES / path).read_bytes()


@pytest.fixture
def rows(database):
    """Return all rows of a table."""

    async def read(table):
        async with database.read() as tx:
            return (await tx.execute(select(table))).all()

    return read


@pytest.fixture
async def switched_off(services, database):
    """Switch all sources off."""
    async with database.write() as tx:
        await tx.execute(tables.source.update().values(state="off"))
    services.configuration.forget()
