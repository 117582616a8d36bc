import pytest

from crosswalk.journal import outcomes
from crosswalk.model import Note, Outcome
from crosswalk.reasons import Reason, State


async def saved(world, *made):
    for one in made:
        async with world.database.write() as tx:
            await outcomes.save(tx, [one], world.clock.now())
    async with world.database.read() as tx:
        return await outcomes.of_delivery(tx, "d")


def outcome(state, **values):
    return Outcome("d", "person", state, **({"mapping_version": 1} | values))


async def test_an_outcome_comes_back_as_it_was(world):
    made = outcome(
        State.HELD, reason=Reason.REJECTED, detail="too long", object="Lead", change_id="c", notes=(Note("truncated", "City", "Cut."),)
    )
    assert await saved(world, made) == [made]


async def test_the_later_outcome_of_a_step_replaces_the_earlier(world):
    later = outcome(State.WRITTEN, record_id="00Q000000000001AAA")
    assert await saved(world, outcome(State.WAITING, reason=Reason.CLAIMED), later) == [later]


@pytest.mark.parametrize("state", [State.UNCHANGED, State.WAITING])
async def test_what_was_written_is_not_hidden_by_finding_it_unchanged_or_by_looking_again(world, state):
    written = outcome(State.WRITTEN, change_id="c")
    assert await saved(world, written, outcome(state)) == [written]


async def test_a_newer_mapping_version_may_find_it_unchanged(world):
    unchanged = outcome(State.UNCHANGED, mapping_version=2)
    assert await saved(world, outcome(State.WRITTEN, change_id="c"), unchanged) == [unchanged]


@pytest.mark.parametrize("state", [State.HELD, State.SKIPPED])
async def test_other_ends_replace_what_was_written(world, state):
    assert [one.state for one in await saved(world, outcome(State.WRITTEN), outcome(state))] == [state]


async def test_steps_are_kept_apart(world):
    member = Outcome("d", "member", State.WRITTEN)
    assert await saved(world, outcome(State.WRITTEN), member) == [member, outcome(State.WRITTEN)]
