"""Calls grow while the org is quick and shrink when it is not."""

import pytest

from crosswalk.model import Call, Change, Fault, Headers, Operation, Recovery
from crosswalk.salesforce.sizes import Sizes


def _call(rows, object_name="Lead"):
    change = Change("change-1", object_name, Operation.INSERT, {}, key="k", claims=(), origins=())
    return Call("call-1", object_name, Operation.INSERT, Headers(), (change,) * rows)


@pytest.fixture
def sizes(database, connection):
    return Sizes(database, connection.id)


async def test_nothing_is_known_of_an_object_at_first(sizes):
    assert await sizes.rows() == {}


async def test_quick_full_calls_double_up_to_a_thousand(sizes):
    assert [await sizes.observe(_call(rows), 1.0, []) for rows in (200, 400, 800, 1_000)] == [400, 800, 1_000, 1_000]


async def test_a_quick_call_that_was_not_full_changes_nothing(sizes):
    assert await sizes.observe(_call(150), 0.1, []) == 200


async def test_a_call_neither_quick_nor_slow_changes_nothing(sizes):
    assert await sizes.observe(_call(200), 7.0, []) == 200


async def test_a_slow_call_halves(sizes):
    assert await sizes.observe(_call(200), 10.5, []) == 100


@pytest.mark.parametrize(
    "fault", [Fault("UNABLE_TO_LOCK_ROW", Recovery.RETRY_NOW, "locked"), Fault("REQUEST_RUNNING_TOO_LONG", Recovery.HALVE, "slow")]
)
async def test_a_lock_or_a_limit_halves(sizes, fault):
    assert await sizes.observe(_call(200), 1.0, [fault]) == 100


async def test_a_refused_row_does_not_halve(sizes):
    assert await sizes.observe(_call(150), 1.0, [Fault("STRING_TOO_LONG", Recovery.HOLD, "long")]) == 200


async def test_a_small_call_that_strained_the_org_halves_itself(sizes):
    assert await sizes.observe(_call(40), 11.0, []) == 20


async def test_shrinking_ends_at_one_row(sizes):
    assert [await sizes.shrink("Lead") for _ in range(9)] == [100, 50, 25, 12, 6, 3, 1, 1, 1]


async def test_objects_do_not_share_a_size(sizes):
    await sizes.shrink("Lead")
    assert await sizes.observe(_call(200, "Contact"), 1.0, []) == 400


async def test_all_workers_and_operations_share_a_size(sizes, database, connection):
    await sizes.shrink("Lead")
    expected = {("Lead", Operation.INSERT): 100, ("Lead", Operation.UPDATE): 100}
    assert expected == await Sizes(database, connection.id).rows()
