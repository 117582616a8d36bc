"""Tokens are renewed once for all workers, kept sealed, and never lead to another org unnoticed."""

import asyncio
import dataclasses

import httpx2
import pytest
from sqlalchemy import insert, select, update

from crosswalk import errors
from crosswalk.clock import Time
from crosswalk.record_ids import full
from crosswalk.salesforce import auth
from crosswalk.salesforce.logins import LoginHost, RefreshToken
from crosswalk.store import tables

ORG, OTHER_ORG, USER = full("00D000000000001"), full("00D000000000002"), full("005000000000001")
HOST = "https://acme.my.salesforce.example"


class Org:
    """Answers the token endpoint, with rotating refresh tokens: each works once."""

    def __init__(self):
        self.org, self.given, self.valid = ORG, [], "first"
        self.http = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))

    def answer(self, request):
        form = dict(pair.split("=") for pair in request.content.decode().split("&"))
        self.given.append(form["refresh_token"])
        if form["refresh_token"] != self.valid:
            return httpx2.Response(400, json={"error": "invalid_grant", "error_description": "expired access/refresh token"})
        self.valid = f"next{len(self.given)}"
        body = {"access_token": f"token-{len(self.given)}", "instance_url": HOST, "refresh_token": self.valid}
        return httpx2.Response(200, json=body | {"id": f"https://login.example/id/{self.org}/{USER}"})


@pytest.fixture
def org():
    return Org()


@pytest.fixture
def make_tokens(database, vault, clock, connection, timings, org):
    """Return a function that makes the tokens of one more worker."""

    def make(on_clock=clock):
        flow = RefreshToken(LoginHost(org.http, HOST, on_clock, timings), "app", "app-secret", "first")
        return auth.Tokens(database, vault, on_clock, connection, flow, timings)

    return make


async def test_the_first_use_logs_in(make_tokens):
    token = await make_tokens().current()
    assert (token.access_token, token.org_id, token.user_id, token.version) == ("token-1", ORG, USER, 1)


async def test_a_second_worker_uses_the_stored_token(make_tokens, org):
    await make_tokens().current()
    token = await make_tokens().current()
    assert (token.access_token, org.given) == ("token-1", ["first"])


async def test_a_renewal_uses_the_refresh_token_of_the_last_one(make_tokens, org):
    tokens = make_tokens()
    await tokens.refresh(await tokens.current())
    assert org.given == ["first", "next1"]


@pytest.mark.shows("BX-36")
async def test_twenty_workers_renew_once(make_tokens, org):
    workers = [make_tokens(Time()) for _ in range(20)]
    stale = await workers[0].current()
    renewed = await asyncio.gather(*(worker.refresh(stale) for worker in workers))
    assert ({token.access_token for token in renewed}, len(org.given)) == ({"token-2"}, 2)


@pytest.mark.shows("BX-36")
async def test_a_revoked_grant_says_to_connect_again(make_tokens, org):
    tokens = make_tokens()
    stale = await tokens.current()
    org.valid = "revoked"
    with pytest.raises(errors.LoginRefusedError, match="revoked or has expired; connect again"):
        await tokens.refresh(stale)


async def test_a_refused_login_is_not_repeated_at_once(make_tokens, org):
    tokens = make_tokens()
    stale = await tokens.current()
    org.valid = "revoked"
    for _ in range(5):
        with pytest.raises(errors.LoginRefusedError):
            await tokens.refresh(stale)
    assert org.given == ["first", "next1", "first"]


async def test_a_grant_given_anew_is_tried_after_the_stored_one(make_tokens, org):
    tokens = make_tokens()
    stale = await tokens.current()
    org.valid = "first"
    assert (await tokens.refresh(stale)).access_token == "token-3"


async def test_after_a_refused_login_the_lease_is_free(make_tokens, org, database):
    org.valid = "revoked"
    with pytest.raises(errors.LoginRefusedError):
        await make_tokens().current()
    async with database.read() as tx:
        assert await tx.scalar(select(tables.token.c.refreshing_until)) is None


async def test_the_lease_of_a_dead_worker_runs_out(make_tokens, database, clock, org, timings):
    tokens = make_tokens()
    stale = await tokens.current()
    async with database.write() as tx:
        await tx.execute(update(tables.token).values(refreshing_until=clock.now()))
    clock.advance(timings.token_lease)
    assert (await tokens.refresh(stale)).version == 2


async def test_the_stored_token_is_sealed(make_tokens, database):
    await make_tokens().current()
    async with database.read() as tx:
        stored = await tx.scalar(select(tables.token.c.token_ct))
    assert b"token-1" not in stored


async def test_no_repr_shows_a_secret(make_tokens, org, clock, timings):
    flow = RefreshToken(LoginHost(org.http, HOST, clock, timings), "app", "app-secret", "first")
    shown = repr(await make_tokens().current()) + repr(flow)
    assert [secret for secret in ("token-1", "next1", "app-secret", "first") if secret in shown] == []


