"""One engagement system's API over HTTP: requests that only read, whose failures say what to do next.

Whatever cannot be read now is asked again later, because reading twice does no harm; only a refusal waits for a person. What a vendor says
about its limits is heard by a `Pace`, which waits or refuses before the call that would break them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import AfterValidator

from crosswalk.clock import Clock
from crosswalk.errors import CrosswalkError, RequestRefused, RetryLater, SkipRecord, SourceRefusedError
from crosswalk.loopback import is_loopback
from crosswalk.model import Callout
from crosswalk.model.callouts import masked_request, masked_sentence
from crosswalk.sources import bodies

_Error = TypeVar("_Error", bound=CrosswalkError)
Params = Mapping[str, str | int | Sequence[str | int]]
Headers = Mapping[str, str]

_CONNECT_SECONDS = 15
_SHORT_WAIT_SECONDS = 10  # a wait the vendor names that is sat out here instead of giving the page up
_WAITS_AT_MOST = 3
_REMEMBERED = 200
_FAILURES_KEPT = 500
_asked: ContextVar[str] = ContextVar("asked", default="")  # what the task at hand asked last, for errors found while reading the answer
_NOT_ALLOWED = frozenset({401, 403})
_NOT_FOUND, _TIMED_OUT, _TOO_MANY, _BROKEN = 404, 408, 429, 500


@dataclass(slots=True)
class Tally:
    """How many calls one piece of work has made, whoever else asks the same system meanwhile."""

    calls: int = 0


_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def tallied() -> Iterator[Tally]:
    """Count the calls that this task makes within the context."""
    tally = Tally()
    before = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(before)


def _only_loopback(address: str) -> str:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not is_loopback(host):
        raise ValueError("must be an address of this machine; leave it out to reach the vendor")
    return address.rstrip("/")


ApiUrl = Annotated[str, AfterValidator(_only_loopback)]
"""The setting `api_url` of a source: where a simulator of the vendor listens. Loopback only, or it would carry the token away."""


class Pace(Protocol):
    """What a vendor allows, and how far we have come with it. One object serves all calls made with one set of credentials."""

    async def before_call(self) -> None:
        """Wait until one more call is allowed, or raise `RetryLater` when that takes long."""
        ...

    def heard(self, headers: Headers) -> None:
        """Learn from the headers of an answer; names are in lower case."""
        ...

    def allowed_again(self, headers: Headers) -> datetime | None:
        """Return when a refused call may be repeated, as far as this vendor's own headers tell."""
        ...


