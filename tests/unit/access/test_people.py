import pytest

from crosswalk.access import api_tokens, first_run, invitations, sessions, users
from crosswalk.access.roles import Permission, Role
from crosswalk.access.sessions import Client
from crosswalk.errors import RequestRefused
from crosswalk.journal import audit
from crosswalk.store import tables

PASSWORD = "correct horse battery"
HERE = Client("192.0.2.7", "Firefox")


async def rows(access, table):
    async with access.database.read() as tx:
        return (await tx.execute(table.select())).all()


async def refused(awaitable):
    with pytest.raises(RequestRefused) as caught:
        await awaitable
    return caught.value.request_code


async def test_the_first_run_is_open_until_there_is_an_owner(access):
    before = await first_run.is_open(access)
    await invitations.first_owner(access, "Noor", "noor@harbor.example", PASSWORD, HERE)
    assert (True, False) == (before, await first_run.is_open(access))


async def test_a_second_first_owner_is_refused(access, owner):
    assert "already_set_up" == await refused(invitations.first_owner(access, "Eve", "eve@harbor.example", PASSWORD, HERE))


async def test_the_setup_code_opens_and_a_wrong_one_does_not(access):
    await first_run.expect_code(access, first_run.code(access.vault), "192.0.2.7")
    assert "wrong_setup_code" == await refused(first_run.expect_code(access, "0000-0000-0000", "192.0.2.7"))


async def test_logging_in_ignores_the_case_of_the_email(access, owner):
    token = await sessions.log_in(access, " Noor@Harbor.EXAMPLE", PASSWORD, HERE)
    assert owner.user_id == (await sessions.caller(access, token)).user_id


@pytest.mark.parametrize(("email", "password"), [("noor@harbor.example", "wrong password 1"), ("nobody@harbor.example", PASSWORD)])
async def test_a_wrong_login_does_not_say_what_was_wrong(access, owner, email, password):
    assert "wrong_login" == await refused(sessions.log_in(access, email, password, HERE))


async def test_the_sixth_attempt_of_a_quarter_of_an_hour_is_refused_even_with_the_right_password(access, owner):
    for _ in range(5):
        await refused(sessions.log_in(access, owner.email, "wrong password 1", HERE))
    assert "too_many_attempts" == await refused(sessions.log_in(access, owner.email, PASSWORD, HERE))


async def test_attempts_of_a_stranger_elsewhere_do_not_keep_a_person_out(access, owner):
    for _ in range(6):
        await refused(sessions.log_in(access, owner.email, "wrong password 1", Client("198.51.100.9", "")))
    assert await sessions.log_in(access, owner.email, PASSWORD, HERE)


async def test_after_a_quarter_of_an_hour_the_count_starts_anew(access, owner, clock):
    for _ in range(6):
        await refused(sessions.log_in(access, owner.email, "wrong password 1", HERE))
    clock.advance(901)
    assert await sessions.log_in(access, owner.email, PASSWORD, HERE)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "noor@harbor.example", "x" * 201])
async def test_a_weak_password_is_refused(access, password):
    assert "weak_password" == await refused(invitations.first_owner(access, "Noor", "noor@harbor.example", password, HERE))


async def test_an_idle_session_has_ended(access, owner, clock):
    token = await sessions.log_in(access, owner.email, PASSWORD, HERE)
    clock.advance(12 * 3600 + 1)
    assert None is await sessions.caller(access, token)


async def test_a_session_that_is_used_goes_on_but_not_for_ever(access, owner, clock):
    token = await sessions.log_in(access, owner.email, PASSWORD, HERE)
    alive = 0
    while await sessions.caller(access, token):
        clock.advance(10 * 3600)
        alive += 1
    assert 34 == alive  # 14 days in steps of ten hours


async def test_ending_a_session_ends_it(access, owner):
    token = await sessions.log_in(access, owner.email, PASSWORD, HERE)
    other = await sessions.caller(access, token)
    await sessions.end(access, owner, other.session_id)
    assert None is await sessions.caller(access, token)


async def test_a_viewer_ends_no_session_of_others(access, owner, joins):
    viewer = await joins("viewer")
    assert "unknown_session" == await refused(sessions.end(access, viewer, owner.session_id))


async def test_changing_the_password_ends_the_other_sessions(access, owner):
    token = await sessions.log_in(access, owner.email, PASSWORD, HERE)
    await users.change_password(access, owner, PASSWORD, "another fine password")
    assert None is await sessions.caller(access, token)


async def test_an_invitation_gives_its_role_and_its_connections(access, joins, connection):
    operator = await joins("operator", {connection: Role.ADMIN})
    assert (Role.OPERATOR, Role.ADMIN) == (operator.role, operator.role_on(connection))


async def test_a_link_works_once(access, owner):
    _, token = await invitations.invite(access, owner, "Kofi", "kofi@harbor.example", Role.VIEWER, {})
    await invitations.accept(access, token, PASSWORD, HERE)
    assert "link_not_valid" == await refused(invitations.of_token(access, token))


