"""Files of bodies as sources post them, JSON lines or a table with a heading, and what the source makes of each.

A line that is no body, or that the source would refuse, is named with its number and a stable code, and nothing else of it is kept: the
file has it. The others go on.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

from crosswalk.engine.files import columns, lines, rows
from crosswalk.engine.files.columns import Columns
from crosswalk.errors import ConfigurationError, RequestRefused
from crosswalk.model import Accepted, Rejected
from crosswalk.sources import addresses, registry
from crosswalk.sources import bodies as json_bodies
from crosswalk.sources.base import Incoming, NewId, Source, Tabular
from crosswalk.store.configuration import SourceConfig

HOOK_TOKEN = "hook_token"  # noqa: S105 - the name of a secret
_DATA_PLANE = "rudderstack"


class Form(StrEnum):
    """How a file is written."""

    JSON_LINES = "jsonl"
    TABLE = "csv"

    @classmethod
    def of(cls, name: str) -> "Form":
        """Return the form a file's name tells; anything that is no table is JSON lines."""
        return cls.TABLE if name.lower().removesuffix(".gz").endswith((".csv", ".tsv")) else cls.JSON_LINES


@dataclass(frozen=True, slots=True)
class Body:
    """One body of the file, counted by its line."""

    line: int
    raw: bytes
    value: Any


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no body."""

    line: int
    code: str
    sentence: str
    mark: str = ""  # stands for its content, so that it counts once however often the file comes

    def rejected(self) -> Rejected:
        """Return it as what is kept of it."""
        return Rejected(self.code, f"Line {self.line}: {self.sentence}", b"", f"line:{self.line}:{self.mark}")


Item = Body | BadLine


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read: its items, and what its heading gives to think about."""

    items: Iterator[Item]
    remarks: tuple[str, ...] = ()


def read(stream: IO[bytes], form: Form, source: SourceConfig, longest: int, encoding: str = lines.ENCODING) -> Opened:
    """Open a file whose bodies have at most `longest` characters; its items are read as they are asked for.

    Raise `RequestRefused` for a table whose heading cannot be read.
    """
    text = lines.read(stream, longest, encoding)
    kind = registry.source(source.kind)
    if form is Form.JSON_LINES:
        return Opened(_of_lines(text, kind))
    found = rows.read(text, longest)
    heading = next(found, None)
    if heading is None:
        raise RequestRefused("empty_file", "The file is empty; a table begins with a line that names its columns.", 422)
    if heading.problem or heading.is_undecoded:
        why = heading.problem or "it is not UTF-8; save the file as UTF-8, or give its --encoding"
        raise RequestRefused("bad_heading", f"The heading on line {heading.line} cannot be read: {why}.", 422)
    heads = columns.read(kind, source.settings, heading.cells)
    return Opened(_of_rows(found, heads), heads.remarks)


def _of_lines(text: Iterable[lines.TextLine], kind: Source) -> Iterator[Item]:
    for line in text:
        if line.is_cut:
            yield _rejected("too_long", "It is longer than a body may be.", line.number, line.text)
        elif line.is_undecoded:
            yield _rejected("not_in_encoding", _NOT_DECODED, line.number, line.text)
        elif line.text.strip():
            yield _json(line, kind)


_NOT_DECODED = "It holds bytes that are not UTF-8; save the file as UTF-8, or give its encoding."


def _json(line: lines.TextLine, kind: Source) -> Item:
    text = line.text.strip()
    try:
        value = json.loads(text)
        marked = kind.marked(value) if isinstance(kind, Tabular) else value
        return Body(line.number, text.encode() if marked == value else json_bodies.encode(marked), marked)
    except (ValueError, RecursionError) as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        return _rejected("not_json", f"It is not JSON ({why}). Each line holds one whole body.", line.number, text)


def _of_rows(found: Iterable[rows.Row], heads: Columns) -> Iterator[Item]:
    width = len(heads.columns)
    for row in found:
        told = "\x1f".join(row.cells)
        if row.problem:
            yield _rejected("bad_row", f"The row cannot be read: {row.problem}. Write a quote within quotes twice.", row.line, row.problem)
        elif row.is_undecoded:
            yield _rejected("not_in_encoding", _NOT_DECODED, row.line, told)
        elif len(row.cells) != width:
            yield _rejected("ragged_row", f"The row has {len(row.cells)} cells where the heading has {width}.", row.line, told)
        else:
            value = heads.body(row.cells)
            yield Body(row.line, json_bodies.encode(value), value)


def _rejected(code: str, sentence: str, line: int, text: str) -> BadLine:
    return BadLine(line, code, sentence, hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())


def path_of(source: SourceConfig, body: Body) -> str:
    """Return the path a body is posted to."""
    if source.kind != _DATA_PLANE:
        return addresses.hook_path(source.name, source.secrets.get(HOOK_TOKEN, ""))
    if isinstance(body.value, dict) and "batch" not in body.value:
        return f"/v1/{body.value.get('type') or 'identify'}"
    return "/v1/batch"


def signed(source: SourceConfig, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers with which the source itself would post a body; raise `ConfigurationError` when its secret is not set."""
    kind = registry.source(source.kind)
    name = kind.secret_names[0]
    secret = source.secrets.get(name, "")
    if not secret and not source.settings.get("unsigned"):
        raise ConfigurationError(f"The source {source.name!r} has no {name}; enter it and apply the workspace again.")
    return kind.sign(body, secret, now, source.settings)


def accepted(source: SourceConfig, items: Iterable[Item], now: datetime, new_id: NewId) -> Accepted:
    """Return what the source makes of the items, as if they had been posted; what is not acceptable is kept as invalid."""
    parts = [_accepted(source, item, now, new_id) for item in items]
    return Accepted(
        events=tuple(event for part in parts for event in part.events),
        notices=tuple(notice for part in parts for notice in part.notices),
        invalid=tuple(item for part in parts for item in part.invalid),
    )


def _accepted(source: SourceConfig, item: Item, now: datetime, new_id: NewId) -> Accepted:
    if isinstance(item, BadLine):
        return Accepted(invalid=(item.rejected(),))
    request = Incoming("POST", path_of(source, item), signed(source, item.raw, now), body=item.raw)
    try:
        found = registry.source(source.kind).accept(request, source, now, new_id)
    except RequestRefused as refused:
        return Accepted(invalid=(_rejected(refused.request_code, refused.sentence, item.line, item.raw.decode()).rejected(),))
    if not found.invalid:
        return found
    mark = hashlib.sha256(item.raw).hexdigest()
    named = (
        replace(one, sentence=f"Line {item.line}: {one.sentence}", key=one.key or f"line:{item.line}:{place}:{mark}")
        for place, one in enumerate(found.invalid)
    )
    return replace(found, invalid=tuple(named))
