"""One org over HTTP: authorised requests whose failures say what to do next.

A write without a readable answer may have run and is never repeated here: it becomes `ReplyLost`. Only a 401 is repeated, once, because
nothing runs without a session. Time-outs are measured by the clock that was handed in, so that tests need no real waiting.
"""

import asyncio
import json
import re
import socket
from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from xml.sax.saxutils import escape

import httpx2

from crosswalk import errors
from crosswalk.clock import Clock
from crosswalk.model import Callout, Fault, Recovery
from crosswalk.model.callouts import masked_request, masked_sentence
from crosswalk.reasons import Reason
from crosswalk.salesforce import composite, faults
from crosswalk.salesforce.calls import ApiCall, CallJournal, Purpose
from crosswalk.salesforce.composite import SubReply, Subrequest
from crosswalk.salesforce.logins import Token
from crosswalk.settings import Timings

_CONNECT_SECONDS = 15
_FAILURES_KEPT = 500
_asked: ContextVar[str] = ContextVar("asked", default="")  # what the task at hand asked last, for errors found while reading the answer
_Error = TypeVar("_Error", bound=errors.CrosswalkError)
_DEAD_PEER_MS = 30_000
_USAGE = re.compile(r"(?:^|[;\s])api-usage=(?P<used>\d+)/(?P<limit>\d+)")
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol, httpx2.ProxyError)
_HOPELESS_SESSIONS = (b"This session is not valid for use with the REST API", b"Connected app is not attached to Agent")
_MAYBE_RAN_STATUSES = frozenset({500, 502, 504})
_MAYBE_RAN_CODES = frozenset({"UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG"})
_UNAUTHORISED, _NOT_MODIFIED, _REFUSED = 401, 304, 400
_TYPES = {False: "application/json", True: "text/xml"}
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header>'
    '<SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata"><sessionId>{session}</sessionId></SessionHeader></soapenv:Header>'
    "<soapenv:Body>{operation}</soapenv:Body></soapenv:Envelope>"
)


