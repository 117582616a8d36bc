"""Values that are the id of another record."""

import pytest
from tests.unit.plan.building import by_key, contact, contact_id, draft, lead, nobody, person, record, target, view, want

from crosswalk.model import AutoMatch, OnDuplicates, UpdatePolicy
from crosswalk.plan import decide
from crosswalk.reasons import Reason, State

ACME = AutoMatch("Account", "Name", "Acme")
AGENT = AutoMatch("User", "Email", "agent@x.example")


def account(number, **fields):
    return record("Account", f"00100000000000{number}", **fields)


def user(number, *, active=True):
    return record("User", f"00500000000000{number}", IsActive=active)


def accounts(*found):
    return by_key("Account", *found, field="Name", value="Acme")


def users(*found):
    return by_key("User", *found, field="Email", value="agent@x.example")


def decided(wants, answers, name="Contact", **more):
    one = person(wants=wants, search=(name,), **more)
    return decide.decide(one, {}, nobody(name) | answers, view())


def contact_of(*found, **more):
    return decided([want("LastName", "Lee"), want("AccountId", ACME)], accounts(*found), **more)


def owned_by(*found, **more):
    return decided([want("LastName", "Lee"), want("OwnerId", AGENT)], users(*found), "Lead", **more)


@pytest.mark.shows("LS-08")
@pytest.mark.parametrize(
    ("found", "expected", "noted"),
    [((account(1),), {"AccountId": account(1).id}, []), ((), {}, ["auto_match_none"])],
)
def test_a_company_is_an_account_or_left_out_with_a_note(found, expected, noted):
    decision = contact_of(*found)
    sent = {name: value for name, value in decision.change.fields.items() if name == "AccountId"}
    assert (expected, noted) == (sent, [note.code for note in decision.notes])


def test_several_accounts_follow_the_choice_on_duplicates():
    old, new = account(1, CreatedDate="2026-01-01"), account(2, CreatedDate="2026-02-01")
    assert new.id == contact_of(old, new, on_duplicates=OnDuplicates.NEWEST).change.fields["AccountId"]


def test_several_accounts_are_held_where_the_step_holds_duplicates():
    assert contact_of(account(1), account(2), on_duplicates=OnDuplicates.HOLD).reason is Reason.TOO_MANY


@pytest.mark.shows("LC-18")
@pytest.mark.parametrize(
    ("found", "expected"),
    [((), None), ((user(2), user(1)), user(1).id), ((user(1, active=False), user(2)), user(2).id), ((user(1, active=False),), None)],
    ids=["no hit", "several", "one of two is inactive", "inactive"],
)
def test_an_owner_is_an_active_user_or_left_out(found, expected):
    assert expected == owned_by(*found).change.fields.get("OwnerId")


def test_only_users_can_be_inactive():
    campaigns = (account(1, IsActive=False),)
    assert account(1).id == contact_of(*campaigns).change.fields["AccountId"]


@pytest.mark.shows("LC-18")
def test_a_required_field_without_a_hit_holds_a_new_record():
    one = draft(target("Case", wants=[want("Subject", "Help"), want("AccountId", ACME)]), claims=("c",))
    decision = decide.decide(one, {}, accounts(), view())
    assert (decision.state, "AccountId" in decision.detail) == (State.HELD, True)


def test_a_required_field_with_another_value_holds_nothing():
    one = draft(target("Case", wants=[want("AccountId", ACME), want("AccountId", account(3).id, at=2)]), claims=("c",))
    assert decide.decide(one, {}, accounts(), view()).change.fields["AccountId"] == account(3).id


def test_no_hit_leaves_the_field_of_an_existing_record_alone():
    wants = [want("Phone", "1"), want("AccountId", ACME, update=UpdatePolicy.OVERWRITE)]
    answers = by_key("Contact", contact(Phone=None, AccountId=account(9).id)) | accounts()
    change = decide.decide(person(wants=wants, search=("Contact",)), {}, answers, view()).change
    assert set(change.fields) == {"Phone"}


def test_a_hit_follows_the_fields_policy():
    answers = by_key("Contact", contact(AccountId=account(9).id)) | accounts(account(1))
    one = person(wants=[want("AccountId", ACME)], search=("Contact",))
    assert decide.decide(one, {}, answers, view()).state is State.UNCHANGED


def test_a_company_is_never_made_into_an_account():
    assert contact_of().change.object == "Contact"


def test_leads_are_found_for_other_objects_too():
    wanted = AutoMatch("Lead", "Phone", "491")
    one = draft(target("Case", wants=[want("AccountId", wanted)]), claims=("c",))
    answers = by_key("Lead", lead(3), field="Phone", value="491")
    assert lead(3).id == decide.decide(one, {}, answers, view()).change.fields["AccountId"]


def test_a_found_record_may_be_the_parent_whose_lock_a_write_takes():
    assert account(1).id == contact_of(account(1)).change.parent_id


def test_the_record_that_is_written_is_not_the_one_that_was_matched():
    decision = decide.decide(
        person(wants=[want("AccountId", ACME)], search=("Contact",)),
        {},
        by_key("Contact", contact(4, AccountId=None)) | accounts(account(1)),
        view(),
    )
    assert contact_id(4) == decision.change.record_id
