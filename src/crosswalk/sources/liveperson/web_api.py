"""LivePerson's history APIs: which host serves an account, who asks, and what is asked.

Each account lives somewhere else, so its hosts are looked up and remembered for ten minutes. What the lookup names is called only when it
is LivePerson's own: the credentials go there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, RequestRefused, RetryLater, SkipRecord, SourceRefusedError
from crosswalk.sources import bodies, identifiers
from crosswalk.sources.liveperson.oauth import AppKeys, SignedByAppKeys
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.vendor_api import Params, Patience, VendorApi
from crosswalk.store.configuration import SourceConfig

DOMAINS_URL = "https://api.liveperson.net"
HOSTS = ".liveperson.net"
CLIENT_SECRET = "client_secret"  # noqa: S105  # the name of a secret
APP_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

CHAT_HISTORY, MESSAGING_HISTORY, LOGIN, CONFIGURATION = "engHistDomain", "msgHist", "sentinel", "accountConfigReadOnly"
CALLER = "CrosswalkHistorySync"  # who asks; LivePerson takes at most 20 characters

_REMEMBERED = timedelta(seconds=600)
_EARLY = timedelta(seconds=60)
_NOT_KNOWN, _FOREIGN = 401, 403
_PATIENCE = Patience(busy_seconds=10, too_many_seconds=5)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True)
class Login:
    """How an account is asked: with the four strings of an app key, or as an OAuth 2 client."""

    keys: AppKeys | None = None
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


def opened(source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> "LivePersonApi":
    """Return the API of a source's account; raise when something that is needed to ask it is missing."""
    settings = LivePersonSettings.model_validate(source.settings)
    if not settings.account_id:
        raise ConfigurationError(f"The source {source.name!r} has no account_id; add it to the settings, and apply.")
    return LivePersonApi(http, clock, settings, _login(source, settings))


def _login(source: SourceConfig, settings: LivePersonSettings) -> Login:
    if settings.client_id:
        secret = source.secrets.get(CLIENT_SECRET)
        if not secret:
            raise ConfigurationError(
                f"The source {source.name!r} has a client_id but no {CLIENT_SECRET}; name it under secrets, and apply."
            )
        return Login(client_id=settings.client_id, client_secret=secret)
    lacking = [name for name in APP_KEYS if not source.secrets.get(name)]
    if lacking:
        raise ConfigurationError(
            f"The source {source.name!r} has neither a client_id for OAuth 2 nor all OAuth 1.0 keys (it lacks {', '.join(lacking)}); "
            "see the documentation on how to get either, then apply."
        )
    return Login(keys=AppKeys(*(source.secrets[name] for name in APP_KEYS)))


