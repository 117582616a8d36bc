"""The commands against a served org: what they show, what they do, how they leave."""

import asyncio
import json
from pathlib import Path

import httpx2
import pytest
import structlog
from tests.processes import org_in_a_thread
from typer.testing import CliRunner

from crosswalk import runtime
from crosswalk.cli.main import app
from crosswalk.settings import Settings
from crosswalk.turn import pausing

WORKSPACE = """
connections:
  - name: sales
    settings: {login: client_credentials, login_url: "ADDRESS", client_id: localorg}
    secrets: {client_secret: "${ORG_SECRET}"}
    key_field: Crosswalk_Key__c
sources:
  - {name: web, kind: livestorm, secrets: {signing_secret: "${SIGNING_SECRET}"}}
  - {name: app, kind: rudderstack, secrets: {write_key: "${WRITE_KEY}"}}
syncs:
  - {name: webinars, connection: sales, source: web, preset: livestorm}
  - {name: users, connection: sales, source: app, preset: rudderstack}
"""
KEYED = ("Lead", "Contact", "CampaignMember")
ENVIRONMENT = {"ORG_SECRET": "localorg-secret", "SIGNING_SECRET": "planted-signing-secret", "WRITE_KEY": "planted-write-key"}


def call(number, **traits):
    asks = {"integrations": {"Salesforce": True}}
    return {
        "type": "identify",
        "userId": f"u{number}",
        "messageId": f"m{number}",
        "timestamp": "2026-03-04T08:00:00.000Z",
        "traits": traits,
        **asks,
    }


class Installation:
    """One installation in a folder, its commands run in this process."""

    def __init__(self, folder, org):
        self.folder, self.org = folder, org
        self.environment = {
            **ENVIRONMENT,
            "CROSSWALK_DATA_DIR": str(folder / "data"),
            "CROSSWALK_KEY_FILE": str(folder / "keys.json"),
            "CROSSWALK_TIMINGS__CLAIMED_RETRY": "0.1",
            "COLUMNS": "200",
        }
        self.workspace = self.file("workspace.yaml", WORKSPACE.replace("ADDRESS", str(org.base_url)))

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def calls(self, *bodies, name="calls.jsonl"):
        return self.file(name, "".join(json.dumps(body) + "\n" for body in bodies))

    def run(self, *arguments, answer=None):
        return CliRunner().invoke(app, list(arguments), env=self.environment, input=answer)

    def key_fields(self):
        for name in KEYED:
            field = {"object": name, "name": "Crosswalk_Key__c", "length": 80, "unique": True, "externalId": True}
            self.org.post("/localorg/fields", json=field).raise_for_status()

    def leads(self):
        rows = [json.loads(line) for line in self.org.get("/localorg/export").text.splitlines()]
        return [row for row in rows if row["object"] == "Lead"]


@pytest.fixture(scope="module")
def org_address():
    with org_in_a_thread() as address:
        yield address


@pytest.fixture
def fresh(tmp_path, org_address):
    """Return an installation without a workspace, beside an empty org."""
    with httpx2.Client(base_url=org_address) as org:
        org.post("/localorg/reset").raise_for_status()
        yield Installation(tmp_path, org)
    structlog.reset_defaults()


@pytest.fixture
def installed(fresh):
    """Return an installation with the workspace applied and the key fields made."""
    fresh.key_fields()
    assert fresh.run("apply", fresh.workspace, "--yes").exit_code == 0
    return fresh


def test_apply_shows_what_changes_before_it_asks(fresh):
    shown = fresh.run("apply", fresh.workspace, answer="n\n")
    assert shown.exit_code == 1
    assert "+ sync users" in shown.output
    assert "Nothing was changed." in shown.output


def test_applying_the_same_file_again_changes_nothing(installed):
    assert installed.run("apply", installed.workspace).output == "Nothing changes.\n"


def test_no_secret_is_shown_by_apply_export_or_log(installed):
    shown = [installed.run(*command).output for command in (("apply", installed.workspace), ("export",), ("log",), ("doctor",))]
    assert not [secret for secret in ENVIRONMENT.values() if secret in "".join(shown)]