async def test_a_link_is_dead_after_a_week(access, owner, clock):
    _, token = await invitations.invite(access, owner, "Kofi", "kofi@harbor.example", Role.VIEWER, {})
    clock.advance(7 * 86_400)
    assert "link_not_valid" == await refused(invitations.of_token(access, token))


async def test_a_password_link_keeps_the_person_and_ends_the_sessions(access, owner, joins):
    viewer = await joins("viewer")
    _, token = await invitations.new_password(access, owner, viewer.user_id)
    again = await sessions.caller(access, await invitations.accept(access, token, "another fine password", HERE))
    assert (viewer.user_id, 1) == (again.user_id, len([one for one in await rows(access, tables.session) if one.user_id == viewer.user_id]))


async def test_the_last_owner_is_neither_removed_nor_made_less(access, owner):
    codes = [await refused(users.remove(access, owner, owner.user_id))]
    codes.append(await refused(users.change_role(access, owner, owner.user_id, Role.ADMIN)))
    assert ["last_owner", "last_owner"] == codes


async def test_an_admin_makes_no_owner_and_removes_none(access, owner, joins):
    admin = await joins("admin")
    codes = [await refused(users.change_role(access, admin, admin.user_id, Role.OWNER))]
    codes.append(await refused(users.remove(access, admin, owner.user_id)))
    codes.append(await refused(invitations.new_password(access, admin, owner.user_id)))
    assert ["not_allowed"] * 3 == codes


async def test_who_was_removed_is_out_at_once_and_may_come_back(access, owner, joins):
    token = await sessions.log_in(access, (await joins("viewer")).email, PASSWORD, HERE)
    viewer = await sessions.caller(access, token)
    await users.remove(access, owner, viewer.user_id)
    gone = await sessions.caller(access, token)
    assert (None, viewer.user_id) == (gone, (await joins("viewer")).user_id)


async def test_a_role_on_one_connection_is_none_on_another(access, joins, connection):
    viewer = await joins("viewer", {connection: Role.ADMIN})
    assert [True, False, False] == [
        viewer.may_on(connection, Permission.CONFIGURE),
        viewer.may_on("conn-2", Permission.LOOK),
        viewer.may(Permission.CONFIGURE),
    ]


async def test_taking_access_takes_it(access, owner, joins, connection):
    viewer = await joins("viewer", {connection: Role.VIEWER})
    changed = await users.give_access(access, owner, viewer.user_id, connection, None)
    assert {} == changed.connections


async def test_every_change_of_access_is_in_the_audit_trail(access, owner, joins, connection):
    viewer = await joins("viewer")
    await users.change_role(access, owner, viewer.user_id, Role.OPERATOR)
    await users.give_access(access, owner, viewer.user_id, connection, Role.ADMIN)
    _, _token = await invitations.new_password(access, owner, viewer.user_id)
    await users.remove(access, owner, viewer.user_id)
    async with access.database.read() as tx:
        entries = await audit.page(tx, 10)
    assert ["user.remove", "user.password_link", "user.access", "user.role", "user.add", "invitation.add", "user.add"] == [
        one.action for one in entries
    ]


async def test_a_token_may_do_no_more_than_its_maker(access, owner, joins, connection):
    admin = await joins("admin", {connection: Role.ADMIN})
    _, text = await api_tokens.make(access, admin, "nightly", Role.ADMIN)
    await users.change_role(access, owner, admin.user_id, Role.VIEWER)
    assert Role.VIEWER is (await api_tokens.caller(access, text)).role


async def test_a_token_of_an_owner_has_its_role_on_every_connection(access, owner):
    _, text = await api_tokens.make(access, owner, "nightly", Role.VIEWER)
    assert Role.VIEWER is (await api_tokens.caller(access, text)).role_on("any")


async def test_a_revoked_token_opens_nothing(access, owner):
    made, text = await api_tokens.make(access, owner, "nightly", Role.VIEWER)
    await api_tokens.revoke(access, owner, made.id)
    assert None is await api_tokens.caller(access, text)


async def test_a_token_past_its_end_opens_nothing(access, owner, clock):
    _, text = await api_tokens.make(access, owner, "nightly", Role.VIEWER, clock.now())
    assert None is await api_tokens.caller(access, text)


async def test_nothing_that_opens_a_door_is_stored(access, owner, joins):
    _, text = await api_tokens.make(access, owner, "nightly", Role.VIEWER)
    _, link = await invitations.invite(access, owner, "Kofi", "kofi@harbor.example", Role.VIEWER, {})
    cookie = await sessions.log_in(access, owner.email, PASSWORD, HERE)
    stored = repr([await rows(access, table) for table in (tables.user, tables.session, tables.invitation, tables.api_token, tables.audit)])
    found = [name for name in (text, link, cookie, PASSWORD, owner.email, owner.name, "kofi") if name in stored]
    assert [] == found
