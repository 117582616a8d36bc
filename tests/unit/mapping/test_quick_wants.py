"""Wants that are built quickly are wants in every way."""

from dataclasses import FrozenInstanceError, replace

import pytest

from crosswalk.mapping.quick import want
from crosswalk.model import Ladder, UpdatePolicy, Want

VALUES = ("Email", "a@x.example", "01", "d1", "lead.Email", UpdatePolicy.ADVANCE, Ladder(("a",)), True, 3)


def test_a_quick_want_is_a_want():
    assert (Want, Want(*VALUES), hash(Want(*VALUES))) == (type(want(*VALUES)), want(*VALUES), hash(want(*VALUES)))


def test_a_quick_want_is_frozen():
    with pytest.raises(FrozenInstanceError):
        want(*VALUES).field = "Phone"


def test_a_quick_want_can_be_replaced():
    assert replace(Want(*VALUES), field="Phone") == replace(want(*VALUES), field="Phone")
