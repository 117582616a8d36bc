from xml.etree import ElementTree as ET

import pytest

from localorg.settings import ORG_ID, OrgSettings
from localorg.testing import HOST, LocalOrg

V = "/services/data/v60.0"
SOAP = "/services/Soap/u/60.0"
ANN = {"FirstName": "Ann", "LastName": "Berg", "Company": "Acme", "Email": "ann@acme.example"}


def envelope(inner, session=""):
    header = f'<s:Header><SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>{session}</sessionId></SessionHeader></s:Header>'
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">{header}<s:Body>{inner}</s:Body></s:Envelope>'


async def ask(client, operation, inner, session=""):
    reply = await client.post(SOAP, content=envelope(f'<{operation} xmlns="urn:partner.soap.sforce.com">{inner}</{operation}>', session))
    return reply.status_code, ET.fromstring(reply.content)  # noqa: S314  # our own answer


def text(root, name):
    return next((each.text for each in root.iter() if each.tag.rpartition("}")[2] == name), None)


async def login(client, username="integration@localorg.example", password="secrettoken"):
    return await ask(client, "login", f"<username>{username}</username><password>{password}</password>")


async def create(client, name, **fields):
    return (await client.post(f"{V}/sobjects/{name}", json=fields)).json()["id"]


async def test_a_login_gives_a_session_that_works(client):
    status, body = await login(client)
    reply = await client.get(f"{V}/limits", headers={"Authorization": f"Bearer {text(body, 'sessionId')}"})
    assert (status, reply.status_code) == (200, 200)


async def test_a_login_names_places_and_people(client, org):
    _, body = await login(client)
    assert [text(body, name) for name in ("serverUrl", "metadataServerUrl", "userId", "organizationId", "userName")] == [
        f"{HOST}{SOAP}/{ORG_ID}",
        f"{HOST}/services/Soap/m/60.0/{ORG_ID}",
        org.org.user.id,
        ORG_ID,
        "integration@localorg.example",
    ]


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"username": "nobody"}, {"password": "secret"}])
async def test_a_login_that_fails_is_worded_as_salesforce_does(client, given):
    status, body = await login(client, **given)
    wrong = "Invalid username, password, security token; or user locked out."
    assert (status, text(body, "exceptionCode"), text(body, "exceptionMessage")) == (500, "INVALID_LOGIN", wrong)


async def test_the_fault_of_a_login_has_the_prefixes_clients_look_for(client):
    reply = await client.post(SOAP, content=envelope('<login xmlns="urn:partner.soap.sforce.com"/>'))
    assert (b"<sf:exceptionCode>" in reply.content, b"<sf:exceptionMessage>" in reply.content) == (True, True)


async def test_an_edition_without_api_takes_no_login(clock):
    org = LocalOrg(OrgSettings(api_enabled=False), clock)
    async with org.client() as client:
        _, body = await login(client)
    await org.close()
    assert text(body, "exceptionCode") == "API_DISABLED_FOR_ORG"


async def test_an_enterprise_login_is_the_same(client):
    given = "<username>integration@localorg.example</username><password>secrettoken</password>"
    body = f'<login xmlns="urn:enterprise.soap.sforce.com">{given}</login>'
    reply = await client.post("/services/Soap/c/60.0", content=envelope(body))
    assert reply.status_code == 200


async def test_a_session_may_be_ended(client, org):
    token = org.token
    await ask(client, "logout", "", token)
    status, body = await ask(client, "getUserInfo", "", token)
    assert (status, text(body, "faultcode")) == (500, "sf:INVALID_SESSION_ID")


async def test_one_may_ask_who_one_is_and_what_time_it_is(client, org):
    _, about = await ask(client, "getUserInfo", "", org.token)
    _, time = await ask(client, "getServerTimestamp", "", org.token)
    assert (text(about, "userId"), text(time, "timestamp")) == (org.org.user.id, "2026-11-20T10:00:00.000+0000")


async def test_a_lead_is_converted_into_three_records(client, org):
    lead = await create(client, "Lead", **ANN)
    inner = f"<leadConverts><leadId>{lead}</leadId><convertedStatus>Closed - Converted</convertedStatus></leadConverts>"
    _, body = await ask(client, "convertLead", inner, org.token)
    stored = (await client.get(f"{V}/sobjects/Lead/{lead}")).json()
    assert [text(body, "success"), stored["IsConverted"], stored["ConvertedContactId"], stored["ConvertedOpportunityId"]] == [
        "true",
        True,
        text(body, "contactId"),
        text(body, "opportunityId"),
    ]


