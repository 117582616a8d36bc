import base64
import json

import pytest

from localorg.errors import SalesforceError
from localorg.settings import OrgSettings
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
ANN = {"FirstName": "Ann", "LastName": "Berg", "Company": "Acme"}
FILE = {"PathOnClient": "notes.txt", "VersionData": base64.b64encode(b"hello").decode()}


async def create(client, name, **fields):
    reply = await client.post(f"{V}/sobjects/{name}", json=fields)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def rows(client, query):
    reply = await client.get(f"{V}/query", params={"q": query})
    assert reply.status_code == 200, reply.text
    return reply.json()["records"]


async def error(client, method, path, **options):
    reply = await client.request(method, f"{V}{path}", **options)
    return reply.status_code, reply.json()[0]["errorCode"]


async def test_a_parent_is_read_by_its_relationship(client):
    account = await create(client, "Account", Name="Acme")
    contact = await create(client, "Contact", LastName="Berg", AccountId=account)
    assert (await client.get(f"{V}/sobjects/Contact/{contact}/Account?fields=Name")).json()["Name"] == "Acme"


async def test_children_are_read_by_their_relationship(client):
    account = await create(client, "Account", Name="Acme")
    await create(client, "Contact", LastName="Berg", AccountId=account)
    body = (await client.get(f"{V}/sobjects/Account/{account}/Contacts")).json()
    assert (body["totalSize"], body["records"][0]["LastName"]) == (1, "Berg")


async def test_a_path_goes_on_through_parents(client, org):
    account = await create(client, "Account", Name="Acme")
    contact = await create(client, "Contact", LastName="Berg", AccountId=account)
    body = (await client.get(f"{V}/sobjects/Contact/{contact}/Account/Owner")).json()
    assert body["Id"] == org.org.user.id


@pytest.mark.parametrize("path", ["Account", "Nothing", "Cases/Owner", "VersionData"])
async def test_a_path_that_leads_nowhere_is_not_found(client, path):
    contact = await create(client, "Contact", LastName="Berg")
    assert await error(client, "GET", f"/sobjects/Contact/{contact}/{path}") == (404, "NOT_FOUND")


async def test_an_unknown_field_of_a_parent_is_refused(client):
    contact = await create(client, "Contact", LastName="Berg")
    assert await error(client, "GET", f"/sobjects/Contact/{contact}/Owner?fields=Nope") == (400, "INVALID_FIELD")


async def test_a_version_makes_its_document(client):
    version = await create(client, "ContentVersion", **FILE)
    found = await rows(client, "SELECT ContentDocumentId, Title, FileExtension, ContentSize, VersionNumber, IsLatest FROM ContentVersion")
    assert [found[0][key] for key in ("Title", "FileExtension", "ContentSize", "VersionNumber", "IsLatest")] == [
        "notes",
        "txt",
        5,
        "1",
        True,
    ]
    assert (await client.get(f"{V}/sobjects/ContentDocument/{found[0]['ContentDocumentId']}")).json()["LatestPublishedVersionId"] == version


async def test_the_content_of_a_version_is_read_raw(client):
    version = await create(client, "ContentVersion", **FILE)
    reply = await client.get(f"{V}/sobjects/ContentVersion/{version}/VersionData")
    assert (reply.content, reply.headers["content-type"]) == (b"hello", "text/plain")


async def test_a_version_published_to_a_record_is_linked(client):
    lead = await create(client, "Lead", **ANN)
    await create(client, "ContentVersion", FirstPublishLocationId=lead, **FILE)
    found = await rows(client, f"SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntityId = '{lead}'")
    assert [each["ShareType"] for each in found] == ["V"]


async def test_a_second_version_takes_the_place_of_the_first(client):
    await create(client, "ContentVersion", **FILE)
    document = (await rows(client, "SELECT ContentDocumentId FROM ContentVersion"))[0]["ContentDocumentId"]
    await create(client, "ContentVersion", ContentDocumentId=document, **FILE)
    found = await rows(client, "SELECT VersionNumber, IsLatest FROM ContentVersion ORDER BY VersionNumber")
    assert [(each["VersionNumber"], each["IsLatest"]) for each in found] == [("1", False), ("2", True)]