async def test_the_connection_learns_its_org_at_the_first_login(make_tokens, database):
    await make_tokens().current()
    async with database.read() as tx:
        assert await tx.scalar(select(tables.connection.c.org)) == ORG


@pytest.mark.shows("BX-36")
async def test_another_org_behind_the_same_credentials_is_noticed(make_tokens, org):
    tokens = make_tokens()
    stale = await tokens.current()
    org.org = OTHER_ORG
    with pytest.raises(errors.OrgChangedError, match="sandbox refresh"):
        await tokens.refresh(stale)


async def test_an_org_that_has_a_connection_is_refused_a_second_one(make_tokens, database, clock):
    row = {"id": "connection-2", "name": "Twin", "org": ORG, "settings": {}, "created_at": clock.now()}
    async with database.write() as tx:
        await tx.execute(insert(tables.connection), row)
    with pytest.raises(errors.ConfigurationError, match="has a connection already"):
        await make_tokens().current()


async def test_forgetting_makes_the_next_use_log_in(make_tokens, org):
    tokens = make_tokens()
    await tokens.current()
    await tokens.forget()
    org.valid = "first"
    assert (await tokens.current()).access_token == "token-2"


async def test_a_login_host_that_is_down_means_later(make_tokens, org):
    def down(request):
        raise httpx2.ConnectError("refused", request=request)

    org.http._transport = httpx2.MockTransport(down)
    with pytest.raises(errors.SalesforceBusyError):
        await make_tokens().current()


def _flow(connection, clock, timings, settings, secrets):
    return auth.flow(dataclasses.replace(connection, settings=settings, secrets=secrets), httpx2.AsyncClient(), clock, timings)


@pytest.mark.parametrize("missing", ["username", "password", "security_token"])
def test_a_password_login_names_the_field_that_is_missing(connection_config, clock, timings, missing):
    entries = {"username": "u@acme.example", "password": "p", "security_token": "t"}
    del entries[missing]
    with pytest.raises(errors.ConfigurationError, match=missing.replace("_", " ")) as caught:
        _flow(connection_config, clock, timings, {"login": "password"}, entries)
    assert caught.value.facts == {"field": missing}


@pytest.mark.parametrize(("sandbox", "host"), [(False, "https://login.salesforce.com"), (True, "https://test.salesforce.com")])
@pytest.mark.shows("RS-06")
def test_sandbox_mode_logs_in_at_the_test_host(connection_config, clock, timings, sandbox, host):
    secrets = {"username": "u@acme.example", "password": "p", "security_token": "t"}
    assert host == _flow(connection_config, clock, timings, {"login": "password", "sandbox": sandbox}, secrets).host.url


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "ftp://acme.example", "acme.my.salesforce.com", "https://", "http://["])
def test_an_address_without_https_is_refused(connection_config, clock, timings, url):
    with pytest.raises(errors.ConfigurationError, match="address"):
        _flow(connection_config, clock, timings, {"login": "access_token", "login_url": url}, {"access_token": "t"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8301", "http://localhost:8301/", "http://[::1]:8301", "https://acme.my.salesforce.com/"])
def test_this_machine_and_https_are_fine(connection_config, clock, timings, url):
    assert (
        url.rstrip("/")
        == _flow(connection_config, clock, timings, {"login": "access_token", "login_url": url}, {"access_token": "t"}).host.url
    )


async def test_client_credentials_ask_for_the_orgs_own_domain(connection_config, clock, timings):
    flow = _flow(connection_config, clock, timings, {"login": "client_credentials"}, {"client_id": "a", "client_secret": "s"})
    with pytest.raises(errors.ConfigurationError, match="My Domain"):
        await flow.login(None)


async def test_three_strings_log_in_without_an_app(connection_config, clock, timings):
    seen = []

    def answer(request):
        seen.append(request.content.decode())
        result = f"<sessionId>{ORG}!AQ</sessionId><serverUrl>{HOST}/services/Soap/u/59.0/{ORG}</serverUrl><userId>{USER}</userId>"
        body = f"<loginResponse><result>{result}<userInfo><organizationId>{ORG}</organizationId></userInfo></result></loginResponse>"
        return httpx2.Response(200, text=body, headers={"Content-Type": "text/xml"})

    connection = dataclasses.replace(
        connection_config, settings={"login": "password"}, secrets={"username": "u@acme.example", "password": "a&b", "security_token": "T"}
    )
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    token = await auth.flow(connection, http, clock, timings).login(None)
    assert (token.instance_url, token.org_id, "<urn:password>a&amp;bT</urn:password>" in seen[0]) == (HOST, ORG, True)


async def test_a_wrong_password_says_what_to_check(connection_config, clock, timings):
    def answer(request):
        return httpx2.Response(500, text="<faultcode>sf:INVALID_LOGIN</faultcode>", headers={"Content-Type": "text/xml"})

    secrets = {"username": "u@acme.example", "password": "p", "security_token": "t"}
    connection = dataclasses.replace(connection_config, settings={"login": "password"}, secrets=secrets)
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    with pytest.raises(errors.LoginRefusedError, match="security token"):
        await auth.flow(connection, http, clock, timings).login(None)
