"""Signing in at Salesforce (OAuth with PKCE): there and back, and a refresh token that is ours.

What was entered waits sealed under the hash of a state that only this browser carries; the proof of the one who asked never leaves us.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from sqlalchemy import delete, insert, select

from crosswalk.access.caller import Caller
from crosswalk.connecting import connections
from crosswalk.connecting.connections import Entered
from crosswalk.errors import RequestRefused
from crosswalk.salesforce.logins import PRODUCTION, SANDBOX, LoginHost, Token
from crosswalk.store import tables
from crosswalk.turn.context import Engine

LIVES = timedelta(minutes=15)
_SCOPE = "api refresh_token"
_BYTES = 48


async def begin(
    engine: Engine, http: httpx2.AsyncClient, caller: Caller, entered: Entered, redirect_uri: str, connection_id: str | None = None
) -> str:
    """Remember what was entered and return Salesforce's address to go to; raise `ConfigurationError` for a host that is none."""
    host = _host(engine, http, entered.settings)
    state, verifier = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
    draft = {**asdict(entered), "verifier": verifier, "redirect_uri": redirect_uri, "connection_id": connection_id}
    attempt = tables.oauth_attempt
    async with engine.database.write() as tx:
        await tx.execute(delete(attempt).where(attempt.c.expires_at <= engine.clock.now()))
        await tx.execute(
            insert(attempt).values(
                state_hmac=engine.vault.hmac(f"oauth-state:{state}"),
                user_id=caller.user_id,
                draft_ct=engine.vault.seal(draft),
                expires_at=engine.clock.now() + LIVES,
            )
        )
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": entered.settings.get("client_id", ""),
        "redirect_uri": redirect_uri,
        "scope": _SCOPE,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "login consent",
    }
    return f"{host.url}/services/oauth2/authorize?{urlencode(query)}"


async def finish(engine: Engine, http: httpx2.AsyncClient, caller: Caller, state: str, code: str) -> str:
    """Take the code Salesforce gave, save the connection with its refresh token, and return its id."""
    draft = await _taken(engine, caller, state)
    entered = Entered(**{name: draft[name] for name in ("name", "settings", "secrets", "key_field", "slots", "reserve")})
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": entered.settings["client_id"],
        "redirect_uri": draft["redirect_uri"],
        "code_verifier": draft["verifier"],
    }
    if entered.secrets.get("client_secret"):
        form["client_secret"] = entered.secrets["client_secret"]
    token = await _host(engine, http, entered.settings).grant(form)
    return await connections.save(engine, http, caller, _with_token(entered, token), draft["connection_id"])


async def give_up(engine: Engine, caller: Caller, state: str) -> None:
    """Forget what was entered after Salesforce said no."""
    await _taken(engine, caller, state)


def _with_token(entered: Entered, token: Token) -> Entered:
    if not token.refresh_token:
        sentence = "Salesforce gave no refresh token; add the scope “Perform requests at any time” to the connected app and sign in again."
        raise RequestRefused("no_refresh_token", sentence, 409)
    settings = {**entered.settings, "login": "refresh_token"}
    return Entered(
        entered.name,
        settings,
        {**entered.secrets, "refresh_token": token.refresh_token},
        entered.key_field,
        entered.slots,
        entered.reserve,
    )


def _host(engine: Engine, http: httpx2.AsyncClient, settings: Mapping[str, Any]) -> LoginHost:
    url = settings.get("login_url") or (SANDBOX if settings.get("sandbox") else PRODUCTION)
    return LoginHost(http, str(url), engine.clock, engine.timings, plain_http_allowed=engine.settings.allow_plain_http_orgs)


async def _taken(engine: Engine, caller: Caller, state: str) -> dict[str, Any]:
    """Return what was entered, once; raise `RequestRefused` when it is too old, used, or somebody else's."""
    attempt = tables.oauth_attempt
    mine = attempt.c.state_hmac == engine.vault.hmac(f"oauth-state:{state}")
    async with engine.database.write() as tx:
        row = (await tx.execute(select(attempt).where(mine))).one_or_none()
        await tx.execute(delete(attempt).where(mine))
    if row is None or row.user_id != caller.user_id or row.expires_at <= engine.clock.now():
        sentence = "This sign-in took longer than 15 minutes, was used already, or was begun by somebody else. Begin it again."
        raise RequestRefused("sign_in_over", sentence, 409)
    opened: dict[str, Any] = engine.vault.open(row.draft_ct)
    return opened
