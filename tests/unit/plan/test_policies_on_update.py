"""What a mapped value does to a value that stands in the org, policy by policy. Events happen at second 5 unless told otherwise."""

import pytest
from tests.unit.plan.building import described, fresh, hmac, want

from crosswalk.model import Field, FieldState, UpdatePolicy
from crosswalk.plan import policies

FILL, OVERWRITE, CREATE_ONLY = UpdatePolicy.FILL_EMPTY, UpdatePolicy.OVERWRITE, UpdatePolicy.CREATE_ONLY
PHONE = described()


def known(sent=None, at=0, field=PHONE, **more):
    """Return the memory of a field that was considered at second `at` and last sent as `sent`."""
    digest = policies.digest(field, sent, hmac) if sent is not None else None
    return FieldState(freshness=fresh(at) if at else "", sent=digest, **more)


def decided(value, current, state=None, *, update=FILL, kind="string", at=5):
    field = described(kind=kind)
    return policies.on_update([want(value=value, at=at, update=update)], current, field, state or FieldState(), hmac)


@pytest.mark.shows("BX-06")
@pytest.mark.parametrize(
    ("update", "value", "current", "kind", "sends"),
    [
        (FILL, "new", None, "string", True),
        (FILL, "new", "", "string", True),
        (FILL, "new", "   ", "string", True),
        (FILL, "new", "old", "string", False),
        (FILL, None, None, "string", False),
        (FILL, None, "old", "string", False),
        (FILL, True, False, "boolean", False),
        (FILL, 7, 0, "double", False),
        (FILL, 0, None, "double", True),
        (FILL, False, None, "boolean", True),
        (OVERWRITE, "new", None, "string", True),
        (OVERWRITE, "new", "old", "string", True),
        (OVERWRITE, None, "old", "string", True),
        (OVERWRITE, None, None, "string", False),
        (OVERWRITE, "old", "old", "string", False),
        (OVERWRITE, False, True, "boolean", True),
        (OVERWRITE, 0, 7, "double", True),
        (CREATE_ONLY, "new", None, "string", False),
        (CREATE_ONLY, "new", "old", "string", False),
        (CREATE_ONLY, None, "old", "string", False),
    ],
)
def test_a_policy_sends_or_leaves_alone(update, value, current, kind, sends):
    assert sends == decided(value, current, update=update, kind=kind).send


@pytest.mark.parametrize(
    ("kind", "value", "current"),
    [
        ("email", "ANN@x.example ", "ann@x.example"),
        ("double", 5, 5.0),
        ("boolean", False, False),
        ("multipicklist", "b;a", "a;b"),
        ("datetime", "2026-03-04T09:00:00Z", "2026-03-04T09:00:00.000+0000"),
        ("textarea", "one\ntwo", "one\r\ntwo "),
        ("reference", "003000000000001", "003000000000001AAA"),
    ],
)
def test_a_value_that_salesforce_holds_already_is_not_sent(kind, value, current):
    assert not decided(value, current, update=OVERWRITE, kind=kind).send


def test_a_number_that_rounds_to_what_stands_is_not_sent():
    field = Field("Rate__c", "Rate", "percent", precision=5, scale=2)
    verdict = policies.on_update([want(value=33.333, update=OVERWRITE)], 33.33, field, FieldState(), hmac)
    assert not verdict.send


@pytest.mark.parametrize("update", [FILL, OVERWRITE])
def test_what_was_sent_last_is_not_sent_again_though_somebody_changed_it(update):
    current = None if update is FILL else "by hand"
    assert not decided("mine", current, known("mine", at=1), update=update).send


@pytest.mark.parametrize("update", [FILL, OVERWRITE])
def test_a_new_value_of_the_source_is_sent_over_an_empty_field(update):
    assert decided("other", None, known("mine", at=1), update=update).send


def test_overwrite_sends_a_new_value_of_the_source_over_a_change_by_hand():
    assert decided("other", "by hand", known("mine", at=1), update=OVERWRITE).send


def test_a_clear_is_not_repeated_after_somebody_filled_the_field():
    cleared = decided(None, "old", known("old", at=1), update=OVERWRITE).considered
    assert not decided(None, "by hand", cleared, update=OVERWRITE, at=6).send


