"""WHERE and HAVING as SQL.

SOQL knows two truth values where SQL knows three: `!=`, NOT IN and NOT keep rows whose field is null. NOT is therefore pushed down to the
single comparisons, and each negated one becomes `IS NOT TRUE`; AND and OR need no care, since null counts as false above them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from localorg.schema import IDS, TEXTS, FieldType
from localorg.soql import sql
from localorg.soql.operands import Bounds, Operand, bound
from localorg.soql.problems import Code, QueryError
from localorg.soql.sql import Parameter, Sql
from localorg.soql.tree import (
    And,
    Choices,
    Comparison,
    Condition,
    Expression,
    Leaf,
    Likeness,
    Membership,
    Not,
    Operator,
    Or,
    SemiJoin,
    Value,
)

_ORDERED = frozenset({Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL})


@dataclass(frozen=True, slots=True)
class Filter:
    """Translates conditions: `resolve` knows the names of the query at hand, `semijoin` how to nest another query."""

    resolve: Callable[[Expression], Operand]
    semijoin: Callable[[SemiJoin], Sql]
    now: datetime

    def sql(self, condition: Condition) -> Sql:
        """Return a condition as SQL, or refuse a value or operator that does not fit its field."""
        return self._any(condition, negated=False)

    def _any(self, condition: Condition, *, negated: bool) -> Sql:
        match condition:
            case Not(term):
                return self._any(term, negated=not negated)
            case And(terms) | Or(terms):
                pieces = [self._any(term, negated=negated) for term in terms]
                return sql.all_of(pieces) if isinstance(condition, And) != negated else sql.any_of(pieces)
            case _:
                return self._leaf(condition, negated=negated)

    def _leaf(self, leaf: Leaf, *, negated: bool) -> Sql:
        operand = _filterable(self.resolve(leaf.left))
        if isinstance(leaf, Comparison):
            found = self._comparison(operand, leaf)
        elif isinstance(leaf, SemiJoin):
            found = sql.of("{} IN ({})", operand.sql, self.semijoin(leaf))
        elif isinstance(leaf, Membership):
            found = self._membership(operand, leaf.values)
        elif isinstance(leaf, Likeness):
            found = _likeness(operand, leaf.pattern)
        else:
            found = _choices(operand, leaf)
        if not isinstance(leaf, Comparison) and leaf.negated:
            negated = not negated
        return sql.of("({}) IS NOT TRUE", found) if negated else found

    def _comparison(self, operand: Operand, leaf: Comparison) -> Sql:
        if operand.type in {FieldType.BOOLEAN, FieldType.MULTIPICKLIST} and leaf.operator in _ORDERED:
            raise _invalid_operator(operand)
        value = bound(operand, leaf.value, self.now)
        if isinstance(value, Bounds):
            return _within(operand, leaf.operator, value)
        if value is None:
            if leaf.operator in _ORDERED:
                raise _invalid_operator(operand)
            return sql.of("{} IS NULL" if leaf.operator is Operator.EQUAL else "{} IS NOT NULL", operand.sql)
        # IS NOT is SQLite's `!=` that counts null as a value of its own.
        operator = "IS NOT" if leaf.operator is Operator.NOT_EQUAL else leaf.operator.value
        return sql.of(f"{{}} {operator} {{}}", _left(operand), Sql("?", (value,)))

    def _membership(self, operand: Operand, values: tuple[Value, ...]) -> Sql:
        scalars: list[Parameter] = []
        terms: list[Sql] = []
        for value in values:
            found = bound(operand, value, self.now)
            if isinstance(found, Bounds):
                terms.append(_within(operand, Operator.EQUAL, found))
            elif found is None:
                terms.append(sql.of("{} IS NULL", operand.sql))
            else:
                scalars.append(found)
        if scalars:
            terms.insert(0, sql.of("{} IN {}", _left(operand), sql.array(scalars)))
        return sql.any_of(terms)


def _filterable(operand: Operand) -> Operand:
    if operand.type is FieldType.ADDRESS:
        raise QueryError(Code.INVALID_FIELD, "Address fields can only be filtered using Distance expressions", operand.at)
    if operand.field is not None and (not operand.field.filterable or not operand.field.stored):
        raise QueryError(Code.INVALID_FIELD, f"field '{operand.name}' can not be filtered in a query call", operand.at)
    return operand


def _left(operand: Operand) -> Sql:
    # A checkbox of a parent that is not there counts as not ticked.
    optional_flag = operand.type is FieldType.BOOLEAN and operand.optional
    return sql.of("COALESCE({}, 0)", operand.sql) if optional_flag else operand.sql


def _within(operand: Operand, operator: Operator, bounds: Bounds) -> Sql:
    start, end = Sql("?", (bounds.start,)), Sql("?", (bounds.end,))
    column = operand.sql
    match operator:
        case Operator.LESS:
            return sql.of("{} < {}", column, start)
        case Operator.LESS_OR_EQUAL:
            return sql.of("{} < {}", column, end)
        case Operator.GREATER:
            return sql.of("{} >= {}", column, end)
        case Operator.GREATER_OR_EQUAL:
            return sql.of("{} >= {}", column, start)
        case Operator.EQUAL:
            return sql.of("({} >= {} AND {} < {})", column, start, column, end)
        case Operator.NOT_EQUAL:
            return sql.of("({} >= {} AND {} < {}) IS NOT TRUE", column, start, column, end)


def _likeness(operand: Operand, pattern: str) -> Sql:
    if operand.type not in TEXTS or operand.type is FieldType.MULTIPICKLIST:
        raise _invalid_operator(operand)
    pattern = sql.storable(pattern)
    if operand.case_sensitive:
        return sql.of("{} GLOB {}", operand.sql, Sql("?", (_glob(pattern),)))
    return sql.of(r"{} LIKE {} ESCAPE '\'", operand.sql, Sql("?", (pattern,)))


def _glob(pattern: str) -> str:
    """Return a LIKE pattern in the language of GLOB, SQLite's case-sensitive sibling."""
    translated = []
    letters = iter(pattern)
    for letter in letters:
        if letter == "\\":
            letter = next(letters)  # noqa: PLW2901  # the letter after a backslash takes its place
        elif letter in "%_":
            translated.append("*" if letter == "%" else "?")
            continue
        translated.append(f"[{letter}]" if letter in "*?[" else letter)
    return "".join(translated)


def _choices(operand: Operand, leaf: Choices) -> Sql:
    if operand.type is not FieldType.MULTIPICKLIST:
        raise _invalid_operator(operand)
    return sql.any_of([sql.all_of([_has(operand, choice) for choice in text.value.split(";")]) for text in leaf.values])


def _has(operand: Operand, choice: str) -> Sql:
    wanted = Sql("?", (sql.storable(f";{choice.strip()};"),))
    return sql.of("instr(lower(';' || {} || ';'), lower({})) > 0", operand.sql, wanted)


def _invalid_operator(operand: Operand) -> QueryError:
    kind = "id" if operand.type in IDS else operand.type.value
    return QueryError(Code.INVALID_OPERATOR, f"invalid operator on {kind} field", operand.at)
