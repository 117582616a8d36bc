import json
import ssl
import urllib.request

import httpx2
import pytest
from typer.testing import CliRunner

from localorg import certificates, describes
from localorg.app import create_app
from localorg.cli import app as command
from localorg.clock import SystemClock
from localorg.org import Org
from localorg.server import running
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

pytest_plugins = ["localorg.fixtures"]
V = "/services/data/v60.0"
POLL = {
    "name": "Poll__c",
    "label": "Poll",
    "labelPlural": "Polls",
    "keyPrefix": "a07",
    "custom": True,
    "createable": True,
    "fields": [
        {"name": "Id", "label": "Record ID", "type": "id", "length": 18, "nillable": False},
        {"name": "Name", "label": "Name", "type": "string", "length": 80, "nameField": True},
        {"name": "Lead__c", "label": "Lead", "type": "reference", "referenceTo": ["Lead"], "relationshipName": "Lead__r", "custom": True},
        {"name": "Strange__c", "label": "Strange", "type": "unheardof"},
    ],
    "childRelationships": [],
}
LEAD = {
    "name": "Lead",
    "fields": [
        {"name": "Key__c", "label": "Key", "type": "string", "length": 9, "custom": True},
        {
            "name": "LeadSource",
            "label": "Source",
            "type": "picklist",
            "picklistValues": [{"value": "Fair", "label": "Fair", "active": True}],
        },
    ],
}


@pytest.fixture
def folder(tmp_path):
    for each in (POLL, LEAD):
        (tmp_path / f"{each['name']}.json").write_text(json.dumps(each))
    (tmp_path / "other.json").write_text("[]")
    return tmp_path


def taken_over(data):
    org = Org(OrgSettings(data=data), SystemClock())
    schema = org.schema
    org.connection.close()
    return schema


def test_an_org_takes_over_the_describes_of_another(folder):
    result = CliRunner().invoke(command, ["import-describe", str(folder), "--data", str(folder / "org.db")])
    schema = taken_over(folder / "org.db")
    lead, poll = schema.object("Lead"), schema.object("Poll__c")
    assert (
        result.exit_code,
        poll.key_prefix,
        list(poll.fields),
        lead.field("Key__c").length,
        [each.value for each in lead.field("LeadSource").picklist],
    ) == (
        0,
        "a07",
        ["id", "name", "lead__c"],
        9,
        ["Fair"],
    )


def test_what_is_no_describe_is_said(tmp_path):
    result = CliRunner().invoke(command, ["import-describe", str(tmp_path), "--data", str(tmp_path / "org.db")])
    assert (result.exit_code, "there is no describe answer" in result.output) == (1, True)


def test_a_file_that_does_not_read_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(describes.UnreadableError, match=r"a\.json"):
        describes.read(tmp_path)


def test_a_describe_without_a_name_is_refused(org):
    with pytest.raises(describes.UnreadableError):
        describes.apply(org.org, {"fields": []})


def test_a_served_org_describes_itself_to_another(tmp_path):
    from localorg.fixtures import served

    with served(OrgSettings(access_token="00DHr0000000001!AQx")) as address:
        found = describes.fetch(address, "00DHr0000000001!AQx")
    assert {"Lead", "Contact"} <= {each["name"] for each in found}


def test_an_org_without_a_token_does_not_describe_itself(served_org):
    with pytest.raises(describes.UnreadableError, match="--token"):
        describes.fetch(served_org, None)


def test_a_fixture_gives_an_org_inside_the_test(local_org):
    assert isinstance(local_org, LocalOrg)


def test_a_fixture_gives_an_org_that_is_served(served_org):
    with urllib.request.urlopen(f"{served_org}/services/data") as reply:  # noqa: S310  # an address of ours
        assert json.load(reply)[0]["version"] == "50.0"


async def test_a_client_that_trusts_the_authority_is_served_over_https(tmp_path):
    tls = certificates.make(tmp_path, "org.example", SystemClock().now())
    trust = ssl.create_default_context(cafile=str(tls.authority))
    async with running(create_app(), tls=tls) as address, httpx2.AsyncClient(verify=trust) as client:
        reply = await client.get(f"{address}/services/data")
    assert (address[:8], reply.status_code) == ("https://", 200)


def test_the_key_is_for_its_owner_alone(tmp_path):
    made = certificates.make(tmp_path, "localhost", SystemClock().now())
    assert made.key.stat().st_mode & 0o077 == 0


async def test_a_query_may_be_typed_into_a_page(client):
    await client.post(f"{V}/sobjects/Lead", json={"LastName": "<Berg>", "Company": "Acme"})
    page = await client.get("/localorg/soql", params={"q": "SELECT Id, LastName, IsConverted, Title FROM Lead"})
    assert ("&lt;Berg&gt;" in page.text, "/localorg/records/00Q" in page.text, "1 records" in page.text) == (True, True, True)


async def test_a_query_that_is_wrong_is_told_on_the_page(client):
    page = await client.get("/localorg/soql", params={"q": "SELECT Nope FROM Lead"})
    assert "INVALID_FIELD" in page.text


async def test_an_empty_page_asks_for_a_query(client):
    assert "SOQL statement" in (await client.get("/localorg/soql")).text


async def test_faults_on_order_are_shown(client):
    before = (await client.get("/localorg/orders")).text
    await client.post("/localorg/faults", json={"id": "f1", "match": {"object": "Lead"}, "do": "lock_row"})
    page = (await client.get("/localorg/orders")).text
    assert ("None." in before, "f1" in page, "object=Lead" in page) == (True, True, True)
