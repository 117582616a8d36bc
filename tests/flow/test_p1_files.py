"""P1 for files: whatever line a process dies at, the same file goes on behind what was kept, and nothing of it is kept twice."""

import json
from contextlib import aclosing
from io import BytesIO

import pytest
from tests.vendors.clock import WindingClock
from tests.world import identify

from crosswalk.engine.files import bodies
from crosswalk.engine.files.backfill import Backfill
from crosswalk.engine.files.bodies import Form
from crosswalk.errors import Replan
from crosswalk.store import tables

PEOPLE, AT_ONCE = 8, 3
MARK = "file:of-the-test"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
async def source(here):
    source_id = await here.add_source("rudderstack")
    return (await here.configuration.current()).sources[source_id]


def content():
    return "".join(json.dumps(identify(f"u{number}", f"p{number}@x.example")) + "\n" for number in range(PEOPLE)).encode()


def filing(here, source, **options):
    return Backfill(here.engine, here.receiver, source, MARK, at_once=AT_ONCE, **options)


def dies(point, nth):
    passed = []

    async def at(name):
        passed.append(name)
        if passed.count(point) == nth:
            raise Killed

    return at


async def taken(here, source, **options):
    """Take the file in to its end, and return how far that was."""
    backfill = filing(here, source, **options)
    begun = await backfill.begin(lambda: None)
    items = bodies.read(BytesIO(content()), Form.JSON_LINES, source, 1_000).items
    async with aclosing(backfill.take(begun, items)) as pages:
        async for page in pages:
            begun = page.begun
    await backfill.let_go(begun)
    return begun


@pytest.mark.shows("P1", "P2")
@pytest.mark.parametrize("point", ["F1", "F2"])
@pytest.mark.parametrize("nth", [1, 3])
async def test_a_file_goes_on_behind_what_was_kept_as_the_same_run(here, source, point, nth):
    with pytest.raises(Killed):
        await taken(here, source, at=dies(point, nth))
    here.clock.advance(60)
    begun = await taken(here, source)
    events, runs = await here.rows(tables.event), await here.rows(tables.run)
    assert (True, True, (PEOPLE, 0), PEOPLE, [begun.run_id]) == (
        begun.is_resumed,
        begun.is_whole,
        (begun.receipt.events, begun.receipt.repeats),
        len(events),
        [one["id"] for one in runs],
    )


async def test_the_same_file_begun_anew_finds_everything_received_before(here, source):
    first = await taken(here, source)
    await filing(here, source).close(first)
    again = await taken(here, source)
    assert (False, PEOPLE, 0) == (again.is_resumed, again.receipt.repeats, again.receipt.events)


async def test_whoever_begins_the_same_file_waits_until_nothing_is_heard_of_the_first(here, source):
    first, told = filing(here, source), []
    begun = await first.begin(lambda: None)
    taken_over = await filing(here, source).begin(lambda: told.append("waits"))
    with pytest.raises(Replan):
        await anext(first.take(begun, bodies.read(BytesIO(content()), Form.JSON_LINES, source, 1_000).items))
    assert (["waits"], begun.run_id, []) == (told, taken_over.run_id, await here.rows(tables.event))