async def test_a_lead_may_be_converted_without_an_opportunity(client, org):
    lead = await create(client, "Lead", **ANN)
    inner = f"<leadConverts><leadId>{lead}</leadId><doNotCreateOpportunity>true</doNotCreateOpportunity></leadConverts>"
    _, body = await ask(client, "convertLead", inner, org.token)
    assert (text(body, "success"), text(body, "opportunityId")) == ("true", None)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("<leadId>x</leadId>", "INVALID_CROSS_REFERENCE_KEY"),
        ("<convertedStatus>Nope</convertedStatus>", "INVALID_STATUS"),
    ],
)
async def test_a_conversion_that_cannot_be_says_why(client, org, given, code):
    lead = await create(client, "Lead", **ANN)
    lead_id = "" if "leadId" in given else f"<leadId>{lead}</leadId>"
    _, body = await ask(client, "convertLead", f"<leadConverts>{lead_id}{given}</leadConverts>", org.token)
    assert (text(body, "success"), text(body, "statusCode")) == ("false", code)


async def test_records_are_merged(client, org):
    master, loser = await create(client, "Lead", **ANN), await create(client, "Lead", **ANN)
    record = f"<masterRecord><type>Lead</type><Id>{master}</Id><Title>CTO</Title></masterRecord>"
    _, body = await ask(client, "merge", f"<request>{record}<recordToMergeIds>{loser}</recordToMergeIds></request>", org.token)
    gone = (await client.get(f"{V}/sobjects/Lead/{loser}")).json()[0]["errorCode"]
    title = (await client.get(f"{V}/sobjects/Lead/{master}")).json()["Title"]
    assert (text(body, "mergedRecordIds"), gone, title) == (loser, "ENTITY_IS_DELETED", "CTO")


async def test_a_merge_needs_a_master(client, org):
    _, body = await ask(client, "merge", "<request><recordToMergeIds>x</recordToMergeIds></request>", org.token)
    assert text(body, "statusCode") == "MISSING_ARGUMENT"


async def test_a_deleted_record_comes_back_with_its_dependents(client, org):
    account = await create(client, "Account", Name="Acme")
    contact = await create(client, "Contact", LastName="Berg", AccountId=account)
    await client.delete(f"{V}/sobjects/Account/{account}")
    _, body = await ask(client, "undelete", f"<ids>{account}</ids>", org.token)
    back = [(await client.get(f"{V}/sobjects/{name}/{each}")).status_code for name, each in (("Account", account), ("Contact", contact))]
    assert (text(body, "success"), back) == ("true", [200, 200])


async def test_a_value_taken_meanwhile_keeps_a_record_in_the_bin(client, org):
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "length": 10, "unique": True, "externalId": True})
    old = await create(client, "Lead", **ANN, Key__c="k")
    await client.delete(f"{V}/sobjects/Lead/{old}")
    await create(client, "Lead", **ANN, Key__c="k")
    _, body = await ask(client, "undelete", f"<ids>{old}</ids>", org.token)
    assert text(body, "statusCode") == "DUPLICATE_VALUE"


@pytest.mark.parametrize(
    ("record_id", "code"),
    [("x", "MALFORMED_ID"), ("00QHr0000000009", "INVALID_CROSS_REFERENCE_KEY")],
)
async def test_what_is_not_in_the_bin_does_not_come_back(client, org, record_id, code):
    _, body = await ask(client, "undelete", f"<ids>{record_id}</ids>", org.token)
    assert text(body, "statusCode") == code


async def test_a_live_record_is_not_in_the_bin(client, org):
    lead = await create(client, "Lead", **ANN)
    _, body = await ask(client, "undelete", f"<ids>{lead}</ids>", org.token)
    assert text(body, "statusCode") == "UNDELETE_FAILED"


async def test_what_is_emptied_from_the_bin_is_gone(client, org):
    lead = await create(client, "Lead", **ANN)
    await client.delete(f"{V}/sobjects/Lead/{lead}")
    await ask(client, "emptyRecycleBin", f"<ids>{lead}</ids>", org.token)
    assert (await client.get(f"{V}/sobjects/Lead/{lead}")).json()[0]["errorCode"] == "NOT_FOUND"


async def test_records_are_not_created_over_soap(client, org):
    status, body = await ask(client, "create", "", org.token)
    assert (status, "No operation available" in text(body, "faultstring")) == (500, True)


async def test_a_soap_call_counts_and_may_be_beyond_the_allowance(clock):
    org = LocalOrg(OrgSettings(api_limit=1), clock)
    async with org.client() as client:
        await ask(client, "getUserInfo", "", org.token)
        _, body = await ask(client, "getUserInfo", "", org.token)
    await org.close()
    assert text(body, "faultcode") == "sf:REQUEST_LIMIT_EXCEEDED"
