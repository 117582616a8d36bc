"""All problems of a mapping at once, each with its place; and hints, which refuse nothing."""

import pytest

from crosswalk.mapping import document
from crosswalk.mapping.check import SUSPENDING, check, refusing
from crosswalk.mapping.hints import hints

ANY = [{"pass_through": {"roots": ["traits"]}}]


@pytest.fixture
def good(row, lead_step, whole):
    """Return a document without problems, made anew for each change."""
    lead = lead_step(row("LastName", "last_name", placeholder="n/a"), row("Company", "company", placeholder="n/a"), row("Email", "email"))
    status = row("Status", "status", values={"people.registered": "Registered"}, update="advance", ladder={"ranks": ["Registered"]})
    member = {"name": "member", "object": "CampaignMember", "parent": "person", "campaign": "bound", "rows": [status]}
    case = {
        "name": "case",
        "object": "Case",
        "once_per": "event",
        "rows": [row("Subject", "job_title"), row("ContactId", {"step": "lead"})],
    }
    named = {"name": "named", "object_from": {"path": "context.externalId", "rows_of": {"Lead": "lead"}}, "rows": ANY}
    return whole(lead, member, case, named)


@pytest.fixture
def found(catalogue, org):
    """Return a function from a document to its problems as (code, place)."""

    def of(data, schema=org, **more):
        return [(problem.code, problem.place) for problem in check(document.parse(data), catalogue, schema, **more)]

    return of


def test_a_good_mapping_has_no_problems(good, found):
    assert found(good) == []


