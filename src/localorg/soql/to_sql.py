"""A query that returns records, as SQL: one statement for the rows, one more for each subquery.

A subquery's statement is in two halves, because the ids of the parents go between them once their rows are known. Its LIMIT counts per
parent, which takes a window function.
"""

from dataclasses import dataclass

from localorg.schema import ObjectType
from localorg.soql import clauses, sql
from localorg.soql.problems import Code, QueryError
from localorg.soql.records import Shape
from localorg.soql.scope import NAME_HELP, Request, Scope
from localorg.soql.selection import Selection
from localorg.soql.sql import Sql
from localorg.soql.tree import Children, Fields, Item, Path, Query

MAX_SUBQUERIES = 20
DEEP_VERSION = 58

_PLACE = '"#place"'


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """A subquery: the rows of all parents come from one statement, given their ids; `parent_slot` tells whose each one is."""

    before_ids: Sql
    after_ids: Sql
    parent_slot: int
    shape: Shape
    id_slot: int
    children: tuple["ChildPlan", ...]

    def statement(self, parent_ids: list[str]) -> Sql:
        """Return the statement for these parents."""
        return sql.of("{}{}{}", self.before_ids, sql.array(parent_ids), self.after_ids)


@dataclass(frozen=True, slots=True)
class RowPlan:
    """How to get rows, and what to make of them."""

    statement: Sql
    shape: Shape
    id_slot: int
    children: tuple[ChildPlan, ...]


def compile_rows(request: Request, query: Query) -> RowPlan:
    """Return the plan of a query that returns records, or refuse."""
    scope = clauses.open_scope(request, query)
    clauses.check_links(scope, query)
    selection, children = _select(scope, query)
    wanted = clauses.conditions(scope, query)
    order = clauses.order_by(scope, query.order)
    statement = sql.join(" ", [_projection(selection), scope.source, *clauses.where(wanted), *order, clauses.limits(query)])
    return RowPlan(statement, selection.shape, selection.id_slot, children)


def _select(scope: Scope, query: Query) -> tuple[Selection, tuple[ChildPlan, ...]]:
    selection = Selection(scope)
    children: list[ChildPlan] = []
    for selected in query.selected:
        match selected:
            case Item():
                selection.add_item(selected)
            case Fields():
                selection.add_fields(selected, query.limit)
            case Children(subquery):
                relationship, plan = _children(scope, subquery)
                selection.add_children(relationship, len(children))
                children.append(plan)
            case _:
                selection.add_typeof(selected)
    if len(children) > MAX_SUBQUERIES:
        raise QueryError(Code.MALFORMED_QUERY, f"a query may hold {MAX_SUBQUERIES} subqueries at most", query.at)
    return selection, tuple(children)


def _children(parent: Scope, query: Query) -> tuple[str, ChildPlan]:
    if query.grouping is not None or query.having is not None:
        raise QueryError(Code.MALFORMED_QUERY, "GROUP BY is not allowed in a subquery", query.at)
    relationship, child, key = _child_relationship(parent, query.source.path)
    scope = clauses.with_aliases(Scope(parent.request, child, f"{parent.table}c"), query)
    selection, children = _select(scope, query)
    if children and _version(parent.request.base_path) < DEEP_VERSION:
        raise QueryError(Code.MALFORMED_QUERY, f"subqueries may nest from version {DEEP_VERSION} on", query.at)
    wanted = clauses.conditions(scope, query)
    order = clauses.order_by(scope, query.order)
    column = Sql(f"{scope.table}.{sql.name(key)}")
    before = sql.join(" ", [sql.of("{}, {}", _projection(selection), column), *_numbered(column, order, query), scope.source])
    before = sql.of("{} WHERE {} IN ", before, column)
    after = sql.join(" ", [Sql(""), *(sql.of("AND {}", each) for each in wanted)])
    if _windowed(query):
        first = query.offset or 0
        last = first + (query.limit if query.limit is not None else -1 - first)
        before = sql.of("SELECT * FROM ({}", before)
        after = sql.of("{}{}", after, Sql(f") WHERE {_PLACE} > ? AND (? < 0 OR {_PLACE} <= ?) ORDER BY {_PLACE}", (first, last, last)))
    else:
        after = sql.join(" ", [after, *order])
    return relationship, ChildPlan(before, after, len(selection.columns), selection.shape, selection.id_slot, children)


def _windowed(query: Query) -> bool:
    return query.limit is not None or query.offset is not None


def _numbered(column: Sql, order: list[Sql], query: Query) -> list[Sql]:
    if not _windowed(query):
        return []
    window = sql.join(" ", [sql.of("PARTITION BY {}", column), *order])
    return [sql.of(f", row_number() OVER ({{}}) AS {_PLACE}", window)]


def _child_relationship(parent: Scope, path: Path) -> tuple[str, ObjectType, str]:
    wanted = path.parts[-1].lower()
    for each in parent.request.schema.children(parent.base.name):
        child = parent.request.schema.object(each.child_object)
        known = each.relationship_name is not None and each.relationship_name.lower() == wanted and parent.is_base(path.parts[:-1])
        if known and child is not None and parent.request.visible(child.name, each.field):
            return str(each.relationship_name), child, each.field
    custom = "If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name."
    message = f"Didn't understand relationship '{path.parts[-1]}' in FROM part of query call. {custom} {NAME_HELP}"
    raise QueryError(Code.INVALID_TYPE, message, path.at)


def _projection(selection: Selection) -> Sql:
    return sql.of("SELECT {}", sql.join(", ", selection.columns))


def _version(base_path: str) -> float:
    try:
        return float(base_path.rpartition("/v")[2])
    except ValueError:
        return float(DEEP_VERSION)
