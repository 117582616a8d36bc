"""P6: the person is found through Contact, Lead, conversion and merge; deleted ones and duplicates go by the step's choice."""

import pytest
from tests.flow.mappings import MATCH, calls, row, webinar
from tests.world import KEY_FIELD, identify, preset, registration

from crosswalk.plan.decide import unique_key
from crosswalk.store import tables
from localorg.settings import OrgSettings, Switches

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")
FORM = {"last_name": "Smith", "company": "Acme", "city": "Bergen"}


@pytest.fixture
def tell(here):
    """Return a function that lets one call arrive, each later than the one before, and works it off."""
    sources = []
    number = 0

    async def told(mapping=None, email=ANN, **traits):
        nonlocal number
        number += 1
        if not sources:
            sources.append(await here.add_source("rudderstack"))
            await here.add_sync(sources[0], mapping or calls(PHONE))
        await here.deliver(sources[0], identify(email, f"m{number}", f"2026-03-04T08:{number:02}:00.000Z", **traits))
        await here.drain()

    return told


@pytest.fixture
def register(here):
    """Return a function that lets one registration arrive under the Livestorm preset and works it off."""
    sources = {}
    number = 0

    async def registered(email=ANN, event="people.registered", create="Lead", **fields):
        nonlocal number
        number += 1
        if create not in sources:
            mapping = preset("livestorm")
            mapping["person"]["create"] = create
            sources[create] = await here.add_source("livestorm")
            await here.add_sync(sources[create], mapping)
        at = 1_772_611_200 + number
        await here.deliver(sources[create], registration(email, f"p-{email}", event=event, at=at, fields={**FORM, **fields}))
        await here.drain()

    return registered


async def lead(here, **fields):
    (made,) = await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN, **fields})
    return made


async def contact(here, **fields):
    (made,) = await here.seed("Contact", {"LastName": "Ray", "Email": ANN, **fields})
    return made


async def phones(here):
    """Return the phones of all Leads and Contacts, converted leads included, by record id."""
    found = [await here.records(f"SELECT Id, Phone FROM {name}") for name in ("Lead", "Contact")]
    return {one["Id"]: one["Phone"] for records in found for one in records}


# --- Contact, then Lead, then create ----------------------------------------------------------------------------------------------


@pytest.mark.shows("P6", "BX-03")
async def test_a_contact_comes_before_a_lead(here, tell):
    ids = await lead(here), await contact(here)
    await tell(phone="1")
    assert await phones(here) == dict(zip(ids, (None, "1"), strict=True))


@pytest.mark.shows("P6", "BX-03")
async def test_a_lead_comes_before_a_new_record(here, tell):
    found = await lead(here)
    await tell(phone="1")
    assert await phones(here) == {found: "1"}


@pytest.mark.shows("P6", "BX-03")
async def test_a_person_nobody_knows_is_created(here, tell):
    await tell(phone="1")
    assert await here.records("SELECT Email, Phone FROM Lead") == [{"Email": ANN, "Phone": "1"}]


@pytest.mark.shows("P6")
async def test_the_order_of_objects_is_a_setting(here, tell):
    ids = await lead(here), await contact(here)
    await tell(calls(PHONE, search=["Lead", "Contact"]), phone="1")
    assert await phones(here) == dict(zip(ids, ("1", None), strict=True))


@pytest.mark.shows("P6", "RS-08")
@pytest.mark.parametrize("known", [True, False])
async def test_an_identify_call_finds_the_lead_by_email_or_makes_one(here, tell, known):
    ids = {await lead(here)} if known else set()
    await tell(preset("rudderstack"), phone="1")
    found = await phones(here)
    assert (set(found.values()), ids <= set(found), len(found)) == ({"1"}, True, 1)


@pytest.mark.shows("P6", "RS-09")
async def test_an_identify_call_about_a_contact_updates_it_and_makes_no_lead(here, tell):
    found = await contact(here)
    await tell(preset("rudderstack"), phone="1")
    assert await phones(here) == {found: "1"}


@pytest.mark.shows("LS-12")
@pytest.mark.parametrize("create", ["Lead", "Contact"])
async def test_new_people_become_what_the_setting_says(here, register, create):
    await register(create=create)
    assert await here.records(f"SELECT LastName FROM {create}") == [{"LastName": "Smith"}]


@pytest.mark.shows("LS-09")
async def test_an_existing_contact_is_written_by_the_contact_rows(here, register):
    await contact(here)
    await register(website="https://acme.example")
    assert await here.records("SELECT MailingCity FROM Contact") == [{"MailingCity": "Bergen"}]


@pytest.mark.shows("LS-09")
async def test_a_converted_lead_is_written_by_the_contact_rows(here, register):
    await here.convert(await lead(here))
    await register()
    assert await here.records("SELECT MailingCity FROM Contact") == [{"MailingCity": "Bergen"}]


