"""P5: absent never clears, placeholders serve new records only, filled fields are left alone, and people win over what we looked up."""

from random import Random

import pytest
from tests.flow.mappings import calls, row
from tests.world import identify, preset, registration

ANN = "ann@x.example"
PHONE = row("Phone", "phone", update="overwrite")
CLEARED = row("Phone", "phone", update="overwrite", nulls="clear")
FORM = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "company": "Company",
    "job_title": "Title",
    "city": "City",
    "country": "Country",
    "phone": "Phone",
    "website": "Website",
}


@pytest.fixture
def app(here):
    """Return a function that adds a source of identify calls with the rows given."""

    async def added(*rows, **person):
        source = await here.add_source("rudderstack")
        await here.add_sync(source, calls(*rows, **person))
        return source

    return added


@pytest.fixture
def tell(here):
    """Return a function that lets one call about Ann arrive, each later than the one before, and works it off."""
    number = 0

    async def told(source, **traits):
        nonlocal number
        number += 1
        await here.deliver(source, identify(ANN, f"m{number}", f"2026-03-04T08:{number:02}:00.000Z", **traits))
        await here.drain()

    return told


async def lead(here, *names):
    (found,) = await here.records(f"SELECT {', '.join(names)} FROM Lead")
    return tuple(found[name] for name in names)


async def seeded(here, **fields):
    (lead_id,) = await here.seed("Lead", {"LastName": "Ray", "Company": "Acme", "Email": ANN, **fields})
    return lead_id


# --- absent, null, empty, false, 0 ------------------------------------------------------------------------------------------------


@pytest.mark.shows("P5")
@pytest.mark.parametrize("policy", [PHONE, CLEARED], ids=["keep", "clear"])
async def test_a_value_that_is_absent_never_clears(here, app, tell, policy):
    await seeded(here, Phone="111")
    await tell(await app(policy), title="Buyer")
    assert await lead(here, "Phone") == ("111",)


@pytest.mark.shows("P5")
@pytest.mark.parametrize("nothing", [None, "", "   "], ids=["null", "empty", "blank"])
async def test_null_and_empty_text_are_not_sent_under_keep(here, app, tell, nothing):
    await seeded(here, Phone="111")
    await tell(await app(PHONE), phone=nothing)
    assert await lead(here, "Phone") == ("111",)


@pytest.mark.shows("P5")
@pytest.mark.parametrize("nothing", [None, "", "   "], ids=["null", "empty", "blank"])
async def test_null_and_empty_text_clear_where_the_row_says_so(here, app, tell, nothing):
    await seeded(here, Phone="111")
    await tell(await app(CLEARED), phone=nothing)
    assert await lead(here, "Phone") == (None,)


@pytest.mark.shows("P5")
async def test_a_late_clear_does_not_undo_a_newer_value(here, app):
    source = await app(CLEARED)
    for at, phone in (("08:30", "222"), ("08:00", "")):
        await here.deliver(source, identify(ANN, at, f"2026-03-04T{at}:00.000Z", phone=phone))
        await here.drain()
    assert await lead(here, "Phone") == ("222",)


@pytest.mark.shows("P5")
async def test_false_and_zero_are_values(here, app, tell):
    await seeded(here, HasOptedOutOfEmail=True, NumberOfEmployees=12)
    rows = [
        row("HasOptedOutOfEmail", "hasOptedOutOfEmail", update="overwrite"),
        row("NumberOfEmployees", "company.employee_count", update="overwrite"),
    ]
    mapping = calls(rows[0])
    mapping["steps"][0]["rows"].append(rows[1])
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping)
    await tell(source, hasOptedOutOfEmail=False, company={"employee_count": 0})
    assert await lead(here, "HasOptedOutOfEmail", "NumberOfEmployees") == (False, 0)


