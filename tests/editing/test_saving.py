"""Saving a mapping: versions, refusals, two editors at once, comparison, restore, and the audit trail."""

import copy

import pytest
from tests.world import preset

from crosswalk.editing import saving, versions
from crosswalk.editing.saving import Conflict, Saved
from crosswalk.errors import MappingError
from crosswalk.mapping import drafts
from crosswalk.store import tables

TITLE = 4  # the row of Title in the Lead step


@pytest.fixture
def save(here, open_desk):
    async def saved(sync_id, document, expected=1, actor="Noor Haddad"):
        return await saving.save(here.engine, await open_desk(sync_id, document), document, expected, actor)

    return saved


def changed(**rows):
    """Return the preset with settings of the Lead rows of some fields changed; None removes a row."""
    document = copy.deepcopy(preset("livestorm"))
    lead = document["steps"][0]
    lead["rows"] = [{**row, **(rows.get(row["field"], {}) or {})} for row in lead["rows"] if rows.get(row["field"], {}) is not None]
    return document


OVERWRITE = {"update": "overwrite"}


@pytest.mark.shows("BX-34")
async def test_each_save_makes_a_version(webinar_sync, save):
    assert 2 == (await save(webinar_sync, changed(Title=OVERWRITE))).version


async def test_an_equal_document_makes_no_version(webinar_sync, save):
    assert Saved(1, is_new=False) == await save(webinar_sync, changed())


@pytest.mark.shows("LS-21")
async def test_incompatible_types_refuse_the_save_with_row_and_both_types(here, webinar_sync, save):
    await here.add_field("Lead", "Seen__c", type="datetime")
    document = changed()
    document["steps"][0]["rows"].append({"field": "Seen__c", "entry": {"attribute": "messages_count"}})
    with pytest.raises(MappingError) as refused:
        await save(webinar_sync, document)
    problem = refused.value.problems[0]
    assert ("steps[0].rows[9].entry.attribute", True, True) == (
        problem.place,
        "integer" in problem.sentence,
        "datetime" in problem.sentence,
    )


@pytest.mark.shows("LC-08")
async def test_a_required_field_that_was_removed_refuses_the_save(webinar_sync, save):
    with pytest.raises(MappingError) as refused:
        await save(webinar_sync, changed(LastName=None, Company=None))
    assert ["required_field", "required_field"] == [problem.code for problem in refused.value.problems]


async def test_a_too_short_field_for_the_connection_link_is_reported(here, webinar_sync, drawn):
    await here.add_field("Lead", "Link__c", type="url", length=100)
    document = changed()
    document["steps"][0]["rows"].append({"field": "Link__c", "entry": {"attribute": "connection_link"}})
    assert any("which may have 200 characters" in hint for hint in (await drawn(webinar_sync, document)).others[-1].hints)


@pytest.mark.shows("LS-42")
async def test_a_dead_row_refuses_the_save_until_it_is_removed(here, webinar_sync, save, open_desk):
    await here.add_field("Lead", "Score__c", type="double", precision=6, scale=0)
    document = changed()
    document["steps"][0]["rows"].append({"field": "Score__c", "entry": {"attribute": "votes_count"}})
    await save(webinar_sync, document)
    await here.remove_field("Lead", "Score__c")
    (await here.ready_org()).describe.invalidate("Lead")
    document["title"] = "Another title"
    with pytest.raises(MappingError) as refused:
        await save(webinar_sync, document, 2)
    document["steps"][0]["rows"].pop()
    assert ("gone", 3) == (refused.value.problems[0].code, (await save(webinar_sync, document, 2)).version)


async def test_the_second_of_two_editors_is_told_who_saved(webinar_sync, save):
    await save(webinar_sync, changed(Title=OVERWRITE), actor="Noor Haddad")
    told = await save(webinar_sync, changed(City=OVERWRITE), actor="Leila Berg")
    assert (2, "Noor Haddad") == (told.version, told.author)


async def test_the_second_of_two_editors_loses_nothing(webinar_sync, save):
    await save(webinar_sync, changed(Title=OVERWRITE))
    told = await save(webinar_sync, changed(City=OVERWRITE))
    assert drafts.normal(changed(Title=OVERWRITE, City=OVERWRITE)) == told.merged.document


async def test_a_row_that_both_changed_is_a_choice(webinar_sync, save):
    await save(webinar_sync, changed(Title=OVERWRITE))
    told = await save(webinar_sync, changed(Title={"update": "create-only"}))
    assert [("title", "create-only", "overwrite")] == [(one.field, one.mine["update"], one.theirs["update"]) for one in told.merged.clashes]


async def test_saves_at_the_same_moment_make_one_version_and_one_conflict(here, webinar_sync, open_desk):
    one, other = await open_desk(webinar_sync), await open_desk(webinar_sync)
    first = await saving.save(here.engine, one, changed(Title=OVERWRITE), 1, "Noor")
    second = await saving.save(here.engine, other, changed(City=OVERWRITE), 1, "Leila")
    assert (Saved, Conflict) == (type(first), type(second))


@pytest.mark.shows("BX-34")
async def test_versions_are_compared_row_by_row(here, webinar_sync, save, open_desk):
    await save(webinar_sync, changed(Title=OVERWRITE, Website=None))
    found = await versions.between(here.engine, await open_desk(webinar_sync), 1, 2)
    assert [
        "Lead \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Title, If already filled: from Keep it to Overwrite",
        "Lead \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Website removed; it was Website, Keep it",
    ] == [one.sentence for one in found]


@pytest.mark.shows("BX-34")
async def test_an_old_version_is_restored_as_a_new_one(here, webinar_sync, save, open_desk):
    await save(webinar_sync, changed(Title=OVERWRITE))
    restored = await versions.restore(here.engine, await open_desk(webinar_sync), 1, 2, "Noor Haddad")
    first, third = [await versions.document_of(here.engine, await open_desk(webinar_sync), number) for number in (1, 3)]
    assert (3, True) == (restored.version, [] == await versions.between(here.engine, await open_desk(webinar_sync), 1, 3))
    assert first["steps"][0]["rows"] == third["steps"][0]["rows"]


async def test_a_save_is_audited_in_words_with_before_and_after(here, webinar_sync, save):
    await save(webinar_sync, changed(Title=OVERWRITE))
    (entry,) = await here.rows(tables.audit)
    place = "Lead \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Title \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} If already filled"
    assert ("Noor Haddad", "mapping.change", "Keep it", "Overwrite") == (
        entry["actor"],
        entry["action"],
        entry["before"][place],
        entry["after"][place],
    )
