"""A few plain pages to look into the org: objects, records, a query, the last calls, the faults on order. No login, no script.

Every page is a function that fills one template; templates escape everything.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from localorg import ids
from localorg.errors import SalesforceError
from localorg.org import Org
from localorg.schema import FieldType, ObjectType
from localorg.soql import answer
from localorg.transaction import Row

Endpoint = Callable[[Org, Request], Awaitable[Response]]

_PAGE = 100
_CALLS_SHOWN = 200
_COLUMNS = ("Name", "LastName", "Subject", "Label", "Email", "Company", "Status", "CampaignId", "LeadId", "ContactId")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value on a page; `href` leads to the record that an id stands for."""

    label: str
    text: str
    href: str | None = None


async def _objects(org: Org, _request: Request) -> Response:
    counts = [(each, _count(org, each)) for each in org.schema.objects()]
    return _page("objects.html", org, objects=counts)


async def _records(org: Org, request: Request) -> Response:
    object_type = org.schema.object(request.path_params["object"])
    if object_type is None:
        return _missing(org, f"There is no object {request.path_params['object']}.")
    start = max(0, _number(request.query_params.get("start", "0")))
    sql = f'SELECT * FROM "{object_type.name}" ORDER BY "Id" LIMIT ? OFFSET ?'  # noqa: S608  # from the schema
    rows = [dict(each) for each in org.connection.execute(sql, (_PAGE + 1, start))]
    shown = [(row, [_cell(org, object_type, name, row) for name in _columns(object_type)]) for row in rows[:_PAGE]]
    following = start + _PAGE if len(rows) > _PAGE else None
    return _page("records.html", org, object=object_type, columns=_columns(object_type), rows=shown, following=following)


async def _record(org: Org, request: Request) -> Response:
    record_id = ids.canonical(request.path_params["id"]) or ""
    object_type = org.schema.object_of_prefix(record_id[:3])
    row = org.transaction(org.human).row(object_type.name, record_id) if object_type is not None else None
    if object_type is None or row is None:
        return _missing(org, f"There is no record {request.path_params['id']}.")
    cells = [_cell(org, object_type, each.name, row) for each in object_type.columns]
    return _page("record.html", org, object=object_type, row=row, cells=cells, children=_children(org, object_type, record_id))


async def _activity(org: Org, _request: Request) -> Response:
    summary = org.calls.summary()
    shown = {"kinds": summary["by_kind"], "calls": summary["calls"][: -_CALLS_SHOWN - 1 : -1]}
    return _page("activity.html", org, used=org.calls.used(org.clock.now()), **shown)


async def _soql(org: Org, request: Request) -> Response:
    text, everything = request.query_params.get("q", ""), "all" in request.query_params
    shown: dict[str, Any] = {"text": text, "all": everything, "problem": None, "answer": None, "columns": [], "rows": []}
    if not text.strip():
        return _page("soql.html", org, **shown)
    try:
        found = answer.run(org.connection, org.schema, text, include_deleted=everything, now=org.clock.now())
    except SalesforceError as problem:
        return _page("soql.html", org, **{**shown, "problem": f"{problem.code}: {problem.message}"})
    columns = [name for name in (found.records[0] if found.records else {}) if name != "attributes"]
    rows = [[_held(org, name, each.get(name)) for name in columns] for each in found.records[:_PAGE]]
    return _page("soql.html", org, **{**shown, "answer": found, "columns": columns, "rows": rows})


async def _orders(org: Org, _request: Request) -> Response:
    faults = [
        {"id": each.id, "do": each.do, "asked": each.asked, "fired": each.fired, "match": _picked(asdict(each.match))}
        for each in org.faults.all()
    ]
    return _page("faults.html", org, faults=faults)


def _picked(match: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in match.items() if value not in (None, ()))


def _held(org: Org, name: str, value: Any) -> Cell:
    if value is None:
        return Cell(name, "")
    linked = isinstance(value, str) and ids.canonical(value) == value and org.schema.object_of_prefix(value[:3]) is not None
    return Cell(name, value if isinstance(value, str) else json.dumps(value), f"/localorg/records/{value}" if linked else None)


ROUTES: tuple[tuple[str, Endpoint], ...] = (
    ("/localorg/", _objects),
    ("/localorg/objects/{object}", _records),
    ("/localorg/records/{id}", _record),
    ("/localorg/activity", _activity),
    ("/localorg/soql", _soql),
    ("/localorg/orders", _orders),
)


def render(template: str, org: Org, status: int, /, **context: Any) -> HTMLResponse:
    """Return a page filled from a template; templates escape everything."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("localorg"), autoescape=True, undefined=jinja2.StrictUndefined)
    return HTMLResponse(environment.get_template(template).render(org=org.settings, **context), status)


def _page(template: str, org: Org, **context: Any) -> HTMLResponse:
    return render(template, org, 200, **context)


def _missing(org: Org, sentence: str) -> HTMLResponse:
    return render("missing.html", org, 404, sentence=sentence)


def _columns(object_type: ObjectType) -> list[str]:
    return [name for name in _COLUMNS if object_type.field(name)]


def _cell(org: Org, object_type: ObjectType, name: str, row: Row) -> Cell:
    field, value = object_type.field(name), row.get(name)
    if value is None or field is None:
        return Cell(name, "")
    if field.type is FieldType.BOOLEAN:
        return Cell(name, "true" if value else "false")
    linked = field.type is FieldType.REFERENCE and org.schema.object_of_prefix(str(value)[:3]) is not None
    return Cell(name, str(value), f"/localorg/records/{value}" if linked else None)


def _children(org: Org, object_type: ObjectType, record_id: str) -> list[tuple[str, list[str]]]:
    found = []
    for child in org.schema.children(object_type.name):
        if child.relationship_name is None:
            continue
        sql = f'SELECT "Id" FROM "{child.child_object}" WHERE "{child.field}" = ? ORDER BY "Id" LIMIT ?'  # noqa: S608  # from the schema
        rows = [row["Id"] for row in org.connection.execute(sql, (record_id, _PAGE))]
        if rows:
            found.append((child.relationship_name, rows))
    return found


def _count(org: Org, object_type: ObjectType) -> int:
    sql = f'SELECT count(*) AS number FROM "{object_type.name}"'  # noqa: S608  # from the schema
    return int(org.connection.execute(sql).fetchone()["number"])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
