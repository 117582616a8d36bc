"""Files through the commands: tables and JSON lines, bad rows, the same file again, and a run that was killed in the middle."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.flow.test_cli_commands import call, fresh, installed, org_address

__all__ = ["fresh", "installed", "org_address"]

HEADING = "email,First name,Last name,company\n"
PATIENCE_SECONDS = 60


def table(people, name="x"):
    return HEADING + "".join(f"{name}{place}@x.example,Ann,Berg {place},Acme\n" for place in range(people))


def emails(installed):
    return sorted(lead["Email"] for lead in installed.leads())


def writes(installed):
    return len(installed.org.get("/localorg/writes").json())


def test_the_rows_of_a_table_become_leads(installed):
    ended = installed.run("run", "--file", installed.file("people.csv", table(3)), "--source", "app")
    lead = min(installed.leads(), key=lambda one: one["Email"])
    assert (0, 3, ("Ann", "Berg 0", "Acme")) == (
        ended.exit_code,
        len(installed.leads()),
        (lead["FirstName"], lead["LastName"], lead["Company"]),
    )


def test_the_run_of_a_file_tells_what_was_read_and_is_not_green_with_bad_rows(installed):
    installed.run("run", "--file", installed.file("people.csv", table(2) + "alone@x.example\n"), "--source", "app")
    told = installed.run("runs").output
    assert ("needs a person: 2 new, 0 known before, 1 invalid" in told, "2 written" in told) == (True, True)


@pytest.mark.shows("P2")
def test_the_same_table_again_writes_nothing(installed):
    file = installed.file("people.csv", table(3))
    installed.run("run", "--file", file, "--source", "app")
    before = writes(installed)
    again = installed.run("run", "--file", file, "--source", "app")
    assert ("0 events, 0 notices, 3 received before" in again.output, before) == (True, writes(installed))


@pytest.mark.shows("P10")
def test_bad_rows_are_named_by_line_and_code_and_the_others_are_written(installed):
    file = installed.file("people.csv", table(1) + "alone@x.example\n" + 'q@x.example,"Ann,Berg,Acme\n' + "z@x.example,Ann,Zed,Acme\n")
    ended = installed.run("run", "--file", file, "--source", "app")
    named = [line.partition(":")[0] + line.partition(":")[2].partition(":")[0] for line in ended.stderr.splitlines()]
    assert (1, ["invalid ragged_row Line 3", "invalid bad_row Line 4"], ["x0@x.example", "z@x.example"]) == (
        ended.exit_code,
        named,
        emails(installed),
    )


@pytest.mark.shows("P10")
def test_lines_that_are_no_body_are_named_and_the_others_are_written(installed):
    lines = [json.dumps(call(1, email="ann@x.example")), "nonsense", '{"type": "identify"}', json.dumps(call(2, email="bob@x.example"))]
    ended = installed.run("run", "--file", installed.file("calls.jsonl", "\n".join(lines)), "--source", "app")
    assert (1, ["invalid not_json: Line 2", "invalid no_ids: Line 3"], ["ann@x.example", "bob@x.example"]) == (
        ended.exit_code,
        [":".join(line.split(":")[:2]) for line in ended.stderr.splitlines()],
        emails(installed),
    )


@pytest.mark.shows("P8")
def test_a_table_is_previewed_row_by_row_and_its_run_stays_within_the_bound(installed):
    file = installed.file("people.csv", table(5))
    shown = [json.loads(line) for line in installed.run("preview", file, "--source", "app", "--json").output.splitlines()]
    before = installed.org.get("/localorg/calls").json()["used"]
    installed.run("run", "--file", file, "--source", "app")
    used = installed.org.get("/localorg/calls").json()["used"] - before
    assert (["insert"] * 5, True) == ([line["operation"] for line in shown[:-1]], 0 < used <= shown[-1]["api_calls_at_most"])


def test_a_preview_says_when_it_looked_at_a_part_of_the_file(installed):
    shown = installed.run("preview", installed.file("people.csv", table(5)), "--source", "app", "--rows", "2")
    assert ("2  insert Lead" in shown.stdout, shown.stderr) == (True, "Only the first 2 rows were looked at; --rows looks at more.\n")


@pytest.mark.parametrize("content", ["", HEADING])
def test_a_file_without_rows_is_refused(installed, content):
    ended = installed.run("run", "--file", installed.file("people.csv", content), "--source", "app")
    assert (1, True) == (ended.exit_code, ended.stderr.startswith("error "))


def test_lines_come_through_standard_input_too(installed):
    ended = installed.run("run", "--file", "-", "--source", "app", answer=json.dumps(call(1, email="ann@x.example")) + "\n")
    assert (0, ["ann@x.example"]) == (ended.exit_code, emails(installed))


def test_bad_rows_are_named_again_when_the_file_comes_again(installed):
    file = installed.file("people.csv", table(1) + "alone@x.example\n")
    ended = [installed.run("run", "--file", file, "--source", "app") for _ in range(2)]
    assert ([1, 1], ended[0].stderr) == ([one.exit_code for one in ended], ended[1].stderr)


def test_a_table_comes_through_a_pipe_too(installed):
    pipe = installed.folder / "people.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(table(2),))
    writer.start()
    ended = installed.run("run", "--file", str(pipe), "--source", "app")
    writer.join()
    assert (0, ["x0@x.example", "x1@x.example"]) == (ended.exit_code, emails(installed))


def test_a_missing_file_is_named(installed):
    ended = installed.run("run", "--file", str(installed.folder / "nothing.csv"), "--source", "app")
    assert "nothing.csv cannot be read: No such file or directory." in ended.stderr


@pytest.mark.long
@pytest.mark.shows("P1", "P2")
def test_a_run_killed_in_the_middle_of_a_file_goes_on_as_the_same_run_and_writes_nobody_twice(installed):
    file = installed.file("people.csv", table(3_000))
    killed = started(installed, file)
    until_it_has_read(installed, 500)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (run_id, items) = progress(installed)
    ended = installed.run("run", "--file", file, "--source", "app")
    assert (0, True, True, 3_000) == (
        ended.exit_code,
        items < 3_000,
        f"run {run_id} goes on behind row {items:,}" in ended.output,
        len(set(emails(installed))),
    )
    assert len(emails(installed)) == 3_000


def started(installed, file):
    command = [str(Path(sys.executable).parent / "crosswalk"), "run", "--file", file, "--source", "app"]
    return subprocess.Popen(command, env={**os.environ, **installed.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def progress(installed):
    """Return the run of the file and how many items of it are kept."""
    with sqlite3.connect(installed.folder / "data" / "crosswalk.db") as database:
        found = database.execute("SELECT position FROM cursor WHERE stream LIKE 'file:%'").fetchone()
    position = json.loads(found[0]) if found else {}
    return position.get("run"), position.get("items", 0)


def until_it_has_read(installed, items):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while progress(installed)[1] < items:
        assert time.monotonic() < deadline
