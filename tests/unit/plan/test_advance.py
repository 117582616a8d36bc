"""Statuses that only climb, and the reset statuses that any later event may enter or leave."""

from itertools import permutations

import pytest
from tests.unit.plan.building import described, fresh, hmac, want

from crosswalk.model import FieldState, Ladder, UpdatePolicy
from crosswalk.plan import policies
from crosswalk.reasons import Reason

STATUS = described("Status", "picklist")
LADDER = Ladder(("Registered", "Confirmed", "Attended", "Participated"), frozenset({"Un-registered", "Blocked"}))


def wants(*events):
    """Return a want for each (status, second)."""
    return [want("Status", value, at, UpdatePolicy.ADVANCE, ladder=LADDER) for value, at in events]


def decided(current, state, *events):
    return policies.on_update(wants(*events), current, STATUS, state or FieldState(), hmac)


def after(current, *turns, state=None):
    """Return org value and memory after these turns, each a list of (status, second)."""
    state = state or FieldState()
    for turn in turns:
        verdict = decided(current, state, *turn)
        current, state = verdict.value if verdict.send else current, verdict.considered
    return current, state


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({}, None),
        ({"Registered": "1"}, "Registered"),
        ({"Registered": "2", "Attended": "1"}, "Attended"),
        ({"Blocked": "1"}, "Blocked"),
        ({"Blocked": "1", "Un-registered": "2"}, "Un-registered"),
        ({"Attended": "1", "Blocked": "2"}, "Blocked"),
        ({"Attended": "1", "Blocked": "2", "Registered": "3"}, "Registered"),
        ({"Attended": "4", "Blocked": "2", "Registered": "3"}, "Attended"),
        ({"Registered": "", "Blocked": "1"}, "Blocked"),
        ({"Registered": ""}, "Registered"),
        ({"Blocked": ""}, "Blocked"),
        ({"Lost": "9"}, None),
        ({"Lost": "9", "Registered": "1"}, "Registered"),
        ({"registered": "1"}, "registered"),
    ],
)
def test_dated_statuses_amount_to_one(statuses, expected):
    assert expected == policies.reached(LADDER, statuses)


@pytest.mark.parametrize(
    ("current", "event", "expected"),
    [
        (None, ("Registered", 5), "Registered"),
        ("Registered", ("Attended", 5), "Attended"),
        ("Registered", ("Participated", 5), "Participated"),
        ("Attended", ("Registered", 5), "Attended"),
        ("attended", ("Registered", 5), "attended"),
        ("Attended", ("Attended", 5), "Attended"),
        ("attended", ("Attended", 5), "attended"),
        ("Attended", ("Blocked", 5), "Blocked"),
        ("Blocked", ("Registered", 5), "Registered"),
        ("Blocked", ("Un-registered", 5), "Un-registered"),
    ],
)
@pytest.mark.shows("BX-06")
def test_one_event_moves_a_status_that_we_meet_for_the_first_time(current, event, expected):
    assert expected == after(current, [event])[0]


@pytest.mark.shows("KA-24", "BX-09")
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("Registered", 1), ("Un-registered", 2), ("Registered", 3)], "Registered"),
        ([("Registered", 1), ("Participated", 2), ("Registered", 3)], "Participated"),
        ([("Attended", 2), ("Registered", 1)], "Attended"),
        ([("Participated", 1), ("Blocked", 2)], "Blocked"),
        ([("Blocked", 1), ("Registered", 2), ("Blocked", 3)], "Blocked"),
        ([("Attended", 3), ("Blocked", 2), ("Registered", 4)], "Attended"),
        ([("Attended", 1), ("Un-registered", 2), ("Registered", 3), ("Attended", 4)], "Attended"),
    ],
)
def test_events_one_by_one_end_in_the_status_they_amount_to(events, expected):
    assert expected == after(None, *[[event] for event in events])[0]


