import asyncio

import httpx2
import pytest

from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
LEADS = f"{V}/sobjects/Lead"
ANN = {"LastName": "Berg", "Company": "Acme"}


async def order(client, **rule):
    reply = await client.post("/localorg/faults", json=rule)
    assert reply.status_code == 200, reply.text


async def count(client, name="Lead"):
    return (await client.get(f"{V}/query", params={"q": f"SELECT count() FROM {name}"})).json()["totalSize"]  # a name of ours


async def rounds(number=5):
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_dropped_answer_leaves_what_was_committed(client):
    await order(client, match={"resource": "^sobject:POST:Lead$"}, do="drop_after_commit")
    with pytest.raises(httpx2.TransportError):
        await client.post(LEADS, json=ANN)
    assert await count(client) == 1


async def test_a_dropped_request_leaves_nothing(client):
    await order(client, match={"method": "POST", "object": "lead"}, do="drop_before")
    with pytest.raises(httpx2.TransportError):
        await client.post(LEADS, json=ANN)
    assert await count(client) == 0


async def test_a_dropped_call_is_listed_without_a_status(client):
    await order(client, match={"method": "POST"}, do="drop_after_commit")
    with pytest.raises(httpx2.TransportError):
        await client.post(LEADS, json=ANN)
    assert (await client.get("/localorg/calls")).json()["calls"][0]["status"] == 0


async def test_a_status_on_order(client):
    await order(client, match={"resource": "limits"}, do="status", status=500, code="UNKNOWN_EXCEPTION", message="An unexpected error")
    reply = await client.get(f"{V}/limits")
    assert (reply.status_code, reply.json()) == (500, [{"message": "An unexpected error", "errorCode": "UNKNOWN_EXCEPTION"}])


async def test_a_page_of_html_on_order(client):
    await order(client, do="html")
    reply = await client.get(f"{V}/limits")
    assert (reply.status_code, reply.headers["Content-Type"]) == (503, "text/html; charset=utf-8")


async def test_an_expired_session_on_order_stays_expired(client):
    await order(client, match={"times": 1}, do="expire_session")
    assert [(await client.get(f"{V}/limits")).status_code for _ in range(2)] == [401, 401]


