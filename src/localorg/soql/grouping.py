"""A query that returns groups, as SQL: `count()`, aggregates, GROUP BY with ROLLUP and CUBE, HAVING.

ROLLUP and CUBE are several plain groupings put under each other: a field left out of one reads as null there, and GROUPING() tells that
null from a real one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

from localorg.schema import TEXTS, FieldType
from localorg.soql import clauses, expressions, functions, sql
from localorg.soql.filters import Filter
from localorg.soql.operands import Operand
from localorg.soql.problems import Code, QueryError
from localorg.soql.records import Formatted, Reader, reader
from localorg.soql.scope import Request, Scope
from localorg.soql.sql import Sql
from localorg.soql.tree import (
    RENDERINGS,
    Call,
    Children,
    Distance,
    Expression,
    Function,
    Grouping,
    GroupKind,
    Item,
    Order,
    Path,
    Query,
    Selected,
    SemiJoin,
)

MAX_MULTIPLIED = 3


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """How to get groups, and what each key of an aggregate record reads."""

    statement: Sql
    readers: tuple[tuple[str, Reader], ...]


def is_count(query: Query) -> bool:
    """Tell whether a query is `SELECT count()`, whose answer is a number without records."""
    return any(isinstance(each, Item) and each.expression == Call(Function.COUNT, None) for each in query.selected)


def is_grouped(query: Query) -> bool:
    """Tell whether a query returns groups instead of records."""
    if query.grouping is not None or query.having is not None:
        return True
    return any(isinstance(each, Item) and expressions.is_aggregate(each.expression) for each in query.selected)


def compile_count(request: Request, query: Query) -> Sql:
    """Return the statement that counts the rows of a `count()` query, or refuse."""
    if len(query.selected) > 1 or query.grouping is not None or query.having is not None or query.order:
        raise QueryError(
            Code.MALFORMED_QUERY, "count() must be the only element of the select list, without GROUP BY or ORDER BY", query.at
        )
    scope = clauses.open_scope(request, query)
    clauses.check_links(scope, query)
    wanted = clauses.conditions(scope, query)
    rows = sql.join(" ", [Sql("SELECT 1"), scope.source, *clauses.where(wanted), clauses.limits(query)])
    return sql.of("SELECT COUNT(*) FROM ({})", rows)


def compile_groups(request: Request, query: Query) -> GroupPlan:
    """Return the plan of a query that returns groups, or refuse."""
    if query.grouping is None and query.having is not None:
        raise QueryError(Code.MALFORMED_QUERY, "HAVING needs GROUP BY", query.at)
    scope = clauses.open_scope(request, query)
    clauses.check_links(scope, query)
    groups = Groups(scope, query.grouping)
    items = [_item(each) for each in query.selected]
    readers = _readers(items, [groups.resolve(item.expression, groups.keys) for item in items])
    wanted = clauses.conditions(scope, query)
    statements = [_statement(groups, items, query, present) for present in groups.sets]
    whole = [sql.of("{} {} {}", selected, sql.join(" ", [scope.source, *clauses.where(wanted)]), rest) for selected, rest in statements]
    keys = [f"k{number}{_collation(groups, key)}{clauses.order_suffix(key)}" for number, key in enumerate(query.order)]
    order = [Sql(f"ORDER BY {', '.join(keys)}")] if keys else []
    statement = sql.join(" ", [sql.of("SELECT * FROM ({})", sql.join(" UNION ALL ", whole)), *order, clauses.limits(query)])
    return GroupPlan(statement, readers)


class Groups:
    """What one query groups by; `keys` are the grouped expressions by their canonical text."""

    def __init__(self, scope: Scope, grouping: Grouping | None) -> None:
        self.scope = scope
        self.kind = grouping.kind if grouping else GroupKind.PLAIN
        self.keys = frozenset(self._key(each) for each in grouping.expressions) if grouping else frozenset()
        self.listed = [(self._key(each), self._groupable(each)) for each in grouping.expressions] if grouping else []
        if self.kind is not GroupKind.PLAIN and len(self.listed) > MAX_MULTIPLIED:
            message = f"GROUP BY {self.kind.name} takes {MAX_MULTIPLIED} fields at most"
            raise QueryError(Code.MALFORMED_QUERY, message, self.listed[MAX_MULTIPLIED][1].at)

    @property
    def sets(self) -> list[frozenset[str]]:
        """Return the groupings to put under each other, the finest first."""
        names = list(dict.fromkeys(key for key, _ in self.listed))
        if self.kind is GroupKind.ROLLUP:
            return [frozenset(names[:length]) for length in range(len(names), -1, -1)]
        if self.kind is GroupKind.CUBE:
            return [frozenset(chosen) for length in range(len(names), -1, -1) for chosen in combinations(names, length)]
        return [frozenset(names)]

    def resolve(self, expression: Expression, present: frozenset[str]) -> Operand:
        """Return an expression as one of these groupings sees it, or refuse one that is neither grouped nor an aggregate."""
        if isinstance(expression, Call) and expression.function is Function.GROUPING and self.kind is not GroupKind.PLAIN:
            return self._marker(expression, present)
        if expressions.is_aggregate(expression):
            return functions.operand(self.scope, expression)
        operand = functions.operand(self.scope, expression)
        bare = expression
        while self._key(bare) not in self.keys and isinstance(bare, Call) and bare.function in RENDERINGS and bare.argument is not None:
            bare = bare.argument
        if self._key(bare) not in self.keys:
            raise QueryError(Code.MALFORMED_QUERY, f"Field must be grouped or aggregated: {operand.name}", expression.at)
        return operand if self._key(bare) in present else replace(operand, sql=Sql("NULL"))

    def _marker(self, call: Call, present: frozenset[str]) -> Operand:
        if call.argument is None or self._key(call.argument) not in self.keys:
            raise QueryError(Code.MALFORMED_QUERY, "GROUPING() takes a field of the GROUP BY clause", call.at)
        return Operand(Sql("0" if self._key(call.argument) in present else "1"), FieldType.INT, "grouping", call.at)

    def _groupable(self, expression: Expression) -> Operand:
        if isinstance(expression, Distance) or expressions.is_aggregate(expression):
            raise QueryError(Code.MALFORMED_QUERY, "GROUP BY takes fields and date functions only", expression.at)
        operand = functions.operand(self.scope, expression)
        if isinstance(expression, Path) and operand.field is not None and not (operand.field.groupable and operand.field.stored):
            raise QueryError(Code.MALFORMED_QUERY, f"field '{operand.name}' can not be grouped in a query call", expression.at)
        return operand

    def _key(self, expression: Expression) -> str:
        match expression:
            case Path():
                return self.scope.column(expression).key
            case Call(function, argument):
                return f"{function}({'' if argument is None else self._key(argument)})"
            case Distance(path):
                return f"DISTANCE({self.scope.column(path).key})"


def _item(selected: Selected) -> Item:
    if isinstance(selected, Item):
        return selected
    at = selected.query.at if isinstance(selected, Children) else selected.at
    raise QueryError(Code.MALFORMED_QUERY, "a query with groups selects only grouped fields and aggregates", at)


def _statement(groups: Groups, items: list[Item], query: Query, present: frozenset[str]) -> tuple[Sql, Sql]:
    def resolve(expression: Expression) -> Operand:
        return groups.resolve(expression, present)

    columns = [sql.of(f"{{}} AS c{number}", resolve(item.expression).sql) for number, item in enumerate(items)]
    keys = [sql.of(f"{{}} AS k{number}", _sortable(resolve, key)) for number, key in enumerate(query.order)]
    grouped = [operand.sql for key, operand in groups.listed if key in present]
    tail = [sql.of("GROUP BY {}", sql.join(", ", grouped))] if grouped else []
    if query.having is not None:
        # SQLite takes HAVING without GROUP BY only beside an aggregate; the grand total of a ROLLUP may have neither.
        tail = tail or [Sql("GROUP BY NULL")]
        tail.append(sql.of("HAVING {}", Filter(resolve, _no_semijoin, groups.scope.request.now).sql(query.having)))
    return sql.of("SELECT {}", sql.join(", ", [*columns, *keys])), sql.join(" ", tail)


def _sortable(resolve: Callable[[Expression], Operand], key: Order) -> Sql:
    operand = resolve(key.expression)
    clauses.order_key(operand, key)
    return operand.sql


def _collation(groups: Groups, key: Order) -> str:
    operand = groups.resolve(key.expression, groups.keys)
    return " COLLATE NOCASE" if operand.type in TEXTS and not operand.case_sensitive else ""


def _no_semijoin(leaf: SemiJoin) -> Sql:
    raise QueryError(Code.MALFORMED_QUERY, "Semi join sub-selects are not allowed in HAVING", leaf.at)


def _readers(items: list[Item], operands: list[Operand]) -> tuple[tuple[str, Reader], ...]:
    readers: dict[str, Reader] = {}
    unnamed = 0
    for slot, (item, operand) in enumerate(zip(items, operands, strict=True)):
        key = item.alias
        if key is None and expressions.needs_grouping(item.expression):
            key, unnamed = f"expr{unnamed}", unnamed + 1
        key = key or operand.name
        if key.lower() in {seen.lower() for seen in readers}:
            raise QueryError(Code.MALFORMED_QUERY, f"duplicate alias: {key}", item.expression.at)
        formatting = isinstance(item.expression, Call) and item.expression.function is Function.FORMAT
        readers[key] = Formatted(slot, operand.type) if formatting else reader(slot, operand.type)
    return tuple(readers.items())
