"""Every refusal of the reference that a client can bring about: status, code, the form of the message, and the fields."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from localorg.settings import Login, OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
LEAD = {"LastName": "Berg", "Company": "Acme"}
KEY = {"object": "Lead", "name": "Key__c", "length": 10, "unique": True, "externalId": True}
SAME = {"object": "Lead", "name": "Same__c", "length": 10, "externalId": True}
UNKNOWN = "00QHr0000000009"
LONG = "x" * 256


@dataclass(frozen=True)
class Case:
    """A request, what is refused, and what went before."""

    code: str
    message: str
    method: str
    path: str
    body: Any = None
    status: int = 400
    fields: list[str] | None = None
    before: tuple[tuple[str, str, Any], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


def create(body, **more):
    return {"method": "POST", "path": f"{V}/sobjects/Lead", "body": {**LEAD, **body}, **more}


def query(text):
    return {"method": "GET", "path": f"{V}/query", "params": {"q": text}}


def collection(*rows, **more):
    return {
        "method": "POST",
        "path": f"{V}/composite/sobjects",
        "body": {"records": [{"attributes": {"type": "Lead"}, **each} for each in rows], **more},
    }


def fault(**rule):
    return (("POST", "/localorg/faults", rule),)


SINGLE = [
    Case("INVALID_SESSION_ID", "Session expired or invalid", "GET", f"{V}/limits", status=401, headers={"Authorization": "Bearer x"}),
    Case("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", "GET", f"{V}/limits", status=401, headers={"Authorization": "Digest x"}),
    Case(
        "REQUEST_LIMIT_EXCEEDED",
        r"TotalRequests Limit exceeded\.",
        "GET",
        f"{V}/limits",
        status=403,
        before=(("POST", "/localorg/calls", {"calls": 20000}),),
    ),
    Case(
        "REQUEST_LIMIT_EXCEEDED",
        r"ConcurrentRequests .* Limit exceeded\.",
        "GET",
        f"{V}/limits",
        status=403,
        before=fault(do="concurrent_limit"),
    ),
    Case(
        "UNABLE_TO_LOCK_ROW",
        "unable to obtain exclusive access to this record or 1 records: .*",
        **create({}),
        fields=[],
        before=fault(do="lock_row"),
    ),
    Case("SERVER_UNAVAILABLE", "Server too busy", "GET", f"{V}/limits", status=503, before=fault(do="status")),
    Case(
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred.*",
        "GET",
        f"{V}/limits",
        status=500,
        before=fault(
            do="status", status=500, code="UNKNOWN_EXCEPTION", message="An unexpected error occurred. Please include this ErrorId"
        ),
    ),
    Case(
        "QUERY_TIMEOUT",
        "Your query request was running for too long.",
        **query("SELECT Id FROM Lead"),
        before=fault(
            match={"resource": "query"},
            do="status",
            status=400,
            code="QUERY_TIMEOUT",
            message="Your query request was running for too long.",
        ),
    ),
    Case(
        "REQUIRED_FIELD_MISSING",
        r"Required fields are missing: \[LastName, Company\]",
        "POST",
        f"{V}/sobjects/Lead",
        {},
        fields=["LastName", "Company"],
    ),
    Case(
        "DUPLICATE_VALUE",
        r"duplicate value found: Key__c duplicates value on record with id: 00Q\w{12}",
        **create({"Key__c": "k"}),
        fields=[],
        before=(("POST", "/localorg/fields", KEY), ("POST", f"{V}/sobjects/Lead", {**LEAD, "Key__c": "k"})),
    ),
    Case("INVALID_FIELD", "No such column 'foo' on sobject of type Lead", **create({"foo": 1})),
    Case(
        "INVALID_FIELD", r"(?s)\nSELECT.*ERROR at Row:1:Column:8\nNo such column 'foo' on entity 'Lead'.*", **query("SELECT foo FROM Lead")
    ),
    Case(
        "INVALID_FIELD",
        "Foreign key external ID: k not found for field Key__c in entity Account",
        "POST",
        f"{V}/sobjects/Contact",
        {"LastName": "B", "Account": {"Key__c": "k"}},
        fields=[],
        before=(("POST", "/localorg/fields", {**KEY, "object": "Account"}),),
    ),
    Case(
        "INVALID_FIELD",
        r"The Id field should not be specified in the sobject data\.",
        "PATCH",
        f"{V}/sobjects/Lead/{UNKNOWN}",
        {"Id": UNKNOWN},
    ),
    Case(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: Name. Please check the security settings.*",
        **create({"Name": "x"}),
        fields=["Name"],
    ),
    Case("INVALID_TYPE", "(?s).*sObject type 'XYZ' is not supported.*", **query("SELECT Id FROM XYZ")),
    Case(
        "STRING_TOO_LONG",
        r"Company / Account|Company: data value too large: x+ \(max length=255\)",
        **create({"Company": LONG}),
        fields=["Company"],
    ),
    Case(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ".*: bad value for restricted picklist field: z",
        **create({"P__c": "z"}),
        fields=["P__c"],
        before=(
            ("POST", "/localorg/fields", {"object": "Lead", "name": "P__c", "type": "picklist", "picklist": ["a"], "restricted": True}),
        ),
    ),
    Case("INVALID_EMAIL_ADDRESS", "Email: invalid email address: x", **create({"Email": "x"}), fields=["Email"]),
    Case("MALFORMED_ID", ".*: id value of incorrect type: 006.*", **create({"OwnerId": "006Hr0000000001AAA"}), fields=["OwnerId"]),
    Case("MALFORMED_ID", "malformed id xyz", "GET", f"{V}/sobjects/Lead/xyz", status=404, fields=[]),
    Case(
        "FIELD_INTEGRITY_EXCEPTION", ".*lead.*", "POST", f"{V}/sobjects/Task", {"WhoId": "@Lead", "WhatId": "@Account"}, fields=["WhatId"]
    ),
    Case("ENTITY_IS_DELETED", "entity is deleted", "DELETE", f"{V}/sobjects/Lead/@Deleted", status=404, fields=[]),
    Case(
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
        "PATCH",
        f"{V}/sobjects/Lead/{UNKNOWN}",
        {"Title": "x"},
        status=404,
        fields=[],
    ),
    Case(
        "INVALID_CROSS_REFERENCE_KEY",
        "invalid cross reference id",
        "POST",
        f"{V}/sobjects/Contact",
        {"LastName": "B", "AccountId": "001Hr0000000009"},
        fields=["AccountId"],
    ),
    Case(
        "INACTIVE_OWNER_OR_USER",
        r"operation performed with inactive user \[005\w+\] as owner of lead",
        **create({"OwnerId": "@Inactive"}),
        fields=["OwnerId"],
    ),
    Case(
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
        "PATCH",
        f"{V}/sobjects/Lead/@Converted",
        {"Title": "x"},
        fields=[],
    ),
    Case(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "No phones",
        **create({}),
        fields=[],
        before=(("POST", "/localorg/validation", {"object": "Lead", "rules": [{"when": "always", "message": "No phones"}]}),),
    ),
    Case(
        "NUMBER_OUTSIDE_VALID_RANGE",
        ".*: value outside of valid range on numeric field: 1e\\+30",
        **create({"AnnualRevenue": 1e30}),
        fields=["AnnualRevenue"],
    ),
    Case(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        ".*: value not of required type: 1200-01-01",
        "POST",
        f"{V}/sobjects/Opportunity",
        {"Name": "A", "StageName": "Prospecting", "CloseDate": "1200-01-01"},
        fields=["CloseDate"],
    ),
    Case(
        "JSON_PARSER_ERROR",
        "Cannot deserialize instance of boolean from VALUE_STRING value x or request may be missing.*",
        **create({"DoNotCall": "x"}),
    ),
    Case("JSON_PARSER_ERROR", "Unexpected character.*", "POST", f"{V}/sobjects/Lead", content=b"{"),
    Case("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.", "POST", f"{V}/sobjects/Lead"),
    Case(
        "UNSUPPORTED_MEDIA_TYPE",
        ".*text/plain.*",
        "POST",
        f"{V}/sobjects/Lead",
        content=b"{}",
        headers={"Content-Type": "text/plain"},
        status=415,
    ),
    Case("METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,POST", "PUT", f"{V}/sobjects/Lead", {}, status=405),
    Case("NOT_FOUND", "The requested resource does not exist", "GET", f"{V}/sobjects/Lead/{UNKNOWN}", status=404),
    Case("NOT_FOUND", "The requested resource does not exist", "GET", "/services/data/v99.0/limits", status=404),
    Case(
        "NOT_FOUND",
        "Provided external ID field does not exist or is not accessible: x",
        "GET",
        f"{V}/sobjects/Lead/Key__c/x",
        status=404,
        before=(("POST", "/localorg/fields", KEY),),
    ),
    Case("MALFORMED_QUERY", "(?s).*unexpected token.*", **query("SELECT Id FROM Lead WHERE WHERE")),
    Case(
        "MALFORMED_QUERY",
        "Implementation restriction: ContentDocumentLink requires a filter.*",
        **query("SELECT Id FROM ContentDocumentLink"),
    ),
    Case("INVALID_QUERY_FILTER_OPERATOR", "(?s).*invalid operator on id field.*", **query("SELECT Id FROM Lead WHERE Id LIKE '00Q%'")),
    Case("INVALID_QUERY_LOCATOR", "invalid query locator", "GET", f"{V}/query/01gHr0000000001AAA-2000"),
    Case(
        "DELETE_FAILED",
        "Your attempt to delete .* could not be completed because .*",
        "DELETE",
        f"{V}/sobjects/CampaignMemberStatus/@DefaultStatus",
        fields=[],
    ),
    Case("OPERATION_TOO_LARGE", ".*201 records.*", **collection(*[LEAD] * 201)),
    Case("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.", "GET", f"{V}/search", params={"q": "x"}),
    Case("INVALID_REQUEST", ".*compositeRequest.*", "POST", f"{V}/composite", {}),
    Case(
        "INVALID_TYPE_FOR_OPERATION",
        "entity type Organization does not support create",
        "POST",
        f"{V}/sobjects/Organization",
        {"Name": "x"},
    ),
    Case(
        "DUPLICATE_DEVELOPER_NAME",
        r"There is already a field named Key on Lead\.",
        "POST",
        f"{V}/tooling/sobjects/CustomField",
        {"FullName": "Lead.Key__c", "Metadata": {"label": "K", "type": "Date"}},
        fields=["fullName"],
        before=(("POST", "/localorg/fields", KEY),),
    ),
]

ROWS = [
    Case(
        "DUPLICATE_VALUE",
        "Duplicate external id specified: k",
        "PATCH",
        f"{V}/composite/sobjects/Lead/Key__c",
        {"records": [{"attributes": {"type": "Lead"}, **LEAD, "Key__c": "k"}] * 2},
        fields=["Key__c"],
        before=(("POST", "/localorg/fields", KEY),),
    ),
    Case(
        "DUPLICATE_EXTERNAL_ID",
        r".*: more than one record found for external id field: \[00Q\w+, 00Q\w+\]",
        "PATCH",
        f"{V}/composite/sobjects/Lead/Same__c",
        {"records": [{"attributes": {"type": "Lead"}, **LEAD, "Same__c": "k"}]},
        fields=["Same__c"],
        before=(("POST", "/localorg/fields", SAME), *[("POST", f"{V}/sobjects/Lead", {**LEAD, "Same__c": "k"})] * 2),
    ),
    Case(
        "MISSING_ARGUMENT",
        "Id not specified in an update call",
        "PATCH",
        f"{V}/composite/sobjects",
        {"records": [{"attributes": {"type": "Lead"}}]},
        fields=[],
    ),
    Case(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid.*",
        **collection(LEAD, {}, allOrNone=True),
        fields=[],
    ),
    Case("ENTITY_IS_DELETED", "entity is deleted", "DELETE", f"{V}/composite/sobjects?ids=@Deleted", fields=[]),
]


@pytest.fixture
async def records(client, org):
    made = {}
    for name, body in (("Lead", LEAD), ("Account", {"Name": "A"}), ("Deleted", LEAD), ("Converted", LEAD), ("Campaign", {"Name": "C"})):
        object_name = name if name in {"Account", "Campaign"} else "Lead"
        made[name] = (await client.post(f"{V}/sobjects/{object_name}", json=body)).json()["id"]
    await client.delete(f"{V}/sobjects/Lead/{made['Deleted']}")
    await client.post("/localorg/convert", json={"leadId": made["Converted"]})
    await client.patch(f"{V}/sobjects/User/{org.org.human.id}", json={"IsActive": False})
    statuses = await client.get(f"{V}/query", params={"q": "SELECT Id FROM CampaignMemberStatus WHERE IsDefault = TRUE"})
    made |= {"Inactive": org.org.human.id, "DefaultStatus": statuses.json()["records"][0]["Id"]}
    return made


def named(value, records):
    if isinstance(value, str):
        return re.sub(r"@([A-Z][a-zA-Z]+)", lambda found: records.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {key: named(each, records) for key, each in value.items()}
    return [named(each, records) for each in value] if isinstance(value, list) else value


async def provoke(client, case, records):
    for method, path, body in case.before:
        await client.request(method, path, json=body)
    sent = {"content": case.content} if case.content is not None else {"json": named(case.body, records)} if case.body is not None else {}
    path = named(case.path, records)
    return await client.request(case.method, path, params=case.params or None, headers=case.headers, **sent)


@pytest.mark.parametrize("case", SINGLE, ids=lambda case: f"{case.code}: {case.message[:30]}")
async def test_a_refusal_has_its_status_code_message_and_fields(client, records, case):
    reply = await provoke(client, case, records)
    entry = reply.json()[0]
    assert (reply.status_code, entry["errorCode"], entry.get("fields")) == (case.status, case.code, case.fields)
    assert re.fullmatch(case.message, entry["message"]), entry["message"]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.code)
async def test_a_row_of_a_collection_is_refused_in_its_own_place(client, records, case):
    reply = await provoke(client, case, records)
    entry = reply.json()[0]["errors"][0]
    assert (reply.status_code, entry["statusCode"], entry["fields"]) == (200, case.code, case.fields)
    assert re.fullmatch(case.message, entry["message"]), entry["message"]


async def test_a_duplicate_is_detected(clock):
    org = LocalOrg(OrgSettings(switches=Switches(duplicate_rules_active=True)), clock)
    async with org.client() as client:
        for _ in range(2):
            reply = await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Email": "a@b.example"})
    await org.close()
    entry = reply.json()[0]
    assert (reply.status_code, entry["errorCode"], entry["message"], entry["duplicateResut"]["allowSave"]) == (
        400,
        "DUPLICATES_DETECTED",
        "Use one of these records?",
        True,
    )


async def test_a_user_without_the_right_is_refused(clock):
    org = LocalOrg(OrgSettings(users=(Login("rita@localorg.example", "pw", profile="Read Only"),)), clock)
    rita = org.org.user_named("rita@localorg.example")
    token = org.org.sessions.issue(rita, clock.now())
    async with org.client(headers={"Authorization": f"Bearer {token}"}) as client:
        reply = await client.post(f"{V}/sobjects/Lead", json=LEAD)
    await org.close()
    assert (reply.status_code, reply.json()) == (
        403,
        [{"message": "insufficient access rights on object id", "errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "fields": []}],
    )


async def test_an_edition_without_api_says_so(clock):
    org = LocalOrg(OrgSettings(api_enabled=False), clock)
    async with org.client() as client:
        reply = await client.get(f"{V}/limits")
    await org.close()
    assert reply.json() == [{"message": "API is not enabled for this Organization or Partner", "errorCode": "API_DISABLED_FOR_ORG"}]


async def test_an_address_that_is_too_long_is_refused_without_a_body(client):
    assert (await client.get(f"{V}/query", params={"q": "x" * 17000})).status_code == 414


async def test_several_matches_are_listed_with_300(client):
    await client.post("/localorg/fields", json=SAME)
    ids = [(await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Same__c": "k"})).json()["id"] for _ in range(2)]
    reply = await client.patch(f"{V}/sobjects/Lead/Same__c/k", json={"Title": "x"})
    assert (reply.status_code, reply.json()) == (300, [f"{V}/sobjects/Lead/{each}" for each in ids])
