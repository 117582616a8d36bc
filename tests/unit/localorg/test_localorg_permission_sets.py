"""Permission sets as metadata: the tabs they show, who may have them twice, and who may touch definitions at all."""

import pytest

from localorg.settings import Login, OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader><sessionId>{session}</sessionId>'
    "</SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
)
KIND = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="PermissionSet"'
TABS = "<tabSettings><tab>{name}</tab><visibility>Visible</visibility></tabSettings>"


@pytest.fixture
def call(org, client):
    """Return a function that makes a call of the Metadata API, as the administrator or by another session."""

    async def called(body, session=None):
        text = SOAP.format(session=session or org.token, body=body)
        return (await client.post("/services/Soap/m/60.0", content=text, headers={"Content-Type": "text/xml"})).text

    return called


def put(operation, inner):
    return f"<{operation}><metadata {KIND}><fullName>Sales</fullName><label>Sales</label>{inner}</metadata></{operation}>"


READ = "<readMetadata><type>PermissionSet</type><fullNames>Sales</fullNames></readMetadata>"


async def test_the_tabs_of_a_set_are_read_back(call):
    await call(put("createMetadata", TABS.format(name="standard-Lead")))
    assert TABS.format(name="standard-Lead") in await call(READ)


async def test_an_update_replaces_the_tabs(call):
    await call(put("createMetadata", TABS.format(name="standard-Lead")))
    await call(put("updateMetadata", ""))
    assert "tabSettings" not in await call(READ)


async def test_a_tab_that_does_not_exist_is_refused(call):
    assert "no CustomTab named Nowhere__c found" in await call(put("createMetadata", TABS.format(name="Nowhere__c")))


async def test_nobody_has_a_set_twice(org, client, call):
    await call(put("createMetadata", ""))
    (found,) = (await client.get(f"{V}/query", params={"q": "SELECT Id FROM PermissionSet WHERE Name = 'Sales'"})).json()["records"]
    row = {"AssigneeId": org.org.user.id, "PermissionSetId": found["Id"]}
    replies = [await client.post(f"{V}/sobjects/PermissionSetAssignment", json=row) for _ in range(2)]
    assert (201, "DUPLICATE_VALUE") == (replies[0].status_code, replies[1].json()[0]["errorCode"])


async def test_only_administrators_touch_definitions(clock):
    org = LocalOrg(OrgSettings(users=(Login("rita@localorg.example", "pw"),)), clock)
    session = org.org.sessions.issue(org.org.user_named("rita@localorg.example"), org.org.clock.now())
    async with org.client() as client:
        by_soap = await client.post("/services/Soap/m/60.0", content=SOAP.format(session=session, body=READ))
        files = {"file": ("a.zip", b"", "application/zip")}
        headers = {"Authorization": f"Bearer {session}"}
        by_rest = await client.post(f"{V}/metadata/deployRequest", files=files, headers=headers)
    await org.close()
    assert (True, 403) == ("sf:INSUFFICIENT_ACCESS" in by_soap.text, by_rest.status_code)
