"""Paths that share their search through a list find what each would find alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.mapping import paths
from crosswalk.mapping.listed import Lists
from crosswalk.mapping.paths import ABSENT

FORM = {"form": {"fields": [{"id": "city", "value": "Lyon"}, {"id": "plan", "value": {"name": "team"}}]}}

names = st.sampled_from(["a", " a", "1", "true", "n"])
values = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, "a", " a ", "1", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3),
    max_leaves=20,
)
lists = st.lists(st.dictionaries(st.sampled_from(["n", "a", "b"]), values, max_size=3) | values, max_size=5)
wanted = st.sampled_from(["[n=a]", "[n=1]", "[n=true]", '[n=" a "]', "[n=0]", "[n=]"])
ends = st.sampled_from(["", ".a", ".b", ".a.b", "[0]", ".a[n=a]"])


@settings(deadline=None)
@given(st.sampled_from(["a", "a.b", "b"]), st.lists(st.tuples(wanted, ends), min_size=1, max_size=4), lists, values)
def test_every_path_finds_what_it_finds_alone(start, sought, elements, other):
    shared, payloads = Lists(), [{"a": elements, "b": other}, {"a": {"b": elements}, "b": elements}, {"a": [{"b": elements}]}, other]
    for path in [f"{start}{name}{end}" for name, end in sought]:
        get, alone = shared.getter(path), paths.compile(path)
        assert [repr(alone(payload)) for payload in payloads] == [repr(get(payload)) for payload in payloads]


def test_each_payload_is_looked_into_anew():
    lists = Lists()
    city, plan = lists.getter("form.fields[id=city].value"), lists.getter("form.fields[id=plan].value.name")
    found = [(city(payload), plan(payload)) for payload in (FORM, {"form": {"fields": []}}, FORM)]
    assert [("Lyon", "team"), (ABSENT, ABSENT), ("Lyon", "team")] == found


@pytest.mark.parametrize(("one_based", "expected"), [(False, "b"), (True, "a")])
def test_other_selectors_count_as_the_connection_does(one_based, expected):
    assert expected == Lists().getter("a[1]", one_based=one_based)({"a": ["a", "b"]})
