"""The clauses every kind of query has: FROM, WHERE, ORDER BY, LIMIT.

Whoever compiles a query asks for `Scope.source` last, because any clause may add a join to it.
"""

from localorg.soql import expressions, functions, semijoins, sql
from localorg.soql.filters import Filter
from localorg.soql.operands import Operand
from localorg.soql.problems import Code, QueryError
from localorg.soql.scope import NAME_HELP, Request, Scope
from localorg.soql.sql import Sql
from localorg.soql.tree import And, Comparison, Condition, Expression, Membership, Operator, Order, Path, Query, SemiJoin

_LINK = "ContentDocumentLink"
_LINK_KEYS = frozenset({"contentdocumentid", "linkedentityid"})


def open_scope(request: Request, query: Query, table: str = "t") -> Scope:
    """Return the scope of a query on an object, or refuse a name the org does not know."""
    path = query.source.path
    found = request.schema.object(str(path))
    if found is None:
        custom = "If you are attempting to use a custom object, be sure to append the '__c' after the entity name."
        raise QueryError(Code.INVALID_TYPE, f"sObject type '{path}' is not supported. {custom} {NAME_HELP}", path.at)
    if not found.queryable:
        raise QueryError(Code.INVALID_TYPE_FOR_OPERATION, f"entity type {found.name} does not support query", path.at)
    return with_aliases(Scope(request, found, table), query)


def conditions(scope: Scope, query: Query) -> list[Sql]:
    """Return everything WHERE asks of a row, hidden deletion included."""
    found = []
    if query.where is not None:
        semijoins.check(query.where, nested=False)
        found.append(row_filter(scope).sql(query.where))
    return found + _undeleted(scope)


def row_filter(scope: Scope) -> Filter:
    """Return the filter for conditions on single rows."""

    def resolve(expression: Expression) -> Operand:
        if expressions.is_aggregate(expression):
            raise QueryError(Code.MALFORMED_QUERY, "aggregate functions are not allowed in WHERE: use HAVING", expression.at)
        return functions.operand(scope, expression)

    def semijoin(leaf: SemiJoin) -> Sql:
        return _semijoin(scope, leaf, resolve(leaf.left))

    return Filter(resolve, semijoin, scope.request.now)


def limits(query: Query) -> Sql:
    """Return LIMIT and OFFSET; SQLite reads -1 as no limit."""
    return Sql("LIMIT ? OFFSET ?", (-1 if query.limit is None else query.limit, query.offset or 0))


def check_links(scope: Scope, query: Query) -> None:
    """Refuse a query on file links that does not say which file or which record."""
    if scope.base.name == _LINK and not any(_pins_link(scope, term) for term in _top_terms(query.where)):
        keys = "ContentDocumentId or LinkedEntityId"
        operators = "using the equals operator or multiple Id's using the IN operator"
        message = f"Implementation restriction: {_LINK} requires a filter by a single Id on {keys} {operators}."
        raise QueryError(Code.MALFORMED_QUERY, message)


def order_key(operand: Operand, key: Order) -> Sql:
    """Return one key of ORDER BY: nulls come first in both directions unless the query says otherwise."""
    if operand.field is not None and not (operand.field.sortable and operand.field.stored):
        raise QueryError(Code.MALFORMED_QUERY, f"field '{operand.name}' can not be sorted in a query call", operand.at)
    return sql.of("{}" + order_suffix(key), operand.sql)


def order_suffix(key: Order) -> str:
    """Return the direction of a key and where its nulls go."""
    return f"{' DESC' if key.descending else ''} NULLS {'LAST' if key.nulls_last else 'FIRST'}"


def with_aliases(scope: Scope, query: Query) -> Scope:
    """Return the scope once it knows the aliases of the FROM clause."""
    if query.source.alias is not None:
        scope.name_alias(query.source.alias, None)
    for source in query.more_sources:
        if source.alias is None:
            raise QueryError(Code.MALFORMED_QUERY, f"'{source.path}' needs an alias", source.path.at)
        scope.hop(source.path)
        scope.name_alias(source.alias, source.path)
    return scope


def order_by(scope: Scope, keys: tuple[Order, ...]) -> list[Sql]:
    """Return the ORDER BY clause of rows, or nothing when the order does not matter."""
    pieces = []
    for key in keys:
        if expressions.needs_grouping(key.expression):
            raise QueryError(Code.MALFORMED_QUERY, "only a query with GROUP BY can be ordered by this function", key.expression.at)
        pieces.append(order_key(functions.operand(scope, key.expression), key))
    return [sql.of("ORDER BY {}", sql.join(", ", pieces))] if pieces else []


def where(wanted: list[Sql]) -> list[Sql]:
    """Return the WHERE clause of all conditions, or nothing when there are none."""
    return [sql.of("WHERE {}", sql.all_of(wanted))] if wanted else []


def _semijoin(scope: Scope, leaf: SemiJoin, outer: Operand) -> Sql:
    path = semijoins.selected_path(outer, leaf)
    inner = open_scope(scope.request, leaf.query, f"{scope.table}s")
    if leaf.query.where is not None:
        semijoins.check(leaf.query.where, nested=True)
    operand = functions.operand(inner, path)
    wanted = conditions(inner, leaf.query)
    return semijoins.subquery(operand, inner.source, wanted)


def _undeleted(scope: Scope) -> list[Sql]:
    flag = scope.base.field("IsDeleted")
    if scope.request.include_deleted or flag is None or not flag.stored:
        return []
    return [Sql(f"{scope.table}.{sql.name(flag.name)} = 0")]


def _top_terms(where: Condition | None) -> tuple[Condition, ...]:
    if where is None:
        return ()
    return where.terms if isinstance(where, And) else (where,)


def _pins_link(scope: Scope, term: Condition) -> bool:
    match term:
        case Comparison(Path() as path, Operator.EQUAL, _) | Membership(Path() as path, _, False) | SemiJoin(Path() as path, _, False):
            return scope.column(path).key.lower() in _LINK_KEYS
        case _:
            return False
