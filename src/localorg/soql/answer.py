"""A SOQL statement → the records a client of the query resource receives.

The one place where this package meets the database, and where its errors become Salesforce's.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from localorg.schema import Schema
from localorg.soql import distances, functions, grouping, to_sql
from localorg.soql.parser import parse
from localorg.soql.problems import Code, QueryError
from localorg.soql.records import Record, Row
from localorg.soql.scope import Request
from localorg.soql.sql import Sql
from localorg.soql.tree import Query

# What SQLite says of a statement that is correct but beyond its limits.
_OVERSIZED = re.compile(r"too (?:large|many|long|big|complex)|overflow|at most")


@dataclass(frozen=True, slots=True)
class Answer:
    """All records of a query, and how many there are; `count()` has a size and no records."""

    total_size: int
    records: list[Record]


def run(
    connection: sqlite3.Connection,
    schema: Schema,
    text: str,
    *,
    include_deleted: bool,
    now: datetime,
    visible: Callable[[str, str], bool] | None = None,
    base_path: str = "/services/data/v60.0",
) -> Answer:
    """Return the answer to a statement, or raise SalesforceError as Salesforce would word it."""
    request = Request(schema, visible or _everything, now, include_deleted, base_path)
    try:
        return _answer(connection, request, parse(text))
    except QueryError as error:
        raise error.refusal(text) from error


def _everything(_object_name: str, _field_name: str) -> bool:
    return True


def _answer(connection: sqlite3.Connection, request: Request, query: Query) -> Answer:
    if grouping.is_count(query):
        ((count,),) = _rows(connection, grouping.compile_count(request, query))
        return Answer(count, [])
    if grouping.is_grouped(query):
        records = _groups(connection, grouping.compile_groups(request, query))
        return Answer(len(records), records)
    plan = to_sql.compile_rows(request, query)
    rows = _rows(connection, plan.statement)
    records = [record for _, record in _records(connection, plan, rows)]
    return Answer(len(records), records)


def _groups(connection: sqlite3.Connection, plan: grouping.GroupPlan) -> list[Record]:
    rows = _rows(connection, plan.statement)
    return [{"attributes": {"type": "AggregateResult"}, **{key: reader.read(row, ()) for key, reader in plan.readers}} for row in rows]


def _records(connection: sqlite3.Connection, plan: to_sql.RowPlan | to_sql.ChildPlan, rows: Sequence[Row]) -> list[tuple[Row, Record]]:
    children = [_children(connection, child, [row[plan.id_slot] for row in rows]) for child in plan.children]
    return [(row, record) for row in rows if (record := plan.shape.read(row, children)) is not None]


def _children(connection: sqlite3.Connection, plan: to_sql.ChildPlan, parent_ids: list[str]) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    rows = _rows(connection, plan.statement(parent_ids)) if parent_ids else []
    for row, record in _records(connection, plan, rows):
        found[row[plan.parent_slot]].append(record)
    return found


def _rows(connection: sqlite3.Connection, statement: Sql) -> list[Row]:
    if functions.DISTANCE in statement.text:
        distances.register(connection)
    cursor = connection.cursor()
    cursor.row_factory = None
    try:
        return cursor.execute(statement.text, statement.parameters).fetchall()
    except (sqlite3.OperationalError, sqlite3.DataError) as error:
        if _OVERSIZED.search(str(error)) is None:
            raise
        message = f"the query is too complicated: {error}. Select fewer fields, or split the conditions."
        raise QueryError(Code.TOO_COMPLICATED, message) from error
