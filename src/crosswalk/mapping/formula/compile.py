"""Tree → closures: a formula is compiled once and then costs a few calls per event.

The result is total: whatever an event holds, it returns JSON, `ABSENT` or a `FormulaError` with its place, and never raises. NOW() and
TODAY() are the event's own time, so that a replay computes the same. Where nothing or empty text comes out and an attribute was absent,
the result is absent too: what an event does not mention must never clear a field.
"""

from collections.abc import Callable
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from crosswalk.mapping.formula import parser, tree
from crosswalk.mapping.formula.functions import FUNCTIONS, Function
from crosswalk.mapping.formula.operators import OPERATORS, equal
from crosswalk.mapping.formula.values import FormulaError, incoming, is_blank, is_null, kind, outgoing
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import Event, SourceType

Run = Callable[[Event, tzinfo], Any]
Resolve = Callable[[str], tuple[Run, SourceType | None]]


def formula_reader(text: str, resolve: Resolve) -> Run:
    """Return a function from an event to the formula's value as JSON, `ABSENT` or `FormulaError`.

    `resolve` returns the reader and the type of an attribute and may raise; raises `FormulaSyntaxError` when the text cannot be read.
    """
    node = parser.parse(text)
    run = _compile(node, resolve)
    readers = [resolve(key)[0] for key in sorted(tree.references(node))]

    def read(event: Event, zone: tzinfo) -> Any:
        value = outgoing(run(event, zone))
        if is_blank(value) and any(one(event, zone) is ABSENT for one in readers):
            return ABSENT
        return value

    return read


def condition(text: str, resolve: Resolve) -> Callable[[Event, tzinfo], bool | FormulaError]:
    """Return a function from an event to yes or no; nothing is no, and what is neither is an error."""
    run = _compile(parser.parse(text), resolve)

    def decide(event: Event, zone: tzinfo) -> bool | FormulaError:
        return _flag(run(event, zone), "the condition", 0)

    return decide


def _compile(node: tree.Node, resolve: Resolve) -> Run:
    match node:
        case tree.Literal():
            value = node.value
            return lambda _event, _zone: value
        case tree.Reference():
            return _reference(node, resolve)
        case tree.Unary():
            return _unary(node, _compile(node.operand, resolve))
        case tree.Binary():
            return _binary(node, _compile(node.left, resolve), _compile(node.right, resolve))
        case tree.Call():
            arguments = [_compile(argument, resolve) for argument in node.arguments]
            special = _SPECIAL.get(node.name)
            return special(node.position, arguments) if special else _call(node, FUNCTIONS[node.name], arguments)


def _placed(value: Any, position: int) -> Any:
    """Give an error the place where it arose, unless it has one."""
    return FormulaError(value.message, position) if value.__class__ is FormulaError and value.position < 0 else value


def _reference(node: tree.Reference, resolve: Resolve) -> Run:
    read, source = resolve(node.key)
    position = node.position
    return lambda event, zone: _placed(incoming(read(event, zone), source, zone), position)


def _unary(node: tree.Unary, operand: Run) -> Run:
    position = node.position
    if node.operator == "!":
        return _not(position, [operand])
    minus = node.operator == "-"

    def sign(event: Event, zone: tzinfo) -> Any:
        value = operand(event, zone)
        if value.__class__ is FormulaError or is_null(value):
            return value
        if not isinstance(value, Decimal):
            return FormulaError(f"a sign takes a number, not {kind(value)}", position)
        return -value if minus else value

    return sign


def _binary(node: tree.Binary, left: Run, right: Run) -> Run:
    position = node.position
    if node.operator in ("&&", "||"):
        return _all(position, [left, right]) if node.operator == "&&" else _any(position, [left, right])
    operate = OPERATORS[node.operator]

    def run(event: Event, zone: tzinfo) -> Any:
        one = left(event, zone)
        if one.__class__ is FormulaError:
            return one
        other = right(event, zone)
        return other if other.__class__ is FormulaError else _placed(operate(one, other), position)

    return run


