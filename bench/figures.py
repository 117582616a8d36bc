"""One measured number with its unit and, where there is one, the target; and how a list of them is shown."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

_WHOLE = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number. `name` is its stable name in JSON."""

    name: str
    label: str
    value: float
    unit: str
    target: str = ""

    def line(self) -> str:
        """Return the figure as a line of text."""
        shown = f"{self.value:,.0f}" if abs(self.value) >= _WHOLE or self.value == int(self.value) else f"{self.value:,.2f}"
        target = f"  (target {self.target})" if self.target else ""
        return f"  {self.label:<66}{shown:>12} {self.unit}{target}"


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Return the figures for programs."""
    return [asdict(figure) for figure in figures]
