"""One object per way of logging in to an org; each gives a `Token` or says why not.

A token has no stated end: it is renewed when a call answers 401. The org's id comes with every login, because the same credentials may
one day lead to another org (a refreshed sandbox). Secrets never appear in a repr, a log line or an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import httpx2

from crosswalk import errors, record_ids
from crosswalk.clock import Clock
from crosswalk.loopback import is_private
from crosswalk.model import Recovery
from crosswalk.salesforce import fault_table, faults
from crosswalk.settings import Timings

PRODUCTION = "https://login.salesforce.com"
SANDBOX = "https://test.salesforce.com"

_SHARED_HOSTS = frozenset({PRODUCTION, SANDBOX})
_SECONDS = 30
_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  # a path
_UNAUTHORISED = (401, 403)


@dataclass(frozen=True, slots=True)
class Token:
    """Access to one org as one user. `version` climbs with every renewal."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str
    refresh_token: str | None = field(default=None, repr=False)
    version: int = 0


class LoginFlow(Protocol):
    """A way of logging in."""

    async def login(self, previous: Token | None) -> Token:
        """Return a new token; raise `PauseConnection` when a person has to act, `SalesforceBusyError` when later may do."""
        ...


class LoginHost:
    """The host that hands out tokens, and what its answers mean."""

    def __init__(self, http: httpx2.AsyncClient, url: str, clock: Clock, timings: Timings, *, plain_http_allowed: bool = False) -> None:
        self._http = http
        self._clock = clock
        self._timings = timings
        self._plain_http_allowed = plain_http_allowed
        self.url = self.checked(url)

    def checked(self, url: str) -> str:
        """Return the address without a trailing slash; raise `ConfigurationError` unless it is https, or http to this machine."""
        try:
            parsed = httpx2.URL(url.rstrip("/"))
        except httpx2.InvalidURL as error:
            raise errors.ConfigurationError(f"{url[:80]!r} is not an address; enter one like {PRODUCTION}.", url=url[:80]) from error
        if is_private(parsed) or (parsed.scheme == "http" and self._plain_http_allowed):
            return str(parsed).rstrip("/")
        raise errors.ConfigurationError(
            f"{url!r} is not an https address, and secrets do not travel in the open; begin the login address with https://.", url=url
        )

    async def grant(self, form: Mapping[str, str]) -> Token:
        """Ask the token endpoint and read its answer."""
        body = await self.send(self._http.build_request("POST", self.url + _TOKEN_PATH, data=dict(form), timeout=_SECONDS))
        try:
            answer = body.json()
            org_id, user_id = str(answer["id"]).rstrip("/").rsplit("/", 2)[-2:]
            return self.token(answer["access_token"], answer["instance_url"], org_id, user_id, refresh_token=answer.get("refresh_token"))
        except (ValueError, KeyError, TypeError) as error:
            raise self.busy("The login host gave no usable answer; it goes on by itself.", host=self.url) from error

    async def who(self, access_token: str) -> Token:
        """Return the token with the org and user it belongs to."""
        request = self._http.build_request(
            "GET", f"{self.url}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {access_token}"}, timeout=_SECONDS
        )
        body = await self.send(request)
        try:
            answer = body.json()
            return self.token(access_token, self.url, answer["organization_id"], answer["user_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise self.busy("The org gave no usable answer; it goes on by itself.", host=self.url) from error

    def token(self, access_token: str, instance_url: str, org_id: str, user_id: str, *, refresh_token: str | None = None) -> Token:
        """Return a token whose address and ids were checked; raise ValueError when an id is none."""
        full_org, full_user = record_ids.full(org_id), record_ids.full(user_id)
        if not full_org or not full_user:
            raise ValueError("the answer names no org and user")
        return Token(access_token, self.checked(instance_url), full_org, full_user, refresh_token)

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Send a login request; return the answer if it is a success, else raise what is to be done."""
        try:
            response = await self._http.send(request)
        except httpx2.RequestError as error:
            raise self.busy("The login host cannot be reached; it goes on by itself.", host=self.url) from error
        if response.is_success:
            return response
        fault = faults.classify_response(response.status_code, response.headers.get("Content-Type", ""), response.content)
        if fault.recovery in {Recovery.RETRY_NOW, Recovery.RETRY_LATER, Recovery.HALVE} and response.status_code not in _UNAUTHORISED:
            raise self.busy(fault.sentence, host=self.url, salesforce_code=fault.code)
        sentence = fault.sentence if fault.recovery is Recovery.PAUSE else fault_table.LOGIN_REFUSED
        raise errors.LoginRefusedError(sentence, host=self.url, salesforce_code=fault.code, description=fault.message[:200])

    def request(self, method: str, path: str, **parts: Any) -> httpx2.Request:
        """Return a request to this host."""
        return self._http.build_request(method, self.url + path, timeout=_SECONDS, **parts)

    def busy(self, sentence: str, **facts: Any) -> errors.SalesforceBusyError:
        """Return the error that means: later."""
        return errors.SalesforceBusyError(sentence, self._clock.now() + timedelta(seconds=self._timings.busy_retry), **facts)


@dataclass(frozen=True, slots=True)
class PasswordGrant:
    """User name, password and security token, with a connected app; many orgs block this grant until an admin allows it."""

    host: LoginHost
    username: str
    password: str = field(repr=False)
    security_token: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Log in anew; nothing of the previous token is needed."""
        del previous
        return await self.host.grant(
            {
                "grant_type": "password",
                "username": self.username,
                "password": self.password + self.security_token,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
        )


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A connected app with a run-as user; works on the org's own domain only."""

    host: LoginHost
    client_id: str
    client_secret: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Log in anew; refuse the shared login hosts, which do not know this grant."""
        del previous
        if self.host.url in _SHARED_HOSTS:
            raise errors.ConfigurationError(
                "Client credentials work on the org's own domain only; enter its My Domain address, such as https://acme.my.salesforce.com."
            )
        return await self.host.grant({"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret})


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A grant an admin gave in the browser; where rotation is on, each renewal brings the next refresh token."""

    host: LoginHost
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Renew with the latest refresh token; one that was entered since then is tried when that is refused."""
        latest = previous.refresh_token if previous and previous.refresh_token else self.refresh_token
        try:
            return await self._renewed(latest)
        except errors.LoginRefusedError:
            if latest == self.refresh_token:
                raise
            return await self._renewed(self.refresh_token)

    async def _renewed(self, refresh_token: str) -> Token:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        if self.client_secret:
            form["client_secret"] = self.client_secret
        token = await self.host.grant(form)
        kept = token.refresh_token or refresh_token
        return Token(token.access_token, token.instance_url, token.org_id, token.user_id, kept)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A ready access token, for trials and tests; it cannot be renewed. Its host is the org itself."""

    host: LoginHost
    access_token: str = field(repr=False)

    async def login(self, previous: Token | None) -> Token:
        """Find out whose token it is; refuse when it was in use already and failed."""
        if previous and previous.access_token == self.access_token:
            raise errors.LoginRefusedError("Salesforce no longer accepts the access token; enter a new one.", host=self.host.url)
        return await self.host.who(self.access_token)
