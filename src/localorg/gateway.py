"""What happens around every REST call: time, login, allowance, faults, the transaction, the account.

A call runs as a task of its own, shielded from its client: when the client goes away the org goes on and commits, as the real one does.
A call that takes longer than the org allows is ended without a trace.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

import httpx2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from localorg import clock, limits, locks, requests, resources
from localorg.api_call import ApiCall
from localorg.calls import CallRecord
from localorg.errors import SalesforceError
from localorg.faults import CallFacts, Effect, Rule
from localorg.org import Org
from localorg.requests import ApiRequest, Reply
from localorg.resources import Found
from localorg.rules import members
from localorg.users import User

_MAINTENANCE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>"
CUT = "localorg.cut"
"""Where a server that can break a connection leaves the way to do it, in the scope of a request."""
_LONGEST_URI = 16384
_JSON = "application/json;charset=UTF-8"
_SCHEMES = frozenset({"bearer", "oauth"})
_UNAUTHORIZED = 401
_LIMITS = {
    Effect.DAILY_LIMIT: "TotalRequests Limit exceeded.",
    Effect.CONCURRENT_LIMIT: "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
}


def expired() -> SalesforceError:
    """Return the refusal of a session that is over."""
    return SalesforceError(_UNAUTHORIZED, "INVALID_SESSION_ID", "Session expired or invalid", None)


def _beyond(effect: Effect) -> SalesforceError:
    return SalesforceError(403, "REQUEST_LIMIT_EXCEEDED", _LIMITS[effect], None)


def _too_long() -> SalesforceError:
    text = "Your request was running for too long, and has been stopped."
    return SalesforceError(400, "REQUEST_RUNNING_TOO_LONG", text, None)


class DroppedAnswerError(httpx2.RemoteProtocolError):
    """The connection breaks before an answer; an in-process client meets it as the transport error it would be."""


@dataclass(frozen=True, slots=True)
class Face:
    """How one family of resources is addressed, finds its handlers, words its refusals, and is told who calls."""

    root: Callable[[ApiRequest], str]
    find: Callable[[ApiRequest], Found]
    facts: Callable[[ApiRequest], CallFacts]
    refusal: Callable[[ApiRequest, SalesforceError], Reply]


@dataclass(slots=True)
class _Visit:
    """One call on its way through."""

    face: Face
    org: Org
    request: ApiRequest
    facts: CallFacts
    id: str
    authorization: str
    user: User | None = None

    def refuse(self, error: SalesforceError) -> Reply:
        """Return the answer that carries a refusal."""
        return self.face.refusal(self.request, error)


_REST = Face(
    root=lambda request: request.root,
    find=resources.find,
    facts=resources.facts,
    refusal=lambda _request, error: requests.refusal(error),
)


async def answer(org: Org, request: Request) -> Response:
    """Answer one call of the REST API; DroppedAnswerError when a fault cuts the line."""
    if len(str(request.url)) > _LONGEST_URI:
        return Response(status_code=414)
    return await serve(org, request, _REST, await _read(request), request.headers.get("authorization", ""))


async def serve(org: Org, request: Request, face: Face, read: ApiRequest, authorization: str) -> Response:
    """Answer one call of any API that counts, is logged in to, and meets faults."""
    visit = _Visit(face, org, read, face.facts(read), requests.request_id(), authorization)
    task = asyncio.ensure_future(_handle(visit))
    org.running.add(task)
    task.add_done_callback(_forget(org))
    try:
        return await asyncio.shield(task)
    except DroppedAnswerError:
        cut: Callable[[], None] | None = request.scope.get(CUT)
        if cut is None:
            raise
        cut()
        # One round of the loop lets the server notice that the connection has gone, so that it does not send what follows.
        await asyncio.sleep(0)
        return Response()


def _forget(org: Org) -> Callable[[asyncio.Task[Response]], None]:
    def done(task: asyncio.Task[Response]) -> None:
        org.running.discard(task)
        if not task.cancelled():
            task.exception()

    return done


async def _read(request: Request) -> ApiRequest:
    raw = request.scope.get("raw_path") or request.url.path.encode()
    path = unquote(raw.decode("ascii", "replace").partition("?")[0])
    version, _, rest = path.removeprefix("/services/data/v").partition("/")
    return ApiRequest(
        method=request.method,
        version=int(version.partition(".")[0]),
        path="/" + rest,
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=dict(request.headers),
        body=await request.body(),
        origin=str(request.base_url).rstrip("/"),
    )


async def _handle(visit: _Visit) -> Response:
    org = visit.org
    try:
        _admit(visit)
    except SalesforceError as error:
        return _respond(visit, visit.refuse(error))
    fault = org.faults.strike(visit.facts)
    if fault is not None:
        early = _early(visit, fault)
        if early is not None:
            return early
    reply = await _run(visit, fault)
    if fault is not None and fault.do is Effect.DROP_AFTER_COMMIT:
        raise _dropped(visit, reply.rows)
    return _respond(visit, reply)


def _admit(visit: _Visit) -> None:
    """Let a call in: version, login, edition, allowance; counts it."""
    org = visit.org
    if visit.request.version not in org.settings.versions:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)
    scheme, _, token = visit.authorization.partition(" ")
    if visit.authorization and scheme.lower() not in _SCHEMES:
        raise SalesforceError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", None)
    visit.user = org.sessions.user_of(token.strip(), org.clock.now())
    if visit.user is None:
        raise expired()
    if not org.settings.api_enabled:
        raise SalesforceError(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", None)
    if org.calls.used(org.clock.now()) >= org.settings.api_limit:
        raise _beyond(Effect.DAILY_LIMIT)
    org.calls.count(org.clock.now())


def _early(visit: _Visit, fault: Rule) -> Response | None:
    """Return the answer of a fault that keeps the call from running; None for the others."""
    if fault.do is Effect.DROP_BEFORE:
        raise _dropped(visit, 0)
    if fault.do is Effect.HTML:
        _record(visit, fault.status, 0)
        return HTMLResponse(_MAINTENANCE, fault.status)
    if fault.do is Effect.EXPIRE_SESSION:
        visit.org.sessions.expire(visit.authorization.partition(" ")[2].strip())
        return _respond(visit, visit.refuse(expired()))
    if fault.do is Effect.STATUS:
        return _respond(visit, visit.refuse(SalesforceError(fault.status, fault.code, fault.message, None)))
    if fault.do in _LIMITS:
        return _respond(visit, visit.refuse(_beyond(fault.do)))
    return None


async def _run(visit: _Visit, fault: Rule | None) -> Reply:
    """Take the time the call takes, holding its rows, and do its work at the end of it."""
    org, request = visit.org, visit.request
    seconds = _duration(visit, fault)
    if seconds <= 0 and not org.locks.busy:
        return _execute(visit, frozenset())
    keys = _keys(visit) if request.method != "GET" else frozenset()
    await org.locks.wait(keys, min(org.settings.lock_wait_seconds, org.settings.max_request_seconds))
    held = org.locks.held(keys)
    org.locks.take(keys, visit.id)
    try:
        if seconds > 0:
            await org.clock.sleep(min(seconds, org.settings.max_request_seconds))
        if seconds > org.settings.max_request_seconds:
            return visit.refuse(_too_long())
        return _execute(visit, held)
    finally:
        org.locks.release(visit.id)


def _duration(visit: _Visit, fault: Rule | None) -> float:
    settings = visit.org.settings
    seconds = settings.latency_ms / 1000
    if fault is not None:
        seconds += fault.seconds
    if settings.row_ms and visit.request.method != "GET":
        seconds += settings.row_ms / 1000 * visit.request.body.count(b'"attributes"')
    return seconds


def _keys(visit: _Visit) -> frozenset[str]:
    try:
        body = visit.request.json()
    except SalesforceError:
        body = None
    prefixes = frozenset(each.key_prefix for each in visit.org.schema.objects() if each.key_prefix)
    return locks.keys_of(f"{visit.request.path},{','.join(visit.request.query.values())}", body, prefixes)


def _execute(visit: _Visit, locked: frozenset[str]) -> Reply:
    """Run the handler; what it wrote is kept when it answers and undone when it refuses."""
    org, request = visit.org, visit.request
    transaction = org.transaction(
        visit.user or org.user,
        visit.id,
        options=request.options(),
        row_faults=org.faults.for_rows(visit.facts),
        locked=locked,
    )
    version = org.schema.version
    org.connection.execute("BEGIN")
    try:
        found = visit.face.find(request)
        reply = found.handler(ApiCall(org, transaction, request, found.parts))
        members.count_members(transaction)
        org.connection.execute("COMMIT")
    except SalesforceError as error:
        org.connection.execute("ROLLBACK")
        org.forget_schema_since(version)
        return visit.refuse(error)
    except BaseException:
        org.connection.execute("ROLLBACK")
        org.forget_schema_since(version)
        raise
    org.remember_writes(transaction)
    return reply


def _dropped(visit: _Visit, rows: int) -> DroppedAnswerError:
    _record(visit, 0, rows)
    return DroppedAnswerError("the local org was told to drop this answer")


def _respond(visit: _Visit, reply: Reply) -> Response:
    _record(visit, reply.status, reply.rows)
    headers = {**reply.headers, "X-SFDC-Request-Id": visit.id}
    if visit.user is not None:
        headers["Sforce-Limit-Info"] = limits.header(visit.org)
    if reply.status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Token"
    if reply.content is not None:
        return StreamingResponse(_flow(reply.content.pieces), reply.status, headers, media_type=reply.content.media_type)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    if isinstance(reply.body, bytes):
        return Response(reply.body, reply.status, headers)
    return Response(json.dumps(reply.body), reply.status, headers, media_type=_JSON)


async def _flow(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Pass on what is made piece by piece, on the loop's own thread, as everything that reads the database is."""
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


def _record(visit: _Visit, status: int, rows: int) -> None:
    now = visit.org.clock.now()
    used, at = visit.org.calls.used(now), clock.stamp(now)
    request = visit.request
    path = f"{visit.face.root(request)}{request.path}"
    visit.org.calls.record(CallRecord(request.method, path, visit.facts.kind, rows, status, at, visit.id, used))
