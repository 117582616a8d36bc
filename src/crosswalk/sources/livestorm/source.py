"""The Livestorm source: signed webhooks about people and sessions, and the API that tells the same when asked.

One person has one record per session, so the entity is session and person together: the person's id alone would fold the webinars of
one person into each other. The made-up address of people without an e-mail is blanked before the body is stored.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx2
from pydantic import ValidationError

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, Problem, RequestRefused
from crosswalk.model import Accepted, Attribute, Event, Notice, Rejected
from crosswalk.sources import addresses, bodies, problems
from crosswalk.sources.base import Finding, Incoming, NewId, Page, Reach, Window
from crosswalk.sources.livestorm import catalogue, expanding, pulling, signature, workspace
from crosswalk.sources.livestorm.pace import LivestormPace
from crosswalk.sources.livestorm.pulling import Position, Pull
from crosswalk.sources.livestorm.records import SESSION_ENDED, Record, fingerprint_of, without_synthetic_email
from crosswalk.sources.livestorm.settings import LivestormSettings, SignatureOrder
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

API_URL = "https://api.livestorm.co/v1"
_LAG = timedelta(minutes=1)


class Livestorm:
    """Webinars: who registered, attended, stayed away, watched the replay."""

    kind: ClassVar[str] = "livestorm"
    secret_names: ClassVar[tuple[str, ...]] = ("signing_secret",)
    optional_secret_names: ClassVar[tuple[str, ...]] = ("api_token",)
    discovered_settings: ClassVar[tuple[str, ...]] = ("people_attributes",)

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the attributes of a person in a session, and those of the workspace listed in `people_attributes`."""
        return catalogue.attributes(LivestormSettings.model_validate(settings).people_attributes)

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            LivestormSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Verify the signature over the raw body, then read it; a record we cannot use is kept as invalid, not refused.

        Livestorm switches a subscription off after a few refusals, so only a forged or broken request is one.
        """
        settings = LivestormSettings.model_validate(source.settings)
        signature.verify(request.headers.get(signature.HEADER), request.body, source.secrets.get("signing_secret"), settings, received_at)
        decoded = bodies.decode(request.body)
        if not isinstance(decoded.value, dict):
            raise RequestRefused("not_an_object", "The body must be a JSON object with a member data.", 400)
        if bodies.deeper_than(decoded.value, request.max_depth):
            raise bodies.too_deep()
        payload = without_synthetic_email(decoded.value)
        body = decoded.body if payload is decoded.value else bodies.encode(payload)
        record = Record.of_webhook(payload)
        if isinstance(record, Rejected):
            return Accepted(invalid=(record,))
        if record.is_notice or (record.is_about_person and settings.with_session):
            return Accepted(notices=(record.notice(source.id, received_at, new_id()),))
        return Accepted(events=(record.event(source.id, received_at, new_id(), body),))

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return every value of the record but its times of change, and the status its type stands for."""
        return fingerprint_of(event)

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the content type and signature headers of a webhook."""
        order = SignatureOrder(settings.get("signature_order", SignatureOrder.TIMESTAMP_SECRET_BODY))
        return {"content-type": "application/json", signature.HEADER: signature.header(body, secret, now, order)}

    def streams(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the streams; `replays` only while replays are looked for, `chat` and `questions` only where they are wanted."""
        return pulling.streams(LivestormSettings.model_validate(settings))

    def reach(self, settings: Mapping[str, Any], stream: str) -> Reach:
        """Return how far pulls look; replays ask once for each session of some weeks, which the allowance bears once a day."""
        chosen = LivestormSettings.model_validate(settings)
        overlap, first = timedelta(minutes=chosen.overlap_minutes), timedelta(days=chosen.first_pull_days)
        return Reach(_LAG, overlap, first, is_periodic=stream == pulling.SESSIONS)

    def api(self, source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
        """Return the API with the token as it is: Livestorm takes a token behind `Bearer` for one of another kind, and refuses it."""
        token = source.secrets.get("api_token")
        if not token:
            raise ConfigurationError(
                f"The source {source.name!r} has no api_token; make one in Livestorm's account settings, name it under secrets, and apply."
            )
        chosen = LivestormSettings.model_validate(source.settings)
        pace = LivestormPace(clock, chosen.call_reserve)
        return VendorApi(http, clock, chosen.api_url or API_URL, {"Authorization": token}, vendor="Livestorm", pace=pace)

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
        """Return a page of sessions or of the people of one session."""
        pull = Pull(api, source.id, LivestormSettings.model_validate(source.settings), stream, window)
        return await pull.page(Position.of(position), received_at, new_id)

    async def expand(self, api: VendorApi, source: SourceConfig, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Return everybody who was registered to the session that ended, or one person with the session a webhook left out."""
        if notice.kind != SESSION_ENDED:
            return await expanding.person(api, source.id, notice, new_id)
        settings = LivestormSettings.model_validate(source.settings)
        return await expanding.session(api, source.id, settings, notice, received_at, new_id)

    def late_data(self, settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
        """Return when a session is read again: attendance is counted after its end, replays are watched for weeks."""
        return tuple(timedelta(hours=hours) for hours in LivestormSettings.model_validate(settings).reread_hours)

    async def refetch(
        self, api: VendorApi, source: SourceConfig, subject: str, position: Any | None, received_at: datetime, new_id: NewId
    ) -> Page:
        """Return a page of the people of one session, by its id."""
        window = Window(received_at, received_at)
        pull = Pull(api, source.id, LivestormSettings.model_validate(source.settings), pulling.ONE, window)
        begun = await pull.session(subject) if position is None else Position.of(position)
        return await pull.page(begun, received_at, new_id)

    async def check(self, api: VendorApi, source: SourceConfig) -> tuple[Finding, ...]:
        """Try the token and look whether the webhooks of this source are still there."""
        return await workspace.check(api, addresses.hook_path(source.name, source.secrets.get("hook_token", "")))

    async def discover(self, api: VendorApi, source: SourceConfig) -> Mapping[str, Any]:
        """Return the people attributes of the workspace."""
        del source
        return {"people_attributes": await workspace.people_attributes(api)}
