"""`crosswalk pull` against a served vendor: what it says and how it leaves."""

import asyncio
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from tests.vendors.livestorm import TOKEN, LivestormSimulator
from typer.testing import CliRunner

from crosswalk.cli.main import app
from crosswalk.clock import Time
from localorg.server import running

WORKSPACE = """
sources:
  - name: web
    kind: livestorm
    settings: {api_url: "ADDRESS/v1"}
    secrets: {signing_secret: "${SIGNING_SECRET}", api_token: "${API_TOKEN}"}
  - {name: app, kind: rudderstack, secrets: {write_key: "${WRITE_KEY}"}}
"""


@contextmanager
def served(application):
    """Serve an application from a thread of its own; gives its address."""
    started, stop = threading.Event(), threading.Event()
    address = []

    async def serve():
        async with running(application) as url:
            address.append(url)
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert started.wait(20)
        yield address[0]
    finally:
        stop.set()
        thread.join()


class Installation:
    """One installation in a folder, beside a workspace of Livestorm with three people."""

    def __init__(self, folder, livestorm, address):
        self.livestorm = livestorm
        self.file = folder / "workspace.yaml"
        self.file.write_text(WORKSPACE.replace("ADDRESS", str(address)), encoding="utf-8")
        self.environment = {
            "SIGNING_SECRET": "planted-signing-secret",
            "API_TOKEN": TOKEN,
            "WRITE_KEY": "planted-write-key",
            "CROSSWALK_DATA_DIR": str(folder / "data"),
            "CROSSWALK_KEY_FILE": str(folder / "keys.json"),
            "COLUMNS": "200",
        }

    def run(self, *arguments):
        return CliRunner().invoke(app, list(arguments), env=self.environment)


@pytest.fixture
def installed(tmp_path):
    livestorm = LivestormSimulator(Time())
    livestorm.add_event()
    livestorm.add_session()
    for name in ("ann", "ben", "cyd"):
        livestorm.register(name)
    with served(livestorm.app) as address:
        made = Installation(tmp_path, livestorm, address)
        applied = made.run("apply", str(made.file), "--yes")
        assert applied.exit_code == 0, applied.output
        yield made
    structlog.reset_defaults()


def test_pull_tells_what_came(installed):
    shown = installed.run("pull", "web")
    assert (0, True) == (shown.exit_code, "3 events, 0 known before, 0 invalid" in shown.output), shown.output


@pytest.mark.shows("BX-29")
def test_a_range_is_pulled(installed):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d")
    shown = installed.run("pull", "web", "--from", yesterday, "--stream", "sessions")
    assert (0, True) == (shown.exit_code, f"sessions: {yesterday}T00:00Z to" in shown.output), shown.output


def test_discovered_attributes_outlive_the_next_apply(installed):
    installed.livestorm.attributes = [{"id": "1", "attributes": {"slug": "mood", "name": "Mood", "type": "text"}}]
    installed.run("pull", "web")
    again = installed.run("apply", str(installed.file))
    assert again.output == "Nothing changes.\n"


def test_a_refused_token_is_told_without_it(installed):
    installed.livestorm.token = "another"
    shown = installed.run("pull", "web")
    assert (1, True, False) == (shown.exit_code, "refuses the credentials" in shown.output, TOKEN in shown.output), shown.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pull", "nobody"), "There is no source named 'nobody'"),
        (("pull", "app"), "cannot be asked"),
        (("pull", "web", "--stream", "chats"), "it has: sessions, replays"),
        (("pull", "web", "--to", "2026-01-01"), "give --from"),
        (("pull", "web", "--from", "2026-01-02", "--to", "2026-01-01"), "must begin before it ends"),
    ],
)
def test_a_wrong_wish_is_told_in_a_sentence(installed, arguments, told):
    shown = installed.run(*arguments)
    assert (1, True) == (shown.exit_code, told in shown.output), shown.output


def test_the_doctor_asks_the_vendor(installed):
    installed.livestorm.token = "another"
    shown = installed.run("doctor")
    assert "refuses the credentials" in " ".join(shown.output.split()), shown.output


def test_what_a_pull_passed_over_is_told(installed):
    installed.livestorm.before_answer.append(lambda _: installed.livestorm.people.pop("session-1", None))
    told = installed.run("pull", "web", "--stream", "sessions").output
    assert "\n    Session session-1 is not at Livestorm any more" in told
