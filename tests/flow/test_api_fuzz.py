"""Whatever fits the schema of the REST API, or nearly does, is answered: never with a 500, and never without the role."""

import asyncio
import json
from random import Random
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core import NotSet
from sqlalchemy import create_engine
from tests import console
from tests.flow.machine import START
from tests.flow.mappings import calls, row
from tests.plugin import LONG
from tests.world import World, identify

from crosswalk.clock import VirtualClock
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.web.api import routes
from localorg.testing import LocalOrg

SCHEMA = schemathesis.openapi.from_dict(routes.description())
LOGS_OUT = "DELETE /api/session"
LOGS_IN = "POST /api/session"
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if found.ok().label != LOGS_OUT]


@pytest.fixture(scope="module")
def loop():
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(loop, tmp_path_factory, vault):
    """Return the console beside a small world, with an event in it, on a loop of this module's own."""
    path = tmp_path_factory.mktemp("fuzz") / "crosswalk.db"
    engine = create_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    engine.dispose()
    clock = VirtualClock(START)

    async def build():
        database = await Database.open(f"sqlite+aiosqlite:///{path}", clock)
        world = World(database, vault, clock, Ids(clock, Random(7)), LocalOrg(clock=clock))
        await world.prepare_org()
        await world.connect()
        app = await world.add_source("rudderstack")
        sync = await world.add_sync(app, calls(row("Phone", "phone")))
        await world.deliver(app, identify("ann@x.example", "m1", phone="1"))
        await world.drain()
        [delivery] = await world.rows(tables.delivery)
        world.known = {
            "connection_id": world.connection_id,
            "sync_id": sync,
            "source_id": app,
            "delivery_id": delivery["id"],
            "event_id": delivery["event_id"],
        }
        beside = console.beside(world)
        world.console = await beside.__aenter__()
        world.stranger = await world.console.stranger()
        return world, beside

    world, beside = loop.run_until_complete(build())
    yield world

    async def end():
        await beside.__aexit__(None, None, None)
        await world.close()
        await world.org.close()
        await world.database.close()

    loop.run_until_complete(end())


def request_of(case, known):
    """Return method, address and options of a case; every other one is about things that exist."""
    parameters = dict(case.path_parameters or {})
    if len(str(case.query)) % 2 == 0:
        parameters |= {name: value for name, value in known.items() if name in parameters}
    address = case.operation.path
    for name, value in parameters.items():
        address = address.replace(f"{{{name}}}", _quoted(value))
    options = {"params": {name: value for name, value in (case.query or {}).items() if value is not None}}
    if not isinstance(case.body, NotSet):
        options["content"] = json.dumps(case.body, default=str)
        options["headers"] = {"content-type": "application/json"}
    return case.method, address, options


def _quoted(value):
    return quote(str(value), safe="") or "none"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_is_answered_with_a_500(operation, mode, served, loop):
    @seed(7)
    @settings(max_examples=60 if LONG else 2, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        method, address, options = request_of(case, served.known)
        answer = loop.run_until_complete(served.console.owner.api(method.upper(), address, **options))
        assert answer.status_code < 500, (method, address, options, answer.text)
        refused = loop.run_until_complete(served.stranger.api(method.upper(), address, **options))
        assert refused.status_code == 401 or (operation.label == LOGS_IN and refused.status_code < 500), (method, address, refused.text)

    ask()
