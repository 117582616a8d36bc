"""RudderStack, whole: an identify call goes in, and every trait of the table stands in its field of the Lead, with its type."""

import json
from pathlib import Path

import pytest
from tests.world import KEY_FIELD, identify, preset

from crosswalk.presets import loader
from crosswalk.store import tables
from localorg.custom_objects import custom_object

SAMPLES = Path(__file__).parents[1] / "samples" / "rudderstack"
ANN = "ann@x.example"
SALESFORCE = {"integrations": {"Salesforce": True}}
TRAITS = {
    "address": {
        "street": "Strandgaten 1",
        "city": "Bergen",
        "state": "Vestland",
        "stateCode": "46",
        "postalCode": "5013",
        "country": "Norway",
        "countryCode": "NO",
        "latitude": 60.39299,
        "longitude": 5.32415,
        "accuracy": "Street",
    },
    "company": {"name": "Acme", "industry": "Energy", "annualRevenue": 18_500_000, "employee_count": 240},
    "description": "Asked for prices\nand a call",
    "email": ANN,
    "firstName": "Ann",
    "lastName": "Ray",
    "geocodeAccuracy": "Street",
    "isUnreadByOwner": False,
    "jigsaw": "J-1",
    "LeadSource": "Webinar",
    "phone": "+47 55 55 01 00",
    "rating": "Hot",
    "salutation": "Ms.",
    "status": "Working - Contacted",
    "title": "Buyer",
    "website": "https://acme.example",
}
WRITTEN = {
    "Street": "Strandgaten 1",
    "City": "Bergen",
    "State": "Vestland",
    "PostalCode": "5013",
    "Country": "Norway",
    "Latitude": 60.39299,
    "Longitude": 5.32415,
    "Company": "Acme",
    "Industry": "Energy",
    "AnnualRevenue": 18_500_000,
    "NumberOfEmployees": 240,
    "Description": "Asked for prices\nand a call",
    "Email": ANN,
    "FirstName": "Ann",
    "LastName": "Ray",
    "GeocodeAccuracy": "Street",
    "IsUnreadByOwner": False,
    "Jigsaw": "J-1",
    "LeadSource": "Webinar",
    "Phone": "+47 55 55 01 00",
    "Rating": "Hot",
    "Salutation": "Ms.",
    "Status": "Working - Contacted",
    "Title": "Buyer",
    "Website": "https://acme.example",
}
NOT_OURS_TO_WRITE = {
    "convertedAccountId": "001000000000001AAA",
    "convertedContactId": "003000000000001AAA",
    "convertedDate": "2026-01-01",
    "convertedOpportunityId": "006000000000001AAA",
    "createdById": "005000000000001AAA",
    "createdAt": "2026-01-01T00:00:00Z",
    "id": "00Q000000000001AAA",
    "isConverted": True,
    "isDeleted": True,
    "jigsawContactId": "1",
    "lastActivityDate": "2026-01-01",
    "lastModifiedById": "005000000000001AAA",
    "lastModifiedDate": "2026-01-01T00:00:00Z",
    "lastReferencedDate": "2026-01-01T00:00:00Z",
    "lastViewedDate": "2026-01-01T00:00:00Z",
    "masterRecordId": "00Q000000000001AAA",
    "photoUrl": "https://photo.example/1",
    "systemModstamp": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


@pytest.fixture
def app(here):
    """Return a function that adds a source with the preset, or with what is made of it."""

    async def added(document=None):
        source = await here.add_source("rudderstack")
        await here.add_sync(source, document or preset("rudderstack"))
        return source

    return added


@pytest.fixture
def play(here):
    """Return a function that delivers one body and works it off."""

    async def played(source, body, path="/v1/identify"):
        await here.deliver(source, body, path)
        await here.drain()

    return played


def call(traits, **more):
    return {"type": "identify", "userId": "u1", "messageId": "m1", "traits": traits, **SALESFORCE, **more}


def named(*entries, traits, message="m1"):
    """Return a call that names its records itself."""
    return call(traits, messageId=message, context={"externalId": list(entries)})


async def one(here, object_name, *names):
    (found,) = await here.records(f"SELECT {', '.join(names)} FROM {object_name}")
    return dict(found)


async def notes(here):
    """Return code → places of all notes."""
    made = {}
    for step in await here.rows(tables.step_outcome):
        for code, place, _ in step["notes"] or []:
            made.setdefault(code, set()).add(place)
    return made


# --- the table --------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("RS-20")
async def test_every_trait_of_the_table_arrives_in_its_field_with_its_type(here, app, play):
    await play(await app(), call(TRAITS))
    assert await one(here, "Lead", *WRITTEN) == WRITTEN


@pytest.mark.shows("RS-20")
async def test_the_owner_arrives(here, app, play):
    somebody = here.org.org.human.id
    await play(await app(), call({"email": ANN, "ownerId": somebody}))
    assert await one(here, "Lead", "OwnerId") == {"OwnerId": somebody}


@pytest.mark.shows("RS-20")
async def test_what_can_be_set_on_existing_leads_alone_is_set_there(here, app, play):
    source = await app()
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    await play(source, call({"email": ANN, "emailBouncedReason": "no such box", "emailBouncedDate": "2026-03-01T10:00:00Z"}))
    assert await one(here, "Lead", "EmailBouncedReason", "EmailBouncedDate") == {
        "EmailBouncedReason": "no such box",
        "EmailBouncedDate": "2026-03-01T10:00:00.000+0000",
    }


@pytest.mark.shows("RS-20")
@pytest.mark.parametrize("name", ["city", "country", "postalCode", "state", "street", "latitude", "longitude"])
async def test_of_two_traits_for_one_field_the_left_one_wins(here, app, play, name):
    field = name[0].upper() + name[1:]
    left, right = (1.5, 2.5) if name.endswith("tude") else ("left", "right")
    await play(await app(), call({"email": ANN, "address": {name: left}, name: right}))
    assert await one(here, "Lead", field) == {field: left}


@pytest.mark.shows("RS-20")
@pytest.mark.parametrize("name", ["city", "country", "postalCode", "state", "street", "latitude", "longitude"])
async def test_the_right_one_of_two_traits_serves_where_the_left_one_is_missing(here, app, play, name):
    field = name[0].upper() + name[1:]
    right = 2.5 if name.endswith("tude") else "right"
    await play(await app(), call({"email": ANN, "address": {}, name: right}))
    assert await one(here, "Lead", field) == {field: right}


@pytest.mark.shows("RS-20")
async def test_the_company_may_be_a_plain_text(here, app, play):
    await play(await app(), call({"email": ANN, "company": "Acme"}))
    assert await one(here, "Lead", "Company") == {"Company": "Acme"}


@pytest.mark.shows("RS-10")
async def test_the_sample_of_the_documentation_makes_its_lead(here, app, play):
    traits = {
        "name": "Alex Keener",
        "title": "Mr.",
        "email": "alex@example.com",
        "company": "Google Inc.",
        "phone": "+1-202-555-0146",
        "rating": "Hot",
        "city": "New Orleans",
        "postalCode": "90002",
        "country": "US",
        "street": "Blue Gum Street",
        "state": "LA",
    }
    await play(await app(), call(traits))
    expected = {name[0].upper() + name[1:]: value for name, value in traits.items() if name != "name"}
    expected |= {"FirstName": "Alex", "LastName": "Keener"}
    assert await one(here, "Lead", *expected) == expected


@pytest.mark.shows("RS-22")
async def test_traits_that_are_not_ours_to_write_do_not_fail_the_call(here, app, play):
    await play(await app(), call({"email": ANN, "lastName": "Ray", **NOT_OURS_TO_WRITE}))
    assert (await one(here, "Lead", "LastName"), await here.states()) == ({"LastName": "Ray"}, {"written": 1})


@pytest.mark.shows("RS-22")
async def test_traits_that_are_not_ours_to_write_are_noted(here, app, play):
    await play(await app(), call({"email": ANN, **NOT_OURS_TO_WRITE}))
    places = (await notes(here))["not_writable"]
    assert {"lead.CreatedDate", "lead.Id", "lead.PhotoUrl", "lead.SystemModstamp"} <= places


@pytest.mark.shows("RS-22")
async def test_rows_of_fields_the_org_lacks_are_noted_and_not_sent(here, app, play):
    await play(await app(), call({"email": ANN, "address": {"stateCode": "46", "countryCode": "NO"}}))
    assert {"lead.StateCode", "lead.CountryCode"} <= (await notes(here))["not_in_org"]


@pytest.mark.shows("RS-23")
@pytest.mark.parametrize(
    ("traits", "first", "last"),
    [
        ({"name": "Mary Ann Smith"}, "Mary", "Ann Smith"),
        ({"name": "Cher"}, None, "Cher"),
        ({"name": " Cher "}, None, "Cher"),
        ({"name": "Mary Smith", "firstName": "Maria"}, "Maria", "Smith"),
        ({"name": "Mary Smith", "lastName": "Jones"}, "Mary", "Jones"),
        ({"firstName": "Ann"}, "Ann", "n/a"),
    ],
)
async def test_a_name_is_split_where_its_parts_are_missing(here, app, play, traits, first, last):
    await play(await app(), call({"email": ANN, **traits}))
    assert await one(here, "Lead", "FirstName", "LastName") == {"FirstName": first, "LastName": last}


# --- custom traits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("RS-13")
@pytest.mark.parametrize(
    ("kind", "given", "stands"),
    [
        ({"type": "string", "length": 80}, "value", "value"),
        ({"type": "boolean"}, True, True),
        ({"type": "double", "precision": 18, "scale": 2}, 12.5, 12.5),
        ({"type": "date"}, "2026-03-31", "2026-03-31"),
    ],
    ids=lambda one: one["type"] if isinstance(one, dict) else "",
)
async def test_a_custom_trait_goes_to_the_custom_field_of_its_name(here, app, play, kind, given, stands):
    await here.add_field("Lead", "newProp__c", **kind)
    await play(await app(), call({"email": ANN, "newProp": given}))
    assert await one(here, "Lead", "newProp__c") == {"newProp__c": stands}


@pytest.mark.shows("RS-13", "P5")
@pytest.mark.parametrize(("kind", "value"), [({"type": "boolean"}, False), ({"type": "double", "precision": 9, "scale": 0}, 0)])
async def test_false_and_zero_are_custom_values_too(here, app, play, kind, value):
    await here.add_field("Lead", "newProp__c", **kind)
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN, "newProp__c": True if value is False else 7})
    await play(await app(), call({"email": ANN, "newProp": value}))
    assert await one(here, "Lead", "newProp__c") == {"newProp__c": value}


