"""Grammar of a SOQL statement: text → tree, clause by clause in the order they are written.

Hand-written recursive descent. What a name means is not looked at here; only shapes that can never be right (a lone `count()` beside
other fields, `ALL ROWS`) are refused as they are read.
"""

from localorg.soql import conditions, expressions
from localorg.soql.cursor import Cursor
from localorg.soql.problems import Code, QueryError
from localorg.soql.tokens import Kind, tokenize
from localorg.soql.tree import (
    Children,
    Expression,
    Fields,
    FieldSet,
    Grouping,
    GroupKind,
    Item,
    Order,
    Path,
    Query,
    Selected,
    Source,
    TypeOf,
    When,
)

MAX_STATEMENT = 100_000
MAX_OFFSET = 2_000
MAX_NESTING = 5

_SECURITY = frozenset({"SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"})
_PURPOSES = frozenset({"VIEW", "REFERENCE", "UPDATE"})
_GROUP_KINDS = {"ROLLUP": GroupKind.ROLLUP, "CUBE": GroupKind.CUBE}


def parse(text: str) -> Query:
    """Return the tree of a statement, or raise QueryError with the place where it stops making sense."""
    if len(text) > MAX_STATEMENT:
        raise QueryError(Code.MALFORMED_QUERY, f"SOQL statements cannot be longer than {MAX_STATEMENT} characters.")
    cursor = Cursor(tokenize(text))
    query = _query(cursor, nesting=1)
    if cursor.at_words("ALL", "ROWS"):
        raise QueryError(Code.MALFORMED_QUERY, "ALL ROWS not allowed in this context", cursor.token.at)
    cursor.expect_kind(Kind.END)
    return query


def _query(cursor: Cursor, *, nesting: int) -> Query:
    at = cursor.token.at
    cursor.expect_words("SELECT")
    selected = _selected(cursor, nesting)
    cursor.expect_words("FROM")
    sources = _sources(cursor)
    return Query(
        selected=selected,
        source=sources[0],
        more_sources=sources[1:],
        scope=cursor.expect_kind(Kind.WORD).text.lower() if cursor.match_words("USING", "SCOPE") else None,
        where=conditions.condition(cursor, _subselect) if cursor.match_words("WHERE") else None,
        security=_security(cursor),
        grouping=_grouping(cursor),
        having=conditions.condition(cursor, _subselect) if cursor.match_words("HAVING") else None,
        order=_order(cursor),
        limit=cursor.expect_integer() if cursor.match_words("LIMIT") else None,
        offset=_offset(cursor),
        purposes=_purposes(cursor),
        at=at,
    )


def _subselect(cursor: Cursor) -> Query:
    # Semi-joins may not nest, but the rule is told by `semijoins`, with Salesforce's words; here only the depth is bounded.
    cursor.depth += 1
    if cursor.depth > conditions.MAX_DEPTH:
        raise QueryError(Code.TOO_COMPLICATED, f"conditions may be nested {conditions.MAX_DEPTH} deep at most", cursor.token.at)
    query = _query(cursor, nesting=MAX_NESTING)
    cursor.depth -= 1
    return query


def _selected(cursor: Cursor, nesting: int) -> tuple[Selected, ...]:
    selected = [_selection(cursor, nesting)]
    while cursor.match_symbol(","):
        selected.append(_selection(cursor, nesting))
    return tuple(selected)


def _selection(cursor: Cursor, nesting: int) -> Selected:
    if cursor.at_symbol("("):
        return _children(cursor, nesting)
    if cursor.at_words("TYPEOF"):
        return _typeof(cursor)
    if cursor.at_words("FIELDS") and cursor.ahead(1).text == "(":
        return _fields(cursor)
    found = expressions.expression(cursor)
    return Item(found, _alias(cursor))


def _children(cursor: Cursor, nesting: int) -> Children:
    at = cursor.token.at
    cursor.expect_symbol("(")
    if nesting >= MAX_NESTING:
        raise QueryError(Code.MALFORMED_QUERY, f"subqueries may be nested {MAX_NESTING} levels deep at most", at)
    query = _query(cursor, nesting=nesting + 1)
    cursor.expect_symbol(")")
    return Children(query)