async def test_a_new_version_cannot_be_published_again(client):
    await create(client, "ContentVersion", **FILE)
    document = (await rows(client, "SELECT ContentDocumentId FROM ContentVersion"))[0]["ContentDocumentId"]
    lead = await create(client, "Lead", **ANN)
    body = {**FILE, "ContentDocumentId": document, "FirstPublishLocationId": lead}
    assert await error(client, "POST", "/sobjects/ContentVersion", json=body) == (400, "FIELD_INTEGRITY_EXCEPTION")


@pytest.mark.parametrize("body", [{"Title": "x"}, {"PathOnClient": "x.txt"}])
async def test_a_version_of_nothing_is_refused(client, body):
    assert await error(client, "POST", "/sobjects/ContentVersion", json=body) == (400, "REQUIRED_FIELD_MISSING")


async def test_a_file_may_come_as_multipart(client):
    files = {
        "entity_content": (None, json.dumps({"PathOnClient": "a.bin"}), "application/json"),
        "VersionData": ("a.bin", b"\x00\x01", "application/octet-stream"),
    }
    made = (await client.post(f"{V}/sobjects/ContentVersion", files=files)).json()["id"]
    assert (await client.get(f"{V}/sobjects/ContentVersion/{made}/VersionData")).content == b"\x00\x01"


@pytest.mark.parametrize(
    ("content", "code"), [(b"--x--", "INVALID_FIELD"), (b"nonsense", "INVALID_MULTIPART_REQUEST"), (b"", "INVALID_MULTIPART_REQUEST")]
)
async def test_a_broken_multipart_body_is_refused(client, content, code):
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    status, _ = await error(client, "POST", "/sobjects/ContentVersion", content=content, headers=headers)
    assert status == 400


async def test_a_document_is_shared_with_a_record_once(client):
    lead = await create(client, "Lead", **ANN)
    await create(client, "ContentVersion", **FILE)
    document = (await rows(client, "SELECT ContentDocumentId FROM ContentVersion"))[0]["ContentDocumentId"]
    body = {"ContentDocumentId": document, "LinkedEntityId": lead, "ShareType": "V"}
    await create(client, "ContentDocumentLink", **body)
    assert await error(client, "POST", "/sobjects/ContentDocumentLink", json=body) == (400, "DUPLICATE_VALUE")


async def test_links_are_only_found_from_an_end(client):
    status, code = await error(client, "GET", "/query", params={"q": "SELECT Id FROM ContentDocumentLink"})
    assert (status, code) == (400, "MALFORMED_QUERY")


async def test_an_attachment_knows_its_size(client):
    lead = await create(client, "Lead", **ANN)
    made = await create(client, "Attachment", ParentId=lead, Name="a.txt", ContentType="text/x", Body=FILE["VersionData"])
    reply = await client.get(f"{V}/sobjects/Attachment/{made}/Body")
    size = (await client.get(f"{V}/sobjects/Attachment/{made}")).json()["BodyLength"]
    assert (reply.content, reply.headers["content-type"], size) == (b"hello", "text/x", 5)


async def test_an_attachment_needs_a_body(client):
    lead = await create(client, "Lead", **ANN)
    body = {"ParentId": lead, "Name": "a"}
    assert await error(client, "POST", "/sobjects/Attachment", json=body) == (400, "REQUIRED_FIELD_MISSING")


async def test_a_blob_is_not_read_inside_a_composite(client):
    version = await create(client, "ContentVersion", **FILE)
    part = {"method": "GET", "url": f"{V}/sobjects/ContentVersion/{version}/VersionData", "referenceId": "a"}
    body = (await client.post(f"{V}/composite", json={"compositeRequest": [part]})).json()
    assert body["compositeResponse"][0]["body"][0]["errorCode"] == "INVALID_OPERATION"


WINDOW = {"start": "2026-11-20T09:00:00Z", "end": "2026-11-20T11:00:00Z"}


