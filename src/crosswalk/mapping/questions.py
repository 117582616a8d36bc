"""Rows that find a survey question or form field by what it is called, when nothing of that name has been asked lately.

Somebody may have reworded it at the engagement system; the mapping cannot know, and would find nothing from then on without a word.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from crosswalk.errors import Problem
from crosswalk.mapping import paths
from crosswalk.mapping.document import Document, FieldRow
from crosswalk.mapping.nearest import nearest
from crosswalk.mapping.paths import PathSyntaxError
from crosswalk.mapping.reading import Sources, is_path
from crosswalk.mapping.targets import used_attributes
from crosswalk.model import Attribute

_NAMES = frozenset({"displayName", "label"})  # what people read and may reword; other names are the system's own


def gone(document: Document, catalogue: Sequence[Attribute], payloads: Sequence[Any]) -> Iterator[Problem]:
    """Give the rows whose question is in none of the payloads, although they hold others in its place."""
    sources = Sources({attribute.key: attribute for attribute in catalogue}, document.source)
    for step in document.steps:
        for row in step.rows:
            if not isinstance(row, FieldRow):
                continue
            keys = sorted(used_attributes([row], ()))
            readable = [path for key in keys if sources.knows(key) for path in sources.paths(key) if is_path(path) and path[0] != "@"]
            lost = _lost(readable, payloads)
            if lost:
                wanted, instead = lost
                question = f' The nearest asked now is "{instead}".' if instead else ""
                sentence = f'"{wanted}" was asked in none of the latest events.{question} Compare it with the system, and correct the row.'
                yield Problem("question_gone", f"{step.name}.{row.field}", sentence)


def _lost(readable: Sequence[str], payloads: Sequence[Any]) -> tuple[str, str | None] | None:
    """Return what the paths seek and its nearest neighbour, when it was found nowhere and something else was."""
    wanted, others = "", set[str]()
    for payload in payloads:
        for path in readable:
            found = _sought(path, payload)
            if found is None:
                continue
            where, names = found
            if where.value in names:
                return None
            if names:
                wanted, others = where.value, others | names
    return (wanted, nearest(wanted, sorted(others))) if wanted else None


def _sought(path: str, payload: Any) -> tuple[paths.Where, frozenset[str]] | None:
    try:
        found = paths.sought(path, payload)
    except PathSyntaxError:
        return None
    return found if found and found[0].name in _NAMES else None
