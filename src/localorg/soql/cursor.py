"""A place in the token stream, and the small vocabulary the grammar is written in: match, expect, unexpected.

`match_*` consumes and says whether it did; `expect_*` consumes or refuses the statement at the token it met.
"""

from typing import NoReturn

from localorg.soql.problems import Code, QueryError
from localorg.soql.tokens import Kind, Token

MAX_INTEGER = 2**31 - 1


class Cursor:
    """Walks over tokens; the last one, END, is never passed."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        """The token the cursor stands before."""
        return self._tokens[self._index]

    def ahead(self, distance: int) -> Token:
        """Return a later token without moving; beyond the end it is END."""
        return self._tokens[min(self._index + distance, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def at_words(self, *words: str) -> bool:
        """Tell whether these words, in any case, come next."""
        return all(self.ahead(distance).word == word for distance, word in enumerate(words))

    def match_words(self, *words: str) -> bool:
        """Step over these words if they all come next."""
        if not self.at_words(*words):
            return False
        self._index += len(words)
        return True

    def expect_words(self, *words: str) -> None:
        """Step over these words, or refuse."""
        for word in words:
            if not self.match_words(word):
                self.unexpected()

    def at_symbol(self, symbol: str) -> bool:
        """Tell whether this symbol comes next."""
        return self.token.kind is Kind.SYMBOL and self.token.text == symbol

    def match_symbol(self, symbol: str) -> bool:
        """Step over this symbol if it comes next."""
        if not self.at_symbol(symbol):
            return False
        self._index += 1
        return True

    def expect_symbol(self, symbol: str) -> None:
        """Step over this symbol, or refuse."""
        if not self.match_symbol(symbol):
            self.unexpected()

    def expect_kind(self, kind: Kind) -> Token:
        """Step over a token of this kind and return it, or refuse."""
        if self.token.kind is not kind:
            self.unexpected()
        return self.advance()

    def expect_integer(self) -> int:
        """Step over a whole number that is not negative and return it, or refuse."""
        token = self.expect_kind(Kind.NUMBER)
        if not (token.text.isascii() and token.text.isdigit()):
            raise QueryError(Code.MALFORMED_QUERY, f"unexpected token: '{token.text}'", token.at)
        # The length comes first: turning thousands of digits into a number is slow, and past a limit Python refuses.
        if len(token.text) > len(str(MAX_INTEGER)) or int(token.text) > MAX_INTEGER:
            raise QueryError(Code.MALFORMED_QUERY, f"numeric value out of range: {token.text}", token.at)
        return int(token.text)

    def unexpected(self) -> NoReturn:
        """Refuse the statement at the current token."""
        raise QueryError(Code.MALFORMED_QUERY, f"unexpected token: '{self.token.text}'", self.token.at)