async def test_updated_names_what_changed(client):
    lead = await create(client, "Lead", **ANN)
    body = (await client.get(f"{V}/sobjects/Lead/updated/", params=WINDOW)).json()
    assert body == {"ids": [lead], "latestDateCovered": "2026-11-20T11:00:00.000+0000"}


async def test_deleted_names_what_went(client):
    lead = await create(client, "Lead", **ANN)
    await client.delete(f"{V}/sobjects/Lead/{lead}")
    body = (await client.get(f"{V}/sobjects/Lead/deleted/", params=WINDOW)).json()
    assert body["deletedRecords"] == [{"deletedDate": "2026-11-20T10:00:00.000+0000", "id": lead}]


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({}, "MISSING_ARGUMENT"),
        ({"start": "x", "end": "y"}, "INVALID_REPLICATION_DATE"),
        ({"start": "2026-11-20T10:00:00Z", "end": "2026-11-20T10:00:30Z"}, "INVALID_REPLICATION_DATE"),
        ({"start": "2026-01-01T00:00:00Z", "end": "2026-11-20T10:00:30Z"}, "INVALID_REPLICATION_DATE"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused(client, window, code):
    assert await error(client, "GET", "/sobjects/Lead/updated", params=window) == (400, code)


async def test_records_are_counted(client):
    await create(client, "Lead", **ANN)
    body = (await client.get(f"{V}/limits/recordCount?sObjects=Lead,Contact,Nothing")).json()
    assert body == {"sObjects": [{"count": 1, "name": "Lead"}, {"count": 0, "name": "Contact"}]}


async def test_records_used_are_recent_when_the_request_says_so(client):
    await create(client, "Lead", **ANN)
    lead = await create(client, "Lead", **ANN)
    await client.get(f"{V}/sobjects/Lead/{lead}", headers={"Sforce-Mru": "updateMru=true"})
    recent = (await client.get(f"{V}/recent?limit=5")).json()
    listed = (await client.get(f"{V}/sobjects/Lead")).json()["recentItems"]
    assert ([each["Id"] for each in recent], recent == listed) == ([lead], True)


async def test_a_query_is_explained(client):
    await create(client, "Lead", **ANN)
    body = (await client.get(f"{V}/query", params={"explain": "SELECT Id FROM Lead WHERE Name = 'Ann Berg'"})).json()
    assert (body["plans"][-1]["leadingOperationType"], body["plans"][0]["sobjectType"]) == ("TableScan", "Lead")


async def test_a_wrong_query_is_not_explained(client):
    assert await error(client, "GET", "/query", params={"explain": "SELECT Nope FROM Lead"}) == (400, "INVALID_FIELD")


async def test_a_validation_rule_refuses_in_the_admins_words(client):
    rule = {"when": "blank", "field": "Email", "message": "We need an address.", "error_field": "Email"}
    await client.post("/localorg/validation", json={"object": "Lead", "rules": [rule, {"when": "always", "message": "Never."}]})
    reply = await client.post(f"{V}/sobjects/Lead", json=ANN)
    assert reply.json() == [
        {"message": "We need an address.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Email"]},
        {"message": "Never.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []},
    ]


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ({"when": "filled", "field": "LastName"}, True),
        ({"when": "equals", "field": "LastName", "value": "Other"}, False),
        ({"when": "differs", "field": "LastName", "value": "Berg"}, False),
        ({"when": "matches", "field": "LastName", "value": "^B"}, True),
    ],
)
async def test_a_condition_picks_its_rows(client, rule, refused):
    await client.post("/localorg/validation", json={"object": "Lead", "rules": [{**rule, "message": "No"}]})
    assert ((await client.post(f"{V}/sobjects/Lead", json=ANN)).status_code == 400) is refused


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Nothing", "rules": []},
        {"object": "Lead", "rules": [{"when": "sometimes", "message": "No"}]},
        {"object": "Lead", "rules": [{"when": "blank", "field": "Nope", "message": "No"}]},
        {"object": "Lead", "rules": [{"when": "matches", "field": "Email", "value": "(", "message": "No"}]},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(client, body):
    assert (await client.post("/localorg/validation", json=body)).status_code == 400


