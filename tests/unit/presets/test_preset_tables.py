"""The tables of the requirements, written down once more, against the preset files."""

import pytest

from crosswalk.errors import ConfigurationError
from crosswalk.mapping import document
from crosswalk.mapping.document import AttributeEntry, AutoMatchEntry, FieldRow, PassThroughRow
from crosswalk.model import UpdatePolicy
from crosswalk.presets import loader
from crosswalk.sources import registry

LS_06 = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "Company": "company",
    "Title": "job_title",
    "City": "city",
    "Country": "country",
    "Phone": "phone",
    "Website": "website",
}
LS_07 = {
    "FirstName": "first_name",
    "LastName": "last_name",
    "Email": "email",
    "AccountId": "company",
    "Title": "job_title",
    "MailingCity": "city",
    "MailingCountry": "country",
    "Phone": "phone",
}
RS_T1 = """
address.accuracy, accuracy > Accuracy · company.annualRevenue > AnnualRevenue · address.city, city > City
company.name, company > Company · address.country, country > Country · address.countryCode, countryCode > CountryCode
convertedAccountId > ConvertedAccountId · convertedContactId > ConvertedContactId · convertedDate > ConvertedDate
convertedOpportunityId > ConvertedOpportunityId · createdById > CreatedById · createdAt, createddate > CreatedDate
description > Description · email > Email · emailBouncedDate > EmailBouncedDate · emailBouncedReason > EmailBouncedReason
firstName > FirstName · geocodeAccuracy > GeocodeAccuracy · id > Id · company.industry > Industry · individualId > IndividualId
isConverted > IsConverted · isDeleted > IsDeleted · isUnreadByOwner > IsUnreadByOwner · jigsaw > Jigsaw
jigsawContactId > JigsawContactId · lastActivityDate > LastActivityDate · lastModifiedById > LastModifiedById
lastModifiedDate > LastModifiedDate · lastName > LastName · lastReferencedDate > LastReferencedDate · lastViewedDate > LastViewedDate
address.latitude, latitude > Latitude · LeadSource > LeadSource · address.longitude, longitude > Longitude
masterRecordId > MasterRecordId · name > Name · company.employee_count > NumberOfEmployees · ownerId > OwnerId · phone > Phone
photoUrl > PhotoUrl · address.postalCode, postalCode > PostalCode · rating > Rating · salutation > Salutation
address.state, state > State · address.stateCode, stateCode > StateCode · status > Status · address.street, street > Street
systemModstamp > SystemModstamp · title > Title · website > Website
"""
NAME_PARTS = {"FirstName", "LastName"}


def parsed(name, *options):
    return document.parse(loader.load(name, options).document)


def step(name, step_name, *options):
    return next(step for step in parsed(name, *options).steps if step.name == step_name)


def fields(rows):
    return {row.field: row for row in rows if isinstance(row, FieldRow)}


def attributes(row):
    entry = row.entry
    if isinstance(entry, AttributeEntry):
        return ", ".join(entry.attribute)
    return ", ".join(entry.auto_match.attribute) if isinstance(entry, AutoMatchEntry) else entry.formula


def table(step):
    return {field: attributes(row) for field, row in fields(step.rows).items()}


def test_every_system_has_a_preset():
    assert loader.names() == tuple(sorted(registry.sources()))


@pytest.mark.parametrize("name", loader.names())
def test_every_preset_is_a_sound_document_of_its_kind(name):
    preset = loader.load(name)
    assert preset.kind == document.parse(preset.document).source


@pytest.mark.parametrize("name", loader.names())
@pytest.mark.parametrize("option", [None, "present_tables"])
def test_every_attribute_of_a_preset_is_in_the_catalogue(name, option):
    options = (option,) if option in loader.load(name).options else ()
    keys = {attribute.key for attribute in registry.source(name).catalogue({})}
    used = {
        key
        for one in parsed(name, *options).steps
        for row in fields(one.rows).values()
        if isinstance(row.entry, AttributeEntry)
        for key in row.entry.attribute
    }
    assert set() == used - keys


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigurationError, match="livestorm, rudderstack"):
        loader.load("zoomy")


def test_an_unknown_option_names_the_known_ones():
    with pytest.raises(ConfigurationError, match="present_tables"):
        loader.load("rudderstack", ["wide"])


def test_a_loaded_preset_may_be_changed_without_changing_the_next():
    loader.load("livestorm").document["steps"].clear()
    assert len(loader.load("livestorm").document["steps"]) == 3


# --- Livestorm ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LS-05")
def test_livestorm_writes_three_levels():
    assert [step.object for step in parsed("livestorm").steps] == ["Lead", "Contact", "CampaignMember"]


def test_the_lead_rows_are_the_nine_of_ls_06():
    assert table(step("livestorm", "lead")) == LS_06


