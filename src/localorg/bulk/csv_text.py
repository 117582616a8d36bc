"""CSV as Bulk jobs spell it: a delimiter by name, one line ending for the whole file, quotes doubled.

Rows are read with their place in the file, from windows of it, so that a large upload is never in memory as rows. Python's reader does
the splitting; it takes lines one by one, so the bytes it has taken when a row is complete are the row's.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from localorg.bulk.jobs import JobError

_WINDOW = 1 << 18
_DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}


class LineEnding(StrEnum):
    """What ends the lines of a file."""

    LF = "LF"
    CRLF = "CRLF"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one job's files are written."""

    delimiter: str = ","
    ending: LineEnding = LineEnding.LF

    @property
    def newline(self) -> str:
        """Return the characters that end a line."""
        return "\r\n" if self.ending is LineEnding.CRLF else "\n"


class CsvRow(NamedTuple):
    """The cells of a row and the bytes it was read from."""

    start: int
    length: int
    cells: list[str]


Piece = Callable[[int, int], bytes]
"""Gives the bytes of a file from a place on, at most so many."""


def dialect(settings: dict[str, object]) -> Dialect:
    """Return the dialect a job asks for; KeyError and ValueError name what is unknown."""
    name = str(settings.get("columnDelimiter") or "COMMA").upper()
    if name not in _DELIMITERS:
        raise ValueError(f"columnDelimiter must be one of {', '.join(_DELIMITERS)}, not {name}")
    ending = str(settings.get("lineEnding") or "LF").upper()
    if ending not in list(LineEnding):
        raise ValueError(f"lineEnding must be LF or CRLF, not {ending}")
    return Dialect(_DELIMITERS[name], LineEnding(ending))


def check_endings(pieces: Iterable[bytes], ending: LineEnding) -> None:
    """Refuse a file in which any line ends otherwise than declared, those inside quoted values included."""
    before = b""
    for piece in pieces:
        joined = before[-1:] + piece
        wrong = b"\r" in piece if ending is LineEnding.LF else joined.count(b"\n") != joined.count(b"\r\n") + before.endswith(b"\n")
        if wrong:
            raise JobError(f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {ending}")
        before = piece


def windows(piece: Piece, start: int = 0) -> Iterator[bytes]:
    """Return a file window by window."""
    while found := piece(start, _WINDOW):
        yield found
        start += len(found)


def rows(pieces: Iterable[bytes], start: int, spelling: Dialect) -> Iterator[CsvRow]:
    """Return the rows of a file from a place on, which must be the start of one; blank lines are no rows."""
    lines = _Lines(pieces, spelling.newline)
    reader = csv.reader(iter(lines), delimiter=spelling.delimiter, strict=True)
    begun = 0
    try:
        for cells in reader:
            taken = lines.taken
            if cells:
                yield CsvRow(start + begun, taken - begun, cells)
            begun = taken
    except csv.Error as problem:
        raise JobError(f"InvalidBatch : Failed to parse CSV at byte {start + begun}: {problem}") from problem
    except UnicodeDecodeError as problem:
        raise JobError(f"InvalidBatch : Failed to parse CSV at byte {start + begun}: it is not UTF-8") from problem


def quoted(lines: Iterable[Iterable[str]], spelling: Dialect) -> str:
    """Return lines of a result file: every cell in quotes."""
    file = io.StringIO()
    csv.writer(file, delimiter=spelling.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
    return file.getvalue()


class _Lines:
    """The lines of a file, and how many bytes have been taken so far."""

    def __init__(self, pieces: Iterable[bytes], newline: str) -> None:
        self.taken = 0
        self._pieces = pieces
        self._newline = newline

    def __iter__(self) -> Iterator[str]:
        rest, newline, end = b"", self._newline, self._newline.encode()
        for piece in self._pieces:
            *whole, rest = (rest + piece).split(end)
            for line in whole:
                self.taken += len(line) + len(end)
                yield line.decode() + newline
        if rest:
            self.taken += len(rest)
            yield rest.decode()
