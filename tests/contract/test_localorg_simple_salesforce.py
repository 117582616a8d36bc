"""simple-salesforce against a served org over https, as its users run it: every group of resources but Bulk."""

import asyncio
import base64
import warnings
import zipfile
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from localorg import certificates
from localorg.app import create_app
from localorg.clock import SystemClock
from localorg.server import running

LOGIN = {"username": "integration@localorg.example", "password": "secret", "security_token": "token"}
ANN = {"LastName": "Berg", "Company": "Acme"}


class Resolver(HTTPAdapter):
    """Leads the hosts that simple-salesforce has hard-coded to the org, as a line in /etc/hosts would."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def send(self, request, **options):
        request.url = self.address + request.url.removeprefix(f"https://{urlsplit(request.url).netloc}")
        return super().send(request, **options)


@pytest.fixture
async def session(tmp_path, monkeypatch):
    tls = certificates.make(tmp_path, "127.0.0.1", SystemClock().now())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority))
    async with running(create_app(), tls=tls) as address:
        opened = requests.Session()
        opened.verify = str(tls.authority)
        for host in ("login", "acme.my"):
            opened.mount(f"https://{host}.salesforce.com", Resolver(address))
        yield opened
        opened.close()


async def connect(session, **login):
    return await asyncio.to_thread(lambda: Salesforce(session=session, version="60.0", **(login or LOGIN)))


@pytest.fixture
async def salesforce(session):
    return await connect(session)


@pytest.mark.shows("BX-39")
async def test_it_logs_in_over_soap(salesforce):
    assert (await asyncio.to_thread(salesforce.limits))["DailyApiRequests"]["Max"] == 15000


async def test_it_logs_in_with_client_credentials(session):
    login = {"consumer_key": "localorg", "consumer_secret": "localorg-secret", "domain": "acme.my"}
    salesforce = await connect(session, **login)
    assert (await asyncio.to_thread(salesforce.query, "SELECT Name FROM Organization"))["records"][0]["Name"] == "Local Org"


async def test_it_logs_in_with_a_password(session):
    login = {"username": LOGIN["username"], "password": "secrettoken", "consumer_key": "localorg", "consumer_secret": "localorg-secret"}
    assert (await connect(session, **login)).session_id.startswith("00D")


async def test_a_wrong_login_is_told_by_its_code(session):
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        await connect(session, **{**LOGIN, "password": "wrong"})


@pytest.mark.shows("BX-39")
async def test_records_are_written_and_read(salesforce):
    def use():
        made = salesforce.Lead.create(ANN)["id"]
        updated = salesforce.Lead.update(made, {"Title": "CTO"})
        read = salesforce.Lead.get(made)
        deleted = salesforce.Lead.delete(made)
        return updated, read["Title"], deleted

    assert await asyncio.to_thread(use) == (204, "CTO", 204)


async def test_records_are_upserted_by_a_key(salesforce):
    def use():
        salesforce.toolingexecute(
            "sobjects/CustomField",
            method="POST",
            data={
                "FullName": "Lead.Key__c",
                "Metadata": {"label": "Key", "type": "Text", "length": 9, "externalId": True, "required": True},
            },
        )
        created = salesforce.Lead.upsert("Key__c/k", ANN)
        found = salesforce.Lead.get_by_custom_id("Key__c", "k")
        return created, found["LastName"]

    assert await asyncio.to_thread(use) == (201, "Berg")


async def test_several_matches_are_an_error_of_their_own(salesforce):
    def use():
        data = {"label": "Key", "type": "Text", "length": 9, "externalId": True, "required": True}
        salesforce.toolingexecute("sobjects/CustomField", method="POST", data={"FullName": "Lead.Key__c", "Metadata": data})
        for _ in range(2):
            salesforce.Lead.create({**ANN, "Key__c": "k"})
        salesforce.Lead.get_by_custom_id("Key__c", "k")

    with pytest.raises(SalesforceMoreThanOneRecord):
        await asyncio.to_thread(use)


@pytest.mark.shows("BX-39")
async def test_queries_go_on_over_pages(salesforce):
    def use():
        for _ in range(11):
            rows = [{"attributes": {"type": "Lead"}, **ANN}] * 200
            salesforce.restful("composite/sobjects", method="POST", json={"records": rows})
        return len(salesforce.query_all("SELECT Id FROM Lead")["records"])

    assert await asyncio.to_thread(use) == 2200


async def test_deleted_records_are_seen_by_a_query_of_all(salesforce):
    def use():
        salesforce.Lead.delete(salesforce.Lead.create(ANN)["id"])
        return salesforce.query_all("SELECT IsDeleted FROM Lead", include_deleted=True)["records"][0]["IsDeleted"]

    assert await asyncio.to_thread(use) is True


async def test_words_are_searched(salesforce):
    def use():
        salesforce.Lead.create(ANN)
        return salesforce.quick_search("Berg")["searchRecords"], salesforce.search("FIND {Berg} RETURNING Lead(Company)")["searchRecords"]

    quick, full = await asyncio.to_thread(use)
    assert (len(quick), full[0]["Company"]) == (1, "Acme")


async def test_objects_are_described(salesforce):
    def use():
        names = [each["name"] for each in salesforce.describe()["sobjects"]]
        return "Lead" in names, salesforce.Lead.describe()["keyPrefix"], salesforce.Lead.metadata()["objectDescribe"]["name"]

    assert await asyncio.to_thread(use) == (True, "00Q", "Lead")


async def test_a_layout_is_described(salesforce):
    found = await asyncio.to_thread(salesforce.Lead.describe_layout, "012000000000000AAA")
    assert found["relatedLists"] == []


async def test_changes_are_listed(salesforce):
    def use():
        made, gone = salesforce.Lead.create(ANN)["id"], salesforce.Lead.create(ANN)["id"]
        salesforce.Lead.delete(gone)
        start, end = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
        updated, deleted = salesforce.Lead.updated(start, end), salesforce.Lead.deleted(start, end)
        return updated["ids"] == [made], [each["id"] for each in deleted["deletedRecords"]] == [gone]

    assert await asyncio.to_thread(use) == (True, True)


async def test_files_go_in_and_come_out(salesforce, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello")

    def use():
        content = base64.b64encode(b"hello").decode()
        made = salesforce.ContentVersion.create({"PathOnClient": "a.txt", "VersionData": content})["id"]
        return salesforce.ContentVersion.get_base64(made, "VersionData")

    assert await asyncio.to_thread(use) == b"hello"


async def test_refusals_carry_salesforces_words(salesforce):
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        await asyncio.to_thread(salesforce.Lead.create, {})


async def test_what_is_not_there_is_not_found(salesforce):
    with pytest.raises(SalesforceResourceNotFound):
        await asyncio.to_thread(salesforce.Lead.get, "00QHr0000000009")


async def test_a_password_is_set(salesforce):
    def use():
        user = salesforce.query("SELECT Id FROM User WHERE Username = 'integration@localorg.example'")["records"][0]["Id"]
        return salesforce.set_password(user, "fresh")

    assert await asyncio.to_thread(use) is None


async def test_who_one_is_may_be_asked(salesforce):
    assert (await asyncio.to_thread(salesforce.oauth2, "userinfo"))["name"] == "Integration User"


async def test_metadata_is_read_and_written(salesforce):
    def use():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api = salesforce.mdapi
            field = api.CustomField(fullName="Lead.Key__c", label="Key", type=api.FieldType("Text"), length=9)
            api.CustomField.create([field])
            read = api.CustomField.read("Lead.Key__c")
            api.CustomField.delete(["Lead.Key__c"])
        return read.fullName, read.length

    assert await asyncio.to_thread(use) == ("Lead.Key__c", 9)


async def test_a_package_is_deployed(salesforce, tmp_path):
    space = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
    field = "<fields><fullName>Key__c</fullName><label>Key</label><type>Date</type></fields>"
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("package.xml", f"<Package {space}/>")
        archive.writestr("objects/Lead.object", f"<CustomObject {space}>{field}</CustomObject>")

    def use():
        started = salesforce.deploy(str(package), sandbox=False)
        return salesforce.checkDeployStatus(started["asyncId"])["state"]

    assert await asyncio.to_thread(use) == "Succeeded"
