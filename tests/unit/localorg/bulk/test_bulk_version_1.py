"""Version 1: jobs with batches, spoken in XML and JSON."""

import asyncio
from xml.etree import ElementTree as ET

import pytest

A = "/services/async/60.0"
NAMESPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
XML = {"Content-Type": "application/xml; charset=UTF-8"}
CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
JOB_FIELDS = [
    "id",
    "operation",
    "object",
    "createdById",
    "createdDate",
    "systemModstamp",
    "state",
    "concurrencyMode",
    "contentType",
    "numberBatchesQueued",
    "numberBatchesInProgress",
    "numberBatchesCompleted",
    "numberBatchesFailed",
    "numberBatchesTotal",
    "numberRecordsProcessed",
    "numberRetries",
    "apiVersion",
    "numberRecordsFailed",
    "totalProcessingTime",
    "apiActiveProcessingTime",
    "apexProcessingTime",
]


def document(**fields):
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f'<?xml version="1.0"?><jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">{inner}</jobInfo>'


def read(reply):
    """Return the root's children as texts by name."""
    return {each.tag.removeprefix(NAMESPACE): each.text for each in ET.fromstring(reply.text)}  # noqa: S314  # the org's own


async def xml_job(client, **fields):
    job = {"operation": "insert", "object": "Lead", "contentType": "CSV", **fields}
    return await client.post(f"{A}/job", content=document(**job), headers=XML)


async def json_job(client, **fields):
    return await client.post(f"{A}/job", json={"operation": "insert", "object": "Lead", "contentType": "JSON", **fields})


async def ended(client, job_id, batch_id, headers):
    """Poll until a batch has ended; returns it."""
    for _ in range(2000):
        reply = await client.get(f"{A}/job/{job_id}/batch/{batch_id}", headers=headers)
        found = reply.json() if headers is JSON else read(reply)
        if found["state"] not in {"Queued", "InProgress"}:
            return found
        await asyncio.sleep(0)
    raise AssertionError(found)


async def test_a_job_in_xml_has_its_fields_in_order(client):
    made = await xml_job(client)
    found = read(made)
    assert (made.status_code, made.headers["content-type"]) == (201, "application/xml")
    assert list(found) == JOB_FIELDS
    assert (found["state"], found["createdDate"], found["apiVersion"]) == ("Open", "2026-11-20T10:00:00.000Z", "60.0")


async def test_csv_batches_are_answered_in_the_order_they_were_sent(client):
    job = read(await xml_job(client))
    sent = await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n,Acme\nDal,Acme\n", headers=CSV)
    batch = read(sent)
    done = await ended(client, job["id"], batch["id"], CSV)
    result = await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result")
    lines = [line.split('","') for line in result.text.splitlines()]
    assert (sent.status_code, batch["state"], batch["id"][:3]) == (201, "Queued", "751")
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("Completed", "3", "1")
    assert lines[0] == ['"Id', "Success", "Created", 'Error"']
    assert [line[1:3] for line in lines[1:]] == [["true", "true"], ["false", "false"], ["true", "true"]]


