import pytest

from localorg.settings import OrgSettings, Switches
from localorg.testing import HOST, LocalOrg

V = "/services/data/v60.0"
OBJECT_KEYS = [
    "actionOverrides",
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "childRelationships",
    "compactLayoutable",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "defaultImplementation",
    "deletable",
    "deprecatedAndHidden",
    "extendedBy",
    "extendsInterfaces",
    "feedEnabled",
    "fields",
    "hasSubtypes",
    "implementedBy",
    "implementsInterfaces",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "listviewable",
    "lookupLayoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "namedLayoutInfos",
    "networkScopeFieldName",
    "queryable",
    "recordTypeInfos",
    "replicateable",
    "retrieveable",
    "searchLayoutable",
    "searchable",
    "sobjectDescribeOption",
    "supportedScopes",
    "triggerable",
    "undeletable",
    "updateable",
    "urls",
]
FIELD_KEYS = [
    "aggregatable",
    "aiPredictionField",
    "autoNumber",
    "byteLength",
    "calculated",
    "calculatedFormula",
    "cascadeDelete",
    "caseSensitive",
    "compoundFieldName",
    "controllerName",
    "createable",
    "custom",
    "defaultValue",
    "defaultValueFormula",
    "defaultedOnCreate",
    "dependentPicklist",
    "deprecatedAndHidden",
    "digits",
    "displayLocationInDecimal",
    "encrypted",
    "externalId",
    "extraTypeInfo",
    "filterable",
    "filteredLookupInfo",
    "formulaTreatNullNumberAsZero",
    "groupable",
    "highScaleNumber",
    "htmlFormatted",
    "idLookup",
    "inlineHelpText",
    "label",
    "length",
    "mask",
    "maskType",
    "name",
    "nameField",
    "namePointing",
    "nillable",
    "permissionable",
    "picklistValues",
    "polymorphicForeignKey",
    "precision",
    "queryByDistance",
    "referenceTargetField",
    "referenceTo",
    "relationshipName",
    "relationshipOrder",
    "restrictedDelete",
    "restrictedPicklist",
    "scale",
    "searchPrefilterable",
    "soapType",
    "sortable",
    "type",
    "unique",
    "updateable",
    "writeRequiresMasterRead",
]
ENTRY_KEYS = [
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
    "urls",
]


async def fields(client, name="Lead"):
    reply = await client.get(f"{V}/sobjects/{name}/describe")
    return {each["name"]: each for each in reply.json()["fields"]}


async def test_versions_need_no_login(org):
    async with org.client(headers={"Authorization": ""}) as nobody:
        found = (await nobody.get("/services/data")).json()
    assert [found[0], found[-1]["version"], found[16]["label"]] == [
        {"label": "Winter '21", "url": "/services/data/v50.0", "version": "50.0"},
        "68.0",
        "Spring '26",
    ]


async def test_the_resources_of_a_version_name_the_identity(client, org):
    found = (await client.get(f"{V}/")).json()
    assert (found["query"], found["identity"]) == (f"{V}/query", f"{HOST}/id/{org.org.settings.org_id}/{org.org.user.id}")


async def test_the_list_of_objects_has_every_key(client):
    found = (await client.get(f"{V}/sobjects")).json()
    assert (found["encoding"], found["maxBatchSize"], sorted(found["sobjects"][0])) == ("UTF-8", 200, ENTRY_KEYS)


async def test_the_describe_of_an_object_has_every_key(client):
    assert sorted((await client.get(f"{V}/sobjects/Lead/describe")).json()) == sorted(OBJECT_KEYS)


async def test_the_describe_of_a_field_has_every_key(client):
    assert sorted((await fields(client))["Email"]) == sorted(FIELD_KEYS)


async def test_every_object_has_the_master_record_type(client):
    (only,) = (await client.get(f"{V}/sobjects/Case/describe")).json()["recordTypeInfos"]
    assert (only["recordTypeId"], only["master"]) == ("012000000000000AAA", True)


async def test_a_picklist_shows_its_values(client):
    assert (await fields(client))["Status"]["picklistValues"][0] == {
        "active": True,
        "defaultValue": True,
        "label": "Open - Not Contacted",
        "validFor": None,
        "value": "Open - Not Contacted",
    }


async def test_text_has_three_bytes_a_character_and_ids_one(client):
    found = await fields(client)
    assert [found["LastName"]["byteLength"], found["Id"]["byteLength"]] == [240, 18]