@pytest.mark.parametrize("at", [4, 5])
def test_overwrite_ignores_an_event_that_is_not_newer_than_the_last_considered(at):
    assert not decided("late", "old", known("old", at=5), update=OVERWRITE, at=at).send


def test_overwrite_takes_the_newest_of_several_events():
    wants = [want(value="newest", at=7, update=OVERWRITE), want(value="older", at=6, update=OVERWRITE)]
    assert policies.on_update(wants, "old", PHONE, known("old", at=5), hmac).value == "newest"


def test_fill_empty_takes_the_earliest_of_several_events():
    wants = [want(value="later", at=7), want(value="earliest", at=6), want(value=None, at=5)]
    assert policies.on_update(wants, None, PHONE, FieldState(), hmac).value == "earliest"


@pytest.mark.parametrize("update", [FILL, OVERWRITE, CREATE_ONLY])
def test_a_value_that_is_not_sent_still_moves_the_freshness(update):
    assert fresh(5) == decided("same", "same", known("same", at=1), update=update).considered.freshness


def test_a_late_event_does_not_move_the_freshness_back():
    assert fresh(9) == decided("late", "old", known("old", at=9), update=OVERWRITE).considered.freshness


def test_an_equal_value_is_remembered_as_agreed():
    assert known("same").sent == decided("same", "same", update=OVERWRITE).considered.sent


def test_a_sent_value_is_remembered():
    assert known("new").sent == decided("new", "old", update=OVERWRITE).considered.sent


# --- placeholders (C-04) ------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-26")
@pytest.mark.parametrize("current", [None, "", "Acme"])
def test_a_placeholder_never_goes_into_an_existing_record(current):
    wants = [want(value="n/a", placeholder=True, update=OVERWRITE)]
    assert not policies.on_update(wants, current, PHONE, FieldState(), hmac).send


def test_a_placeholder_leaves_no_trace_on_an_existing_record():
    state = known("Acme", at=3)
    assert state == policies.on_update([want(value="n/a", placeholder=True)], "Acme", PHONE, state, hmac).considered


@pytest.mark.parametrize("update", [FILL, OVERWRITE])
def test_a_real_value_replaces_our_untouched_placeholder(update):
    assert decided("Acme", "n/a", known("n/a", placeholder=True), update=update).send


def test_a_replaced_placeholder_is_forgotten():
    assert not decided("Acme", "n/a", known("n/a", placeholder=True)).considered.placeholder


def test_fill_empty_respects_what_somebody_put_over_our_placeholder():
    assert not decided("Acme", "by hand", known("n/a", placeholder=True)).send


def test_the_same_text_put_there_by_somebody_else_is_no_placeholder():
    assert not decided("Acme", "n/a", FieldState()).send


def test_a_replaced_placeholder_is_a_filled_field():
    state = decided("Acme", "n/a", known("n/a", placeholder=True)).considered
    assert not decided("Other", "Acme", state, at=6).send


# --- two syncs on one field ---------------------------------------------------------------------------------------------------------


def two_syncs(first, second, current="old"):
    wants = [
        want(value="from first", at=5, update=first, sync_position=1),
        want(value="from second", at=6, update=second, sync_position=2),
    ]
    return policies.on_update(wants, current, PHONE, FieldState(), hmac)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (OVERWRITE, FILL, "from second"),
        (OVERWRITE, CREATE_ONLY, "from second"),
        (FILL, OVERWRITE, None),
        (CREATE_ONLY, OVERWRITE, None),
    ],
)
def test_the_first_syncs_policy_rules_the_field(first, second, expected):
    assert expected == two_syncs(first, second).value


@pytest.mark.parametrize(("one", "other", "sends"), [(FILL, OVERWRITE, False), (CREATE_ONLY, FILL, False), (CREATE_ONLY, OVERWRITE, False)])
def test_of_one_sync_the_stricter_policy_rules_an_update(one, other, sends):
    wants = [want(value="a", update=other), want(value="b", at=6, update=one)]
    assert sends == policies.on_update(wants, "old" if one is FILL else None, PHONE, FieldState(), hmac).send
