"""`POST /hooks/{source}/{token}`: where systems post their webhooks.

The token finds the source; the name before it is for the eyes of admins. Then the source's own proof decides.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crosswalk.errors import RequestRefused
from crosswalk.sources import addresses
from crosswalk.store.configuration import SourceConfig, SourceState
from crosswalk.web import answers
from crosswalk.web.taking import Taking

START = "/hooks/"
PATH = START + "{source}/{token}"


class Hooks:
    """Takes webhooks."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._services = taking.services

    async def post(self, request: Request) -> Response:
        """Take one webhook and say what became of its items; a refusal is problem+json and leaves a trace."""
        source = None
        try:
            source = await self._source(request.path_params["token"])
            _expect_on(source)
            receipt = await self._taking.store(await self._taking.read(request), source)
        except RequestRefused as refused:
            await self._taking.refuse(refused, source)
            return answers.problem(refused, self._services.clock.now())
        return JSONResponse({"events": receipt.events, "notices": receipt.notices, "repeats": receipt.repeats, "invalid": receipt.invalid})

    async def _source(self, token: str) -> SourceConfig:
        configuration = await self._services.configuration.current()
        source = configuration.source_of_hook(addresses.hook_hmac(self._services.vault, token))
        if source is None:
            raise RequestRefused("unknown_hook", "No source has this hook address; copy it from the source's settings.", 404)
        return source


def _expect_on(source: SourceConfig) -> None:
    if source.state is not SourceState.ON:
        raise RequestRefused("source_off", "The source is switched off; switch it on to take its webhooks.", 404)