@pytest.mark.shows("RS-14")
async def test_a_trait_without_a_field_is_left_out_and_the_rest_written(here, app, play):
    await play(await app(), call({"email": ANN, "lastName": "Ray", "newProp": "value"}))
    assert (await one(here, "Lead", "LastName"), await here.states()) == ({"LastName": "Ray"}, {"written": 1})


@pytest.mark.shows("RS-14")
@pytest.mark.parametrize("unfit", ["abc", [1, 2], {"a": 1}, "9" * 400], ids=["text", "list", "object", "too many digits"])
async def test_a_custom_trait_that_does_not_fit_its_field_is_left_out_and_noted_and_the_rest_written(here, app, play, unfit):
    await here.add_field("Lead", "newProp__c", type="double", precision=9, scale=0)
    await play(await app(), call({"email": ANN, "lastName": "Ray", "newProp": unfit}))
    noted = {place for places in (await notes(here)).values() for place in places}
    assert (await one(here, "Lead", "LastName", "newProp__c"), "lead.newProp" in noted) == ({"LastName": "Ray", "newProp__c": None}, True)


@pytest.mark.shows("RS-14")
async def test_a_trait_without_a_field_is_noted_with_the_name_it_would_need(here, app, play):
    await play(await app(), call({"email": ANN, "newProp": "value"}))
    (step,) = await here.rows(tables.step_outcome, step="person")
    (sentence,) = {sentence for code, place, sentence in step["notes"] if place == "lead.newProp"}
    assert "newProp__c" in sentence
    assert "Create the field" in sentence