def test_an_exported_workspace_applies_without_change(installed):
    exported = str(installed.folder / "exported.yaml")
    assert installed.run("export", exported).exit_code == 0
    named = {
        "SALES_CLIENT_SECRET": "localorg-secret",
        "WEB_SIGNING_SECRET": ENVIRONMENT["SIGNING_SECRET"],
        "APP_WRITE_KEY": ENVIRONMENT["WRITE_KEY"],
    }
    text = Path(exported).read_text()
    installed.environment |= named
    again = installed.file("again.yaml", text.replace("  hook_token: ${WEB_HOOK_TOKEN}\n", ""))
    assert installed.run("apply", again).output == "Nothing changes.\n"


def test_doctor_names_the_missing_key_field_and_fails(fresh):
    fresh.run("apply", fresh.workspace, "--yes")
    found = fresh.run("doctor")
    assert found.exit_code == 1
    assert "fail  key field of sales on Lead: There is no field Crosswalk_Key__c; create it" in found.output


def test_doctor_is_content_with_a_whole_installation(installed):
    found = installed.run("doctor")
    assert found.exit_code == 0
    assert "API calls used in 24 hours" in found.output


def test_doctor_before_the_first_start_makes_nothing(fresh):
    assert fresh.run("doctor").exit_code == 0
    assert not (fresh.folder / "data").exists()


@pytest.mark.shows("P8")
def test_a_run_writes_what_the_preview_shows_within_its_bound(installed):
    installed.org.post(
        "/localorg/seed", json={"object": "Lead", "records": [{"LastName": "Berg", "Company": "Acme", "Email": "ann@x.example"}]}
    )
    file = installed.calls(
        call(1, email="Ann@x.example", name="Ann Berg", title="Director", company="Acme"),
        call(2, email="bob@x.example", company="Acme"),
        call(3, email="cy@x.example", name="Cy", phone="+1 212 555 0100"),
    )
    lines = [json.loads(line) for line in installed.run("preview", file, "--source", "app", "--json").output.splitlines()]
    shown = [line for line in lines if "operation" in line]
    used = installed.org.get("/localorg/calls").json()["used"]
    written_before = len(installed.org.get("/localorg/writes").json())
    assert installed.run("run", "--file", file, "--source", "app").exit_code == 0
    calls = installed.org.get("/localorg/calls").json()["used"] - used
    writes = installed.org.get("/localorg/writes").json()[written_before:]
    assert sorted((line["operation"], line["object"]) for line in shown) == sorted((one["op"], one["object"]) for one in writes)
    after = {one["after"].get("Email", "ann@x.example").lower(): one["after"] for one in writes}
    for line in shown:
        told = after[line["after"].get("Email", "ann@x.example").lower()]
        assert {name: told.get(name) for name in line["after"]} == line["after"]
    assert 0 < calls <= lines[-1]["api_calls_at_most"]


def test_a_preview_writes_nothing(installed):
    file = installed.calls(call(1, email="ann@x.example"))
    assert "insert Lead" in installed.run("preview", file, "--source", "app").output
    assert installed.leads() == []


def test_running_a_file_again_finds_everything_received_before(installed):
    file = installed.calls(call(1, email="ann@x.example"))
    installed.run("run", "--file", file, "--source", "app")
    assert "0 events, 0 notices, 1 received before" in installed.run("run", "--file", file, "--source", "app").output
    assert len(installed.leads()) == 1


def test_a_run_that_leaves_something_held_says_what_and_leaves_with_1(installed):
    file = installed.calls(call(1, email="ann@x.example", title="x" * 200))
    ended = installed.run("run", "--file", file, "--source", "app")
    assert ended.exit_code == 1
    assert "1 held(lossy_value)" in ended.output


