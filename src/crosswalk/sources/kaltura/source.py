"""The Kaltura source: profiles and reports that are pulled, and signed notifications that only hint.

Kaltura posts nothing about registration or attendance, so the pulls are the truth; statuses may go back and forth between two of them, and
the last one counts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx2
from pydantic import ValidationError

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, Problem, RequestRefused, SkipRecord
from crosswalk.model import Accepted, Attribute, Event, Notice, Rejected
from crosswalk.sources import bodies, problems
from crosswalk.sources.base import Finding, Incoming, NewId, Page, Reach, Window
from crosswalk.sources.kaltura import account, catalogue, pulling, records, signature, web_api, webhooks
from crosswalk.sources.kaltura.pulling import Position, Pull
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.kaltura.web_api import KalturaApi
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

_LAG = timedelta(minutes=2)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Kaltura:
    """Virtual events: who registered, visited, watched, clicked and answered."""

    kind: ClassVar[str] = "kaltura"
    secret_names: ClassVar[tuple[str, ...]] = ("signing_secret",)
    optional_secret_names: ClassVar[tuple[str, ...]] = (web_api.APP_TOKEN,)
    discovered_settings: ClassVar[tuple[str, ...]] = ()

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the attributes of attendees, sessions and polls; they are the same for every account."""
        del settings
        return catalogue.ATTRIBUTES

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            KalturaSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Verify the signature over the raw body, then read it without the session it may hold."""
        headers = request.headers
        secret = source.secrets.get("signing_secret")
        signature.verify(headers.get(signature.HEADER), headers.get(signature.HASH_HEADER), request.body, secret)
        decoded = bodies.decode(request.body)
        if not isinstance(decoded.value, dict):
            raise RequestRefused("not_an_object", "The body must be a JSON object; set the data format of the notification to 1.", 400)
        if bodies.deeper_than(decoded.value, request.max_depth):
            raise bodies.too_deep()
        payload = webhooks.without_sessions(decoded.value)
        body = decoded.body if payload == decoded.value else bodies.encode(payload)
        made = webhooks.event_of(payload, source.id, received_at, new_id(), body)
        return Accepted(invalid=(made,)) if isinstance(made, Rejected) else Accepted(events=(made,))

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return what profile, report and polls say, without what changes by itself."""
        return records.fingerprint_of(event)

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the content type and signature headers of a notification."""
        del now, settings
        return {
            "content-type": "application/json",
            signature.HEADER: signature.digest(body, secret),
            signature.HASH_HEADER: signature.DEFAULT_HASH,
        }

    def streams(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the two streams; profiles first, so that people are there when their engagement comes."""
        del settings
        return pulling.STREAMS

    def reach(self, settings: Mapping[str, Any], stream: str) -> Reach:
        """Return how far pulls look; engagement looks back far, because reports lag."""
        chosen = KalturaSettings.model_validate(settings)
        profiles = timedelta(minutes=chosen.overlap_minutes)
        overlap = profiles if stream == pulling.PROFILES else timedelta(hours=chosen.report_hours)
        return Reach(_LAG, overlap, timedelta(days=chosen.first_pull_days))

    def api(self, source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
        """Return the API of the account, opened with its app token."""
        return web_api.opened(source, http, clock)

    async def pull(
        self,
        api: VendorApi,
        source: SourceConfig,
        stream: str,
        window: Window,
        position: Any | None,
        received_at: datetime,
        new_id: NewId,
    ) -> Page:
        """Return a page of profiles, or the attendees of one session."""
        pull = Pull(_own(api), source.id, KalturaSettings.model_validate(source.settings), stream, window)
        return await pull.page(Position.of(position), received_at, new_id)

    def late_data(self, settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
        """Return when a session is read again: its reports lag, and recordings are watched for weeks."""
        return tuple(timedelta(hours=hours) for hours in KalturaSettings.model_validate(settings).reread_hours)

    async def refetch(
        self, api: VendorApi, source: SourceConfig, subject: str, position: Any | None, received_at: datetime, new_id: NewId
    ) -> Page:
        """Return the attendees of one session; the subject is its event and its own id, with a slash between them."""
        event_id, _, session_id = subject.partition("/")
        window = Window(_EVER, received_at)
        settings = KalturaSettings.model_validate(source.settings)
        pull = Pull(_own(api), source.id, settings, pulling.ENGAGEMENT, window, (event_id, session_id))
        return await pull.page(Position.of(position), received_at, new_id)

    async def expand(self, api: VendorApi, source: SourceConfig, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Refuse: no webhook of Kaltura becomes a notice."""
        del api, source, received_at, new_id
        raise SkipRecord("Kaltura's notifications are events of their own; nothing is to be fetched.", kind=notice.kind)

    async def check(self, api: VendorApi, source: SourceConfig) -> tuple[Finding, ...]:
        """Try whether the app token opens a session that may list events, and which reports it may read."""
        own = _own(api)
        return await account.check(own, KalturaSettings.model_validate(source.settings), own.now())

    async def discover(self, api: VendorApi, source: SourceConfig) -> Mapping[str, Any]:
        """Return nothing: form answers are read by their path, profile.profileData and the name."""
        del api, source
        return {}


def _own(api: VendorApi) -> KalturaApi:
    if not isinstance(api, KalturaApi):
        raise ConfigurationError("A Kaltura source can be asked through Kaltura's API only.")
    return api
