"""The LivePerson source: two histories that are pulled, signed notifications that only hint, and the model a widget sees.

Chat and messaging are told by different systems in different words; both become events about a conversation, with the same names in the
catalogue.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx2
from pydantic import ValidationError

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError, Problem, RequestRefused
from crosswalk.model import Accepted, Attribute, Event, Notice, Rejected
from crosswalk.sources import bodies, problems
from crosswalk.sources.base import Finding, Incoming, NewId, Page, Reach, Window
from crosswalk.sources.liveperson import account, catalogue, facts, pulling, signature, web_api, webhooks
from crosswalk.sources.liveperson.pulling import Position, Pull
from crosswalk.sources.liveperson.records import Reading
from crosswalk.sources.liveperson.settings import LivePersonSettings
from crosswalk.sources.liveperson.web_api import LivePersonApi
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

_LAG = timedelta(minutes=1)
_SIGNING_SECRET = "signing_secret"  # noqa: S105  # the name of a secret


class LivePerson:
    """Conversations: who asked what, who answered, how it ended."""

    kind: ClassVar[str] = "liveperson"
    secret_names: ClassVar[tuple[str, ...]] = (_SIGNING_SECRET,)
    optional_secret_names: ClassVar[tuple[str, ...]] = (web_api.CLIENT_SECRET, *web_api.APP_KEYS)
    discovered_settings: ClassVar[tuple[str, ...]] = account.DISCOVERED

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the attributes of a conversation, and the questions found by a scan of recent chats."""
        return catalogue.attributes(LivePersonSettings.model_validate(settings))

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            LivePersonSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Prove the sender by the signature and read the body."""
        settings = LivePersonSettings.model_validate(source.settings)
        signature.verify(request.headers.get(signature.HEADER), request.body, source.secrets.get(_SIGNING_SECRET))
        told = request.headers.get(signature.ACCOUNT_HEADER, settings.account_id)
        if settings.account_id and told.strip() != settings.account_id:
            raise RequestRefused("account_mismatch", "The webhook is about another account than this source's account_id.", 401)
        value = bodies.decode(request.body).value
        if bodies.deeper_than(value, request.max_depth):
            raise bodies.too_deep()
        return webhooks.accepted(value, Reading(source.id, settings, received_at), new_id)

    def begun(self, model: Mapping[str, Any], source: SourceConfig, received_at: datetime, new_id: NewId) -> Event | Rejected:
        """Return the start of a conversation from the model that the agent's widget has of it."""
        return _reading(source, received_at).widget(model, new_id())

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return what the event says about its conversation, without what changes by itself."""
        return facts.of_event(event)

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers LivePerson would send with `body`."""
        del now
        headers = {"content-type": "application/json", signature.HEADER: signature.header(body, secret)}
        told = settings.get("account_id")
        return headers | ({signature.ACCOUNT_HEADER: told} if told else {})

    def streams(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the histories that are pulled."""
        chosen = LivePersonSettings.model_validate(settings)
        wanted = {pulling.CHATS: chosen.chats, pulling.MESSAGING: chosen.messaging}
        return tuple(stream for stream, is_wanted in wanted.items() if is_wanted)

    def reach(self, settings: Mapping[str, Any], stream: str) -> Reach:
        """Return how far pulls look: two days back behind the last one, because LivePerson completes what it tells for a day."""
        del stream
        chosen = LivePersonSettings.model_validate(settings)
        return Reach(_LAG, timedelta(minutes=chosen.overlap_minutes), timedelta(days=chosen.first_pull_days))

    def api(self, source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
        """Return the API with the credentials of the source."""
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
        """Return a page of a history."""
        return await Pull(_own(api), _reading(source, received_at), stream, window).page(Position.of(position, window), new_id)

    async def expand(self, api: VendorApi, source: SourceConfig, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Return the conversation that a webhook pointed at."""
        return await pulling.expand(_own(api), _reading(source, received_at), notice, new_id)

    def late_data(self, settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
        """Return nothing: what LivePerson completes within a day is read by the daily pull."""
        del settings
        return ()

    async def refetch(
        self, api: VendorApi, source: SourceConfig, subject: str, position: Any | None, received_at: datetime, new_id: NewId
    ) -> Page:
        """Return one ended conversation, by its id as the widget has it."""
        del position
        return await pulling.again(_own(api), _reading(source, received_at), subject, new_id)

    async def check(self, api: VendorApi, source: SourceConfig) -> tuple[Finding, ...]:
        """Try the credentials and what they may read."""
        own = _own(api)
        return await account.check(own, LivePersonSettings.model_validate(source.settings), own.now())

    async def discover(self, api: VendorApi, source: SourceConfig) -> Mapping[str, Any]:
        """Return the skills of the account and the survey questions of recent chats."""
        own = _own(api)
        return await account.discovered(own, _reading(source, own.now()))


def _own(api: VendorApi) -> LivePersonApi:
    if not isinstance(api, LivePersonApi):
        raise ConfigurationError("A LivePerson source can be asked through LivePerson's API only.")
    return api


def _reading(source: SourceConfig, received_at: datetime) -> Reading:
    return Reading(source.id, LivePersonSettings.model_validate(source.settings), received_at)