def test_the_contact_rows_are_the_eight_of_ls_07():
    assert table(step("livestorm", "contact")) == LS_07


def test_the_company_of_a_contact_is_the_account_of_that_name():
    match = fields(step("livestorm", "contact").rows)["AccountId"].entry.auto_match
    assert (match.object, match.field, match.attribute) == ("Account", "Name", ("company",))


def test_the_member_rows_are_the_two_statuses_of_ls_10():
    assert table(step("livestorm", "member")) == {"Status": "session_status", "Livestorm_Replay_Status__c": "replay_status"}


def test_livestorm_fills_empty_fields_but_for_the_two_statuses():
    policies = {(one.name, field): row.update for one in parsed("livestorm").steps for field, row in fields(one.rows).items()}
    others = {key for key, policy in policies.items() if policy is not UpdatePolicy.FILL_EMPTY}
    assert {("member", "Status"), ("member", "Livestorm_Replay_Status__c")} == others


@pytest.mark.shows("LS-04")
def test_the_default_mapping_uses_registration_attributes_only():
    groups = {attribute.key: attribute.group for attribute in registry.source("livestorm").catalogue({})}
    used = {attributes(row) for one in parsed("livestorm").steps if one.name != "member" for row in fields(one.rows).values()}
    assert {"Registration"} == {groups[key] for key in used}


def test_every_event_of_livestorm_has_a_status_on_its_ladder():
    rows = fields(step("livestorm", "member").rows)
    off_ladder = {text for row in rows.values() for text in row.values.values() if text not in row.ladder.ranks}
    assert set() == off_ladder


def test_livestorm_names_the_field_it_needs():
    assert ["CampaignMember.Livestorm_Replay_Status__c"] == [need.path for need in loader.load("livestorm").needs.fields]


# --- RudderStack --------------------------------------------------------------------------------------------------------------------


def golden_rows():
    pairs = (pair.split(" > ") for line in RS_T1.strip().splitlines() for pair in line.split(" · "))
    return {field.strip(): traits.strip() for traits, field in pairs}


def test_the_lead_rows_are_the_51_of_rs_t1():
    expected = golden_rows()
    found = table(step("rudderstack", "lead"))
    assert (51, expected) == (len(expected), {**found, **{field: expected[field] for field in NAME_PARTS if field in found}})


@pytest.mark.parametrize(("field", "trait"), [("FirstName", "{firstName}"), ("LastName", "{lastName}")])
def test_a_missing_part_of_the_name_comes_from_the_name(field, trait):
    formula = table(step("rudderstack", "lead"))[field]
    assert (trait in formula, "{name}" in formula) == (True, True)


def test_rudderstack_overwrites_everywhere():
    assert {UpdatePolicy.OVERWRITE} == {row.update for one in parsed("rudderstack").steps for row in one.rows}


def test_only_last_name_and_company_have_placeholders():
    found = {field: row.placeholder for field, row in fields(step("rudderstack", "lead").rows).items() if row.placeholder}
    assert found == {"LastName": "n/a", "Company": "n/a"}


def test_a_lead_is_looked_for_before_a_contact_and_conversion_is_not_followed():
    person = parsed("rudderstack").person
    assert (person.search, person.create, person.follow_converted) == (("Lead", "Contact"), "Lead", False)


def test_salesforce_must_be_asked_for():
    opt_in = parsed("rudderstack").opt_in
    assert (opt_in.mode, opt_in.name) == ("explicit", "Salesforce")


def passes(step):
    return next(row.pass_through for row in step.rows if isinstance(row, PassThroughRow))


def test_other_traits_go_to_custom_fields_of_their_name():
    assert (passes(step("rudderstack", "lead")).append, passes(step("rudderstack", "lead")).roots) == ("__c", ("traits", "context.traits"))


def test_no_trait_of_the_table_becomes_a_custom_field():
    used = {key.strip().partition(".")[0] for traits in golden_rows().values() for key in traits.split(",")}
    never = used | {"age", "anonymousId", "avatar", "birthday", "gender", "name"}
    assert never == set(passes(step("rudderstack", "lead")).except_)


def test_named_objects_take_the_traits_as_they_are():
    named = step("rudderstack", "named")
    assert (passes(named).append, named.object_from.prefixes[0], dict(named.object_from.rows_of)) == ("", "Salesforce-", {"Lead": "lead"})


def test_the_present_tables_are_an_option():
    wider = table(step("rudderstack", "lead", "present_tables"))
    assert wider["MobilePhone"] == "mobilePhone"


def test_a_trait_of_the_wider_table_is_no_custom_field_any_more():
    assert "mobilePhone" in passes(step("rudderstack", "lead", "present_tables")).except_


def test_the_present_contact_table_has_44_rows():
    assert len(table(step("rudderstack", "contact", "present_tables"))) == 44
