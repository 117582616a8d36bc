"""Cuts a SOQL statement into tokens, each knowing where it stood.

It never fails but for an unclosed string: a character that belongs nowhere becomes a symbol, so that the parser can say
`unexpected token` with a place. Words stay words here; which of them are keywords depends on where they stand.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from localorg.soql.problems import Code, QueryError


class Kind(Enum):
    """What sort of token it is."""

    WORD = auto()
    RELATIVE = auto()
    STRING = auto()
    NUMBER = auto()
    DATE = auto()
    MOMENT = auto()
    TIME = auto()
    MONEY = auto()
    SYMBOL = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text` is exactly what was typed, quotes and escapes included."""

    kind: Kind
    text: str
    at: int

    @property
    def word(self) -> str:
        """Return the token in upper case if it is a word, otherwise nothing."""
        return self.text.upper() if self.kind is Kind.WORD else ""


_PATTERN = re.compile(
    r"""
      (?P<SPACE>\s+)
    | (?P<MOMENT>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<DATE>\d{4}-\d\d-\d\d(?![\w:-]))
    | (?P<TIME>\d\d:\d\d:\d\d(?:\.\d+)?Z)
    | (?P<NUMBER>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<RELATIVE>[A-Za-z]\w*:\d+)
    | (?P<MONEY>[A-Za-z]{3}\d+\.\d+)
    | (?P<WORD>[A-Za-z]\w*)
    | (?P<STRING>'(?:[^'\\]|\\.)*')
    | (?P<SYMBOL>[<>!]=|<>|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def tokenize(text: str) -> tuple[Token, ...]:
    """Return all tokens of a statement, an END token last; an unclosed string is the only thing refused."""
    tokens = [
        Token(Kind[str(match.lastgroup)], match.group(), match.start()) for match in _PATTERN.finditer(text) if match.lastgroup != "SPACE"
    ]
    quote = next((token for token in tokens if token.text == "'"), None)
    if quote is not None:
        raise QueryError(Code.MALFORMED_QUERY, "unexpected token: ''' (the string that begins here is not closed)", quote.at)
    return (*tokens, Token(Kind.END, "<EOF>", len(text)))
