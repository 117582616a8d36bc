"""Whatever an event holds, a mapping neither raises nor wavers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crosswalk.mapping import apply, document
from crosswalk.model import Event

NOW = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
KEYS = [
    "email",
    "last_name",
    "job_title",
    "company",
    "score",
    "count",
    "seen_at",
    "topics",
    "rating",
    "opted_out",
    "newProp",
    "IsConverted",
]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates().map(str)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "id", "a"]), inner, max_size=3),
    max_leaves=4,
)
traits = st.dictionaries(st.sampled_from(KEYS), values, max_size=8)
named = st.lists(
    st.fixed_dictionaries({}, optional={"type": st.sampled_from(["Salesforce-Contact", "Salesforce-X", ""]), "id": values}), max_size=3
)
payloads = values | st.fixed_dictionaries(
    {},
    optional={"traits": traits | values, "integrations": values, "context": st.fixed_dictionaries({"externalId": values | named})},
)


@pytest.fixture(scope="module")
def compiled(catalogue, org):
    rows = [
        {"field": "LastName", "entry": {"attribute": "last_name"}, "placeholder": "n/a"},
        {"field": "Title", "entry": {"formula": "LEFT({job_title}, 3) & TEXT(ROUND({score} / {count}, 2))"}, "nulls": "clear"},
        {"field": "Score__c", "entry": {"attribute": ["score", "count"]}, "lossy": "truncate"},
        {"field": "SeenAt__c", "entry": {"attribute": "seen_at"}, "lossy": "leave-out"},
        {"field": "SeenOn__c", "entry": {"attribute": "seen_at"}, "nulls": "clear"},
        {"field": "Topics__c", "entry": {"attribute": "topics"}, "values": {"a": "api"}, "lossy": "truncate"},
        {"field": "Rating", "entry": {"attribute": "rating"}, "update": "advance", "ladder": {"ranks": ["Cold", "Hot"]}},
        {"field": "HasOptedOut", "entry": {"attribute": "opted_out"}},
        {"pass_through": {"roots": ["traits"], "append": "__c", "adjust_case": True}, "update": "overwrite"},
    ]
    match = [{"field": "Email", "entry": {"attribute": "email"}}, {"field": "Number__c", "entry": {"formula": "{job_title} & {count}"}}]
    lead = {"name": "lead", "object": "Lead", "person": True, "match": match, "rows": rows, "when": "NOT(BEGINS({job_title}, 'x'))"}
    case = {"name": "case", "object": "Case", "once_per": "event", "rows": [{"field": "Subject", "entry": {"attribute": "company"}}]}
    named_step = {
        "name": "named",
        "object_from": {"path": "context.externalId", "type_prefix": "Salesforce-", "rows_of": {"Lead": "lead"}},
        "rows": [{"pass_through": {"roots": ["traits"]}}],
    }
    data = {"source": "test", "steps": [lead, case, named_step], "person": {"search": ["Lead"]}}
    return apply.compile(document.parse(data), catalogue, org, sync_id="s", version=1, position=1, source_kind="test")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=payloads)
def test_any_event_is_mapped_without_raising_and_always_alike(compiled, payload):
    event = Event("e1", "s1", "people.registered", NOW, NOW, payload)
    context = apply.Context({}, None, ZoneInfo("Europe/Paris"))
    assert repr(compiled.apply(event, "d", "l", context)) == repr(compiled.apply(event, "d", "l", context))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payload=payloads)
def test_every_step_of_any_event_comes_to_a_draft_or_a_reason(compiled, payload):
    event = Event("e1", "s1", "people.registered", NOW, NOW, payload)
    applied = compiled.apply(event, "d", "l", apply.Context({}, None, ZoneInfo("UTC")))
    ends = {draft.step for draft in applied.drafts} | {unmapped.step for unmapped in applied.unmapped}
    assert "case" in ends
    assert "person" in ends or any(name.startswith("named:") for name in ends)
