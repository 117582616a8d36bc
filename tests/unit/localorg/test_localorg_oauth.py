import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from localorg import grants
from localorg.settings import ConnectedApp, Login, OrgSettings
from localorg.testing import HOST, LocalOrg

V = "/services/data/v60.0"
TOKEN, AUTHORIZE = "/services/oauth2/token", "/services/oauth2/authorize"
FIRST = {"client_id": "localorg", "client_secret": "localorg-secret"}
BACK = "http://app.example/callback"
VERIFIER = "v" * 43
MARA = "mara.holt@localorg.example"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
async def org(clock, key):
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    apps = (
        ConnectedApp("public", None, (BACK,)),
        ConnectedApp("rotating", "secret", (BACK,), rotates_refresh_tokens=True),
        ConnectedApp("signed", "secret", public_key=public, run_as="rita@localorg.example"),
        ConnectedApp("lost", "secret", run_as="nobody@localorg.example"),
    )
    users = (Login("rita@localorg.example", "pw", "st", "Rita Read", "Read Only"),)
    local = LocalOrg(OrgSettings(apps=apps, users=users), clock)
    yield local
    await local.close()


async def consent(client, app="localorg", decision="allow", username=MARA, **more):
    form = {"client_id": app, "redirect_uri": BACK, "response_type": "code", "decision": decision, "username": username, **more}
    reply = await client.post(AUTHORIZE, data=form)
    assert reply.status_code == 302, reply.text
    where = urlsplit(reply.headers["location"])
    return {name: held[0] for name, held in parse_qs(where.query or where.fragment).items()}


async def change(client, code, app=FIRST, **more):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **app, **more}
    return await client.post(TOKEN, data=form)


async def who(client, token):
    return (await client.get("/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})).json()


async def test_the_page_asks_who_one_is(client):
    page = await client.get(AUTHORIZE, params={"client_id": "localorg", "redirect_uri": BACK, "response_type": "code", "login_hint": MARA})
    assert (page.status_code, "Allow access?" in page.text, "Mara Holt" in page.text) == (200, True, True)


async def test_a_code_becomes_a_token_of_the_user_who_agreed(client):
    answer = await consent(client, state="s1")
    body = (await change(client, answer["code"])).json()
    assert (answer["state"], (await who(client, body["access_token"]))["preferred_username"]) == ("s1", MARA)


async def test_a_code_is_good_once(client):
    code = (await consent(client))["code"]
    await change(client, code)
    assert (await change(client, code)).json() == {"error": "invalid_grant", "error_description": "expired authorization code"}


async def test_a_code_grows_old(client, clock):
    code = (await consent(client))["code"]
    clock.advance(16 * 60)
    assert (await change(client, code)).json()["error"] == "invalid_grant"


async def test_a_code_goes_to_the_address_it_was_asked_from(client):
    code = (await consent(client))["code"]
    assert (await change(client, code, redirect_uri="http://other.example/")).json()["error"] == "redirect_uri_mismatch"


async def test_a_code_with_a_challenge_needs_its_verifier(client):
    right = (await consent(client, app="public", code_challenge=grants.challenge(VERIFIER), code_challenge_method="S256"))["code"]
    wrong = (await consent(client, app="public", code_challenge=grants.challenge(VERIFIER)))["code"]
    good = await change(client, right, {"client_id": "public"}, code_verifier=VERIFIER)
    bad = await change(client, wrong, {"client_id": "public"}, code_verifier="x" * 43)
    assert (good.status_code, bad.json()["error_description"]) == (200, "invalid code verifier")


async def test_a_client_without_a_secret_must_send_a_challenge(client):
    assert (await consent(client, app="public"))["error"] == "invalid_request"


async def test_a_person_may_deny(client):
    assert await consent(client, decision="deny", state="x") == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "x",
    }


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"response_type": "magic"}, "unsupported_response_type"),
        ({"code_challenge": "c", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_with_a_request_goes_back_to_the_client(client, given, error):
    assert (await consent(client, **given))["error"] == error


@pytest.mark.parametrize(
    "params", [{"client_id": "unknown", "redirect_uri": BACK}, {"client_id": "public", "redirect_uri": "http://evil.example/"}, {}]
)
async def test_what_is_wrong_with_the_client_stays_on_the_page(client, params):
    page = await client.get(AUTHORIZE, params=params)
    assert (page.status_code, "error=" in page.text) == (400, True)


async def test_the_user_agent_flow_answers_in_the_fragment(client):
    answer = await consent(client, response_type="token")
    assert (answer["token_type"], answer["instance_url"]) == ("Bearer", HOST)


async def test_a_refresh_token_comes_only_with_its_scope(client):
    code = (await consent(client, scope="api id"))["code"]
    assert "refresh_token" not in (await change(client, code)).json()


async def test_a_rotated_refresh_token_is_good_once(client):
    app = {"client_id": "rotating", "client_secret": "secret"}
    first = (await change(client, (await consent(client, app="rotating"))["code"], app)).json()["refresh_token"]
    second = (await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": first, **app})).json()["refresh_token"]
    again = await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": first, **app})
    assert (first != second, again.json()["error_description"]) == (True, "expired access/refresh token")


async def test_a_revoked_refresh_token_ends_its_sessions(client):
    body = (await change(client, (await consent(client))["code"])).json()
    revoked = await client.post("/services/oauth2/revoke", data={"token": body["refresh_token"]})
    reply = await client.get(f"{V}/limits", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert (revoked.status_code, reply.status_code) == (200, 401)


async def test_an_inactive_user_gets_no_token(client, org):
    body = (await change(client, (await consent(client))["code"])).json()
    await client.patch(f"{V}/sobjects/User/{org.org.human.id}", json={"IsActive": False})
    again = await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": body["refresh_token"], **FIRST})
    assert again.json() == {"error": "inactive_user", "error_description": "user is inactive"}


def signed(key, **claims):
    def part(value):
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    said = {"iss": "signed", "sub": MARA, "aud": "https://login.salesforce.com", "exp": 1795168800 + 120, **claims}
    head = part(json.dumps({"alg": said.pop("alg", "RS256")}).encode())
    text = f"{head}.{part(json.dumps(said).encode())}"
    return f"{text}.{part(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


async def assertion(client, text):
    return await client.post(TOKEN, data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": text})


@pytest.mark.parametrize("claims", [{}, {"exp": str(1795168800 + 120)}, {"aud": HOST}, {"aud": ["https://test.salesforce.com"]}])
async def test_a_signed_assertion_is_a_login(client, key, claims):
    body = (await assertion(client, signed(key, **claims))).json()
    assert ((await who(client, body["access_token"]))["preferred_username"], "refresh_token" in body) == (MARA, False)


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"aud": "https://elsewhere.example"}, "Audience validation failed"),
        ({"exp": 1795168800 - 1}, "invalid assertion"),
        ({"exp": 1795168800 + 3600}, "invalid assertion"),
        ({"exp": "soon"}, "invalid assertion"),
        ({"alg": "none"}, "invalid assertion"),
        ({"iss": "localorg"}, "invalid assertion"),
        ({"iss": "unknown"}, "client identifier invalid"),
        ({"sub": "nobody@localorg.example"}, "user hasn't approved this consumer"),
    ],
)
async def test_an_assertion_that_is_wrong_is_refused(client, key, claims, description):
    assert (await assertion(client, signed(key, **claims))).json()["error_description"] == description


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "e30.W10.x"])
async def test_an_assertion_that_does_not_read_is_refused(client, text):
    assert (await assertion(client, text)).json()["error_description"] == "invalid assertion"


