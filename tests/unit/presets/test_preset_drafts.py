"""The presets, compiled against the standard objects and applied to the samples of their systems."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crosswalk.mapping import apply, document
from crosswalk.model import Field, ObjectType, OrgSchema
from crosswalk.presets import loader
from crosswalk.reasons import Reason
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig, SourceState
from localorg.object_files import standard_schema

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 3, 11, tzinfo=UTC)
CAMPAIGN = apply.BoundCampaign("701000000000001AAA")


def crosswalk_field(field):
    return Field(
        name=field.name,
        label=field.label,
        type=field.type.value,
        length=field.length,
        precision=field.precision,
        scale=field.scale,
        createable=field.createable,
        updateable=field.updateable,
        nillable=field.nillable,
        defaulted=field.defaulted_on_create,
        unique=field.unique,
        external_id=field.external_id,
        filterable=field.filterable,
        restricted=field.restricted_picklist,
        picklist=tuple(value.value for value in field.picklist),
        reference_to=field.reference_to,
    )


@pytest.fixture(scope="module")
def org():
    """Describe the standard objects with the fields the presets need, and one custom trait's."""
    found = {}
    for described in standard_schema().objects():
        fields = {key: crosswalk_field(field) for key, field in described.fields.items()}
        found[described.name.lower()] = ObjectType(described.name, described.label, fields)
    found["lead"].fields["newprop__c"] = Field("newProp__c", "New prop", "string", length=255)
    found["campaignmember"].fields["livestorm_replay_status__c"] = Field("Livestorm_Replay_Status__c", "Replay", "string", length=255)
    return OrgSchema(found)


@pytest.fixture
def mapped(org):
    """Post a body to a source and apply its preset; returns what became of each event."""

    def run(kind, path, body, *options, without=()):
        settings = {"unsigned": True} if kind == "livestorm" else {}
        source = SourceConfig("s", "s", kind, SourceState.ON, settings)
        accepted = registry.source(kind).accept(
            Incoming("POST", path, {}, body=json.dumps(body).encode()), source, NOW, iter("abcdefghijkl").__next__
        )
        schema = OrgSchema({name: _less(described, without) for name, described in org.objects.items()})
        compiled = apply.compile(
            document.parse(loader.load(kind, options).document),
            registry.source(kind).catalogue({}),
            schema,
            sync_id="y",
            version=1,
            position=0,
            source_kind=kind,
        )
        context = apply.Context({}, CAMPAIGN, ZoneInfo("UTC"))
        return [compiled.apply(event, "d", "l", context) for event in accepted.events]

    return run


def _less(described, names):
    return ObjectType(described.name, described.label, {key: field for key, field in described.fields.items() if field.name not in names})


def sample(path):
    return json.loads((SAMPLES / path).read_text("utf-8"))


def values(applied, object_name, step="person", *, placeholders=True):
    draft = next(draft for draft in applied.drafts if draft.step == step)
    target = next(target for target in draft.targets if target.object == object_name)
    return {want.field: want.value for want in target.wants if placeholders or not want.placeholder}


def identify(traits, **more):
    return {"userId": "u", "messageId": "m", "traits": traits, "integrations": {"Salesforce": True}, **more}


ALEX = {
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


# --- RudderStack --------------------------------------------------------------------------------------------------------------------


def test_the_seeds_sample_identify_makes_the_lead_of_the_seed(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify(ALEX))
    assert values(applied, "Lead") == {
        "FirstName": "Alex",
        "LastName": "Keener",
        "Title": "Mr.",
        "Email": "alex@example.com",
        "Company": "Google Inc.",
        "Phone": "+1-202-555-0146",
        "Rating": "Hot",
        "City": "New Orleans",
        "PostalCode": "90002",
        "Country": "US",
        "Street": "Blue Gum Street",
        "State": "LA",
    }


@pytest.mark.parametrize(
    ("traits", "first", "last"),
    [
        ({"name": "Mary Ann Smith"}, "Mary", "Ann Smith"),
        ({"name": "Cher"}, None, "Cher"),
        ({"name": "  Mary   Smith "}, "Mary", "Smith"),
        ({"name": "Mary Smith", "lastName": "Jones"}, "Mary", "Jones"),
        ({"name": "Mary Smith", "firstName": "Ann"}, "Ann", "Smith"),
        ({"name": "", "firstName": "Ann"}, "Ann", "n/a"),
        ({"firstName": "Ann", "lastName": "Smith"}, "Ann", "Smith"),
        ({}, None, "n/a"),
    ],
)
def test_a_name_fills_the_parts_that_are_missing(traits, first, last, mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"email": "a@b.example", **traits}))
    found = values(applied, "Lead")
    assert (found.get("FirstName"), found.get("LastName")) == (first, last)


def test_an_email_alone_wants_placeholders_only_for_an_insert(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"email": "a@b.example"}))
    assert (values(applied, "Lead"), values(applied, "Lead", placeholders=False)) == (
        {"Email": "a@b.example", "LastName": "n/a", "Company": "n/a"},
        {"Email": "a@b.example"},
    )


def test_a_custom_trait_goes_to_the_field_of_its_name(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"email": "a@b.example", "newProp": "x"}))
    assert values(applied, "Lead")["newProp__c"] == "x"


def test_a_trait_without_a_field_is_noted_and_the_rest_wanted(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"email": "a@b.example", "other": "x", "rating": "Hot"}))
    notes = [note.sentence for draft in applied.drafts for note in draft.notes if "other__c" in note.sentence]
    assert (values(applied, "Lead")["Rating"], len(notes) > 0) == ("Hot", True)


