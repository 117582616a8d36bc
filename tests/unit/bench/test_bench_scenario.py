"""The script of the benchmark is what it says it is."""

from collections import Counter

import pytest
from bench import scenario
from bench.scenario import Kind


@pytest.fixture(scope="module")
def thousand():
    return scenario.script(7)


def test_the_same_seed_gives_the_same_bodies():
    assert list(scenario.script(3, 50).bodies()) == list(scenario.script(3, 50).bodies())


def test_the_shares_of_people_are_as_stated(thousand):
    assert Counter(person.kind for person in thousand.people) == {Kind.NEW: 600, Kind.LEAD: 250, Kind.CONTACT: 100, Kind.CONVERTED: 50}


def test_two_percent_of_people_stand_in_the_org_twice(thousand):
    assert sum(person.doubled for person in thousand.people) == 20


def test_everybody_has_three_events_and_five_percent_come_again(thousand):
    assert len(thousand.arrivals) == 3_000 + 150
    assert len(set(thousand.bodies())) == 3_000


def test_most_people_are_told_of_out_of_order(thousand):
    arrived = {}
    for person, told in thousand.arrivals:
        arrived.setdefault(person.number, []).append(told.at)
    assert sum(times != sorted(times) for times in arrived.values()) > 700


def test_a_webhook_is_of_the_size_that_is_measured(thousand):
    sizes = [len(body) for body in thousand.bodies()]
    assert 1_500 < sum(sizes) / len(sizes) < 2_500
