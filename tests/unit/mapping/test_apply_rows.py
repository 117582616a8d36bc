"""One row at a time: what an event's value becomes in a draft."""

import pytest

from crosswalk.model import AutoMatch, LossyPolicy, UpdatePolicy
from crosswalk.reasons import Reason

ANN = {"email": "Ann@x.example", "last_name": "Lee"}


@pytest.fixture
def draft(mapped, whole, lead_step, event):
    """Return a function: rows and traits → the person's draft."""

    def make(rows, traits=None, **facts):
        rows = rows if isinstance(rows, list) else [rows]
        return mapped(whole(lead_step(*rows)), event({"traits": ANN | (traits or {})}, **facts)).drafts["person"]

    return make


@pytest.mark.parametrize(
    ("field", "entry", "traits", "expected"),
    [
        ("Title", {"attribute": "job_title"}, {"job_title": " CTO "}, "CTO"),
        ("Title", {"attribute": ["rating", "job_title"]}, {"job_title": "CTO"}, "CTO"),
        ("Title", {"attribute": ["rating", "job_title"]}, {"rating": "", "job_title": "CTO"}, "CTO"),
        ("Title", {"attribute": ["rating", "job_title"]}, {"rating": None, "job_title": "CTO"}, "CTO"),
        ("Title", {"attribute": ["opted_out", "job_title"]}, {"opted_out": False, "job_title": "CTO"}, "false"),
        ("Title", {"attribute": ["count", "job_title"]}, {"count": 0, "job_title": "CTO"}, "0"),
        ("Title", {"attribute": "traits.deep[kind=x].title"}, {"deep": [{"kind": "x", "title": "CTO"}]}, "CTO"),
        ("Title", {"value": "Visitor"}, {}, "Visitor"),
        ("Title", {"formula": 'LEFT({job_title}, 3) & "!"'}, {"job_title": "abcdef"}, "abc!"),
        ("Title", {"attribute": "@type"}, {}, "people.registered"),
        ("Title", {"attribute": "@source"}, {}, "test"),
        ("SeenAt__c", {"attribute": "@occurred_at"}, {}, "2026-03-05T23:30:00.000Z"),
        ("HasOptedOut", {"attribute": "opted_out"}, {"opted_out": False}, False),
        ("Score__c", {"attribute": "score"}, {"score": 0}, 0),
        ("Score__c", {"attribute": "score"}, {"score": "12.345"}, 12.35),
        ("SeenAt__c", {"attribute": "seen_at"}, {"seen_at": 1772700123}, "2026-03-05T08:42:03.000Z"),
        ("SeenOn__c", {"attribute": "seen_at"}, {"seen_at": "2026-03-05T23:30:00Z"}, "2026-03-06"),
        ("Topics__c", {"attribute": "topics"}, {"topics": ["reporting", "api"]}, "reporting;api"),
        ("Rating", {"attribute": "rating"}, {"rating": "hot"}, "Hot"),
    ],
)
@pytest.mark.shows("BX-22")
def test_a_value_arrives(field, entry, traits, expected, draft, wants):
    assert expected == wants(draft({"field": field, "entry": entry}, traits)).get(field)


@pytest.mark.shows("C-05")
def test_an_attribute_means_nothing_before_its_event_types(draft, row, wants):
    registered = draft(row("Score__c", "rate"), {"rate": 0})
    attended = draft(row("Score__c", "rate"), {"rate": 0}, type="people.attended")
    assert (wants(registered).get("Score__c"), wants(attended).get("Score__c")) == (None, 0)


@pytest.mark.parametrize("traits", [{}, {"job_title": None}, {"job_title": ""}, {"job_title": "  "}])
def test_without_a_value_nothing_is_wanted(traits, draft, row, wants):
    assert "Title" not in wants(draft(row("Title", "job_title"), traits))


def test_a_time_of_zero_is_absent(draft, row, wants):
    assert "SeenAt__c" not in wants(draft(row("SeenAt__c", "seen_at", nulls="clear"), {"seen_at": 0}))


@pytest.mark.shows("C-15")
@pytest.mark.parametrize("value", [None, "", "  ", []])
def test_null_and_empty_clear_where_the_row_says_so(value, draft, row, wants):
    assert wants(draft(row("Title", "job_title", nulls="clear"), {"job_title": value}))["Title"] is None


