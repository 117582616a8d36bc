"""Every kind of login, against the local org."""

import asyncio
import dataclasses

import httpx2
import pytest

from crosswalk import errors
from crosswalk.clock import Time
from crosswalk.salesforce import auth
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client

HOST = "http://127.0.0.1:8301"
PASSWORD = {
    "login": "password",
    "username": "integration@localorg.example",
    "password": "secret",
    "security_token": "token",
    "client_id": "localorg",
    "client_secret": "localorg-secret",
}
APP = {"login": "client_credentials", "client_id": "localorg", "client_secret": "localorg-secret"}


@pytest.fixture
async def http(org):
    async with httpx2.AsyncClient(transport=org.transport()) as http:
        yield http


@pytest.fixture
def make_tokens(database, vault, clock, connection, timings, http):
    """Return a function that makes the tokens of one worker from the settings and secrets of a connection."""

    def make(entries, on_clock=clock):
        configured = dataclasses.replace(connection, settings={"login_url": HOST}, secrets=entries)
        return auth.Tokens(database, vault, on_clock, connection, auth.flow(configured, http, on_clock, timings), timings)

    return make


def _refresh(org):
    return APP | {"login": "refresh_token", "refresh_token": org.org.sessions.refresh_token(org.org.user)}


@pytest.mark.parametrize("kind", ["password", "client_credentials", "refresh_token", "access_token"])
async def test_each_kind_of_login_reads_the_org(make_tokens, org, http, clock, journal, kind):
    entries = {
        "password": PASSWORD,
        "client_credentials": APP,
        "refresh_token": _refresh(org),
        "access_token": {"login": "access_token", "access_token": org.token},
    }
    tokens = make_tokens(entries[kind])
    reply = await Client(http, tokens, clock, journal).get("query?q=SELECT+Id+FROM+Lead", purpose=Purpose.CHECK)
    assert (reply.status, (await tokens.current()).org_id) == (200, org.org.settings.org_id)


@pytest.mark.shows("RS-04")
@pytest.mark.parametrize(("entry", "wrong"), [("password", "nope"), ("security_token", "nope"), ("username", "who@localorg.example")])
async def test_a_wrong_login_says_what_to_check(make_tokens, entry, wrong):
    with pytest.raises(errors.LoginRefusedError, match="user name, password, security token"):
        await make_tokens(PASSWORD | {entry: wrong}).current()


async def test_a_wrong_app_says_what_to_check(make_tokens):
    with pytest.raises(errors.LoginRefusedError, match="connected app"):
        await make_tokens(APP | {"client_secret": "nope"}).current()


async def test_an_access_token_that_ended_asks_for_a_new_one(make_tokens, org, http, clock, journal):
    tokens = make_tokens({"login": "access_token", "access_token": org.token})
    await tokens.current()
    org.org.sessions.expire_all()
    with pytest.raises(errors.LoginRefusedError, match="enter a new one"):
        await Client(http, tokens, clock, journal).get("query?q=SELECT+Id+FROM+Lead", purpose=Purpose.CHECK)


async def test_a_session_that_timed_out_is_renewed(make_tokens, org, http, clock, journal):
    tokens = make_tokens(PASSWORD)
    client = Client(http, tokens, clock, journal)
    await client.get("limits", purpose=Purpose.CHECK)
    clock.advance(org.org.settings.session_seconds + 1)
    await client.get("limits", purpose=Purpose.CHECK)
    assert (await tokens.current()).version == 2


@pytest.mark.shows("BX-36")
async def test_twenty_workers_that_meet_an_ended_session_renew_once(make_tokens, org, http, journal):
    workers = [make_tokens(_refresh(org), Time()) for _ in range(20)]
    clients = [Client(http, tokens, Time(), journal) for tokens in workers]
    await asyncio.gather(*(client.get("limits", purpose=Purpose.CHECK) for client in clients))
    org.org.sessions.expire_all()
    await asyncio.gather(*(client.get("limits", purpose=Purpose.CHECK) for client in clients))
    assert {(await tokens.current()).version for tokens in workers} == {2}


async def test_no_error_holds_a_secret(make_tokens):
    with pytest.raises(errors.LoginRefusedError) as caught:
        await make_tokens(PASSWORD | {"password": "very-secret"}).current()
    assert "very-secret" not in f"{caught.value!r} {caught.value.facts}"
