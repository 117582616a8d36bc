"""Coming in through pages and API: first run, login, throttle, cookies, headers, errors."""

import re

import pytest
from tests import console
from tests.console import PASSWORD

from crosswalk.access import first_run
from crosswalk.store.database import Database
from crosswalk.web.callers import SESSION_COOKIE


@pytest.fixture
async def database(sqlite_url, clock):
    database = await Database.open(sqlite_url, clock)
    yield database
    await database.close()


@pytest.fixture
async def empty(database, vault, clock, ids):
    """Serve an installation that nobody has entered yet."""
    async with console.served(database, vault, clock, ids, owner=False) as served:
        yield served


@pytest.fixture
async def app(database, vault, clock, ids):
    async with console.served(database, vault, clock, ids) as served:
        yield served


OWNER = {"name": "Noor Haddad", "email": "noor@harbor.example", "password": PASSWORD}
LOGIN = {"email": "noor@harbor.example", "password": PASSWORD}


async def test_the_first_visit_leads_to_the_first_run(empty):
    answer = await (await empty.stranger()).get("/users")
    assert (303, "/first-run") == (answer.status_code, answer.headers["location"])


async def test_the_first_owner_is_made_with_the_code_and_is_in(empty):
    browser = await empty.stranger()
    code = first_run.code(empty.services.vault)
    made = await browser.post("/first-run", {**OWNER, "code": code})
    assert (303, 200) == (made.status_code, (await browser.get("/account")).status_code)


async def test_without_the_code_nobody_becomes_owner_from_elsewhere(empty):
    browser = await empty.stranger()
    answer = await browser.post("/first-run", {**OWNER, "code": "0000-0000-0000"})
    assert (401, True) == (answer.status_code, await first_run.is_open(empty.services.access))


async def test_somebody_at_the_machine_needs_no_code(empty):
    browser = await empty.stranger()
    browser.http.base_url = "http://127.0.0.1:8300"
    assert 'name="code"' not in (await browser.get("/first-run")).text


@pytest.mark.parametrize("headers", [{"x-forwarded-for": "198.51.100.9"}, {"host": "rebound.example"}])
async def test_a_request_passed_on_needs_the_code(empty, headers):
    browser = await empty.stranger()
    browser.http.base_url = "http://127.0.0.1:8300"
    assert 'name="code"' in (await browser.http.get("/first-run", headers=headers)).text


async def test_a_weak_password_is_told_at_its_field(empty):
    browser = await empty.stranger()
    answer = await browser.post("/first-run", {**OWNER, "password": "short", "code": first_run.code(empty.services.vault)})
    assert (422, True) == (answer.status_code, 'id="e-password"' in answer.text)


async def test_after_logging_in_one_is_where_one_wanted_to_be(app):
    browser = await app.stranger()
    sent = await browser.get("/audit?subject=x")
    form = {**LOGIN, "next": "/audit?subject=x"}
    assert ("/login?next=/audit%3Fsubject%3Dx", "/audit?subject=x") == (
        sent.headers["location"],
        (await browser.post("/login", form)).headers["location"],
    )


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx"])
async def test_a_login_leads_to_no_other_site(app, target):
    browser = await app.stranger()
    assert "/" == (await browser.post("/login", {**LOGIN, "next": target})).headers["location"]


async def test_a_wrong_password_is_told_without_saying_what_was_wrong(app):
    answer = await (await app.stranger()).post("/login", {**LOGIN, "password": "wrong password 1"})
    assert (401, True) == (answer.status_code, "do not belong together" in answer.text)


async def test_too_many_attempts_are_429_with_a_sentence_and_a_time(app):
    browser = await app.stranger()
    for _ in range(6):
        answer = await browser.post("/login", {**LOGIN, "password": "wrong password 1"})
    assert (429, "900", True) == (answer.status_code, answer.headers["retry-after"], "Wait 15 minutes" in answer.text)


async def test_the_cookie_of_a_session_is_out_of_reach(app):
    answer = await (await app.stranger()).post("/login", LOGIN)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(SESSION_COOKIE))
    assert [True, True] == [part in cookie for part in ("HttpOnly", "SameSite=lax")]


async def test_logging_out_ends_the_session_for_good(app):
    browser = await app.user("viewer")
    await browser.post("/logout")
    again = console.Browser(app.app, session=browser.http.cookies.get(SESSION_COOKIE) or "gone")
    assert "/login" in (await again.get("/account")).headers["location"]


