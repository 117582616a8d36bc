"""Every operation of the REST API with whatever its description allows and much that it does not: never a mistake of ours."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from tests.processes import COMMAND

SCHEMATHESIS = Path(COMMAND).parent / "schemathesis"
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
PASSWORD = "correct horse battery"


@contextmanager
def served(folder):
    """Serve an installation; gives its address."""
    given = {"CROSSWALK_DATA_DIR": str(folder / "data"), "CROSSWALK_KEY_FILE": str(folder / "keys.json"), "CROSSWALK_DATABASE_URL": ""}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=log, env={**os.environ, **given}, text=True
        )
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.terminate()
            process.communicate()


def token_of_an_owner(url):
    """Make the first owner, let him take the first steps, and return an API token of his."""
    with httpx2.Client(base_url=url, timeout=30) as client:
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/first-run").text)[1]
        person = {"csrf": csrf, "name": "Noor Haddad", "email": "noor@harbor.example", "password": PASSWORD}
        client.post("/first-run", data=person)
        csrf = client.get("/api/session").json()["csrf_token"]
        for path, form in (("practice", {}), ("source", {"kind": "livestorm"}), ("example", {})):
            client.post(f"/first-steps/{path}", data={"csrf": csrf, **form})
        body = {"name": "fuzz", "role": "owner"}
        return client.post("/api/tokens", json=body, headers={"x-csrf-token": csrf}).json()["token"]


@pytest.mark.long
def test_nothing_that_is_sent_is_a_mistake_of_ours(tmp_path):
    with served(tmp_path) as url:
        token = token_of_an_owner(url)
        bearer = {"authorization": f"Bearer {token}"}
        description = tmp_path / "openapi.json"
        description.write_bytes(httpx2.get(f"{url}/api/openapi.json", headers=bearer).content)
        command = [SCHEMATHESIS, "run", description, "--url", url, "-H", f"Authorization: Bearer {token}", "--checks", CHECKS]
        options = ["--phases", "coverage,fuzzing", "-n", "20", "--exclude-path-regex", "session", "--seed", "7"]
        ended = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stdout[-6000:]
