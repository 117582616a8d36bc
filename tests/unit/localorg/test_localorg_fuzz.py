"""Nonsense in every shape, sent to every route: the org may refuse it in its own words, and never with an error of its own."""

import json
import os
import random
import re

import pytest

from localorg import metadata_soap, resources, soap_partner
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

LONG = bool(os.environ.get("CROSSWALK_LONG"))
REQUESTS, AT_ONCE = (10_000 if LONG else 1_000), 250


def _words(text):
    return tuple(text.split())


_PLACEHOLDER = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
_CHOICE = re.compile(r"\(\?:(\w+)(?:\|\w+)*\)\??|\(\?:[^)]*\)\?|\[(\w)\w\]")
_TEXTS = (
    "",
    "x",
    "'",
    '"',
    "\\",
    "%",
    "_",
    "null",
    "0",
    "-1",
    "1e9",
    "ä\u2028",
    "\x00",
    "a" * 300,
    "Lead",
    "Id",
    "@{a.id}",
    "{}",
    "true",
    "😀",
)
_OBJECTS = (
    "Lead",
    "Contact",
    "Account",
    "Campaign",
    "CampaignMember",
    "Task",
    "Event",
    "ContentVersion",
    "Case",
    "User",
    "lead",
    "Nothing",
    "CustomField",
)
_FIELDS = (
    "Id",
    "Name",
    "LastName",
    "Company",
    "Email",
    "OwnerId",
    "AccountId",
    "CampaignId",
    "LeadId",
    "Status",
    "WhoId",
    "WhatId",
    "Body",
    "VersionData",
)
_QUERIES = (
    "SELECT Id FROM Lead",
    "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
    "SELECT count() FROM Case",
    "FIND {acme} RETURNING Lead(Id)",
    "SELECT Metadata FROM CustomField",
    "SELECT FROM",
    "SELECT Id FROM Lead WHERE",
    "FIND {",
    "SELECT COUNT(Id) n FROM Lead GROUP BY Name",
)
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD")
_PARAMETERS = _words(
    """
    q ids fields start end explain allOrNone sObjects updateOnly limit anonymousBody locator sobject
    """
)
_KEYS = _words(
    """
    records compositeRequest batchRequests graphs graphId method url referenceId body richInput ids fields attributes type
    FullName Metadata label length valueSet allOrNone object operation state q sobjects name NewPassword id leadId master
    losers rules when message owner match do hidden calls
    """
)
_ELEMENTS = ("metadata", "fullNames", "leadConverts", "request", "masterRecord", "recordToMergeIds", "queries")
_TYPES = ("CustomField", "CustomObject", "PermissionSet")
_FORM = (
    "grant_type",
    "client_id",
    "client_secret",
    "code",
    "redirect_uri",
    "response_type",
    "username",
    "password",
    "assertion",
    "token",
    "decision",
)