def lead_rows(data):
    return data["steps"][0]["rows"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda d: lead_rows(d)[0].update(entry={"attribute": "lastname"}), ("unknown_attribute", "steps[0].rows[0].entry.attribute")),
        (
            lambda d: lead_rows(d)[0].update(entry={"attribute": ["last_name", "x"]}),
            ("unknown_attribute", "steps[0].rows[0].entry.attribute[1]"),
        ),
        (lambda d: lead_rows(d)[0].update(entry={"attribute": "a..b"}), ("bad_path", "steps[0].rows[0].entry.attribute")),
        (lambda d: lead_rows(d)[0].update(entry={"attribute": "@nothing"}), ("unknown_attribute", "steps[0].rows[0].entry.attribute")),
        (lambda d: lead_rows(d)[0].update(entry={"formula": "LEFT({last_name}"}), ("bad_formula", "steps[0].rows[0].entry.formula")),
        (lambda d: lead_rows(d)[0].update(entry={"formula": "LEFT({gone}, 1)"}), ("unknown_attribute", "steps[0].rows[0].entry.formula")),
        (lambda d: lead_rows(d).append({"field": "Gone__c", "entry": {"value": "x"}}), ("not_in_org", "steps[0].rows[3].field")),
        (lambda d: lead_rows(d).append({"field": "IsConverted", "entry": {"value": True}}), ("not_writable", "steps[0].rows[3].field")),
        (
            lambda d: lead_rows(d).append({"field": "SeenAt__c", "entry": {"attribute": "count"}}),
            ("type_mismatch", "steps[0].rows[3].entry.attribute"),
        ),
        (lambda d: lead_rows(d).append({"field": "Rating", "entry": {"value": "Hott"}}), ("bad_value", "steps[0].rows[3].entry.value")),
        (lambda d: lead_rows(d).append({"field": "SeenOn__c", "entry": {"value": "soon"}}), ("bad_value", "steps[0].rows[3].entry.value")),
        (lambda d: lead_rows(d).append({"field": "Title", "entry": {"value": " "}}), ("bad_value", "steps[0].rows[3].entry.value")),
        (
            lambda d: lead_rows(d).append({"field": "Rating", "entry": {"attribute": "rating"}, "placeholder": "None"}),
            ("bad_value", "steps[0].rows[3].placeholder"),
        ),
        (
            lambda d: lead_rows(d).append({"field": "Rating", "entry": {"attribute": "rating"}, "values": {"a": "Hott"}}),
            ("bad_value", "steps[0].rows[3].values.a"),
        ),
        (
            lambda d: lead_rows(d).append({"field": "email", "entry": {"value": "a@x.example"}}),
            ("duplicate_field", "steps[0].rows[3].field"),
        ),
        (lambda d: lead_rows(d)[0].update(update="advance"), ("bad_ladder", "steps[0].rows[0].ladder")),
        (lambda d: lead_rows(d)[0].update(ladder={"ranks": ["a"]}, placeholder="a"), ("bad_ladder", "steps[0].rows[0].update")),
        (
            lambda d: d["steps"][1]["rows"][0].update(ladder={"ranks": ["Registered", "registered"]}),
            ("bad_ladder", "steps[1].rows[0].ladder"),
        ),
        (lambda d: d["steps"][1]["rows"][0].update(values={"a": "Attended"}), ("bad_ladder", "steps[1].rows[0].values.a")),
        (lambda d: lead_rows(d)[2].update(nulls="clear"), ("clears_key", "steps[0].rows[2].nulls")),
        (lambda d: lead_rows(d)[0].update(nulls="clear"), ("contradiction", "steps[0].rows[0].placeholder")),
        (lambda d: lead_rows(d).pop(1), ("required_field", "steps[0].rows")),
        (lambda d: d["steps"][0].update(match=[]), ("no_match", "steps[0].match")),
        (
            lambda d: d["steps"][0]["match"].append({"field": "Secret__c", "entry": {"attribute": "email"}}),
            ("not_filterable", "steps[0].match[1].field"),
        ),
        (
            lambda d: d["steps"][0]["match"].append({"field": "Gone__c", "entry": {"attribute": "email"}}),
            ("not_in_org", "steps[0].match[1].field"),
        ),
        (
            lambda d: d["steps"][0]["match"].append({"field": "Phone", "entry": {"attribute": "count"}}),
            ("type_mismatch", "steps[0].match[1].entry.attribute"),
        ),
        (lambda d: d["steps"][0].update(once_per="event"), ("shape", "steps[0].once_per")),
        (lambda d: d["steps"][0].update(on_deleted="skip"), ("shape", "steps[0].on_deleted")),
        (lambda d: d["steps"][0].update(when="1 +"), ("bad_formula", "steps[0].when")),
        (lambda d: d["steps"][1].pop("parent"), ("shape", "steps[1].parent")),
        (lambda d: d["steps"][1].pop("campaign"), ("shape", "steps[1].campaign")),
        (lambda d: d["steps"][1].update(parent="nobody"), ("unknown_step", "steps[1].parent")),
        (lambda d: d["steps"].insert(0, d["steps"].pop(1)), ("step_order", "steps[0].parent")),
        (lambda d: d["steps"][2]["rows"][1].update(entry={"step": "case"}), ("step_order", "steps[2].rows[1].entry.step")),
        (lambda d: d["steps"][2]["rows"][0].update(entry={"step": "lead"}), ("type_mismatch", "steps[2].rows[0].entry")),
        (lambda d: d["steps"][2].pop("once_per"), ("no_once_per", "steps[2]")),
        (lambda d: d["steps"][2].update(campaign="bound"), ("shape", "steps[2].campaign")),
        (lambda d: d["steps"][2].update(object="Kase"), ("not_in_org", "steps[2].object")),
        (lambda d: d["steps"][2].pop("object"), ("shape", "steps[2]")),
        (lambda d: d["steps"][3]["object_from"].update(path="a..b"), ("bad_path", "steps[3].object_from.path")),
        (lambda d: d["steps"][3]["object_from"].update(rows_of={"Lead": "leed"}), ("unknown_step", "steps[3].object_from.rows_of.Lead")),
        (lambda d: d["steps"][3].update(once_per="event"), ("shape", "steps[3].once_per")),
        (
            lambda d: d["steps"][3].update(rows=[{"pass_through": {"roots": ["a."]}}]),
            ("bad_path", "steps[3].rows[0].pass_through.roots[0]"),
        ),
        (lambda d: d["steps"][3].update(rows=[ANY[0] | {"update": "advance"}]), ("bad_ladder", "steps[3].rows[0].update")),
        (lambda d: d["person"].update(search=["Lead", "Contact"]), ("no_person_step", "person.search[1]")),
        (lambda d: d["person"].update(search=[]), ("not_searched", "steps[0].object")),
        (lambda d: d["person"].update(create="Contact"), ("no_person_step", "person.create")),
        (lambda d: d["person"].update(create=None), ("contradiction", "person.create")),
    ],
)
def test_a_problem_is_reported_at_its_place(change, expected, good, found):
    change(good)
    assert found(good) == [expected]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"object": "Account", "field": "Name", "attribute": "company"}, []),
        ({"object": "Acount", "field": "Name", "attribute": "company"}, [("not_in_org", "steps[0].rows[1].entry.auto_match.object")]),
        ({"object": "Account", "field": "Nam", "attribute": "company"}, [("not_in_org", "steps[0].rows[1].entry.auto_match.field")]),
        ({"object": "Account", "field": "Notes", "attribute": "company"}, [("not_filterable", "steps[0].rows[1].entry.auto_match.field")]),
        (
            {"object": "Account", "field": "Name", "attribute": "gone"},
            [("unknown_attribute", "steps[0].rows[1].entry.auto_match.attribute")],
        ),
        ({"object": "Account", "field": "Name", "formula": "LEFT("}, [("bad_formula", "steps[0].rows[1].entry.auto_match.formula")]),
        ({"object": "Account", "field": "Name", "value": " "}, [("bad_value", "steps[0].rows[1].entry.auto_match.value")]),
    ],
)
def test_an_auto_match_is_checked_where_it_looks(match, expected, row, whole, found):
    rows = [row("LastName", "last_name"), row("AccountId", {"auto_match": match})]
    contact = {"name": "contact", "object": "Contact", "person": True, "match": [row("Email", "email")], "rows": rows}
    acceptable = {place: code for code, place in found(whole(contact, person={"create": "Contact"}))}
    assert {place: code for code, place in expected} == {place: code for place, code in acceptable.items() if "auto_match" in place}


