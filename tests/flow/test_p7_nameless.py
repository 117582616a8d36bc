"""P7: a call that names nobody yet is passed over at once, or, where a mapping asks for it, waits until a later call tells who it was."""

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.store import tables

WAITING = calls(row("Phone", "phone", update="overwrite"), on_nameless="wait")
ANN = "ann@x.example"
EARLY, LATE = "2026-03-04T08:00:00.000Z", "2026-03-04T09:00:00.000Z"


@pytest.fixture
async def app(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, WAITING)
    return source


def by_user_id_alone(message_id, at, **traits):
    call = identify(ANN, message_id, at, **traits)
    return call | {"traits": traits}


async def phones(here):
    return [one["Phone"] for one in await here.records("SELECT Phone FROM Lead")]


@pytest.mark.shows("P7")
async def test_it_waits_with_a_reason_a_time_and_a_deadline(here, app):
    await here.deliver(app, by_user_id_alone("m1", EARLY, phone="1"))
    await here.worker().sweep(linger=False)
    (waiting,) = await here.rows(tables.delivery)
    week = here.settings.timings.identity_deadline
    assert ("waiting", "no_identity", True, week) == (
        waiting["state"],
        waiting["reason"],
        waiting["due_at"] < waiting["deadline"],
        (waiting["deadline"] - here.clock.now()).total_seconds(),
    )


@pytest.mark.shows("P4", "P7")
@pytest.mark.parametrize(("at", "named_at", "phone"), [(EARLY, LATE, "2"), (LATE, EARLY, "1")], ids=["older", "newer"])
async def test_it_goes_on_when_its_sender_becomes_known_and_the_newest_value_stands(here, app, at, named_at, phone):
    await here.deliver(app, by_user_id_alone("m1", at, phone="1"))
    await here.worker().sweep(linger=False)
    await here.deliver(app, identify(ANN, "m2", named_at, phone="2"))
    await here.drain()
    waiting = {one["reason"] for one in await here.rows(tables.delivery, state="waiting")}
    assert ([phone], set()) == (await phones(here), waiting)


@pytest.mark.shows("P7")
async def test_after_a_week_it_is_held(here, app):
    await here.deliver(app, by_user_id_alone("m1", EARLY, phone="1"))
    await here.worker().sweep(linger=False)
    here.clock.advance(here.settings.timings.identity_deadline)
    await here.drain()
    assert await here.states() == {"held(deadline)": 1}
