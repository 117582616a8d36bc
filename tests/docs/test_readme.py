"""The figures of the README's example run that do not depend on the machine."""

import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from crosswalk.demo import chats, play, scenario

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

SOURCES = ("kaltura", "livechat", "liveperson", "livestorm", "rudderstack")


@pytest.fixture(scope="module")
def played():
    return scenario.scenario(Random(play._SEED), datetime(2026, 3, 5, 12, tzinfo=UTC))


def figures(row):
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", README.split(f"\n {row} ")[1].splitlines()[0])]


def test_the_webhooks_of_the_example_are_those_of_the_demo(played):
    assert [len(played.webhooks), 0, len(played.redelivered), 0] == figures("livestorm")


def test_the_calls_of_the_example_are_those_of_the_demo(played):
    assert [sum(posted.calls for posted in played.posted), 0, 0, 0] == figures("rudderstack")


def test_the_chats_of_the_example_are_those_of_the_demo(played):
    posted = len(chats.webhooks(played.chats))
    events, notices, repeats, rejected = figures("livechat")
    fetched = notices  # each notice is fetched once
    assert (2 * len(played.chats), posted + fetched, 0) == (events, events + notices + repeats, rejected)


def test_what_is_pulled_in_the_example_is_what_the_demo_holds(played):
    held = played.conversations
    pulled = [len(played.summit.profiles) + len(played.summit.views), len(held.chats) + len(held.messaging)]
    assert pulled == [figures("kaltura")[0], figures("liveperson")[0]]


def test_every_delivery_of_the_example_has_an_outcome(played):
    ends = [number for row in ("written", "skipped(not_opted_in)", "skipped(no_match_key)") for number in figures(row)]
    unrouted = len(played.chats)  # their beginnings
    assert sum(figures(source)[0] for source in SOURCES) - unrouted == sum(ends)
