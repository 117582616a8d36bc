"""What every kind of answer, and none, makes of a request."""

import asyncio

import httpx2
import pytest
from sqlalchemy import select

from crosswalk import errors
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.composite import Subrequest
from crosswalk.store import tables

ROWS = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, "LastName": "Ann", "Company": "Acme"}]}


async def _write(client):
    return await client.post("composite/sobjects", ROWS, purpose=Purpose.WRITE, rows=1)


async def _read(client):
    return await client.get("query?q=SELECT+Id+FROM+Lead", purpose=Purpose.LOOKUP)


async def _leads(controls_org):
    return [row["Id"] for row in controls_org.org.connection.execute('SELECT "Id" FROM "Lead"')]


async def test_an_answer_is_read(client):
    assert (await _read(client)).body == {"totalSize": 0, "done": True, "records": []}


async def test_a_session_that_ends_in_the_middle_is_renewed_once(client, controls, org_tokens):
    await controls("faults", {"do": "expire_session", "match": {"times": 1}})
    await _write(client)
    assert org_tokens.logins == 2


async def test_the_row_of_a_repeated_write_exists_once(client, controls, org):
    await controls("faults", {"do": "expire_session", "match": {"times": 1}})
    await _write(client)
    assert len(await _leads(org)) == 1


async def test_a_session_refused_twice_pauses_the_connection(client, controls, org_tokens):
    await controls("faults", {"do": "expire_session"})
    with pytest.raises(errors.LoginRefusedError, match="connect again"):
        await _read(client)
    assert org_tokens.logins == 2


async def test_a_session_that_no_login_can_mend_is_not_renewed(answering, org_tokens):
    body = [{"errorCode": "INVALID_SESSION_ID", "message": "This session is not valid for use with the REST API"}]
    with pytest.raises(errors.LoginRefusedError):
        await _read(answering(lambda _: httpx2.Response(401, json=body)))
    assert org_tokens.logins == 1


async def test_a_write_whose_answer_is_dropped_is_lost(client, controls, org):
    await controls("faults", {"do": "drop_after_commit"})
    with pytest.raises(errors.ReplyLost):
        await _write(client)
    assert len(await _leads(org)) == 1


async def test_a_read_whose_answer_is_dropped_comes_later(client, controls):
    await controls("faults", {"do": "drop_before"})
    with pytest.raises(errors.SalesforceBusyError):
        await _read(client)


@pytest.mark.parametrize("failure", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout])
async def test_a_write_that_never_left_comes_later(answering, failure):
    def answer(request):
        raise failure("no way", request=request)

    with pytest.raises(errors.SalesforceBusyError):
        await _write(answering(answer))


@pytest.mark.parametrize("failure", [httpx2.ReadError, httpx2.WriteError, httpx2.ReadTimeout, httpx2.RemoteProtocolError])
async def test_a_write_that_may_have_left_is_lost(answering, failure):
    def answer(request):
        raise failure("cut", request=request)

    with pytest.raises(errors.ReplyLost):
        await _write(answering(answer))


async def test_a_write_is_given_up_after_the_send_timeout(client, controls, clock, timings):
    await controls("faults", {"do": "stall", "seconds": 540})
    sending = asyncio.ensure_future(_write(client))
    while not sending.done():
        await asyncio.sleep(0)
        clock.advance(timings.send_timeout)
    with pytest.raises(errors.ReplyLost):
        await sending


async def test_a_maintenance_page_means_later(client, controls):
    await controls("faults", {"do": "html", "status": 503})
    with pytest.raises(errors.SalesforceBusyError, match="web page"):
        await _write(client)


@pytest.mark.parametrize("status", [420, 503])
async def test_an_org_that_is_not_ready_means_later(client, controls, status, clock, timings):
    await controls("faults", {"do": "status", "status": status})
    with pytest.raises(errors.SalesforceBusyError) as caught:
        await _write(client)
    assert (caught.value.due - clock.now()).total_seconds() == timings.busy_retry


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_error_after_a_write_leaves_its_outcome_unknown(answering, status):
    with pytest.raises(errors.ReplyLost):
        await _write(answering(lambda _: httpx2.Response(status)))


