"""The document as data: read, written back, and refused with every mistake at its place."""

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.errors import MappingError
from crosswalk.mapping import document
from crosswalk.model import LossyPolicy, NullPolicy, OnMissing, UpdatePolicy

WHOLE = yaml.safe_load("""
title: Registrants
source: livestorm
events: [people.registered, people.attended]
opt_in: {mode: explicit, name: Salesforce}
person: {search: [Contact, Lead], create: Lead, on_missing: create, follow_converted: true}
steps:
  - name: lead
    object: Lead
    person: true
    match: [{field: Email, entry: {attribute: email}}]
    rows:
      - {field: FirstName, entry: {attribute: first_name}}
      - {field: LastName, entry: {attribute: last_name}, placeholder: n/a}
      - {field: Title, entry: {formula: 'LEFT({job_title}, 80)'}, update: overwrite, nulls: keep, lossy: truncate}
      - {field: Rating, entry: {attribute: [rating, address.rating]}}
      - {field: AccountId, entry: {auto_match: {object: Account, field: Name, attribute: company}}}
      - {field: Started__c, entry: {value: 2026-03-05}}
      - field: Status
        entry: {attribute: status}
        values: {a: Registered}
        update: advance
        ladder: {ranks: [Registered], resets: [Blocked]}
      - {pass_through: {roots: [traits, context.traits], append: __c, except: [name], adjust_case: false}, update: overwrite}
  - name: member
    object: CampaignMember
    once_per: person_and_entity
    parent: person
    campaign: bound
    rows: [{field: Lead__c, entry: {step: person}}]
  - name: named
    when: '{x.y} = 1'
    object_from: {path: context.externalId, type_prefix: Salesforce-, id: id, rows_of: {Lead: lead}}
    rows: [{pass_through: {roots: [traits]}}]
""")


def problems(data):
    with pytest.raises(MappingError) as refused:
        document.parse(data)
    return [(problem.code, problem.place) for problem in refused.value.problems]


def changed(change):
    data = copy.deepcopy(WHOLE)
    change(data)
    return data


def test_what_is_parsed_is_written_back_to_the_same_document():
    parsed = document.parse(WHOLE)
    assert parsed == document.parse(document.dump(parsed))


def test_what_is_left_at_its_default_is_not_written():
    parsed = document.parse(
        {"source": "x", "steps": [{"name": "a", "object": "Lead", "rows": [{"field": "A", "entry": {"attribute": "b"}}]}]}
    )
    assert document.dump(
        parsed,
    ) == {"source": "x", "steps": [{"name": "a", "object": "Lead", "rows": [{"field": "A", "entry": {"attribute": "b"}}]}]}


def test_policies_have_careful_defaults():
    row = document.parse(WHOLE).steps[0].rows[0]
    assert (row.update, row.nulls, row.lossy) == (UpdatePolicy.FILL_EMPTY, NullPolicy.KEEP, LossyPolicy.HOLD)


def test_a_date_of_yaml_is_a_text():
    assert document.parse(WHOLE).steps[0].rows[5].entry.value == "2026-03-05"


