"""What holds for any drafts: folding, packing and deciding do not depend on luck."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.plugin import LONG
from tests.unit.plan.building import by_key, described, hmac, key, lead, lead_id, person, record, view, want

from crosswalk.model import Change, Headers, Operation, RecordState, UpdatePolicy
from crosswalk.plan import batch, decide, fold, match, policies
from crosswalk.plan.canonical import canonical
from crosswalk.reasons import Reason, State

quick = settings(deadline=None, max_examples=1_000 if LONG else 40)

# --- fold ---------------------------------------------------------------------------------------------------------------------------

KEYS = [
    *(key("Email", f"{name}@x.example") for name in ("ann", "bob", "cem")),
    *(key("Phone", number) for number in ("491", "492")),
    key("User_Id__c", "u1"),
]
PLACE = st.integers(0, 2)


SEVERAL_KEYS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True)


@st.composite
def crowds(draw, keys=SEVERAL_KEYS):
    """Draw drafts of several syncs; a sync's settings are the same in all its drafts."""
    drafts = []
    for at in range(1, draw(st.integers(0, 7)) + 1):
        position = draw(PLACE)
        wants = [want(value=draw(st.sampled_from("abc")), at=at, sync_position=position)]
        held = draw(st.sampled_from([None, None, None, (Reason.LOSSY_VALUE, "too long")]))
        drafts.append(person(draw(keys), wants, at=at, sync=f"sync{position}", auto_assign=position == 1, held=held))
    return drafts


def effect(one):
    """Return what a draft comes to, whatever the order of its origins and notes."""
    wants = tuple((each.object, each.wants, frozenset(each.keys)) for each in one.targets)
    return frozenset(one.origins), frozenset(one.claims), wants, one.create, one.on_missing, one.auto_assign, one.key


def deliveries(drafts):
    return [origin.delivery_id for one in drafts for origin in one.origins]


@quick
@given(crowds(), st.randoms(use_true_random=False))
def test_folding_does_not_depend_on_the_order_of_drafts(crowd, random):
    shuffled = random.sample(crowd, len(crowd))
    assert fold.fold(crowd) == fold.fold(shuffled)


@quick
@given(crowds())
def test_folding_twice_is_folding_once(crowd):
    once = fold.fold(crowd)
    assert fold.Folded(once.drafts, ()) == fold.fold(once.drafts)


@quick
@given(crowds(st.just([KEYS[0]])), st.integers(0, 7))
def test_folding_part_first_comes_to_the_same(crowd, at):
    part = fold.fold(crowd[:at]).drafts
    whole = fold.fold(crowd).drafts
    assert [effect(one) for one in whole] == [effect(one) for one in fold.fold([*part, *crowd[at:]]).drafts]


@quick
@given(crowds(), st.frozensets(st.sampled_from([f"d{number}" for number in range(1, 8)]), max_size=2))
def test_no_delivery_is_lost_or_doubled_by_folding(crowd, alone):
    folded = fold.fold(crowd, alone)
    assert sorted(deliveries(crowd)) == sorted(deliveries(folded.drafts) + deliveries(folded.later))


@quick
@given(crowds())
def test_drafts_to_decide_together_never_share_a_claim(crowd):
    claims = [claim for one in fold.fold(crowd).drafts if not one.held for claim in one.claims]
    assert len(set(claims)) == len(claims)


@quick
@given(crowds(), st.frozensets(st.sampled_from([f"d{number}" for number in range(1, 8)])))
def test_every_turn_gets_something_done(crowd, alone):
    rest, turns = crowd, 0
    while rest:
        rest, turns = list(fold.fold(rest, alone).later), turns + 1
    assert turns <= len(crowd)


# --- advance ------------------------------------------------------------------------------------------------------------------------

EVENTS = st.lists(st.tuples(st.sampled_from(["Registered", "Attended", "Blocked"]), st.integers(1, 9)), max_size=6)


def dated(events):
    return policies.merged({}, [want("Status", status, at) for status, at in events])


@quick
@given(EVENTS, st.randoms(use_true_random=False))
def test_merging_statuses_is_commutative(events, random):
    assert dated(events) == dated(random.sample(events, len(events)))


@quick
@given(EVENTS, EVENTS, EVENTS)
def test_merging_statuses_is_associative(first, second, third):
    ahead = [want("Status", status, at) for status, at in (*second, *third)]
    behind = policies.merged(dated([*first, *second]), [want("Status", status, at) for status, at in third])
    assert policies.merged(dated(first), ahead) == behind


@quick
@given(EVENTS)
def test_merging_statuses_is_idempotent(events):
    again = [want("Status", status, at) for status, at in events]
    assert dated(events) == policies.merged(dated(events), again)


# --- pack ---------------------------------------------------------------------------------------------------------------------------


@st.composite
def changes(draw):
    several = []
    for number in range(draw(st.integers(0, 30))):
        update = draw(st.booleans())
        several.append(
            Change(
                id=f"{number:03d}",
                object=draw(st.sampled_from(["Lead", "Contact"])),
                operation=Operation.UPDATE if update else Operation.INSERT,
                fields={"Description": "x" * draw(st.sampled_from([1, 1, 1, 900_000, 3_000_000]))},
                key=f"key{draw(st.integers(0, 20))}",
                claims=(),
                origins=(),
                record_id=lead_id(draw(st.integers(0, 9))) if update else None,
                headers=Headers(auto_assign=draw(st.booleans())),
                parent_id=draw(st.sampled_from([None, "7011", "7012"])),
            )
        )
    return several


