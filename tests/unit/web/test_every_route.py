"""Every route by every role: nothing is open that the table of permissions does not open, and every route is in the table."""

import re

import pytest
from fastapi.routing import APIRoute
from tests import console

from crosswalk.access.roles import Permission, Role, allows
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.web.api import routes as api
from crosswalk.web.callers import Anonymous, PageRequired, Required
from crosswalk.web.console import routes as pages

API, PAGES = api.routes(), pages.routes()
# Only these may be asked by anybody; whoever adds one says why it must be.
OPEN = {
    ("POST", "/api/session"),
    *((method, path) for method in ("GET", "POST") for path in ("/login", "/first-run", "/invitations/{token}")),
}
ENDS_SESSIONS = {"/logout", "/api/session"}


def guards(route):
    return [one.call for one in route.dependant.dependencies if isinstance(one.call, Required | PageRequired | Anonymous)]


def cases(routes):
    return [(method, route) for route in routes for method in sorted(route.methods - {"HEAD", "OPTIONS"})]


def address(route):
    return re.sub(r"\{[^}]+\}", "none", route.path)


@pytest.mark.parametrize("route", [*API, *PAGES], ids=lambda route: f"{min(route.methods)} {route.path}")
def test_every_route_names_what_it_needs(route):
    assert 1 == len(guards(route))


def test_no_other_route_is_open_to_everybody():
    found = {(method, route.path) for method, route in cases([*API, *PAGES]) if isinstance(guards(route)[0], Anonymous)}
    assert OPEN == found


def test_a_page_has_the_door_of_pages_and_a_resource_that_of_the_api():
    wrong = [route.path for route in PAGES if isinstance(guards(route)[0], Required)]
    wrong += [route.path for route in API if isinstance(guards(route)[0], PageRequired)]
    assert [] == wrong


@pytest.fixture
async def app(sqlite_url, vault, clock, ids):
    database = await Database.open(sqlite_url, clock)
    async with database.write() as tx:
        await tx.execute(tables.connection.insert().values(id="none", name="Harbor Supply", created_at=clock.now()))
    async with console.served(database, vault, clock, ids) as served:
        served.services.stopping.set()  # streams end after their first message
        yield served
    await database.close()


async def asked(browser, method, route):
    if route.path.startswith("/api/"):
        return await browser.api(method, address(route), **({} if method in {"GET", "DELETE"} else {"json": {}}))
    return await (browser.get(address(route)) if method == "GET" else browser.post(address(route)))


@pytest.mark.shows("BX-31", "LC-02", "LP-05")
@pytest.mark.parametrize("role", [one for one in Role if one is not Role.OWNER])
async def test_a_role_gets_no_further_than_its_permissions(app, role):
    browser = await app.user(role.value)
    through = set()
    for method, route in cases([*API, *PAGES]):
        guard = guards(route)[0]
        if isinstance(guard, Anonymous) or route.path in ENDS_SESSIONS or allows(role, guard.permission):
            continue
        answer = await asked(browser, method, route)
        if answer.status_code != 403:
            through.add((method, route.path, answer.status_code))
    assert set() == through


async def test_without_a_login_the_api_answers_401_and_pages_lead_to_it(app):
    browser = await app.stranger()
    wrong = {}
    for method, route in cases([*API, *PAGES]):
        if isinstance(guards(route)[0], Anonymous):
            continue
        answer = await (asked(browser, method, route) if route.path.startswith("/api/") else browser.http.request(method, address(route)))
        if answer.status_code != 401 and not (answer.status_code == 303 and answer.headers["location"].startswith("/login")):
            wrong[method, route.path] = answer.status_code
    assert {} == wrong


async def test_a_form_without_its_token_changes_nothing(app):
    wrong = {}
    for method, route in cases([*API, *PAGES]):
        if method == "GET" or (method, route.path) == ("POST", "/api/session"):
            continue
        answer = await app.owner.http.request(method, address(route))
        if (answer.status_code, "foreign_form" in answer.text) != (403, True):
            wrong[method, route.path] = answer.status_code
    assert {} == wrong


async def test_nothing_an_owner_may_ask_for_is_a_mistake_of_ours(app):
    wrong = {}
    for method, route in cases([*API, *PAGES]):
        if route.path not in ENDS_SESSIONS:
            answer = await asked(app.owner, method, route)
            if answer.status_code >= 500:
                wrong[method, route.path] = answer.text
    assert {} == wrong


def test_every_route_is_one_of_ours():
    assert all(isinstance(route, APIRoute) for route in [*API, *PAGES])


def test_every_permission_has_a_sentence():
    assert all(one.sentence for one in Permission)
