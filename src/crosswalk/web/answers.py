"""Errors as HTTP answers: problem+json (RFC 9457) with a stable code, and the headers that say when to come back."""

import math
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response

from crosswalk.errors import (
    ConfigurationError,
    CrosswalkError,
    HoldDelivery,
    PauseConnection,
    Problem,
    Replan,
    ReplyLost,
    RequestRefused,
    RetryLater,
)

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


def status_for_people(error: CrosswalkError) -> int:
    """Return the HTTP status for the console and the REST API, where a mistake in what was entered is no failure of ours.

    The data plane must not use it: a client would throw an event away on it instead of sending it again.
    """
    if isinstance(error, ConfigurationError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, HoldDelivery | PauseConnection):
        return HTTPStatus.CONFLICT
    if isinstance(error, Replan | ReplyLost):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return status(error)


def problem(error: CrosswalkError, now: datetime, number: int | None = None, problems: Sequence[Problem] = ()) -> Response:
    """Return the error as problem+json; `problems` names each place that is wrong."""
    number = number or status(error)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(number).phrase,
        "status": number,
        "code": code(error),
        "detail": error.sentence,
    }
    if problems:
        body["problems"] = [{"code": one.code, "place": one.place, "sentence": one.sentence} for one in problems]
    return JSONResponse(body, number, headers(error, now), PROBLEM)
