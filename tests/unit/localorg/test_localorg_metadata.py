import base64
import io
import zipfile
from xml.etree import ElementTree as ET

import pytest

from localorg.settings import ORG_ID, OrgSettings, Switches
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
SOAP = f"/services/Soap/m/60.0/{ORG_ID}"
NS = "http://soap.sforce.com/2006/04/metadata"
OBJECT = (
    "<fullName>Poll__c</fullName><label>Poll</label><pluralLabel>Polls</pluralLabel>"
    "<nameField><type>Text</type><label>Poll Name</label></nameField>"
    "<deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>"
)
FIELD = "<fullName>Lead.Key__c</fullName><label>Key</label><type>Text</type><length>64</length><externalId>true</externalId>"
XML = f'xmlns="{NS}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def envelope(body, session):
    return (
        f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader xmlns="{NS}">'
        f"<sessionId>{session}</sessionId></SessionHeader></e:Header><e:Body>{body}</e:Body></e:Envelope>"
    )


def plain(element):
    if len(element) == 0:
        return element.text
    found = {}
    for child in element:
        found.setdefault(child.tag.rpartition("}")[2], []).append(plain(child))
    return {name: held[0] if len(held) == 1 else held for name, held in found.items()}


class Metadata:
    def __init__(self, client, token):
        self.client = client
        self.token = token

    async def ask(self, operation, inner):
        body = envelope(f"<{operation} {XML}>{inner}</{operation}>", self.token)
        reply = await self.client.post(SOAP, content=body, headers={"Content-Type": "text/xml", "SOAPAction": '""'})
        found = plain(ET.fromstring(reply.content))["Body"]  # noqa: S314  # our own answer
        return found.get(f"{operation}Response", found)

    async def create(self, type_, inner):
        return (await self.ask("createMetadata", f'<metadata xsi:type="{type_}">{inner}</metadata>'))["result"]

    async def update(self, type_, inner):
        return (await self.ask("updateMetadata", f'<metadata xsi:type="{type_}">{inner}</metadata>'))["result"]

    async def upsert(self, type_, inner):
        return (await self.ask("upsertMetadata", f'<metadata xsi:type="{type_}">{inner}</metadata>'))["result"]

    async def delete(self, type_, name):
        return (await self.ask("deleteMetadata", f"<type>{type_}</type><fullNames>{name}</fullNames>"))["result"]

    async def read(self, type_, name):
        return (await self.ask("readMetadata", f"<type>{type_}</type><fullNames>{name}</fullNames>"))["result"]["records"]


@pytest.fixture
def metadata(client, org):
    return Metadata(client, org.token)


async def described(client, name):
    return (await client.get(f"{V}/sobjects/{name}/describe")).json()


async def test_an_object_is_made_and_takes_records(metadata, client):
    result = await metadata.create("CustomObject", OBJECT)
    made = await client.post(f"{V}/sobjects/Poll__c", json={"Name": "First"})
    assert (result, made.status_code, made.json()["id"][:3]) == ({"fullName": "Poll__c", "success": "true"}, 201, "a00")


