"""The commands that look after an installation: `forget`, `bind`, `backup`, `rotate-keys`."""

import sqlite3
from contextlib import closing

import pytest
import structlog
from typer.testing import CliRunner

from crosswalk.cli.main import app
from crosswalk.store import key_file


@pytest.fixture
def run(tmp_path):
    """Run a command in an installation of its own; returns its exit code and what it said."""
    environment = {
        "CROSSWALK_DATA_DIR": str(tmp_path / "data"),
        "CROSSWALK_KEY_FILE": str(tmp_path / "keys.json"),
        "CROSSWALK_TIMINGS__KEY_GRACE": "0.01",
        "COLUMNS": "200",
    }

    def ran(*arguments):
        result = CliRunner().invoke(app, arguments, env=environment)
        return result.exit_code, result.output

    yield ran
    structlog.reset_defaults()


@pytest.mark.shows("BX-47")
def test_forget_prints_a_proof_that_does_not_name_the_person(run):
    code, said = run("forget", "--email", "ann@x.example", "--yes")
    assert (0, True, False) == (code, "proof:" in said, "ann@" in said)


def test_forget_asks_first(run):
    assert 1 == run("forget", "--email", "ann@x.example")[0]


def test_forget_says_when_nobody_is_named(run):
    assert (1, True) == ((told := run("forget", "--yes"))[0], "Nobody is named" in told[1])


def test_bind_lists_nothing_where_nothing_waits(run):
    assert (0, "Nothing waits for a campaign.\n") == run("bind")


def test_bind_names_the_sources_there_are(run):
    code, said = run("bind", "webinars", "session-1", "--campaign", "701000000000001")
    assert (1, True) == (code, "no source named 'webinars'" in said)


def test_bind_wants_the_campaign_named_once(run):
    assert 2 == run("bind", "webinars", "session-1")[0]


def test_backup_writes_a_whole_database(run, tmp_path):
    run("backup", str(tmp_path / "copy.db"))
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert [("ok",)] == copy.execute("PRAGMA integrity_check").fetchall()


def test_rotate_keys_leaves_one_new_key(run, tmp_path):
    run("bind")
    before = repr(key_file.read(tmp_path / "keys.json"))
    code, _ = run("rotate-keys")
    assert (0, 1, True) == (code, key_file.number_of_keys(tmp_path / "keys.json"), before != repr(key_file.read(tmp_path / "keys.json")))


def test_rotate_keys_in_stages_ends_with_one_key_too(run, tmp_path):
    run("bind")
    codes = [run("rotate-keys", "--stage", stage)[0] for stage in ("announce", "use", "finish")]
    assert ([0, 0, 0], 1) == (codes, key_file.number_of_keys(tmp_path / "keys.json"))
