"""Grammar of fields and functions: `Account.Name`, `COUNT(Id)`, `FORMAT(MIN(CloseDate))`, `DISTANCE(...)`.

A word that is a keyword may still begin a path when a dot follows (`Group.Name`), as in the real thing.
"""

from localorg.soql import literals
from localorg.soql.cursor import Cursor
from localorg.soql.problems import Code, QueryError
from localorg.soql.tokens import Kind, Token
from localorg.soql.tree import AGGREGATES, DATE_FUNCTIONS, RENDERINGS, Call, Distance, Expression, Function, Path

RESERVED = frozenset(
    {"AND", "ASC", "DESC", "EXCLUDES", "FROM", "GROUP", "HAVING", "IN", "INCLUDES", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET"}
    | {"OR", "ORDER", "SELECT", "USING", "WHERE", "WITH", "FOR", "TYPEOF", "THEN", "WHEN", "ELSE", "END", "TRUE", "FALSE", "NULLS"}
)
UNITS = frozenset({"km", "mi"})

_FUNCTIONS = {function.upper(): function for function in Function}
_MAY_HOLD = {
    Function.FORMAT: frozenset({Function.CONVERT_CURRENCY, Function.MIN, Function.MAX, Function.SUM, Function.AVG}),
    **dict.fromkeys(DATE_FUNCTIONS, frozenset({Function.CONVERT_TIMEZONE})),
}


def name(cursor: Cursor) -> Token:
    """Read one name that is no keyword."""
    if cursor.token.word in RESERVED:
        cursor.unexpected()
    return cursor.expect_kind(Kind.WORD)


def path(cursor: Cursor) -> Path:
    """Read names joined by dots."""
    first = cursor.token
    if first.word in RESERVED and cursor.ahead(1).text != ".":
        cursor.unexpected()
    parts = [cursor.expect_kind(Kind.WORD).text]
    while cursor.match_symbol("."):
        parts.append(cursor.expect_kind(Kind.WORD).text)
    return Path(tuple(parts), first.at)


def paths(cursor: Cursor) -> tuple[Path, ...]:
    """Read paths separated by commas."""
    found = [path(cursor)]
    while cursor.match_symbol(","):
        found.append(path(cursor))
    return tuple(found)


def expression(cursor: Cursor) -> Expression:
    """Read a path or a function."""
    if cursor.ahead(1).text != "(":
        return path(cursor)
    if cursor.token.word == "DISTANCE":
        return _distance(cursor)
    return _call(cursor, frozenset(Function))


def _call(cursor: Cursor, allowed: frozenset[Function]) -> Call:
    token = cursor.token
    function = _FUNCTIONS.get(token.word)
    if function is None or function not in allowed:
        cursor.unexpected()
    cursor.advance()
    cursor.expect_symbol("(")
    argument = _argument(cursor, function)
    cursor.expect_symbol(")")
    return Call(function, argument, token.at)


def _argument(cursor: Cursor, function: Function) -> Path | Call | None:
    if function is Function.COUNT and cursor.at_symbol(")"):
        return None
    if cursor.ahead(1).text == "(":
        return _call(cursor, _MAY_HOLD.get(function, frozenset()))
    return path(cursor)


def _distance(cursor: Cursor) -> Distance:
    at = cursor.advance().at
    cursor.expect_symbol("(")
    found = path(cursor)
    cursor.expect_symbol(",")
    cursor.expect_words("GEOLOCATION")
    cursor.expect_symbol("(")
    latitude = cursor.expect_kind(Kind.NUMBER).text
    cursor.expect_symbol(",")
    longitude = cursor.expect_kind(Kind.NUMBER).text
    cursor.expect_symbol(")")
    cursor.expect_symbol(",")
    unit = cursor.expect_kind(Kind.STRING)
    cursor.expect_symbol(")")
    if literals.unquoted(unit).lower() not in UNITS:
        raise QueryError(Code.MALFORMED_QUERY, "Invalid distance unit: use 'mi' or 'km'", unit.at)
    return Distance(found, latitude, longitude, literals.unquoted(unit).lower(), at)


def is_aggregate(found: Expression) -> bool:
    """Tell whether an expression makes one value of many rows."""
    if not isinstance(found, Call):
        return False
    return found.function in AGGREGATES or (found.function in RENDERINGS and found.argument is not None and is_aggregate(found.argument))


def needs_grouping(found: Expression) -> bool:
    """Tell whether SELECT and ORDER BY may hold an expression only in a query with groups."""
    return is_aggregate(found) or (isinstance(found, Call) and found.function in DATE_FUNCTIONS)
