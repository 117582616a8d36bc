"""The search of the top bar: one field for a person, a record, a delivery or a message."""

from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.web.callers import LookingPage
from crosswalk.web.console import pages

router = APIRouter(include_in_schema=False)


@router.get("/search")
async def search(request: Request, caller: LookingPage, q: str = "") -> Response:
    """Lead to the event log with what was searched for; it knows every kind of id."""
    del caller
    return pages.of(request).go(request, f"/event-log?{urlencode({'find': q.strip()})}" if q.strip() else "/event-log")