@pytest.mark.shows("P5")
async def test_a_zero_that_stands_counts_as_filled(here, tell):
    await seeded(here, NumberOfEmployees=0)
    mapping = calls()
    mapping["steps"][0]["rows"].append(row("NumberOfEmployees", "company.employee_count"))
    source = await here.add_source("rudderstack")
    await here.add_sync(source, mapping)
    await tell(source, company={"employee_count": 240})
    assert await lead(here, "NumberOfEmployees") == (0,)


# --- placeholders -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def rudderstack(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, preset("rudderstack"))
    return source


@pytest.mark.shows("P5", "RS-21", "BX-26")
async def test_a_new_lead_without_name_and_company_gets_placeholders(here, rudderstack, tell):
    await tell(rudderstack)
    assert await lead(here, "LastName", "Company") == ("n/a", "n/a")


@pytest.mark.shows("P5", "RS-21", "BX-26")
async def test_an_existing_lead_gets_no_placeholder(here, rudderstack, tell):
    await seeded(here)
    await tell(rudderstack)
    assert await lead(here, "LastName", "Company") == ("Ray", "Acme")


@pytest.mark.shows("P5", "RS-21")
@pytest.mark.parametrize(("traits", "stands"), [({"lastName": "Ray"}, ("Ray", "n/a")), ({"company": "Acme"}, ("n/a", "Acme"))])
async def test_each_placeholder_stands_for_its_own_field_alone(here, rudderstack, tell, traits, stands):
    await tell(rudderstack, **traits)
    assert await lead(here, "LastName", "Company") == stands


@pytest.mark.shows("P5")
async def test_a_placeholder_gives_way_to_the_first_real_value(here, app, tell):
    source = await app()
    await tell(source)
    await tell(source, lastName="Ray", company="Acme")
    assert await lead(here, "LastName", "Company") == ("Ray", "Acme")


@pytest.mark.shows("P5")
async def test_a_placeholder_that_somebody_has_replaced_is_left_alone(here, app, tell):
    source = await app()
    await tell(source)
    (lead_id,) = await lead(here, "Id")
    await here.edit("Lead", lead_id, LastName="Known")
    await tell(source, lastName="Ray")
    assert await lead(here, "LastName") == ("Known",)


@pytest.mark.shows("P5")
async def test_a_text_that_looks_like_a_placeholder_but_is_not_ours_is_left_alone(here, app, tell):
    await seeded(here, Company="n/a")
    await tell(await app(), company="Acme")
    assert await lead(here, "Company") == ("n/a",)


# --- what stands ------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("P5", "LS-34")
async def test_no_filled_field_changes_whatever_stands_and_whatever_is_told(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, preset("livestorm"))
    random = Random(34)
    people = [f"person{n}@x.example" for n in range(80)]
    stands = {email: _some(random, "old") for email in people}
    required = {"LastName": "Old", "Company": "Old Ltd"}
    seeds = [{**required, "Email": email, **{FORM[name]: value for name, value in stands[email].items()}} for email in people]
    await here.seed("Lead", *seeds)
    for email in people:
        await here.deliver(source, registration(email, f"p-{email}", fields=_some(random, "new")))
    await here.drain()
    found = {one["Email"]: one for one in await here.records(f"SELECT Email, {', '.join(FORM.values())} FROM Lead")}
    kept = [{FORM[name]: found[email][FORM[name]] for name in stands[email]} for email in people]
    assert kept == [{FORM[name]: value for name, value in stands[email].items()} for email in people]


@pytest.mark.shows("P5", "LS-34")
async def test_empty_fields_of_a_filled_record_are_filled(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, preset("livestorm"))
    await seeded(here, Title="Director")
    await here.deliver(source, registration(ANN, "p-1", fields={"job_title": "Buyer", "city": "Bergen"}))
    await here.drain()
    assert await lead(here, "Title", "City") == ("Director", "Bergen")


@pytest.mark.shows("P5", "BX-06")
@pytest.mark.parametrize(
    ("policy", "on_empty", "on_filled"),
    [("fill-empty", "New", "Old"), ("overwrite", "New", "New"), ("create-only", None, "Old")],
)
async def test_each_policy_does_what_it_says(here, app, tell, policy, on_empty, on_filled):
    await seeded(here, Title="Old")
    rows = [row("Title", "title", update=policy), row("Fax", "title", update=policy)]
    await tell(await app(*rows), title="New")
    assert await lead(here, "Fax", "Title") == (on_empty, on_filled)


