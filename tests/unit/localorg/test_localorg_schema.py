import json
from dataclasses import replace
from importlib import resources

import pytest

from localorg import object_files, tables
from localorg.schema import Field, FieldType, ObjectType


@pytest.fixture
def schema():
    return object_files.standard_schema()


def test_objects_are_found_whatever_their_case(schema):
    assert schema.object("lead").name == "Lead"


def test_fields_are_found_whatever_their_case(schema):
    assert schema.object("Lead").field("LASTNAME").name == "LastName"


def test_every_object_file_is_loaded(schema):
    files = {each.name.removesuffix(".json") for each in resources.files("localorg.objects").iterdir() if each.name.endswith(".json")}
    assert files == {each.name for each in schema.objects()}


def test_object_files_state_nothing_that_follows_from_the_type():
    stated = [
        (entry.name, field["name"], key)
        for entry in resources.files("localorg.objects").iterdir()
        if entry.name.endswith(".json")
        for field in json.loads(entry.read_text(encoding="utf-8"))["fields"]
        for key, value in object_files.type_defaults(FieldType(field["type"])).items()
        if key in field and field[key] == value
    ]
    assert stated == []


def test_a_lead_needs_a_last_name_and_a_company(schema):
    assert [each.name for each in schema.object("Lead").columns if each.required] == ["LastName", "Company"]


def test_record_types_are_a_feature_a_fresh_org_lacks(schema):
    assert schema.object("Account").field("RecordTypeId") is None


def test_compound_fields_have_no_column(schema):
    assert "Address" not in [each.name for each in schema.object("Lead").columns]


def test_children_are_named_as_the_parent_names_them(schema):
    found = {(each.child_object, each.field): each.relationship_name for each in schema.children("campaign")}
    assert found["CampaignMember", "CampaignId"] == "CampaignMembers"


def test_a_lookup_the_parent_does_not_name_is_a_child_without_a_name(schema):
    found = {(each.child_object, each.field): each.relationship_name for each in schema.children("User")}
    assert found["Lead", "CreatedById"] is None


def test_an_added_field_is_there_and_raises_the_version(schema):
    before = schema.version
    schema.add_field("Lead", Field("Key__c", "Key", FieldType.STRING, length=64, custom=True))
    assert (schema.object("Lead").field("key__c").length, schema.version) == (64, before + 1)


def test_a_removed_field_is_gone(schema):
    schema.remove_field("Lead", "Title")
    assert schema.object("Lead").field("Title") is None


def test_a_view_hides_fields_from_itself_alone(schema):
    view = schema.without({"Lead.Title"})
    assert (view.object("Lead").field("Title"), schema.object("Lead").field("Title").name) == (None, "Title")


def test_tables_have_exactly_the_columns_of_the_schema(schema):
    connection = tables.connect(None)
    tables.create(connection, schema)
    found = [row["name"] for row in connection.execute('PRAGMA table_info("CampaignMember")')]
    connection.close()
    assert found == [each.name for each in schema.object("CampaignMember").columns]


def test_a_field_added_later_becomes_a_column(schema):
    connection = tables.connect(None)
    tables.create(connection, schema)
    schema.add_field("Lead", Field("Flag__c", "Flag", FieldType.BOOLEAN, nillable=False, custom=True))
    tables.create(connection, schema)
    connection.execute('INSERT INTO "Lead" ("Id") VALUES (1)')
    flag = connection.execute('SELECT "Flag__c" FROM "Lead"').fetchone()[0]
    connection.close()
    assert flag == 0


def test_text_compares_without_case_unless_the_field_is_unique_and_case_sensitive():
    plain = Field("A", "A", FieldType.STRING)
    assert (plain.sql_type, replace(plain, unique=True, case_sensitive=True).sql_type) == ("TEXT COLLATE NOCASE", "TEXT")


def test_an_object_without_a_name_field_says_so():
    assert ObjectType("X", "X", "Xs", "a00", {}).name_field is None
