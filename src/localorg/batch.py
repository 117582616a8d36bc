"""`/composite/batch`: up to 25 independent calls in one; unlike the rest of the family, every one of them counts as a call."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from localorg.api_call import ApiCall
from localorg.composite import Dispatch, malformed
from localorg.errors import SalesforceError
from localorg.requests import ApiRequest, Reply, refusal

_MOST = 25
_FAILED = 400
_HALTED = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
_PLACE = "/services/data/"


def run(call: ApiCall, dispatch: Dispatch) -> Reply:
    """Answer every call; those after a failure are halted when the request says so."""
    body = call.json()
    given = body.get("batchRequests") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given:
        raise malformed("The batchRequests property is required and must be a list of subrequests")
    if len(given) > _MOST:
        raise malformed(f"Limit of {_MOST} reached for operations in a batch request")
    parts = [_read(each) for each in given]
    call.org.calls.count(call.transaction.now, len(parts) - 1)
    halting = body.get("haltOnError") is True
    results: list[dict[str, Any]] = []
    for part in parts:
        if halting and any(each["statusCode"] >= _FAILED for each in results):
            results.append({"statusCode": 412, "result": _HALTED})
            continue
        reply = _answer(call, part, dispatch)
        results.append({"statusCode": reply.status, "result": reply.body})
    failed = any(each["statusCode"] >= _FAILED for each in results)
    return Reply(200, {"hasErrors": failed, "results": results}, rows=len(results))


def _read(given: Any) -> ApiRequest:
    if not isinstance(given, dict) or not isinstance(given.get("method"), str) or not isinstance(given.get("url"), str):
        raise malformed("Every subrequest needs a method and a url")
    pieces = urlsplit(given["url"])
    version, _, rest = pieces.path.removeprefix(_PLACE).lstrip("/").partition("/")
    number = version.removeprefix("v").partition(".")[0]
    if not version.startswith("v") or not number.isdecimal() or rest.lower().startswith(("composite/batch", "composite/graph")):
        raise malformed(f"The url of a subrequest begins with its version, as v60.0/sobjects/Account: {given['url']}")
    query = dict(parse_qsl(pieces.query, keep_blank_values=True))
    request = {"method": given["method"].upper(), "version": int(number), "path": "/" + unquote(rest), "query": query}
    return ApiRequest(**request, parsed=given["richInput"]) if "richInput" in given else ApiRequest(**request)


def _answer(call: ApiCall, request: ApiRequest, dispatch: Dispatch) -> Reply:
    try:
        with call.transaction.attempt():
            _check_version(call, request)
            return _without_blob(dispatch(call, request))
    except SalesforceError as error:
        return refusal(error)


def _check_version(call: ApiCall, request: ApiRequest) -> None:
    if request.version not in call.org.settings.versions:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)


def _without_blob(reply: Reply) -> Reply:
    if isinstance(reply.body, bytes):
        raise SalesforceError(400, "INVALID_OPERATION", "Blob fields cannot be read inside a batch request", None)
    return reply