def _call(node: tree.Call, function: Function, arguments: list[Run]) -> Run:
    """Compile an ordinary function: arguments first, errors and nulls before the function sees them, then their kinds."""
    name, position = node.name, node.position
    kinds = function.parameters * len(arguments) if function.repeats else function.parameters

    def run(event: Event, zone: tzinfo) -> Any:
        values = []
        for argument in arguments:
            value = argument(event, zone)
            if value.__class__ is FormulaError:
                return value
            values.append(value)
        if function.spreads and any(is_null(value) for value in values):
            return None
        for value, expected in zip(values, kinds, strict=False):
            if not isinstance(value, expected) and not is_null(value):
                return FormulaError(f"{name}() does not take {kind(value)}", position)
        return _placed(function.run(zone, *values) if function.zoned else function.run(*values), position)

    return run


def _flag(value: Any, what: str, position: int) -> bool | FormulaError:
    """Return a value as yes or no: nothing is no."""
    if isinstance(value, bool | FormulaError):
        return value
    return False if is_null(value) else FormulaError(f"{what} takes yes or no, not {kind(value)}", position)


def _if(position: int, arguments: list[Run]) -> Run:
    test, then = arguments[:2]
    otherwise: Run = arguments[2] if len(arguments) > 2 else lambda _event, _zone: None  # noqa: PLR2004 - IF takes two or three

    def run(event: Event, zone: tzinfo) -> Any:
        decided = _flag(test(event, zone), "IF()", position)
        if decided.__class__ is FormulaError:
            return decided
        return then(event, zone) if decided else otherwise(event, zone)

    return run


def _all(position: int, arguments: list[Run]) -> Run:
    def run(event: Event, zone: tzinfo) -> bool | FormulaError:
        for argument in arguments:
            decided = _flag(argument(event, zone), "AND()", position)
            if decided is not True:
                return decided
        return True

    return run


def _any(position: int, arguments: list[Run]) -> Run:
    def run(event: Event, zone: tzinfo) -> bool | FormulaError:
        for argument in arguments:
            decided = _flag(argument(event, zone), "OR()", position)
            if decided is not False:
                return decided
        return False

    return run


def _not(position: int, arguments: list[Run]) -> Run:
    def run(event: Event, zone: tzinfo) -> bool | FormulaError:
        decided = _flag(arguments[0](event, zone), "NOT()", position)
        return decided if isinstance(decided, FormulaError) else not decided

    return run


def _case(position: int, arguments: list[Run]) -> Run:
    subject, *pairs, otherwise = arguments
    cases = list(zip(pairs[::2], pairs[1::2], strict=True))

    def run(event: Event, zone: tzinfo) -> Any:
        value = subject(event, zone)
        if value.__class__ is FormulaError:
            return value
        for candidate, result in cases:
            wanted = candidate(event, zone)
            same = wanted if wanted.__class__ is FormulaError else _placed(equal(value, wanted), position)
            if same.__class__ is FormulaError:
                return same
            if same:
                return result(event, zone)
        return otherwise(event, zone)

    return run


def _instead_of(is_missing: Callable[[Any], bool]) -> Callable[[int, list[Run]], Run]:
    def build(_position: int, arguments: list[Run]) -> Run:
        value_of, substitute = arguments

        def run(event: Event, zone: tzinfo) -> Any:
            value = value_of(event, zone)
            return substitute(event, zone) if is_missing(value) else value

        return run

    return build


def _now(_position: int, _arguments: list[Run]) -> Run:
    return lambda event, _zone: event.occurred_at.astimezone(UTC).replace(microsecond=0)


def _today(_position: int, _arguments: list[Run]) -> Run:
    return lambda event, zone: event.occurred_at.astimezone(zone).date()


_SPECIAL: dict[str, Callable[[int, list[Run]], Run]] = {
    "IF": _if,
    "AND": _all,
    "OR": _any,
    "NOT": _not,
    "CASE": _case,
    "BLANKVALUE": _instead_of(is_blank),
    "NULLVALUE": _instead_of(is_null),
    "TODAY": _today,
    "NOW": _now,
}
