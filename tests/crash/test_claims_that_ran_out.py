"""A turn that stood still until its claims ran out must not write on the strength of them."""

import asyncio

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify, world

from crosswalk import flow
from crosswalk.inbox import identity, lanes

PHONE = [row("Phone", "phone")]
SHARED = "+1 212 555 0100"


@pytest.fixture
async def without_key(database, vault, clock, ids):
    """Return an org without the unique key field, written to through two slots."""
    async with world(database, vault, clock, ids, key_field=None, slots=2) as made:
        yield made


def one_of_each_slot(vault):
    """Return two addresses whose lanes are in slot 0 and slot 1."""
    found = {}
    for number in range(20):
        email = f"person.{number}@x.example"
        found.setdefault(lanes.slot_of(identity.own_lane(identity.Key("", identity.Kind.EMAIL, "", email), vault), 2), email)
    return found[0], found[1]


@pytest.mark.shows("P3")
async def test_a_turn_whose_claims_another_took_over_does_not_create_a_second_record(without_key):
    source = await without_key.add_source("rudderstack")
    await without_key.add_sync(source, calls(match=PHONE))
    for email in one_of_each_slot(without_key.vault):
        await without_key.deliver(source, identify(email, f"m-{email}", phone=SHARED))
    connection = (await without_key.engine.configuration.current()).connections[without_key.connection_id]
    org = await without_key.orgs.of(connection)
    planned, first_is_done, others = asyncio.Event(), asyncio.Event(), []

    async def plan_and_wait(point):
        if point == "K4":
            planned.set()
            await first_is_done.wait()

    async def stand_still(point):
        if point == "K2" and not others:
            without_key.clock.advance(without_key.settings.timings.claim + 1)
            others.append(asyncio.create_task(flow.turn(without_key.engine, org, 1, plan_and_wait)))
            await planned.wait()

    await flow.turn(without_key.engine, org, 0, stand_still)
    first_is_done.set()
    await asyncio.gather(*others)
    await without_key.drain()
    assert len(await without_key.records("SELECT Id FROM Lead")) == 1
