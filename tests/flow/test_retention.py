"""What is old loses its content, in batches, whoever dies in between; what is still needed keeps it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update
from tests.plugin import LONG
from tests.world import Killed, identify, preset

from crosswalk.engine.housekeeping import Housekeeping
from crosswalk.settings import Retention
from crosswalk.store import tables

EVENTS = 4


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def old(here):
    """Four events, written ninety-one days ago; batches of two."""
    source = await here.add_source("rudderstack")
    await here.add_sync(source, preset("rudderstack"))
    for number in range(EVENTS):
        await here.deliver(source, identify(f"p{number}@x.example", f"m-{number}", lastName="Example"))
    await here.drain()
    here.clock.advance(timedelta(days=91).total_seconds())
    here.engine = replace(here.engine, settings=here.settings.model_copy(update={"retention": Retention(batch_rows=2)}))
    return source


async def full(here, table, *columns):
    """Return how many rows of a table have any of the contents left."""
    async with here.database.read() as tx:
        return [await tx.scalar(select(func.count()).select_from(table).where(table.c[name].is_not(None))) for name in columns]


async def left(here):
    events = await full(here, tables.event, "payload_ct", "person_ct")
    return events + await full(here, tables.change, "body_ct", "before_ct", "error_ct")


@pytest.mark.shows("P2")
async def test_old_content_is_blanked_and_rows_stay_so_that_a_repeat_is_known(here, old):
    done = await Housekeeping(here.engine).sweep()
    receipt = await here.deliver(old, identify("p0@x.example", "m-0", lastName="Example"))
    assert (EVENTS, EVENTS, EVENTS, [0] * 5, 1) == (
        done["events"],
        done["changes"],
        len(await here.rows(tables.event)),
        await left(here),
        receipt.repeats,
    )


@pytest.mark.parametrize("nth", range(1, 9) if LONG else (2, 6))
async def test_killed_at_any_batch_the_next_sweep_ends_as_if_nothing_had_happened(here, old, nth):
    passed = 0

    async def die(point):
        nonlocal passed
        passed += 1
        if passed == nth:
            raise Killed

    with pytest.raises(Killed):
        await Housekeeping(here.engine, die).sweep()
    await Housekeeping(here.engine).sweep()
    assert (EVENTS, [0] * 5) == (len(await here.rows(tables.event)), await left(here))


@pytest.mark.shows("BX-47")
async def test_a_source_may_keep_its_content_longer(here, old):
    async with here.database.write() as tx:
        await tx.execute(update(tables.source).values(retention_days=120))
    here.configuration.forget()
    await Housekeeping(here.engine).sweep()
    assert [EVENTS, EVENTS] == await full(here, tables.event, "payload_ct", "person_ct")


async def test_a_delivery_that_still_waits_keeps_its_content(here, old):
    async with here.database.write() as tx:
        some = select(tables.delivery.c.id).limit(1).scalar_subquery()
        await tx.execute(update(tables.delivery).where(tables.delivery.c.id == some).values(state="waiting"))
    await Housekeeping(here.engine).sweep()
    assert [1, 1] == await full(here, tables.event, "payload_ct", "person_ct")


async def test_old_traces_are_deleted_and_the_newest_kept_up_to_a_number(here):
    settings = here.settings.model_copy(update={"retention": Retention(trace_rows=4, batch_rows=2)})
    here.engine = replace(here.engine, settings=settings)
    now = here.clock.now()
    rows = [
        {"id": here.ids.new(), "at": now - timedelta(days=days), "code": "bad", "sentence": f"{days}", "status": 400}
        for days in (40, 35, 9, 8, 7, 6, 5, 4)
    ]
    async with here.database.write() as tx:
        await tx.execute(insert(tables.refusal), rows)
    await Housekeeping(here.engine).sweep()
    assert ["7", "6", "5", "4"] == [row["sentence"] for row in await here.rows(tables.refusal)]