async def test_a_page_in_place_of_the_answer_to_a_write_leaves_its_outcome_unknown(answering):
    page = httpx2.Response(200, text="<html>", headers={"Content-Type": "text/html"})
    with pytest.raises(errors.ReplyLost):
        await _write(answering(lambda _: page))


async def test_a_spent_allowance_waits_for_the_budget(client, controls):
    await controls("faults", {"do": "daily_limit"})
    with pytest.raises(errors.BudgetSpentError, match="24 hours"):
        await _read(client)


async def test_too_many_calls_at_once_means_later(client, controls):
    await controls("faults", {"do": "concurrent_limit"})
    with pytest.raises(errors.SalesforceBusyError, match="at once"):
        await _read(client)


@pytest.mark.shows("RS-25")
async def test_an_edition_without_api_access_pauses_the_connection_in_words(client, org):
    object.__setattr__(org.org.settings, "api_enabled", False)
    with pytest.raises(errors.PauseConnection, match="Enterprise, Unlimited, Performance and Developer"):
        await _read(client)


async def test_a_malformed_request_is_refused_with_its_fault(client):
    with pytest.raises(errors.SalesforceRefusedError) as caught:
        await client.get("query?q=SELECT", purpose=Purpose.LOOKUP)
    assert caught.value.fault.code == "MALFORMED_QUERY"


async def test_the_parts_of_a_composite_answer_in_order(client):
    parts = [Subrequest("GET", client.path(f"query?q=SELECT+Id+FROM+{name}"), name) for name in ("Lead", "Nothing__c", "Contact")]
    replies = await client.composite(parts, purpose=Purpose.LOOKUP)
    assert [(reply.reference, reply.fault and reply.fault.code) for reply in replies] == [
        ("Lead", None),
        ("Nothing__c", "INVALID_TYPE"),
        ("Contact", None),
    ]


@pytest.mark.parametrize("body", [{"compositeResponse": []}, {"compositeResponse": None}, [], {"compositeResponse": [3]}, None])
async def test_a_composite_write_whose_parts_are_missing_is_lost(answering, body):
    client = answering(lambda _: httpx2.Response(200, json=body))
    with pytest.raises(errors.ReplyLost):
        await client.composite([Subrequest("POST", client.path("composite/sobjects"), "rows0")], purpose=Purpose.WRITE)


async def test_every_call_is_in_the_journal_with_what_it_cost(client, journal):
    await _read(client)
    await _write(client)
    assert [(call.purpose, call.status, call.rows, call.used_seen, call.limit_seen) for call in journal.pending] == [
        (Purpose.LOOKUP, 200, 0, 1, 15_000),
        (Purpose.WRITE, 200, 1, 2, 15_000),
    ]


async def test_a_lost_call_is_in_the_journal_without_a_status(client, controls, journal):
    await controls("faults", {"do": "drop_after_commit"})
    with pytest.raises(errors.ReplyLost):
        await _write(client)
    assert [call.status for call in journal.pending] == [None]


async def test_the_journal_is_written_once(client, journal, database):
    await _read(client)
    await _read(client)
    for _ in range(2):
        async with database.write() as tx:
            await journal.flush(tx, turn_id="turn-1")
    async with database.read() as tx:
        rows = (await tx.execute(select(tables.api_call.c.turn_id, tables.api_call.c.used_seen))).all()
    assert sorted(rows) == [("turn-1", 1), ("turn-1", 2)]


async def test_the_usage_of_one_app_is_not_taken_for_that_of_the_org(answering, journal):
    headers = {"Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=x)"}
    await _read(answering(lambda _: httpx2.Response(200, json={}, headers=headers)))
    assert (journal.pending[0].used_seen, journal.pending[0].limit_seen) == (18, 5000)


async def test_compressed_answers_are_asked_for(answering):
    seen = []

    def answer(request):
        seen.append(request.headers["Accept-Encoding"])
        return httpx2.Response(200, json={})

    await _read(answering(answer))
    assert "gzip" in seen[0]