class LivePersonApi(VendorApi):
    """Asks one account. Credentials are never logged or repeated in an error."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock, settings: LivePersonSettings, login: Login) -> None:
        super().__init__(http, clock, settings.api_url or DOMAINS_URL, {}, vendor="LivePerson", patience=_PATIENCE)
        self._settings = settings
        self._login = login
        self._signing = SignedByAppKeys(login.keys, clock) if login.keys else None
        self._hosts: tuple[Mapping[str, str], datetime] | None = None
        self._token: tuple[str, datetime] | None = None

    @property
    def is_oauth1(self) -> bool:
        """Whether the account is asked with app keys, which LivePerson retires."""
        return self._signing is not None

    def now(self) -> datetime:
        """Return the time, as this API's own calls see it."""
        return self._clock.now()

    async def expect_account(self) -> None:
        """Raise `SourceRefusedError` when LivePerson has no account of this number; no credentials are needed to ask."""
        await self._domains()

    async def chats(self, body: Mapping[str, Any], offset: int) -> Any:
        """Return a page of ended chats."""
        paging: Params = {"offset": offset, "limit": self._settings.page_size, "sort": "start:asc", "source": CALLER}
        return await self._ask(CHAT_HISTORY, f"interaction_history/api/account/{self._account}/interactions/search", dict(body), paging)

    async def conversations(self, body: Mapping[str, Any], offset: int) -> Any:
        """Return a page of messaging conversations."""
        paging: Params = {"offset": offset, "limit": self._settings.page_size, "sort": "start:asc", "v": 2, "source": CALLER}
        return await self._ask(MESSAGING_HISTORY, f"{self._messaging}/conversations/search", dict(body), paging)

    async def conversation(self, conversation_id: str, blocks: list[str]) -> Any:
        """Return one messaging conversation with all its attributes."""
        body = {"conversationId": conversation_id, "contentToRetrieve": blocks}
        return await self._ask(MESSAGING_HISTORY, f"{self._messaging}/conversations/conversation/search", body, {"v": 2, "source": CALLER})

    async def skills(self) -> Any:
        """Return the skills of the account."""
        path = f"api/account/{self._account}/configuration/le-users/skills"
        return await self._ask(CONFIGURATION, path, None, {"v": "2.0", "source": CALLER})

    @property
    def _account(self) -> str:
        return self._settings.account_id

    @property
    def _messaging(self) -> str:
        return f"messaging_history/api/account/{self._account}"

    async def _ask(self, service: str, path: str, body: Any, params: Params) -> Any:
        """Post a body, or read where there is none; a token that ended early is made anew, once."""
        try:
            return await self._ask_there(service, path, body, params)
        except SourceRefusedError as refused:
            if refused.status != _NOT_KNOWN or self._token is None:
                raise
            self._token = None
        except SkipRecord:
            self._hosts = None  # the account may have moved
            raise
        return await self._ask_there(service, path, body, params)

    async def _ask_there(self, service: str, path: str, body: Any, params: Params) -> Any:
        address = await self._address(service, path)
        headers = {} if self._signing else {"Authorization": f"Bearer {await self._bearer()}"}
        if body is None:
            return await self.get(address, params, {"Accept": "application/json", **headers}, self._signing)
        return await self.post(address, body, params, {"Accept": "application/json", **headers}, self._signing)

    async def _bearer(self) -> str:
        if self._token and self._clock.now() < self._token[1]:
            return self._token[0]
        address = await self._address(LOGIN, f"sentinel/api/v2/account/{self._account}/app/token")
        form = {"client_id": self._login.client_id, "client_secret": self._login.client_secret, "grant_type": "client_credentials"}
        answer = self._object(await self.post_content(address, urlencode(form).encode(), _FORM))
        token, seconds = identifiers.text(answer.get("access_token")), answer.get("expires_in")
        if not token:
            raise self.later("gives no token")
        lives = timedelta(seconds=seconds) if isinstance(seconds, int | float) and 0 < seconds < 10**6 else _EARLY
        self._token = (token, self._clock.now() + max(lives - _EARLY, lives / 2))
        return token

    async def _address(self, service: str, path: str) -> str:
        host = (await self._domains()).get(service)
        if not host:
            sentence = (
                f"LivePerson names no host for {service}, so the account may not have it; ask LivePerson, or set chats or messaging to "
                "false for a history it lacks."
            )
            raise SourceRefusedError(sentence, _FOREIGN)
        return f"{self._scheme(host)}://{host}/{path}"

    async def _domains(self) -> Mapping[str, str]:
        """Return the account's hosts by service."""
        if self._hosts and self._clock.now() < self._hosts[1]:
            return self._hosts[0]
        try:
            answer = await self.get(f"api/account/{self._account}/service/baseURI.json", {"version": "1.0"})
        except (SkipRecord, SourceRefusedError) as refused:
            sentence = f"LivePerson's domain service knows no account {self._account}; correct account_id, and apply."
            raise SourceRefusedError(sentence, _FOREIGN) from refused
        except RetryLater:
            if self._hosts:  # hosts rarely change: the last known are better than none
                return self._hosts[0]
            raise
        listed = answer.get("baseURIs") if isinstance(answer, dict) else None
        if not isinstance(listed, list):
            raise self.later("does not say where the account lives")
        found = {identifiers.text(one.get("service")): identifiers.text(one.get("baseURI")) for one in listed if isinstance(one, dict)}
        self._hosts = (found, self._clock.now() + _REMEMBERED)
        return found

    def _scheme(self, host: str) -> str:
        """Return how a host is spoken to; a host that is not LivePerson's is not called at all."""
        name = host.partition(":")[0].lower()
        if _HOST.fullmatch(host):
            if self._settings.api_url and name in _LOOPBACK:
                return urlsplit(self._settings.api_url).scheme
            if not self._settings.api_url and name.endswith(HOSTS):
                return "https"
        raise SourceRefusedError(
            f"LivePerson's domain service names the host {name[:60]!r}, which is not LivePerson's; it is not called.", _FOREIGN
        )

    def _object(self, content: bytes) -> Mapping[str, Any]:
        try:
            value = bodies.decode(content).value
        except RequestRefused as error:
            raise self.later("answers with broken JSON") from error
        return value if isinstance(value, dict) else {}
