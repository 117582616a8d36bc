import re

import pytest

from localorg.settings import OrgSettings
from localorg.testing import HOST, LocalOrg

V = "/services/data/v60.0"
TOKEN = "/services/oauth2/token"
CLIENT = {"client_id": "localorg", "client_secret": "localorg-secret"}
PASSWORD = {"grant_type": "password", "username": "integration@localorg.example", "password": "secrettoken", **CLIENT}


async def test_client_credentials_give_a_token_that_works(org):
    async with org.client() as client:
        body = (await client.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT})).json()
        reply = await client.get(f"{V}/limits", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert reply.status_code == 200


async def test_a_token_answer_has_salesforces_form(org):
    async with org.client() as client:
        body = (await client.post(TOKEN, data=PASSWORD)).json()
    assert [
        re.fullmatch(r"(00D\w{12,15})![.\w]*", body["access_token"]) is not None,
        body["instance_url"],
        body["id"],
        body["token_type"],
        body["issued_at"],
        "expires_in" in body,
    ] == [True, HOST, f"{HOST}/id/{org.org.settings.org_id}/{org.org.user.id}", "Bearer", "1795168800000", False]


async def test_basic_authentication_names_the_client_too(client):
    reply = await client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=("localorg", "localorg-secret"))
    assert reply.status_code == 200


async def test_a_refresh_token_gives_a_token_and_no_new_refresh_token(client):
    refresh = (await client.post(TOKEN, data=PASSWORD)).json()["refresh_token"]
    body = (await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": refresh, **CLIENT})).json()
    assert ("access_token" in body, "refresh_token" in body) == (True, False)


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        ({**PASSWORD, "password": "wrong"}, "invalid_grant", "authentication failure"),
        ({**PASSWORD, "client_id": "x"}, "invalid_client_id", "client identifier invalid"),
        ({**PASSWORD, "client_secret": "x"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "refresh_token", "refresh_token": "x", **CLIENT}, "invalid_grant", "expired access/refresh token"),
        ({"grant_type": "magic", **CLIENT}, "unsupported_grant_type", "grant type not supported"),
    ],
)
async def test_a_login_that_fails_says_why(client, form, error, description):
    reply = await client.post(TOKEN, data=form)
    assert (reply.status_code, reply.json()) == (400, {"error": error, "error_description": description})


async def test_nonsense_in_basic_authentication_is_an_unknown_client(client):
    reply = await client.post(TOKEN, data={"grant_type": "client_credentials"}, headers={"Authorization": "Basic ***"})
    assert reply.json()["error"] == "invalid_client_id"


@pytest.mark.parametrize("header", ["", "Bearer 00DHr0000000001!AQx"])
async def test_a_call_without_a_session_is_unauthorized(client, header):
    reply = await client.get(f"{V}/limits", headers={"Authorization": header})
    assert (reply.status_code, reply.json(), reply.headers["WWW-Authenticate"]) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        "Token",
    )


async def test_an_unknown_scheme_is_a_bad_header(client):
    reply = await client.get(f"{V}/limits", headers={"Authorization": "Digest x"})
    assert reply.json() == [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]


async def test_a_session_ends_when_it_is_not_used(client, clock):
    clock.advance(7200)
    assert (await client.get(f"{V}/limits")).status_code == 401


async def test_a_session_that_is_used_goes_on(client, clock):
    for _ in range(3):
        clock.advance(7000)
        reply = await client.get(f"{V}/limits")
    assert reply.status_code == 200


async def test_sessions_may_be_ended_on_order(client):
    await client.request("DELETE", "/localorg/sessions")
    assert (await client.get(f"{V}/limits")).status_code == 401


async def test_a_revoked_token_is_over(client, org):
    token = org.token
    first = await client.post("/services/oauth2/revoke", data={"token": token})
    second = await client.post("/services/oauth2/revoke", data={"token": token})
    assert (first.status_code, second.status_code, second.json()["error"]) == (200, 400, "invalid_token")


async def test_a_token_of_the_settings_never_times_out(clock):
    org = LocalOrg(OrgSettings(access_token="00DHr0000000001!AQfixed"), clock)
    clock.advance(10**6)
    async with org.client(headers={"Authorization": "Bearer 00DHr0000000001!AQfixed"}) as client:
        reply = await client.get(f"{V}/limits")
    await org.close()
    assert reply.status_code == 200


async def test_user_info_names_the_user_and_the_org(client, org):
    body = (await client.get("/services/oauth2/userinfo")).json()
    assert [body["user_id"], body["organization_id"]] == [org.org.user.id, org.org.settings.org_id]


async def test_the_identity_has_addresses_with_a_place_for_the_version(client, org):
    body = (await client.get(f"/id/{org.org.settings.org_id}/{org.org.user.id}")).json()
    assert [body["username"], body["urls"]["query"]] == [org.org.user.username, f"{HOST}/services/data/v{{version}}/query/"]


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/x/y"])
async def test_who_one_is_needs_a_session(client, path):
    assert (await client.get(path, headers={"Authorization": "Bearer x"})).status_code == 401


async def test_an_edition_without_api_refuses_every_call(clock):
    org = LocalOrg(OrgSettings(api_enabled=False), clock)
    async with org.client() as client:
        reply = await client.get(f"{V}/limits")
    await org.close()
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (403, "API_DISABLED_FOR_ORG")
