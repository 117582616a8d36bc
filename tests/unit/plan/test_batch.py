"""How changes are packed into calls."""

from itertools import count

import pytest

from crosswalk.model import Change, Headers, Operation
from crosswalk.plan import batch

INSERT, UPDATE = Operation.INSERT, Operation.UPDATE


def change(number, **more):
    facts = {"object": "Lead", "operation": INSERT, "fields": {"LastName": "x"}, "key": f"key{number}"} | more
    return Change(id=f"{number:04d}", claims=(), origins=(), **facts)


def changes(amount, **more):
    return [change(number, **more) for number in range(amount)]


def packed(several, rows=None):
    numbers = count(1)
    return batch.pack(several, rows or {}, lambda: f"call{next(numbers)}")


def sizes(calls):
    return [len(call.changes) for call in calls]


def test_nothing_is_packed_into_no_call():
    assert packed([]) == []


@pytest.mark.parametrize(
    ("amount", "rows", "expected"),
    [
        (5, {}, [5]),
        (450, {}, [200, 200, 50]),
        (450, {("Lead", INSERT): 400}, [400, 50]),
        (3, {("Lead", INSERT): 1}, [1, 1, 1]),
        (1_500, {("Lead", INSERT): 5_000}, [1_000, 500]),
        (3, {("Contact", INSERT): 1}, [3]),
        (3, {("Lead", UPDATE): 1}, [3]),
        (2, {("Lead", INSERT): 0}, [1, 1]),
    ],
)
def test_a_call_carries_as_many_rows_as_the_org_bears(amount, rows, expected):
    assert expected == sizes(packed(changes(amount), rows))


@pytest.mark.parametrize(
    "difference",
    [
        {"object": "Contact"},
        {"operation": UPDATE, "record_id": "00Q1"},
        {"headers": Headers(auto_assign=True)},
        {"headers": Headers(allow_duplicates=True)},
    ],
)
def test_rows_that_differ_in_object_operation_or_headers_go_apart(difference):
    assert sizes(packed([change(1), change(2, **difference)])) == [1, 1]


def test_a_call_states_what_its_rows_have_in_common():
    call = packed([change(1, object="Case", headers=Headers(auto_assign=True))])[0]
    assert ("call1", "Case", INSERT, Headers(auto_assign=True)) == (call.id, call.object, call.operation, call.headers)


def test_a_key_is_never_twice_in_a_call():
    assert sizes(packed([change(1, key="same"), change(2, key="same"), change(3)])) == [2, 1]


def test_a_record_is_never_twice_in_a_call():
    several = [change(number, operation=UPDATE, record_id="00Q1") for number in range(3)]
    assert sizes(packed(several)) == [1, 1, 1]


def test_rows_of_one_parent_go_together():
    several = [change(number, parent_id=f"701{number % 2}") for number in range(4)]
    calls = packed(several, {("Lead", INSERT): 2})
    assert [{"7010"}, {"7011"}] == [{one.parent_id for one in call.changes} for call in calls]


def test_the_order_of_the_changes_does_not_matter_within_a_group():
    several = changes(450)
    assert packed(several) == packed(several[::-1])


def test_a_call_stays_below_five_megabytes():
    several = changes(12, fields={"Description": "x" * 1_000_000})
    assert sizes(packed(several)) == [4, 4, 4]


def test_a_row_that_is_larger_than_a_call_goes_alone():
    several = [change(1, fields={"Description": "x" * 6_000_000}), change(2)]
    assert sizes(packed(several)) == [1, 1]


def test_letters_outside_ascii_are_not_underestimated():
    several = changes(2, fields={"Description": "ж" * 1_500_000})
    assert sizes(packed(several)) == [1, 1]
