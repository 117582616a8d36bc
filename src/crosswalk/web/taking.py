"""From a request to a receipt, for every face that takes events: the sender is answered 2xx only after the commit."""

from starlette.requests import Request

from crosswalk.errors import RequestRefused
from crosswalk.inbox.commit import Receipt
from crosswalk.model import Priority
from crosswalk.sources import registry
from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig
from crosswalk.web import request_bodies
from crosswalk.web.refusal_traces import RefusalTraces
from crosswalk.web.services import Services


class Taking:
    """Takes requests of known sources into the inbox."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._traces = RefusalTraces(services)

    async def read(self, request: Request) -> Incoming:
        """Read the request within the limits of this process."""
        settings = self.services.settings
        return await request_bodies.incoming(request, settings.max_body_bytes, settings.max_depth)

    async def store(self, incoming: Incoming, source: SourceConfig) -> Receipt:
        """Let the source verify and read the request, and return once it is committed."""
        kind = registry.source(source.kind)
        accepted = kind.accept(incoming, source, self.services.clock.now(), self.services.ids.new)
        return await self.services.receiver.receive(source, accepted, priority=Priority.STREAM, fingerprint=kind.fingerprint)

    async def refuse(self, refused: RequestRefused, source: SourceConfig | None) -> None:
        """Keep the trace of a refusal."""
        await self._traces.keep(refused, source.id if source else None)