@pytest.mark.shows("RS-15")
async def test_a_trait_whose_capitals_differ_is_hinted_at_and_not_written(here, app, play):
    await here.add_field("Lead", "newProp__c", type="string", length=80)
    await play(await app(), call({"email": ANN, "newprop": "value"}))
    assert (await one(here, "Lead", "newProp__c"), "case_differs" in await notes(here)) == ({"newProp__c": None}, True)


@pytest.mark.shows("RS-33")
async def test_the_wider_table_takes_a_trait_from_the_custom_field_to_its_own(here, app, play):
    await here.add_field("Lead", "mobilePhone__c", type="string", length=40)
    document = dict(loader.load("rudderstack", ["present_tables"]).document)
    await play(await app(document), call({"email": ANN, "mobilePhone": "+47 1"}))
    assert await one(here, "Lead", "MobilePhone", "mobilePhone__c") == {"MobilePhone": "+47 1", "mobilePhone__c": None}


@pytest.mark.shows("RS-33")
async def test_without_the_wider_table_the_trait_goes_to_the_custom_field(here, app, play):
    await here.add_field("Lead", "mobilePhone__c", type="string", length=40)
    await play(await app(), call({"email": ANN, "mobilePhone": "+47 1"}))
    assert await one(here, "Lead", "MobilePhone", "mobilePhone__c") == {"MobilePhone": None, "mobilePhone__c": "+47 1"}


