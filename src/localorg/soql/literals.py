r"""Quoted values: from what was typed to what is meant, and back.

A LIKE pattern keeps a backslash before `%`, `_` and backslash, because that is how SQLite is told which of them are meant literally; all
other escapes are resolved. `quoted` and `quoted_pattern` are the inverse, so every value survives a round trip.
"""

import re

from localorg.soql.problems import Code, QueryError
from localorg.soql.tokens import Token

MAX_STRING = 4_000

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_PRINTED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f", "'": r"\'", "\\": r"\\"}
_WILD = "%_"
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_SPECIAL = re.compile(r"[\n\r\t\b\f'\\\ud800-\udfff]")
_SPECIAL_IN_PATTERN = re.compile(r"\\[%_\\]|" + _SPECIAL.pattern)


def unquoted(token: Token) -> str:
    """Return the value of a string token; an escape that does not exist is refused."""
    return _resolved(token, pattern=False)


def unquoted_pattern(token: Token) -> str:
    """Return the value of a string token after LIKE, with literal wildcards still marked by a backslash."""
    return _resolved(token, pattern=True)


def quoted(value: str) -> str:
    """Return a literal that means this value."""
    return f"'{_SPECIAL.sub(_print, value)}'"


def quoted_pattern(pattern: str) -> str:
    """Return the literal of a pattern as `unquoted_pattern` gave it."""
    return f"'{_SPECIAL_IN_PATTERN.sub(_print_in_pattern, pattern)}'"


def _resolved(token: Token, *, pattern: bool) -> str:
    def meaning(match: re.Match[str]) -> str:
        code, letter = match.groups()
        if code is not None:
            return _literal(chr(int(code, 16)), pattern=pattern)
        if pattern and letter in _WILD:
            return match.group()
        if letter.lower() in _ESCAPES:
            return _literal(_ESCAPES[letter.lower()], pattern=pattern)
        message = f"Invalid string literal {token.text}. Illegal character sequence '{match.group()}' in string literal."
        raise QueryError(Code.MALFORMED_QUERY, message, token.at)

    value = _joined_surrogates(_ESCAPE.sub(meaning, token.text[1:-1]))
    if len(value) > MAX_STRING:
        raise QueryError(Code.MALFORMED_QUERY, f"string literal is longer than the maximum of {MAX_STRING} characters", token.at)
    return value


def _literal(letter: str, *, pattern: bool) -> str:
    # Only a backslash needs its mark: `\u0025` in a pattern is a wildcard, as a typed `%` is.
    return r"\\" if pattern and letter == "\\" else letter


def _joined_surrogates(value: str) -> str:
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _print(match: re.Match[str]) -> str:
    letter = match.group()
    return _PRINTED.get(letter) or f"\\u{ord(letter):04X}"


def _print_in_pattern(match: re.Match[str]) -> str:
    found = match.group()
    return found if len(found) > 1 else _print(match)