async def test_an_assertion_signed_by_another_is_refused(client):
    other = rsa.generate_private_key(65537, 2048)
    assert (await assertion(client, signed(other))).json()["error_description"] == "invalid assertion"


async def test_client_credentials_act_as_the_user_of_the_app(client):
    form = {"grant_type": "client_credentials", "client_id": "signed", "client_secret": "secret"}
    body = (await client.post(TOKEN, data=form)).json()
    assert (await who(client, body["access_token"]))["name"] == "Rita Read"


@pytest.mark.parametrize(("app", "secret"), [("lost", "secret"), ("public", "")])
async def test_client_credentials_need_a_user_and_a_secret(client, app, secret):
    reply = await client.post(TOKEN, data={"grant_type": "client_credentials", "client_id": app, "client_secret": secret})
    assert reply.status_code == 400


async def test_users_may_do_what_their_profile_allows(client):
    form = {"grant_type": "password", "username": "rita@localorg.example", "password": "pwst", **FIRST}
    token = (await client.post(TOKEN, data=form)).json()["access_token"]
    reply = await client.post(f"{V}/sobjects/Lead", json={"LastName": "B", "Company": "A"}, headers={"Authorization": f"Bearer {token}"})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


async def test_a_token_is_worth_what_introspection_says(client, org):
    body = (await client.post("/services/oauth2/introspect", data={"token": org.token, **FIRST})).json()
    assert (body["active"], body["username"], body["token_type"], body["exp"] - body["iat"]) == (
        True,
        "integration@localorg.example",
        "access_token",
        7200,
    )


async def test_introspection_knows_refresh_tokens(client, org):
    body = (await client.post("/services/oauth2/introspect", data={"token": org.org.sessions.refresh_token(org.org.user), **FIRST})).json()
    assert body["token_type"] == "refresh_token"


async def test_a_token_that_is_worth_nothing_is_inactive(client):
    assert (await client.post("/services/oauth2/introspect", data={"token": "x", **FIRST})).json() == {"active": False}


async def test_introspection_is_for_clients(client):
    assert (await client.post("/services/oauth2/introspect", data={"token": "x"})).status_code == 401


async def test_a_link_opens_the_org(client):
    link = (await client.post("/services/oauth2/singleaccess")).json()["frontdoor_uri"]
    assert (await client.get(link)).headers["location"] == "/localorg/"


async def test_a_link_needs_a_session(client):
    assert (await client.post("/services/oauth2/singleaccess", headers={"Authorization": ""})).status_code == 401