AS_FIELDS = {"Email": ANN, "LastName": "Ray", "Company": "Acme", "Title": "Buyer", "newProp__c": "blue", "firstName": "Ann"}


@pytest.mark.shows("RS-05")
@pytest.mark.parametrize(
    ("options", "written"),
    [
        ([], {"LastName": "n/a", "Company": "n/a", "Title": None, "newProp__c": "blue", "FirstName": "Ann"}),
        (["traits_as_they_are"], {"LastName": "Ray", "Company": "Acme", "Title": "Buyer", "newProp__c": "blue", "FirstName": "Ann"}),
    ],
    ids=["mapped", "as they are"],
)
async def test_one_call_under_both_settings_of_the_mapping(here, app, play, options, written):
    await here.add_field("Lead", "newProp__c", type="string", length=80)
    document = dict(loader.load("rudderstack", options).document)
    await play(await app(document), call({**AS_FIELDS, "email": ANN}))
    assert await one(here, "Lead", *written) == written


@pytest.mark.shows("RS-05")
@pytest.mark.parametrize("key", ["Email", "email"])
@pytest.mark.parametrize("object_name", ["Lead", "Contact"])
async def test_with_traits_as_they_are_the_person_is_still_found_by_the_email(here, app, play, object_name, key):
    await here.seed(object_name, {"LastName": "Ray", "Email": ANN, **({"Company": "Acme"} if object_name == "Lead" else {})})
    document = dict(loader.load("rudderstack", ["traits_as_they_are"]).document)
    await play(await app(document), call({key: ANN, "Title": "Buyer"}))
    assert await one(here, object_name, "LastName", "Title") == {"LastName": "Ray", "Title": "Buyer"}


@pytest.mark.shows("RS-05")
async def test_with_traits_as_they_are_a_trait_of_the_table_goes_nowhere_but_to_a_field_of_its_name(here, app, play):
    document = dict(loader.load("rudderstack", ["traits_as_they_are"]).document)
    await play(await app(document), call({"Email": ANN, "LastName": "Ray", "postalCode": "5013", "address": {"city": "Bergen"}}))
    assert await one(here, "Lead", "PostalCode", "City") == {"PostalCode": "5013", "City": None}


# --- records the call names itself ------------------------------------------------------------------------------------------------


@pytest.fixture
async def invoices(here):
    """Give the org a custom object."""
    definition = {"label": "Invoice", "pluralLabel": "Invoices", "nameField": {"label": "Invoice Name", "type": "Text"}}
    here.org.org.add_object(custom_object("Invoice__c", definition, 7))
    await here.add_field("Invoice__c", "Total__c", type="double", precision=18, scale=2)
    await here.add_field("Invoice__c", KEY_FIELD, type="string", length=80, unique=True, externalId=True)


@pytest.mark.shows("RS-16", "RS-17", "RS-19", "RS-24")
async def test_a_custom_object_is_created_with_the_traits_as_they_are(here, app, play, invoices):
    await play(await app(), named({"type": "Salesforce-Invoice__c"}, traits={"Name": "2026-1", "Total__c": 12.5}))
    assert await one(here, "Invoice__c", "Name", "Total__c") == {"Name": "2026-1", "Total__c": 12.5}