def test_what_was_held_is_written_after_the_cause_is_mended_and_it_is_replayed(installed):
    file = installed.calls(call(1, email="ann@x.example"))
    refusal = {"match": {"object": "Lead"}, "do": "reject_row", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No leads today"}
    installed.org.post("/localorg/faults", json=[refusal]).raise_for_status()
    first = installed.run("run", "--file", file, "--source", "app")
    assert (first.exit_code, installed.leads()) == (1, [])
    assert "1 held(rejected)" in first.output
    installed.org.delete("/localorg/faults").raise_for_status()
    again = installed.run("replay", "--state", "held")
    assert (again.exit_code, [lead["Email"] for lead in installed.leads()]) == (0, ["ann@x.example"])


@pytest.mark.shows("P2")
def test_replaying_what_was_written_writes_nothing(installed):
    installed.run("run", "--file", installed.calls(call(1, email="ann@x.example")), "--source", "app")
    again = installed.run("replay", "--state", "written")
    assert "deliveries: 1 unchanged\nrecords: none\n" in again.output


def test_log_gives_each_delivery_with_its_steps_as_json(installed):
    installed.run("run", "--file", installed.calls(call(1, email="ann@x.example"), call(2, plan="free")), "--source", "app")
    told = [json.loads(line) for line in installed.run("log", "--json", "--state", "written").output.splitlines()]
    assert [(one["sync"], one["state"], one["steps"][0]["object"]) for one in told] == [("users", "written", "Lead")]


def test_an_unknown_source_is_one_line_that_names_the_known_ones(installed):
    failed = installed.run("preview", installed.calls(call(1)), "--source", "nobody")
    assert (failed.exit_code, failed.stderr) == (1, "error configuration: There is no source named 'nobody'; known are: app, web.\n")


@pytest.mark.shows("P11")
def test_a_field_is_explained_down_to_the_delivery_and_the_api_call(installed):
    installed.run("run", "--file", installed.calls(call(1, email="ann@x.example")), "--source", "app")
    [lead] = installed.leads()
    told = json.loads(installed.run("explain", lead["Id"], "Email", "--json").output)
    assert (told["fields"], len(told["deliveries"]), told["api_call"] is not None) == (
        [{"field": "Email", "before": None, "after": "ann@x.example", "why": told["fields"][0]["why"]}],
        1,
        True,
    )


def test_what_was_never_written_is_told_in_a_sentence(installed):
    assert installed.run("explain", "00Q000000000001EAA").output == "Crosswalk has written nothing to 00Q000000000001EAA.\n"


def test_wrong_usage_leaves_with_2(installed):
    assert installed.run("replay").exit_code == 2


def test_a_setting_that_is_not_usable_is_named(installed):
    installed.environment["CROSSWALK_PORT"] = "many"
    failed = installed.run("log")
    assert failed.exit_code == 1
    assert failed.stderr.startswith("error configuration: The setting CROSSWALK_PORT is not usable")


def test_a_key_file_of_another_installation_is_refused(installed):
    installed.environment["CROSSWALK_KEY_FILE"] = str(installed.folder / "other.json")
    Path(installed.folder / "other.json").write_text(_other_keys())
    Path(installed.folder / "other.json").chmod(0o600)
    failed = installed.run("log")
    assert failed.exit_code == 1
    assert "The key file is not the one this database was filled with" in failed.stderr


def _other_keys():
    return json.dumps({"fernet": ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="], "hmac": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="})


def test_a_paused_connection_works_again_once_it_is_resumed(installed):
    asyncio.run(paused(installed))
    stopped = installed.run("run", "--file", installed.calls(call(1, email="ann@x.example")), "--source", "app")
    resumed = installed.run("resume", "sales")
    written = installed.run("replay", "--state", "waiting")
    assert (stopped.exit_code, resumed.exit_code, written.exit_code, len(installed.leads())) == (1, 0, 0, 1)


async def paused(installed):
    """Pause the connection as the engine does when Salesforce refuses it."""
    settings = Settings(data_dir=installed.folder / "data", key_file=installed.folder / "keys.json")
    async with runtime.opened(settings) as parts:
        (connection,) = (await parts.engine.configuration.current()).connections.values()
        await pausing.pause(parts.engine, connection.id, "The integration user is frozen.")


def test_resuming_names_the_connections_there_are(installed):
    assert "there is: sales" in installed.run("resume", "nobody").output
