"""How far long work has come: a bar on a terminal, a line every ten seconds elsewhere."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from crosswalk.cli.pace import Pace
from crosswalk.clock import VirtualClock


@pytest.fixture
def clock():
    return VirtualClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


def shown(clock, *, is_terminal, total=100):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=is_terminal, width=100, legacy_windows=False, _environ={"TERM": "xterm"})
    with Pace(console, clock, "reading").counting(total) as pace:
        for done in range(0, 50, 10):
            clock.advance(4)
            pace.reached(done, f"{done} rows")
    return screen.getvalue()


def test_a_line_every_ten_seconds_says_how_far_it_is(clock):
    assert shown(clock, is_terminal=False).splitlines() == ["reading: 20 %, 20 rows"]


def test_without_a_known_total_the_line_says_what_was_done(clock):
    assert shown(clock, is_terminal=False, total=0).splitlines() == ["reading: 20 rows"]


def test_on_a_terminal_a_bar_is_drawn_and_no_line_is_left(clock):
    drawn = shown(clock, is_terminal=True)
    assert ("━" in drawn, "40%" in drawn, "reading: " in drawn) == (True, True, False)
