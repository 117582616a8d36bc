"""What applying a workspace would change, in words: the same on the command line and in the console."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.workspace.compare import Action, Difference

WRITTEN = frozenset({Action.ADD, Action.CHANGE, Action.REMOVE})
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that differs; of a secret neither side is shown."""

    name: str
    before: str = ""
    after: str = ""
    is_secret: bool = False


def written(differences: Iterable[Difference]) -> Sequence[Difference]:
    """Return the differences that applying writes."""
    return [one for one in differences if one.action in WRITTEN]


def lines(difference: Difference) -> Sequence[Line]:
    """Return what differs about one thing."""
    return [
        Line(name, is_secret=True)
        if name in difference.secrets
        else Line(name, _short(difference.before.get(name)), _short(difference.after.get(name)))
        for name in difference.changed
    ]


def _short(value: Any) -> str:
    text = "(none)" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
