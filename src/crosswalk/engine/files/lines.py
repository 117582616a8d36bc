"""The text of a file, line by line, whatever it is packed and encoded in.

A line is never held in memory beyond the largest body we take: what is longer is passed over and named. Bytes that are not of the encoding
stay in the text as lone surrogates, so that only the lines they stand in are refused.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from crosswalk.errors import RequestRefused

ENCODING = "utf-8"
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BUFFER = 1 << 20
_UNDECODED = re.compile("[\udc80-\udcff]")
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line with its end, counted from 1; `is_cut` says that it was too long, and its rest was passed over."""

    number: int
    text: str
    is_cut: bool = False

    @property
    def is_undecoded(self) -> bool:
        """Whether the line holds bytes that are not of the file's encoding."""
        return not self.text.isascii() and _UNDECODED.search(self.text) is not None


def read(stream: IO[bytes], longest: int, encoding: str = ENCODING) -> Iterator[TextLine]:
    """Return the lines of a file, closed at its end, of at most `longest` characters each; a BOM and gzip are seen by themselves.

    Raises `RequestRefused` (`unknown_encoding`, `broken_file`).
    """
    number = 0
    try:
        with _decoded(_unpacked(stream), encoding) as text:
            while line := text.readline(longest + 1):
                number += 1
                is_cut = len(line) > longest
                rest = line
                while is_cut and rest and not rest.endswith(("\n", "\r")):
                    rest = text.readline(_PIECE)
                yield TextLine(number, line[:longest] if is_cut else line, is_cut)
    except (EOFError, OSError, zlib.error) as error:
        raise RequestRefused("broken_file", f"The file breaks off behind line {number}: {error}. Make the file anew.", 422) from error
    except UnicodeError as error:
        raise RequestRefused(
            "broken_file", f"The file cannot be read behind line {number}: {error}. Save it as UTF-8, or give its --encoding.", 422
        ) from error


def _unpacked(stream: IO[bytes]) -> io.BufferedReader:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream), _BUFFER)
    if not buffered.peek(2).startswith(_GZIP):
        return buffered
    return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=buffered)), _BUFFER)


def _decoded(buffered: io.BufferedReader, encoding: str) -> io.TextIOWrapper:
    is_utf_16 = buffered.peek(2).startswith(_UTF_16)
    chosen = "utf-16" if is_utf_16 else "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding
    try:
        return io.TextIOWrapper(buffered, chosen, "surrogateescape", newline="")
    except LookupError:
        raise RequestRefused(
            "unknown_encoding", f"There is no encoding {encoding!r}; known are utf-8, windows-1252, iso-8859-1 and the like.", 422
        ) from None
