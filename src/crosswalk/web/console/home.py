"""Home: is everything arriving, and what do I have to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import first_steps
from crosswalk.reasons import State
from crosswalk.web import callers, home_view
from crosswalk.web.callers import LookingPage
from crosswalk.web.console import pages, wording
from crosswalk.web.home_view import RANGES, Overview
from crosswalk.web.services import Services

router = APIRouter(include_in_schema=False)

_LEFT, _TOP, _RIGHT, _BOTTOM = 40.0, 12.0, 700.0, 160.0
_STACKED = (State.WRITTEN, State.UNCHANGED, State.SKIPPED, State.WAITING, State.HELD)
_LABELS_EVERY = 3
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Block:
    """One rectangle of the chart."""

    state: State
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A stacked bar for each stretch of time, drawn on 700 by 186."""

    blocks: Sequence[Block]
    lines: Sequence[tuple[float, int]]  # height on the picture, and the number it stands for
    labels: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class HomePage:
    """How everything stands."""

    template: ClassVar[str] = "home.html"
    overview: Overview
    chart: Chart
    connections: Sequence[tuple[str, str]]
    connection: str
    begins: bool  # nothing is set up, and the reader is one who may
    next_step: int = 0  # of the first steps, while they were begun and nothing was written

    @property
    def ranges(self) -> Sequence[tuple[int, str]]:
        """The ranges one can choose."""
        return tuple(RANGES.items())

    def share(self, number: int) -> str:
        """Return how much of all deliveries a number is."""
        return f"{100 * number / self.overview.deliveries:.1f} %" if self.overview.deliveries else ""

    def delay(self, seconds: float | None) -> str:
        """Return a delay in words."""
        if seconds is None:
            return "none yet"
        return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004  # two minutes


@router.get("/")
async def show(
    request: Request,
    caller: LookingPage,
    hours: int = 24,
    connection: Annotated[str, Query(max_length=36, pattern=r"^[^\x00]*$")] = "",
) -> Response:
    """Show how everything stands."""
    services = callers.services(request)
    chosen = hours if hours in RANGES else next(iter(RANGES))
    found = await home_view.overview(services, caller, chosen, connection or None)
    known = (await services.configuration.current()).connections.values()
    names = [(one.id, one.name) for one in known if caller.may_on(one.id, Permission.LOOK)]
    begins = not connection and not found.freshness and not found.deliveries and caller.may(Permission.CONFIGURE)
    next_step = 0 if begins or connection else await _next_step(services, caller, found)
    context = HomePage(found, _chart(found, wording.zone(request)), names, connection, begins, next_step)
    return await pages.of(request).show(request, caller, context, title="Home", current="/")


async def _next_step(services: Services, caller: Caller, found: Overview) -> int:
    """Return which of the first steps is next for somebody who went away in the middle of them; 0 for everybody else."""
    if not caller.may(Permission.CONFIGURE) or any(found.by_state[state] for state in (State.WRITTEN, State.UNCHANGED)):
        return 0
    step = (await first_steps.progress(services.engine, caller)).step
    return step if step <= first_steps.STEPS else 0


def _chart(found: Overview, zone: tzinfo) -> Chart:
    step, top = _scale(max((bar.total for bar in found.bars), default=0))
    width = (_RIGHT - _LEFT) / max(1, len(found.bars))
    blocks: list[Block] = []
    labels: list[tuple[float, str]] = []
    for place, bar in enumerate(found.bars):
        x, y = _LEFT + place * width, _BOTTOM
        for state in _STACKED:
            height = bar.by_state[state] * (_BOTTOM - _TOP) / top
            y -= height
            if height:
                blocks.append(Block(state, round(x + width * 0.15, 1), round(y, 1), round(width * 0.7, 1), round(height, 1)))
        if place % _LABELS_EVERY == 0:
            labels.append((round(x + width / 2, 1), _label(bar.start.astimezone(zone), found.hours)))
    lines = [(round(_BOTTOM - number * (_BOTTOM - _TOP) / top, 1), number) for number in range(0, top + 1, step)]
    return Chart(blocks, lines, labels)


def _label(start: datetime, hours: int) -> str:
    return f"{start:%H:%M}" if hours == min(RANGES) else f"{start.day} {start:%b}"


def _scale(highest: int) -> tuple[int, int]:
    """Return the distance of the lines and the number at the top, both round, for at most four lines."""
    power = 1
    while True:
        for factor in _STEPS:
            step = factor * power
            if step * 4 >= highest:
                return step, max(step, -(-highest // step) * step)
        power *= 10
