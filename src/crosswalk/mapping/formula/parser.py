"""Tokens → tree, by precedence (a Pratt parser).

From loose to tight: `||`, `&&`, `= <>`, `< > <= >=`, `&`, `+ -`, `* /`, sign and `!`, `^`. Function names and numbers of arguments are
checked here, so that a formula that parses can run.
"""

from decimal import Decimal
from typing import Final

from crosswalk.mapping.formula.functions import ARITIES, Arity
from crosswalk.mapping.formula.tokens import FormulaSyntaxError, Kind, Token, tokens
from crosswalk.mapping.formula.tree import Binary, Call, Literal, Node, Reference, Unary
from crosswalk.mapping.nearest import did_you_mean

DEEPEST = 60
MOST_OPERATORS = 300  # each is a level of the tree in the worst case, and the tree is walked by recursion

_BINDING: Final = {
    "||": 1,
    "&&": 2,
    "=": 3,
    "<>": 3,
    "<": 4,
    ">": 4,
    "<=": 4,
    ">=": 4,
    "&": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "^": 9,
}
_SIGN = 8
_CONSTANTS: Final = {"TRUE": True, "FALSE": False, "NULL": None}


def parse(text: str) -> Node:
    """Return the tree of a formula; raise `FormulaSyntaxError` with the place and what was expected."""
    return _Parser(text).whole()


class _Parser:
    """Holds the tokens and how far we are; lives for one formula."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._depth = 0
        self._operators = 0

    def whole(self) -> Node:
        """Parse to the end."""
        node = self._expression(0)
        if self._current.kind is not Kind.END:
            raise self._unexpected("an operator or the end was expected")
        return node

    @property
    def _current(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _unexpected(self, expected: str) -> FormulaSyntaxError:
        return FormulaSyntaxError(self._text, self._current.position, expected)

    def _is(self, operator: str) -> bool:
        return self._current.kind is Kind.OPERATOR and self._current.text == operator

    def _expect(self, operator: str) -> None:
        if not self._is(operator):
            raise self._unexpected(f'"{operator}" was expected')
        self._at += 1

    def _expression(self, loosest: int) -> Node:
        """Parse an operand and all operators that bind tighter than `loosest`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._unexpected(f"a formula nests at most {DEEPEST} deep")
        left = self._operand()
        while self._current.kind is Kind.OPERATOR and _BINDING.get(self._current.text, 0) > loosest:
            self._operators += 1
            if self._operators > MOST_OPERATORS:
                raise self._unexpected(f"a formula has at most {MOST_OPERATORS} operators")
            token = self._take()
            binding = _BINDING[token.text]
            left = Binary(token.text, left, self._expression(binding - (token.text == "^")), token.position)
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        """Parse a value: a literal, an attribute, a function, something signed, or a group."""
        token = self._current
        match token.kind:
            case Kind.NUMBER:
                return Literal(Decimal(self._take().text), token.position)
            case Kind.TEXT:
                return Literal(self._take().text, token.position)
            case Kind.ATTRIBUTE:
                return self._reference()
            case Kind.NAME:
                return self._named()
            case _:
                return self._signed_or_grouped()

    def _reference(self) -> Node:
        token = self._take()
        if not token.text:
            raise FormulaSyntaxError(self._text, token.position, "an attribute's name stands between the braces")
        return Reference(token.text, token.position)

    def _signed_or_grouped(self) -> Node:
        token = self._current
        if self._is("("):
            self._take()
            node = self._expression(0)
            self._expect(")")
            return node
        if token.text in ("-", "+", "!") and token.kind is Kind.OPERATOR:
            self._take()
            return Unary(token.text, self._expression(_SIGN), token.position)
        raise self._unexpected('a value was expected: a number, "text", {attribute} or a function')

    def _named(self) -> Node:
        """Parse TRUE, FALSE, NULL or a function call."""
        token = self._take()
        name = token.text.upper()
        if not self._is("("):
            if name in _CONSTANTS:
                return Literal(_CONSTANTS[name], token.position)
            remedy = '"(" was expected behind a function' if name in ARITIES else "an attribute stands in {braces}, text in quotation marks"
            raise FormulaSyntaxError(self._text, token.position, remedy)
        if name in _CONSTANTS:
            self._take()
            self._expect(")")
            return Literal(_CONSTANTS[name], token.position)
        if name not in ARITIES:
            question = did_you_mean(name, ARITIES)
            raise FormulaSyntaxError(
                self._text, token.position, f"there is no function {name}{'.' + question if question else ''}".rstrip("?.")
            )
        arguments = self._arguments()
        self._check(token, ARITIES[name], len(arguments))
        return Call(name, arguments, token.position)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        arguments: list[Node] = []
        while not self._is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._expression(0))
        self._take()
        return tuple(arguments)

    def _check(self, token: Token, arity: Arity, count: int) -> None:
        """Refuse a call with too few, too many, or an even number of arguments where pairs are wanted."""
        if arity.fits(count):
            return
        raise FormulaSyntaxError(self._text, token.position, f"{token.text.upper()} takes {arity.sentence}, not {count}")