def test_an_auto_match_of_another_object_than_the_field_refers_to_is_refused(row, whole, found):
    match = {"object": "Lead", "field": "Email", "attribute": "email"}
    rows = [row("LastName", "last_name"), row("AccountId", {"auto_match": match})]
    contact = {"name": "contact", "object": "Contact", "person": True, "match": [row("Email", "email")], "rows": rows}
    assert ("type_mismatch", "steps[0].rows[1].entry.auto_match.object") in found(whole(contact, person={"create": "Contact"}))


def test_a_type_problem_names_both_types(good, catalogue, org):
    lead_rows(good).append({"field": "SeenAt__c", "entry": {"attribute": "count"}})
    sentence = check(document.parse(good), catalogue, org)[0].sentence
    assert ("(integer)" in sentence, "type datetime" in sentence) == (True, True)


def test_an_unknown_attribute_is_answered_with_the_nearest(good, catalogue, org):
    lead_rows(good)[0]["entry"] = {"attribute": "lastname"}
    assert 'Did you mean "last_name"?' in check(document.parse(good), catalogue, org)[0].sentence


def test_dead_rows_are_reported_and_the_caller_may_keep_them(good, catalogue, org):
    lead_rows(good).append({"field": "Gone__c", "entry": {"attribute": "company"}})
    lead_rows(good).append({"field": "Title", "entry": {"attribute": "gone"}})
    problems = check(document.parse(good), catalogue, org)
    assert [(problem.code, problem.code in SUSPENDING) for problem in problems] == [("not_in_org", True), ("unknown_attribute", False)]


