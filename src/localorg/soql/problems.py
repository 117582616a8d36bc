"""What is wrong with a statement, and where: raised by every stage, turned into Salesforce's message in one place.

Salesforce quotes a few words of the offending line with a caret under the culprit; clients parse `ERROR at Row:1:Column:8` out of it.
"""

import re
from enum import StrEnum

from localorg.errors import SalesforceError

_WORDS_BEFORE = 4
_WORDS_AFTER = 5
_BAD_REQUEST = 400
_WORD = re.compile(r"'(?:\\.|[^'\\])*'?|[\w.:+-]+|[^\s\w]")


class Code(StrEnum):
    """The error codes a query can end with."""

    MALFORMED_QUERY = "MALFORMED_QUERY"
    INVALID_FIELD = "INVALID_FIELD"
    INVALID_TYPE = "INVALID_TYPE"
    INVALID_TYPE_FOR_OPERATION = "INVALID_TYPE_FOR_OPERATION"
    INVALID_OPERATOR = "INVALID_QUERY_FILTER_OPERATOR"
    OUTSIDE_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"
    TOO_COMPLICATED = "QUERY_TOO_COMPLICATED"


class QueryError(Exception):
    """A statement that cannot be answered; `at` is the offset of the culprit, or None where Salesforce names no place."""

    def __init__(self, code: Code, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at

    def refusal(self, text: str) -> SalesforceError:
        """Return the error a client of the query resource receives for this statement."""
        message = self.message if self.at is None else f"{place(text, self.at)}\n{self.message}"
        return SalesforceError(_BAD_REQUEST, self.code.value, message, fields=None)


def place(text: str, at: int) -> str:
    """Return the quoted words, the caret and the row and column of an offset, as Salesforce lays them out."""
    row = text.count("\n", 0, at) + 1
    line_start = text.rfind("\n", 0, at) + 1
    line_end = text.find("\n", at)
    column = at - line_start
    excerpt, caret = _excerpt(text[line_start : len(text) if line_end < 0 else line_end], column)
    return f"\n{excerpt}\n{' ' * caret}^\nERROR at Row:{row}:Column:{column + 1}"


def _excerpt(line: str, column: int) -> tuple[str, int]:
    words = [match.span() for match in _WORD.finditer(line)]
    culprit = next((index for index, (_, end) in enumerate(words) if end > column), len(words))
    first, last = culprit - _WORDS_BEFORE, culprit + _WORDS_AFTER
    start = words[first][0] if first > 0 else 0
    end = words[last][1] if last < len(words) - 1 else len(line)
    return line[start:end], column - start
