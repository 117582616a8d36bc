"""Errors as HTTP answers: problem+json (RFC 9457) with a stable code, and the headers that say when to come back."""

import math
from datetime import datetime
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from crosswalk.errors import CrosswalkError, RequestRefused, RetryLater

PROBLEM = "application/problem+json"
_COME_BACK = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def status(error: CrosswalkError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, RequestRefused):
        return error.status
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, RetryLater) else HTTPStatus.INTERNAL_SERVER_ERROR


def headers(error: CrosswalkError, now: datetime) -> dict[str, str]:
    """Return `Retry-After` where the sender should try again."""
    if isinstance(error, RetryLater):
        return {"retry-after": str(max(1, math.ceil((error.due - now).total_seconds())))}
    return {"retry-after": str(error.facts.get("retry_after_seconds", 1))} if status(error) in _COME_BACK else {}


def code(error: CrosswalkError) -> str:
    """Return the stable code of an error."""
    return error.request_code if isinstance(error, RequestRefused) else error.code


def problem(error: CrosswalkError, now: datetime) -> Response:
    """Return the error as problem+json."""
    number = status(error)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(number).phrase,
        "status": number,
        "code": code(error),
        "detail": error.sentence,
    }
    return JSONResponse(body, number, headers(error, now), PROBLEM)