def test_absent_never_clears(draft, row, wants):
    assert "Title" not in wants(draft(row("Title", "job_title", nulls="clear")))


def test_a_formula_over_absent_attributes_never_clears(draft, wants):
    rows = {"field": "Title", "entry": {"formula": "LEFT({job_title}, 3)"}, "nulls": "clear"}
    assert "Title" not in wants(draft(rows))


def test_a_placeholder_stands_where_there_is_no_value(draft, row):
    made = draft([row("Company", "company", placeholder="n/a")])
    assert [(want.value, want.placeholder) for want in made.targets[0].wants if want.field == "Company"] == [("n/a", True)]


def test_a_placeholder_gives_way_to_a_value(draft, row):
    made = draft([row("Company", "company", placeholder="n/a")], {"company": "Acme"})
    assert [(want.value, want.placeholder) for want in made.targets[0].wants if want.field == "Company"] == [("Acme", False)]


@pytest.mark.parametrize("policy", list(UpdatePolicy))
def test_a_want_carries_the_policy_of_its_row(policy, draft, row):
    ladder = {"ladder": {"ranks": ["Cold", "Hot"]}} if policy is UpdatePolicy.ADVANCE else {}
    made = draft([row("Rating", "rating", update=policy.value, **ladder)], {"rating": "Hot"})
    assert [policy] == [want.update for want in made.targets[0].wants if want.field == "Rating"]


def test_a_field_that_cannot_be_updated_is_create_only(draft, row):
    made = draft([row("CleanStatus", "job_title", update="overwrite")], {"job_title": "x"})
    assert [want.update for want in made.targets[0].wants if want.field == "CleanStatus"] == [UpdatePolicy.CREATE_ONLY]


@pytest.mark.shows("BX-41")
@pytest.mark.parametrize(
    ("lossy", "value", "held", "codes"),
    [
        (LossyPolicy.HOLD, None, Reason.LOSSY_VALUE, []),
        (LossyPolicy.TRUNCATE, "x" * 20, None, ["truncated"]),
        (LossyPolicy.LEAVE_OUT, None, None, ["left_out"]),
    ],
)
def test_too_long_text_is_held_cut_or_left_out(lossy, value, held, codes, draft, row, wants):
    made = draft([row("Title", "job_title", lossy=lossy.value)], {"job_title": "x" * 30})
    assert (value, held, codes) == (wants(made).get("Title"), made.held and made.held[0], [note.code for note in made.notes])


@pytest.mark.shows("BX-23")
def test_a_value_that_is_no_choice_is_held_with_the_nearest_one(draft, row):
    made = draft([row("Rating", "rating")], {"rating": "Warmm"})
    assert made.held == (Reason.LOSSY_VALUE, 'lead.Rating: "Warmm" is not among the choices of Rating. Did you mean "Warm"?')


@pytest.mark.shows("BX-23")
def test_a_value_that_is_left_out_does_not_stop_the_others(draft, row, wants):
    made = draft([row("Rating", "rating", lossy="leave-out"), row("Title", "job_title")], {"rating": "Warmm", "job_title": "CTO"})
    assert (wants(made)["Title"], made.held) == ("CTO", None)


@pytest.mark.shows("BX-01")
def test_a_formula_error_holds_with_its_place(draft):
    made = draft([{"field": "Title", "entry": {"formula": '"a" & (1 / {score})'}}], {"score": 0})
    assert made.held == (Reason.LOSSY_VALUE, "lead.Title: The formula failed at character 10: division by zero.")


def test_a_formula_error_is_left_out_where_the_row_says_so(draft):
    made = draft([{"field": "Title", "entry": {"formula": "1 / {score}"}, "lossy": "leave-out"}], {"score": 0})
    assert (made.held, [note.code for note in made.notes]) == (None, ["formula_error"])


@pytest.mark.parametrize(
    ("values", "status", "expected"),
    [
        ({"people.registered": "Warm"}, "people.registered", "Warm"),
        ({"people.registered": "Warm", "*": "Cold"}, "people.attended", "Cold"),
        ({"people.registered": None}, "people.registered", None),
        ({"x": "Warm"}, "Hot", "Hot"),
    ],
)
def test_a_value_map_renames(values, status, expected, draft, row, wants):
    assert expected == wants(draft([row("Rating", "status", values=values)], type=status)).get("Rating")


