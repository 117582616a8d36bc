import pytest

V = "/services/data/v60.0"
FIELDS = f"{V}/tooling/sobjects/CustomField"
TEXT = {"label": "Ext Id", "type": "Text", "length": 64, "externalId": True, "unique": True, "caseSensitive": False, "required": False}
ADMIN_SET = "SELECT Id FROM PermissionSet WHERE Profile.Name = 'System Administrator'"


async def make(client, full_name="Lead.Ext_Id__c", **metadata):
    return await client.post(FIELDS, json={"FullName": full_name, "Metadata": metadata or TEXT})


async def rows(client, query, resource="query"):
    reply = await client.get(f"{V}/{resource}", params={"q": query})
    assert reply.status_code == 200, reply.text
    return reply.json()["records"]


async def tooling(client, query):
    return await rows(client, query, "tooling/query")


async def grant(client, path, **permissions):
    parent = (await rows(client, ADMIN_SET))[0]["Id"]
    body = {"ParentId": parent, "SobjectType": path.partition(".")[0], "Field": path, "PermissionsRead": True, "PermissionsEdit": True}
    reply = await client.post(f"{V}/sobjects/FieldPermissions", json=body | permissions)
    assert reply.status_code == 201, reply.text
    return reply.json()["id"]


async def described(client, object_name="Lead"):
    body = (await client.get(f"{V}/sobjects/{object_name}/describe")).json()
    return {each["name"]: each for each in body["fields"]}


async def test_a_field_is_created(client):
    reply = await make(client)
    assert (reply.status_code, reply.json()["success"], reply.json()["id"][:3]) == (201, True, "00N")


async def test_a_field_made_by_metadata_is_invisible(client):
    await make(client)
    assert "Ext_Id__c" not in await described(client)


async def test_writing_an_invisible_field_is_an_unknown_column(client):
    await make(client)
    reply = await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "1"})
    assert reply.json()[0]["errorCode"] == "INVALID_FIELD"


async def test_a_granted_field_is_visible(client):
    await make(client)
    await grant(client, "Lead.Ext_Id__c")
    field = (await described(client))["Ext_Id__c"]
    assert [field[key] for key in ("type", "length", "externalId", "unique", "createable")] == ["string", 64, True, True, True]


async def test_a_field_granted_for_reading_cannot_be_written(client):
    await make(client)
    await grant(client, "Lead.Ext_Id__c", PermissionsEdit=False)
    reply = await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "1"})
    assert reply.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


async def test_a_grant_taken_back_hides_the_field_again(client):
    await make(client)
    row = await grant(client, "Lead.Ext_Id__c")
    await client.delete(f"{V}/sobjects/FieldPermissions/{row}")
    assert "Ext_Id__c" not in await described(client)


async def test_a_required_field_needs_no_grant(client):
    await make(client, label="Code", type="Text", length=10, required=True)
    assert (await described(client))["Ext_Id__c"]["nillable"] is False


async def test_a_grant_on_a_field_that_does_not_exist_is_refused(client):
    parent = (await rows(client, ADMIN_SET))[0]["Id"]
    body = {"ParentId": parent, "SobjectType": "Lead", "Field": "Lead.None__c", "PermissionsRead": True}
    reply = await client.post(f"{V}/sobjects/FieldPermissions", json=body)
    assert reply.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


async def test_a_permission_set_grants_to_those_it_is_assigned_to(client, org):
    await make(client)
    made = await client.post(f"{V}/sobjects/PermissionSet", json={"Name": "Crosswalk", "Label": "Crosswalk"})
    grants = {"ParentId": made.json()["id"], "SobjectType": "Lead", "Field": "Lead.Ext_Id__c", "PermissionsRead": True}
    await client.post(f"{V}/sobjects/FieldPermissions", json=grants)
    before = "Ext_Id__c" in await described(client)
    await client.post(f"{V}/sobjects/PermissionSetAssignment", json={"PermissionSetId": made.json()["id"], "AssigneeId": org.org.user.id})
    assert (before, "Ext_Id__c" in await described(client)) == (False, True)


