"""Kaltura's two kinds of API, and the Kaltura session (KS) both are asked with.

API v3 takes forms and answers errors with status 200; the other services take JSON. A session comes from an app token and may end at any
time, so a refusal makes a new one, once. Some reports want a session that names the event, hence one session per set of privileges.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, RequestRefused, SkipRecord, SourceRefusedError
from crosswalk.sources import bodies, identifiers
from crosswalk.sources.kaltura.settings import KalturaSettings, Region
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

APP_TOKEN = "app_token"  # noqa: S105  # the name of a secret
EVENTS, USERS, APPS, REPORTS = "events-api", "user", "app-registry", "reports"

_V3 = {
    Region.AMERICA: "https://www.kaltura.com/api_v3",
    Region.IRELAND: "https://api.eu.kaltura.com/api_v3",
    Region.FRANKFURT: "https://api.de.kaltura.com/api_v3",
}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_SESSION_SECONDS = 3600
_EARLY = timedelta(minutes=2)
_UNKNOWN_SESSION, _FORBIDDEN = 401, 403
_SESSION_TROUBLE = frozenset({"INVALID_KS", "EXPIRED_KS", "MISSING_KS", "KS_EXPIRED", "NEW_LOGIN_REQUIRED"})
_BUSY = frozenset({"RateLimitReached"})
_GONE = frozenset({"ResourceDoesNotExist"})


@dataclass(frozen=True, slots=True)
class Account:
    """What sessions are made of, and where the account lives."""

    settings: KalturaSettings
    token: str

    def v3(self, service: str, action: str) -> str:
        """Return the address of an action of API v3."""
        base = f"{self.settings.api_url}/api_v3" if self.settings.api_url else _V3[self.settings.region]
        return f"{base}/service/{service}/action/{action}"

    def service(self, name: str, path: str) -> str:
        """Return the address of a method of another service."""
        chosen = self.settings
        base = f"{chosen.api_url}/{name}" if chosen.api_url else f"https://{name}.{chosen.region.value}.ovp.kaltura.com"
        return f"{base}/api/v1/{path}"


def opened(source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> "KalturaApi":
    """Return the API of a source's account; raise when something that is needed to ask it is missing."""
    settings = KalturaSettings.model_validate(source.settings)
    for name in ("partner_id", "app_token_id", "user_id"):
        if not getattr(settings, name):
            raise ConfigurationError(f"The source {source.name!r} has no {name}; add it to the settings, and apply.")
    token = source.secrets.get(APP_TOKEN)
    if not token:
        raise ConfigurationError(f"The source {source.name!r} has no {APP_TOKEN}; make one at Kaltura, name it under secrets, and apply.")
    return KalturaApi(http, clock, Account(settings, token))


class KalturaApi(VendorApi):
    """Asks one account. Sessions are kept until shortly before they end, and are never logged or repeated in an error."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock, account: Account) -> None:
        super().__init__(http, clock, "", {}, vendor="Kaltura")
        self._account = account
        self._sessions: dict[str, tuple[str, datetime]] = {}

    async def service(self, name: str, path: str, body: Mapping[str, Any], privileges: str = "") -> Any:
        """Return what a method of a JSON service answers; raises as `VendorApi.get` does."""
        address = self._account.service(name, path)

        async def send(ks: str) -> Any:
            return self._value(await self.post_content(address, bodies.encode(dict(body)), {**_JSON, "Authorization": f"Bearer {ks}"}))

        return await self._in_session(privileges, send)

    async def v3(self, service: str, action: str, form: Mapping[str, str], privileges: str = "") -> Any:
        """Return what an action of API v3 answers; raises as `VendorApi.get` does."""

        async def send(ks: str) -> Any:
            return await self._action(service, action, {**form, "ks": ks})

        return await self._in_session(privileges, send)

    def now(self) -> datetime:
        """Return the time by the clock that sessions end by."""
        return self._clock.now()

    async def wait(self, seconds: float) -> None:
        """Give Kaltura time to make a report."""
        await self._clock.sleep(seconds)

    async def _in_session(self, privileges: str, send: Callable[[str], Awaitable[Any]]) -> Any:
        try:
            return await send(await self._session(privileges))
        except SourceRefusedError as refused:
            if refused.status != _UNKNOWN_SESSION or self._sessions.pop(privileges, None) is None:
                raise
        return await send(await self._session(privileges))

    async def _session(self, privileges: str) -> str:
        known = self._sessions.get(privileges)
        if known and self._clock.now() < known[1]:
            return known[0]
        chosen = self._account.settings
        widget = await self._action("session", "startWidgetSession", {"widgetId": f"_{chosen.partner_id}"})
        widget_ks = _text(widget, "ks")
        proof = hashlib.new(chosen.app_token_hash.value, (widget_ks + self._account.token).encode()).hexdigest()
        form = {
            "ks": widget_ks,
            "id": chosen.app_token_id,
            "tokenHash": proof,
            "userId": chosen.user_id,
            "type": "2",
            "expiry": str(_SESSION_SECONDS),
        }
        started = await self._action("apptoken", "startSession", form | ({"sessionPrivileges": privileges} if privileges else {}))
        ks = _text(started, "ks")
        if not ks:
            raise self.later("starts no session")
        self._sessions[privileges] = (ks, self._clock.now() + timedelta(seconds=_SESSION_SECONDS) - _EARLY)
        return ks

    async def _action(self, service: str, action: str, form: Mapping[str, str]) -> Any:
        content = urlencode({"format": "1", **form}).encode()
        return self._value(await self.post_content(self._account.v3(service, action), content, _FORM))

    def _value(self, content: bytes) -> Any:
        """Return the value of a JSON answer, or the text of any other; an answer that is an error is raised."""
        if content.lstrip()[:1] not in (b"{", b"[", b'"'):
            return _csv_text(content, self)
        try:
            value = bodies.decode(content).value
        except RequestRefused as error:
            if content.lstrip()[:1] == b'"':  # CSV with a quoted first column
                return _csv_text(content, self)
            raise self.later("answers with broken JSON") from error
        if isinstance(value, dict):
            self._refuse(value)
        return value

    def _refuse(self, value: Mapping[str, Any]) -> None:
        is_exception = value.get("objectType") == "KalturaAPIException"
        code = identifiers.text(value.get("code") if is_exception else value.get("status"))
        if not is_exception and (code == "ok" or "status" not in value or not _is_error_status(code)):
            return
        if code in _BUSY:
            raise self.later("allows no more calls for a while")
        if code in _GONE:
            raise SkipRecord("Kaltura does not have what was asked for any more.", kaltura_code=code)
        status = _UNKNOWN_SESSION if code in _SESSION_TROUBLE else _FORBIDDEN
        sentence = (
            f"Kaltura refuses a request of Crosswalk ({code[:60]}); compare partner_id, user_id and the app token's "
            "privileges with the documentation, and apply the workspace again."
        )
        raise self.refused(sentence, status)


def _is_error_status(code: str) -> bool:
    """Tell an error of the Events API, which stands in `status`, from what other services say there."""
    return code in _SESSION_TROUBLE | _BUSY | _GONE | {
        "Forbidden",
        "InvalidArgument",
        "OperationNotAllowed",
        "MISSING_OTP",
        "AuthLoginMissingOrg",
    }


def _text(value: Any, member: str) -> str:
    return identifiers.text(value.get(member)) if isinstance(value, dict) else ""


def _csv_text(content: bytes, api: VendorApi) -> str:
    text = content.decode("utf-8-sig", errors="replace").replace("\x00", "")
    if text.lstrip()[:1] == "<":
        raise api.later("answers with a page instead of data")
    return text
