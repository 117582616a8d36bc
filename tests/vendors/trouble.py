"""Trouble on order, shared by the simulators of vendors: errors, HTML, silence, broken lines, in place of one of the next answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
from starlette.requests import Request
from starlette.responses import Response


@dataclass
class Trouble:
    """What happens instead of an answer: `status` is answered, or the line drops, or nobody ever answers."""

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    content_type: str = "application/json"
    drop: bool = False
    hang: bool = False
    path: str = ""  # only for paths that contain this
    skip: int = 0  # let so many pass first
    times: int = 1


PASSING = (
    Trouble(500),
    Trouble(503, body="<html>", content_type="text/html"),
    Trouble(200, body="<html>", content_type="text/html"),
    Trouble(429, {"Retry-After": "4"}),
    Trouble(429, {"Retry-After": "600"}),
    Trouble(drop=True),
)


class Troubles:
    """The troubles ordered, in order; each hits as often as it says."""

    def __init__(self):
        self.ordered = []
        self._random, self._share = None, 0.0
        self.worries = 0  # how many went wrong

    def _worry(self):
        if self._random is None or self._random.random() >= self._share:
            return None
        self.worries += 1
        return self._random.choice(PASSING)

    def order(self, **what):
        """Let something happen to one of the next requests; see `Trouble`."""
        self.ordered.append(Trouble(**what))

    def take(self, request: Request):
        """Return the trouble that hits this request, or None."""
        for trouble in self.ordered:
            if trouble.path not in request.url.path or trouble.times <= 0:
                continue
            if trouble.skip:
                trouble.skip -= 1
                continue
            trouble.times -= 1
            return trouble
        return None

    def worry(self, random, share):
        """Let a share of all requests go wrong from now on."""
        self._random, self._share = random, share

    async def answer(self, request: Request):
        """Return the answer that stands in for the real one, or None when all is well."""
        trouble = self.take(request) or self._worry()
        if trouble is None:
            return None
        if trouble.drop:
            raise httpx2.ReadError("the line dropped")
        if trouble.hang:
            await asyncio.Event().wait()
        return Response(trouble.body, trouble.status, {"content-type": trouble.content_type, **trouble.headers})