@pytest.mark.parametrize("value", [True, False, 0, 1, 1.5, "1", "yes"])
def test_a_default_value_keeps_its_type(value):
    parsed = document.parse(changed(lambda data: data["steps"][0]["rows"][5].update(entry={"value": value})))
    assert (value, type(value)) == (parsed.steps[0].rows[5].entry.value, type(parsed.steps[0].rows[5].entry.value))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data.update(titel="x"), ("unknown_key", "titel")),
        (lambda data: data.pop("source"), ("missing", "source")),
        (lambda data: data.update(steps=[]), ("malformed", "steps")),
        (lambda data: data["opt_in"].update(mode="maybe"), ("malformed", "opt_in.mode")),
        (lambda data: data["person"].update(on_missing="perhaps"), ("malformed", "person.on_missing")),
        (lambda data: data["steps"][0]["rows"][3].update(updte="x"), ("unknown_key", "steps[0].rows[3].updte")),
        (lambda data: data["steps"][0]["rows"][3].update(entry={"atribute": "x"}), ("malformed", "steps[0].rows[3].entry")),
        (lambda data: data["steps"][0]["rows"][3].update(entry={"attribute": "x", "value": 1}), ("malformed", "steps[0].rows[3].entry")),
        (lambda data: data["steps"][0]["rows"][3].update(entry={"attribute": []}), ("malformed", "steps[0].rows[3].entry.attribute")),
        (lambda data: data["steps"][0]["rows"][3].update(entry=5), ("malformed", "steps[0].rows[3].entry")),
        (lambda data: data["steps"][0]["rows"].append({"entry": {"value": 1}}), ("malformed", "steps[0].rows[8]")),
        (
            lambda data: data["steps"][0]["rows"][4]["entry"]["auto_match"].pop("field"),
            ("missing", "steps[0].rows[4].entry.auto_match.field"),
        ),
        (lambda data: data["steps"][0]["rows"][6].update(ladder={}), ("missing", "steps[0].rows[6].ladder.ranks")),
        (
            lambda data: data["steps"][0]["rows"][7]["pass_through"].update(roots=[]),
            ("malformed", "steps[0].rows[7].pass_through.roots"),
        ),
        (lambda data: data["steps"][0]["match"][0].update(entry={"step": "x"}), ("malformed", "steps[0].match[0].entry")),
        (lambda data: data["steps"][1].update(name="lead"), ("malformed", "steps")),
        (lambda data: data["steps"].append(data["steps"][0] | {"name": "again"}), ("malformed", "steps")),
        (lambda data: data["steps"][1].update(campaign="free"), ("malformed", "steps[1].campaign")),
    ],
)
def test_a_mistake_is_reported_at_its_place(change, expected):
    assert [expected] == problems(changed(change))


def test_all_mistakes_are_reported_at_once():
    def change(data):
        data["titel"] = "x"
        data["steps"][0]["rows"][0]["entry"] = {}
        data["steps"][1]["campaign"] = 5

    assert {"titel", "steps[0].rows[0].entry", "steps[1].campaign"} == {place for _, place in problems(changed(change))}


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(MappingError, match='Did you mean "update"'):
        document.parse(changed(lambda data: data["steps"][0]["rows"][0].update(updte="x")))


@pytest.mark.parametrize("data", [None, 5, "text", [], {}])
def test_what_is_no_document_is_refused(data):
    assert problems(data)


def test_the_objects_a_document_names_are_known():
    assert {"Lead", "Contact", "Account", "CampaignMember"} == document.objects(document.parse(WHOLE))


names = st.sampled_from(["A", "B__c", "C"])
entries = st.one_of(
    st.fixed_dictionaries({"attribute": st.one_of(names, st.lists(names, min_size=1, max_size=3))}),
    st.fixed_dictionaries({"value": st.one_of(st.booleans(), st.integers(), st.text(max_size=4), st.floats(allow_nan=False))}),
    st.fixed_dictionaries({"formula": names}),
    st.fixed_dictionaries({"step": names}),
)
rows = st.fixed_dictionaries(
    {"field": names, "entry": entries},
    optional={
        "update": st.sampled_from([policy.value for policy in UpdatePolicy]),
        "placeholder": st.text(max_size=3),
        "values": st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.text(max_size=3)), max_size=2),
        "ladder": st.fixed_dictionaries({"ranks": st.lists(names, min_size=1, max_size=2)}),
    },
)
steps = st.fixed_dictionaries(
    {"object": names, "rows": st.lists(rows, max_size=3)},
    optional={"on_missing": st.sampled_from([choice.value for choice in OnMissing]), "auto_assign": st.booleans()},
)


@settings(deadline=None)
@given(st.lists(steps, min_size=1, max_size=3))
def test_any_document_survives_being_written_and_read(made):
    data = {"source": "x", "steps": [step | {"name": f"step {number}"} for number, step in enumerate(made)]}
    parsed = document.parse(data)
    assert parsed == document.parse(yaml.safe_load(yaml.safe_dump(document.dump(parsed))))


def test_a_rule_that_makes_campaigns_makes_the_mapping_one_that_writes_them():
    step = {"name": "person", "object": "Lead", "person": True, "match": [{"field": "Email", "entry": {"attribute": "email"}}]}
    made = [
        document.written(document.parse({"source": "livestorm", "steps": [step], "campaigns": [{"campaign": "701", "create": create}]}))
        for create in (False, True)
    ]
    assert [{"Lead"}, {"Lead", "Campaign"}] == made
