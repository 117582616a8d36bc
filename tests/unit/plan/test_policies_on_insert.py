"""What a field of a new record gets, policy by policy."""

import pytest
from tests.unit.plan.building import described, fresh, hmac, want

from crosswalk.model import Field, Ladder, UpdatePolicy
from crosswalk.plan import policies

LADDER = Ladder(("Registered", "Attended"), frozenset({"Un-registered"}))


def decided(*wants, kind="string"):
    return policies.on_insert(wants, described(kind=kind), hmac)


def asked(*values, update, ladder=None):
    """Return a want for each value, a second apart."""
    return [want(value=value, at=at, update=update, ladder=ladder) for at, value in enumerate(values, start=1)]


@pytest.mark.shows("BX-06")
@pytest.mark.parametrize(
    ("update", "values", "expected"),
    [
        (UpdatePolicy.FILL_EMPTY, ["first", "second"], "first"),
        (UpdatePolicy.FILL_EMPTY, [None, "second"], "second"),
        (UpdatePolicy.CREATE_ONLY, ["first", "second"], "first"),
        (UpdatePolicy.OVERWRITE, ["first", "second"], "second"),
        (UpdatePolicy.OVERWRITE, [None, "second"], "second"),
        (UpdatePolicy.OVERWRITE, [False, True], True),
        (UpdatePolicy.OVERWRITE, [True, False], False),
        (UpdatePolicy.FILL_EMPTY, [0, 7], 0),
    ],
)
def test_a_new_record_gets_the_value_its_policy_picks(update, values, expected):
    verdict = decided(*asked(*values, update=update))
    assert (True, expected) == (verdict.send, verdict.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["Registered", "Attended"], "Attended"),
        (["Attended", "Registered"], "Attended"),
        (["Registered", "Un-registered"], "Un-registered"),
        (["Attended", "Un-registered", "Registered"], "Registered"),
        (["Un-registered", "Registered", None], "Registered"),
    ],
)
def test_a_new_record_gets_the_status_all_events_amount_to(values, expected):
    verdict = decided(*asked(*values, update=UpdatePolicy.ADVANCE, ladder=LADDER))
    assert (True, expected) == (verdict.send, verdict.value)


def test_a_status_outside_the_ladder_is_not_sent_with_a_new_record():
    verdict = decided(want(value="Lost", update=UpdatePolicy.ADVANCE, ladder=LADDER))
    assert not verdict.send


def test_the_order_of_wants_does_not_matter():
    wants = asked("first", "second", update=UpdatePolicy.OVERWRITE)
    assert decided(*wants) == decided(*reversed(wants))


def test_a_clear_newer_than_the_value_leaves_the_field_of_a_new_record_out():
    verdict = decided(*asked("first", None, update=UpdatePolicy.OVERWRITE))
    assert not verdict.send


def test_a_clear_that_was_not_sent_still_moves_the_freshness():
    verdict = decided(*asked("first", None, update=UpdatePolicy.OVERWRITE))
    assert fresh(2) == verdict.considered.freshness


def test_a_placeholder_fills_a_field_that_nothing_else_fills():
    verdict = decided(want(value="n/a", placeholder=True))
    assert (verdict.send, verdict.value) == (True, "n/a")


def test_a_placeholder_is_remembered_as_one():
    assert decided(want(value="n/a", placeholder=True)).considered.placeholder


def test_a_placeholder_moves_no_freshness():
    assert decided(want(value="n/a", placeholder=True)).considered.freshness == ""


@pytest.mark.parametrize("real_at", [1, 9])
def test_a_real_value_beats_a_placeholder_whenever_it_came(real_at):
    verdict = decided(want(value="n/a", at=5, placeholder=True), want(value="Acme", at=real_at))
    assert (verdict.value, verdict.considered.placeholder) == ("Acme", False)


def test_what_is_sent_is_remembered_as_a_digest():
    field = described(kind="email")
    verdict = policies.on_insert([want(value="Ann@X.example")], field, hmac)
    assert policies.digest(field, "ann@x.example", hmac) == verdict.considered.sent


def test_the_dated_statuses_of_a_new_record_are_remembered():
    verdict = decided(*asked("Attended", "Registered", update=UpdatePolicy.ADVANCE, ladder=LADDER))
    assert {"Attended": fresh(1), "Registered": fresh(2)} == verdict.considered.statuses


def test_the_first_sync_rules_the_policy():
    verdict = decided(
        want(value="early", at=1, update=UpdatePolicy.FILL_EMPTY, sync_position=2),
        want(value="late", at=2, update=UpdatePolicy.OVERWRITE, sync_position=1),
    )
    assert verdict.value == "late"


def test_of_one_sync_the_stricter_policy_rules():
    verdict = decided(want(value="early", at=1, update=UpdatePolicy.OVERWRITE), want(value="late", at=2))
    assert verdict.value == "early"


@pytest.mark.parametrize("update", [UpdatePolicy.FILL_EMPTY, UpdatePolicy.OVERWRITE])
def test_of_one_event_in_two_syncs_the_first_syncs_value_is_taken(update):
    verdict = decided(want(value="second", update=update, sync_position=2), want(value="first", update=update, sync_position=1))
    assert verdict.value == "first"


def test_numbers_are_remembered_as_the_field_rounds_them():
    field = Field("Rate__c", "Rate", "double", precision=5, scale=1)
    assert policies.digest(field, 0.5, hmac) == policies.digest(field, 0.46, hmac)
