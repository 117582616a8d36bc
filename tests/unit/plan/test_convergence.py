"""P4 on a small model of one field of one record: whatever the order, batches and repeats of events, it ends the same."""

from dataclasses import dataclass, field
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugin import LONG
from tests.unit.plan.building import described, hmac, want

from crosswalk.model import FieldState, Ladder, UpdatePolicy
from crosswalk.plan import policies
from crosswalk.plan.canonical import canonical

quick = settings(deadline=None, max_examples=1_000 if LONG else 40)

LADDER = Ladder(("Registered", "Confirmed", "Attended"), frozenset({"Un-registered", "Blocked"}))
STATUSES = (*LADDER.ranks, *sorted(LADDER.resets))
FIELD = described("Status", "picklist")
PLACEHOLDER = "n/a"


@dataclass
class Model:
    """One field of one record, as the org and we remember it. `trail` holds every value it had."""

    update: UpdatePolicy
    exists: bool = False
    value: object = None
    state: FieldState = field(default_factory=FieldState)
    trail: list = field(default_factory=list)

    def turn(self, events):
        """Take events of (second, value) in one fold; a value of `PLACEHOLDER` is a placeholder."""
        wants = [self._want(at, value) for at, value in events]
        verdict = self._verdict(wants)
        self.exists = True
        self.state = verdict.considered
        if verdict.send:
            self.value = canonical(FIELD.type, verdict.value)
            self.trail.append(self.value)

    def _verdict(self, wants):
        if not self.exists:
            return policies.on_insert(wants, FIELD, hmac)
        return policies.on_update(wants, self.value, FIELD, self.state, hmac)

    def _want(self, at, value):
        ladder = LADDER if self.update is UpdatePolicy.ADVANCE else None
        return want("Status", value, at, self.update, ladder=ladder, placeholder=value == PLACEHOLDER)


def played(update, turns, before=None):
    """Return the model after these turns; `before` is what stood in the org before we came, if the record existed."""
    model = Model(update, exists=before is not None, value=before or None)
    for events in turns:
        model.turn(events)
    return model


@st.composite
def schedules(draw, values):
    """Draw events, each second with one value, and the same events again in another order, some repeated, cut into turns."""
    events = draw(st.dictionaries(st.integers(1, 9), values, min_size=1, max_size=6).map(lambda drawn: sorted(drawn.items())))
    repeats = draw(st.lists(st.sampled_from(events), max_size=3))
    shuffled = draw(st.permutations([*events, *repeats]))
    turns, rest = [], list(shuffled)
    while rest:
        size = draw(st.integers(1, len(rest)))
        turns.append(rest[:size])
        rest = rest[size:]
    return [[event] for event in events], turns


TEXTS = st.sampled_from(["a", "b", "c"])
CLEARING = st.one_of(st.none(), TEXTS)
STANDING_IN = st.one_of(st.just(PLACEHOLDER), TEXTS)
CLIMBING = st.sampled_from(STATUSES)


@pytest.mark.shows("P4")
@quick
@given(st.one_of(schedules(CLEARING), schedules(STANDING_IN)), st.sampled_from([None, "", "a", "by hand"]))
def test_overwrite_ends_in_the_same_value_whatever_the_order_and_batches(schedule, before):
    in_order, shuffled = schedule
    update = UpdatePolicy.OVERWRITE
    assert played(update, in_order, before).value == played(update, shuffled, before).value


@quick
@given(schedules(CLEARING), st.sampled_from([None, "", "a", "by hand"]))
def test_overwrite_ends_in_the_newest_value(schedule, before):
    in_order, shuffled = schedule
    assert in_order[-1][0][1] == played(UpdatePolicy.OVERWRITE, shuffled, before).value


@pytest.mark.shows("P4")
@quick
@given(st.one_of(schedules(CLIMBING), schedules(st.one_of(CLIMBING, st.just(PLACEHOLDER)))), st.sampled_from([None, "", *STATUSES]))
def test_advance_ends_in_the_same_value_whatever_the_order_and_batches(schedule, before):
    in_order, shuffled = schedule
    update = UpdatePolicy.ADVANCE
    assert played(update, in_order, before).value == played(update, shuffled, before).value


