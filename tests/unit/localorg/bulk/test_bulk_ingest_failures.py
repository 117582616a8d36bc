"""Jobs that cannot be done, are slow, are struck by faults, are cut off, or end early; and exactly what is left unprocessed."""

import asyncio
import random

import pytest

from localorg.errors import SalesforceError
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

MANY = "LastName,Company\n" + "".join(f"Berg {number},Acme\n" for number in range(1000))


@pytest.mark.parametrize(
    ("text", "job", "message"),
    [
        ("LastName,Foo__c,Bar__c\nBerg,1,2\n", {}, "InvalidBatch : Field name not found : Foo__c"),
        ("\ufeffLastName,Company\nBerg,Acme\n", {}, "InvalidBatch : Field name not found : \ufeffLastName"),
        (
            "LastName,Contact:Account.Name\nBerg,Acme\n",
            {"object": "Contact"},
            "type is not needed for non polymorphic foreign key references: ",
        ),
        ("LastName,Parent:Nothing.Name\nBerg,Acme\n", {"object": "Contact"}, "InvalidBatch : Unable to find relationship: Nothing"),
        ("Subject,Who.Email\nCall,a@acme.example\n", {"object": "Task"}, "InvalidBatch : Field name not found : Who.Email"),
        ("LastName,lastname\nBerg,Dal\n", {}, "InvalidBatch : Field name appears twice : lastname"),
        (
            "LastName,Company\r\nBerg,Acme\r\n",
            {},
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("LastName,Company\nBerg,Acme\n", {"lineEnding": "CRLF"}, "Current LineEnding setting is CRLF"),
        ('LastName,Company\r\nBerg,"Ac\nme"\r\n', {"lineEnding": "CRLF"}, "Current LineEnding setting is CRLF"),
        ("Id,City\n00QHr0000000001MAA,Bonn\n", {"operation": "delete"}, "batch must contain only 'Id'"),
        ('LastName,Company\nBerg,"Acme\n', {}, "InvalidBatch : Failed to parse CSV"),
        ("", {}, "InvalidBatch : The upload is empty"),
    ],
)
async def test_a_job_that_cannot_run_fails_and_writes_nothing(bulk, text, job, message):
    done = await bulk.load(text, **job)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("Failed", 0, 0)
    assert message in done["errorMessage"]


async def test_rows_of_a_job_that_cannot_run_are_unprocessed(bulk):
    done = await bulk.load("LastName,Foo__c\nBerg,1\nDal,2\n")
    assert await bulk.file(done["id"], "unprocessedrecords") == [{"LastName": "Berg", "Foo__c": "1"}, {"LastName": "Dal", "Foo__c": "2"}]
    assert await bulk.file(done["id"], "failedResults") == []


async def test_a_field_that_is_hidden_is_not_found(bulk):
    await bulk.client.post("/localorg/permissions", json={"hidden": ["Lead.City"]})
    done = await bulk.load("LastName,Company,City\nBerg,Acme,Bonn\n")
    assert done["errorMessage"] == "InvalidBatch : Field name not found : City"


async def test_crlf_and_other_delimiters_are_read_as_declared(bulk):
    done = await bulk.load('LastName;Company\r\nBerg;"A;cme"\r\n', lineEnding="CRLF", columnDelimiter="SEMICOLON")
    assert done["numberRecordsFailed"] == 0
    assert await bulk.query("SELECT Company FROM Lead") == [{"Company": "A;cme"}]


async def test_an_aborted_job_keeps_what_is_done_and_tells_the_rest(bulk, client, clock):
    await client.post("/localorg/faults", json={"match": {"resource": "bulkChunk", "nth": 3}, "do": "stall", "seconds": 60})
    job_id = await bulk.begin(MANY)
    await bulk.until(job_id, lambda shown: shown["numberRecordsProcessed"] == 400)
    aborted = (await bulk.change(job_id, "Aborted")).json()
    clock.advance(60)
    done = await bulk.ended(job_id)
    left = await bulk.file(job_id, "unprocessedrecords")
    stored = await bulk.file(job_id, "successfulResults")
    assert (aborted["state"], done["state"], done["numberRecordsProcessed"]) == ("Aborted", "Aborted", 400)
    assert [each["LastName"] for each in left] == [f"Berg {number}" for number in range(400, 1000)]
    assert {each["LastName"] for each in stored} == {f"Berg {number}" for number in range(400)}


async def test_a_job_goes_on_only_as_the_clock_does(bulk_of, clock):
    org = LocalOrg(OrgSettings(bulk_queue_seconds=30, row_ms=100), clock)
    async with org.client() as client:
        bulk, seen = bulk_of(client), []
        job_id = await bulk.begin(MANY)
        for seconds in (29, 1, 19, 1):
            clock.advance(seconds)
            for _ in range(20):
                await asyncio.sleep(0)
            shown = await bulk.show(job_id)
            seen.append((shown["state"], shown["numberRecordsProcessed"]))
    await org.close()
    assert seen == [("UploadComplete", 0), ("InProgress", 0), ("InProgress", 0), ("InProgress", 200)]


async def test_a_chunk_that_fails_is_tried_again(bulk, client):
    await client.post("/localorg/faults", json={"match": {"resource": "bulkChunk", "times": 3}, "do": "status"})
    done = await bulk.load(MANY)
    assert (done["state"], done["retries"], done["numberRecordsProcessed"]) == ("JobComplete", 3, 1000)


async def test_a_job_whose_retries_are_spent_fails_with_the_rest_unprocessed(bulk, client):
    await client.post("/localorg/faults", json={"match": {"resource": "bulkChunk", "nth": 3, "times": 1000}, "do": "status"})
    done = await bulk.load(MANY)
    left = await bulk.file(done["id"], "unprocessedrecords")
    assert (done["state"], done["retries"], done["numberRecordsProcessed"], len(left)) == ("Failed", 20, 400, 600)
    assert done["errorMessage"].startswith("InternalServerError")


async def test_a_fault_that_names_no_resource_leaves_chunks_alone(bulk, client):
    job_id = await bulk.begin(MANY)
    await client.post("/localorg/faults", json={"match": {"method": "POST"}, "do": "status"})
    assert (await bulk.ended(job_id))["retries"] == 0


async def test_faults_strike_single_rows(bulk, client):
    rule = {"match": {"object": "Lead", "field": "LastName", "value": "Berg 7"}, "do": "lock_row"}
    await client.post("/localorg/faults", json=rule)
    done = await bulk.load(MANY)
    (error,) = await bulk.errors(done["id"])
    assert error.startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access")


async def test_the_daily_limit_fails_a_job_midway(bulk_of, clock):
    org = LocalOrg(OrgSettings(bulk_daily_rows=500), clock)
    async with org.client() as client:
        done = await bulk_of(client).load(MANY)
    await org.close()
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 400)
    assert done["errorMessage"].startswith("ExceededQuota")