@pytest.mark.parametrize(
    ("effect", "message"),
    [
        ("daily_limit", "TotalRequests Limit exceeded."),
        ("concurrent_limit", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    ],
)
async def test_limits_on_order(client, effect, message):
    await order(client, do=effect)
    reply = await client.get(f"{V}/limits")
    assert (reply.status_code, reply.json()) == (403, [{"message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED"}])


async def test_the_nth_call_is_struck_once(client):
    await order(client, match={"nth": 2}, do="status")
    assert [(await client.get(f"{V}/limits")).status_code for _ in range(3)] == [200, 503, 200]


async def test_a_rule_strikes_as_often_as_it_says(client):
    await order(client, match={"times": 2}, do="status")
    assert [(await client.get(f"{V}/limits")).status_code for _ in range(3)] == [503, 503, 200]


async def test_a_seed_makes_chance_repeat_itself(client):
    found = []
    for _ in range(2):
        await client.request("DELETE", "/localorg/faults")
        await order(client, match={"probability": 0.5, "seed": 7}, do="status")
        found.append([(await client.get(f"{V}/limits")).status_code for _ in range(20)])
    assert (found[0] == found[1], set(found[0])) == (True, {200, 503})


async def test_rules_are_listed_with_how_often_they_fired(client):
    await order(client, id="mine", do="status")
    await client.get(f"{V}/limits")
    (only,) = (await client.get("/localorg/faults")).json()
    assert [only["id"], only["asked"], only["fired"]] == ["mine", 1, 1]


async def test_a_locked_row_fails_alone(client):
    await order(client, match={"field": "LastName", "value": "Cole"}, do="lock_row")
    rows = [{"attributes": {"type": "Lead"}, "LastName": name, "Company": "Acme"} for name in ("Berg", "Cole")]
    reply = await client.post(f"{V}/composite/sobjects", json={"records": rows})
    assert [each["errors"] and each["errors"][0]["statusCode"] for each in reply.json()] == [[], "UNABLE_TO_LOCK_ROW"]


async def test_a_locked_row_is_chosen_by_id_too(client):
    lead = (await client.post(LEADS, json=ANN)).json()["id"]
    await order(client, match={"ids": [lead]}, do="lock_row")
    reply = await client.patch(f"{LEADS}/{lead}", json={"Title": "CEO"})
    assert reply.json()[0]["message"] == f"unable to obtain exclusive access to this record or 1 records: {lead}"


async def test_a_row_is_rejected_with_the_words_given(client):
    await order(client, match={"field": "LastName", "value": "Berg", "object": "Lead"}, do="reject_row", message="No Bergs.")
    reply = await client.post(LEADS, json=ANN)
    assert reply.json() == [{"message": "No Bergs.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}]


async def test_a_row_rule_may_hold_for_one_method(client):
    await order(client, match={"method": "PATCH"}, do="reject_row")
    created = await client.post(LEADS, json=ANN)
    changed = await client.patch(f"{LEADS}/{created.json()['id']}", json={"Title": "CEO"})
    assert [created.status_code, changed.status_code] == [201, 400]


async def test_a_trigger_rewrites_a_field(client):
    await order(client, match={"object": "Lead", "field": "Phone"}, do="rewrite_field", template="+49 {value}")
    lead = (await client.post(LEADS, json={**ANN, "Phone": "12"})).json()["id"]
    await client.patch(f"{LEADS}/{lead}", json={"Title": "CEO"})
    assert (await client.get(f"{LEADS}/{lead}")).json()["Phone"] == "+49 12"


@pytest.mark.parametrize(
    "rule",
    [
        {"do": "explode"},
        {"do": "status", "colour": "red"},
        {"do": "status", "match": {"colour": 1}},
        {"do": "html", "match": {"resource": "("}},
    ],
)
async def test_a_rule_that_cannot_be_read_is_explained(client, rule):
    reply = await client.post("/localorg/faults", json=rule)
    assert (reply.status_code, len(reply.json()["error"]) > 20) == (400, True)


async def test_a_stalled_call_answers_when_the_time_has_come(client, clock):
    await order(client, match={"method": "POST"}, do="stall", seconds=30)
    call = asyncio.ensure_future(client.post(LEADS, json=ANN))
    await rounds(30)
    before = await count(client), call.done()
    clock.advance(30)
    reply = await call
    assert (before, reply.status_code, await count(client)) == ((0, False), 201, 1)


async def test_a_call_whose_client_has_gone_commits_all_the_same(client, clock, org):
    await order(client, match={"method": "POST"}, do="stall", seconds=30)
    call = asyncio.ensure_future(client.post(LEADS, json=ANN))
    await rounds(30)
    call.cancel()
    await rounds(30)
    clock.advance(30)
    await org.org.settled()
    assert await count(client) == 1


async def test_a_call_that_runs_too_long_is_ended_without_a_trace(client, clock):
    await order(client, match={"method": "POST"}, do="stall", seconds=3600)
    call = asyncio.ensure_future(client.post(LEADS, json=ANN))
    await rounds(30)
    clock.advance(600)
    reply = await call
    assert (reply.json()[0]["errorCode"], await count(client)) == ("REQUEST_RUNNING_TOO_LONG", 0)


async def test_closing_the_org_ends_what_still_runs(clock):
    org = LocalOrg(clock=clock)
    client = org.client()
    await order(client, match={"method": "POST"}, do="stall", seconds=30)
    call = asyncio.ensure_future(client.post(LEADS, json=ANN))
    await rounds(30)
    await org.close()
    with pytest.raises(asyncio.CancelledError):
        await call
    await client.aclose()


async def test_latency_passes_before_every_answer(clock):
    org = LocalOrg(OrgSettings(latency_ms=1500), clock)
    async with org.client() as client:
        call = asyncio.ensure_future(client.get(f"{V}/limits"))
        await rounds(30)
        clock.advance(1.4)
        await rounds()
        early = call.done()
        clock.advance(0.1)
        reply = await call
    await org.close()
    assert (early, reply.status_code) == (False, 200)


async def test_rows_take_time_where_triggers_are_slow(clock):
    org = LocalOrg(OrgSettings(row_ms=100), clock)
    async with org.client() as client:
        rows = [{"attributes": {"type": "Lead"}, **ANN}] * 20
        call = asyncio.ensure_future(client.post(f"{V}/composite/sobjects", json={"records": rows}))
        await rounds(30)
        clock.advance(1.9)
        await rounds()
        early = call.done()
        clock.advance(0.1)
        await call
    await org.close()
    assert early is False


@pytest.fixture
async def lead(client):
    return (await client.post(LEADS, json=ANN)).json()["id"]


async def start_slow_update(client, lead):
    await order(client, match={"method": "PATCH", "times": 1}, do="stall", seconds=60)
    slow = asyncio.ensure_future(client.patch(f"{LEADS}/{lead}", json={"Title": "slow"}))
    await rounds(30)
    return slow


async def test_a_row_that_another_call_holds_fails_after_a_wait(client, clock, lead):
    slow = await start_slow_update(client, lead)
    quick = asyncio.ensure_future(client.patch(f"{LEADS}/{lead}", json={"Title": "quick"}))
    await rounds(30)
    waiting = not quick.done()
    clock.advance(10)
    refused = await quick
    clock.advance(50)
    assert [waiting, refused.json()[0]["errorCode"], (await slow).status_code] == [True, "UNABLE_TO_LOCK_ROW", 204]


async def test_a_row_that_is_let_go_in_time_is_written(client, clock, lead):
    slow = await start_slow_update(client, lead)
    clock.advance(55)
    quick = asyncio.ensure_future(client.patch(f"{LEADS}/{lead}", json={"Title": "quick"}))
    await rounds(30)
    clock.advance(5)
    await slow
    assert (await quick).status_code == 204


async def test_other_rows_are_not_held_up(client, clock, lead):
    slow = await start_slow_update(client, lead)
    reply = await client.post(LEADS, json=ANN)
    clock.advance(60)
    await slow
    assert reply.status_code == 201
