"""All resources of the REST API in their order, and its description."""

from functools import cache
from importlib import metadata
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.web.api import (
    alerts,
    api_tokens,
    audit,
    callouts,
    connections,
    conversations,
    deliveries,
    drift,
    forget,
    health,
    home,
    invitations,
    jobs,
    keys,
    mapping_lookups,
    mappings,
    previews,
    retention,
    runs,
    session,
    settings,
    source_objects,
    sources,
    sync_editing,
    syncs,
    test_deliveries,
    users,
    workspace,
)
from crosswalk.web.callers import CSRF_HEADER, SESSION_COOKIE, require

RESOURCES = (
    session,
    users,
    invitations,
    api_tokens,
    audit,
    connections,
    sources,
    source_objects,
    conversations,
    syncs,
    sync_editing,
    mappings,
    mapping_lookups,
    previews,
    test_deliveries,
    deliveries,
    runs,
    jobs,
    callouts,
    home,
    drift,
    settings,
    alerts,
    workspace,
    retention,
    forget,
    keys,
    health,
)
_DESCRIPTION = "Everything the console does. Errors are problem+json with a stable `code`; lists are read page by page with `after`."

router = APIRouter(prefix="/api")


class RefusalPlace(BaseModel):
    """One place of a request that is wrong."""

    code: str
    place: str
    sentence: str


class Refusal(BaseModel):
    """Why a request was refused, and what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    problems: list[RefusalPlace] = []


@router.get("/openapi.json", include_in_schema=False)
async def openapi(caller: Annotated[Caller, require(Permission.OWN_ACCOUNT)]) -> JSONResponse:
    """Return the description of the REST API."""
    del caller
    return JSONResponse(description())


def routes() -> list[BaseRoute]:
    """Return every route of the API."""
    return [route for module in RESOURCES for route in module.router.routes] + list(router.routes)


@cache
def description() -> dict[str, Any]:
    """Return the API as OpenAPI describes it."""
    document = get_openapi(title="Crosswalk", version=metadata.version("crosswalk"), description=_DESCRIPTION, routes=routes())
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": f"Needs {CSRF_HEADER} with changes."},
    }
    document["security"] = [{"token": []}, {"session": []}]
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["RefusalPlace"] = RefusalPlace.model_json_schema()
    schemas["Refusal"] = Refusal.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Refusal"].pop("$defs", None)
    refused = {"description": "Refused", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = refused
    return document