@quick
@given(schedules(CLIMBING), st.sampled_from([None, "", *STATUSES]))
def test_a_rank_never_falls_unless_a_reset_is_known(schedule, before):
    _, shuffled = schedule
    model = Model(UpdatePolicy.ADVANCE, exists=before is not None, value=before or None)
    for events in shuffled:
        stood = model.value
        model.turn(events)
        falls = stood in LADDER.ranks and model.value in LADDER.ranks and LADDER.ranks.index(model.value) < LADDER.ranks.index(stood)
        assert not falls or LADDER.resets & set(model.state.statuses)


@quick
@given(schedules(CLIMBING), st.sampled_from(LADDER.ranks))
def test_a_further_status_put_there_by_hand_is_lowered_by_nothing_but_a_later_reset(schedule, by_hand):
    in_order, shuffled = schedule
    model = played(UpdatePolicy.ADVANCE, shuffled)
    model.value = by_hand
    model.turn([(at + 10, value) for [(at, value)] in in_order if value not in LADDER.resets] or [(20, "Registered")])
    assert LADDER.ranks.index(model.value) >= LADDER.ranks.index(by_hand)


@quick
@given(schedules(st.one_of(CLEARING, st.just(PLACEHOLDER))), st.sampled_from([None, "", "by hand"]))
def test_fill_empty_ends_in_a_value_of_some_event_and_never_changes_it(schedule, before):
    in_order, shuffled = schedule
    model = played(UpdatePolicy.FILL_EMPTY, shuffled, before)
    real = [value for value in model.trail if value != PLACEHOLDER]
    values = {value for [(_, value)] in in_order}
    assert (set(model.trail) <= values, len(real) <= 1, not (before and model.trail)) == (True, True, True)


@quick
@given(schedules(CLEARING))
def test_create_only_never_changes_what_the_first_turn_left(schedule):
    _, shuffled = schedule
    assert played(UpdatePolicy.CREATE_ONLY, shuffled[:1]).value == played(UpdatePolicy.CREATE_ONLY, shuffled).value


@quick
@given(
    st.sampled_from([UpdatePolicy.OVERWRITE, UpdatePolicy.FILL_EMPTY, UpdatePolicy.CREATE_ONLY]),
    schedules(CLEARING),
    st.sampled_from([None, "", "by hand"]),
)
def test_all_events_again_write_nothing(update, schedule, before):
    in_order, shuffled = schedule
    model = played(update, shuffled, before)
    written = len(model.trail)
    for events in [*shuffled, *in_order]:
        model.turn(events)
    assert written == len(model.trail)


@quick
@given(schedules(CLIMBING), st.sampled_from([None, "", *STATUSES]))
def test_all_statuses_again_write_nothing(schedule, before):
    in_order, shuffled = schedule
    model = played(UpdatePolicy.ADVANCE, shuffled, before)
    written = len(model.trail)
    for events in [*shuffled, *in_order]:
        model.turn(events)
    assert written == len(model.trail)


@quick
@given(schedules(CLIMBING), CLIMBING)
def test_a_status_outside_the_list_is_never_overwritten(schedule, status):
    _, shuffled = schedule
    model = played(UpdatePolicy.ADVANCE, shuffled)
    model.value = "by hand"
    model.turn([(20, status)])
    assert model.value == "by hand"


FIVE = [(1, "Registered"), (2, "Un-registered"), (3, "Attended"), (4, "Registered"), (5, "Blocked")]


@pytest.mark.shows("BX-16", "P4")
@pytest.mark.parametrize(
    ("update", "expected"), [(UpdatePolicy.OVERWRITE, "Blocked"), (UpdatePolicy.ADVANCE, "Blocked")], ids=["overwrite", "advance"]
)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_all_orders_of_five_events_end_in_one_state(update, expected, size):
    ends = {played(update, [order[at : at + size] for at in range(0, 5, size)]).value for order in permutations(FIVE)}
    assert {expected} == ends


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_all_orders_of_four_events_end_in_the_climb_since_the_reset(size):
    orders = permutations(FIVE[:4])
    ends = {played(UpdatePolicy.ADVANCE, [order[at : at + size] for at in range(0, 4, size)]).value for order in orders}
    assert {"Attended"} == ends
