"""Which drafts become one change, which wait for the next turn, and whose settings rule."""

from itertools import permutations

import pytest
from msgspec import structs
from tests.unit.plan.building import ANN, draft, key, lead_id, person, target, want

from crosswalk.model import Note, OnDuplicates, OnMissing
from crosswalk.plan import fold
from crosswalk.reasons import Reason

BOB = "bob@x.example"


def phone(value="491"):
    return key("Phone", value)


def user(value="u1"):
    return key("User_Id__c", value)


def deliveries(drafts):
    """Return, draft by draft, the deliveries folded into it."""
    return [{origin.delivery_id for origin in one.origins} for one in drafts]


def values(one, field="Phone"):
    return [each.value for each in one.targets[0].wants if each.field == field]


# --- one record or several ----------------------------------------------------------------------------------------------------------


def test_drafts_that_share_a_key_become_one():
    folded = fold.fold([person(at=1), person(at=2)])
    assert deliveries(folded.drafts) == [{"d1", "d2"}]


def test_drafts_of_different_people_stay_apart():
    folded = fold.fold([person([key()], at=1), person([key(value=BOB)], at=2)])
    assert deliveries(folded.drafts) == [{"d1"}, {"d2"}]


def test_a_draft_that_knows_two_keys_joins_those_that_know_one_each():
    folded = fold.fold([person([key()], at=1), person([user()], at=2), person([key(), user()], at=3)])
    assert deliveries(folded.drafts) == [{"d1", "d2", "d3"}]


def test_colleagues_who_share_a_phone_are_not_one_person():
    folded = fold.fold([person([key(), phone()], at=1), person([key(value=BOB), phone()], at=2)])
    assert deliveries(folded.drafts) == [{"d1"}]


def test_the_later_colleague_waits():
    folded = fold.fold([person([key(), phone()], at=1), person([key(value=BOB), phone()], at=2)])
    assert deliveries(folded.later) == [{"d2"}]


def test_a_draft_is_not_joined_through_one_that_has_to_wait():
    colleague = person([key(value=BOB), phone(), user()], at=2)
    folded = fold.fold([person([key(), phone()], at=1), colleague, person([user()], at=3)])
    assert ([{"d1"}], [{"d2"}, {"d3"}]) == (deliveries(folded.drafts), deliveries(folded.later))


def test_a_third_that_fits_the_second_but_not_the_first_waits():
    folded = fold.fold([person([key(), phone()], at=1), person([phone()], at=2), person([phone(), key(value=BOB)], at=3)])
    assert ([{"d1", "d2"}], [{"d3"}]) == (deliveries(folded.drafts), deliveries(folded.later))


def test_someone_with_two_addresses_agrees_with_either():
    both = person([key(), key(value=BOB)], at=1)
    folded = fold.fold([both, person([key(value=BOB)], at=2), person([key()], at=3)])
    assert deliveries(folded.drafts) == [{"d1", "d2", "d3"}]


def test_a_lead_sync_and_a_contact_sync_make_one_person():
    folded = fold.fold([person(at=1, search=("Contact",)), person(at=2, search=("Lead",))])
    assert len(folded.drafts) == 1


def test_drafts_of_one_record_id_become_one():
    named = [draft(target(), at=at, record_id=lead_id(1), claims=(f"id:{lead_id(1)}",)) for at in (1, 2)]
    assert deliveries(fold.fold(named).drafts) == [{"d1", "d2"}]


def test_a_draft_that_names_another_record_waits():
    named = person(at=2, record_id=lead_id(1))
    assert deliveries(fold.fold([person(at=1), named]).later) == [{"d2"}]


def test_drafts_without_a_claim_stay_apart():
    assert len(fold.fold([draft(target(), at=1), draft(target(), at=2)]).drafts) == 2


def test_nothing_folds_to_nothing():
    assert fold.fold([]) == fold.Folded((), ())


# --- going alone --------------------------------------------------------------------------------------------------------------------


def test_deliveries_that_were_refused_together_go_one_by_one():
    folded = fold.fold([person(at=1), person(at=2)], alone=frozenset({"d1", "d2"}))
    assert ([{"d1"}], [{"d2"}]) == (deliveries(folded.drafts), deliveries(folded.later))


def test_others_of_the_person_still_go_together_before_the_one_that_goes_alone():
    folded = fold.fold([person(at=1), person(at=2), person(at=3)], alone=frozenset({"d2"}))
    assert ([{"d1", "d3"}], [{"d2"}]) == (deliveries(folded.drafts), deliveries(folded.later))


def test_of_one_event_the_first_syncs_draft_goes_first():
    second = person(at=1, delivery="a", wants=[want(sync_position=2)])
    first = person(at=1, delivery="b", wants=[want(sync_position=1)])
    assert deliveries(fold.fold([second, first], alone=frozenset("ab")).drafts) == [{"b"}]