def test_only_what_suspends_does_not_refuse(good, catalogue, org):
    lead_rows(good).append({"field": "Gone__c", "entry": {"attribute": "gone"}})
    assert [problem.code for problem in refusing(check(document.parse(good), catalogue, org))] == ["unknown_attribute"]


def test_all_problems_come_at_once(good, found):
    lead_rows(good)[0]["entry"] = {"attribute": "gone"}
    lead_rows(good).append({"field": "Rating", "entry": {"value": "Hott"}})
    good["steps"][2].pop("once_per")
    assert {"steps[0].rows[0].entry.attribute", "steps[0].rows[3].entry.value", "steps[2]"} == {place for _, place in found(good)}


def test_without_an_org_only_the_document_is_checked(good, found):
    lead_rows(good)[0]["entry"] = {"attribute": "gone"}
    lead_rows(good).append({"field": "Gone__c", "entry": {"value": "x"}})
    assert found(good, schema=None) == [("unknown_attribute", "steps[0].rows[0].entry.attribute")]


def test_a_step_that_creates_nothing_needs_no_required_fields(row, lead_step, whole, found):
    assert found(whole(lead_step(row("Title", "job_title")), person={"on_missing": "skip"})) == []


@pytest.fixture
def hinted(catalogue, org):
    return lambda data: [(hint.code, hint.place) for hint in hints(document.parse(data), catalogue, org)]


@pytest.mark.shows("LS-28")
def test_what_differs_from_session_to_session_is_hinted_on_a_person(row, lead_step, whole, hinted):
    assert ("varies", "steps[0].rows[0].entry") in hinted(whole(lead_step(row("Score__c", "rate"))))


@pytest.mark.shows("LS-28")
def test_what_differs_from_session_to_session_is_not_hinted_on_a_member(row, whole, hinted):
    member = {"name": "member", "object": "CampaignMember", "parent": "person", "campaign": "bound", "rows": [row("Status", "rate")]}
    assert "varies" not in {code for code, _ in hinted(whole(member))}


@pytest.mark.shows("C-05")
def test_overwrite_is_advised_for_what_grows_after_the_event(row, whole, hinted):
    member = {"name": "member", "object": "CampaignMember", "parent": "person", "campaign": "bound", "rows": [row("Status", "rate")]}
    assert hinted(whole(member)) == [("overwrite_advised", "steps[0].rows[0].update")]


@pytest.mark.shows("LS-29")
@pytest.mark.parametrize(("field", "expected"), [("Title", ["too_short"]), ("newProp__c", [])])
def test_a_link_into_a_short_field_is_reported(field, expected, row, lead_step, whole, hinted):
    assert expected == [code for code, _ in hinted(whole(lead_step(row(field, "link"))))]


@pytest.mark.parametrize(("more", "expected"), [({}, ["placeholder_advised"]), ({"placeholder": "n/a"}, [])])
def test_a_placeholder_is_advised_for_required_fields(more, expected, row, lead_step, whole, hinted):
    assert expected == [code for code, _ in hinted(whole(lead_step(row("LastName", "last_name", **more))))]


def test_a_field_for_new_records_only_is_hinted(row, lead_step, whole, hinted):
    assert hinted(whole(lead_step(row("CleanStatus", "job_title")))) == [("create_only", "steps[0].rows[0].field")]


def test_a_phone_key_is_hinted_to_miss_other_groupings(row, lead_step, whole, hinted):
    step = lead_step(row("Title", "job_title"), match=[row("Email", "email"), row("Phone", "phone")])
    assert hinted(whole(step)) == [("phone_key", "steps[0].match[1]")]


def test_a_phone_key_is_hinted_without_the_org_too(row, lead_step, whole, catalogue):
    step = lead_step(row("Title", "job_title"), match=[row("Anything__c", "phone")])
    assert [hint.code for hint in hints(document.parse(whole(step)), catalogue, None)] == ["phone_key"]