async def test_an_object_is_described_as_custom(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    body = await described(client, "Poll__c")
    assert (body["custom"], body["labelPlural"], [each["name"] for each in body["fields"]][:4]) == (
        True,
        "Polls",
        ["Id", "OwnerId", "IsDeleted", "Name"],
    )


async def test_an_object_comes_with_its_fields(metadata, client):
    field = "<fields><fullName>Votes__c</fullName><label>Votes</label><type>Number</type><precision>5</precision><scale>0</scale></fields>"
    await metadata.create("CustomObject", OBJECT + field)
    found = (await client.get(f"{V}/tooling/query", params={"q": "SELECT FullName FROM CustomField"})).json()["records"]
    assert [each["FullName"] for each in found] == ["Poll__c.Votes__c"]


async def test_an_object_whose_field_is_bad_is_not_made(metadata, client):
    result = await metadata.create("CustomObject", OBJECT + "<fields><fullName>A__c</fullName><label>A</label><type>Magic</type></fields>")
    assert (result["success"], (await client.get(f"{V}/sobjects/Poll__c")).status_code) == ("false", 404)


async def test_a_record_without_a_name_is_named_by_its_id(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    made = (await client.post(f"{V}/sobjects/Poll__c", json={})).json()["id"]
    assert (await client.get(f"{V}/sobjects/Poll__c/{made}")).json()["Name"] == made


async def test_objects_are_numbered_by_their_name_field(metadata, client):
    auto = OBJECT.replace("<type>Text</type>", "<type>AutoNumber</type><displayFormat>P-{0000}</displayFormat>")
    await metadata.create("CustomObject", auto)
    made = (await client.post(f"{V}/sobjects/Poll__c", json={})).json()["id"]
    assert (await client.get(f"{V}/sobjects/Poll__c/{made}")).json()["Name"] == "P-0001"


async def test_a_detail_goes_with_its_master(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    lookup = "<fullName>Poll__c.Campaign__c</fullName><label>Campaign</label><type>MasterDetail</type><referenceTo>Campaign</referenceTo>"
    await metadata.create("CustomField", f"{lookup}<relationshipName>Polls</relationshipName>")
    campaign = (await client.post(f"{V}/sobjects/Campaign", json={"Name": "Webinar"})).json()["id"]
    poll = (await client.post(f"{V}/sobjects/Poll__c", json={"Campaign__c": campaign})).json()["id"]
    children = (await client.get(f"{V}/query", params={"q": "SELECT Id, (SELECT Id FROM Polls__r) FROM Campaign"})).json()["records"]
    await client.delete(f"{V}/sobjects/Campaign/{campaign}")
    gone = await client.get(f"{V}/sobjects/Poll__c/{poll}")
    assert (children[0]["Polls__r"]["totalSize"], gone.json()[0]["errorCode"]) == (1, "ENTITY_IS_DELETED")


async def test_a_detail_has_no_owner(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    lookup = "<fullName>Poll__c.Lead__c</fullName><label>Lead</label><type>MasterDetail</type><referenceTo>Lead</referenceTo>"
    await metadata.create("CustomField", f"{lookup}<relationshipName>Polls</relationshipName>")
    assert "OwnerId" not in [each["name"] for each in (await described(client, "Poll__c"))["fields"]]


async def test_an_object_with_activities_takes_tasks(metadata, client):
    await metadata.create("CustomObject", f"{OBJECT}<enableActivities>true</enableActivities>")
    poll = (await client.post(f"{V}/sobjects/Poll__c", json={})).json()["id"]
    assert (await client.post(f"{V}/sobjects/Task", json={"Subject": "Call", "WhatId": poll})).status_code == 201


async def test_an_object_that_is_looked_up_cannot_be_deleted(metadata):
    await metadata.create("CustomObject", OBJECT)
    lookup = "<fullName>Lead.Poll__c</fullName><label>Poll</label><type>Lookup</type><referenceTo>Poll__c</referenceTo>"
    await metadata.create("CustomField", f"{lookup}<relationshipName>Leads</relationshipName>")
    result = await metadata.delete("CustomObject", "Poll__c")
    assert result["errors"]["statusCode"] == "DEPENDENCY_EXISTS"


async def test_a_deleted_object_is_gone(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    result = await metadata.delete("CustomObject", "Poll__c")
    assert (result["success"], (await client.get(f"{V}/sobjects/Poll__c/describe")).status_code) == ("true", 404)


async def test_an_object_made_again_is_empty(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    await client.post(f"{V}/sobjects/Poll__c", json={})
    await metadata.delete("CustomObject", "Poll__c")
    await metadata.create("CustomObject", OBJECT)
    assert (await client.get(f"{V}/query", params={"q": "SELECT count() FROM Poll__c"})).json()["totalSize"] == 0


async def test_a_field_is_made_changed_read_and_deleted(metadata):
    made = await metadata.create("CustomField", FIELD)
    await metadata.update("CustomField", FIELD.replace("64", "80"))
    read = await metadata.read("CustomField", "Lead.Key__c")
    await metadata.delete("CustomField", "Lead.Key__c")
    gone = await metadata.read("CustomField", "Lead.Key__c")
    assert (made["success"], read["length"], read["externalId"], gone) == ("true", "80", "true", None)


async def test_an_upsert_says_whether_it_created(metadata):
    first, second = await metadata.upsert("CustomField", FIELD), await metadata.upsert("CustomField", FIELD)
    assert (first["created"], second["created"]) == ("true", "false")


async def test_one_bad_component_does_not_disturb_the_others(metadata):
    inner = f'<metadata xsi:type="CustomField">{FIELD}</metadata><metadata xsi:type="CustomField"><fullName>Lead.B__c</fullName></metadata>'
    first, second = (await metadata.ask("createMetadata", inner))["result"]
    assert (first["success"], second["success"], second["errors"]["statusCode"]) == ("true", "false", "REQUIRED_FIELD_MISSING")


async def test_a_permission_set_grants_a_field(metadata, client, org):
    await metadata.create("CustomField", FIELD)
    grants = "<fieldPermissions><field>Lead.Key__c</field><readable>true</readable><editable>true</editable></fieldPermissions>"
    result = await metadata.create("PermissionSet", f"<fullName>Crosswalk</fullName><label>Crosswalk</label>{grants}")
    sets = (await client.get(f"{V}/query", params={"q": "SELECT Id FROM PermissionSet WHERE Name = 'Crosswalk'"})).json()["records"]
    await client.post(f"{V}/sobjects/PermissionSetAssignment", json={"PermissionSetId": sets[0]["Id"], "AssigneeId": org.org.user.id})
    names = [each["name"] for each in (await described(client, "Lead"))["fields"]]
    assert (result["success"], "Key__c" in names) == ("true", True)


async def test_the_administrators_profile_grants_a_field(metadata, client):
    await metadata.create("CustomField", FIELD)
    grants = "<fieldPermissions><field>Lead.Key__c</field><readable>true</readable><editable>true</editable></fieldPermissions>"
    await metadata.update("Profile", f"<fullName>Admin</fullName>{grants}")
    assert "Key__c" in [each["name"] for each in (await described(client, "Lead"))["fields"]]


async def test_an_updated_permission_set_loses_what_is_not_listed(metadata):
    await metadata.create("CustomField", FIELD)
    grants = "<fieldPermissions><field>Lead.Key__c</field><readable>true</readable></fieldPermissions>"
    head = "<fullName>Crosswalk</fullName><label>Crosswalk</label>"
    await metadata.create("PermissionSet", head + grants)
    before = await metadata.read("PermissionSet", "Crosswalk")
    await metadata.update("PermissionSet", head)
    after = await metadata.read("PermissionSet", "Crosswalk")
    assert ("fieldPermissions" in before, "fieldPermissions" in after) == (True, False)


@pytest.mark.parametrize(
    ("field", "code"), [("Lead.None__c", "INVALID_CROSS_REFERENCE_KEY"), ("Lead.LastName", "FIELD_INTEGRITY_EXCEPTION")]
)
async def test_a_grant_needs_a_field_that_can_be_withheld(metadata, field, code):
    grants = f"<fieldPermissions><field>{field}</field><readable>true</readable></fieldPermissions>"
    result = await metadata.create("PermissionSet", f"<fullName>Crosswalk</fullName><label>Crosswalk</label>{grants}")
    assert result["errors"]["statusCode"] == code


async def test_metadata_fields_may_be_visible_at_once(clock):
    org = LocalOrg(OrgSettings(switches=Switches(metadata_fields_need_permission=False)), clock)
    async with org.client() as client:
        await Metadata(client, org.token).create("CustomField", FIELD)
        names = [each["name"] for each in (await described(client, "Lead"))["fields"]]
    await org.close()
    assert "Key__c" in names


@pytest.mark.parametrize(
    ("type_", "inner"),
    [
        ("CustomTab", "<fullName>Lead</fullName><customObject>true</customObject><motif>Custom53: Bell</motif>"),
        (
            "ReportType",
            "<fullName>Polls</fullName><baseObject>Lead</baseObject><label>Polls</label><category>other</category><deployed>true</deployed>",
        ),
        (
            "GlobalValueSet",
            "<fullName>Colours</fullName><masterLabel>Colours</masterLabel><customValue><fullName>red</fullName></customValue>",
        ),
        (
            "ValidationRule",
            "<fullName>Lead.R</fullName><active>true</active><errorConditionFormula>true</errorConditionFormula><errorMessage>No</errorMessage>",
        ),
    ],
)
async def test_a_component_that_is_only_kept_is_read_back_and_deleted(metadata, type_, inner):
    name = ET.fromstring(f"<x>{inner}</x>").findtext("fullName")  # noqa: S314  # written above
    made = await metadata.create(type_, inner)
    again = await metadata.create(type_, inner)
    read = await metadata.read(type_, name)
    deleted = await metadata.delete(type_, name)
    assert [made["success"], again["errors"]["statusCode"], read["fullName"], deleted["success"]] == [
        "true",
        "DUPLICATE_DEVELOPER_NAME",
        name,
        "true",
    ]


async def test_tabs_are_listed(metadata, client):
    await metadata.create("CustomObject", OBJECT)
    await metadata.create("CustomTab", "<fullName>Poll__c</fullName><customObject>true</customObject><motif>Custom53: Bell</motif>")
    found = {each["sobjectName"]: each["label"] for each in (await client.get(f"{V}/tabs")).json()}
    assert found["Poll__c"] == "Polls"


async def test_a_layout_shows_related_lists(metadata, client):
    lists = "<relatedLists><relatedList>CampaignMember.LeadId</relatedList><fields>STATUS</fields></relatedLists>"
    result = await metadata.update("Layout", f"<fullName>Lead-Lead Layout</fullName>{lists}")
    body = (await client.get(f"{V}/sobjects/Lead/describe/layouts")).json()
    assert (result["success"], [each["sobject"] for each in body["layouts"][0]["relatedLists"]]) == ("true", ["CampaignMember"])


async def test_a_layout_cannot_show_children_that_do_not_exist(metadata):
    lists = "<relatedLists><relatedList>Nothing__c.Lead__c</relatedList></relatedLists>"
    result = await metadata.update("Layout", f"<fullName>Lead-Lead Layout</fullName>{lists}")
    assert result["errors"]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"


async def test_a_shared_value_set_gives_a_picklist_its_values(metadata, client):
    colours = "<customValue><fullName>red</fullName></customValue><customValue><fullName>blue</fullName></customValue>"
    await metadata.create("GlobalValueSet", f"<fullName>Colours</fullName><masterLabel>Colours</masterLabel>{colours}")
    value_set = "<valueSet><valueSetName>Colours</valueSetName></valueSet>"
    await metadata.create("CustomField", f"<fullName>Lead.Colour__c</fullName><label>Colour</label><type>Picklist</type>{value_set}")
    read = await metadata.read("CustomField", "Lead.Colour__c")
    assert [each["fullName"] for each in read["valueSet"]["valueSetDefinition"]["value"]] == ["red", "blue"]


async def test_a_standard_picklist_takes_new_values(metadata, client):
    read = await metadata.read("StandardValueSet", "LeadSource")
    values = "".join(f"<standardValue><fullName>{each['fullName']}</fullName></standardValue>" for each in read["standardValue"])
    new = "<standardValue><fullName>Webinar</fullName></standardValue>"
    await metadata.update("StandardValueSet", f"<fullName>LeadSource</fullName>{values}{new}")
    fields = {each["name"]: each for each in (await described(client, "Contact"))["fields"]}
    assert "Webinar" in [each["value"] for each in fields["LeadSource"]["picklistValues"]]


async def test_a_listing_names_every_component(metadata):
    await metadata.create("CustomField", FIELD)
    body = await metadata.ask("listMetadata", "<queries><type>CustomField</type></queries><asOfVersion>60.0</asOfVersion>")
    assert (body["result"]["fullName"], body["result"]["id"][:3]) == ("Lead.Key__c", "00N")


async def test_the_metadata_api_describes_itself(metadata):
    body = await metadata.ask("describeMetadata", "<asOfVersion>60.0</asOfVersion>")
    assert "CustomObject" in [each["xmlName"] for each in body["result"]["metadataObjects"]]


async def test_a_type_this_org_does_not_model_is_refused(metadata):
    result = await metadata.create("ApexClass", "<fullName>A</fullName>")
    assert result["errors"]["statusCode"] == "INVALID_TYPE"


async def test_eleven_components_are_too_many(metadata):
    body = await metadata.ask("createMetadata", f'<metadata xsi:type="CustomField">{FIELD}</metadata>' * 11)
    assert "LIMIT_EXCEEDED" in body["Fault"]["faultcode"]


async def test_a_call_without_a_session_is_a_fault(client):
    body = await Metadata(client, "wrong").ask("describeMetadata", "")
    assert body["Fault"]["faultcode"] == "sf:INVALID_SESSION_ID"


@pytest.mark.parametrize(
    "body",
    [b"", b"<x/>", b"not xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', envelope("", "x").encode(), envelope("<magic/>", "x").encode()],
)
async def test_nonsense_over_soap_is_a_fault(client, body):
    reply = await client.post(SOAP, content=body)
    assert (reply.status_code, b"Fault" in reply.content) == (500, True)


async def test_an_unknown_operation_is_a_fault(metadata):
    assert "No operation available" in (await metadata.ask("magic", ""))["Fault"]["faultstring"]


@pytest.mark.parametrize("path", ["/services/Soap/x/60.0", "/services/Soap/m/x", "/services/Soap/m/99.0"])
async def test_other_services_and_versions_are_not_there(client, path):
    assert (await client.post(path, content=envelope("<x/>", "x"))).status_code in {404, 500}


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__slash__", "/").replace("__dot__", "."), content)
    return buffer.getvalue()


def package(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {"package.xml": f'<Package xmlns="{NS}"/>', **files}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def object_file(*inner):
    return f'<CustomObject xmlns="{NS}">{"".join(inner)}</CustomObject>'


POLL = OBJECT.replace("<fullName>Poll__c</fullName>", "")
VOTES = "<fields><fullName>Votes__c</fullName><label>Votes</label><type>Date</type></fields>"
BAD = "<fields><fullName>Bad__c</fullName><label>Bad</label><type>Magic</type></fields>"


async def deploy(client, archive, **options):
    import json

    files = {"json": (None, json.dumps({"deployOptions": options}), "application/json"), "file": ("deploy.zip", archive, "application/zip")}
    started = await client.post(f"{V}/metadata/deployRequest", files=files)
    assert started.status_code == 201, started.text
    first = started.json()["deployResult"]["status"]
    body = (await client.get(f"{V}/metadata/deployRequest/{started.json()['id']}", params={"includeDetails": "true"})).json()
    return first, body["deployResult"]


async def test_a_deploy_is_pending_and_then_done(client):
    first, result = await deploy(client, package({"objects/Poll__c.object": object_file(POLL, VOTES)}))
    made = [each["fullName"] for each in result["details"]["componentSuccesses"]]
    assert (first, result["status"], made) == ("Pending", "Succeeded", ["Poll__c", "Poll__c.Votes__c"])


async def test_a_deploy_with_a_failure_leaves_nothing(client):
    _, result = await deploy(client, package({"objects/Poll__c.object": object_file(POLL, BAD)}))
    there = await client.get(f"{V}/sobjects/Poll__c")
    assert (result["status"], result["numberComponentErrors"], there.status_code) == ("Failed", 1, 404)


async def test_a_deploy_may_be_partial(client):
    _, result = await deploy(client, package({"objects/Poll__c.object": object_file(POLL, BAD)}), rollbackOnError=False)
    assert (result["status"], (await client.get(f"{V}/sobjects/Poll__c")).status_code) == ("SucceededPartial", 200)


async def test_a_rehearsed_deploy_leaves_nothing(client):
    _, result = await deploy(client, package({"objects/Poll__c.object": object_file(POLL)}), checkOnly=True)
    assert (result["status"], (await client.get(f"{V}/sobjects/Poll__c")).status_code) == ("Succeeded", 404)


async def test_destructive_changes_delete(client, metadata):
    await metadata.create("CustomField", FIELD)
    gone = f'<Package xmlns="{NS}"><types><members>Lead.Key__c</members><name>CustomField</name></types></Package>'
    _, result = await deploy(client, package({"destructiveChanges.xml": gone}))
    assert (result["status"], await metadata.read("CustomField", "Lead.Key__c")) == ("Succeeded", None)


async def test_a_file_of_another_kind_fails_its_deploy(client):
    _, result = await deploy(client, package({"classes/A.cls": "class A {}"}))
    assert (result["status"], "does not model" in result["details"]["componentFailures"][0]["problem"]) == ("Failed", True)


@pytest.mark.parametrize("archive", [b"", b"no zip", zipped(other="x")])
async def test_a_deploy_needs_a_zip_with_a_package(client, archive):
    reply = await client.post(f"{V}/metadata/deployRequest", files={"file": ("deploy.zip", archive, "application/zip")})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_ZIP_FILE")


async def test_a_deploy_without_a_file_is_refused(client):
    reply = await client.post(f"{V}/metadata/deployRequest", files={"json": (None, "{}", "application/json")})
    assert reply.json()[0]["errorCode"] == "MISSING_ARGUMENT"


async def test_a_deploy_over_soap_is_checked_by_its_id(metadata):
    archive = base64.b64encode(package({"unpackaged.txt": "x"})).decode()
    started = (await metadata.ask("deploy", f"<ZipFile>{archive}</ZipFile><DeployOptions/>"))["result"]
    status = (await metadata.ask("checkDeployStatus", f"<asyncProcessId>{started['id']}</asyncProcessId>"))["result"]
    assert (started["done"], status["done"], status["status"]) == ("false", "true", "Failed")


async def test_what_is_retrieved_can_be_deployed(metadata, client):
    await metadata.create("CustomObject", OBJECT + VOTES)
    wanted = "<types><members>Poll__c</members><name>CustomObject</name></types>"
    started = await metadata.ask(
        "retrieve", f"<retrieveRequest><apiVersion>60.0</apiVersion><unpackaged>{wanted}</unpackaged></retrieveRequest>"
    )
    result = (await metadata.ask("checkRetrieveStatus", f"<asyncProcessId>{started['result']['id']}</asyncProcessId>"))["result"]
    await metadata.delete("CustomObject", "Poll__c")
    _, deployed = await deploy(client, base64.b64decode(result["zipFile"]))
    assert (deployed["status"], deployed["numberComponentsDeployed"]) == ("Succeeded", 2)


async def test_a_status_of_no_deploy_is_not_found(client):
    assert (await client.get(f"{V}/metadata/deployRequest/0AfHr0000000009AAA")).status_code == 404