def test_a_draft_the_mapping_holds_stays_by_itself():
    held = person(at=1, held=(Reason.LOSSY_VALUE, "too long"))
    folded = fold.fold([held, person(at=2), person(at=3)])
    assert deliveries(folded.drafts) == [{"d1"}, {"d2", "d3"}]


def test_a_draft_the_mapping_holds_is_still_held_after_folding():
    held = person(at=2, held=(Reason.LOSSY_VALUE, "too long"))
    folded = fold.fold([person(at=1), held])
    assert [one.held for one in folded.drafts] == [None, (Reason.LOSSY_VALUE, "too long")]


# --- what becomes one ---------------------------------------------------------------------------------------------------------------


def test_a_folded_draft_wants_what_all_want():
    folded = fold.fold([person(at=2, wants=[want(value="b", at=2)]), person(at=1, wants=[want(value="a", at=1)])])
    assert values(folded.drafts[0]) == ["a", "b"]


def test_a_folded_draft_has_all_claims():
    folded = fold.fold([person([key()], at=1), person([key(), user()], at=2)])
    assert {key().claim, user().claim} == set(folded.drafts[0].claims)


def test_a_folded_draft_keeps_every_note():
    notes = Note("truncated", "a", "cut"), Note("left_out", "b", "out")
    folded = fold.fold([person(at=at, notes=(note,)) for at, note in enumerate(notes, start=1)])
    assert notes == folded.drafts[0].notes


def test_a_match_key_of_both_is_asked_once():
    folded = fold.fold([person(at=1), person(at=2)])
    assert [key()] == list(folded.drafts[0].targets[0].keys)


@pytest.mark.parametrize(
    ("setting", "first", "second"),
    [
        ("on_duplicates", OnDuplicates.NEWEST, OnDuplicates.HOLD),
        ("follow_converted", False, True),
        ("auto_assign", True, False),
        ("create", "Contact", "Lead"),
    ],
)
def test_the_first_syncs_settings_rule(setting, first, second):
    early_but_second = person(at=1, wants=[want(at=1, sync_position=2)], **{setting: second})
    late_but_first = person(at=2, wants=[want(at=2, sync_position=1)], **{setting: first})
    folded = fold.fold([early_but_second, late_but_first])
    assert first == getattr(folded.drafts[0], setting)


def test_the_first_syncs_search_order_rules():
    second = person(at=1, wants=[want(at=1, sync_position=2)], search=("Contact", "Lead"))
    first = person(at=2, wants=[want(at=2, sync_position=1)], search=("Lead", "Contact"))
    assert [one.object for one in fold.fold([second, first]).drafts[0].targets] == ["Lead", "Contact"]


def test_a_draft_that_wants_nothing_rules_nothing():
    first = person(at=2, wants=[want(at=2, sync_position=1)], on_duplicates=OnDuplicates.NEWEST)
    folded = fold.fold([person(at=1, on_duplicates=OnDuplicates.HOLD), first])
    assert folded.drafts[0].on_duplicates is OnDuplicates.NEWEST


@pytest.mark.parametrize("on_missing", [OnMissing.WAIT, OnMissing.SKIP])
def test_a_sync_that_creates_nothing_does_not_keep_another_from_creating(on_missing):
    updating = person(at=1, wants=[want(sync_position=1)], create=None, on_missing=on_missing)
    creating = person(at=2, wants=[want(at=2, sync_position=2)], create="Lead")
    folded = fold.fold([updating, creating]).drafts[0]
    assert (folded.create, folded.on_missing) == ("Lead", OnMissing.CREATE)


# --- order --------------------------------------------------------------------------------------------------------------------------


def _crowd():
    return [
        person([key()], at=1, wants=[want(value="a", at=1, sync_position=2)]),
        person([key(), user()], at=2, wants=[want(value="b", at=2, sync_position=1)]),
        person([user(), phone()], at=3, wants=[want(value="c", at=3)]),
        person([key(value=BOB), phone()], at=4, wants=[want(value="d", at=4)]),
        person([key(value="eve@x.example")], at=5, held=(Reason.LOSSY_VALUE, "too long")),
    ]


def test_the_result_does_not_depend_on_the_order_of_the_drafts():
    results = [fold.fold(order, frozenset({"d3"})) for order in permutations(_crowd())]
    assert all(results[0] == result for result in results)


def test_folding_what_is_folded_changes_nothing():
    once = fold.fold(_crowd())
    again = fold.fold(once.drafts)
    assert (once.drafts, ()) == (again.drafts, again.later)


def test_waiting_drafts_come_in_order_of_time():
    crowd = [person([key(value=f"{name}@x.example"), phone()], at=at) for at, name in enumerate("dacb", start=1)]
    others = [structs.replace(one, claims=tuple(f"other{claim}" for claim in one.claims)) for one in crowd]
    later = fold.fold([*reversed(others), *crowd]).later
    assert sorted(one.origins[0].freshness for one in later) == [one.origins[0].freshness for one in later]


def test_a_person_found_by_email_is_claimed_by_email():
    assert (f"person:email={ANN}",) == fold.fold([person(at=1), person(at=2)]).drafts[0].claims
