"""The LiveChat source: webhooks whose secret stands in the body, and the archive of chats.

Most webhooks only hint that a thread changed, so the chat is fetched; every fetch of one thread is the same entity, and answers given after
the close update the record that was made of it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx2
from pydantic import ValidationError

from crosswalk.clock import Clock
from crosswalk.errors import Problem
from crosswalk.model import Accepted, Attribute, Event, Notice, Rejected
from crosswalk.sources import bodies, problems
from crosswalk.sources.base import Finding, Incoming, NewId, Page, Reach, Window
from crosswalk.sources.livechat import archives, catalogue, envelope, facts, licence, messages, web_api
from crosswalk.sources.livechat.archives import Reader
from crosswalk.sources.livechat.chats import Chat
from crosswalk.sources.livechat.envelope import Envelope
from crosswalk.sources.livechat.settings import LiveChatSettings
from crosswalk.sources.vendor_api import VendorApi
from crosswalk.store.configuration import SourceConfig

_LAG = timedelta(minutes=2)


class LiveChat:
    """Chats: who asked what, who answered, how it ended."""

    kind: ClassVar[str] = "livechat"
    secret_names: ClassVar[tuple[str, ...]] = ("webhook_secret",)
    optional_secret_names: ClassVar[tuple[str, ...]] = (web_api.TOKEN,)
    discovered_settings: ClassVar[tuple[str, ...]] = licence.DISCOVERED

    def catalogue(self, settings: Mapping[str, Any]) -> tuple[Attribute, ...]:
        """Return the attributes of a chat, and those found by a scan of the archive."""
        return catalogue.attributes(LiveChatSettings.model_validate(settings))

    def problems(self, settings: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Return what is wrong with the settings."""
        try:
            LiveChatSettings.model_validate(settings)
        except ValidationError as error:
            return problems.of(error, "settings")
        return ()

    def accept(self, request: Incoming, source: SourceConfig, received_at: datetime, new_id: NewId) -> Accepted:
        """Prove the sender by the secret in the body, take it out, and read the rest; a webhook we cannot use is kept as invalid."""
        value = bodies.decode(request.body).value
        opened = envelope.opened(value, source.secrets.get("webhook_secret"), request.headers.get(envelope.SECRET_HEADER))
        if bodies.deeper_than(opened.content, request.max_depth):
            raise bodies.too_deep()
        if opened.action == envelope.INCOMING_CHAT:
            return _chat(opened, source.id, received_at, new_id)
        if opened.is_message:
            return Accepted(events=(messages.of_envelope(opened, source.id, received_at, new_id()),))
        if opened.is_hint:
            return Accepted(notices=(opened.notice(source.id, received_at, new_id()),))
        return Accepted(invalid=(opened.rejected(),))

    def fingerprint(self, event: Event) -> Mapping[str, str]:
        """Return what the chat says about its thread, without what changes by itself."""
        return facts.of_event(event)

    def sign(self, body: bytes, secret: str, now: datetime, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the secret in a header: LiveChat writes it into the body, and a kept body has it no more."""
        del body, now, settings
        return {"content-type": "application/json", envelope.SECRET_HEADER: secret}

    def streams(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the one stream: the archive."""
        del settings
        return (archives.STREAM,)

    def reach(self, settings: Mapping[str, Any], stream: str) -> Reach:
        """Return how far pulls look: back behind the last one, because chats are tagged and rated after they end."""
        del stream
        chosen = LiveChatSettings.model_validate(settings)
        return Reach(_LAG, timedelta(minutes=chosen.overlap_minutes), timedelta(days=chosen.first_pull_days))

    def api(self, source: SourceConfig, http: httpx2.AsyncClient, clock: Clock) -> VendorApi:
        """Return the API with the personal access token of the source."""
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
        """Return a page of the archive."""
        del stream
        return await _reader(api, source).page(window, position, received_at, new_id)

    async def expand(self, api: VendorApi, source: SourceConfig, notice: Notice, received_at: datetime, new_id: NewId) -> Accepted:
        """Return the chat that a webhook pointed at."""
        return await _reader(api, source).expand(notice, received_at, new_id)

    def late_data(self, settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
        """Return nothing: what is added to a chat after its end is told by webhooks, and read by the daily pull."""
        del settings
        return ()

    async def refetch(
        self, api: VendorApi, source: SourceConfig, subject: str, position: Any | None, received_at: datetime, new_id: NewId
    ) -> Page:
        """Return one archived chat, by the id of its thread."""
        del position
        return await _reader(api, source).thread(subject, received_at, new_id)

    async def check(self, api: VendorApi, source: SourceConfig) -> tuple[Finding, ...]:
        """Try the token and what it may read."""
        return await licence.check(_reader(api, source))

    async def discover(self, api: VendorApi, source: SourceConfig) -> Mapping[str, Any]:
        """Return the custom variables and form fields of the latest hundred chats."""
        return await licence.discovered(_reader(api, source))


def _chat(opened: Envelope, source_id: str, received_at: datetime, new_id: NewId) -> Accepted:
    if not isinstance(opened.payload.get("chat"), dict):
        return Accepted(invalid=(opened.rejected(),))
    chat = Chat.read(opened.payload["chat"])
    if isinstance(chat, Rejected):
        return Accepted(invalid=(chat,))
    return Accepted(events=(chat.pushed(source_id, received_at, new_id()),))


def _reader(api: VendorApi, source: SourceConfig) -> Reader:
    return Reader(api, source.id, LiveChatSettings.model_validate(source.settings))
