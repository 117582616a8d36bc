"""The data plane of RudderStack's and Segment's clients: unchanged SDKs post here.

Statuses and texts are the gateway's, in its order: write key, source switched on, body. The pixel always answers with its image; only
when the event could not be kept does the status say so, because a browser ignores it and 2xx means kept.
"""

import base64
import binascii
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from crosswalk.errors import CrosswalkError, RequestRefused, RetryLater
from crosswalk.sources import addresses
from crosswalk.sources.base import Incoming
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.web import answers, request_bodies
from crosswalk.web.taking import Taking

CALLS = ("identify", "track", "page", "screen", "group", "alias", "batch", "merge", "import")
PIXEL_CALLS = ("page", "track")
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class DataPlane:
    """Takes calls of SDKs, beacons and pixels."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._services = taking.services

    async def call(self, request: Request) -> Response:
        """Take a call whose write key is the user name of Basic authentication."""
        return await self._take(request, _key_in_header(request), "failed to read writekey from header")

    async def beacon(self, request: Request) -> Response:
        """Take a batch whose write key is a query parameter."""
        return await self._take(request, request.query_params.get("writeKey", ""), "failed to read writekey from query params")

    async def pixel(self, request: Request) -> Response:
        """Take an event written into the address of an image."""
        key = request.query_params.get("writeKey", "")
        status = 200
        headers: dict[str, str] = {"cache-control": "no-store"}
        source = None
        try:
            source = await self._source(key, "failed to read writekey from query params")
            path = request.url.path
            await self._taking.store(Incoming("GET", path, dict(request.headers), request_bodies.first_values(request)), source)
        except (RequestRefused, RetryLater) as error:
            if isinstance(error, RequestRefused):
                await self._taking.refuse(error, source)
            if isinstance(error, RetryLater) or error.status == HTTPStatus.TOO_MANY_REQUESTS:
                status = answers.status(error)
                headers |= answers.headers(error, self._services.clock.now())
        return Response(_GIF, status, headers, "image/gif")

    async def _take(self, request: Request, key: str, missing: str) -> Response:
        source = None
        try:
            source = await self._source(key, missing)
            await self._taking.store(await self._taking.read(request), source)
        except RequestRefused as refused:
            await self._taking.refuse(refused, source)
            return self._answer(refused)
        except RetryLater as error:
            return self._answer(error)
        return PlainTextResponse("ok")

    async def _source(self, key: str, missing: str) -> SourceConfig:
        if not key:
            raise RequestRefused("write_key_missing", missing, 401)
        configuration = await self._services.configuration.current()
        source = configuration.source_of_write_key(addresses.write_key_hmac(self._services.vault, key))
        if source is None:
            raise RequestRefused("write_key_unknown", "invalid write key", 401)
        if source.state is not SourceState.ON:
            raise RequestRefused("source_off", "source is disabled", 404)
        return source

    def _answer(self, error: CrosswalkError) -> Response:
        """Return the error as plain text; a body that broke on its way is a 500, so that clients send it again."""
        status = 500 if answers.code(error) == request_bodies.UNREADABLE else answers.status(error)
        return PlainTextResponse(error.sentence, status, answers.headers(error, self._services.clock.now()))


def _key_in_header(request: Request) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