@pytest.mark.shows("LS-09")
async def test_a_new_contact_is_written_by_the_contact_rows(here, register):
    await register(create="Contact")
    assert await here.records("SELECT MailingCity FROM Contact") == [{"MailingCity": "Bergen"}]


@pytest.mark.shows("LS-09")
async def test_an_open_lead_is_written_by_the_lead_rows(here, register):
    await lead(here)
    await register()
    assert await here.records("SELECT City FROM Lead") == [{"City": "Bergen"}]


# --- several records, spelling, several keys --------------------------------------------------------------------------------------


@pytest.fixture
async def three(here):
    """Return the ids of three Leads with one address: the oldest, the one modified last, the newest."""
    dates = {"first": ("2024-01-01", "2024-01-02"), "second": ("2024-02-01", "2026-03-01"), "third": ("2024-03-01", "2024-03-02")}
    stamps = [
        {"CreatedDate": f"{made}T00:00:00.000+0000", "LastModifiedDate": f"{changed}T00:00:00.000+0000"} for made, changed in dates.values()
    ]
    people = [{"LastName": name, "Company": "Acme", "Email": ANN, **stamp} for name, stamp in zip(dates, stamps, strict=True)]
    first, second, third = await here.seed("Lead", people[1], people[0], people[2])
    return second, first, third


@pytest.mark.shows("P6", "BX-05")
@pytest.mark.parametrize(("choice", "place"), [("oldest", 0), ("last-modified", 1), ("newest", 2)])
async def test_of_several_records_the_chosen_one_is_written(here, tell, three, choice, place):
    await tell(calls(PHONE, on_duplicates=choice), phone="1")
    assert [name for name, phone in (await phones(here)).items() if phone] == [three[place]]


@pytest.mark.shows("P6", "BX-05")
async def test_several_records_are_held_where_the_step_says_so(here, tell, three):
    await tell(calls(PHONE, on_duplicates="hold"), phone="1")
    assert (await here.states(), set((await phones(here)).values())) == ({"held(too_many)": 1}, {None})


@pytest.mark.shows("P6")
@pytest.mark.parametrize(("choices", "place"), [(("newest", "oldest"), 2), (("oldest", "newest"), 0)])
async def test_where_two_syncs_tell_of_one_person_the_first_ones_choice_rules(here, three, choices, place):
    source = await here.add_source("rudderstack")
    for position, (choice, one) in enumerate(zip(choices, (PHONE, row("Title", "title")), strict=True)):
        await here.add_sync(source, calls(one, on_duplicates=choice), position)
    await here.deliver(source, identify(ANN, "m1", phone="1", title="Buyer"))
    await here.drain()
    assert [one["Id"] for one in await here.records("SELECT Id FROM Lead WHERE Title = 'Buyer' AND Phone = '1'")] == [three[place]]


@pytest.mark.shows("LS-35")
async def test_only_the_oldest_of_three_leads_is_touched(here, register, three):
    before = {one["Id"]: one["SystemModstamp"] for one in await here.records("SELECT Id, SystemModstamp FROM Lead")}
    here.clock.advance(60)
    await register()
    after = {one["Id"]: one["SystemModstamp"] for one in await here.records("SELECT Id, SystemModstamp FROM Lead")}
    assert [name for name in before if before[name] != after[name]] == [three[0]]


@pytest.mark.shows("LS-36")
async def test_letter_case_of_an_address_makes_no_second_person(here, register):
    found = await lead(here, Email="ann@x.org")
    await register("Ann@X.org")
    assert [one["Id"] for one in await here.records("SELECT Id, City FROM Lead WHERE City = 'Bergen'")] == [found]


@pytest.mark.shows("BX-42")
async def test_a_quote_in_an_address_is_found(here, tell):
    found = await lead(here, Email="o'brien@x.example")
    await tell(email="o'brien@x.example", phone="1")
    assert await phones(here) == {found: "1"}


@pytest.mark.shows("P6", "BX-02")
@pytest.mark.parametrize(("email", "expected"), [(ANN, "by email"), ("other@x.example", "by phone")])
async def test_match_keys_are_tried_in_order(here, tell, email, expected):
    await lead(here, LastName="by email")
    await lead(here, LastName="by phone", Email=None, Phone="555")
    by_both = [*MATCH, row("Phone", "phone")]
    await tell(calls(row("Title", "title"), match=by_both), email=email, phone="555", title="Buyer")
    assert await here.records("SELECT LastName FROM Lead WHERE Title = 'Buyer'") == [{"LastName": expected}]


# --- converted, merged, deleted ---------------------------------------------------------------------------------------------------


@pytest.mark.shows("P6", "BX-04")
async def test_a_converted_lead_is_followed_to_its_contact(here, tell):
    became = await here.convert(await lead(here))
    await tell(phone="1")
    assert (await phones(here))[became] == "1"