async def test_a_trigger_may_rewrite_and_refuse(client, org):
    def shout(_transaction, op, name, values):
        if (op, name) == ("insert", "Lead"):
            values["LastName"] = values["LastName"].upper()
        if op == "update":
            raise SalesforceError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: no updates", ())

    org.org.triggers.append(shout)
    lead = await create(client, "Lead", **ANN)
    refused = await error(client, "PATCH", f"/sobjects/Lead/{lead}", json={"Title": "x"})
    assert ((await client.get(f"{V}/sobjects/Lead/{lead}")).json()["LastName"], refused) == (
        "BERG",
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    )


async def test_opportunities_roll_up_to_their_campaign(client):
    campaign = await create(client, "Campaign", Name="Webinar")
    common = {"CloseDate": "2026-12-01", "CampaignId": campaign}
    await create(client, "Opportunity", Name="A", StageName="Closed Won", Amount=100, **common)
    await create(client, "Opportunity", Name="B", StageName="Prospecting", Amount=50, **common)
    body = (await client.get(f"{V}/sobjects/Campaign/{campaign}")).json()
    names = ("NumberOfOpportunities", "NumberOfWonOpportunities", "AmountAllOpportunities", "AmountWonOpportunities")
    assert [body[name] for name in names] == [2, 1, 150.0, 100.0]


async def test_a_queue_may_own_leads_by_assignment(client):
    queue = await create(client, "Group", Name="Inbound", Type="Queue")
    await client.post("/localorg/assignment", json={"object": "Lead", "owner": queue})
    lead = await create(client, "Lead", **ANN)
    assert (await client.get(f"{V}/sobjects/Lead/{lead}")).json()["OwnerId"] == queue


async def test_a_password_set_over_rest_logs_in(client, org):
    await client.post(f"{V}/sobjects/User/{org.org.user.id}/password", json={"NewPassword": "fresh"})
    form = {"grant_type": "password", "username": "integration@localorg.example", "password": "freshtoken"}
    reply = await client.post("/services/oauth2/token", data={**form, "client_id": "localorg", "client_secret": "localorg-secret"})
    expired = (await client.get(f"{V}/sobjects/User/{org.org.user.id}/password")).json()
    assert (reply.status_code, expired) == (200, {"isExpired": False})


@pytest.fixture
async def people(clock):
    org = LocalOrg(OrgSettings(person_accounts=True), clock)
    async with org.client() as client:
        yield client
    await org.close()


async def test_a_person_account_is_named_after_its_person(people):
    account = await create(people, "Account", FirstName="Ann", LastName="Berg", PersonEmail="ann@acme.example")
    body = (await people.get(f"{V}/sobjects/Account/{account}")).json()
    contact = (await people.get(f"{V}/sobjects/Contact/{body['PersonContactId']}")).json()
    assert (body["Name"], body["IsPersonAccount"], contact["Email"]) == ("Ann Berg", True, "ann@acme.example")


async def test_the_contact_of_a_person_account_is_changed_through_it(people):
    account = await create(people, "Account", LastName="Berg")
    contact = (await people.get(f"{V}/sobjects/Account/{account}")).json()["PersonContactId"]
    refused = await error(people, "PATCH", f"/sobjects/Contact/{contact}", json={"Title": "x"})
    await people.patch(f"{V}/sobjects/Account/{account}", json={"PersonTitle": "CTO", "LastName": "Holt"})
    body = (await people.get(f"{V}/sobjects/Contact/{contact}")).json()
    assert (refused[0], body["Title"], body["Name"]) == (400, "CTO", "Holt")


async def test_a_company_still_needs_a_name(people):
    assert await error(people, "POST", "/sobjects/Account", json={"Phone": "1"}) == (400, "REQUIRED_FIELD_MISSING")


async def test_person_accounts_are_off_by_default(client):
    assert await error(client, "POST", "/sobjects/Account", json={"Name": "A", "PersonEmail": "a@b.example"}) == (400, "INVALID_FIELD")
