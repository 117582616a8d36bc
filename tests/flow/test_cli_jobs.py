"""`crosswalk jobs`, `runs`, `stop`, ranges and `log --callouts` against a served vendor: what they say and how they leave."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.flow.test_cli_pull import Installation, installed, served  # noqa: F401 - pytest finds the fixture here

ON = "periodic, on. Every 3 hours, the last 6 hours. Starts a few minutes after the hour; yours is at :"


def said(shown):
    return " ".join(shown.output.split())


@pytest.mark.shows("BX-27")
def test_jobs_are_switched_changed_and_told_in_sentences(installed):  # noqa: F811 - the fixture above
    off = said(installed.run("jobs", "web"))
    on = said(installed.run("jobs", "web", "periodic", "--on"))
    daily = said(installed.run("jobs", "web", "daily", "--on", "--hour", "6", "--zone", "Europe/Paris"))
    told = [
        "periodic, off." in off and "No job is on" in off,
        ON in on and "Next: " in on,
        bool(re.search(r"daily, on\. Every day at 06:\d\d Europe/Paris, the last 48 hours\. Next: .* 06:\d\d Europe/Paris\.", daily)),
        "periodic, off." in said(installed.run("jobs", "web", "periodic", "--off")),
    ]
    assert [True] * 4 == told, (off, on, daily)


def test_runs_are_told_with_what_they_read(installed):  # noqa: F811 - as above
    installed.run("pull", "web", "--stream", "sessions")
    shown = said(installed.run("runs", "--source", "web"))
    assert "pull of web sessions done: 3 new, 0 known before, 0 invalid, on 2 pages" in shown


@pytest.mark.shows("LP-64")
def test_a_long_range_is_refused_with_the_offer_to_split_and_split_when_wished(installed):  # noqa: F811 - as above
    begin = (datetime.now(UTC) - timedelta(days=45)).strftime("%Y-%m-%d")
    refused = installed.run("pull", "web", "--from", begin, "--stream", "sessions")
    split = installed.run("pull", "web", "--from", begin, "--stream", "sessions", "--split")
    assert (1, True, 0, 2) == (
        refused.exit_code,
        "split into 2 runs" in said(refused),
        split.exit_code,
        len(re.findall(r"sessions: .* done", split.output)),
    )


def test_one_session_is_read_by_its_id(installed):  # noqa: F811 - as above
    installed.livestorm.end()
    shown = installed.run("pull", "web", "--one", "session-1")
    assert (0, True) == (shown.exit_code, "3 events" in shown.output), shown.output


def test_failed_calls_are_shown_with_what_is_next(installed):  # noqa: F811 - as above
    installed.livestorm.token = "another"
    installed.run("pull", "web")
    shown = said(installed.run("log", "--callouts", "--source", "web"))
    assert (True, True) == ("GET sessions" in shown and "401" in shown, "crosswalk doctor" in shown), shown


WRONG_WISHES = [
    (("jobs", "app", "periodic", "--on"), 1, "cannot be asked"),
    (("jobs", "web", "manual", "--on"), 1, "has no schedule"),
    (("jobs", "web", "daily", "--zone", "Paris"), 1, "Europe/Paris"),
    (("jobs", "--on"), 2, "Name the source and the job"),
    (("stop", "nothing"), 1, "There is no run"),
    (("log", "--callouts"), 0, "No call has failed."),
    (("log", "--callouts", "--state", "held"), 2, "goes with --source"),
    (("runs",), 0, "Nothing has run yet."),
]


def test_what_cannot_be_had_is_told_in_a_sentence(installed):  # noqa: F811 - as above
    shown = [(installed.run(*arguments), code, told) for arguments, code, told in WRONG_WISHES]
    framed = re.compile(r"[│╭╰─╮╯\s]+")
    assert [] == [one.output for one, code, told in shown if one.exit_code != code or told not in framed.sub(" ", one.output)]
