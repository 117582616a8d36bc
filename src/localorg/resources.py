"""The table of REST resources, in the order of the public API reference, and the way from a path to a handler.

The same table serves calls over HTTP and the parts of a composite.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localorg import (
    batch,
    collection_rows,
    composite,
    describe,
    graph,
    layouts,
    limits,
    metadata_rest,
    people_access,
    query,
    recency,
    rest,
    search,
    tooling,
    tree,
)
from localorg.api_call import ApiCall
from localorg.bulk import routes as bulk_routes
from localorg.errors import SalesforceError
from localorg.faults import CallFacts
from localorg.requests import ApiRequest, Reply

Handler = Callable[[ApiCall], Reply]


@dataclass(frozen=True, slots=True)
class Resource:
    """A pattern of paths, and what each method does there."""

    kind: str
    pattern: re.Pattern[str]
    methods: Mapping[str, Handler]


@dataclass(frozen=True, slots=True)
class Found:
    """The resource of one request, the variable pieces of its path, and the handler."""

    kind: str
    parts: dict[str, str]
    handler: Handler


def find(request: ApiRequest) -> Found:
    """Return the resource a request is for; NOT_FOUND or METHOD_NOT_ALLOWED otherwise."""
    path = request.path.rstrip("/") or "/"
    for resource in RESOURCES:
        match = resource.pattern.fullmatch(path)
        if match is None:
            continue
        method = "GET" if request.method == "HEAD" else request.method
        handler = resource.methods.get(method)
        if handler is None:
            allowed = ",".join(["HEAD", *resource.methods] if "GET" in resource.methods else resource.methods)
            text = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
            raise SalesforceError(405, "METHOD_NOT_ALLOWED", text, None)
        return Found(resource.kind, match.groupdict(), handler)
    raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist", None)


def dispatch(call: ApiCall, request: ApiRequest) -> Reply:
    """Answer a request inside the transaction of another."""
    found = find(request)
    return found.handler(ApiCall(call.org, call.transaction, request, found.parts))


def facts(request: ApiRequest) -> CallFacts:
    """Return what fault rules and the call log know of a request; it never fails."""
    try:
        found = find(request)
    except SalesforceError:
        return CallFacts("unknown", request.path, request.method, None)
    name = found.parts.get("object")
    if name is None and found.kind == "collections":
        name = _type_of_first(request)
    kind = found.kind if name is None and found.kind != "collections" else f"{found.kind}:{request.method}:{name or '*'}"
    return CallFacts(kind, request.path, request.method, name)


def _type_of_first(request: ApiRequest) -> str | None:
    try:
        body: Any = request.json()
        return str(body["records"][0]["attributes"]["type"])
    except (SalesforceError, KeyError, IndexError, TypeError):
        return None


def _index(call: ApiCall) -> Reply:
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling")
    body = {name: f"{call.request.root}/{name}" for name in names}
    settings, user = call.org.settings, call.transaction.user
    return Reply(200, {**body, "identity": f"{call.request.origin}/id/{settings.org_id}/{user.id}"})


def _composite(call: ApiCall) -> Reply:
    return composite.run(call, dispatch)


def _batch(call: ApiCall) -> Reply:
    return batch.run(call, dispatch)


def _graph(call: ApiCall) -> Reply:
    return graph.run(call, dispatch, lambda request: find(request).kind)


def _resource(kind: str, pattern: str, **methods: Handler) -> Resource:
    return Resource(kind, re.compile(pattern), methods)


RESOURCES = (
    _resource("resources", r"/", GET=_index),
    _resource("describeGlobal", r"/sobjects", GET=describe.all_objects),
    _resource("sobject", r"/sobjects/(?P<object>\w+)", GET=describe.basic, POST=rest.create),
    _resource("describe", r"/sobjects/(?P<object>\w+)/describe", GET=describe.one_object),
    _resource("layouts", r"/sobjects/(?P<object>\w+)/describe/layouts", GET=layouts.layouts),
    _resource("layouts", r"/sobjects/(?P<object>\w+)/describe/layouts/(?P<id>\w+)", GET=layouts.one_layout),
    _resource("layouts", r"/sobjects/(?P<object>\w+)/describe/compactLayouts", GET=layouts.compact_layouts),
    _resource("layouts", r"/sobjects/(?P<object>\w+)/describe/approvalLayouts", GET=layouts.approval_layouts),
    _resource("sobject", r"/sobjects/(?P<object>\w+)/Id", POST=rest.create),
    _resource("updated", r"/sobjects/(?P<object>\w+)/updated", GET=recency.updated),
    _resource("deleted", r"/sobjects/(?P<object>\w+)/deleted", GET=recency.deleted),
    _resource("listviews", r"/sobjects/(?P<object>\w+)/(?:listviews|quickActions)", GET=layouts.nothing),
    _resource("password", r"/sobjects/User/(?P<id>\w{15,18})/password", GET=people_access.password, POST=people_access.set_password),
    _resource("record", r"/sobjects/(?P<object>\w+)/(?P<id>[^/]+)", GET=rest.read, PATCH=rest.change, DELETE=rest.delete),
    _resource(
        "upsert",
        r"/sobjects/(?P<object>\w+)/(?P<field>\w+)/(?P<value>.+)",
        GET=rest.read_by_key,
        PATCH=rest.upsert,
        DELETE=rest.delete_by_key,
    ),
    _resource("query", r"/query", GET=query.run),
    _resource("queryAll", r"/queryAll", GET=query.run_all),
    _resource("queryMore", r"/query(?:All)?/(?P<locator>[^/]+)", GET=query.next_page),
    _resource("composite", r"/composite", POST=_composite),
    _resource(
        "collections",
        r"/composite/sobjects",
        POST=collection_rows.create,
        PATCH=collection_rows.change,
        DELETE=collection_rows.delete,
    ),
    _resource("collections", r"/composite/sobjects/(?P<object>\w+)", GET=collection_rows.read, POST=collection_rows.read),
    _resource("collections", r"/composite/sobjects/(?P<object>\w+)/(?P<field>\w+)", PATCH=collection_rows.upsert),
    _resource("batch", r"/composite/batch", POST=_batch),
    _resource("tree", r"/composite/tree/(?P<object>\w+)", POST=tree.create),
    _resource("graph", r"/composite/graph", POST=_graph),
    _resource("search", r"/search", GET=search.run),
    _resource("parameterizedSearch", r"/parameterizedSearch", GET=search.by_parameters, POST=search.by_parameters),
    _resource("limits", r"/limits", GET=limits.show),
    *(_resource(kind, pattern, **methods) for kind, pattern, methods in bulk_routes.ROUTES),
    _resource("recordCount", r"/limits/recordCount", GET=recency.record_count),
    _resource("recent", r"/recent", GET=recency.recent),
    _resource("tabs", r"/tabs", GET=layouts.tabs),
    _resource("objectInfo", r"/ui-api/object-info/(?P<object>\w+)", GET=layouts.object_info),
    _resource(
        "picklistValues",
        r"/ui-api/object-info/(?P<object>\w+)/picklist-values/(?P<record_type>\w+)(?:/(?P<field>\w+))?",
        GET=layouts.picklist_values,
    ),
    _resource("tooling", r"/tooling", GET=tooling.index),
    _resource("toolingQuery", r"/tooling/query(?:All)?", GET=tooling.query),
    _resource("toolingAnonymous", r"/tooling/executeAnonymous", GET=tooling.execute_anonymous),
    _resource("toolingGlobal", r"/tooling/sobjects", GET=tooling.all_objects),
    _resource("tooling", r"/tooling/sobjects/(?P<object>\w+)", GET=tooling.basic, POST=tooling.create),
    _resource("toolingDescribe", r"/tooling/sobjects/(?P<object>\w+)/describe", GET=tooling.one_object),
    _resource(
        "toolingRecord",
        r"/tooling/sobjects/(?P<object>\w+)/(?P<id>[^/]+)",
        GET=tooling.read,
        PATCH=tooling.change,
        DELETE=tooling.delete,
    ),
    _resource("deploy", r"/metadata/deployRequest", POST=metadata_rest.deploy),
    _resource("deploy", r"/metadata/deployRequest/(?P<id>\w+)", GET=metadata_rest.status),
)