async def test_a_second_field_of_the_name_is_refused(client):
    await make(client)
    reply = await make(client)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "DUPLICATE_DEVELOPER_NAME")


async def test_a_refused_field_leaves_no_trace(client):
    await make(client, label="Bad", type="Lookup", referenceTo="Nowhere__c", relationshipName="Bads")
    assert await tooling(client, "SELECT Id FROM CustomField") == []


@pytest.mark.parametrize(
    ("full_name", "metadata", "code"),
    [
        ("Lead.Ext_Id", TEXT, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Ext__Id__c", TEXT, "FIELD_INTEGRITY_EXCEPTION"),
        (f"Lead.{'a' * 41}__c", TEXT, "STRING_TOO_LONG"),
        ("Lead.A__c", {**TEXT, "label": "x" * 41}, "STRING_TOO_LONG"),
        ("Lead.A__c", {"label": "A", "type": "Text"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Date", "length": 3}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Text", "length": 256}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "LongTextArea", "length": 300}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Number", "precision": 19, "scale": 0}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Number"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Number", "precision": "x", "scale": 0}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Checkbox"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Checkbox", "defaultValue": "perhaps"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Checkbox", "defaultValue": "false", "required": True}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Picklist"}, "REQUIRED_FIELD_MISSING"),
        ("Lead.A__c", {"label": "A", "type": "Picklist", "valueSet": {"valueSetName": "None"}}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Url", "externalId": True}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Summary"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A", "type": "Magic"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.A__c", {"label": "A"}, "REQUIRED_FIELD_MISSING"),
        ("Lead.A__c", {"type": "Date"}, "REQUIRED_FIELD_MISSING"),
        ("Lead.A__c", {"label": "A", "type": "Lookup"}, "REQUIRED_FIELD_MISSING"),
        (
            "Lead.A__c",
            {"label": "A", "type": "MasterDetail", "referenceTo": "Account", "relationshipName": "As"},
            "FIELD_INTEGRITY_EXCEPTION",
        ),
        ("Lead.A__c", {"label": "A", "type": "Text", "length": 9, "defaultValue": "NOW()"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Nowhere.A__c", TEXT, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("A__c", TEXT, "FIELD_INTEGRITY_EXCEPTION"),
        ("", TEXT, "REQUIRED_FIELD_MISSING"),
    ],
)
async def test_a_definition_that_does_not_hold_together_is_refused(client, full_name, metadata, code):
    reply = await client.post(FIELDS, json={"FullName": full_name, "Metadata": metadata})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, code)


@pytest.mark.parametrize(
    ("metadata", "facts"),
    [
        ({"type": "TextArea"}, {"type": "textarea", "length": 255}),
        ({"type": "LongTextArea", "length": 32768, "visibleLines": 3}, {"type": "textarea", "length": 32768, "filterable": False}),
        ({"type": "Html", "length": 1000, "visibleLines": 3}, {"htmlFormatted": True, "extraTypeInfo": "richtextarea"}),
        ({"type": "Number", "precision": 5, "scale": 2}, {"type": "double", "precision": 5, "scale": 2}),
        ({"type": "Checkbox", "defaultValue": "true"}, {"type": "boolean", "defaultValue": True, "nillable": False}),
        ({"type": "DateTime"}, {"type": "datetime"}),
        ({"type": "Email"}, {"type": "email", "length": 80}),
        (
            {"type": "Lookup", "referenceTo": "Contact", "relationshipName": "Made"},
            {"referenceTo": ["Contact"], "relationshipName": "A__r"},
        ),
        ({"type": "AutoNumber", "displayFormat": "T-{000}"}, {"autoNumber": True, "createable": False}),
        ({"type": "Text", "length": 5, "defaultValue": '"x"'}, {"defaultValue": "x", "defaultedOnCreate": True}),
    ],
)
async def test_a_kind_of_field_becomes_its_describe(client, metadata, facts):
    await make(client, "Lead.A__c", label="A", **metadata)
    if metadata["type"] != "AutoNumber":
        await grant(client, "Lead.A__c")
    field = (await described(client))["A__c"]
    assert facts == {key: field[key] for key in facts}


async def test_picklist_values_are_described(client):
    values = [{"fullName": "a", "label": "A", "default": True}, {"fullName": "b", "default": False, "isActive": False}]
    await make(client, "Lead.A__c", label="A", type="Picklist", valueSet={"restricted": True, "valueSetDefinition": {"value": values}})
    await grant(client, "Lead.A__c")
    field = (await described(client))["A__c"]
    assert [(each["value"], each["label"], each["active"]) for each in field["picklistValues"]] == [("a", "A", True), ("b", "b", False)]


async def test_auto_numbers_count(client):
    await make(client, "Lead.Number__c", label="Number", type="AutoNumber", displayFormat="T-{000}")
    for _ in range(2):
        await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme"})
    assert [row["Number__c"] for row in await rows(client, "SELECT Number__c FROM Lead ORDER BY Id")] == ["T-001", "T-002"]


async def test_a_field_on_activity_is_on_tasks_and_events(client):
    await make(client, "Activity.Key__c", label="Key", type="Text", length=20, required=True)
    assert ["Key__c" in await described(client, name) for name in ("Task", "Event")] == [True, True]


async def test_custom_fields_are_found_by_object(client):
    await make(client)
    found = await tooling(client, "SELECT DeveloperName, TableEnumOrId FROM CustomField WHERE EntityDefinition.QualifiedApiName = 'Lead'")
    assert [(each["DeveloperName"], each["TableEnumOrId"]) for each in found] == [("Ext_Id", "Lead")]


async def test_records_of_the_tooling_api_have_its_address(client):
    made = (await make(client)).json()["id"]
    found = await tooling(client, "SELECT Id FROM CustomField")
    assert found[0]["attributes"] == {"type": "CustomField", "url": f"{V}/tooling/sobjects/CustomField/{made}"}


async def test_a_tooling_query_has_keys_of_its_own(client):
    body = (await client.get(f"{V}/tooling/query", params={"q": "SELECT Id FROM EntityDefinition LIMIT 3"})).json()
    assert (body["size"], body["entityTypeName"], body["queryLocator"], body["done"]) == (3, "EntityDefinition", None, True)


async def test_metadata_of_one_field_may_be_selected(client):
    await make(client)
    found = await tooling(client, "SELECT FullName, Metadata FROM CustomField")
    assert (found[0]["FullName"], found[0]["Metadata"]["length"]) == ("Lead.Ext_Id__c", 64)


async def test_metadata_of_several_fields_may_not_be_selected(client):
    await make(client)
    await make(client, "Lead.B__c", label="B", type="Date")
    reply = await client.get(f"{V}/tooling/query", params={"q": "SELECT Metadata FROM CustomField"})
    assert reply.json()[0]["errorCode"] == "MALFORMED_QUERY"


async def test_field_definitions_tell_data_types(client):
    found = await tooling(
        client, "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinitionId = 'Lead' AND QualifiedApiName = 'Company'"
    )
    assert found[0]["DataType"] == "Text(255)"


async def test_a_field_is_read_by_its_id(client):
    made = (await make(client)).json()["id"]
    body = (await client.get(f"{FIELDS}/{made}")).json()
    assert (body["FullName"], body["Metadata"]["label"]) == ("Lead.Ext_Id__c", "Ext Id")


async def test_a_field_is_changed(client):
    made = (await make(client)).json()["id"]
    reply = await client.patch(f"{FIELDS}/{made}", json={"Metadata": {**TEXT, "length": 80}})
    body = (await client.get(f"{FIELDS}/{made}")).json()
    assert (reply.status_code, body["Metadata"]["length"]) == (204, 80)


async def test_a_field_keeps_its_values_when_it_becomes_case_sensitive(client):
    made = (await make(client, label="Key", type="Text", length=10, unique=True, caseSensitive=False)).json()["id"]
    await grant(client, "Lead.Ext_Id__c")
    await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "k"})
    await client.patch(f"{FIELDS}/{made}", json={"Metadata": {**TEXT, "unique": True, "caseSensitive": True}})
    await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "K"})
    assert [each["Ext_Id__c"] for each in await rows(client, "SELECT Ext_Id__c FROM Lead ORDER BY Id")] == ["k", "K"]


