"""The path language: every documented address, its corners, and that nothing an event holds makes it raise."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT, PathSyntaxError

SAMPLES = Path(__file__).parents[2] / "samples" / "liveperson"
WIDGET = json.loads((SAMPLES / "widget_chat.json").read_text())
HISTORY = json.loads((SAMPLES / "history_chat.json").read_text())

# Table LP-T1: value, widget address, history address.
DOCUMENTED = [
    ("87412093", "chatInfo.accountId", "info.accountId"),
    (
        "C-558120",
        "surveyQuestions.preChat.customizedQuestions[displayName=What is your Account Number?].value",
        "surveys.preChat[displayName=What is your Account Number?].value",
    ),
    (
        "5 - excellent",
        "surveyQuestions.postChat[displayName=How would you rate us?].value",
        "surveys.postChat[displayName=How would you rate us?].value",
    ),
    (
        "Yes",
        "surveyQuestions.agentSurvey[displayName=Was the customer satisfied?].value",
        "surveys.operator[displayName=Was the customer satisfied?].value",
    ),
    ("gold", "SDE.customerDetails.type", "sdes.events[sdeType=CUSTOMER_INFO].customerInfo.customerInfo.customerType"),
    ("Elena", "SDE.personalInfo.name", "sdes.events[sdeType=PERSONAL_INFO].personalInfo.personalInfo.name"),
    ("Resolve order questions", "campaignInfo.goalName", "campaign.goalName"),
    ("Firefox 136.0", "visitorInfo.browser", "visitorInfo.browser"),
    (
        "TileFinder",
        "SDE.marketingSource.affiliate",
        "sdes.events[sdeType=MARKETING_CAMPAIGN_INFO].marketingCampaignInfo.marketingCampaignInfo.affiliate",
    ),
]


@pytest.mark.shows("LP-99", "LP-93")
@pytest.mark.parametrize(("expected", "widget", "history"), DOCUMENTED)
def test_a_documented_address_finds_the_same_value_in_both_samples(expected, widget, history):
    assert (expected, expected) == (paths.compile(widget)(WIDGET), paths.compile(history)(HISTORY))


@pytest.mark.shows("LP-99")
def test_the_chat_start_time_is_found_in_both_samples():
    found = paths.compile("chatInfo.chatStartTime")(WIDGET), paths.compile("info.startTime")(HISTORY)
    assert found == (1772633418250, "2026-03-04 14:10:18.250+0000")


@pytest.mark.shows("LP-96", "LP-97", "LP-98", "LP-101")
@pytest.mark.parametrize(
    ("expected", "path", "payload"),
    [
        (1, "a.b", {"a": {"b": 1}}),
        (2, "a[1]", {"a": [1, 2]}),
        (2, "a[1].b", {"a": [{"b": 1}, {"b": 2}]}),
        (3, "[0].a", [{"a": 3}]),
        (4, "a[0][1]", {"a": [[3, 4]]}),
        ("x", "a[name=Is it so?].value", {"a": [{"name": "Is it so?", "value": "x"}]}),
        ("x", "a[n=1=2].v", {"a": [{"n": "1=2", "v": "x"}]}),
        ("x", "a[n=it's [really] so.].v", {"a": [{"n": "it's [really] so.", "v": "x"}]}),
        ("x", "a[n=a.b].v", {"a": [{"n": "a.b", "v": "x"}]}),
        ("x", 'a[n="ends ]. here"].v', {"a": [{"n": "ends ]. here", "v": "x"}]}),
        ("x", 'a[n="say \\"hi\\"].x"].v', {"a": [{"n": 'say "hi"].x', "v": "x"}]}),
        ("x", 'a["b.c"].d', {"a": {"b.c": {"d": "x"}}}),
        ("x", "a[id=5].v", {"a": [{"id": 5, "v": "x"}]}),
        ("x", "a[on=true].v", {"a": [{"on": True, "v": "x"}]}),
        ("x", "a[n = spaced ].v", {"a": [{"n": "spaced", "v": "x"}]}),
        ("x", "a[n=spaced].v", {"a": [{"n": " spaced ", "v": "x"}]}),
        ("x", "a[@source=prechat].value", {"a": [{"@source": "prechat", "value": "x"}]}),
        ("first", "a[t=1].v", {"a": [{"t": "1", "v": "first"}, {"t": "1", "v": "second"}]}),
        ("x", "a.b", {"a": [{"c": 1}, {"b": "x"}, {"b": "y"}]}),
        (None, "a.b", {"a": [{"b": None}, {"b": "y"}]}),
        ("x", "a.b.c", {"a": [{"b": [{"d": 1}]}, {"b": [{"d": 1}, {"c": "x"}]}]}),
        ("x", "a.b", {"a": [[{"c": 1}], [{"b": "x"}]]}),
        ([1, 2], "a.b", {"a": {"b": [1, 2]}}),
        (False, "a", {"a": False}),
        (0, "a.b", {"a": {"b": 0}}),
        ("", "a", {"a": ""}),
    ],
)
def test_a_path_finds(expected, path, payload):
    assert expected == paths.compile(path)(payload)


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("a", {}),
        ("a", None),
        ("a", "text"),
        ("a.b", {"a": "text"}),
        ("a.b", {"a": None}),
        ("a.b", {"a": []}),
        ("a[1]", {"a": [1]}),
        ("a[0]", {"a": {"0": 1}}),
        ("a[0]", {"a": "text"}),
        ("a[n=x].v", {"a": [{"n": "y", "v": 1}]}),
        ("a[n=x].v", {"a": [{"n": "x"}, {"n": "x", "v": 1}]}),
        ("a[n=x]", {"a": {"n": "x"}}),
        ("a[n=None]", {"a": [{"n": None}]}),
    ],
)
def test_what_is_not_there_is_absent(path, payload):
    assert ABSENT is paths.compile(path)(payload)


@pytest.mark.shows("G-10")
def test_a_back_slash_before_the_bracket_closes_the_selector_too():
    copied = r"sdes.events[sdeType=PERSONAL_INFO\].personalInfo.personalInfo.name"
    assert paths.compile(copied)(HISTORY) == "Elena"


@pytest.mark.shows("G-09")
def test_counting_starts_at_0_unless_set_otherwise():
    get_0, get_1 = paths.compile("a[1]"), paths.compile("a[1]", one_based=True)
    assert (get_0({"a": ["first", "second"]}), get_1({"a": ["first", "second"]})) == ("second", "first")


@pytest.mark.shows("G-09")
def test_a_hint_says_where_counting_starts_when_an_element_is_missing():
    assert paths.hint("a[1]", {"a": ["one"]}) == "The list has 1 elements and counting starts at 0, so there is no [1]."


@pytest.mark.shows("G-10")
def test_a_hint_names_the_nearest_question_when_none_has_the_name():
    sentence = 'No element has displayName = "How would you rateus?". The nearest is "How would you rate us?".'
    assert sentence == paths.hint("surveys.postChat[displayName=How would you rateus?].value", HISTORY)


def test_a_hint_names_the_nearest_member():
    assert paths.hint("info.acountId", HISTORY) == 'There is no "acountId" here. The nearest is "accountId".'


def test_there_is_no_hint_for_what_is_found():
    assert paths.hint("info.accountId", HISTORY) is None


@pytest.mark.parametrize(
    ("position", "path"),
    [
        (0, ""),
        (2, "a..b"),
        (2, "a."),
        (0, ".a"),
        (2, "a[b"),
        (2, "a[b]"),
        (2, "a[]"),
        (2, "a[=x]"),
        (2, "a[-1]"),
        (2, "a[n=x]y"),
        (2, "a.[0]"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused_with_its_place(position, path):
    with pytest.raises(PathSyntaxError) as refused:
        paths.compile(path)
    assert position == refused.value.position


def test_counting_from_1_has_no_element_0():
    with pytest.raises(PathSyntaxError, match="counting starts at 1"):
        paths.compile("a[0]", one_based=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abn"), inner, max_size=3),
    max_leaves=20,
)
written_paths = st.lists(st.sampled_from(["a", "b", ".", ".a", ".b", "[0]", "[1]", "[n=a]", '["a"]', "]", '"']), min_size=1, max_size=8)


@settings(deadline=None)
@given(written_paths.map("".join), json_values)
def test_a_path_that_compiles_never_raises_and_always_finds_the_same(path, payload):
    try:
        get = paths.compile(path)
    except PathSyntaxError:
        return
    found = get(payload)
    assert repr(found) == repr(get(payload))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_path_or_refused_with_a_place_in_it(text):
    refused = None
    try:
        paths.parse(text)
    except PathSyntaxError as error:
        refused = error
    assert refused is None or 0 <= refused.position <= len(text)


def test_a_deep_list_of_lists_is_walked_without_recursion():
    payload = {"b": 1}
    for _ in range(5_000):
        payload = [payload]
    assert paths.compile("a.b")({"a": payload}) == 1
