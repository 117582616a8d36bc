"""A response of Salesforce → a `Fault`; total: whatever comes, there is an answer.

Salesforce spells an error in many ways: `statusCode` in rows of a collection, `errorCode` elsewhere, a list or a bare object, an OAuth
object, XML, or an HTML page of a gateway. What a code means stands in `fault_table`; here the spellings are read.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crosswalk import record_ids
from crosswalk.model import Fault, Recovery
from crosswalk.salesforce import fault_table
from crosswalk.salesforce.fault_table import Rule

_NAMED_FIELDS = (
    re.compile(r"No such column '(?P<names>[\w.]+)'"),
    re.compile(r"Unable to create/update fields: (?P<names>[\w., ]+?)\.(?:\s|$)"),
    re.compile(r"Required fields are missing: \[(?P<names>[^\]]*)\]"),
)
_EXISTING = re.compile(r"record with id: (?P<id>\w{15,18})")
_SEVERAL = re.compile(r"external id field: \[(?P<ids>[^\]]*)\]")
_XML_CODE = re.compile(r"<(?:\w+:)?(?:errorCode|faultcode|exceptionCode)>(?:\w+:)?(?P<code>\w+)<")
_XML_MESSAGE = re.compile(r"<(?:\w+:)?(?:message|faultstring|exceptionMessage)>(?P<message>[^<]*)<")
_SERVER_ERRORS = range(500, 600)


def classify_row(error: Mapping[str, Any]) -> Fault:
    """Classify one error object: a row's, a single request's, or an OAuth one."""
    code = str(error.get("statusCode") or error.get("errorCode") or error.get("error") or "UNKNOWN")
    message = str(error.get("message") or error.get("error_description") or "")
    matches = _match_ids(error)
    existing = _EXISTING.search(message)
    several = _SEVERAL.search(message)
    if several:
        matches = _full_ids(several["ids"].split(","))
    return _fault(
        code,
        _rule(code, message),
        message,
        fields=_fields(error, message),
        record_id=record_ids.full(existing["id"]) if existing else None,
        matches=matches,
    )


def classify_rows(errors: Sequence[Any]) -> Fault:
    """Classify all errors of one row as one fault: the one that needs a person decides, the messages are joined."""
    faults = [classify_row(error) for error in errors if isinstance(error, Mapping)]
    if not faults:
        return _fault("UNKNOWN", fault_table.UNKNOWN, "refused without an error")
    leading = next((fault for fault in faults if fault.recovery is Recovery.HOLD), faults[0])
    alike = [fault for fault in faults if fault.code == leading.code]
    return Fault(
        code=leading.code,
        recovery=leading.recovery,
        sentence=leading.sentence,
        message="; ".join(fault.message for fault in faults if fault.message),
        fields=tuple(dict.fromkeys(name for fault in alike for name in fault.fields)),
        record_id=leading.record_id,
        reason=leading.reason,
        matches=leading.matches,
    )


def classify_refused_row(errors: Sequence[Any]) -> Fault:
    """Classify all errors of a row that failed while its call went through: what would stop the whole org stops this row alone."""
    fault = classify_rows(errors)
    rule = fault_table.ROW_RULES.get(fault.code)
    return replace(fault, recovery=rule.recovery, sentence=rule.sentence, reason=rule.reason) if rule else fault


def told(fault: Fault) -> str:
    """Return what a person reads of a fault; of Salesforce's own words only those an admin wrote, since others quote values."""
    words = f" “{fault.message}”" if fault.code in fault_table.ADMINS_WORDS and fault.message else ""
    return f"{fault.code}{words}: {fault.sentence}"


def classify_response(status: int, content_type: str, body: bytes) -> Fault:
    """Classify a whole answer that is not what was asked for, whatever its form."""
    text = body.decode("utf-8", errors="replace")
    if "html" in content_type or text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        return _fault("HTML_PAGE", fault_table.PAGE, f"HTTP {status}, a web page")
    if "xml" in content_type or text.lstrip().startswith("<"):
        return _from_xml(status, text)
    try:
        parsed = json.loads(text)
    except ValueError:
        return _from_status(status, "")
    return classify_body(status, parsed)


def classify_body(status: int, body: Any) -> Fault:
    """Classify an answer that is parsed already, such as that of a composite subrequest."""
    errors = body if isinstance(body, list) else [body]
    coded = [error for error in errors if isinstance(error, Mapping) and _has_code(error)]
    if not coded:
        return _from_status(status, "")
    fault = classify_rows(coded)
    if fault.code not in fault_table.RULES and status in _SERVER_ERRORS:
        return _fault(fault.code, fault_table.SERVER_ERROR, fault.message)
    return fault


def _has_code(error: Mapping[str, Any]) -> bool:
    return bool(error.get("statusCode") or error.get("errorCode") or error.get("error"))


def _rule(code: str, message: str) -> Rule:
    for rule in fault_table.RULES.get(code, ()):
        if re.search(rule.pattern, message, re.IGNORECASE):
            return rule
    for prefix, rule in fault_table.PREFIXES.items():
        if code.startswith(prefix):
            return rule
    return fault_table.UNKNOWN


def _fault(
    code: str,
    rule: Rule,
    message: str,
    *,
    fields: tuple[str, ...] = (),
    record_id: str | None = None,
    matches: tuple[str, ...] = (),
) -> Fault:
    # A field that is not named cannot be left out of the next attempt.
    recovery = Recovery.HOLD if rule.recovery is Recovery.SUSPEND_FIELD and not fields else rule.recovery
    return Fault(
        code=code,
        recovery=recovery,
        sentence=rule.sentence,
        message=message,
        fields=fields,
        record_id=record_id,
        reason=rule.reason,
        matches=matches,
    )


def _from_status(status: int, message: str) -> Fault:
    if status in fault_table.STATUSES:
        code, rule = fault_table.STATUSES[status]
        return _fault(code, rule, message)
    if status in _SERVER_ERRORS:
        return _fault(f"HTTP_{status}", fault_table.SERVER_ERROR, message)
    return _fault(f"HTTP_{status}", fault_table.UNKNOWN, message or f"HTTP {status} without an error code")


def _from_xml(status: int, text: str) -> Fault:
    code = _XML_CODE.search(text)
    message = _XML_MESSAGE.search(text)
    if not code:
        return _from_status(status, "")
    return classify_row({"errorCode": code["code"], "message": message["message"] if message else ""})


def _fields(error: Mapping[str, Any], message: str) -> tuple[str, ...]:
    given = error.get("fields")
    if isinstance(given, list) and given:
        return tuple(str(name) for name in given)
    for pattern in _NAMED_FIELDS:
        found = pattern.search(message)
        if found:
            return tuple(name.strip() for name in found["names"].split(",") if name.strip())
    return ()


def _match_ids(error: Mapping[str, Any]) -> tuple[str, ...]:
    # Single requests spell the key "duplicateResut" (sic), collections spell it right.
    found = error.get("duplicateResult") or error.get("duplicateResut")
    results = _list_in(found, "matchResults")
    records = [match.get("record") for result in results for match in _list_in(result, "matchRecords")]
    return _full_ids(str(record.get("Id", "")) for record in records if isinstance(record, Mapping))


def _list_in(holder: Any, key: str) -> list[Mapping[str, Any]]:
    inside = holder.get(key) if isinstance(holder, Mapping) else None
    return [item for item in inside if isinstance(item, Mapping)] if isinstance(inside, list) else []


def _full_ids(texts: Iterable[str]) -> tuple[str, ...]:
    found = (record_ids.full(text.strip()) for text in texts)
    return tuple(dict.fromkeys(one for one in found if one))
