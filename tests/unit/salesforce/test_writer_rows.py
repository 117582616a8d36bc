"""Rows are sent as planned, each result is read, and an answer that leaves a row out is no answer."""

import json

import httpx2
import pytest

from crosswalk import errors
from crosswalk.model import Call, Change, Headers, Operation, Recovery
from crosswalk.reasons import Reason
from crosswalk.salesforce import writer
from crosswalk.salesforce.calls import Purpose
from localorg.settings import OrgSettings, Switches

LEAD = {"LastName": "Ann", "Company": "Acme"}


def _change(number, fields=LEAD, operation=Operation.INSERT, record_id=None, object_name="Lead"):
    return Change(f"change-{number}", object_name, operation, fields, key=f"k{number}", claims=(), origins=(), record_id=record_id)


def _call(*changes, headers=None):
    return Call("call-1", changes[0].object, changes[0].operation, headers or Headers(), changes)


def _inserts(*rows, headers=None, object_name="Lead"):
    return _call(*(_change(number, row, object_name=object_name) for number, row in enumerate(rows)), headers=headers)


def _stored(org, object_name="Lead"):
    sql = f'SELECT * FROM "{object_name}" ORDER BY "Id"'  # a name from this file
    return [dict(row) for row in org.org.connection.execute(sql)]


async def test_an_insert_returns_the_ids_of_its_rows(client, org):
    results = await writer.send(client, _inserts(LEAD, LEAD | {"LastName": "Bob"}))
    assert [(result.change_id, result.record_id, result.fault) for result in results] == [
        (f"change-{number}", row["Id"], None) for number, row in enumerate(_stored(org))
    ]


async def test_an_update_changes_the_records_it_names(client, org, controls):
    [lead] = (await controls("seed", {"object": "Lead", "records": [LEAD]}))["ids"]
    [result] = await writer.send(client, _call(_change(1, {"Phone": "123"}, Operation.UPDATE, lead)))
    assert (result.record_id, _stored(org)[0]["Phone"]) == (lead, "123")


async def test_null_clears_and_absent_leaves_alone(client, org, controls):
    [lead] = (await controls("seed", {"object": "Lead", "records": [LEAD | {"Phone": "123", "Title": "Dr"}]}))["ids"]
    await writer.send(client, _call(_change(1, {"Phone": None}, Operation.UPDATE, lead)))
    assert (_stored(org)[0]["Phone"], _stored(org)[0]["Title"]) == (None, "Dr")


@pytest.mark.parametrize(
    ("rows", "kind"), [(1, "/composite/sobjects"), (200, "/composite/sobjects"), (201, "/composite"), (1_000, "/composite")]
)
async def test_up_to_a_thousand_rows_are_one_api_call(client, org, rows, kind):
    results = await writer.send(client, _inserts(*[LEAD] * rows))
    calls = [call["path"] for call in org.org.calls.summary()["calls"]]
    assert (len({result.record_id for result in results}), calls) == (rows, [f"/services/data/v60.0{kind}"])


async def test_a_call_that_is_too_large_is_not_sent(client, org):
    with pytest.raises(ValueError, match="1 to 1000"):
        await writer.send(client, _inserts(*[LEAD] * 1_001))
    assert org.org.calls.summary()["total"] == 0


@pytest.mark.shows("P10")
async def test_one_bad_row_stops_nobody(client):
    results = await writer.send(client, _inserts(LEAD, {"LastName": "No company"}, LEAD))
    assert [result.fault and (result.fault.code, result.fault.fields) for result in results] == [
        None,
        ("REQUIRED_FIELD_MISSING", ("Company",)),
        None,
    ]


@pytest.mark.shows("P10")
async def test_a_bad_row_among_a_thousand_is_the_only_one_left(client, org):
    rows = [LEAD | {"LastName": f"L{number}"} for number in range(1_000)]
    rows[777] = {"LastName": "No company"}
    results = await writer.send(client, _inserts(*rows))
    assert ([index for index, result in enumerate(results) if result.fault], len(_stored(org))) == ([777], 999)


async def test_only_the_locked_row_is_to_be_sent_again(client, controls):
    ids = (await controls("seed", {"object": "Lead", "records": [LEAD] * 3}))["ids"]
    await controls("faults", {"do": "lock_row", "match": {"ids": [ids[1]]}})
    changes = [_change(number, {"Phone": "1"}, Operation.UPDATE, record) for number, record in enumerate(ids)]
    results = await writer.send(client, _call(*changes))
    assert [result.fault and result.fault.recovery for result in results] == [None, Recovery.RETRY_NOW, None]