@pytest.mark.shows("RS-17", "RS-24")
async def test_a_custom_object_is_updated_by_its_id(here, app, play, invoices):
    (invoice,) = await here.seed("Invoice__c", {"Name": "2026-1", "Total__c": 1})
    await play(await app(), named({"type": "Salesforce-Invoice__c", "id": invoice}, traits={"Total__c": 12.5}))
    assert await one(here, "Invoice__c", "Name", "Total__c") == {"Name": "2026-1", "Total__c": 12.5}


@pytest.mark.shows("RS-16", "RS-17")
async def test_a_contact_is_updated_by_its_id_and_nobody_is_looked_up(here, app, play):
    (contact,) = await here.seed("Contact", {"LastName": "Ray", "Email": "other@x.example"})
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    await play(await app(), named({"type": "Salesforce-Contact", "id": contact}, traits={"Email": ANN, "Department": "Sales"}))
    found = await one(here, "Contact", "Email", "Department"), await one(here, "Lead", "LastModifiedById", "CreatedById")
    assert found[0] == {"Email": ANN, "Department": "Sales"}
    assert found[1]["LastModifiedById"] == found[1]["CreatedById"]


@pytest.mark.shows("RS-17")
async def test_a_call_with_an_id_updates_and_one_without_creates(here, app, play):
    source = await app()
    (contact,) = await here.seed("Contact", {"LastName": "Ray"})
    await play(source, named({"type": "Salesforce-Contact", "id": contact}, traits={"LastName": "Smith"}))
    await play(source, named({"type": "Salesforce-Contact"}, traits={"LastName": "Jones"}, message="m2"))
    names = await here.records("SELECT LastName FROM Contact ORDER BY CreatedDate, Id")
    assert names == [{"LastName": "Smith"}, {"LastName": "Jones"}]


@pytest.mark.shows("RS-17")
async def test_an_id_of_fifteen_characters_is_the_same_record(here, app, play):
    (contact,) = await here.seed("Contact", {"LastName": "Ray"})
    await play(await app(), named({"type": "Salesforce-Contact", "id": contact[:15]}, traits={"LastName": "Smith"}))
    assert await one(here, "Contact", "Id", "LastName") == {"Id": contact, "LastName": "Smith"}


@pytest.mark.shows("RS-18")
async def test_of_three_records_with_one_wrong_id_two_are_written_and_one_held(here, app, play, invoices):
    (invoice,) = await here.seed("Invoice__c", {"Name": "2026-1"})
    entries = [
        {"type": "Salesforce-Invoice__c", "id": invoice},
        {"type": "Salesforce-Account"},
        {"type": "Salesforce-Contact", "id": "003000000000001AAA"},
        {"type": "brazeExternalId", "id": "bz-1"},
    ]
    await play(await app(), named(*entries, traits={"Name": "Acme"}))
    ends = {step["step"]: (step["state"], step["reason"]) for step in await here.rows(tables.step_outcome)}
    assert ends == {
        "named:Invoice__c": ("written", None),
        "named:Account": ("written", None),
        "named:Contact": ("held", "rejected"),
    }


@pytest.mark.shows("RS-19")
async def test_on_a_contact_the_traits_arrive_as_they_are(here, app, play):
    await play(await app(), named({"type": "Salesforce-Contact"}, traits={"FirstName": "Ann", "LastName": "Ray"}))
    assert await one(here, "Contact", "FirstName", "LastName") == {"FirstName": "Ann", "LastName": "Ray"}


@pytest.mark.shows("RS-19")
async def test_on_a_lead_the_table_is_used(here, app, play):
    await play(await app(), named({"type": "Salesforce-Lead"}, traits={"firstName": "Ann", "lastName": "Ray", "email": ANN}))
    assert await one(here, "Lead", "FirstName", "LastName", "Company") == {"FirstName": "Ann", "LastName": "Ray", "Company": "n/a"}


@pytest.mark.shows("RS-19")
async def test_without_named_records_a_lead_is_made(here, app, play):
    await play(await app(), call({"email": ANN, "firstName": "Ann"}, context={"externalId": [{"type": "brazeExternalId", "id": "bz-1"}]}))
    assert await one(here, "Lead", "FirstName") == {"FirstName": "Ann"}