class TokenSource(Protocol):
    """Hands out the access token of one connection."""

    async def current(self) -> Token:
        """Return the token in force, logging in if there is none."""
        ...

    async def refresh(self, stale: Token) -> Token:
        """Return a token newer than `stale`."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was understood; `body` is parsed JSON, or None when there is none (204, 304)."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    purpose: Purpose
    body: Any
    headers: Mapping[str, str]
    rows: int
    soap: bool = False


class Client:
    """Speaks to one org with one connection's tokens."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        tokens: TokenSource,
        clock: Clock,
        journal: CallJournal,
        api_version: str = "v60.0",
        *,
        timings: Timings | None = None,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._journal = journal
        self._timings = timings or Timings()
        self.api_version = api_version
        self.failed: deque[Callout] = deque(maxlen=_FAILURES_KEPT)  # until somebody writes them down

    def path(self, resource: str) -> str:
        """Return the absolute path of a resource such as `query?q=…`; an absolute one stays as it is."""
        return resource if resource.startswith("/") else f"/services/data/{self.api_version}/{resource}"

    async def get(self, resource: str, *, purpose: Purpose, headers: Mapping[str, str] | None = None) -> Reply:
        """Read a resource. A 304 is an answer without a body."""
        return await self._exchange(_Request("GET", self.path(resource), purpose, None, headers or {}, 0))

    async def post(self, resource: str, body: Any, *, purpose: Purpose, headers: Mapping[str, str] | None = None, rows: int = 0) -> Reply:
        """Post JSON. A write that gets no readable answer raises `ReplyLost`."""
        return await self._exchange(_Request("POST", self.path(resource), purpose, body, headers or {}, rows))

    async def patch(self, resource: str, body: Any, *, purpose: Purpose, headers: Mapping[str, str] | None = None, rows: int = 0) -> Reply:
        """Patch with JSON. A write that gets no readable answer raises `ReplyLost`."""
        return await self._exchange(_Request("PATCH", self.path(resource), purpose, body, headers or {}, rows))

    async def composite(
        self, subrequests: Sequence[Subrequest], *, purpose: Purpose, headers: Mapping[str, str] | None = None, rows: int = 0
    ) -> tuple[SubReply, ...]:
        """Send up to 25 independent parts as one API call, in order; return the answers in the same order, failed ones included."""
        reply = await self.post("composite", composite.body(subrequests), purpose=purpose, headers=headers, rows=rows)
        answers = composite.answers(reply.body)
        if [answer.reference for answer in answers] != [subrequest.reference for subrequest in subrequests]:
            raise self.unreadable(purpose, reply.status, "parts of the answer are missing")
        return answers

    async def soap(self, service: str, operation: str, *, purpose: Purpose) -> Reply:
        """Call an operation, given as XML, of a SOAP service such as `m`; the body of the reply is the envelope as received."""
        path = f"/services/Soap/{service}/{self.api_version.removeprefix('v')}"
        return await self._exchange(_Request("POST", path, purpose, operation, {"SOAPAction": '""'}, 0, soap=True))

    async def user_id(self) -> str:
        """Return the id of the user the connection acts as."""
        return (await self._tokens.current()).user_id

    async def _exchange(self, request: _Request) -> Reply:
        _asked.set(masked_request(request.method, request.path))
        token = await self._logged_in(self._tokens.current())
        response = await self._once(token, request)
        if _session_is_over(request, response):
            response = await self._once(await self._logged_in(self._tokens.refresh(token)), request)
        return self._checked(response, request)

    async def _logged_in(self, login: Awaitable[Token]) -> Token:
        try:
            return await login
        except errors.CrosswalkError as error:
            raise self._noted(error) from error.__cause__

    def _noted(self, error: _Error) -> _Error:
        """Keep a failed call for the log of callouts, and return the error it ends with."""
        due = error.due if isinstance(error, errors.RetryLater) else None
        told = masked_sentence(error.sentence)
        self.failed.append(Callout(self._clock.now(), "Salesforce", _asked.get(), error.code, told, error.facts.get("status"), due))
        return error

    async def _once(self, token: Token, request: _Request) -> httpx2.Response:
        sent = self._http.build_request(
            request.method,
            token.instance_url + request.path,
            headers={**request.headers, "Authorization": f"Bearer {token.access_token}", "Accept": _TYPES[request.soap]},
            content=_content(token, request),
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS, pool=_CONNECT_SECONDS),
        )
        if request.body is not None:
            sent.headers["Content-Type"] = _TYPES[request.soap]
        started_at, began = self._clock.now(), self._clock.monotonic()
        response: httpx2.Response | None = None
        try:
            response = await self._within_time(sent)
        except _NOT_SENT as error:
            raise self._noted(self._busy("Salesforce cannot be reached; it goes on by itself.", code=type(error).__name__)) from error
        except (httpx2.RequestError, TimeoutError) as error:
            raise self.unreadable(request.purpose, None, type(error).__name__) from error
        finally:
            ms = (self._clock.monotonic() - began) * 1000
            self._journal.record(_entry(request, response, started_at=started_at, ms=ms))
        return response

    async def _within_time(self, request: httpx2.Request) -> httpx2.Response:
        sending = asyncio.ensure_future(self._http.send(request))
        timer = asyncio.ensure_future(self._clock.sleep(self._timings.send_timeout))
        try:
            await asyncio.wait({sending, timer}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                return sending.result()
            raise TimeoutError
        finally:
            sending.cancel()
            timer.cancel()
            await asyncio.gather(sending, timer, return_exceptions=True)

    def _checked(self, response: httpx2.Response, request: _Request) -> Reply:
        status = response.status_code
        if status == _NOT_MODIFIED or (response.is_success and not response.content):
            return Reply(status, response.headers, None)
        if response.is_success and request.soap:
            return Reply(status, response.headers, response.content)
        if response.is_success:
            try:
                return Reply(status, response.headers, response.json())
            except ValueError as error:
                raise self.unreadable(request.purpose, status, "the answer is not JSON") from error
        fault = faults.classify_response(status, response.headers.get("Content-Type", ""), response.content)
        if request.soap and b"faultcode" in response.content:
            status = _REFUSED  # SOAP answers 500 to whatever it refuses; what it refuses has not run
        raise self.refusal(fault, status, request.purpose, response.headers.get("X-SFDC-Request-Id"))

    def refusal(self, fault: Fault, status: int, purpose: Purpose, request_id: str | None = None) -> errors.CrosswalkError:
        """Return the error that says what to do about a refused request."""
        return self._noted(self._refusal(fault, status, purpose, request_id))

    def _refusal(self, fault: Fault, status: int, purpose: Purpose, request_id: str | None) -> errors.CrosswalkError:
        facts = {"salesforce_code": fault.code, "status": status, "request_id": request_id}
        if purpose.writes and (status in _MAYBE_RAN_STATUSES or fault.code in _MAYBE_RAN_CODES):
            return errors.ReplyLost("Salesforce broke off a write; it is asked what became of it.", **facts)
        if fault.recovery is Recovery.PAUSE:
            kind = errors.LoginRefusedError if status == _UNAUTHORISED else errors.PauseConnection
            return kind(fault.sentence, **facts)
        if fault.reason is Reason.BUDGET:
            return errors.BudgetSpentError(fault.sentence, self._clock.now() + timedelta(seconds=self._timings.budget_retry), **facts)
        if fault.recovery in {Recovery.RETRY_NOW, Recovery.RETRY_LATER} or (fault.recovery is Recovery.HALVE and not purpose.writes):
            return self._busy(fault.sentence, **facts)
        if fault.recovery is Recovery.REPLAN:
            return errors.Replan(fault.sentence, **facts)
        return errors.SalesforceRefusedError(fault.sentence, fault, **facts)

    def unreadable(self, purpose: Purpose, status: int | None, why: str) -> errors.CrosswalkError:
        """Return the error for an answer that is missing or makes no sense."""
        if purpose.writes:
            lost = errors.ReplyLost("The answer to a write was lost; Salesforce is asked what became of it.", status=status, cause=why)
            return self._noted(lost)
        return self._noted(self._busy("Salesforce gave no usable answer; it goes on by itself.", status=status, cause=why))

    def _busy(self, sentence: str, **facts: Any) -> errors.SalesforceBusyError:
        return errors.SalesforceBusyError(sentence, self._clock.now() + timedelta(seconds=self._timings.busy_retry), **facts)


def http_client(mounts: Mapping[str, httpx2.AsyncBaseTransport] | None = None) -> httpx2.AsyncClient:
    """Return the HTTP client of a process; a peer that no longer acknowledges is given up after 30 seconds where the platform can.

    `mounts` leads addresses to transports of their own: the practice org stands in the process itself.
    """
    options = [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_PEER_MS)] if hasattr(socket, "TCP_USER_TIMEOUT") else None
    return httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(socket_options=options), mounts=mounts)


def _content(token: Token, request: _Request) -> bytes | None:
    if request.soap:
        return _ENVELOPE.format(session=escape(token.access_token), operation=request.body).encode()
    return None if request.body is None else json.dumps(request.body, ensure_ascii=True).encode()


def _session_is_over(request: _Request, response: httpx2.Response) -> bool:
    """Tell whether the same request may go through with a new token; SOAP says so in a fault."""
    if request.soap and not response.is_success and b"INVALID_SESSION_ID" in response.content:
        return True
    return response.status_code == _UNAUTHORISED and not any(text in response.content for text in _HOPELESS_SESSIONS)


def _entry(request: _Request, response: httpx2.Response | None, *, started_at: datetime, ms: float) -> ApiCall:
    usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", "")) if response is not None else None
    return ApiCall(
        purpose=request.purpose,
        started_at=started_at,
        ms=ms,
        status=response.status_code if response is not None else None,
        rows=request.rows,
        used_seen=int(usage["used"]) if usage else None,
        limit_seen=int(usage["limit"]) if usage else None,
        request_id=response.headers.get("X-SFDC-Request-Id") if response is not None else None,
    )
