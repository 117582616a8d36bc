import pytest
from pydantic import SecretStr

from crosswalk.journal import audit
from crosswalk.journal.audit import Filter


async def record(world, subject="source webinars", **values):
    async with world.database.write() as tx:
        await audit.record(tx, world.ids, world.clock.now(), actor="ann", action="source.save", subject=subject, **values)


async def entries(world, after=None, **wanted):
    async with world.database.read() as tx:
        return await audit.page(tx, 10, after, Filter(**wanted))


async def test_an_action_is_kept_with_who_when_before_and_after(world, clock):
    await record(world, before={"state": "off"}, after={"state": "on"})
    [entry] = await entries(world)
    assert (entry.actor, entry.at, entry.action, entry.subject, entry.before, entry.after) == (
        "ann",
        clock.now(),
        "source.save",
        "source webinars",
        {"state": "off"},
        {"state": "on"},
    )


@pytest.mark.shows("P12")
async def test_a_secret_is_never_written_whatever_its_name(world):
    await record(world, after={"colour": SecretStr("hunter2"), "list": [SecretStr("hunter2")], "raw": b"hunter2"})
    [entry] = await entries(world)
    assert entry.after == {"colour": "(secret)", "list": ["(secret)"], "raw": "(secret)"}


async def test_actions_are_listed_newest_first_and_by_subject(world):
    for subject in ("a", "b", "a"):
        await record(world, subject=subject)
    assert [[entry.subject for entry in await entries(world, subject=subject)] for subject in (None, "a")] == [["a", "b", "a"], ["a", "a"]]


async def test_pages_follow_each_other(world):
    for subject in ("a", "b"):
        await record(world, subject=subject)
    [newest, oldest] = await entries(world)
    assert await entries(world, after=newest.id) == [oldest]


async def test_values_become_json(world, clock):
    await record(world, after={"at": clock.now(), "names": {"one"}, "n": 1, "other": World})
    [entry] = await entries(world)
    assert (entry.after["at"], entry.after["names"], entry.after["n"]) == ("2026-03-04T09:00:00+00:00", ["one"], 1)


class World:
    """Anything."""