_V = "/services/data/v60.0"
_LEAD = {"LastName": "Berg", "Company": "Acme", "Email": "a@b.example", "NumberOfEmployees": 5, "DoNotCall": True}
_PART = {"method": "POST", "url": f"{_V}/sobjects/Lead", "referenceId": "a", "body": _LEAD}
_TEXT = {"label": "A", "type": "Text", "length": 9, "unique": True, "externalId": True, "caseSensitive": False, "required": False}
_VALUES = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": [{"fullName": "a", "label": "A", "default": True}]}}
_NODE = {"attributes": {"type": "Account", "referenceId": "r"}, "Name": "Acme"}
_VALID = (
    ("POST", f"{_V}/sobjects/Lead", _LEAD),
    ("POST", f"{_V}/sobjects/Task", {"Subject": "Call", "Status": "Completed", "ActivityDate": "2026-11-20", "WhoId": None}),
    ("POST", f"{_V}/sobjects/Event", {"DurationInMinutes": 5, "ActivityDateTime": "2026-11-20T10:00:00.000Z"}),
    ("POST", f"{_V}/sobjects/Opportunity", {"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-11-20", "Amount": 5.5}),
    ("POST", f"{_V}/sobjects/ContentVersion", {"PathOnClient": "a.txt", "VersionData": "aGVsbG8=", "Title": "A"}),
    ("POST", f"{_V}/composite", {"allOrNone": True, "compositeRequest": [_PART, {**_PART, "referenceId": "b"}]}),
    ("POST", f"{_V}/composite/sobjects", {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, **_LEAD}]}),
    ("PATCH", f"{_V}/composite/sobjects/Lead/Email", {"records": [{"attributes": {"type": "Lead"}, **_LEAD}]}),
    ("POST", f"{_V}/composite/batch", {"batchRequests": [{"method": "POST", "url": "v60.0/sobjects/Lead", "richInput": _LEAD}]}),
    ("POST", f"{_V}/composite/tree/Account", {"records": [{**_NODE, "Contacts": {"records": [{**_NODE, "LastName": "B"}]}}]}),
    ("POST", f"{_V}/composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": [_PART]}]}),
    ("POST", f"{_V}/tooling/sobjects/CustomField", {"FullName": "Lead.A__c", "Metadata": _TEXT}),
    (
        "POST",
        f"{_V}/tooling/sobjects/CustomField",
        {"FullName": "Lead.B__c", "Metadata": {"label": "B", "type": "Picklist", "valueSet": _VALUES}},
    ),
    (
        "POST",
        f"{_V}/parameterizedSearch",
        {"q": "berg", "fields": ["Id"], "sobjects": [{"name": "Lead", "fields": ["Id"], "limit": 5}], "in": "ALL"},
    ),
    ("POST", "/localorg/seed", {"object": "Lead", "records": [_LEAD]}),
    ("POST", "/localorg/validation", {"object": "Lead", "rules": [{"when": "matches", "field": "Email", "value": "x", "message": "No"}]}),
    ("POST", "/localorg/fields", {"object": "Lead", "name": "C__c", "type": "picklist", "length": 9, "picklist": ["a"]}),
    (
        "POST",
        "/localorg/faults",
        {"match": {"object": "Lead", "nth": 2, "probability": 0.5}, "do": "reject_row", "code": "X", "message": "x"},
    ),
)


class Nonsense:
    """Makes requests from a seed."""

    def __init__(self, seed, ids):
        self.random = random.Random(seed)
        self.ids = ids

    def word(self):
        kind = self.random.random()
        if kind < 0.3:
            return self.random.choice(self.ids)
        return self.random.choice((_OBJECTS, _FIELDS, _TEXTS)[self.random.randrange(3)])

    def value(self, depth=0):
        kind = self.random.random()
        if depth < 4 and kind < 0.3:
            return {self.random.choice((*_KEYS, *_FIELDS)): self.value(depth + 1) for _ in range(self.random.randrange(4))}
        if depth < 4 and kind < 0.45:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if kind < 0.6:
            return self.random.choice((None, True, False, 0, -1, 1.5, 10**30, 1e308))
        if kind < 0.65:
            return f"/services/data/v60.0/sobjects/{self.word()}"
        return self.random.choice(_QUERIES) if kind < 0.7 else self.word()

    def body(self):
        kind = self.random.random()
        if kind < 0.1:
            return self.random.choice(
                (
                    b"",
                    b"{",
                    b"\xff\xfe",
                    b"[]",
                    b"null",
                    b"1e999",
                    b"NaN",
                    b'"x"',
                    b'{"LastName": "\\ud83d", "q": "\\ud83d", "ids": ["\\ud83d"]}',
                    b"--b--",
                )
            )
        if kind < 0.3:
            return "&".join(f"{self.random.choice(_FORM)}={self.word()}" for _ in range(4)).encode("utf-8", "replace")
        return json.dumps(self.value(), ensure_ascii=True).encode()

    def bent(self, value):
        """Return a copy of a value in which something, somewhere, may be nonsense."""
        if self.random.random() < 0.06:
            return self.value(2)
        if isinstance(value, dict):
            return {(self.word() if self.random.random() < 0.02 else name): self.bent(each) for name, each in value.items()}
        return [self.bent(each) for each in value] if isinstance(value, list) else value

    def path(self, pattern):
        filled = _PLACEHOLDER.sub(lambda found: self.part(found[1]), pattern)
        return _CHOICE.sub(lambda found: found[1] or found[2] or "", filled)

    def part(self, name):
        if self.random.random() < 0.2:
            return re.sub(r"[\x00-\x20?#%]", "-", self.word()) or "-"
        if name == "object":
            return self.random.choice(_OBJECTS)
        return self.random.choice(_FIELDS if name == "field" else self.ids)

    def soap(self, operation):
        def element(depth):
            name = self.random.choice(
                (*_KEYS, "metadata", "fullNames", "leadConverts", "request", "masterRecord", "recordToMergeIds", "queries")
            )
            kind = self.random.choice(
                ("", ' xsi:type="CustomField"', ' xsi:type="CustomObject"', ' xsi:type="PermissionSet"', ' xsi:nil="true"')
            )
            deeper = [element(depth + 1) for _ in range(self.random.randrange(3))] if depth < 3 else [re.sub(r"\W", "", self.word())]
            inner = "".join(deeper)
            return f"<{name}{kind}>{inner}</{name}>"

        inner = "".join(element(0) for _ in range(3))
        return f'<{operation} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{inner}</{operation}>'


