"""B7: a person is found by a phone number that the org spells in another way, and by any other field an admin may choose as key."""

import json

import pytest
from tests.flow.mappings import MATCH, calls, row
from tests.world import identify

TITLE = row("Title", "title", update="overwrite")
BY_PHONE = [row("Phone", "phone")]
AS_TOLD = "+49 30 1234567"
COMPACT = ["+49301234567", "0049301234567", "49301234567"]


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


@pytest.fixture
def tell(here):
    """Return a function that lets one call arrive under a mapping with the match keys given, and works it off."""

    async def told(match, email="ann@x.example", **traits):
        source = await here.add_source("rudderstack")
        await here.add_sync(source, calls(TITLE, match=match))
        await here.deliver(source, identify(email, "m1", title="Buyer", **traits))
        await here.drain()

    return told


async def lead(here, **fields):
    (made,) = await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", **fields})
    return made


async def buyers(here, object_name="Lead"):
    """Return the ids of all records, and of those among them that were written."""
    found = await here.records(f"SELECT Id, Title FROM {object_name}")
    return [one["Id"] for one in found], [one["Id"] for one in found if one["Title"] == "Buyer"]


# --- phones ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [AS_TOLD, *COMPACT])
async def test_a_number_is_found_as_it_is_told_and_in_every_compact_spelling(here, tell, stored):
    found = await lead(here, Phone=stored)
    await tell(BY_PHONE, phone=AS_TOLD)
    assert await buyers(here) == ([found], [found])


@pytest.mark.parametrize("told", COMPACT)
@pytest.mark.parametrize("stored", COMPACT)
async def test_a_compact_spelling_finds_every_other(here, tell, told, stored):
    found = await lead(here, Phone=stored)
    await tell(BY_PHONE, phone=told)
    assert await buyers(here) == ([found], [found])


@pytest.mark.parametrize("told", ["4155550100", "415-555-0100", "(415) 555-0100"])
async def test_a_number_is_found_in_the_form_of_salesforces_own_pages(here, tell, told):
    found = await lead(here, Phone="(415) 555-0100")
    await tell(BY_PHONE, phone=told)
    assert await buyers(here) == ([found], [found])


@pytest.mark.parametrize("other", ["+49 30 12345678", "+49 30 123456", "1234567"])
async def test_another_number_is_another_person(here, tell, other):
    found = await lead(here, Phone=other)
    await tell(BY_PHONE, phone=AS_TOLD)
    everybody, written = await buyers(here)
    assert (2, False) == (len(everybody), found in written)


async def test_a_grouping_that_nobody_can_guess_is_not_found(here, tell):
    await lead(here, Phone="+49 (30) 12-34-567")
    await tell(BY_PHONE, phone=AS_TOLD)
    assert len((await buyers(here))[0]) == 2


@pytest.mark.shows("P3")
async def test_events_that_spell_one_number_differently_make_one_record(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(TITLE, match=BY_PHONE))
    told = [identify(f"p{number}@x.example", f"m{number}", phone=phone) for number, phone in enumerate([AS_TOLD, *COMPACT])]
    await here.deliver(source, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await here.drain()
    assert len((await buyers(here))[0]) == 1


@pytest.mark.shows("P3")
async def test_spellings_that_come_one_after_the_other_make_one_record(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(TITLE, match=BY_PHONE))
    for number, phone in enumerate([AS_TOLD, *COMPACT]):
        await here.deliver(source, identify(f"p{number}@x.example", f"m{number}", phone=phone))
        await here.drain()
    assert len((await buyers(here))[0]) == 1


async def test_the_number_is_written_as_it_was_received(here, tell):
    await tell(BY_PHONE, phone=AS_TOLD)
    assert await here.records("SELECT Phone FROM Lead") == [{"Phone": "+49 30 1234567"}]


async def test_a_hundred_people_are_looked_up_by_phone_in_as_many_calls_as_one(here, tell):
    await tell(BY_PHONE, phone=AS_TOLD)
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(TITLE, match=BY_PHONE))
    told = [identify(f"p{number}@x.example", f"n{number}", phone=f"+49 30 200{number:04}", title="Buyer") for number in range(100)]
    before = (await here.calls())["total"]
    await here.deliver(source, json.dumps({"batch": told}).encode(), path="/v1/batch")
    await here.drain()
    assert ((await here.calls())["total"] - before, len((await buyers(here))[1])) == (2, 101)


