"""Every refused login pauses the connection with what to mend, or is tried again where that may help; nothing is lost meanwhile.

The local org refuses by its real rules where it has them. What it has no rule for is answered in its place by a transport.
"""

import asyncio
import dataclasses

import httpx2
import pytest
from sqlalchemy import update
from tests.flow.mappings import calls, row
from tests.world import identify

from crosswalk.clock import Time
from crosswalk.engine.orgs import Orgs
from crosswalk.engine.worker import Worker
from crosswalk.store import tables
from crosswalk.turn import pausing

TOKEN = "/services/oauth2/token"
PHONE = row("Phone", "phone", update="overwrite")
REFUSED = [  # error, description, a part of the sentence on the connection
    ("invalid_grant", "expired access/refresh token", "revoked or has expired; connect again"),
    ("invalid_grant", "authentication failure", "check user name, password, security token"),
    ("invalid_grant", "ip restricted", "allow it under the app's IP relaxation"),
    ("invalid_grant", "user hasn't approved this consumer", "check its consumer key, secret and permitted users"),
    ("invalid_client_id", "client identifier invalid", "check its consumer key"),
    ("invalid_client", "invalid client credentials", "check its consumer key"),
    ("invalid_request", "refresh token missing", "check its consumer key"),
    ("invalid_scope", "the requested scope is not allowed", "check its consumer key"),
    ("unsupported_grant_type", "grant type not supported", "choose another kind"),
    ("redirect_uri_mismatch", "redirect_uri must match configuration", "check its consumer key"),
    ("access_denied", "end-user denied authorization", "check its consumer key"),
    ("inactive_user", "user is inactive", "activate it or connect as another"),
    ("inactive_org", "organization is inactive", "reactivate it, or connect to another"),
    ("INVALID_LOGIN", "Invalid username, password, security token", "check user name, password, security token"),
    ("LOGIN_MUST_USE_SECURITY_TOKEN", "", "add it (My Personal Information"),
    ("LOGIN_OAUTH_INVALID_TOKEN", "", "connect again"),
    ("LOGIN_DURING_RESTRICTED_TIME", "", "connect again"),
    ("PASSWORD_LOCKOUT", "user is locked out", "unlock it, then connect again"),
    ("ORG_LOCKED", "organization is locked", "unlock it in Salesforce"),
    ("rate_limit_exceeded", "login rate exceeded", ""),
    ("a_code_from_next_year", "who knows", "check user name, password, security token"),
]
PAUSING = [case for case in REFUSED if case[2]]


@pytest.fixture
def database_url(sqlite_only):
    return sqlite_only


class LoginsAnswered(httpx2.AsyncBaseTransport):
    """Answers the token endpoint itself as long as `answer` is set, counts what is asked of it, and passes on all else."""

    def __init__(self, org):
        self.org, self.answer, self.logins = org, None, 0

    async def handle_async_request(self, request):
        self.logins += request.url.path == TOKEN
        if request.url.path == TOKEN and self.answer:
            return self.answer
        return await self.org.handle_async_request(request)


@pytest.fixture
def host(here):
    return LoginsAnswered(here.org.transport())


@pytest.fixture
async def worker(here, host):
    """Return a function that makes the worker of one more process, each with an HTTP client of its own."""
    clients = []

    def made():
        clients.append(httpx2.AsyncClient(transport=host))
        return Worker(here.engine, Orgs(here.engine, clients[-1]))

    yield made
    for client in clients:
        await client.aclose()


@pytest.fixture
async def app(here):
    source = await here.add_source("rudderstack")
    await here.add_sync(source, calls(PHONE))
    return source


async def told(here, source, worker, number=1):
    await here.deliver(source, identify(f"ann{number}@x.example", f"m{number}", phone="1"))
    await worker.sweep(linger=False)
    return set(await here.states())


async def paused(here):
    (one,) = await here.rows(tables.connection)
    return one["paused_reason"] or ""


@pytest.mark.shows("P7")
@pytest.mark.parametrize(("error", "description", "remedy"), PAUSING)
async def test_a_refused_login_pauses_the_connection_with_what_to_mend(here, app, host, worker, error, description, remedy):
    host.answer = httpx2.Response(400, json={"error": error, "error_description": description})
    state = await told(here, app, worker())
    assert ({"waiting(connection_paused)"}, True) == (state, remedy in await paused(here)), await paused(here)


async def test_what_waited_for_a_login_is_written_when_the_connection_works_again(here, app, host, worker):
    host.answer = httpx2.Response(400, json={"error": "inactive_user", "error_description": ""})
    await told(here, app, worker())
    host.answer = None
    await pausing.resume(here.engine, here.connection_id)
    here.clock.advance(60)
    await here.drain(worker())
    assert await here.states() == {"written": 1}


@pytest.mark.shows("BX-19")
async def test_a_paused_connection_does_not_log_in_again(here, app, host, worker):
    host.answer = httpx2.Response(400, json={"error": "invalid_client", "error_description": ""})
    one = worker()
    await told(here, app, one)
    for _ in range(5):
        here.clock.advance(600)
        await one.sweep(linger=False)
    assert host.logins == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(400, json={"error": "rate_limit_exceeded", "error_description": "login rate exceeded"}),
        httpx2.Response(503, text="<html>maintenance</html>", headers={"Content-Type": "text/html"}),
        httpx2.Response(500),
        httpx2.Response(200, text="no token"),
    ],
    ids=["rate limit", "web page", "server error", "no token"],
)
async def test_a_login_that_may_work_later_is_tried_again_by_itself(here, app, host, worker, answer):
    host.answer = answer
    one = worker()
    state = await told(here, app, one)
    host.answer = None
    here.clock.advance(here.settings.timings.busy_retry + 1)
    await here.drain(one)
    assert ({"waiting(queued)"}, "", {"written": 1}) == (state, await paused(here), await here.states())


@pytest.mark.parametrize(("name", "wrong", "remedy"), [("client_id", "nobody", "consumer key"), ("login", "carrier_pigeon", "choose")])
async def test_the_orgs_own_refusal_pauses_the_connection(here, app, name, wrong, remedy):
    (one,) = await here.rows(tables.connection)
    async with here.database.write() as tx:
        await tx.execute(update(tables.connection).values(settings={**one["settings"], name: wrong}))
    here.configuration.forget()
    state = await told(here, app, here.worker())
    assert ({"waiting(connection_paused)"}, True) == (state, remedy in await paused(here)), await paused(here)


# --- one login for all ----------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-36")
async def test_twenty_workers_renew_an_ended_session_with_one_login(here, host):
    engine = dataclasses.replace(here.engine, clock=Time())  # who waits for another's login looks again by himself
    clients = [httpx2.AsyncClient(transport=host) for _ in range(20)]
    connection = (await here.configuration.current()).connections[here.connection_id]
    orgs = [await Orgs(engine, client).of(connection) for client in clients]
    await here.ask("DELETE", "/localorg/sessions")
    before = host.logins
    await asyncio.gather(*(org.describe.schema({"Lead"}) for org in orgs))
    for client in clients:
        await client.aclose()
    assert host.logins - before == 1
