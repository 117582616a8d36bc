"""The access token of a connection, shared by all workers; renewing it is single-flight.

With rotating refresh tokens a second renewal at the same time would kill the first, so whoever renews holds a lease on the token's row,
and the row's version tells the others that it is done. The org's id is compared at every login: another org pauses the connection.
"""

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk import errors
from crosswalk.clock import Clock
from crosswalk.salesforce import logins
from crosswalk.salesforce.jwt_login import JwtLogin
from crosswalk.salesforce.logins import AccessToken, ClientCredentials, LoginFlow, LoginHost, PasswordGrant, RefreshToken, Token
from crosswalk.salesforce.soap_login import SoapLogin
from crosswalk.settings import Timings
from crosswalk.store import statements, tables
from crosswalk.store.configuration import ConnectionConfig
from crosswalk.store.database import Database
from crosswalk.store.vault import Vault

_POLL_SECONDS = 0.2
_REFUSAL_SECONDS = 10  # a refused login is not repeated at once: wrong passwords lock the user out


class Tokens:
    """Hands out the token of one connection; keep one per process and connection."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, connection: ConnectionConfig, flow: LoginFlow, timings: Timings
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._connection = connection
        self._flow = flow
        self._timings = timings
        self._token: Token | None = None
        self._renewing = asyncio.Lock()
        self._refused: tuple[float, errors.PauseConnection] | None = None

    async def current(self) -> Token:
        """Return the token in force, logging in if there is none."""
        return self._token or await self._newer_than(None)

    async def refresh(self, stale: Token) -> Token:
        """Return a token newer than `stale`, renewed by us or by another worker."""
        if self._token and self._token.version > stale.version:
            return self._token
        return await self._newer_than(stale)

    async def forget(self) -> None:
        """Drop the stored token, so that the next use logs in with the credentials as they are now."""
        self._token, self._refused = None, None
        token = tables.token
        async with self._database.write() as tx:
            await tx.execute(
                update(token)
                .where(token.c.connection_id == self._connection.id)
                .values(token_ct=None, version=token.c.version + 1, refreshing_until=None)
            )

    async def _newer_than(self, stale: Token | None) -> Token:
        async with self._renewing:
            while True:
                stored, version = await self._stored()
                if stored and stored.version > (stale.version if stale else 0):
                    self._token = stored
                    return stored
                self._raise_recent_refusal()
                if await self._leased(version):
                    self._token = await self._renewed(stored or stale, version)
                    return self._token
                await self._clock.sleep(_POLL_SECONDS)

    async def _renewed(self, previous: Token | None, version: int) -> Token:
        try:
            token = dataclasses.replace(await self._flow.login(previous), version=version + 1)
            await self._keep(token)
        except BaseException as error:
            if isinstance(error, errors.PauseConnection):
                self._refused = (self._clock.monotonic(), error)
            await self._release(version)
            raise
        return token

    async def _stored(self) -> tuple[Token | None, int]:
        async with self._database.read() as tx:
            row = (await tx.execute(select(tables.token).where(tables.token.c.connection_id == self._connection.id))).first()
        if row is None:
            await self._make_row()
            return None, 0
        if row.token_ct is None:
            return None, row.version
        try:
            return Token(**self._vault.open(row.token_ct), version=row.version), row.version
        except errors.ConfigurationError:  # its key is lost: the credentials, entered anew, give another
            return None, row.version

    async def _make_row(self) -> None:
        async with self._database.write() as tx:
            await tx.execute(statements.insert(tables.token).values(connection_id=self._connection.id).on_conflict_do_nothing())

    async def _leased(self, version: int) -> bool:
        token, now = tables.token, self._clock.now()
        async with self._database.write() as tx:
            taken = await tx.execute(
                update(token)
                .where(token.c.connection_id == self._connection.id, token.c.version == version)
                .where(or_(token.c.refreshing_until.is_(None), token.c.refreshing_until <= now))
                .values(refreshing_until=now + timedelta(seconds=self._timings.token_lease))
            )
        return bool(taken.rowcount)

    async def _release(self, version: int) -> None:
        token = tables.token
        async with self._database.write() as tx:
            await tx.execute(
                update(token).where(token.c.connection_id == self._connection.id, token.c.version == version).values(refreshing_until=None)
            )

    async def _keep(self, token: Token) -> None:
        facts = dataclasses.asdict(token)
        del facts["version"]
        row = tables.token
        async with self._database.write() as tx:
            await self._prove_org(tx, token.org_id)
            await tx.execute(
                update(row)
                .where(row.c.connection_id == self._connection.id, row.c.version == token.version - 1)
                .values(token_ct=self._vault.seal(facts), version=token.version, refreshing_until=None)
            )

    async def _prove_org(self, tx: AsyncConnection, org_id: str) -> None:
        connection = tables.connection
        known = await tx.scalar(select(connection.c.org).where(connection.c.id == self._connection.id))
        if known and known != org_id:
            raise errors.OrgChangedError(
                f"The credentials now lead to org {org_id}, no longer to {known}, as after a sandbox refresh; what is remembered "
                "belongs to the old org. Make a new connection for the new org, or log in to the old one.",
                org=org_id,
                known=known,
            )
        if known is None:
            await self._name_org(tx, org_id)

    async def _name_org(self, tx: AsyncConnection, org_id: str) -> None:
        connection = tables.connection
        try:
            await tx.execute(update(connection).where(connection.c.id == self._connection.id).values(org=org_id))
        except IntegrityError as error:
            raise errors.ConfigurationError(
                f"Org {org_id} has a connection already; two connections would not know of each other's writes. Use the existing one.",
                org=org_id,
            ) from error

    def _raise_recent_refusal(self) -> None:
        if self._refused and self._clock.monotonic() - self._refused[0] < _REFUSAL_SECONDS:
            raise self._refused[1]


def flow(
    connection: ConnectionConfig, http: httpx2.AsyncClient, clock: Clock, timings: Timings, *, plain_http_allowed: bool = False
) -> LoginFlow:
    """Return the way this connection logs in; raise `ConfigurationError` naming the field that is missing.

    `settings` holds `login` (password, client_credentials, jwt, refresh_token or access_token), `login_url` or `sandbox`, `username` and
    `client_id`; `secrets` holds `password`, `security_token`, `client_secret`, `private_key`, `refresh_token`,
    `access_token`.
    """
    entries = {**connection.settings, **connection.secrets}
    url = entries.get("login_url") or (logins.SANDBOX if entries.get("sandbox") else logins.PRODUCTION)
    host = LoginHost(http, str(url), clock, timings, plain_http_allowed=plain_http_allowed)
    kind = entries.get("login")
    if kind == "password":
        return _password(host, entries)
    if kind == "client_credentials":
        return ClientCredentials(host, _needed(entries, "client_id"), _needed(entries, "client_secret"))
    if kind == "refresh_token":
        return RefreshToken(host, _needed(entries, "client_id"), str(entries.get("client_secret") or ""), _needed(entries, "refresh_token"))
    if kind == "jwt":
        return JwtLogin(host, clock, *(_needed(entries, name) for name in ("client_id", "username", "private_key")))
    if kind == "access_token":
        _needed(entries, "login_url")
        return AccessToken(host, _needed(entries, "access_token"))
    raise errors.ConfigurationError(
        "The connection does not say how to log in; choose password, client_credentials, jwt, refresh_token or access_token.", field="login"
    )


def _password(host: LoginHost, entries: Mapping[str, Any]) -> LoginFlow:
    username, password, security_token = (_needed(entries, name) for name in ("username", "password", "security_token"))
    if not entries.get("client_id"):
        return SoapLogin(host, username, password, security_token)
    return PasswordGrant(host, username, password, security_token, _needed(entries, "client_id"), _needed(entries, "client_secret"))


def _needed(entries: Mapping[str, Any], name: str) -> str:
    value = entries.get(name)
    if not value:
        raise errors.ConfigurationError(f"The connection lacks its {name.replace('_', ' ')}; enter it.", field=name)
    return str(value)
