"""Query jobs of version 2: their CSV, its pages, and what they do not answer."""

import csv
import io

import pytest

from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"


async def create(bulk, soql, **job):
    return await bulk.client.post(f"{V}/jobs/query", json={"operation": "query", "query": soql, **job})


async def results(bulk, job_id, **parameters):
    return await bulk.client.get(f"{V}/jobs/query/{job_id}/results", params=parameters)


async def answer(bulk, soql, **job):
    """Return the CSV of a query as text."""
    made = (await create(bulk, soql, **job)).json()
    done = await bulk.ended(made["id"], "query")
    assert done["state"] == "JobComplete", done
    return (await results(bulk, made["id"])).text


async def test_a_query_is_answered_as_csv_in_the_order_of_its_fields(bulk):
    await bulk.load('LastName,Company,City\nBerg,"A""c,me",\n')
    text = await answer(bulk, "SELECT Company, Owner.Name, City, IsConverted, Name, CreatedDate FROM Lead")
    assert text == (
        '"Company","Owner.Name","City","IsConverted","Name","CreatedDate"\n'
        '"A""c,me","Integration User","","false","Berg","2026-11-20T10:00:00.000Z"\n'
    )


async def test_a_parent_that_is_not_there_leaves_its_cells_empty(bulk):
    await bulk.client.post(f"{V}/sobjects/Contact", json={"LastName": "Berg"})
    assert await answer(bulk, "SELECT LastName, Account.Owner.Name FROM Contact") == '"LastName","Account.Owner.Name"\n"Berg",""\n'


async def test_a_query_job_is_told_as_it_is(bulk):
    made = (await create(bulk, "SELECT Id FROM Lead")).json()
    done = await bulk.ended(made["id"], "query")
    assert (made["state"], made["object"], made["operation"], "jobType" in made) == ("UploadComplete", "Lead", "query", False)
    assert (done["jobType"], done["numberRecordsProcessed"], done["isPkChunkingSupported"]) == ("V2Query", 0, False)


async def test_pages_are_linked_by_locators(bulk):
    await bulk.load("LastName,Company\n" + "".join(f"Berg {number:03},Acme\n" for number in range(450)))
    made = (await create(bulk, "SELECT Name FROM Lead ORDER BY Name")).json()
    await bulk.ended(made["id"], "query")
    sizes, names, locator = [], [], ""
    while locator != "null":
        page = await results(bulk, made["id"], maxRecords=200, **({"locator": locator} if locator else {}))
        sizes.append(int(page.headers["Sforce-NumberOfRecords"]))
        names += [each["Name"] for each in csv.DictReader(io.StringIO(page.text))]
        locator = page.headers["Sforce-Locator"]
    assert (sizes, names) == ([200, 200, 50], [f"Berg {number:03}" for number in range(450)])


async def test_query_all_sees_the_bin(bulk):
    lead = (await bulk.client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})).json()["id"]
    await bulk.client.delete(f"{V}/sobjects/Lead/{lead}")
    assert await answer(bulk, "SELECT Name FROM Lead") == '"Name"\n'
    assert await answer(bulk, "SELECT Name FROM Lead", operation="queryAll") == '"Name"\n"Berg"\n'


async def test_a_delimiter_can_be_chosen(bulk):
    await bulk.load("LastName,Company\nBerg,Acme\n")
    assert await answer(bulk, "SELECT Name, Company FROM Lead", columnDelimiter="PIPE") == '"Name"|"Company"\n"Berg"|"Acme"\n'


async def test_functions_have_columns_too(bulk):
    await bulk.load("LastName,Company,LeadSource\nBerg,Acme,Web\n")
    text = await answer(bulk, "SELECT toLabel(LeadSource), FORMAT(CreatedDate) made, Name FROM Lead")
    assert text.splitlines()[0] == '"LeadSource","made","Name"'


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT count() FROM Lead", "API_ERROR", "Implementation restriction: Aggregate"),
        ("SELECT City, count(Id) FROM Lead GROUP BY City", "API_ERROR", "Implementation restriction: Aggregate"),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 1", "API_ERROR", "Implementation restriction: Offset"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "API_ERROR", "Implementation restriction: Nested"),
        ("SELECT FIELDS(ALL) FROM Lead LIMIT 1", "API_ERROR", "Implementation restriction: Nested"),
        ("SELECT Address FROM Lead", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        ("SELECT Nothing FROM Lead", "INVALID_FIELD", "No such column 'Nothing'"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        ("SELECT", "MALFORMED_QUERY", "unexpected token"),
        ("", "INVALIDJOB", "query must hold a SOQL statement"),
    ],
)
async def test_what_cannot_be_queried_is_refused_at_once(bulk, soql, code, message):
    refused = await create(bulk, soql)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)
    assert message in refused.json()[0]["message"]


async def test_an_aborted_query_has_no_results(bulk_of, clock):
    org = LocalOrg(OrgSettings(bulk_queue_seconds=30), clock)
    async with org.client() as client:
        bulk = bulk_of(client)
        made = (await create(bulk, "SELECT Id FROM Lead")).json()
        aborted = (await bulk.change(made["id"], "Aborted", "query")).json()
        early = await results(bulk, made["id"])
    await org.close()
    assert (aborted["state"], early.status_code, early.json()[0]["errorCode"]) == ("Aborted", 400, "INVALIDJOBSTATE")


async def test_query_jobs_are_listed_and_removed(bulk, client):
    made = (await create(bulk, "SELECT Id FROM Lead")).json()
    await bulk.ended(made["id"], "query")
    listed = (await client.get(f"{V}/jobs/query")).json()["records"]
    removed = await client.delete(f"{V}/jobs/query/{made['id']}")
    assert ([each["id"] for each in listed], removed.status_code) == ([made["id"]], 204)
    assert (await client.get(f"{V}/jobs/query")).json()["records"] == []


async def test_a_locator_that_is_none_is_refused(bulk):
    made = (await create(bulk, "SELECT Id FROM Lead")).json()
    await bulk.ended(made["id"], "query")
    refused = await results(bulk, made["id"], locator="nonsense!")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