LIMITS = st.dictionaries(st.tuples(st.sampled_from(["Lead", "Contact"]), st.sampled_from(list(Operation))), st.integers(1, 12), max_size=4)


@settings(deadline=None, max_examples=300 if LONG else 15)
@given(changes(), LIMITS)
def test_packing_respects_every_limit_and_loses_nothing(several, limits):
    calls = batch.pack(several, limits, lambda: "call")
    for call in calls:
        size = sum(len(one.fields["Description"]) for one in call.changes)
        keys = [one.key for one in call.changes]
        records = [one.record_id for one in call.changes if one.record_id]
        alike = {(one.object, one.operation, one.headers) for one in call.changes}
        assert (
            0 < len(call.changes) <= limits.get((call.object, call.operation), 200),
            size <= batch.MAX_BYTES,
            len(set(keys)),
            len(set(records)),
            {(call.object, call.operation, call.headers)},
        ) == (True, True, len(keys), len(records), alike)
    assert sorted(one.id for one in several) == sorted(one.id for call in calls for one in call.changes)


# --- decide -------------------------------------------------------------------------------------------------------------------------

TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "b", " a "]))
WANTS = st.lists(
    st.builds(
        want,
        st.sampled_from(["Phone", "Title", "LastName", "Company"]),
        st.one_of(st.none(), st.sampled_from(["a", "b"])),
        st.integers(1, 9),
        st.sampled_from([UpdatePolicy.FILL_EMPTY, UpdatePolicy.OVERWRITE, UpdatePolicy.CREATE_ONLY]),
        sync_position=PLACE,
    ),
    max_size=6,
)


def standing(wants):
    return [structs.replace(one, value="n/a", placeholder=True) for one in wants]


@st.composite
def leads(draw):
    return lead(**{name: draw(TEXTS) for name in ("Phone", "Title", "LastName", "Company")})


def decided(wants, found, states=()):
    return decide.decide(person(wants=wants, search=("Lead",)), {}, by_key("Lead", found), view(states))


@quick
@given(WANTS, WANTS, leads())
def test_a_placeholder_is_never_written_to_a_record_that_exists(wants, placeholders, found):
    change = decided([*wants, *standing(placeholders)], found).change
    assert "n/a" not in (change.fields.values() if change else ())


@quick
@given(WANTS, leads())
def test_what_was_written_is_not_written_again(wants, found):
    first = decided(wants, found)
    sent = first.change.fields if first.change else {}
    considered = first.change.considered if first.change else first.considered
    after = structs.replace(found, fields={**found.fields, **sent})
    again = decided(wants, after, [RecordState(found.id, "Lead", 1, considered)])
    assert (again.state, dict(again.considered)) == (State.UNCHANGED, {})


@quick
@given(leads(), st.sampled_from(list(UpdatePolicy)))
def test_a_draft_that_equals_the_record_changes_nothing(found, update):
    wants = [want(name, value, update=update) for name, value in found.fields.items() if name != "Id"]
    assert decided(wants, found).state is State.UNCHANGED


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "a", "A", "x;y", "y; x", "2026-03-04T09:00:00Z", "1.50"])
)
TYPES = ["string", "email", "double", "boolean", "multipicklist", "datetime", "date", "picklist", "reference", "textarea"]


@quick
@given(st.sampled_from(TYPES), VALUES, st.sampled_from(list(UpdatePolicy)))
def test_a_value_in_its_normal_form_is_the_same_value(kind, value, update):
    field = described(kind=kind)
    state = policies.FieldState()
    assert not policies.on_update([want(value=value, update=update)], canonical(kind, value), field, state, hmac).send


@quick
@given(WANTS, leads(), st.integers(1, 9))
def test_a_filled_field_that_only_fills_empty_is_equal_before_and_after(wants, found, at):
    filling = [structs.replace(one, update=UpdatePolicy.FILL_EMPTY) for one in wants]
    state = RecordState(found.id, "Lead", 1, {"Phone": policies.FieldState(f"{at}", hmac("other"))})
    change = decided(filling, found, [state]).change
    filled = {name for name, value in found.fields.items() if canonical("string", value) is not None}
    assert not filled & set(change.fields if change else ())


# --- match --------------------------------------------------------------------------------------------------------------------------


@quick
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=6, unique_by=lambda one: one[0]), st.data())
def test_the_choice_does_not_depend_on_the_order_of_the_answer(rows, data):
    found = [
        record("Lead", lead_id(number), IsConverted=converted, ConvertedContactId=None, CreatedDate=f"2026-01-0{day + 1}")
        for number, converted, day in rows
    ]
    one = person(search=("Lead",))
    shuffled = data.draw(st.permutations(found))
    assert match.decide(one, {}, by_key("Lead", *found)) == match.decide(one, {}, by_key("Lead", *shuffled))
