"""The way into Bulk API 1.0: `/services/async/<version>/…`, its resources, and how it is told who calls.

The session comes in `X-SFDC-Session` or as a bearer token. Everything else around a call is the gateway's.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from localorg import gateway
from localorg.api_call import ApiCall
from localorg.bulk1 import batch_calls, job_calls, spelling
from localorg.errors import SalesforceError
from localorg.faults import CallFacts
from localorg.gateway import Face
from localorg.org import Org
from localorg.requests import ApiRequest, Reply
from localorg.resources import Found

Handler = Callable[[ApiCall], Reply]

_PLACE = re.compile(r"/+services/async/(?P<version>\d+)(?:\.\d+)?(?P<rest>/.*)")
_ROUTES: tuple[tuple[str, re.Pattern[str], Mapping[str, Handler]], ...] = (
    ("bulk1Jobs", re.compile(r"/job"), {"POST": job_calls.create}),
    ("bulk1Job", re.compile(r"/job/(?P<job>\w+)"), {"GET": job_calls.show, "POST": job_calls.change}),
    ("bulk1Batches", re.compile(r"/job/(?P<job>\w+)/batch"), {"GET": batch_calls.every, "POST": batch_calls.create}),
    ("bulk1Batch", re.compile(r"/job/(?P<job>\w+)/batch/(?P<batch>\w+)"), {"GET": batch_calls.show}),
    ("bulk1Request", re.compile(r"/job/(?P<job>\w+)/batch/(?P<batch>\w+)/request"), {"GET": batch_calls.sent}),
    ("bulk1Result", re.compile(r"/job/(?P<job>\w+)/batch/(?P<batch>\w+)/result"), {"GET": batch_calls.result}),
    (
        "bulk1QueryResult",
        re.compile(r"/job/(?P<job>\w+)/batch/(?P<batch>\w+)/result/(?P<result>\w+)"),
        {"GET": batch_calls.query_result},
    ),
)


async def answer(org: Org, request: Request) -> Response:
    """Answer one call of version 1."""
    place = _PLACE.fullmatch(request.url.path)
    read = ApiRequest(
        method=request.method,
        version=int(place["version"]) if place is not None else 0,
        path=place["rest"] if place is not None else "/",
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers=dict(request.headers),
        body=await request.body(),
    )
    session = request.headers.get("x-sfdc-session")
    authorization = f"Bearer {session}" if session is not None else request.headers.get("authorization", "")
    return await gateway.serve(org, request, _FACE, read, authorization)


def _find(request: ApiRequest) -> Found:
    path = re.sub(r"/{2,}", "/", request.path).rstrip("/") or "/"
    for kind, pattern, methods in _ROUTES:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            text = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(methods)}"
            raise SalesforceError(405, "METHOD_NOT_ALLOWED", text, None)
        return Found(kind, match.groupdict(), handler)
    raise SalesforceError(404, "NOT_FOUND", f"The requested resource does not exist: {request.path}", None)


def _facts(request: ApiRequest) -> CallFacts:
    try:
        kind = _find(request).kind
    except SalesforceError:
        kind = "unknown"
    return CallFacts(kind, f"/async{request.path}", request.method, None)


_FACE = Face(
    root=lambda request: f"/services/async/{request.version}.0",
    find=_find,
    facts=_facts,
    refusal=spelling.refusal,
)