class Unlimited:
    """The pace of a vendor without limits of its own."""

    async def before_call(self) -> None:
        """Let every call go."""

    def heard(self, headers: Headers) -> None:
        """Learn nothing."""
        del headers

    def allowed_again(self, headers: Headers) -> datetime | None:
        """Know nothing beyond `Retry-After`."""
        del headers
        return None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an answer, and after trouble that names no time."""

    answer_seconds: float = 90
    busy_seconds: float = 30
    too_many_seconds: float = 60


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    params: Params
    headers: Headers
    content: bytes | None
    auth: httpx2.Auth | None = None


class VendorApi:
    """Speaks to one vendor with one source's credentials. `headers` holds them and is never logged or repeated in an error."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        clock: Clock,
        base_url: str,
        headers: Headers | Callable[[], Headers],
        *,
        vendor: str,
        pace: Pace | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._http = http
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._vendor = vendor
        self._pace = pace or Unlimited()
        self._patience = patience or Patience()
        self.calls = 0
        self.failed: deque[Callout] = deque(maxlen=_FAILURES_KEPT)  # until somebody writes them down
        self._recent: dict[str, tuple[float, Any]] = {}

    @property
    def host(self) -> str:
        """The host requests go to."""
        return httpx2.URL(self._base_url).host

    async def get(self, path: str, params: Params | None = None, headers: Headers | None = None, auth: httpx2.Auth | None = None) -> Any:
        """Read a resource and return its parsed JSON, None for an empty answer. `auth` signs each sending of the request by itself.

        Raises `RetryLater` when it may work later, `SourceRefusedError` when a person has to act, `SkipRecord` when there is no such thing.
        """
        return await self._exchange(_Request("GET", path, params or {}, headers or {}, None, auth))

    async def get_recent(self, path: str, max_age_seconds: float, headers: Headers | None = None) -> Any:
        """Return what `get` answered for a path at most so long ago, or ask: for what many items have in common."""
        now = self._clock.monotonic()
        read_at, known = self._recent.get(path, (None, None))
        if read_at is not None and now - read_at <= max_age_seconds:
            return known
        answer = await self.get(path, headers=headers)
        self._recent.pop(path, None)
        self._recent[path] = now, answer
        if len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return answer

    async def post(
        self, path: str, body: Any, params: Params | None = None, headers: Headers | None = None, auth: httpx2.Auth | None = None
    ) -> Any:
        """Post JSON to a method that only reads, and return its parsed JSON; raises as `get` does."""
        given = {"Content-Type": "application/json", **(headers or {})}
        return await self._exchange(_Request("POST", path, params or {}, given, bodies.encode(body), auth))

    async def post_content(self, path: str, content: bytes, headers: Headers) -> bytes:
        """Post any content to a method that only reads, and return the answer as it came, such as CSV; raises as `get` does.

        `path` may be a whole address, for a vendor with several hosts.
        """
        return (await self._answered(_Request("POST", path, {}, headers, content))).content

    async def _exchange(self, request: _Request) -> Any:
        return self._parsed(await self._answered(request))

    async def _answered(self, request: _Request) -> httpx2.Response:
        for _ in range(_WAITS_AT_MOST):
            response = await self._once(request)
            wait = self._short_wait(response)
            if wait is None:
                break
            self._note(
                RetryLater(f"{self._vendor} allows no more calls for a moment; the call was repeated.", self._after(wait)), _TOO_MANY
            )
            await self._clock.sleep(wait)
        return self._checked(response, request)

    async def _once(self, request: _Request) -> httpx2.Response:
        _asked.set(masked_request(request.method, request.path))
        await self._pace.before_call()
        credentials = self._headers() if callable(self._headers) else self._headers
        sent = self._http.build_request(
            request.method,
            request.path if "://" in request.path else f"{self._base_url}/{request.path.lstrip('/')}",
            params=dict(request.params) or None,
            headers={**credentials, **request.headers},
            content=request.content,
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        )
        self.calls += 1
        tally = _tally.get()
        if tally is not None:
            tally.calls += 1
        try:
            response = await self._within_time(sent, request.auth)
        except (httpx2.RequestError, TimeoutError) as error:
            raise self.later("cannot be reached or does not answer", cause=type(error).__name__) from error
        self._pace.heard(_lower(response))
        return response

    async def _within_time(self, request: httpx2.Request, auth: httpx2.Auth | None) -> httpx2.Response:
        sending = asyncio.ensure_future(self._http.send(request, auth=auth, follow_redirects=False))
        timer = asyncio.ensure_future(self._clock.sleep(self._patience.answer_seconds))
        try:
            await asyncio.wait({sending, timer}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return sending.result()
            raise TimeoutError
        finally:
            sending.cancel()
            timer.cancel()
            await asyncio.gather(sending, timer, return_exceptions=True)

    def _short_wait(self, response: httpx2.Response) -> float | None:
        if response.status_code != _TOO_MANY:
            return None
        due = self._named_time(response)
        seconds = (due - self._clock.now()).total_seconds() if due else None
        return max(seconds, 0.0) if seconds is not None and seconds <= _SHORT_WAIT_SECONDS else None

    def _checked(self, response: httpx2.Response, request: _Request) -> httpx2.Response:
        status = response.status_code
        if response.is_success:
            return response
        if status == _TOO_MANY:
            due = self._named_time(response) or self._after(self._patience.too_many_seconds)
            sentence = f"{self._vendor} allows no more calls for a while; it goes on by itself."
            raise self._note(RetryLater(sentence, due, status=status), status)
        if status >= _BROKEN or status == _TIMED_OUT:
            raise self.later(f"answers with {status}", status=status)
        if status in _NOT_ALLOWED:
            sentence = (
                f"{self._vendor} refuses the credentials of this source ({status}); make new ones with the permissions named in the "
                "documentation, set them, and apply the workspace again."
            )
            raise self.refused(sentence, status)
        if status == _NOT_FOUND:
            gone = SkipRecord(f"{self._vendor} does not have what was asked for any more.", status=status, path=request.path)
            raise self._note(gone, status)
        sentence = f"{self._vendor} refuses a request of Crosswalk ({status} for {request.path}); compare the source's settings with it."
        raise self.refused(sentence, status)

    def _parsed(self, response: httpx2.Response) -> Any:
        if not response.content:
            return None
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind.endswith("json"):
            raise self.later("answers with something else than JSON", content_type=kind)
        try:
            return bodies.decode(response.content).value
        except RequestRefused as error:
            raise self.later("answers with broken JSON") from error

    def _named_time(self, response: httpx2.Response) -> datetime | None:
        own = self._pace.allowed_again(_lower(response))
        if own is not None:
            return own
        seconds = response.headers.get("retry-after", "").strip()
        return self._after(float(seconds)) if seconds.isascii() and seconds.isdigit() else None

    def later(self, what: str, **facts: Any) -> RetryLater:
        """Return the error of a vendor that cannot answer sensibly now."""
        due = self._after(self._patience.busy_seconds)
        return self._note(RetryLater(f"{self._vendor} {what}; it is asked again by itself.", due, **facts), facts.get("status"))

    def refused(self, sentence: str, status: int) -> SourceRefusedError:
        """Return the error of a vendor that refuses our credentials or our request."""
        return self._note(SourceRefusedError(sentence, status), status)

    def _note(self, error: _Error, status: int | None) -> _Error:
        """Keep a failed call for the log of callouts, and return the error it ends with."""
        due = error.due if isinstance(error, RetryLater) else None
        told = masked_sentence(error.sentence)
        self.failed.append(Callout(self._clock.now(), self._vendor, _asked.get(), error.code, told, status, due))
        return error

    def _after(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


def _lower(response: httpx2.Response) -> Headers:
    return {name.lower(): value for name, value in response.headers.items()}