# --- any field may be a key -----------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-02")
@pytest.mark.parametrize(
    ("kind", "stored", "told"),
    [
        ({"type": "string", "length": 20, "externalId": True, "unique": True}, "M-17", "m-17"),
        ({"type": "string", "length": 20}, "M-17", " M-17 "),
        ({"type": "double", "precision": 10, "scale": 0, "externalId": True}, 17, "17"),
        ({"type": "email"}, "ann@home.example", "Ann@Home.example"),
        ({"type": "url", "length": 255}, "https://ann.example", "https://ann.example"),
        ({"type": "picklist", "picklist": ["Gold", "Silver"]}, "Gold", "Gold"),
    ],
    ids=["external id", "text", "number", "e-mail", "link", "picklist"],
)
async def test_any_searchable_field_finds_the_person(here, tell, kind, stored, told):
    await here.add_field("Lead", "Member__c", **kind)
    found = await lead(here, Member__c=stored)
    await tell([row("Member__c", "description")], description=told)
    assert await buyers(here) == ([found], [found])


@pytest.mark.shows("BX-02")
@pytest.mark.parametrize("length", [15, 18])
async def test_a_record_is_found_by_its_id(here, tell, length):
    found = await lead(here)
    await tell([row("Id", "description")], description=found[:length])
    assert await buyers(here) == ([found], [found])


async def test_a_field_that_cannot_be_searched_finds_nobody_and_the_next_key_decides(here, tell):
    for name in ("Lead", "Contact"):
        await here.add_field(name, "Story__c", type="textarea", length=4_000)
    found = await lead(here, Email="ann@x.example")
    await tell([row("Story__c", "description"), *MATCH], description="long")
    assert await buyers(here) == ([found], [found])


# --- the company ----------------------------------------------------------------------------------------------------------------------

DOMAIN = 'MID({email}, FIND("@", {email}) + 1, 80)'


@pytest.mark.shows("LS-08")
@pytest.mark.parametrize(
    ("entry", "traits"),
    [
        ({"object": "Account", "field": "Name", "attribute": "company"}, {"company": "acme"}),
        ({"object": "Account", "field": "Website", "attribute": "website"}, {"website": "acme.example"}),
        ({"object": "Account", "field": "Website", "formula": DOMAIN}, {}),
        ({"object": "Account", "field": "Phone", "attribute": "phone"}, {"phone": "+49 30 7654321"}),
    ],
    ids=["name", "website", "domain of the address", "phone"],
)
async def test_the_company_is_found_by_what_the_mapping_says(here, entry, traits):
    account, _ = await here.seed(
        "Account",
        {"Name": "Acme", "Website": "acme.example", "Phone": "+49307654321"},
        {"Name": "Other", "Website": "other.example"},
    )
    await here.seed("Contact", {"LastName": "Ray", "Email": "ann@acme.example"})
    mapping = calls(TITLE)
    mapping["steps"][1]["rows"].append({"field": "AccountId", "entry": {"auto_match": entry}})
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping)
    await here.deliver(source, identify("ann@acme.example", "m1", **traits))
    await here.drain()
    assert await here.records("SELECT AccountId FROM Contact") == [{"AccountId": account}]


@pytest.mark.parametrize("key", [row("Name", "company.name"), {"field": "Website", "entry": {"formula": DOMAIN}}], ids=["name", "domain"])
async def test_an_account_is_found_by_name_or_domain_where_a_step_writes_it(here, key):
    (account,) = await here.seed("Account", {"Name": "Acme", "Website": "acme.example"})
    mapping = calls(TITLE)
    rows = [row("Name", "company.name"), row("Industry", "company.industry")]
    mapping["steps"].insert(0, {"name": "account", "object": "Account", "match": [key], "rows": rows})
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping)
    await here.deliver(source, identify("ann@acme.example", "m1", company={"name": "Acme", "industry": "Energy"}))
    await here.drain()
    assert await here.records("SELECT Id, Industry FROM Account") == [{"Id": account, "Industry": "Energy"}]
