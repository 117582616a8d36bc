"""A copy of the embedded database, made while it is in use, is a whole installation; what it missed comes again without harm."""

import pytest
from tests.world import World, identify, preset

from crosswalk.errors import ConfigurationError
from crosswalk.store import backup
from crosswalk.store.database import Database


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
async def source(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, preset("rudderstack"))
    return source


async def restored(here, file):
    """Return an installation on the copy, beside the same org."""
    database = await Database.open(f"sqlite+aiosqlite:///{file}", here.clock)
    world = World(database, here.vault, here.clock, here.ids, here.org, here.settings)
    world.connection_id = here.connection_id
    return world


def person(number, **traits):
    return identify(f"p{number}@x.example", f"m-{number}", lastName="Example", **traits)


async def test_after_a_restore_everything_sent_again_changes_nothing(here, source, tmp_path):
    for number in range(3):
        await here.deliver(source, person(number))
    await here.drain()
    await backup.copy(here.database, tmp_path / "copy.db")
    for number in range(3, 6):  # what the backup knows nothing of
        await here.deliver(source, person(number))
    await here.drain()
    before = await here.export()
    world = await restored(here, tmp_path / "copy.db")
    for number in range(6):
        await world.deliver(source, person(number))
    await world.drain()
    await world.replay()
    again = await world.export()
    await world.close()
    await world.database.close()
    assert before == again


async def test_a_copy_made_between_two_steps_of_a_turn_goes_on_without_doubling(here, source, tmp_path):
    await here.deliver(source, person(1))

    async def copying(point):
        if point == "K6":  # the org has written, we have not read its answer
            await backup.copy(here.database, tmp_path / "copy.db")

    await here.drain(here.worker(copying))
    world = await restored(here, tmp_path / "copy.db")
    here.clock.advance(here.settings.timings.settle + here.settings.timings.lease)
    await world.drain()
    leads = await world.records("SELECT Id FROM Lead")
    states = await world.states()
    await world.close()
    await world.database.close()
    assert (1, {"written": 1}) == (len(leads), states)


async def test_an_earlier_backup_is_never_overwritten(here, tmp_path):
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(ConfigurationError, match="exists already"):
        await backup.copy(here.database, tmp_path / "copy.db")
