"""The local org on a real port, as other people's clients meet it."""

import asyncio
import socket
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest
from requests import Session
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from localorg.app import create_app
from localorg.server import running

V = "/services/data/v60.0"
LOGIN = {"grant_type": "client_credentials", "client_id": "localorg", "client_secret": "localorg-secret"}


class PlainHttp(HTTPAdapter):
    """simple-salesforce insists on https; the org of this test speaks http."""

    def send(self, request, **options):
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, **options)


@pytest.fixture
async def address():
    app = create_app()
    async with running(app) as url:
        yield url


@pytest.fixture
async def client(address):
    async with httpx2.AsyncClient(base_url=address) as opened:
        token = (await opened.post("/services/oauth2/token", data=LOGIN)).json()["access_token"]
        opened.headers["Authorization"] = f"Bearer {token}"
        yield opened


@pytest.fixture
async def salesforce(address, client):
    session = Session()
    session.mount("https://", PlainHttp())
    token = client.headers["Authorization"].removeprefix("Bearer ")
    yield Salesforce(instance_url=address, session_id=token, version="60.0", session=session)
    session.close()


async def test_two_slashes_are_one(client, address):
    assert (await client.get(f"{address}/{V}/limits")).status_code == 200


async def columns(client, statement):
    """Return the columns of a statement as the command-line tool of Salesforce reads them: names, with those inside a relationship."""
    answer = (await client.get(f"{V}/query", params={"q": statement, "columns": "true"})).json()

    def plain(column):
        return (column["columnName"], [plain(each) for each in column["joinColumns"]]) if column["joinColumns"] else column["columnName"]

    return [plain(column) for column in answer["columnMetadata"]]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT Id, name FROM Lead", ["Id", "Name"]),
        ("SELECT c.Name, c.Account.Name, c.Account.Owner.Email FROM Contact c", ["Name", ("Account", ["Name", ("Owner", ["Email"])])]),
        ("SELECT Name, (SELECT LastName FROM Contacts) FROM Account", ["Name", ("Contacts", ["LastName"])]),
        ("SELECT count(Id), max(CreatedDate) latest FROM Lead", ["expr0", "latest"]),
    ],
)
async def test_a_query_tells_its_columns(client, statement, expected):
    assert expected == await columns(client, statement)


async def test_the_columns_of_a_wrong_query_are_refused(client):
    assert (await client.get(f"{V}/query", params={"q": "SELECT Nope FROM Lead", "columns": "true"})).status_code == 400


async def test_simple_salesforce_creates_and_queries(salesforce):
    def work():
        made = salesforce.Lead.create({"LastName": "O'Neil", "Company": "Acme"})
        salesforce.Lead.update(made["id"], {"Title": "CEO"})
        return salesforce.query_all("SELECT Id, Title FROM Lead WHERE LastName = 'O\\'Neil'")["records"], made["id"]

    records, lead = await asyncio.to_thread(work)
    assert [(each["Id"], each["Title"]) for each in records] == [(lead, "CEO")]


async def test_simple_salesforce_reads_pages_and_usage(salesforce):
    def work():
        for _ in range(2):
            rows = [{"attributes": {"type": "Lead"}, "LastName": f"L{number}", "Company": "Acme"} for number in range(200)]
            salesforce.restful("composite/sobjects", method="POST", json={"records": rows})
        found = salesforce.query_all("SELECT Id FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
        return len(found["records"]), salesforce.api_usage["api-usage"].used

    assert await asyncio.to_thread(work) == (400, 4)


async def test_simple_salesforce_reads_describes_and_refusals(salesforce):
    def work():
        names = [each["name"] for each in salesforce.Contact.describe()["fields"]]
        with pytest.raises(SalesforceMalformedRequest) as caught:
            salesforce.Contact.create({"FirstName": "Ann"})
        return "MailingCity" in names, caught.value.content[0]["errorCode"]

    assert await asyncio.to_thread(work) == (True, "REQUIRED_FIELD_MISSING")


async def test_a_dropped_answer_is_a_broken_connection(client):
    await client.post("/localorg/faults", json={"match": {"method": "POST", "resource": "sobject"}, "do": "drop_after_commit"})
    with pytest.raises(httpx2.TransportError):
        await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})
    found = await client.get(f"{V}/query", params={"q": "SELECT count() FROM Lead"})
    assert found.json()["totalSize"] == 1


async def test_a_call_goes_on_when_its_client_has_gone(client):
    await client.post("/localorg/faults", json={"match": {"method": "POST", "resource": "sobject"}, "do": "stall", "seconds": 0.3})
    with pytest.raises(httpx2.ReadTimeout):
        await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"}, timeout=0.05)
    async with asyncio.timeout(10):
        while not (await client.get("/localorg/writes")).json():  # noqa: ASYNC110  # the org is asked over its port
            await asyncio.sleep(0.02)
    found = await client.get(f"{V}/query", params={"q": "SELECT count() FROM Lead"})
    assert found.json()["totalSize"] == 1


async def test_an_external_id_may_hold_a_slash(client):
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "unique": True, "externalId": True})
    made = await client.patch(f"{V}/sobjects/Lead/Key__c/a%2Fb%3Fc", json={"LastName": "Berg", "Company": "Acme"})
    found = (await client.get(f"{V}/sobjects/Lead/{made.json()['id']}")).json()
    assert found["Key__c"] == "a/b?c"


@asynccontextmanager
async def process(*options):
    """Run `localorg serve` as a process of its own, until it answers, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (sys.executable, "-c", "from localorg.cli import app; app()", "serve", "--port", str(port), *options)
    started = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(30), httpx2.AsyncClient(base_url=url) as client:
            while not await answers(client):  # noqa: ASYNC110  # another process cannot set an event
                await asyncio.sleep(0.05)
        yield url
    finally:
        started.terminate()
        await started.wait()


async def answers(client):
    try:
        return (await client.get("/services/data")).is_success
    except httpx2.TransportError:
        return False


async def test_the_command_serves_an_org_that_outlives_its_process(tmp_path):
    options = ("--data", str(tmp_path / "org.db"), "--access-token", "00DHr0000000001!AQfixed")
    headers = {"Authorization": "Bearer 00DHr0000000001!AQfixed"}
    async with process(*options) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        made = await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})
    async with process(*options) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        found = await client.get(f"{V}/sobjects/Lead/{made.json()['id']}")
    assert found.json()["LastName"] == "Berg"
