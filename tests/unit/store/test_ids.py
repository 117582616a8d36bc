from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest

from crosswalk.clock import VirtualClock
from crosswalk.store.ids import Ids


def test_an_id_is_a_uuid_of_version_7(ids):
    made = UUID(ids.new())
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


def test_an_id_holds_the_millisecond_it_was_made(ids, clock):
    milliseconds = UUID(ids.new()).int >> 80
    assert datetime.fromtimestamp(milliseconds / 1000, UTC) == clock.now()


def test_ids_climb_within_a_millisecond(ids):
    made = [ids.new() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_climb_when_the_clock_is_set_back():
    clock = VirtualClock(datetime(2026, 3, 4, tzinfo=UTC))
    ids = Ids(clock, Random(1))
    before = ids.new()
    clock.advance(-3_600)
    assert ids.new() > before


@pytest.mark.parametrize("seconds", [0.001, 1, 86_400])
def test_ids_climb_with_time(ids, clock, seconds):
    before = ids.new()
    clock.advance(seconds)
    assert ids.new() > before


def test_two_processes_make_different_ids(clock):
    first, second = (Ids(clock, Random(seed)) for seed in (1, 2))
    assert {first.new() for _ in range(1_000)}.isdisjoint({second.new() for _ in range(1_000)})