@pytest.mark.shows("P6")
async def test_a_converted_lead_is_followed_although_the_contact_has_another_address(here, tell):
    became = await here.convert(await lead(here))
    await here.edit("Contact", became, Email="private@x.example")
    await tell(phone="1")
    assert (await phones(here))[became] == "1"


@pytest.mark.shows("RS-07")
async def test_a_converted_lead_is_held_where_following_is_off(here, tell):
    became = await here.convert(await lead(here))
    await here.edit("Contact", became, Email="private@x.example")
    await tell(preset("rudderstack"), phone="1")
    assert (await here.states(), set((await phones(here)).values())) == ({"held(converted_lead)": 1}, {None})


@pytest.mark.shows("RS-07")
async def test_a_converted_lead_is_followed_where_the_switch_is_on(here, tell):
    became = await here.convert(await lead(here))
    mapping = preset("rudderstack")
    mapping["person"]["follow_converted"] = True
    await tell(mapping, phone="1")
    assert (await phones(here))[became] == "1"


@pytest.mark.shows("P6")
async def test_an_open_lead_is_taken_rather_than_a_converted_one(here, tell):
    became = await here.convert(await lead(here))
    await here.edit("Contact", became, Email="private@x.example")
    found = await lead(here)
    await tell(phone="1")
    assert [name for name, phone in (await phones(here)).items() if phone] == [found]


@pytest.mark.shows("P6")
async def test_a_converted_lead_found_by_the_first_key_comes_before_a_record_found_by_the_second(here, tell):
    became = await here.convert(await lead(here))
    await here.edit("Contact", became, Email="private@x.example")
    await lead(here, Email=None, Phone="555")
    await tell(calls(row("Title", "title"), match=[*MATCH, row("Phone", "phone")]), phone="555", title="Buyer")
    assert await here.records("SELECT Id FROM Contact WHERE Title = 'Buyer'") == [{"Id": became}]


@pytest.mark.shows("P6")
async def test_a_merged_record_is_followed_to_its_master(here, tell):
    await tell(phone="1")
    (loser,) = await phones(here)
    master = await lead(here, Email="master@x.example")
    await here.merge("Lead", master, loser)
    await tell(phone="2")
    assert await phones(here) == {master: "2"}


@pytest.mark.shows("P6")
async def test_a_record_that_was_merged_twice_is_followed_to_the_last_master(here, tell):
    await tell(phone="1")
    (loser,) = await phones(here)
    middle, last = await lead(here, Email="middle@x.example"), await lead(here, Email="last@x.example")
    await here.merge("Lead", middle, loser)
    await here.merge("Lead", last, middle)
    await tell(phone="2")
    assert await phones(here) == {last: "2"}


@pytest.mark.shows("P6")
async def test_a_record_that_changed_its_address_is_found_again(here, tell):
    await tell(phone="1")
    (found,) = await phones(here)
    await here.edit("Lead", found, Email="renamed@x.example")
    await tell(phone="2")
    assert await phones(here) == {found: "2"}


@pytest.mark.shows("P6")
@pytest.mark.parametrize(
    ("choice", "state", "left"),
    [("hold", "held(deleted_record)", []), ("skip", "skipped(mapped_nothing)", []), ("recreate", "written", ["2"])],
)
@pytest.mark.parametrize("blocks", [False, True], ids=["bin frees the key", "bin keeps the key"])
async def test_a_deleted_record_goes_by_the_steps_choice(open_world, choice, state, left, blocks):
    here = await open_world(org_settings=OrgSettings(switches=Switches(binned_unique_values_block=blocks)))
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, on_deleted=choice))
    await here.deliver(source, identify(ANN, "m1", "2026-03-04T08:01:00.000Z", phone="1"))
    await here.drain()
    (gone,) = await phones(here)
    await here.delete("Lead", gone)
    await here.deliver(source, identify(ANN, "m2", "2026-03-04T08:02:00.000Z", phone="2"))
    await here.drain()
    ended = {"written": 2} if state == "written" else {state: 1, "written": 1}
    assert (await here.states(), list((await phones(here)).values())) == (ended, left)


@pytest.mark.shows("P6")
@pytest.mark.parametrize(("choice", "state"), [("hold", "held(deleted_record)"), ("recreate", "written")])
@pytest.mark.parametrize("hidden", [False, True], ids=["id told", "id hidden"])
async def test_a_record_in_the_bin_that_holds_our_key_is_a_deleted_record(open_world, choice, state, hidden):
    switches = Switches(binned_unique_values_block=True, duplicate_value_hides_id=hidden)
    here = await open_world(org_settings=OrgSettings(switches=switches))
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE, on_deleted=choice))
    await here.delete("Lead", await lead(here, **{KEY_FIELD: unique_key(await here.org_id(), f"person:email={ANN}")}))
    await here.deliver(source, identify(ANN, "m1", phone="1"))
    await here.drain()
    assert await here.states() == {state: 1}


