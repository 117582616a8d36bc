"""Grammar of WHERE and HAVING.

AND, OR and NOT are never mixed without parentheses: what follows a mixed operator is an unexpected token, as in the real thing. Depth is
bounded here, so that no statement can exhaust the stack of any later stage.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

from localorg.soql import dates, expressions, literals
from localorg.soql.cursor import Cursor
from localorg.soql.problems import Code, QueryError
from localorg.soql.tokens import Kind, Token
from localorg.soql.tree import (
    And,
    Choices,
    ClockTime,
    Comparison,
    Condition,
    Day,
    Expression,
    Likeness,
    Membership,
    Moment,
    Not,
    Null,
    Number,
    Operator,
    Or,
    Query,
    Relative,
    SemiJoin,
    Text,
    Truth,
    Value,
)

MAX_DEPTH = 50

_OPERATORS = {**{operator.value: operator for operator in Operator}, "<>": Operator.NOT_EQUAL}
_CURRENCY_CODE = 3

Subselect = Callable[[Cursor], Query]


def condition(cursor: Cursor, subselect: Subselect) -> Condition:
    """Read a whole condition: terms joined by AND only or by OR only, or one NOT."""
    if cursor.match_words("NOT"):
        return Not(_simple(cursor, subselect))
    first = _simple(cursor, subselect)
    if cursor.at_words("AND"):
        return And((first, *_more_terms(cursor, subselect, "AND")))
    if cursor.at_words("OR"):
        return Or((first, *_more_terms(cursor, subselect, "OR")))
    return first


def _more_terms(cursor: Cursor, subselect: Subselect, joint: str) -> list[Condition]:
    terms = []
    while cursor.match_words(joint):
        terms.append(_simple(cursor, subselect))
    return terms


def _simple(cursor: Cursor, subselect: Subselect) -> Condition:
    if not cursor.at_symbol("("):
        return _leaf(cursor, subselect)
    if cursor.depth >= MAX_DEPTH:
        raise QueryError(Code.TOO_COMPLICATED, f"conditions may be nested {MAX_DEPTH} deep at most", cursor.token.at)
    cursor.advance()
    cursor.depth += 1
    found = condition(cursor, subselect)
    cursor.depth -= 1
    cursor.expect_symbol(")")
    return found


def _leaf(cursor: Cursor, subselect: Subselect) -> Condition:
    left = expressions.expression(cursor)
    operator = _OPERATORS.get(cursor.token.text)
    if operator is not None:
        cursor.advance()
        return Comparison(left, operator, _value(cursor))
    if cursor.match_words("INCLUDES"):
        return Choices(left, _texts(cursor))
    if cursor.match_words("EXCLUDES"):
        return Choices(left, _texts(cursor), negated=True)
    negated = cursor.match_words("NOT")
    if cursor.match_words("LIKE"):
        at = cursor.token.at
        return Likeness(left, literals.unquoted_pattern(cursor.expect_kind(Kind.STRING)), negated, at)
    cursor.expect_words("IN")
    return _membership(cursor, subselect, left, negated=negated)


def _membership(cursor: Cursor, subselect: Subselect, left: Expression, *, negated: bool) -> Condition:
    at = cursor.token.at
    cursor.expect_symbol("(")
    if cursor.at_words("SELECT"):
        query = subselect(cursor)
        cursor.expect_symbol(")")
        return SemiJoin(left, query, negated, at)
    values = [_value(cursor)]
    while cursor.match_symbol(","):
        values.append(_value(cursor))
    cursor.expect_symbol(")")
    return Membership(left, tuple(values), negated)


def _texts(cursor: Cursor) -> tuple[Text, ...]:
    cursor.expect_symbol("(")
    values = [_text(cursor.expect_kind(Kind.STRING))]
    while cursor.match_symbol(","):
        values.append(_text(cursor.expect_kind(Kind.STRING)))
    cursor.expect_symbol(")")
    return tuple(values)


def _text(token: Token) -> Text:
    return Text(literals.unquoted(token), token.at)


def _value(cursor: Cursor) -> Value:
    token = cursor.token
    read = _READERS.get(token.kind)
    value = read(token) if read else None
    if value is None:
        cursor.unexpected()
    cursor.advance()
    return value


def _number(token: Token) -> Number:
    return Number(token.text, at=token.at)


def _day(token: Token) -> Day:
    try:
        date.fromisoformat(token.text)
    except ValueError as error:
        raise QueryError(Code.MALFORMED_QUERY, f"Invalid date: {token.text}", token.at) from error
    return Day(token.text, token.at)


def _moment(token: Token) -> Moment:
    try:
        datetime.fromisoformat(token.text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise QueryError(Code.MALFORMED_QUERY, f"Invalid datetime: {token.text}", token.at) from error
    return Moment(token.text, token.at)


def _clock_time(token: Token) -> ClockTime:
    try:
        datetime.fromisoformat(f"2000-01-01T{token.text}")
    except ValueError as error:
        raise QueryError(Code.MALFORMED_QUERY, f"Invalid time: {token.text}", token.at) from error
    return ClockTime(token.text, token.at)


def _counted(token: Token) -> Relative | None:
    word, _, digits = token.text.partition(":")
    if word.upper() not in dates.COUNTED:
        return None
    if len(digits) > dates.MAX_COUNT_DIGITS:
        raise QueryError(Code.MALFORMED_QUERY, f"numeric value out of range: {digits}", token.at)
    return Relative(word.upper(), int(digits), token.at)


def _word(token: Token) -> Value | None:
    word = token.word
    if word in {"TRUE", "FALSE"}:
        return Truth(word == "TRUE", token.at)
    if word == "NULL":
        return Null(token.at)
    if word in dates.PLAIN:
        return Relative(word, at=token.at)
    return _money(token) if word[:_CURRENCY_CODE].isalpha() and word[_CURRENCY_CODE:].isdigit() else None


def _money(token: Token) -> Number:
    return Number(token.text[_CURRENCY_CODE:], token.text[:_CURRENCY_CODE].upper(), token.at)


_READERS: dict[Kind, Callable[[Token], Value | None]] = {
    Kind.STRING: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _day,
    Kind.MOMENT: _moment,
    Kind.TIME: _clock_time,
    Kind.RELATIVE: _counted,
    Kind.MONEY: _money,
    Kind.WORD: _word,
}