# --- people at work meanwhile -----------------------------------------------------------------------------------------------------


async def edited_at(here, source, point, seconds):
    """Let somebody fill the phone while a turn stands at a point, and time pass."""
    (lead_id,) = await lead(here, "Id")
    done = False

    async def somebody_edits(passed):
        nonlocal done
        if passed == point and not done:
            done = True
            await here.edit("Lead", lead_id, Phone="999")
            here.clock.advance(seconds)

    await here.deliver(source, identify(ANN, "edited", phone="111"))
    await here.worker(somebody_edits).sweep(linger=False)
    await here.drain()


@pytest.mark.shows("P5")
async def test_a_plan_that_has_become_too_old_is_not_sent(here, app):
    source = await app(row("Phone", "phone"))
    await seeded(here)
    await edited_at(here, source, "K4", here.settings.timings.plan_max_age + 1)
    assert await lead(here, "Phone") == ("999",)


@pytest.mark.shows("P5")
async def test_an_edit_before_the_look_up_is_respected(here, app):
    source = await app(row("Phone", "phone"))
    await seeded(here)
    await edited_at(here, source, "K2", 0)
    assert await lead(here, "Phone") == ("999",)


@pytest.mark.shows("P5")
async def test_a_process_that_was_paused_before_sending_looks_again(here, app):
    source = await app(row("Phone", "phone"))
    await seeded(here)
    await edited_at(here, source, "K5", here.settings.timings.pause_guard + 1)
    assert await lead(here, "Phone") == ("999",)


@pytest.mark.shows("P5")
async def test_what_somebody_changed_after_us_stays_until_the_source_says_something_new(here, app, tell):
    source = await app(PHONE)
    await tell(source, phone="111")
    (lead_id,) = await lead(here, "Id")
    await here.edit("Lead", lead_id, Phone="999")
    await tell(source, phone="111")
    assert await lead(here, "Phone") == ("999",)


@pytest.mark.shows("P5")
async def test_a_new_value_of_the_source_overwrites_what_somebody_changed(here, app, tell):
    source = await app(PHONE)
    await tell(source, phone="111")
    (lead_id,) = await lead(here, "Id")
    await here.edit("Lead", lead_id, Phone="999")
    await tell(source, phone="222")
    assert await lead(here, "Phone") == ("222",)


@pytest.mark.shows("P5")
async def test_a_value_that_a_trigger_reformats_is_not_written_again_and_again(here, app, tell):
    source = await app(PHONE)
    await here.fault(match={"field": "Phone", "resource": "collections"}, do="rewrite_field", template="({value})")
    await tell(source, phone="111")
    before = len(here.writes())
    await tell(source, phone="111")
    assert (await lead(here, "Phone"), len(here.writes())) == (("(111)",), before)


@pytest.mark.shows("P5", "BX-09")
async def test_a_status_that_somebody_set_further_is_not_taken_back(here):
    source = await here.add_source("livestorm")
    await here.add_sync(source, preset("livestorm"))
    await here.deliver(source, registration(ANN, "p-1"))
    await here.drain()
    (member,) = await here.records("SELECT Id FROM CampaignMember")
    await here.edit("CampaignMember", member["Id"], Status="Attended")
    await here.deliver(source, registration(ANN, "p-1", event="people.not_attended", at=1_772_612_000))
    await here.drain()
    assert await here.records("SELECT Status FROM CampaignMember") == [{"Status": "Attended"}]


def _some(random, word):
    """Return a random part of a registration form; names and company are always told."""
    told = {name: f"{word} {name}" for name in FORM if name in ("last_name", "company") or random.random() < 0.5}
    return told | ({"website": f"https://{word}.example"} if "website" in told else {})