@pytest.fixture
async def fuzzed(clock):
    org = LocalOrg(OrgSettings(api_limit=10**9), clock)
    async with org.client() as client:
        ids = [org.org.user.id, "00QHr0000000001", "x"]
        for name, fields in (("Lead", {"LastName": "B", "Company": "A"}), ("Account", {"Name": "A"}), ("Campaign", {"Name": "C"})):
            ids.append((await client.post(f"/services/data/v60.0/sobjects/{name}", json=fields)).json()["id"])
        yield org, client, ids
    await org.close()


def paths(org):
    rest = [("/services/data/v60.0" + each.pattern.pattern, tuple(each.methods)) for each in resources.RESOURCES]
    others = [(each.path, tuple(each.methods)) for each in org.app.routes if "{rest:path}" not in each.path and "{version" not in each.path]
    bulk1 = [
        (f"/services/async/60.0/{tail}", ("GET", "POST")) for tail in ("job", "job/{id}", "job/{id}/batch", "job/{id}/batch/{id}/result")
    ]
    return rest + others + bulk1


@pytest.mark.parametrize("seed", range(REQUESTS // AT_ONCE))
async def test_no_request_makes_the_org_fail(fuzzed, seed):
    org, client, ids = fuzzed
    nonsense = Nonsense(seed, ids)
    routes = paths(org)
    operations = [("m", each) for each in metadata_soap.OPERATIONS] + [("u", each) for each in (*soap_partner.OPERATIONS, "login")]
    for _ in range(AT_ONCE):
        if nonsense.random.random() < 0.1:
            service, operation = nonsense.random.choice(operations)
            header = f"<Header><SessionHeader><sessionId>{org.token}</sessionId></SessionHeader></Header>"
            reply = await client.post(
                f"/services/Soap/{service}/60.0", content=f"<Envelope>{header}<Body>{nonsense.soap(operation)}</Body></Envelope>"
            )
            assert reply.status_code in {200, 500}
            assert b"Envelope" in reply.content
            continue
        if nonsense.random.random() < 0.4:
            method, path, valid = nonsense.random.choice(_VALID)
            bent = nonsense.bent(valid)
            reply = await client.request(method, path, json=bent)
            assert reply.status_code < 500, (method, path, bent, reply.text)
            continue
        pattern, methods = nonsense.random.choice(routes)
        if pattern in {"/localorg/reset", "/localorg/sessions"}:
            continue
        path = re.sub(r"\{(\w+)\}", lambda found: nonsense.part(found[1]), nonsense.path(pattern))
        method = nonsense.random.choice(methods if nonsense.random.random() < 0.8 else _METHODS)
        params = {
            nonsense.random.choice(_PARAMETERS): str(nonsense.random.choice((nonsense.word(), nonsense.random.choice(_QUERIES))))
            for _ in range(3)
        }
        params = {name: value.encode("utf-8", "replace").decode() for name, value in params.items()}
        kind = nonsense.random.choice(
            ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/csv")
        )
        content = nonsense.body() if method not in {"GET", "HEAD"} else b""
        reply = await client.request(method, path, params=params, content=content, headers={"Content-Type": kind})
        assert reply.status_code < 500, (method, path, params, content, reply.text)
        if nonsense.random.random() < 0.02:
            await client.delete("/localorg/faults")
        if reply.status_code == 401:
            client.headers["Authorization"] = f"Bearer {org.token}"