async def test_json_batches_are_answered_in_json(client):
    job = (await json_job(client)).json()
    rows = [{"LastName": "Berg", "Company": "Acme"}, {"Company": "Acme"}]
    batch = (await client.post(f"{A}/job/{job['id']}/batch", json=rows)).json()
    await ended(client, job["id"], batch["id"], JSON)
    result = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result", headers=JSON)).json()
    assert [(each["success"], each["created"]) for each in result] == [(True, True), (False, False)]
    assert result[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


async def test_a_json_upsert_updates_by_its_key(client):
    field = {"object": "Lead", "name": "Key__c", "type": "string", "length": 40, "unique": True, "externalId": True}
    await client.post("/localorg/fields", json=field)
    made = []
    for name in ("Berg", "Dal"):
        job = (await json_job(client, operation="upsert", externalIdFieldName="Key__c")).json()
        rows = [{"Key__c": "a", "LastName": name, "Company": "Acme"}]
        batch = (await client.post(f"{A}/job/{job['id']}/batch", json=rows)).json()
        await ended(client, job["id"], batch["id"], JSON)
        result = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result", headers=JSON)).json()
        made.append((result[0]["created"], result[0]["id"]))
    assert (made[0][0], made[1][0], made[0][1] == made[1][1]) == (True, False, True)


async def test_a_query_in_json_has_dates_as_numbers(client):
    await client.post("/services/data/v60.0/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})
    job = (await json_job(client, operation="query")).json()
    batch = (await client.post(f"{A}/job/{job['id']}/batch", content="SELECT Name, CreatedDate FROM Lead", headers=JSON)).json()
    await ended(client, job["id"], batch["id"], JSON)
    (result_id,) = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result", headers=JSON)).json()
    (record,) = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result/{result_id}", headers=JSON)).json()
    assert (result_id[:3], record["Name"], record["CreatedDate"]) == ("752", "Berg", 1_795_168_800_000)


async def test_a_query_in_csv_is_told_by_its_result_ids(client):
    await client.post("/services/data/v60.0/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})
    job = read(await xml_job(client, operation="query"))
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content="SELECT Name FROM Lead", headers=CSV))
    await ended(client, job["id"], batch["id"], CSV)
    result_id = read(await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result"))["result"]
    text = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result/{result_id}")).text
    assert text == '"Name"\n"Berg"\n'


async def test_a_query_that_cannot_run_fails_its_batch(client):
    job = read(await xml_job(client, operation="query"))
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content="SELECT Nothing FROM Lead", headers=CSV))
    done = await ended(client, job["id"], batch["id"], CSV)
    assert (done["state"], done["stateMessage"].partition(":")[0]) == ("Failed", "InvalidBatch ")


async def test_a_batch_that_cannot_be_read_fails_alone(client):
    job = read(await xml_job(client))
    bad = read(await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Foo__c\nBerg,1\n", headers=CSV))
    good = read(await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n", headers=CSV))
    states = [(await ended(client, job["id"], each["id"], CSV))["state"] for each in (bad, good)]
    shown = read(await client.get(f"{A}/job/{job['id']}"))
    assert states == ["Failed", "Completed"]
    assert (shown["numberBatchesFailed"], shown["numberBatchesCompleted"], shown["numberBatchesTotal"]) == ("1", "1", "2")


async def test_a_batch_takes_ten_thousand_rows(client):
    job = read(await xml_job(client))
    text = "LastName,Company\n" + "Berg,Acme\n" * 10_001
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content=text, headers=CSV))
    done = await ended(client, job["id"], batch["id"], CSV)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", "0")


async def test_a_batch_can_be_read_back(client):
    job = read(await xml_job(client))
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n", headers=CSV))
    assert (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/request")).text == "LastName,Company\nBerg,Acme\n"


async def test_batches_are_listed(client):
    job = read(await xml_job(client))
    empty = await client.get(f"{A}/job/{job['id']}/batch")
    await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n", headers=CSV)
    listed = ET.fromstring((await client.get(f"{A}/job/{job['id']}/batch")).text)  # noqa: S314  # the org's own
    assert empty.text.endswith('<batchInfoList xmlns="http://www.force.com/2009/06/asyncapi/dataload"/>')
    assert [each.tag.removeprefix(NAMESPACE) for each in listed] == ["batchInfo"]


async def test_a_closed_job_takes_no_more_batches(client):
    job = read(await xml_job(client))
    closed = await client.post(f"{A}/job/{job['id']}", content=document(state="Closed"), headers=XML)
    late = await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n", headers=CSV)
    assert (closed.status_code, read(closed)["state"]) == (200, "Closed")
    assert (late.status_code, read(late)["exceptionCode"]) == (400, "InvalidJobState")


async def test_an_aborted_job_leaves_its_batches(client):
    job = read(await xml_job(client))
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content="LastName,Company\nBerg,Acme\n", headers=CSV))
    aborted = await client.post(f"{A}/job/{job['id']}", content=document(state="Aborted"), headers=XML)
    shown = read(await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}"))
    assert (read(aborted)["state"], shown["state"] in {"NotProcessed", "Completed"}) == ("Aborted", True)


async def test_the_session_may_come_in_its_own_header(org, client):
    del client.headers["Authorization"]
    refused = await client.post(f"{A}/job", content=document(), headers=XML)
    taken = await xml_job_with(client, org.token)
    assert (refused.status_code, read(refused)["exceptionCode"], taken.status_code) == (400, "InvalidSessionId", 201)