def _alias(cursor: Cursor) -> str | None:
    if cursor.token.kind is not Kind.WORD or cursor.token.word in expressions.RESERVED:
        return None
    return cursor.advance().text


def _fields(cursor: Cursor) -> Fields:
    at = cursor.advance().at
    cursor.expect_symbol("(")
    kind = cursor.token.word
    if kind not in set(FieldSet):
        cursor.unexpected()
    cursor.advance()
    cursor.expect_symbol(")")
    return Fields(FieldSet(kind), at)


def _typeof(cursor: Cursor) -> TypeOf:
    at = cursor.advance().at
    relationship = expressions.path(cursor)
    whens: list[When] = []
    while cursor.at_words("WHEN") or not whens:
        cursor.expect_words("WHEN")
        name = expressions.name(cursor)
        cursor.expect_words("THEN")
        whens.append(When(name.text, expressions.paths(cursor), name.at))
    otherwise: tuple[Path, ...] = expressions.paths(cursor) if cursor.match_words("ELSE") else ()
    cursor.expect_words("END")
    return TypeOf(relationship, tuple(whens), otherwise, at)


def _sources(cursor: Cursor) -> tuple[Source, ...]:
    sources = [_source(cursor)]
    while cursor.match_symbol(","):
        sources.append(_source(cursor))
    return tuple(sources)


def _source(cursor: Cursor) -> Source:
    at = cursor.token.at
    # An object may be called as a keyword is: Group and Order are objects.
    parts = [cursor.expect_kind(Kind.WORD).text]
    while cursor.match_symbol("."):
        parts.append(cursor.expect_kind(Kind.WORD).text)
    if cursor.match_words("AS"):
        return Source(Path(tuple(parts), at), expressions.name(cursor).text)
    # ALL ROWS would otherwise read as an alias and a stray word.
    return Source(Path(tuple(parts), at), None if cursor.at_words("ALL", "ROWS") else _alias(cursor))


def _security(cursor: Cursor) -> str | None:
    if not cursor.match_words("WITH"):
        return None
    if cursor.token.word not in _SECURITY:
        cursor.unexpected()
    return cursor.advance().word


def _grouping(cursor: Cursor) -> Grouping | None:
    if not cursor.match_words("GROUP", "BY"):
        return None
    kind = _GROUP_KINDS.get(cursor.token.word) if cursor.ahead(1).text == "(" else None
    if kind is None:
        return Grouping(_expressions(cursor))
    cursor.advance()
    cursor.expect_symbol("(")
    found = _expressions(cursor)
    cursor.expect_symbol(")")
    return Grouping(found, kind)


def _expressions(cursor: Cursor) -> tuple[Expression, ...]:
    found = [expressions.expression(cursor)]
    while cursor.match_symbol(","):
        found.append(expressions.expression(cursor))
    return tuple(found)


def _order(cursor: Cursor) -> tuple[Order, ...]:
    if not cursor.match_words("ORDER", "BY"):
        return ()
    keys = [_order_key(cursor)]
    while cursor.match_symbol(","):
        keys.append(_order_key(cursor))
    return tuple(keys)


def _order_key(cursor: Cursor) -> Order:
    found = expressions.expression(cursor)
    descending = cursor.match_words("DESC")
    if not descending:
        cursor.match_words("ASC")
    if not cursor.match_words("NULLS"):
        return Order(found, descending)
    if cursor.match_words("FIRST"):
        return Order(found, descending, nulls_last=False)
    cursor.expect_words("LAST")
    return Order(found, descending, nulls_last=True)


def _offset(cursor: Cursor) -> int | None:
    if not cursor.match_words("OFFSET"):
        return None
    at = cursor.token.at
    offset = cursor.expect_integer()
    if offset > MAX_OFFSET:
        raise QueryError(Code.OUTSIDE_RANGE, f"Maximum SOQL offset allowed is {MAX_OFFSET}", at)
    return offset


def _purposes(cursor: Cursor) -> tuple[str, ...]:
    found: list[str] = []
    while cursor.match_words("FOR"):
        if cursor.token.word not in _PURPOSES:
            cursor.unexpected()
        found.append(cursor.advance().word)
    return tuple(found)