async def test_work_that_was_cut_off_goes_on_without_a_row_twice(bulk_of, clock, tmp_path):
    settings = OrgSettings(data=tmp_path / "org.db")
    first = LocalOrg(settings, clock)
    async with first.client() as client:
        bulk = bulk_of(client)
        job_id = await bulk.begin(MANY)
        await bulk.until(job_id, lambda shown: shown["numberRecordsProcessed"] >= 200)
    await first.close()
    second = LocalOrg(settings, clock)
    async with second.client() as client:
        bulk = bulk_of(client)
        done = await bulk.ended(job_id)
        stored = [each["LastName"] for each in await bulk.query("SELECT LastName FROM Lead")]
    await second.close()
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 1000)
    assert (len(stored), len(set(stored))) == (1000, 1000)


async def test_a_held_record_fails_its_row_when_the_wait_is_over(bulk, client, clock):
    lead = (await client.post("/services/data/v60.0/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})).json()["id"]
    await client.post("/localorg/faults", json={"match": {"resource": "^record:PATCH"}, "do": "stall", "seconds": 60})
    other = asyncio.ensure_future(client.patch(f"/services/data/v60.0/sobjects/Lead/{lead}", json={"City": "Bonn"}))
    for _ in range(20):
        await asyncio.sleep(0)
    job_id = await bulk.begin(f"Id,City\n{lead},Berlin\n", operation="update")
    for _ in range(20):
        await asyncio.sleep(0)
    clock.advance(10)
    done = await bulk.ended(job_id)
    clock.advance(60)
    await other
    assert (done["numberRecordsFailed"], (await bulk.errors(job_id))[0].partition(":")[0]) == (1, "UNABLE_TO_LOCK_ROW")


async def test_a_job_that_a_snapshot_brings_back_goes_on_from_there(bulk, client):
    job_id = await bulk.begin(MANY)
    await bulk.until(job_id, lambda shown: shown["numberRecordsProcessed"] >= 200)
    await client.post("/localorg/snapshot", json={"name": "midway"})
    await bulk.until(job_id, lambda shown: shown["numberRecordsProcessed"] >= 600)
    await client.post("/localorg/restore", json={"name": "midway"})
    done = await bulk.ended(job_id)
    stored = [each["LastName"] for each in await bulk.query("SELECT LastName FROM Lead")]
    assert (done["state"], done["numberRecordsProcessed"], len(stored), len(set(stored))) == ("JobComplete", 1000, 1000, 1000)
    assert len(await bulk.file(job_id, "successfulResults")) == 1000


async def test_a_row_that_is_refused_late_leaves_no_trace_and_no_other_row_suffers(bulk, org):
    def audit(transaction, _op, object_name, values):
        if object_name == "Lead":
            transaction.remember(f"seen:{values['LastName']}", True)
        if values.get("LastName") == "Berg 7":
            raise SalesforceError(400, "APEX_ERROR", "no sevens", ())

    org.org.triggers.append(audit)
    done = await bulk.load(MANY)
    traces = org.org.connection.execute("SELECT count(*), total(key = 'seen:Berg 7') FROM _state WHERE key LIKE 'seen:%'").fetchone()
    assert (done["numberRecordsProcessed"], await bulk.errors(done["id"])) == (1000, ["APEX_ERROR:no sevens:--"])
    assert tuple(traces) == (999, 0)


async def test_whatever_is_uploaded_the_job_ends_and_no_row_is_lost_or_counted_twice(bulk):
    chance = random.Random(7)
    scraps = ["LastName", "Company", ",", '"', "\n", "\r\n", "Berg", "#N/A", "é", "\x00", " ", "00QHr0000000001MAA", "\ufeff", '""']
    for number in range(150):
        text = "".join(chance.choice(scraps) for _ in range(chance.randrange(40)))
        content = text.encode() if number % 5 else text.encode("utf-16")
        done = await bulk.load(f"LastName,Company\n{text}" if number % 3 else content)
        files = [len(await bulk.file(done["id"], name)) for name in ("successfulResults", "failedResults", "unprocessedrecords")]
        processed, failed = done["numberRecordsProcessed"], done["numberRecordsFailed"]
        assert (done["state"] in {"JobComplete", "Failed"}, files[:2]) == (True, [processed - failed, failed])
        assert "InternalServerError" not in done.get("errorMessage", "")
