"""LivePerson's transcripts: object, lookups, tab, page, report type, and lookups to any custom object on request."""

import pytest
from tests.flow.provisioned import fields, plan, provision, told

from crosswalk.errors import ConfigurationError
from crosswalk.presets import loader
from crosswalk.provisioning import service, survey
from crosswalk.provisioning.service import Wish
from crosswalk.salesforce.xml_text import listed
from localorg.custom_objects import custom_object

TRANSCRIPT = "Chat_Transcript__c"
LOOKUPS = {"Lead__c": "Lead", "Contact__c": "Contact", "Account__c": "Account", "Case__c": "Case", "Opportunity__c": "Opportunity"}


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: which one cannot matter here."""
    return sqlite_url


def invoices(here):
    """Put a custom object of the admin's own into the org."""
    given = {"label": "Invoice", "pluralLabel": "Invoices", "nameField": {"label": "Invoice Name", "type": "Text"}}
    here.org.org.add_object(custom_object("Invoice__c", given, 1))


async def definition(here, type_, name):
    return (await survey.api(await here.ready_org()).read(type_, [name]))[name]


@pytest.mark.shows("LP-04")
async def test_an_empty_org_gets_object_fields_and_lookups_once(fresh):
    await provision(fresh, "liveperson")
    found = await fields(fresh, TRANSCRIPT)
    assert LOOKUPS == {name: each["referenceTo"][0] for name, each in found.items() if each["custom"] and each["type"] == "reference"}
    assert ((), ()) == ((again := await plan(fresh, "liveperson")).steps, again.obstacles)


@pytest.mark.shows("LP-90")
async def test_transcripts_have_a_tab_and_a_page_with_their_fields(fresh):
    await provision(fresh, "liveperson")
    async with fresh.org.client() as client:
        tabs = [each["name"] for each in (await client.get("/services/data/v60.0/tabs")).json()]
    page = await definition(fresh, "Layout", f"{TRANSCRIPT}-Chat Transcript Layout")
    columns = [column for section in listed(page, "layoutSections") for column in listed(section, "layoutColumns")]
    shown = {item["field"] for column in columns for item in listed(column, "layoutItems")}
    own = {name for name, each in (await fields(fresh, TRANSCRIPT)).items() if each["custom"]}
    assert (True, set()) == (TRANSCRIPT in tabs, own - shown)


@pytest.mark.shows("LP-91")
async def test_a_report_type_reaches_the_related_objects(fresh):
    await provision(fresh, "liveperson")
    found = await definition(fresh, "ReportType", "Chat_Transcripts_with_People")
    columns = {each["field"] for section in listed(found, "sections") for each in listed(section, "columns")}
    assert {"Transcript__c", "Contact__c.Email", "Lead__c.Company"} <= columns


@pytest.mark.shows("LP-31")
async def test_the_layouts_that_may_show_transcripts_are_named(fresh):
    applied = await provision(fresh, "liveperson")
    assert 'put the related list "Chat Transcripts" on the page layouts of Lead, Contact, Account, Case, Opportunity.' in applied.hints[0]


async def test_a_lookup_to_a_custom_object_is_made_on_request(fresh):
    invoices(fresh)
    await provision(fresh, "liveperson", lookups=("Invoice__c",))
    assert ["Invoice__c"] == (await fields(fresh, TRANSCRIPT))["Invoice__c"]["referenceTo"]


async def test_a_custom_object_is_listed_as_without_lookup_until_it_has_one(fresh):
    invoices(fresh)
    await provision(fresh, "liveperson")
    before = await service.linkable(await fresh.ready_org(), "liveperson")
    await provision(fresh, "liveperson", lookups=("Invoice__c",))
    after = await service.linkable(await fresh.ready_org(), "liveperson")
    assert ([("Invoice__c", False)], [("Invoice__c", True)]) == tuple(
        [(each.name, each.linked) for each in found] for found in (before, after)
    )


async def test_a_page_that_an_admin_has_arranged_is_left_alone(fresh):
    invoices(fresh)
    await provision(fresh, "liveperson")
    wanted = await plan(fresh, "liveperson", lookups=("Invoice__c",))
    assert ["CustomField", "PermissionSet"] == [step.type for step in wanted.steps]


async def test_a_lookup_to_an_object_that_is_not_there_is_refused_and_told(fresh):
    applied = await provision(fresh, "liveperson", lookups=("Nowhere__c",))
    assert [f"{TRANSCRIPT}.Nowhere__c"] == [name for name, _ in told(applied)]


@pytest.mark.parametrize("how", ["option", "sync"])
async def test_files_get_the_key_field_where_a_save_mode_makes_them(fresh, how):
    if how == "sync":
        await fresh.add_sync(await fresh.add_source("liveperson"), loader.load("liveperson", ["file_too"]).document)
    wanted = [await plan(fresh, "liveperson", options=chosen) for chosen in ((), ("file_too",) if how == "option" else ())]
    assert [how == "sync", True] == ["ContentVersion.Crosswalk_Key__c" in [step.name for step in one.steps] for one in wanted]


def test_the_right_to_make_accounts_is_granted_where_people_become_accounts():
    rights = Wish(("liveperson",), options=("new_person_accounts",)).declaration().standard_rights
    assert {"read", "edit", "create"} == rights["Account"]


async def test_an_option_that_no_preset_has_is_refused_with_those_they_have(fresh):
    with pytest.raises(ConfigurationError, match="file_only, file_too"):
        await plan(fresh, "liveperson", "livestorm", options=("files",))


async def test_a_lookup_is_refused_where_no_object_takes_any(fresh):
    with pytest.raises(ConfigurationError, match="leave --lookup out"):
        await plan(fresh, "livestorm", lookups=("Invoice__c",))