def test_rows_that_cannot_be_written_do_not_fail_the_event(mapped):
    traits = {"email": "a@b.example", "createdAt": "2026-03-01T00:00:00Z", "isDeleted": True, "id": "x", "photoUrl": "https://x.example"}
    (applied,) = mapped("rudderstack", "/v1/identify", identify(traits))
    assert set(values(applied, "Lead")) == {"Email", "LastName", "Company"}


def test_of_two_spellings_the_left_one_wins(mapped):
    traits = {"email": "a@b.example", "address": {"city": "Lyon"}, "city": "Paris", "company": {"name": "Northwind"}}
    (applied,) = mapped("rudderstack", "/v1/identify", identify(traits))
    found = values(applied, "Lead")
    assert (found["City"], found["Company"]) == ("Lyon", "Northwind")


def test_a_contact_takes_what_it_has_fields_for(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify(ALEX))
    found = values(applied, "Contact")
    assert (found["MailingCity"], found["LastName"], "Company" in found) == ("New Orleans", "Keener", False)


def test_a_call_that_does_not_ask_for_salesforce_is_skipped(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", {**identify(ALEX), "integrations": {"All": True}})
    assert ((), {Reason.NOT_OPTED_IN}) == (applied.drafts, {step.reason for step in applied.unmapped})


def test_an_anonymous_identify_has_no_match_key(mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"title": "Mr."}))
    assert [step.reason for step in applied.unmapped] == [Reason.NO_MATCH_KEY]


@pytest.mark.parametrize("name", ["identify_node_sdk", "identify_python_sdk", "identify_segment_python"])
def test_every_client_s_identify_becomes_a_lead(name, mapped):
    (applied,) = mapped("rudderstack", "/v1/batch", sample(f"rudderstack/{name}.json")["request"]["body"])
    found = values(applied, "Lead")
    assert {"FirstName", "LastName", "Email", "Company"} <= set(found)


def test_named_records_take_the_traits_as_they_are(mapped, org):
    (applied,) = mapped("rudderstack", "/v1/identify", sample("rudderstack/identify_externalid.json"))
    contact = next(draft for draft in applied.drafts if draft.step == "named:Contact")
    assert {want.field: want.value for want in contact.targets[0].wants} == {
        "FirstName": "Marta",
        "LastName": "Lindqvist",
        "Email": "marta.lindqvist@northwind.example",
        "Description": "Asked for the enterprise price list",
    }


@pytest.mark.parametrize(("options", "field"), [((), False), (("present_tables",), True)])
def test_the_present_tables_know_the_mobile_phone(options, field, mapped):
    (applied,) = mapped("rudderstack", "/v1/identify", identify({"email": "a@b.example", "mobilePhone": "+46 8 465 004 01"}), *options)
    assert ("MobilePhone" in values(applied, "Lead")) == field


# --- Livestorm ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def registered():
    body = sample("livestorm/webhook_people_registered.json")
    extra = {"city": "Lyon", "country": "France", "phone": "+33 1 99 00 12 34", "website": "https://lumen.example"}
    body["data"]["attributes"]["registrant_detail"]["fields"] += [{"id": slug, "value": value} for slug, value in extra.items()]
    return body


def test_a_registration_with_all_nine_makes_a_lead_with_all_nine(mapped, registered):
    (applied,) = mapped("livestorm", "/hooks/x", registered)
    assert values(applied, "Lead") == {
        "FirstName": "Inès",
        "LastName": "Moreau",
        "Email": "ines.moreau@atelier-lumen.example",
        "Company": "Atelier Lumen",
        "Title": "Head of Operations",
        "City": "Lyon",
        "Country": "France",
        "Phone": "+33 1 99 00 12 34",
        "Website": "https://lumen.example",
    }


def test_the_account_of_a_contact_is_looked_for_by_the_company(mapped, registered):
    (applied,) = mapped("livestorm", "/hooks/x", registered)
    account = values(applied, "Contact")["AccountId"]
    assert (account.object, account.field, account.value) == ("Account", "Name", "Atelier Lumen")


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        ("registered", "Status", "Registered"),
        ("attended", "Status", "Attended"),
        ("not_attended", "Status", "Did not attend"),
        ("watched_replay", "Livestorm_Replay_Status__c", "Watched replay"),
    ],
)
def test_each_event_moves_its_status(name, field, text, mapped):
    (applied,) = mapped("livestorm", "/hooks/x", sample(f"livestorm/webhook_people_{name}.json"))
    found = values(applied, "CampaignMember", "member")
    statuses = {key: value for key, value in found.items() if key in ("Status", "Livestorm_Replay_Status__c")}
    assert statuses == {field: text}


def test_a_member_hangs_on_the_person_and_the_bound_campaign(mapped, registered):
    (applied,) = mapped("livestorm", "/hooks/x", registered)
    member = next(draft for draft in applied.drafts if draft.step == "member")
    assert (member.parent, member.member_of) == ("person", "701000000000001AAA")


def test_without_the_replay_field_the_member_is_still_wanted(mapped):
    body = sample("livestorm/webhook_people_watched_replay.json")
    (applied,) = mapped("livestorm", "/hooks/x", body, without={"Livestorm_Replay_Status__c"})
    assert "member" in {draft.step for draft in applied.drafts}


def test_a_person_without_an_email_has_no_match_key(mapped, registered):
    attributes = registered["data"]["attributes"]
    attributes["email"] = attributes["registrant_detail"]["fields"][0]["value"] = "x1@unknown.livestorm.co"
    (applied,) = mapped("livestorm", "/hooks/x", registered)
    assert Reason.NO_MATCH_KEY in {step.reason for step in applied.unmapped}
