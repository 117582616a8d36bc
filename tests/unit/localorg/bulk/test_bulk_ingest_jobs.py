"""Jobs of version 2: how they are made, started, watched, aborted and removed, and what cannot be done to them."""

import asyncio
import gzip

import pytest

V = "/services/data/v60.0"
TWO = "LastName,Company\nBerg,Acme\nDal,Acme\n"


async def test_a_new_job_says_where_its_data_goes(bulk):
    made = await bulk.create(lineEnding="CRLF", columnDelimiter="TAB")
    shown = made.json()
    place = f"services/data/v60.0/jobs/ingest/{shown['id']}/batches"
    expected = (200, "Open", place, "CRLF", "TAB", "Parallel", 60.0)
    names = ("state", "contentUrl", "lineEnding", "columnDelimiter", "concurrencyMode", "apiVersion")
    assert expected == (made.status_code, *(shown[name] for name in names))


async def test_a_job_goes_from_open_to_complete(bulk, org):
    made = (await bulk.create()).json()
    uploaded = await bulk.upload(made["id"], TWO)
    started = (await bulk.change(made["id"], "UploadComplete")).json()
    ended = await bulk.ended(made["id"])
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert (started["state"], "contentUrl" in started) == ("UploadComplete", False)
    assert (ended["state"], ended["numberRecordsProcessed"], ended["numberRecordsFailed"]) == ("JobComplete", 2, 0)
    assert ended["jobType"] == "V2Ingest"


async def test_a_job_with_its_data_in_one_request_starts_at_once(bulk, client):
    parts = {
        "job": (None, '{"object": "Lead", "operation": "insert", "contentType": "CSV"}', "application/json"),
        "content": ("content", TWO, "text/csv"),
    }
    made = (await client.post(f"{V}/jobs/ingest", files=parts)).json()
    assert made["state"] == "UploadComplete"
    assert (await bulk.ended(made["id"]))["numberRecordsProcessed"] == 2


async def test_data_may_come_compressed(bulk):
    made = (await bulk.create()).json()
    await bulk.upload(made["id"], gzip.compress(TWO.encode()), **{"Content-Encoding": "gzip"})
    await bulk.change(made["id"], "UploadComplete")
    assert (await bulk.ended(made["id"]))["numberRecordsProcessed"] == 2


async def test_data_is_taken_once(bulk):
    made = (await bulk.create()).json()
    await bulk.upload(made["id"], TWO)
    again = await bulk.upload(made["id"], TWO)
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")


async def test_a_started_job_takes_no_data(bulk):
    made = (await bulk.create()).json()
    await bulk.change(made["id"], "UploadComplete")
    late = await bulk.upload(made["id"], TWO)
    assert (late.status_code, late.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")


async def test_results_wait_for_the_end_of_the_job(bulk, client):
    made = (await bulk.create()).json()
    early = await client.get(f"{V}/jobs/ingest/{made['id']}/successfulResults")
    assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")


async def test_result_places_may_end_in_a_slash(bulk, client):
    done = await bulk.load(TWO)
    reply = await client.get(f"{V}/jobs/ingest/{done['id']}/successfulResults/")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/csv; charset=UTF-8")


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ({"object": "Nothing"}, "INVALIDENTITY"),
        ({"operation": "query"}, "INVALIDJOB"),
        ({"operation": "upsert"}, "INVALIDJOB"),
        ({"operation": "upsert", "externalIdFieldName": "City"}, "INVALIDJOB"),
        ({"contentType": "XML"}, "INVALIDJOB"),
        ({"lineEnding": "CR"}, "INVALIDJOB"),
        ({"columnDelimiter": "SPACE"}, "INVALIDJOB"),
    ],
)
async def test_a_job_that_makes_no_sense_is_refused(bulk, job, code):
    refused = await bulk.create(**job)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)


async def test_an_unknown_job_is_not_found(client):
    assert (await client.get(f"{V}/jobs/ingest/750Hr0000000009IAA")).status_code == 404


async def test_an_ended_job_can_be_removed(bulk, client):
    done = await bulk.load(TWO)
    assert (await client.delete(f"{V}/jobs/ingest/{done['id']}")).status_code == 204
    assert (await client.get(f"{V}/jobs/ingest/{done['id']}")).status_code == 404


async def test_an_open_job_cannot_be_removed(bulk, client):
    made = (await bulk.create()).json()
    assert (await client.delete(f"{V}/jobs/ingest/{made['id']}")).json()[0]["errorCode"] == "INVALIDJOBSTATE"


async def test_jobs_are_listed(bulk, client):
    made = [(await bulk.create()).json()["id"] for _ in range(2)]
    listed = (await client.get(f"{V}/jobs/ingest", params={"jobType": "V2Ingest"})).json()
    assert ([each["id"] for each in listed["records"]], listed["done"], listed["nextRecordsUrl"]) == (made, True, None)


async def test_a_job_is_forgotten_after_a_week(bulk, client, clock):
    done = await bulk.load(TWO)
    clock.advance(8 * 24 * 3600)
    client.headers["Authorization"] = await fresh_token(client)
    await bulk.create()
    assert (await client.get(f"{V}/jobs/ingest/{done['id']}")).status_code == 404


async def fresh_token(client):
    form = {"grant_type": "client_credentials", "client_id": "localorg", "client_secret": "localorg-secret"}
    return f"Bearer {(await client.post('/services/oauth2/token', data=form)).json()['access_token']}"


async def test_a_job_without_data_is_complete_with_no_rows(bulk):
    made = (await bulk.create()).json()
    await bulk.change(made["id"], "UploadComplete")
    done = await bulk.ended(made["id"])
    assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 0)


async def test_every_poll_is_a_call(bulk, org):
    made = (await bulk.create()).json()
    before = org.org.calls.used(org.org.clock.now())
    await bulk.show(made["id"])
    assert org.org.calls.used(org.org.clock.now()) == before + 1


async def test_a_reset_ends_the_work(bulk, client, org):
    await bulk.begin("LastName,Company\n" + "Berg,Acme\n" * 1000)
    await client.post("/localorg/reset")
    for _ in range(20):
        await asyncio.sleep(0)
    assert (await org.org.settled(), [row for row in org.org.writes if row.object == "Lead"]) == (None, [])
