"""The jobs of sources as the file says them, against those that are stored.

The minute at which a job starts belongs to the source of this installation; the file holds what an admin chooses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Schedule, Wish
from crosswalk.errors import ConfigurationError, Problem
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.store.configuration import SourceState
from crosswalk.workspace.document import DailySpec, PeriodicSpec, SourceSpec, Workspace
from crosswalk.workspace.state import Current


@dataclass(frozen=True, slots=True)
class Planned:
    """One job that the file names; `stored` is None where nobody has touched it yet."""

    source: str
    kind: JobKind
    wish: Wish
    stored: Schedule | None

    @property
    def name(self) -> str:
        """What admins call it."""
        return f"{self.source}/{self.kind}"

    def made(self, source_id: str) -> Schedule:
        """Return the schedule as the file wants it."""
        return schedules.changed(self.stored or schedules.standard(source_id, self.kind), self.wish)

    @property
    def before(self) -> Mapping[str, Any]:
        """What is stored, as the file would say it."""
        return shown(self.stored) if self.stored else {}

    @property
    def after(self) -> Mapping[str, Any]:
        """What the file says."""
        return shown(self.made(""))


def wanted(workspace: Workspace, current: Current) -> tuple[list[Planned], list[Problem]]:
    """Return every job the file names, and what is wrong with them."""
    found: list[Planned] = []
    problems: list[Problem] = []
    for index, source in enumerate(workspace.sources):
        for kind, spec in ((JobKind.PERIODIC, source.jobs.periodic), (JobKind.DAILY, source.jobs.daily)):
            if spec is None:
                continue
            planned = _planned(source, kind, spec, current)
            wrong = _problem(source, planned, f"sources[{index}].jobs.{kind}")
            if wrong:
                problems.append(wrong)
            else:
                found.append(planned)
    return found, problems


def shown(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as the file says it."""
    chosen: dict[str, Any] = {"state": "on" if schedule.is_on else "off"}
    if schedule.kind is JobKind.PERIODIC:
        chosen["every_hours"] = schedule.every_hours
    else:
        chosen |= {"hour": schedule.hour, "zone": schedule.zone}
    hours = schedule.window_hours
    return {**chosen, "window_hours": int(hours) if hours.is_integer() else hours}


def _planned(source: SourceSpec, kind: JobKind, spec: PeriodicSpec | DailySpec, current: Current) -> Planned:
    known = current.configuration.source_named(source.name)
    stored = current.schedules.get(known.id, {}).get(kind) if known else None
    is_on = spec.state is SourceState.ON
    if isinstance(spec, PeriodicSpec):
        return Planned(source.name, kind, Wish(is_on, every_hours=spec.every_hours, window_hours=spec.window_hours), stored)
    return Planned(source.name, kind, Wish(is_on, hour=spec.hour, zone=spec.zone, window_hours=spec.window_hours), stored)


def _problem(source: SourceSpec, planned: Planned, place: str) -> Problem | None:
    if not isinstance(registry.source(source.kind), Pulling):
        return Problem("no_jobs", place, f"A source of the kind {source.kind} cannot be asked, its system only posts; leave its jobs out.")
    try:
        planned.made("")
    except ConfigurationError as error:
        return Problem("bad_job", place, error.sentence)
    return None