@pytest.mark.shows("P3", "P6")
@pytest.mark.parametrize("key_field", [KEY_FIELD, None], ids=["with the key", "without"])
@pytest.mark.parametrize(("deed", "state"), [("delete", "held(deleted_record)"), ("merge", "written")])
async def test_a_record_that_was_deleted_or_merged_before_its_lost_answer_was_looked_up_is_not_made_again(
    open_world, key_field, deed, state
):
    here = await open_world(key_field=key_field)
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE))
    await here.deliver(source, identify(ANN, "m1", "2026-03-04T08:01:00.000Z", phone="1"))
    assert await here.crash("K6")
    (made,) = await phones(here)
    await (here.delete("Lead", made) if deed == "delete" else here.merge("Lead", await lead(here, Email="master@x.example"), made))
    await here.drain()
    assert (1, {state: 1}) == (len([one for one in here.writes() if one.op == "insert"]), await here.states())


# --- accounts and members ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def accounts(here):
    """Return a function that makes Accounts named Acme, the first the oldest."""

    async def made(count):
        dates = [f"202{number}-01-01T00:00:00.000+0000" for number in range(count)]
        return await here.seed("Account", *({"Name": "Acme", "CreatedDate": date} for date in dates)) if count else []

    return made


@pytest.mark.shows("LS-08")
async def test_a_company_that_is_an_account_becomes_the_contacts_account(here, register, accounts):
    (account,) = await accounts(1)
    await contact(here)
    await register()
    assert await here.records("SELECT AccountId FROM Contact") == [{"AccountId": account}]


@pytest.mark.shows("LS-08")
async def test_a_company_nobody_knows_leaves_the_account_alone(here, register):
    await contact(here)
    await register()
    assert await here.records("SELECT AccountId, MailingCity FROM Contact") == [{"AccountId": None, "MailingCity": "Bergen"}]


@pytest.mark.shows("LS-08")
async def test_a_company_nobody_knows_makes_no_account(here, register):
    await contact(here)
    await register()
    assert await here.records("SELECT Id FROM Account") == []


@pytest.mark.shows("LS-08")
async def test_the_outcome_says_that_no_account_has_the_companys_name(here, register):
    await contact(here)
    await register()
    (person,) = await here.rows(tables.step_outcome, step="person")
    assert [place for code, place, _ in person["notes"] if code == "auto_match_none"] == ["contact.AccountId"]


@pytest.mark.shows("LS-08")
async def test_of_several_accounts_the_oldest_is_taken(here, register, accounts):
    oldest, _ = await accounts(2)
    await contact(here)
    await register()
    assert await here.records("SELECT AccountId FROM Contact") == [{"AccountId": oldest}]


@pytest.mark.shows("BX-04")
@pytest.mark.parametrize("moves", [True, False], ids=["member gets the contact", "member keeps the lead alone"])
async def test_a_converted_lead_with_an_old_member_row_gets_no_second_member(open_world, moves):
    here = await open_world(org_settings=OrgSettings(switches=Switches(converted_lead_member_gets_contact_id=moves)))
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    await here.deliver(source, registration(ANN, "p-1"))
    await here.drain()
    (found,) = await here.records("SELECT Id FROM Lead")
    await here.convert(found["Id"])
    await here.deliver(source, registration(ANN, "p-1", event="people.attended", at=1_772_612_000))
    await here.drain()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Attended"}]


@pytest.mark.shows("BX-08")
async def test_a_member_of_two_campaigns_changes_in_the_right_one_alone(here, register):
    found = await lead(here)
    (other,) = await here.seed("Campaign", {"Name": "Autumn fair"})
    for campaign in (other, here.campaign):
        await here.seed("CampaignMember", {"CampaignId": campaign, "LeadId": found, "Status": "Sent"})
    await register()
    members = await here.records("SELECT CampaignId, Status FROM CampaignMember")
    assert {one["CampaignId"]: one["Status"] for one in members} == {other: "Sent", here.campaign: "Registered"}


@pytest.mark.shows("BX-08")
async def test_a_member_that_somebody_adds_at_the_same_moment_is_updated(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, webinar())
    found = await lead(here)
    passed = []

    async def somebody_adds(point):
        passed.append(point)
        if passed.count("K4") == 2 and point == "K4":
            await here.seed("CampaignMember", {"CampaignId": here.campaign, "LeadId": found, "Status": "Sent"})

    await here.deliver(source, registration(ANN, "p-1"))
    await here.worker(somebody_adds).sweep(linger=False)
    await here.drain()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Registered"}]