async def xml_job_with(client, token):
    content = document(operation="insert", object="Lead", contentType="CSV")
    return await client.post(f"{A}/job", content=content, headers={**XML, "X-SFDC-Session": token})


async def test_a_refusal_is_in_json_for_those_who_speak_it(client):
    refused = await json_job(client, object="Nothing")
    assert (refused.status_code, refused.json()["exceptionCode"]) == (400, "InvalidEntity")


async def test_a_doubled_slash_is_tolerated(client):
    job = read(await xml_job(client))
    url = str(client.base_url).rstrip("/") + f"/{A}/job//{job['id']}"
    assert read(await client.get(url))["id"] == job["id"]


@pytest.mark.parametrize("fields", [{"contentType": "ZIP_CSV"}, {"operation": "merge"}, {"operation": "upsert"}])
async def test_a_job_that_makes_no_sense_is_refused(client, fields):
    refused = await xml_job(client, **fields)
    assert (refused.status_code, read(refused)["exceptionCode"]) == (400, "InvalidJob")


async def test_a_body_that_is_no_xml_is_refused(client):
    refused = await client.post(f"{A}/job", content="<jobInfo", headers=XML)
    assert (refused.status_code, read(refused)["exceptionCode"]) == (400, "ClientInputError")


@pytest.mark.parametrize("content", ["", "{}", "[1]", "[" * 100_000, "[{}", '[{"LastName": "\\ud800"}, {"LastName": {}}]'])
async def test_whatever_json_a_batch_holds_it_ends(client, content):
    job = (await json_job(client)).json()
    batch = (await client.post(f"{A}/job/{job['id']}/batch", content=content, headers=JSON)).json()
    done = await ended(client, job["id"], batch["id"], JSON)
    stored = (await client.get("/services/data/v60.0/query", params={"q": "SELECT count() FROM Lead"})).json()["totalSize"]
    assert (done["state"] in {"Completed", "Failed"}, "InternalServerError" in str(done["stateMessage"]), stored) == (True, False, 0)


async def test_xml_batches_are_answered_in_xml(client):
    account = (await client.post("/services/data/v60.0/sobjects/Account", json={"Name": "Acme"})).json()["id"]
    job = read(await xml_job(client, contentType="XML", object="Contact"))
    parent = "<Account><sObject><Name>Acme</Name></sObject></Account>"
    text = (
        '<sObjects xmlns="http://www.force.com/2009/06/asyncapi/dataload" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<sObject><LastName>Berg &amp; Dal</LastName><Title xsi:nil="true"/><Email/><AccountId>{account}</AccountId></sObject>'
        f"<sObject><LastName>Lo</LastName><Email>nonsense</Email>{parent}</sObject></sObjects>"
    )
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content=text, headers=XML))
    await ended(client, job["id"], batch["id"], XML)
    found = ET.fromstring((await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result")).text)  # noqa: S314  # the org's own
    assert [each.findtext(f"{NAMESPACE}success") for each in found] == ["true", "false"]
    assert found[1].findtext(f"{NAMESPACE}errors/{NAMESPACE}statusCode") == "INVALID_FIELD"


async def test_a_query_in_xml_holds_records(client):
    await client.post("/services/data/v60.0/sobjects/Lead", json={"LastName": "Berg & Dal", "Company": "Acme"})
    job = read(await xml_job(client, operation="query", contentType="XML"))
    batch = read(await client.post(f"{A}/job/{job['id']}/batch", content="SELECT Name, City, Owner.Name FROM Lead", headers=XML))
    await ended(client, job["id"], batch["id"], XML)
    result_id = read(await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result"))["result"]
    text = (await client.get(f"{A}/job/{job['id']}/batch/{batch['id']}/result/{result_id}")).text
    (record,) = ET.fromstring(text)  # noqa: S314  # the org's own
    owner = record.findtext(f"{NAMESPACE}Owner/{NAMESPACE}Name")
    assert (record.findtext(f"{NAMESPACE}Name"), record.findtext(f"{NAMESPACE}City"), owner) == ("Berg & Dal", "", "Integration User")
