"""Whatever a client sends, the org answers: with a refusal in Salesforce's form, never with an error of its own."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.clock import VirtualClock
from localorg.testing import LocalOrg

V = "/services/data/v60.0"
NAMES = [
    "LastName",
    "Company",
    "Email",
    "OwnerId",
    "AccountId",
    "Account",
    "Owner",
    "attributes",
    "type",
    "id",
    "Id",
    "Status",
    "IsConverted",
]
WORDS = [
    *NAMES,
    "Lead",
    "Contact",
    "CampaignMember",
    "records",
    "ids",
    "fields",
    "allOrNone",
    "compositeRequest",
    "method",
    "GET",
    "POST",
    "PATCH",
    "url",
    f"{V}/sobjects/Lead",
    f"{V}/composite/sobjects",
    f"{V}/query?q=SELECT+Id+FROM+Lead",
    "referenceId",
    "a",
    "@{a.id}",
    "body",
    "httpHeaders",
    "00QHr0000000001MAA",
    "",
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
rows = st.dictionaries(st.sampled_from(NAMES), anything, max_size=5)
typed = st.builds(lambda row, name: {**row, "attributes": {"type": name}}, rows, st.sampled_from(["Lead", "Contact", "CampaignMember"]))
collections = st.builds(lambda records, every: {"records": records, "allOrNone": every}, st.lists(typed, max_size=3), st.booleans())
parts = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]),
        "url": st.sampled_from(
            [f"{V}{tail}" for tail in ("/sobjects/Lead", "/sobjects/Lead/@{a.id}", "/composite/sobjects", "/limits", "")]
        ),
        "referenceId": st.sampled_from("abc"),
    },
    optional={"body": anything | typed | collections, "httpHeaders": anything},
)
composites = st.builds(lambda found, every: {"compositeRequest": found, "allOrNone": every}, st.lists(parts, max_size=3), st.booleans())

CALLS = [
    ("POST", "/sobjects/Lead", rows | anything),
    ("POST", "/sobjects/CampaignMember", rows),
    ("PATCH", "/sobjects/Lead/00QHr0000000001MAA", rows | anything),
    ("PATCH", "/sobjects/Lead/Email/a@x.example", rows | anything),
    ("POST", "/composite/sobjects", collections | anything),
    ("PATCH", "/composite/sobjects", collections | anything),
    ("PATCH", "/composite/sobjects/Lead/Email", collections | anything),
    ("POST", "/composite/sobjects/Lead", anything),
    ("POST", "/composite", composites | anything),
]


@pytest.fixture(scope="module")
def shared():
    return LocalOrg(clock=VirtualClock(datetime(2026, 11, 20, tzinfo=UTC)))


@pytest.mark.parametrize(("method", "path", "bodies"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
async def test_any_json_is_answered(shared, method, path, bodies, data):
    async with shared.client() as client:
        reply = await client.request(method, V + path, json=data.draw(bodies))
    assert reply.status_code < 500
