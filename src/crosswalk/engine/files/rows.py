"""The rows of a table in commas, semicolons or tabs, each with the line it begins on.

A quote that is never closed would swallow everything behind it. The lines of a row that cannot be read are therefore read again, each for
itself: one broken row costs itself alone.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from crosswalk.engine.files.lines import TextLine

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, counted by its first line; `problem` says why there are none."""

    line: int
    cells: tuple[str, ...] = ()
    problem: str = ""
    is_undecoded: bool = False


class _Feed:
    """Hands lines to the reader, remembers those of the row under way, and takes lines back."""

    def __init__(self, lines: Iterator[TextLine], longest: int) -> None:
        self._lines = lines
        self._longest = longest
        self._again: deque[TextLine] = deque()
        self._size = 0
        self.taken: list[TextLine] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        if line.is_cut or self._size > self._longest:
            raise csv.Error(f"the row is longer than {self._longest:,} characters; a quote may not be closed")
        return line.text

    def begin(self) -> None:
        """Begin another row."""
        self.taken.clear()
        self._size = 0

    def give_back(self) -> None:
        """Take back all lines of the row under way but the first."""
        self._again.extendleft(reversed(self.taken[1:]))


def read(lines: Iterator[TextLine], longest: int) -> Iterator[Row]:
    """Return the rows that hold anything, the heading first; a row has at most `longest` characters."""
    csv.field_size_limit(longest)
    feed = _Feed(lines, longest)
    delimiter = _DELIMITERS[0]
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    is_heading = True
    while True:
        feed.begin()
        try:
            cells = next(reader)
            if is_heading and any(cells):
                delimiter = max(_DELIMITERS, key=lambda one: len(_cells(feed.taken, one)))
                cells = _cells(feed.taken, delimiter)
                reader = csv.reader(feed, delimiter=delimiter, strict=True)
                is_heading = False
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(feed.taken[0].number if feed.taken else 0, problem=str(error))
            feed.give_back()
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        if any(cells):
            yield Row(feed.taken[0].number, tuple(cells), is_undecoded=any(line.is_undecoded for line in feed.taken))


def _cells(lines: list[TextLine], delimiter: str) -> list[str]:
    """Return the cells of the heading under a delimiter; none where it cannot be read so."""
    try:
        return next(csv.reader((line.text for line in lines), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