async def test_a_record_that_is_gone_is_planned_again(client, controls):
    [lead] = (await controls("seed", {"object": "Lead", "records": [LEAD]}))["ids"]
    await controls("delete", {"object": "Lead", "id": lead})
    [result] = await writer.send(client, _call(_change(1, {"Phone": "1"}, Operation.UPDATE, lead)))
    assert result.fault.recovery is Recovery.REPLAN


async def test_a_key_that_exists_names_its_record(client, controls):
    await controls("fields", {"object": "Lead", "name": "Crosswalk_Key__c", "unique": True, "length": 80, "externalId": True})
    row = LEAD | {"Crosswalk_Key__c": "v1:abc"}
    [first] = await writer.send(client, _inserts(row))
    [second] = await writer.send(client, _inserts(row))
    assert (second.fault.code, second.fault.recovery, second.fault.record_id) == ("DUPLICATE_VALUE", Recovery.REPLAN, first.record_id)


async def test_a_second_membership_is_planned_again(client, controls):
    [campaign] = (await controls("seed", {"object": "Campaign", "records": [{"Name": "Webinar"}]}))["ids"]
    [lead] = (await controls("seed", {"object": "Lead", "records": [LEAD]}))["ids"]
    call = _inserts({"CampaignId": campaign, "LeadId": lead}, object_name="CampaignMember")
    await writer.send(client, call)
    [result] = await writer.send(client, call)
    assert (result.fault.recovery, result.fault.record_id) == (Recovery.REPLAN, None)


async def test_a_field_the_org_lacks_is_to_be_suspended(client):
    [result] = await writer.send(client, _inserts(LEAD | {"Nothing__c": "x"}))
    assert (result.fault.recovery, result.fault.fields) == (Recovery.SUSPEND_FIELD, ("Nothing__c",))


async def test_a_lost_reply_is_not_a_failure(client, controls, org):
    await controls("faults", {"do": "drop_after_commit"})
    with pytest.raises(errors.ReplyLost):
        await writer.send(client, _inserts(*[LEAD] * 300))
    assert len(_stored(org)) == 300


async def test_an_org_in_maintenance_has_written_nothing(client, controls, org):
    await controls("faults", {"do": "html"})
    with pytest.raises(errors.SalesforceBusyError):
        await writer.send(client, _inserts(LEAD))
    assert _stored(org) == []


class TestWithDuplicateRules:
    @pytest.fixture
    def org_settings(self):
        return OrgSettings(switches=Switches(duplicate_rules_active=True))

    @pytest.fixture(autouse=True)
    async def existing(self, controls):
        await controls("seed", {"object": "Lead", "records": [LEAD | {"Email": "ann@x.example"}]})

    @pytest.mark.parametrize("rows", [1, 250])
    async def test_a_duplicate_rule_holds_the_row(self, client, rows):
        others = [{"LastName": f"L{number}", "Company": f"C{number}"} for number in range(rows - 1)]
        results = await writer.send(client, _inserts(*others, LEAD | {"Email": "ann@x.example"}))
        assert (results[-1].fault.recovery, results[-1].fault.reason) == (Recovery.HOLD, Reason.DUPLICATE_RULE)

    @pytest.mark.parametrize("rows", [1, 250])
    async def test_a_duplicate_is_saved_when_that_is_asked(self, client, rows):
        others = [{"LastName": f"L{number}", "Company": f"C{number}"} for number in range(rows - 1)]
        call = _inserts(*others, LEAD | {"Email": "ann@x.example"}, headers=Headers(allow_duplicates=True))
        assert (await writer.send(client, call))[-1].fault is None


def _captured(seen, rows):
    def answer(request):
        seen.append(request)
        body = json.loads(request.content)
        result = {"id": "00QB0000002qCRTMA2", "success": True, "errors": []}
        if "compositeRequest" not in body:
            return httpx2.Response(200, json=[result] * rows)
        parts = [
            {"body": [result] * len(part["body"]["records"]), "httpStatusCode": 200, "referenceId": part["referenceId"]}
            for part in body["compositeRequest"]
        ]
        return httpx2.Response(200, json={"compositeResponse": parts})

    return answer