@pytest.mark.shows("RS-24")
@pytest.mark.parametrize(
    ("object_name", "traits"),
    [("Task", {"Subject": "Call back", "ActivityDate": "2026-03-31"}), ("Case", {"Subject": "Broken", "Origin": "Web"})],
)
async def test_tasks_and_cases_are_created(here, app, play, object_name, traits):
    await play(await app(), named({"type": f"Salesforce-{object_name}"}, traits=traits))
    assert await one(here, object_name, *traits) == traits


@pytest.mark.shows("RS-24", "P3")
async def test_a_case_is_made_once_although_the_call_comes_again_and_the_reply_was_lost(here, app, play):
    source = await app()
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    for _ in range(2):
        await play(source, named({"type": "Salesforce-Case"}, traits={"Subject": "Broken"}))
    assert len(await here.records("SELECT Id FROM Case")) == 1


@pytest.mark.shows("RS-16")
async def test_an_object_the_org_does_not_have_is_held(here, app, play):
    await play(await app(), named({"type": "Salesforce-Visit_Report__c"}, traits={"Name": "1"}))
    assert await here.states() == {"held(rejected)": 1}


# --- records a warehouse names by a field of theirs -------------------------------------------------------------------------------


@pytest.fixture
async def warehouse(here):
    """Return the sample of a warehouse's event, a source that takes it, and the field it names."""
    await here.add_field("Account", "ERP_Number__c", type="string", length=40, externalId=True)
    document = preset("rudderstack") | {"opt_in": {"mode": "server", "name": "Salesforce"}}
    source = await here.add_source("rudderstack")
    await here.add_sync(source, document)
    return source, json.loads((SAMPLES / "identify_warehouse_mapped.json").read_text("utf-8"))


@pytest.mark.shows("RS-16", "RS-19", "RS-24")
async def test_a_record_of_a_warehouse_is_found_by_the_field_the_event_names(here, play, warehouse):
    await here.seed("Account", {"Name": "Kestrel", "ERP_Number__c": "KL-00917"}, {"Name": "Other", "ERP_Number__c": "KL-1"})
    await play(*warehouse)
    found = await here.records("SELECT Name, NumberOfEmployees, BillingCity, ERP_Number__c FROM Account ORDER BY Name")
    assert [tuple(one.values()) for one in found] == [("Kestrel Logistics", 78, "Leeds", "KL-00917"), ("Other", None, None, "KL-1")]


@pytest.mark.shows("RS-16", "RS-24", "P3")
async def test_a_record_of_a_warehouse_that_is_not_there_is_made_once(here, play, warehouse):
    source, event = warehouse
    await here.fault(match={"resource": "collections", "times": 1}, do="drop_after_commit")
    for number in range(2):
        await play(source, {**event, "messageId": f"m{number}"})
    assert await one(here, "Account", "Name", "ERP_Number__c") == {"Name": "Kestrel Logistics", "ERP_Number__c": "KL-00917"}


async def test_of_several_records_of_a_warehouse_none_is_guessed(here, play, warehouse):
    await here.seed("Account", *({"Name": name, "ERP_Number__c": "KL-00917"} for name in ("One", "Two")))
    await play(*warehouse)
    assert await here.states() == {"held(too_many)": 1}


@pytest.mark.parametrize("named", ["No_Such_Field__c", "ERP_Number__c' OR Name != '"])
async def test_a_field_the_org_lacks_holds_the_event_of_a_warehouse(here, play, warehouse, named):
    source, event = warehouse
    event["context"]["externalId"][0]["identifierType"] = named
    await play(source, event)
    assert await here.states() == {"held(rejected)": 1}


async def test_a_warehouse_may_name_the_record_by_its_id_too(here, play, warehouse):
    source, event = warehouse
    (account,) = await here.seed("Account", {"Name": "Kestrel"})
    event["context"]["externalId"] = [{"type": "SALESFORCE-account", "id": account, "identifierType": "Id"}]
    await play(source, event)
    assert await one(here, "Account", "Id", "BillingCity") == {"Id": account, "BillingCity": "Leeds"}


@pytest.mark.shows("RS-19")
async def test_the_lead_of_a_warehouse_takes_the_traits_as_they_are(here, play, warehouse):
    source, event = warehouse
    await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN})
    event["context"]["externalId"] = [{"type": "SALESFORCE_OAUTH-Lead", "id": ANN, "identifierType": "Email"}]
    await play(source, {**event, "traits": {"LastName": "Smith", "Title": "Buyer"}})
    assert await one(here, "Lead", "LastName", "Title", "Company") == {"LastName": "Smith", "Title": "Buyer", "Company": "Acme"}


