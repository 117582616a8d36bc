"""Rules for campaigns are checked like the steps they are."""

import pytest

from crosswalk.mapping import check, document
from crosswalk.sources import registry

MEMBER = [
    {"name": "person", "object": "Lead", "person": True, "match": [{"field": "Email", "entry": {"attribute": "email"}}]},
    {"name": "member", "object": "CampaignMember", "campaign": "bound", "parent": "person"},
]
BY_NAME = {"match": [{"field": "Name", "entry": {"attribute": "event_title"}}]}


def problems(rule):
    parsed = document.parse({"source": "livestorm", "steps": MEMBER, "campaigns": [rule]})
    found = check.check(parsed, registry.source("livestorm").catalogue({}), None)
    return [(one.code, one.place) for one in found if one.place.startswith("campaigns")]


@pytest.mark.parametrize(
    "rule", [BY_NAME, {"campaign": "701000000000001"}, {"create": True}, BY_NAME | {"create": True, "template": "701"}]
)
def test_a_rule_that_can_be_followed_is_taken(rule):
    assert [] == problems(rule)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({}, "campaigns[0]"),
        (BY_NAME | {"campaign": "701"}, "campaigns[0]"),
        (BY_NAME | {"template": "701"}, "campaigns[0].template"),
        ({"match": [{"field": "Name", "entry": {"attribute": "nothing"}}]}, "campaigns[0].match[0].entry.attribute"),
        (BY_NAME | {"when": "IF("}, "campaigns[0].when"),
    ],
)
def test_one_that_cannot_is_refused_with_its_place(rule, place):
    assert [place] == [found for _, found in problems(rule)]