async def test_a_field_with_the_same_value_twice_cannot_become_unique(client):
    made = (await make(client, label="Key", type="Text", length=10)).json()["id"]
    await grant(client, "Lead.Ext_Id__c")
    for _ in range(2):
        await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "k"})
    reply = await client.patch(f"{FIELDS}/{made}", json={"Metadata": TEXT})
    assert reply.json()[0]["errorCode"] == "DUPLICATE_VALUE"


async def test_a_text_cannot_become_a_date(client):
    made = (await make(client)).json()["id"]
    reply = await client.patch(f"{FIELDS}/{made}", json={"Metadata": {"label": "X", "type": "Date"}})
    assert reply.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


async def test_a_deleted_field_is_gone_with_its_values(client):
    made = (await make(client)).json()["id"]
    await grant(client, "Lead.Ext_Id__c")
    await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Ext_Id__c": "k"})
    deleted = await client.delete(f"{FIELDS}/{made}")
    await make(client)
    await grant(client, "Lead.Ext_Id__c")
    assert (deleted.status_code, (await rows(client, "SELECT Ext_Id__c FROM Lead"))[0]["Ext_Id__c"]) == (204, None)


async def test_more_than_25_external_ids_are_refused(client):
    for number in range(25):
        await make(client, f"Lead.K{number}__c", label="K", type="Text", length=10, externalId=True)
    reply = await make(client, "Lead.K25__c", label="K", type="Text", length=10, externalId=True)
    assert reply.status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"FullName": "Lead.A__c"}, "REQUIRED_FIELD_MISSING"),
        ({"FullName": "Lead.A__c", "Metadata": TEXT, "Colour": 1}, "INVALID_FIELD"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
async def test_a_component_is_a_full_name_and_metadata(client, body, code):
    assert (await client.post(FIELDS, json=body)).json()[0]["errorCode"] == code


async def test_objects_are_not_made_with_the_tooling_api(client):
    reply = await client.post(f"{V}/tooling/sobjects/CustomObject", json={"FullName": "A__c", "Metadata": {}})
    assert reply.json()[0]["errorCode"] == "INVALID_TYPE_FOR_OPERATION"


@pytest.mark.parametrize("path", ["CustomField/00NHr0000000009AAA", "CustomField/x", "Nothing", "Nothing/describe"])
async def test_what_the_tooling_api_does_not_have_is_not_found(client, path):
    assert (await client.get(f"{V}/tooling/sobjects/{path}")).status_code == 404


@pytest.mark.parametrize("path", ["", "/sobjects", "/sobjects/CustomField", "/sobjects/CustomField/describe"])
async def test_the_tooling_api_describes_itself(client, path):
    assert (await client.get(f"{V}/tooling{path}")).status_code == 200


async def test_anonymous_apex_succeeds_and_does_nothing(client):
    reply = await client.get(f"{V}/tooling/executeAnonymous/", params={"anonymousBody": "delete [SELECT Id FROM Lead];"})
    assert (reply.json()["compiled"], reply.json()["success"], reply.json()["line"]) == (True, True, -1)


async def test_a_field_outlives_snapshot_and_restore(client):
    await make(client)
    await grant(client, "Lead.Ext_Id__c")
    await client.post("/localorg/snapshot")
    made = (await tooling(client, "SELECT Id FROM CustomField"))[0]["Id"]
    await client.delete(f"{FIELDS}/{made}")
    await client.post("/localorg/restore")
    assert "Ext_Id__c" in await described(client)