async def test_the_short_describe_is_the_entry_of_the_list(client):
    found = (await client.get(f"{V}/sobjects/Lead")).json()
    assert (sorted(found["objectDescribe"]), found["recentItems"]) == (ENTRY_KEYS, [])


async def test_an_unchanged_describe_is_not_modified(client):
    first = await client.get(f"{V}/sobjects/Lead/describe")
    again = await client.get(f"{V}/sobjects/Lead/describe", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_new_field_is_a_modification(client, clock):
    first = await client.get(f"{V}/sobjects/Lead/describe")
    clock.advance(5)
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c"})
    again = await client.get(f"{V}/sobjects/Lead/describe", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (again.status_code, again.headers["ETag"] == first.headers["ETag"]) == (200, False)


async def test_an_unreadable_condition_is_ignored(client):
    reply = await client.get(f"{V}/sobjects/Lead/describe", headers={"If-Modified-Since": "yesterday"})
    assert reply.status_code == 200


@pytest.mark.parametrize(("silent", "status"), [(True, 304), (False, 200)])
async def test_a_change_of_permissions_may_leave_the_describe_unmodified(clock, silent, status):
    org = LocalOrg(OrgSettings(switches=Switches(describe_304_on_permission_change=silent)), clock)
    async with org.client() as client:
        first = await client.get(f"{V}/sobjects/Lead/describe")
        clock.advance(5)
        await client.post("/localorg/permissions", json={"hidden": ["Lead.Title"]})
        again = await client.get(f"{V}/sobjects/Lead/describe", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    await org.close()
    assert again.status_code == status


async def test_a_hidden_field_is_absent_everywhere(clock):
    org = LocalOrg(OrgSettings(hidden_fields=frozenset({"Lead.Title"})), clock)
    async with org.client() as client:
        described = "Title" in await fields(client)
        written = await client.post(f"{V}/sobjects/Lead", json={"LastName": "Berg", "Company": "Acme", "Title": "CEO"})
        asked = await client.get(f"{V}/query", params={"q": "SELECT Title FROM Lead"})
    await org.close()
    assert [described, written.json()[0]["errorCode"], asked.json()[0]["errorCode"]] == [False, "INVALID_FIELD", "INVALID_FIELD"]


async def test_a_custom_field_shows_what_it_was_defined_with(client):
    definition = {
        "object": "Lead",
        "name": "Level__c",
        "type": "picklist",
        "picklist": ["Low", "High"],
        "restricted": True,
        "default": "Low",
    }
    await client.post("/localorg/fields", json=definition)
    found = (await fields(client))["Level__c"]
    names = [each["value"] for each in found["picklistValues"]]
    assert [found["custom"], found["label"], names, found["restrictedPicklist"]] == [True, "Level", ["Low", "High"], True]


async def test_a_key_field_is_external_unique_and_good_for_lookups(client):
    await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "length": 64, "unique": True, "externalId": True})
    found = (await fields(client))["Key__c"]
    assert [found["length"], found["externalId"], found["unique"], found["idLookup"], found["nillable"]] == [64, True, True, True, True]


async def test_a_custom_lookup_shows_at_its_parent(client):
    definition = {"object": "Lead", "name": "Partner__c", "type": "reference", "referenceTo": "Account"}
    await client.post("/localorg/fields", json=definition)
    children = (await client.get(f"{V}/sobjects/Account/describe")).json()["childRelationships"]
    found = (await fields(client))["Partner__c"]
    assert [found["relationshipName"], any(each["field"] == "Partner__c" for each in children)] == ["Partner__r", True]


async def test_a_deleted_field_is_gone(client):
    await client.request("DELETE", "/localorg/fields", json={"object": "Lead", "name": "Title"})
    assert "Title" not in await fields(client)


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({"object": "Lead", "name": "Key"}, "the name of a custom field ends in __c: Key__c?"),
        ({"object": "Nothing", "name": "Key__c"}, "there is no object 'Nothing'"),
        ({"object": "Lead"}, "missing 'name'"),
    ],
)
async def test_a_bad_definition_is_explained(client, definition, sentence):
    reply = await client.post("/localorg/fields", json=definition)
    assert (reply.status_code, reply.json()) == (400, {"error": sentence})


async def test_an_unknown_type_lists_the_types(client):
    reply = await client.post("/localorg/fields", json={"object": "Lead", "name": "Key__c", "type": "txt"})
    assert reply.json()["error"].startswith("there is no field type 'txt'; types are id, reference, string")
