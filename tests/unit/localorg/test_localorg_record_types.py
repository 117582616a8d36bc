import pytest

from localorg.settings import Login, OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
MASTER = "012000000000000AAA"
LEAD = {"LastName": "Berg", "Company": "Acme"}
VALUES = {"restricted": True, "valueSetDefinition": {"value": [{"fullName": "a"}, {"fullName": "b"}]}}
PARTNER = {
    "label": "Partner Lead",
    "active": True,
    "picklistValues": [{"picklist": "Kind__c", "values": [{"fullName": "a", "default": False}]}],
}


async def tooling(client, type_, full_name, **metadata):
    reply = await client.post(f"{V}/tooling/sobjects/{type_}", json={"FullName": full_name, "Metadata": metadata})
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


@pytest.fixture
async def partner(client):
    await tooling(client, "CustomField", "Lead.Kind__c", label="Kind", type="Picklist", valueSet=VALUES, required=True)
    await tooling(client, "RecordType", "Lead.Partner", **PARTNER)
    return (await client.get(f"{V}/query", params={"q": "SELECT Id FROM RecordType"})).json()["records"][0]["Id"]


async def test_a_record_type_is_described_before_the_master(client, partner):
    found = (await client.get(f"{V}/sobjects/Lead/describe")).json()["recordTypeInfos"]
    assert [(each["developerName"], each["recordTypeId"], each["master"]) for each in found] == [
        ("Partner", partner, False),
        ("Master", MASTER, True),
    ]


async def test_a_record_type_allows_some_values(client, partner):
    allowed = await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Kind__c": "a", "RecordTypeId": partner})
    refused = await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Kind__c": "b", "RecordTypeId": partner})
    assert (allowed.status_code, refused.json()[0]["errorCode"]) == (201, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")


async def test_a_record_without_a_record_type_takes_every_value(client, partner):
    assert (await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Kind__c": "b"})).status_code == 201


async def test_an_update_is_held_to_the_record_type_of_its_row(client, partner):
    made = (await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Kind__c": "a", "RecordTypeId": partner})).json()["id"]
    assert (await client.patch(f"{V}/sobjects/Lead/{made}", json={"Kind__c": "b"})).status_code == 400


async def test_picklist_values_are_listed_by_record_type(client, partner):
    url = f"{V}/ui-api/object-info/Lead/picklist-values"
    own = (await client.get(f"{url}/{partner}/Kind__c")).json()["values"]
    master = (await client.get(f"{url}/{MASTER}")).json()["picklistFieldValues"]["Kind__c"]["values"]
    assert ([each["value"] for each in own], [each["value"] for each in master]) == (["a"], ["a", "b"])


async def test_an_object_names_its_record_types(client, partner):
    body = (await client.get(f"{V}/ui-api/object-info/Lead")).json()
    assert (set(body["recordTypeInfos"]), body["defaultRecordTypeId"]) == ({partner, MASTER}, MASTER)


@pytest.mark.parametrize(
    "path",
    [
        f"ui-api/object-info/Lead/picklist-values/{MASTER}/Nope",
        "ui-api/object-info/Lead/picklist-values/012Hr0000000009AAA",
        "sobjects/Lead/describe/layouts/012Hr0000000009AAA",
    ],
)
async def test_a_record_type_or_picklist_that_is_not_there_is_not_found(client, path):
    assert (await client.get(f"{V}/{path}")).status_code == 404


async def test_a_record_type_that_is_off_is_refused(client, partner):
    made = (await client.get(f"{V}/tooling/query", params={"q": "SELECT Id FROM RecordType"})).json()["records"][0]["Id"]
    await client.patch(f"{V}/tooling/sobjects/RecordType/{made}", json={"Metadata": {**PARTNER, "active": False}})
    reply = await client.post(f"{V}/sobjects/Lead", json={**LEAD, "Kind__c": "a", "RecordTypeId": partner})
    assert reply.json()[0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"


async def test_the_record_type_of_another_object_is_refused(client, partner):
    await tooling(client, "RecordType", "Account.Customer", label="Customer", active=True)
    reply = await client.post(f"{V}/sobjects/Account", json={"Name": "Acme", "RecordTypeId": partner})
    assert reply.json()[0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"


async def test_a_record_type_is_not_deleted(client, partner):
    made = (await client.get(f"{V}/tooling/query", params={"q": "SELECT Id FROM RecordType"})).json()["records"][0]["Id"]
    reply = await client.delete(f"{V}/tooling/sobjects/RecordType/{made}")
    assert reply.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


@pytest.mark.parametrize("values", [[{"picklist": "Nope", "values": []}], [{"picklist": "Kind__c", "values": [{"fullName": "z"}]}]])
async def test_a_record_type_of_values_that_do_not_exist_is_refused(client, partner, values):
    body = {"FullName": "Lead.Other", "Metadata": {"label": "Other", "active": True, "picklistValues": values}}
    reply = await client.post(f"{V}/tooling/sobjects/RecordType", json=body)
    assert reply.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize("path", ["describe/compactLayouts", "describe/approvalLayouts", "listviews", "quickActions"])
async def test_pages_of_an_object_are_described(client, path):
    assert (await client.get(f"{V}/sobjects/Lead/{path}")).status_code == 200


@pytest.fixture
async def mia(clock):
    org = LocalOrg(OrgSettings(users=(Login("mia@localorg.example", "pw", profile="Minimum Access - API Only Integrations"),)), clock)
    token = org.org.sessions.issue(org.org.user_named("mia@localorg.example"), clock.now())
    async with org.client() as admin, org.client(headers={"Authorization": f"Bearer {token}"}) as client:
        yield admin, client
    await org.close()


async def test_a_profile_without_rights_sees_no_objects_of_the_business(mia):
    _, client = mia
    assert (await client.get(f"{V}/sobjects/Lead/describe")).status_code == 404


async def test_object_permissions_open_an_object(mia):
    admin, client = mia
    user = (await admin.get(f"{V}/query", params={"q": "SELECT Id FROM User WHERE Username = 'mia@localorg.example'"})).json()["records"][
        0
    ]["Id"]
    made = (await admin.post(f"{V}/sobjects/PermissionSet", json={"Name": "Leads", "Label": "Leads"})).json()["id"]
    rights = {"ParentId": made, "SobjectType": "Lead", "PermissionsRead": True, "PermissionsCreate": True}
    await admin.post(f"{V}/sobjects/ObjectPermissions", json=rights)
    await admin.post(f"{V}/sobjects/PermissionSetAssignment", json={"PermissionSetId": made, "AssigneeId": user})
    lead = await client.post(f"{V}/sobjects/Lead", json=LEAD)
    changed = await client.patch(f"{V}/sobjects/Lead/{lead.json()['id']}", json={"Title": "x"})
    assert (lead.status_code, changed.json()[0]["errorCode"]) == (201, "INSUFFICIENT_ACCESS_OR_READONLY")