@pytest.mark.parametrize("current", [None, "Attended", "Un-registered"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_order_and_batches_do_not_matter_whatever_stood_there_before(current, size):
    events = [("Registered", 1), ("Un-registered", 2), ("Registered", 3)]
    batched = [[order[at : at + size] for at in range(0, 3, size)] for order in permutations(events)]
    assert {after(current, *turns)[0] for turns in batched} == {"Registered"}


def test_a_late_reset_takes_back_what_came_before_it():
    assert after(None, [("Attended", 1)], [("Registered", 5)], [("Blocked", 2)])[0] == "Registered"


@pytest.mark.parametrize("current", ["Attended", "Sent", "Blocked"])
def test_no_status_asked_for_sends_nothing(current):
    verdict = decided(current, None, (None, 5))
    assert not verdict.send


def test_a_status_outside_the_list_is_held_not_overwritten():
    assert decided("VIP", None, ("Attended", 5)).held is Reason.UNKNOWN_STATUS


def test_a_held_status_sends_nothing():
    assert not decided("VIP", None, ("Attended", 5)).send


def test_a_status_outside_the_list_is_no_matter_when_nothing_is_wanted_of_it():
    assert decided("VIP", None, ("Lost", 5)).held is None


def test_our_untouched_placeholder_counts_as_empty():
    state = FieldState(sent=policies.digest(STATUS, "Pending", hmac), placeholder=True)
    assert decided("Pending", state, ("Registered", 5)).value == "Registered"


# --- people change statuses too -----------------------------------------------------------------------------------------------------


def changed_by_hand(to, *turns):
    """Return the memory after these turns, whose status somebody then changed."""
    _, state = after(None, *turns)
    return to, state


@pytest.mark.parametrize(
    ("by_hand", "event", "sends"),
    [
        ("Participated", ("Registered", 5), False),
        ("Participated", ("Attended", 5), False),
        ("Registered", ("Attended", 5), False),
        (None, ("Attended", 5), False),
        ("VIP", ("Attended", 5), False),
        ("Registered", ("Participated", 5), True),
        ("Blocked", ("Registered", 5), True),
        ("Blocked", ("Registered", 1), False),
        ("Participated", ("Blocked", 5), True),
        ("Participated", ("Blocked", 1), False),
    ],
)
def test_a_change_by_hand_stands_until_the_source_goes_further(by_hand, event, sends):
    current, state = changed_by_hand(by_hand, [("Attended", 3)])
    assert sends == decided(current, state, event).send


def test_a_climb_by_hand_after_our_reset_is_not_taken_back():
    current, state = changed_by_hand("Attended", [("Attended", 1)], [("Un-registered", 2)])
    assert not decided(current, state, ("Registered", 5)).send


def test_a_status_outside_the_list_put_there_by_hand_is_held_when_the_source_moves_on():
    current, state = changed_by_hand("VIP", [("Registered", 3)])
    assert decided(current, state, ("Attended", 5)).held is Reason.UNKNOWN_STATUS


def test_leaving_a_reset_set_by_hand_counts_only_what_came_after():
    current, state = changed_by_hand("Blocked", [("Attended", 3)])
    assert decided(current, state, ("Registered", 5)).value == "Registered"


# --- what is remembered -------------------------------------------------------------------------------------------------------------


def test_each_status_is_remembered_with_its_latest_time():
    _, state = after(None, [("Registered", 1), ("Registered", 4)], [("Attended", 2)])
    assert {"Attended": fresh(2), "Registered": fresh(4)} == state.statuses


def test_a_status_met_for_the_first_time_is_remembered_as_older_than_every_event():
    _, state = after("Attended", [("Registered", 1)])
    assert {"Attended": "", "Registered": fresh(1)} == state.statuses


def test_the_same_events_again_change_neither_value_nor_memory():
    once = after("Registered", [("Attended", 1), ("Blocked", 2)])
    assert once == after(once[0], [("Attended", 1)], [("Blocked", 2)], state=once[1])


def test_a_ladderless_advance_only_fills_empty():
    verdict = policies.on_update([want(value="new", update=UpdatePolicy.ADVANCE)], "old", STATUS, FieldState(), hmac)
    assert not verdict.send
