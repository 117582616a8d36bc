"""Markdown of the generated parts: tables, code, and what a default or a docstring says."""

import inspect
import json
from collections.abc import Iterable, Sequence

from pydantic.fields import FieldInfo


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(value: object) -> str:
    """Return a value as code."""
    return f"`{value}`"


def default(field: FieldInfo) -> str:
    """Return what a field is when nobody says anything."""
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", ()):
        return "none"
    return code(json.dumps(value) if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value)


def summary(one: object) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(one) or "").partition("\n\n")[0].replace("\n", " ")
