"""Text of a formula → tokens, each with its place.

Attributes stand in {braces} and may be written as own paths, so a brace closes at the first `}`; `//` is no comment, as links hold it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from crosswalk.errors import ConfigurationError

LONGEST = 10_000


class Kind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    TEXT = "text"
    ATTRIBUTE = "attribute"
    NAME = "name"
    OPERATOR = "operator"
    END = "end"


class FormulaSyntaxError(ConfigurationError):
    """A formula cannot be read; the sentence shows where and what was expected."""

    code = "bad_formula"

    def __init__(self, text: str, position: int, expected: str) -> None:
        before, after = text[max(0, position - 20) : position], text[position : position + 20]
        super().__init__(f'The formula stops making sense at character {position + 1}, "{before}→{after}": {expected}.')
        self.position = position


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the formula: `text` is what it means (quotes and braces removed)."""

    kind: Kind
    text: str
    position: int


_PIECES = re.compile(
    r"""(?P<blank>\s+)
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<attribute>\{[^{}]*\})
    |(?P<name>[A-Za-z_]\w*)
    |(?P<operator><>|!=|<=|>=|==|&&|\|\||[-+*/^&=<>!(),])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r"}
_SPELLED = {"!=": "<>", "==": "="}


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a formula and an end; raise `FormulaSyntaxError` at a character that begins none."""
    if len(text) > LONGEST:
        raise FormulaSyntaxError(text, LONGEST, f"a formula has at most {LONGEST:,} characters")
    position = 0
    while position < len(text):
        found = _PIECES.match(text, position)
        if found is None:
            raise FormulaSyntaxError(text, position, _expected(text[position]))
        if found.lastgroup != "blank":
            yield Token(Kind(str(found.lastgroup)), _meaning(found), position)
        position = found.end()
    yield Token(Kind.END, "", position)


def _meaning(found: re.Match[str]) -> str:
    """Return what a piece stands for, without its quotes or braces."""
    piece = found[0]
    match found.lastgroup:
        case "text":
            return _ESCAPED.sub(lambda escaped: _MEANT.get(escaped[1], escaped[1]), piece[1:-1])
        case "attribute":
            return piece[1:-1].strip()
        case "operator":
            return _SPELLED.get(piece, piece)
        case _:
            return piece


def _expected(letter: str) -> str:
    """Say what is wrong with a character that begins no token."""
    if letter in "\"'":
        return "this quotation mark is never closed"
    if letter in "{}":
        return "an attribute stands between { and }"
    return f'"{letter}" means nothing in a formula'