# --- kinds of calls and places of traits ------------------------------------------------------------------------------------------


@pytest.mark.shows("RS-30")
async def test_of_six_types_of_calls_one_is_written_and_five_are_unrouted(here, app, play):
    kinds = ["identify", "track", "page", "screen", "group", "alias"]
    common = {**call({"email": ANN}), "event": "Opened", "groupId": "g", "previousId": "p"}
    calls = [{**common, "type": kind, "messageId": f"m-{kind}"} for kind in kinds]
    await play(await app(), json.dumps({"batch": calls}).encode(), "/v1/batch")
    statuses = {one["type"]: one["status"] for one in await here.rows(tables.event)}
    assert (statuses, await here.states()) == ({kind: "routed" if kind == "identify" else "unrouted" for kind in kinds}, {"written": 1})


@pytest.mark.shows("RS-31")
@pytest.mark.parametrize("client", ["identify_python_sdk", "identify_node_sdk", "identify_segment_python"])
async def test_calls_of_every_client_make_the_lead_of_their_traits(here, app, play, client):
    body = json.loads((SAMPLES / f"{client}.json").read_text("utf-8"))["request"]["body"]
    entry = body["batch"][0]
    traits = entry.get("traits") or entry["context"]["traits"]
    await play(await app(), json.dumps(body).encode(), "/v1/batch")
    company = traits["company"]
    assert await one(here, "Lead", "Email", "Company") == {
        "Email": traits["email"],
        "Company": company["name"] if isinstance(company, dict) else company,
    }


@pytest.mark.shows("RS-31")
@pytest.mark.parametrize("place", ["root", "context", "both", "web"])
async def test_four_shapes_of_a_call_make_the_same_lead(here, app, play, place):
    traits = {"email": ANN, "name": "Ann Ray", "company": "Acme"}
    shapes = {
        "root": call(traits),
        "context": call({}, context={"traits": traits}),
        "both": call(traits, context={"traits": traits}),
        "web": call(None, context={"traits": traits, "library": {"name": "RudderLabs JavaScript SDK"}}, channel="web"),
    }
    await play(await app(), shapes[place])
    assert await one(here, "Lead", "Email", "FirstName", "LastName", "Company") == {
        "Email": ANN,
        "FirstName": "Ann",
        "LastName": "Ray",
        "Company": "Acme",
    }


@pytest.mark.shows("RS-31")
async def test_root_traits_win_over_those_of_the_context(here, app, play):
    context = {"traits": {"email": "context@x.example", "title": "Context", "phone": "1"}}
    await play(await app(), call({"email": ANN, "title": "Root"}, context=context))
    assert await one(here, "Lead", "Email", "Title", "Phone") == {"Email": ANN, "Title": "Root", "Phone": "1"}


@pytest.mark.shows("RS-11", "RS-30", "RS-31")
async def test_the_mixed_batch_writes_whom_it_asks_for(here, app, play):
    batch = json.loads((SAMPLES / "batch_mixed.json").read_text("utf-8"))
    here.clock.advance(2 * 86_400)
    await play(await app(), json.dumps(batch).encode(), "/v1/batch")
    found = await here.records("SELECT Email, FirstName, LastName FROM Lead ORDER BY Email")
    assert [tuple(one.values()) for one in found] == [
        ("ines@fjordkraft.example", "Ines", "Moe Halvorsen"),
        ("root@wins.example", "Root", "Context"),
    ]


@pytest.mark.shows("RS-32")
async def test_a_call_without_email_and_named_records_is_skipped(here, app, play):
    await play(await app(), {"type": "identify", "anonymousId": "a1", "messageId": "m1", "traits": {"plan": "trial"}, **SALESFORCE})
    assert (await here.states(), await here.records("SELECT Id FROM Lead")) == ({"skipped(no_match_key)": 1}, [])


@pytest.mark.shows("RS-02")
async def test_one_identify_is_enough(here, app, play):
    await play(await app(), identify(ANN, "m1", lastName="Ray"))
    assert await one(here, "Lead", "Email", "LastName") == {"Email": ANN, "LastName": "Ray"}
