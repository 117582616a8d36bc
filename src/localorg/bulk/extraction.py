"""A query job: SOQL → lines of CSV, or of JSON and XML for version 1.

What the Bulk API does not answer is refused before anything runs: groups, offsets, subqueries, TYPEOF, FIELDS() and compound fields.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localorg import soap
from localorg.bulk import csv_text
from localorg.bulk.csv_text import Dialect
from localorg.errors import SalesforceError
from localorg.schema import COMPOUNDS, FieldType
from localorg.soql import clauses, functions, grouping, to_sql
from localorg.soql.parser import parse
from localorg.soql.problems import QueryError
from localorg.soql.records import Record
from localorg.soql.scope import Request, Scope
from localorg.soql.tree import Call, Expression, Item, Path, Query
from localorg.transaction import Transaction
from localorg.values import moment

_OFFSET = "+0000"


@dataclass(frozen=True, slots=True)
class Cell:
    """One selected value: where it stands in a record, and its type."""

    keys: tuple[str, ...]
    type: FieldType

    def of(self, record: Record) -> Any:
        """Return the value; None when a parent on the way is not there."""
        found: Any = record
        for key in self.keys:
            if found is None:
                return None
            found = found[key]
        return found


@dataclass(frozen=True, slots=True)
class Extraction:
    """A query that can run as a job."""

    plan: to_sql.RowPlan
    cells: tuple[Cell, ...]


def prepare(transaction: Transaction, text: str, *, include_deleted: bool, root: str) -> Extraction:
    """Return what a job will run; SalesforceError for a query it cannot."""
    request = Request(transaction.schema, lambda _object, _field: True, transaction.now, include_deleted, root)
    try:
        query = parse(text)
        _check_supported(query)
        cells = _cells(clauses.open_scope(request, query), query)
        return Extraction(to_sql.compile_rows(request, query), cells)
    except QueryError as error:
        raise error.refusal(text) from error


def csv_lines(connection: sqlite3.Connection, extraction: Extraction, spelling: Dialect) -> Iterator[str]:
    """Return the header and one line for each record."""
    yield csv_text.quoted([[".".join(each.keys) for each in extraction.cells]], spelling)
    for record in _records(connection, extraction):
        yield csv_text.quoted([[_shown(each.of(record)) for each in extraction.cells]], spelling)


def json_lines(connection: sqlite3.Connection, extraction: Extraction) -> Iterator[str]:
    """Return an empty line, which stands for a header, and each record as JSON, its datetimes as milliseconds since 1970."""
    yield ""
    moments = [each for each in extraction.cells if each.type is FieldType.DATETIME]
    for record in _records(connection, extraction):
        for each in moments:
            _make_number(record, each)
        yield json.dumps(record)


def xml_lines(connection: sqlite3.Connection, extraction: Extraction) -> Iterator[str]:
    """Return an empty line, which stands for a header, and each record as XML."""
    yield ""
    for record in _records(connection, extraction):
        yield soap.element("records", _sobject(record))


def _sobject(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {"@type": "sObject", "type": record["attributes"]["type"]}
    for name, value in record.items():
        if name != "attributes":
            shown[name] = _sobject(value) if isinstance(value, dict) else _shown(value) or None
    return shown


def _records(connection: sqlite3.Connection, extraction: Extraction) -> Iterator[Record]:
    plan = extraction.plan
    cursor = connection.cursor()
    cursor.row_factory = None
    for row in cursor.execute(plan.statement.text, plan.statement.parameters):
        record = plan.shape.read(row, ())
        if record is not None:
            yield record


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text.removesuffix(_OFFSET) + "Z" if text.endswith(".000" + _OFFSET) else text


def _make_number(record: Record, cell: Cell) -> None:
    text = cell.of(record)
    read = moment(text) if isinstance(text, str) else None
    if read is None:
        return
    found: Any = record
    for key in cell.keys[:-1]:
        found = found[key]
    found[cell.keys[-1]] = int(read.timestamp() * 1000)


def _check_supported(query: Query) -> None:
    if grouping.is_count(query) or grouping.is_grouped(query):
        raise _restricted("Aggregate Relationships not supported in Bulk Query")
    if query.offset is not None:
        raise _restricted("Offset not supported in Bulk Query")
    if not all(isinstance(each, Item) for each in query.selected):
        raise _restricted("Nested queries, TYPEOF and FIELDS() are not supported in Bulk Query")


def _cells(scope: Scope, query: Query) -> tuple[Cell, ...]:
    return tuple(_cell(scope, each) for each in query.selected if isinstance(each, Item))


def _cell(scope: Scope, item: Item) -> Cell:
    path = _innermost(item.expression)
    column = scope.column(path) if path is not None else None
    if column is not None and column.field.type in COMPOUNDS:
        raise _restricted("Selecting compound data not supported in Bulk Query")
    if column is not None and isinstance(item.expression, Path):
        return Cell((*column.hop.relationships, column.field.name), column.field.type)
    found = functions.operand(scope, item.expression)
    if item.alias is not None:
        return Cell((item.alias,), found.type)
    if column is None:
        raise _restricted("Give this function an alias to use it in Bulk Query")
    return Cell((*column.hop.relationships, found.name), found.type)


def _innermost(expression: Expression) -> Path | None:
    while isinstance(expression, Call) and expression.argument is not None:
        expression = expression.argument
    return expression if isinstance(expression, Path) else None


def _restricted(text: str) -> SalesforceError:
    return SalesforceError(400, "API_ERROR", f"Implementation restriction: {text}", None)
