"""The sheet of the mapping editor: what each row would send, what is wrong, and who may see it."""

import copy

import pytest
from tests.world import preset, registration

ANN = {"first_name": "Ann", "last_name": "Ray", "company": "Acme", "phone": "+47 55 55 01 00"}
LEAD, CONTACT, MEMBER = 0, 1, 2


def edited(step, *rows, field=None, **changes):
    """Return the preset with rows added to a step, or the row of a field changed."""
    document = copy.deepcopy(preset("livestorm"))
    document["steps"][step]["rows"] += rows
    for row in document["steps"][step]["rows"]:
        if row.get("field") == field:
            row.update(changes)
    return document


def dynamic(field, attribute, **more):
    return {"field": field, "entry": {"attribute": attribute}, **more}


def row(sheet, field):
    return next(one for one in (*sheet.required, *sheet.others) if one.field == field)


@pytest.fixture
async def ann(here, webinar_sync):
    await here.deliver(here.source_id, registration("ann@acme.example", "person-1", fields=ANN))
    return webinar_sync


@pytest.mark.shows("LC-08")
async def test_required_fields_stand_first_and_the_preset_fills_them(ann, drawn):
    assert ["LastName", "Company"] == [one.field for one in (await drawn(ann)).required]


async def test_each_row_shows_what_the_event_would_send(ann, drawn):
    sheet = await drawn(ann)
    assert ["Ray", "ann@acme.example", "Acme"] == [row(sheet, field).value for field in ("LastName", "Email", "Company")]


@pytest.mark.shows("BX-46")
async def test_who_may_not_see_personal_data_sees_marks(ann, drawn):
    sheet = await drawn(ann, sees_people=False)
    assert ["•••••"] * 3 == [row(sheet, field).value for field in ("LastName", "Email", "Company")]


@pytest.mark.shows("LS-15")
async def test_an_attribute_that_the_form_does_not_ask_for_is_hinted_at(ann, drawn):
    shown = row(await drawn(ann), "Title")
    assert ("nothing", ("Not collected by this event's registration page, no value will arrive",)) == (shown.sends, shown.hints)


@pytest.mark.shows("LS-28")
async def test_what_differs_by_session_is_hinted_at_on_a_lead(ann, drawn):
    sheet = await drawn(ann, edited(LEAD, dynamic("Description", "connection_link")))
    assert "Differs per session. Better on Campaign Member" in row(sheet, "Description").hints


@pytest.mark.shows("LS-28")
async def test_what_differs_by_session_is_not_hinted_at_on_a_campaign_member(here, ann, drawn):
    await here.add_field("CampaignMember", "Link__c", type="url", length=255)
    sheet = await drawn(ann, edited(MEMBER, dynamic("Link__c", "connection_link")), MEMBER)
    assert () == row(sheet, "Link__c").hints


async def test_a_moment_is_shown_as_a_person_reads_it_with_its_raw_value_below(here, ann, drawn):
    await here.add_field("Lead", "First_Webinar_On__c", type="datetime")
    shown = row(await drawn(ann, edited(LEAD, dynamic("First_Webinar_On__c", "registered_at"))), "First_Webinar_On__c")
    assert ("4 Mar 2026, 08:00 UTC", "from 1772611200") == (shown.value, shown.below)


async def test_a_text_that_is_shortened_says_so(here, ann, drawn):
    await here.add_field("Lead", "Short__c", type="string", length=2)
    shown = row(await drawn(ann, edited(LEAD, dynamic("Short__c", "company", lossy="truncate"))), "Short__c")
    assert ("Ac", "The text has 4 characters and Short takes 2. It was cut.") == (shown.value, shown.below)


async def test_a_default_value_that_is_no_choice_asks_did_you_mean(here, ann, drawn):
    await here.add_field("Lead", "Heat__c", type="picklist", picklist=["Hot", "Warm", "Cold"], restricted=True)
    sheet = await drawn(ann, edited(LEAD, {"field": "Heat__c", "entry": {"value": "Wram"}}))
    assert ('"Wram" is not among the choices of Heat. Did you mean "Warm"?',) == row(sheet, "Heat__c").problems


async def test_a_row_with_one_side_asks_for_the_other(ann, drawn):
    sheet = await drawn(ann, edited(LEAD, {"entry": {"attribute": "job_title"}, "_key": "n1"}), whole=False)
    assert ("Pick the Salesforce field, or remove the row.",) == sheet.others[-1].problems


@pytest.mark.shows("LC-08")
async def test_a_required_field_without_an_entry_is_said_on_its_row(ann, drawn):
    sheet = await drawn(ann, edited(LEAD, field="LastName", entry=None), whole=False)
    assert ("Last Name is required by Salesforce; pick what goes into it.",) == row(sheet, "LastName").problems


async def test_all_problems_are_listed_with_their_rows(ann, drawn):
    document = edited(LEAD, dynamic("Phone", "nonsense"), {"field": "HasOptedOutOfEmail", "entry": {"value": "perhaps"}})
    document["steps"][LEAD]["rows"].append({"field": "Fax"})
    places = {problem.place for problem in (await drawn(ann, document, whole=False)).refusing}
    assert {
        "steps[0].rows[9].entry.attribute",
        "steps[0].rows[9].field",
        "steps[0].rows[10].entry.value",
        "steps[0].rows[11].entry",
    } == places


@pytest.mark.shows("LS-42")
async def test_a_row_whose_field_was_deleted_is_marked(here, ann, drawn):
    await here.add_field("Lead", "Score__c", type="double", precision=6, scale=0)
    await here.save_mapping(ann, edited(LEAD, dynamic("Score__c", "votes_count")))
    await drawn(ann)
    await here.remove_field("Lead", "Score__c")
    (await here.ready_org()).describe.invalidate("Lead")
    shown = row(await drawn(ann), "Score__c")
    sentence = "Score__c no longer exists in Salesforce, so the row is paused. Pick another field or remove the row, then save."
    assert ("paused", (sentence,), "field") == (shown.sends, shown.problems, shown.bad)


async def test_changes_are_counted_by_row(ann, drawn):
    document = edited(LEAD, dynamic("Industry", "company"), field="Title", update="overwrite")
    assert 2 == (await drawn(ann, document)).changes


async def test_an_untouched_mapping_has_no_changes(ann, drawn):
    assert 0 == (await drawn(ann)).changes