def test_a_value_map_renames_each_of_a_list(draft, row, wants):
    made = draft([row("Topics__c", "topics", values={"a": "api", "r": "reporting", "x": None})], {"topics": ["a", "x", "r"]})
    assert wants(made)["Topics__c"] == "api;reporting"


def test_a_value_off_the_ladder_is_held(draft, row):
    made = draft([row("Rating", "rating", update="advance", ladder={"ranks": ["Cold", "Warm"]})], {"rating": "Hot"})
    assert made.held[0] is Reason.LOSSY_VALUE


def test_an_auto_match_is_left_to_the_look_up(mapped, whole, row, event, wants):
    contact = {
        "name": "contact",
        "object": "Contact",
        "person": True,
        "match": [row("Email", "email")],
        "rows": [row("AccountId", {"auto_match": {"object": "account", "field": "name", "attribute": "company"}})],
    }
    made = mapped(whole(contact), event({"traits": ANN | {"company": " Acme "}})).drafts["person"]
    assert AutoMatch("Account", "Name", "Acme") == wants(made)["AccountId"]


@pytest.mark.shows("RS-22")
def test_a_field_that_cannot_be_written_is_noted_and_never_sent(draft, row, wants):
    made = draft([row("IsConverted", "opted_out"), row("Title", "job_title")], {"opted_out": True, "job_title": "CTO"})
    assert (["not_writable"], {"Title", "Email"}) == ([note.code for note in made.notes], set(wants(made)))


@pytest.mark.shows("RS-22")
def test_a_suspended_row_is_not_mentioned_for_events_without_its_value(draft, row):
    assert draft([row("IsConverted", "opted_out"), row("Title", "job_title")], {"job_title": "CTO"}).notes == ()


def test_a_row_whose_field_is_gone_is_suspended_and_the_rest_goes_on(mapped, whole, lead_step, row, event, wants):
    result = mapped(whole(lead_step(row("Gone__c", "company"), row("Title", "job_title"))), event({"traits": ANN | {"job_title": "CTO"}}))
    assert ([note.code for note in result.notes], wants(result.drafts["person"])["Title"]) == (["not_in_org"], "CTO")


def test_a_row_whose_attribute_is_gone_is_suspended_and_the_rest_goes_on(mapped, whole, lead_step, row, event, wants):
    result = mapped(whole(lead_step(row("Company", "gone"), row("Title", "job_title"))), event({"traits": ANN | {"job_title": "CTO"}}))
    assert ([note.code for note in result.notes], wants(result.drafts["person"])["Title"]) == (["unknown_attribute"], "CTO")


def test_a_default_value_is_wanted_for_every_event(draft, wants):
    rows = [{"field": "Title", "entry": {"value": "Visitor"}}]
    assert [wants(draft(rows, type=kind))["Title"] for kind in ("people.registered", "people.attended")] == ["Visitor"] * 2


@pytest.mark.shows("LP-95")
def test_of_several_own_paths_the_one_of_the_events_shape_is_used(mapped, whole, lead_step, row, event, wants):
    paths = ["chatInfo.accountId", "info.accountId", "chatInfo.rtSessionId", "info.brandId"]
    shapes = [
        {"chatInfo": {"accountId": "8"}},
        {"info": {"accountId": "8"}},
        {"chatInfo": {"rtSessionId": "8"}},
        {"info": {"brandId": "8"}},
    ]
    data = whole(lead_step(row("Title", {"attribute": paths})))
    drafts = [mapped(data, event({"traits": ANN} | shape)).drafts["person"] for shape in shapes]
    assert [wants(draft)["Title"] for draft in drafts] == ["8"] * 4


def test_own_paths_count_from_1_where_the_connection_says_so(mapped, whole, lead_step, row, event, wants):
    data = whole(lead_step(row("Title", "traits.list[1]")))
    made = mapped(data, event({"traits": ANN | {"list": ["first", "second"]}}), one_based=True).drafts["person"]
    assert wants(made)["Title"] == "first"


def test_an_object_where_a_text_was_expected_is_absent(draft, row, wants):
    assert "Company" not in wants(draft([row("Company", "company")], {"company": {"industry": "Tiles"}}))


def test_a_want_says_where_it_comes_from(draft, row, event):
    made = draft([row("Title", "job_title")], {"job_title": "CTO"})
    want = made.targets[0].wants[0]
    assert ("lead.Title", "d1", event({}).freshness, 2) == (want.row, want.delivery_id, want.freshness, want.sync_position)