@pytest.mark.parametrize(("auto_assign", "stated"), [(True, "TRUE"), (False, "FALSE")])
async def test_assignment_rules_are_always_stated(answering, auto_assign, stated):
    seen = []
    await writer.send(answering(_captured(seen, 1)), _inserts(LEAD, headers=Headers(auto_assign=auto_assign)))
    assert seen[0].headers["Sforce-Auto-Assign"] == stated


async def test_every_part_of_a_large_call_states_the_headers(answering):
    seen = []
    await writer.send(answering(_captured(seen, 0)), _inserts(*[LEAD] * 401, headers=Headers(allow_duplicates=True)))
    expected = {"Sforce-Auto-Assign": "FALSE", "Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert [part["httpHeaders"] for part in json.loads(seen[0].content)["compositeRequest"]] == [expected] * 3


async def test_rows_fail_for_themselves_at_both_levels(answering):
    seen = []
    await writer.send(answering(_captured(seen, 0)), _inserts(*[LEAD] * 201))
    body = json.loads(seen[0].content)
    levels = [body["allOrNone"], body["collateSubrequests"], *(part["body"]["allOrNone"] for part in body["compositeRequest"])]
    assert levels == [False] * 4


async def test_a_row_says_its_object_and_an_update_its_id(answering):
    seen = []
    call = _call(_change(1, {"Phone": "1"}, Operation.UPDATE, "00QB0000002qCRTMA2"))
    await writer.send(answering(_captured(seen, 1)), call)
    expected = [{"attributes": {"type": "Lead"}, "Id": "00QB0000002qCRTMA2", "Phone": "1"}]
    assert (seen[0].method, json.loads(seen[0].content)["records"]) == ("PATCH", expected)


GOOD = {"id": "00QB0000002qCRTMA2", "success": True, "errors": []}


@pytest.mark.parametrize("body", [[GOOD], [GOOD, GOOD, GOOD], [GOOD, None], [GOOD, {}], [GOOD, {"success": True}], {}, None, "x"])
async def test_an_answer_that_does_not_account_for_every_row_is_lost(answering, body):
    with pytest.raises(errors.ReplyLost):
        await writer.send(answering(lambda _: httpx2.Response(200, json=body)), _inserts(LEAD, LEAD))


async def test_a_refusal_without_an_error_is_held(answering):
    [result] = await writer.send(answering(lambda _: httpx2.Response(200, json=[{"success": False, "errors": []}])), _inserts(LEAD))
    assert result.fault.recovery is Recovery.HOLD


def _refused(code):
    return lambda _: httpx2.Response(400, json=[{"errorCode": code, "message": "no"}])


async def test_a_value_that_spoils_the_whole_call_is_searched_in_smaller_calls(answering):
    results = await writer.send(answering(_refused("JSON_PARSER_ERROR")), _inserts(LEAD, LEAD))
    assert [result.fault.recovery for result in results] == [Recovery.HALVE] * 2


async def test_a_value_that_spoils_its_own_call_is_held(answering):
    [result] = await writer.send(answering(_refused("JSON_PARSER_ERROR")), _inserts(LEAD))
    assert result.fault.recovery is Recovery.HOLD


async def test_a_request_too_large_is_sent_in_smaller_calls(answering):
    results = await writer.send(answering(lambda _: httpx2.Response(413)), _inserts(LEAD, LEAD))
    assert [result.fault.recovery for result in results] == [Recovery.HALVE] * 2


async def test_a_part_that_fails_as_a_whole_gives_its_fault_to_its_rows_only(answering):
    def answer(request):
        [first, second] = json.loads(request.content)["compositeRequest"]
        good = {"body": [GOOD] * 200, "httpStatusCode": 200, "referenceId": first["referenceId"]}
        bad = {"body": [{"errorCode": "INVALID_TYPE", "message": "no"}], "httpStatusCode": 400, "referenceId": second["referenceId"]}
        return httpx2.Response(200, json={"compositeResponse": [good, bad]})

    results = await writer.send(answering(answer), _inserts(*[LEAD] * 203))
    assert [index for index, result in enumerate(results) if result.fault] == [200, 201, 202]


async def test_a_write_is_journalled_with_its_rows(client, journal):
    await writer.send(client, _inserts(*[LEAD] * 201))
    assert [(call.purpose, call.rows) for call in journal.pending] == [(Purpose.WRITE, 201)]
