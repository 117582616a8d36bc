"""`/composite`: up to 25 calls in one, each able to use the answers of those before it.

Every part runs through the same resources as a call of its own. A part that refers to a failed one is halted; with `allOrNone` one
failure undoes everything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from localorg.api_call import ApiCall
from localorg.errors import SalesforceError
from localorg.requests import ApiRequest, Reply, refusal

Dispatch = Callable[[ApiCall, ApiRequest], Reply]

_MOST_PARTS = 25
_MOST_HEAVY_PARTS = 5
_FAILED = 400
_HEAVY = re.compile(r"/(query|queryAll|composite/sobjects)(/|$)", re.IGNORECASE)
_PLACE = re.compile(r"/services/data/v(\d+)\.0(/.*)")
_NESTED = re.compile(r"/composite(?:/(?:batch|graph|tree/.*))?/?", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"@\{([^}]*)\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


class _AnyPartFailed(Exception):  # noqa: N818  # a signal that unwinds the attempt, never an answer
    """Undoes a composite that was all or none."""


@dataclass(frozen=True, slots=True)
class Part:
    """One call inside the composite."""

    method: str
    url: str
    reference_id: str
    body: Any
    headers: dict[str, str]


def run(call: ApiCall, dispatch: Dispatch) -> Reply:
    """Answer every part; 200 whatever became of them, 400 when the outer request is not well formed."""
    body = call.json()
    given = body.get("compositeRequest") if isinstance(body, dict) else None
    parts = read(given)
    if len(parts) > _MOST_PARTS:
        raise malformed(f"Limit of {_MOST_PARTS} reached for operations in a composite request")
    heavy = sum(1 for each in parts if _HEAVY.search(urlsplit(each.url).path))
    if heavy > _MOST_HEAVY_PARTS:
        raise malformed(f"Limit of {_MOST_HEAVY_PARTS} reached for query and sObject Collections operations in a composite request")
    done = answer(call, parts, dispatch, atomic=body.get("allOrNone") is True)
    return Reply(200, {"compositeResponse": shown(parts, done)}, rows=sum(each.rows for each in done.values()))


def read(given: Any) -> list[Part]:
    """Return the parts of a request; INVALID_REQUEST when one is not well formed."""
    if not isinstance(given, list) or not given:
        raise malformed("The compositeRequest property is required and must be a list of subrequests")
    parts = [_part(each) for each in given]
    names = [each.reference_id for each in parts]
    if len(set(names)) < len(names):
        raise malformed("Duplicate referenceId provided. Each referenceId must be unique within a composite request")
    return parts


def answer(call: ApiCall, parts: list[Part], dispatch: Dispatch, *, atomic: bool) -> dict[str, Reply]:
    """Return the answer of every part by its name; one failure undoes them all when they are atomic."""
    done: dict[str, Reply] = {}
    try:
        with call.transaction.attempt():
            for part in parts:
                done[part.reference_id] = _answer(call, part, done, dispatch)
            if atomic:
                _check_all(done)
    except _AnyPartFailed:
        done = {name: _undone(reply) for name, reply in done.items()}
    return done


def shown(parts: list[Part], done: dict[str, Reply]) -> list[dict[str, Any]]:
    """Return the answers in the order of the parts."""
    return [_shown(each, done[each.reference_id]) for each in parts]


def references(value: Any) -> set[str]:
    """Return the names of the parts that a value refers to."""
    if isinstance(value, str):
        return {re.split(r"[.\[]", found)[0] for found in _REFERENCE.findall(value)}
    if isinstance(value, dict):
        return {name for each in value.values() for name in references(each)}
    if isinstance(value, list):
        return {name for each in value for name in references(each)}
    return set()


def malformed(text: str) -> SalesforceError:
    """Return the refusal of an outer request."""
    return SalesforceError(400, "INVALID_REQUEST", text, None)


def _check_all(done: dict[str, Reply]) -> None:
    if any(each.status >= _FAILED for each in done.values()):
        raise _AnyPartFailed


def _part(given: Any) -> Part:
    if not isinstance(given, dict):
        raise malformed("Every subrequest must be an object")
    for name in ("method", "url", "referenceId"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise malformed(f"Required field missing in a subrequest: {name}")
    if _NAME.fullmatch(given["referenceId"]) is None:
        raise malformed(
            f"Invalid referenceId '{given['referenceId']}'. It must start with a letter and hold letters, digits and underscores"
        )
    sent = given.get("httpHeaders") or {}
    if not isinstance(sent, dict):
        raise malformed("The httpHeaders of a subrequest must be an object")
    headers = {name.lower(): str(value) for name, value in sent.items()}
    return Part(given["method"].upper(), given["url"], given["referenceId"], given.get("body"), headers)


def _answer(call: ApiCall, part: Part, done: dict[str, Reply], dispatch: Dispatch) -> Reply:
    try:
        url, body = _resolve(part.url, done), _resolve(part.body, done)
        request = _request(part, url, body)
        with call.transaction.attempt():
            return _without_blob(dispatch(call, request))
    except SalesforceError as error:
        return refusal(error)


def _without_blob(reply: Reply) -> Reply:
    if isinstance(reply.body, bytes):
        raise SalesforceError(400, "INVALID_OPERATION", "Blob fields cannot be read inside a composite request", None)
    return reply


def _request(part: Part, url: str, body: Any) -> ApiRequest:
    pieces = urlsplit(url)
    place = _PLACE.fullmatch(pieces.path)
    if place is None or _NESTED.fullmatch(place[2]):
        raise SalesforceError(
            400, "INVALID_OPERATION", f"The url of subrequest {part.reference_id} is not one a composite can call: {url}", None
        )
    query = dict(parse_qsl(pieces.query, keep_blank_values=True))
    if body is None:
        return ApiRequest(part.method, int(place[1]), unquote(place[2]), query, part.headers)
    return ApiRequest(part.method, int(place[1]), unquote(place[2]), query, part.headers, parsed=body)


def _resolve(value: Any, done: dict[str, Reply]) -> Any:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        if whole is not None:
            return _referred(whole[1], done)
        return _REFERENCE.sub(lambda found: str(_referred(found[1], done)), value)
    if isinstance(value, dict):
        return {name: _resolve(each, done) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolve(each, done) for each in value]
    return value


def _referred(path: str, done: dict[str, Reply]) -> Any:
    name, _, rest = path.partition(".")
    name, bracket, index = name.partition("[")
    reply = done.get(name)
    found = reply.body if reply is not None and reply.status < _FAILED else None
    for key, number in _STEP.findall(f"{bracket}{index}.{rest}"):
        if number:
            found = found[int(number)] if isinstance(found, list) and int(number) < len(found) else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        text = f"Invalid reference specified. No value for {path} found in {name}"
        raise SalesforceError(400, "PROCESSING_HALTED", text, None)
    return found


def _undone(reply: Reply) -> Reply:
    if reply.status >= _FAILED and reply.body[0].get("errorCode") != "PROCESSING_HALTED":
        return reply
    return Reply(400, [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}])


def _shown(part: Part, reply: Reply) -> dict[str, Any]:
    return {
        "body": reply.body,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": part.reference_id,
    }
