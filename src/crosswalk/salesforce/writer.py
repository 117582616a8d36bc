"""Sends one planned call and reads what became of every row.

Never an upsert: a repeated upsert would put placeholders over what people have typed since. Rows are inserts or updates by id, each fails
for itself, and an answer that does not account for every row counts as lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from crosswalk import errors, record_ids
from crosswalk.model import Call, Change, Fault, Headers, Operation, Recovery, RowResult
from crosswalk.salesforce import faults
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.composite import SubReply, Subrequest

MAX_ROWS = 1_000
ROWS_PER_COLLECTION = 200

_METHODS = {Operation.INSERT: "POST", Operation.UPDATE: "PATCH"}
_HTTP_OK = 200
_ONE_VALUE_SPOILS_ALL = frozenset({"JSON_PARSER_ERROR", "INVALID_FIELD", "INVALID_TYPE_ON_FIELD_IN_RECORD", "MALFORMED_ID"})
_SEARCHED = "Salesforce refused rows together for the fault of one; they are sent again in smaller calls by themselves."


async def send(client: Client, call: Call) -> list[RowResult]:
    """Send 1 to 1,000 rows as one API call; return their results in order.

    Raise `ReplyLost` when rows may have been written without our knowing, `RetryLater` or `PauseConnection` when none was.
    """
    if not 0 < len(call.changes) <= MAX_ROWS:
        raise ValueError(f"a call carries 1 to {MAX_ROWS} rows, not {len(call.changes)}")
    headers = _headers(call.headers)
    try:
        if len(call.changes) <= ROWS_PER_COLLECTION:
            return await _send_collection(client, call, headers)
        return await _send_composite(client, call, headers)
    except errors.SalesforceRefusedError as refused:
        return _all(call.changes, refused.fault)


async def _send_collection(client: Client, call: Call, headers: Mapping[str, str]) -> list[RowResult]:
    send_rows = client.post if call.operation is Operation.INSERT else client.patch
    reply = await send_rows("composite/sobjects", _body(call, call.changes), purpose=Purpose.WRITE, headers=headers, rows=len(call.changes))
    return _results(client, call.changes, reply.body)


async def _send_composite(client: Client, call: Call, headers: Mapping[str, str]) -> list[RowResult]:
    parts = list(_collections(call.changes))
    path = client.path("composite/sobjects")
    subrequests = [
        Subrequest(_METHODS[call.operation], path, f"rows{number}", _body(call, changes), headers) for number, changes in enumerate(parts)
    ]
    replies = await client.composite(subrequests, purpose=Purpose.WRITE, headers=headers, rows=len(call.changes))
    return [result for changes, reply in zip(parts, replies, strict=True) for result in _part_results(client, changes, reply)]


def _collections(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    rest = iter(changes)
    while part := tuple(islice(rest, ROWS_PER_COLLECTION)):
        yield part


def _headers(headers: Headers) -> dict[str, str]:
    # Left out, assignment rules would run: TRUE is the REST default.
    stated = {"Sforce-Auto-Assign": "TRUE" if headers.auto_assign else "FALSE"}
    if headers.allow_duplicates:
        stated["Sforce-Duplicate-Rule-Header"] = "allowSave=true"
    return stated


def _body(call: Call, changes: Sequence[Change]) -> dict[str, Any]:
    return {"allOrNone": False, "records": [_row(call, change) for change in changes]}


def _row(call: Call, change: Change) -> dict[str, Any]:
    row: dict[str, Any] = {"attributes": {"type": call.object}}
    if call.operation is Operation.UPDATE:
        if not change.record_id:
            raise ValueError(f"change {change.id} is an update without a record id")
        row["Id"] = change.record_id
    return row | dict(change.fields)


def _part_results(client: Client, changes: Sequence[Change], reply: SubReply) -> list[RowResult]:
    fault = reply.fault
    return _all(changes, fault) if fault else _results(client, changes, reply.body)


def _results(client: Client, changes: Sequence[Change], rows: Any) -> list[RowResult]:
    if not isinstance(rows, list) or len(rows) != len(changes):
        raise client.unreadable(Purpose.WRITE, _HTTP_OK, "the answer does not account for every row")
    return [_result(client, change, row) for change, row in zip(changes, rows, strict=True)]


def _result(client: Client, change: Change, row: Any) -> RowResult:
    success = row.get("success") if isinstance(row, Mapping) else None
    if success is True:
        record_id = record_ids.full(str(row.get("id"))) or change.record_id
        if record_id:
            return RowResult(change.id, record_id=record_id)
    if success is False:
        found = row.get("errors")
        return RowResult(change.id, fault=faults.classify_refused_row(found if isinstance(found, list) else []))
    raise client.unreadable(Purpose.WRITE, _HTTP_OK, "the result of a row cannot be read")


def _all(changes: Sequence[Change], fault: Fault) -> list[RowResult]:
    """Give every row the fault of the whole; where one row's value may be the cause, smaller calls will find it."""
    if len(changes) > 1 and fault.recovery is Recovery.HOLD and fault.code in _ONE_VALUE_SPOILS_ALL:
        fault = replace(fault, recovery=Recovery.HALVE, sentence=_SEARCHED)
    return [RowResult(change.id, fault=fault) for change in changes]
