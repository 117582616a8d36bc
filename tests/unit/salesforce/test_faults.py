"""Every error code Salesforce is known to send has an answer, told apart by its message where one code means several things."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.model import Recovery
from crosswalk.reasons import Reason
from crosswalk.salesforce import faults

CODES = {
    Recovery.RETRY_NOW: """
        UNABLE_TO_LOCK_ROW ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED BATCH_PROCESSING_HALTED""",
    Recovery.RETRY_LATER: """
        REQUEST_LIMIT_EXCEEDED LIMIT_EXCEEDED EXCEEDED_QUOTA SERVER_UNAVAILABLE UNKNOWN_EXCEPTION TXN_SECURITY_METERING_ERROR
        rate_limit_exceeded""",
    Recovery.HALVE: """
        QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG OPERATION_TOO_LARGE EXCEEDED_MAX_SEMIJOIN_SUBSELECTS QUERY_TOO_COMPLICATED""",
    Recovery.REPLAN: """
        DUPLICATE_VALUE ENTITY_IS_DELETED INVALID_CROSS_REFERENCE_KEY CANNOT_UPDATE_CONVERTED_LEAD NOT_FOUND INVALID_QUERY_LOCATOR
        INVALID_OPERATION CONFLICT INVALIDJOBSTATE""",
    Recovery.HOLD: """
        INVALID_AUTH_HEADER TXN_SECURITY_BLOCKED TRANSACTION_SECURITY_BLOCK DUPLICATES_DETECTED DUPLICATE_EXTERNAL_ID
        REQUIRED_FIELD_MISSING INVALID_TYPE STRING_TOO_LONG INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST INVALID_EMAIL_ADDRESS MALFORMED_ID
        FIELD_INTEGRITY_EXCEPTION INVALID_ID_FIELD MISSING_ARGUMENT INACTIVE_OWNER_OR_USER FIELD_CUSTOM_VALIDATION_EXCEPTION
        FIELD_FILTER_VALIDATION_EXCEPTION CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER APEX_ERROR
        CANNOT_POST_TO_ARCHIVED_GROUP INSUFFICIENT_ACCESS_OR_READONLY INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY
        NUMBER_OUTSIDE_VALID_RANGE INVALID_TYPE_ON_FIELD_IN_RECORD JSON_PARSER_ERROR XML_PARSER_ERROR UNSUPPORTED_MEDIA_TYPE
        METHOD_NOT_ALLOWED MALFORMED_QUERY INVALID_QUERY_FILTER_OPERATOR SELF_REFERENCE_FROM_TRIGGER DEPENDENCY_EXISTS DELETE_FAILED""",
    Recovery.PAUSE: """
        INVALID_SESSION_ID INSUFFICIENT_ACCESS API_DISABLED_FOR_ORG FUNCTIONALITY_NOT_ENABLED API_CURRENTLY_DISABLED
        STORAGE_LIMIT_EXCEEDED UNSUPPORTED_API_VERSION
        invalid_grant invalid_client_id invalid_client invalid_request invalid_scope unsupported_grant_type redirect_uri_mismatch
        access_denied inactive_user inactive_org INVALID_LOGIN LOGIN_MUST_USE_SECURITY_TOKEN PASSWORD_LOCKOUT ORG_LOCKED""",
}

BY_MESSAGE = [
    ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Recovery.RETRY_LATER, Reason.BUDGET),
    ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", Recovery.RETRY_LATER, Reason.QUEUED),
    ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", Recovery.RETRY_LATER, Reason.QUEUED),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: caused by: UNABLE_TO_LOCK_ROW, unable to", Recovery.RETRY_NOW, Reason.QUEUED),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: System.LimitException: Too many SOQL queries: 101", Recovery.HALVE, Reason.QUEUED),
    ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: execution of BeforeInsert caused by: no", Recovery.HOLD, Reason.REJECTED),
    ("DUPLICATE_VALUE", "Duplicate external id specified: ann@x.example", Recovery.RETRY_NOW, Reason.QUEUED),
    ("DUPLICATE_VALUE", "Already a campaign member.", Recovery.REPLAN, Reason.QUEUED),
    ("INVALID_FIELD", "No such column 'foo' on sobject of type Lead", Recovery.SUSPEND_FIELD, Reason.REJECTED),
    (
        "INVALID_FIELD",
        "Foreign key external ID: 7 not found for field Ext__c in entity Account",
        Recovery.RETRY_LATER,
        Reason.PARENT_MISSING,
    ),
    ("INVALID_FIELD", "The Id field should not be specified in the sobject data.", Recovery.HOLD, Reason.REJECTED),
    ("INVALID_FIELD", "something new", Recovery.HOLD, Reason.REJECTED),
    ("STRING_TOO_LONG", "Company: data value too large: x (max length=255)", Recovery.HOLD, Reason.LOSSY_VALUE),
    ("DUPLICATES_DETECTED", "Use one of these records?", Recovery.HOLD, Reason.DUPLICATE_RULE),
    ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", Recovery.REPLAN, Reason.CONVERTED_LEAD),
    ("ENTITY_IS_DELETED", "entity is deleted", Recovery.REPLAN, Reason.DELETED_RECORD),
    ("SOMETHING_FROM_NEXT_YEAR", "?", Recovery.HOLD, Reason.REJECTED),
]


@pytest.mark.shows("P10")
@pytest.mark.parametrize(("recovery", "code"), [(recovery, code) for recovery, codes in CODES.items() for code in codes.split()])
def test_every_known_code_has_its_recovery(recovery, code):
    assert recovery == faults.classify_row({"statusCode": code, "message": "", "fields": []}).recovery


@pytest.mark.parametrize("code", [code for codes in CODES.values() for code in codes.split()])
def test_every_known_code_says_what_happens_next(code):
    assert faults.classify_row({"errorCode": code, "message": ""}).sentence.endswith(".")


@pytest.mark.parametrize(("code", "message", "recovery", "reason"), BY_MESSAGE)
def test_the_message_tells_variants_of_a_code_apart(code, message, recovery, reason):
    fault = faults.classify_row({"statusCode": code, "message": message, "fields": []})
    assert (recovery, reason) == (fault.recovery, fault.reason)


@pytest.mark.shows("BX-15")
def test_daily_concurrent_and_long_transaction_limits_have_three_sentences():
    messages = ("TotalRequests Limit exceeded.", "ConcurrentRequests Limit exceeded.", "ConcurrentPerOrgLongTxn Limit exceeded.")
    sentences = {faults.classify_row({"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": text}).sentence for text in messages}
    assert len(sentences) == 3


def test_the_id_of_the_existing_record_is_read_from_the_message():
    message = "duplicate value found: Crosswalk_Key__c duplicates value on record with id: 00QB0000002qCRT"
    assert faults.classify_row({"statusCode": "DUPLICATE_VALUE", "message": message}).record_id == "00QB0000002qCRTMA2"


def test_an_unknown_id_of_the_existing_record_stays_unknown():
    message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    assert faults.classify_row({"statusCode": "DUPLICATE_VALUE", "message": message}).record_id is None


@pytest.mark.parametrize("key", ["duplicateResut", "duplicateResult"])
def test_the_records_a_duplicate_rule_found_are_read_under_both_spellings(key):
    record = {"attributes": {"type": "Lead"}, "Id": "00QB0000002qCRTMA2"}
    error = {"errorCode": "DUPLICATES_DETECTED", key: {"matchResults": [{"matchRecords": [{"record": record}]}]}}
    assert faults.classify_row(error).matches == ("00QB0000002qCRTMA2",)


def test_several_records_of_one_external_id_are_listed():
    message = "Ext Id: more than one record found for external id field: [00QB0000002qCRT, 00QB0000002qCRTMA2]"
    assert faults.classify_row({"statusCode": "DUPLICATE_EXTERNAL_ID", "message": message}).matches == ("00QB0000002qCRTMA2",)


@pytest.mark.parametrize(
    ("code", "message", "fields"),
    [
        ("INVALID_FIELD", "\nSELECT Id, Foo__c\n  ^\nERROR at Row:1:Column:8\nNo such column 'Foo__c' on entity 'Lead'. If", ("Foo__c",)),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name, Foo__c. Please check", ("Name", "Foo__c")),
        ("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]", ("LastName", "Company")),
    ],
)
def test_fields_are_read_from_the_message_when_the_list_is_empty(code, message, fields):
    assert fields == faults.classify_row({"statusCode": code, "message": message, "fields": []}).fields


def test_of_several_errors_of_a_row_the_one_for_a_person_decides():
    errors = [
        {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "locked"},
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No free mail"},
    ]
    fault = faults.classify_rows(errors)
    assert (fault.recovery, fault.message) == (Recovery.HOLD, "locked; No free mail")


def test_a_bare_object_is_read_like_a_list():
    body = json.dumps({"errorCode": "API_DISABLED_FOR_ORG", "message": "API is not enabled"}).encode()
    assert faults.classify_response(403, "application/json;charset=UTF-8", body).recovery == Recovery.PAUSE


@pytest.mark.shows("RS-25")
def test_an_edition_without_api_access_is_named_in_words():
    body = b'[{"message":"The REST API is not enabled for this Organization.","errorCode":"API_DISABLED_FOR_ORG"}]'
    assert "Enterprise, Unlimited, Performance and Developer" in faults.classify_response(403, "application/json", body).sentence


def test_a_web_page_means_later():
    fault = faults.classify_response(200, "text/html; charset=UTF-8", b"<!DOCTYPE html><html>Maintenance</html>")
    assert (fault.code, fault.recovery) == ("HTML_PAGE", Recovery.RETRY_LATER)


def test_an_answer_in_xml_is_read():
    body = b"<?xml version='1.0'?><Errors><Error><errorCode>INVALID_SESSION_ID</errorCode><message>gone</message></Error></Errors>"
    assert faults.classify_response(401, "application/xml", body).code == "INVALID_SESSION_ID"


def test_a_soap_fault_is_read():
    body = b"<soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: no</faultstring></soapenv:Fault>"
    assert faults.classify_response(500, "text/xml", body).code == "INVALID_LOGIN"


@pytest.mark.parametrize(
    ("status", "recovery"),
    [
        (300, Recovery.HOLD),
        (401, Recovery.PAUSE),
        (404, Recovery.REPLAN),
        (412, Recovery.REPLAN),
        (414, Recovery.HALVE),
        (420, Recovery.RETRY_LATER),
        (431, Recovery.HALVE),
        (500, Recovery.RETRY_LATER),
        (502, Recovery.RETRY_LATER),
        (503, Recovery.RETRY_LATER),
    ],
)
def test_an_answer_without_a_body_is_classified_by_its_status(status, recovery):
    assert recovery == faults.classify_response(status, "", b"").recovery


@pytest.mark.parametrize(
    ("description", "word"),
    [("expired access/refresh token", "revoked"), ("ip restricted", "address"), ("authentication failure", "password")],
)
def test_a_refused_login_says_what_to_mend(description, word):
    body = json.dumps({"error": "invalid_grant", "error_description": description}).encode()
    assert word in faults.classify_response(400, "application/json", body).sentence


@given(st.integers(200, 599), st.sampled_from(["", "application/json", "text/html", "text/xml"]), st.binary(max_size=200))
def test_no_answer_whatsoever_raises(status, content_type, body):
    assert faults.classify_response(status, content_type, body).sentence


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["errorCode", "statusCode", "message", "fields", "duplicateResut"]), json_values))
def test_no_row_whatsoever_raises(error):
    assert faults.classify_row(error).sentence
