"""Errors at the edge: programs get problem+json, people a page, each with the stable code and what to do next."""

from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crosswalk.errors import CrosswalkError, MappingError, Problem, RequestRefused
from crosswalk.web import answers, callers
from crosswalk.web.console.pages import Pages

_FOR_PROGRAMS = ("/api/", "/v1/", "/hooks/", "/pixel/", "/beacon/", "/static/", "/healthz", "/readyz", "/metrics")
_SENTENCES = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method_not_allowed", "This address does not take that method."),
}
_UNEXPECTED = "Something went wrong that should not; what was accepted is kept. Try again, and if it stays so, report the request id."


async def of_crosswalk(request: Request, error: Exception) -> Response:
    """Answer an error that was raised on purpose."""
    if not isinstance(error, CrosswalkError):
        raise error
    is_api = request.url.path.startswith("/api/")
    status = answers.status_for_people(error) if is_api or _is_page(request) else answers.status(error)
    if _is_page(request):
        pages: Pages = request.app.state.pages
        return await pages.failed(request, status, answers.code(error), error.sentence)
    response = answers.problem(error, callers.services(request).clock.now(), status, _problems(error))
    if status == HTTPStatus.UNAUTHORIZED and is_api:
        response.headers["www-authenticate"] = "Bearer"
    return response


async def of_validation(request: Request, error: Exception) -> Response:
    """Answer input that does not fit what the route takes, with every place."""
    if not isinstance(error, RequestValidationError):
        raise error
    problems = [Problem(str(one["type"]), _place(one["loc"]), f"{one['msg']}.") for one in error.errors()]
    sentence = "The request does not fit; nothing was done. Each place that does not is listed."
    refused = RequestRefused("invalid_request", sentence, 422, problems=problems)
    return await of_crosswalk(request, refused)


async def of_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refused: no such address, no such method, a redirect."""
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code < HTTPStatus.BAD_REQUEST or "hx-redirect" in (error.headers or {}):
        return Response(status_code=error.status_code, headers=error.headers)
    code, sentence = _SENTENCES.get(HTTPStatus(error.status_code), ("refused", str(error.detail)))
    response = await of_crosswalk(request, RequestRefused(code, sentence, error.status_code))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def of_mistake(request: Request, error: Exception) -> Response:
    """Answer an error nobody expected; it goes on to the server's log, and the answer says nothing of it but the request's id."""
    del error
    if _is_page(request):
        pages: Pages = request.app.state.pages
        return await pages.failed(request, HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected", _UNEXPECTED)
    body = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "unexpected", "detail": _UNEXPECTED}
    return JSONResponse(body, 500, media_type=answers.PROBLEM)


def _is_page(request: Request) -> bool:
    return not request.url.path.startswith(_FOR_PROGRAMS)


def _problems(error: CrosswalkError) -> list[Problem]:
    if isinstance(error, MappingError):
        return error.problems
    given: Any = error.facts.get("problems", [])
    if not given and isinstance(field := error.facts.get("field"), str):
        return [Problem(answers.code(error), field, error.sentence)]
    return [one for one in given if isinstance(one, Problem)]


def _place(location: tuple[Any, ...]) -> str:
    parts = location[1:] if location and location[0] in ("body", "query", "path") else location
    return ".".join(str(part) for part in parts) or "body"