async def test_somebody_invited_enters_by_the_link(app):
    form = {"name": "Kofi Mensah", "email": "kofi@harbor.example", "role": "operator"}
    page = (await app.owner.post("/users/invite", form)).text
    link = re.search(r'value="http://crosswalk.example(/invitations/[^"]+)"', page)[1]
    browser = await app.stranger()
    await browser.post(link, {"password": PASSWORD})
    assert "Kofi Mensah" in (await browser.get("/account")).text


async def test_a_page_runs_no_script_of_its_own(app):
    answer = await app.owner.get("/users")
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=", answer.text)
    policy = answer.headers["content-security-policy"]
    assert ([], False, True) == (inline, "unsafe" in policy, "frame-ancestors 'none'" in policy)


async def test_pages_and_answers_are_not_kept_by_caches(app):
    answers = [await app.owner.get("/users"), await app.owner.get("/api/users")]
    assert ["no-store", "no-store"] == [one.headers["cache-control"] for one in answers]


async def test_the_data_plane_keeps_its_own_headers(app):
    answer = await (await app.stranger()).http.post("/v1/track")
    assert "content-security-policy" not in answer.headers


async def test_a_page_without_the_role_says_whom_to_ask(app):
    answer = await (await app.user("viewer")).get("/users/invite")
    assert (403, True) == (answer.status_code, "Ask an owner for the role of an admin" in answer.text)


async def test_a_page_that_is_not_there_says_so_in_the_shell(app):
    answer = await app.owner.get("/nowhere")
    assert (404, True) == (answer.status_code, "There is nothing at this address" in answer.text)


async def test_every_file_a_page_names_is_served(app):
    page = (await app.owner.get("/users")).text
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    answers = [await app.owner.get(one) for one in files]
    assert ({200}, True) == ({one.status_code for one in answers}, len(files) >= 6)


async def test_what_was_done_is_told_once(app):
    await app.owner.post("/account/keys", {"letter_keys": "on"})
    assert [True, False] == ["Single letters are short cuts." in (await app.owner.get("/help")).text for _ in range(2)]


class TestApi:
    async def test_a_session_begins_and_tells_who_one_is(self, app):
        browser = await app.stranger()
        begun = await browser.http.post("/api/session", json=LOGIN)
        me = (await browser.get("/api/session")).json()
        assert (204, "owner") == (begun.status_code, me["role"])

    async def test_a_token_acts_for_its_maker_without_cookie_or_form_token(self, app):
        made = (await app.owner.api("POST", "/api/tokens", json={"name": "nightly", "role": "admin"})).json()
        browser = await app.stranger()
        headers = {"authorization": f"Bearer {made['token']}"}
        answer = await browser.http.post("/api/tokens", json={"name": "second", "role": "viewer"}, headers=headers)
        assert 201 == answer.status_code

    async def test_a_wrong_body_is_a_problem_with_each_place(self, app):
        answer = await app.owner.api("POST", "/api/tokens", json={"role": "king"})
        places = sorted(one["place"] for one in answer.json()["problems"])
        assert (422, "invalid_request", ["name", "role"], "application/problem+json") == (
            answer.status_code,
            answer.json()["code"],
            places,
            answer.headers["content-type"],
        )

    async def test_an_unknown_address_is_a_problem_too(self, app):
        answer = await app.owner.api("GET", "/api/nothing")
        assert (404, "not_found") == (answer.status_code, answer.json()["code"])

    async def test_a_change_must_say_what_it_was_made_from(self, app):
        viewer = await app.user("viewer")
        address = f"/api/users/{viewer.caller.user_id}"
        tag = (await app.owner.api("GET", address)).headers["etag"]
        first = await app.owner.api("PATCH", address, json={"role": "operator"}, headers={"if-match": tag})
        second = await app.owner.api("PATCH", address, json={"role": "admin"}, headers={"if-match": tag})
        without = await app.owner.api("PATCH", address, json={"role": "admin"})
        assert [200, 412, 428] == [first.status_code, second.status_code, without.status_code]

    async def test_the_audit_trail_is_read_page_by_page(self, app):
        for number in range(5):
            await app.user("viewer" if number % 2 else "operator")
        seen, after = [], ""
        while after is not None:
            page = (await app.owner.api("GET", f"/api/audit?limit=4{f'&after={after}' if after else ''}")).json()
            seen += [one["id"] for one in page["items"]]
            after = page["next"]
        assert (11, 11) == (len(seen), len(set(seen)))

    async def test_the_description_needs_a_login_and_knows_the_problems(self, app):
        description = (await app.owner.api("GET", "/api/openapi.json")).json()
        refused = await (await app.stranger()).get("/api/openapi.json")
        assert (401, True) == (refused.status_code, "Refusal" in description["components"]["schemas"])
