"""Drift, row by row: which rows of a mapping cannot be sent in this org as it is now, why, and what mends each."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crosswalk.errors import Problem
from crosswalk.findings import Finding, fail, ok, warn
from crosswalk.mapping import check
from crosswalk.mapping.document import Document, FieldRow
from crosswalk.model import OrgSchema
from crosswalk.provisioning.declare import CUSTOM, Declaration
from crosswalk.provisioning.survey import State
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration, SyncConfig, SyncState
from crosswalk.turn.context import Engine

_WHOLE_STEP = re.compile(r"steps\[\d+\]\.object")
_LEFT_OUT = "until then its step is left out."
_suspended = tables.suspended_row
Suspensions = Mapping[tuple[str, int], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Look:
    """What the rows are held against: the org as last described and as it is now, its definitions, and what runs have put out of use."""

    before: OrgSchema
    now: OrgSchema
    state: State | None
    wanted: Declaration
    suspended: Suspensions


async def suspended(engine: Engine, sync_ids: Sequence[str]) -> Suspensions:
    """Return why rows were put out of use, by sync and version, then by field in lower case."""
    async with engine.database.read() as tx:
        rows = await tx.execute(select(_suspended).where(_suspended.c.sync_id.in_(sync_ids)))
        found: dict[tuple[str, int], dict[str, str]] = {}
        for row in rows:
            found.setdefault((row.sync_id, row.version), {})[f"{row.object}.{row.field}".lower()] = row.sentence
    return found


def examine(configuration: Configuration, sync: SyncConfig, parsed: Document, look: Look) -> Iterator[Finding]:
    """Give the findings about one sync."""
    subject = f"sync {sync.name}"
    if sync.state is not SyncState.ON:
        yield warn(subject, f"It is {sync.state.value}.")
    source = configuration.sources[sync.source_id]
    problems = check.check(parsed, registry.source(source.kind).catalogue(source.settings), look.now)
    for problem in check.refusing(problems):
        yield fail(subject, f"{problem.place}: {problem.sentence}")
    rows = _rows(parsed)
    stopped = look.suspended.get((sync.id, sync.version), {})
    gone = [number for number, step in enumerate(parsed.steps) if step.object and look.now.object(step.object) is None]
    unsent = [problem for problem in problems if problem.code in check.SUSPENDING]
    told = [_absent_object(str(parsed.steps[number].object), look) for number in gone]
    lacking = [rows[problem.place] for problem in unsent if problem.place in rows]
    told += _left_out(lacking, look, stopped)
    told += [_aside(problem) for problem in unsent if problem.place not in rows and _is_own(problem)]
    told += [
        _stopped(path, stopped[path.lower()]) for path in dict.fromkeys(rows.values()) if path.lower() in stopped and path not in lacking
    ]
    told += [_retyped(path, look) for path in dict.fromkeys(rows.values())]
    for sentence in filter(None, told):
        yield warn(subject, sentence)
    places = {problem.place for problem in unsent}
    out = {place for place in rows if place in places or _number(place) in gone or rows[place].lower() in stopped}
    yield ok(subject, f"{len(rows) - len(out)} of {len(rows)} rows are sent.")


def _rows(parsed: Document) -> dict[str, str]:
    """Return the field of each row, as `Object.Field`, by its place."""
    return {
        f"steps[{number}].rows[{index}].field": f"{step.object}.{row.field}"
        for number, step in enumerate(parsed.steps)
        for index, row in enumerate(step.rows)
        if isinstance(row, FieldRow)
    }


def _is_own(problem: Problem) -> bool:
    """Tell whether a problem is of a row or a match key; what a whole object lacks is told elsewhere."""
    return _WHOLE_STEP.fullmatch(problem.place) is None


def _left_out(paths: Iterable[str], look: Look, stopped: Collection[str]) -> Iterator[str]:
    """Say of each field why its row is not sent; Salesforce's own that never could be written share one sentence.

    What was put out of use, in lower case, could be written once, whatever the last description says.
    """
    every = list(dict.fromkeys(paths))
    lost = {path for path in every if path.lower() in stopped or _was_written(path, look.before)}
    never = [path for path in every if not path.endswith(CUSTOM) and path not in lost]
    yield from (_unsent(path, look, was_there=path in lost) for path in every if path not in never)
    if never:
        hint = "grant Edit on those that people may edit; the others are Salesforce's own to fill."
        yield f"Not available in this org or to its user, kept and not sent: {', '.join(never)}; {hint}"


def _was_written(path: str, before: OrgSchema) -> bool:
    object_name, _, name = path.partition(".")
    described = before.field(object_name, name)
    return described is not None and (described.createable or described.updateable)


def _aside(problem: Problem) -> str:
    return f"{problem.place} is left out: {problem.sentence}"


def _stopped(path: str, why: str) -> str:
    return f"{path} was put out of use by a run ({why}); mend it, then save the mapping again or provision."


def _absent_object(name: str, look: Look) -> str:
    if look.state is not None and look.state.component("CustomObject", name) is not None:
        return f"The object {name} is hidden from the user: grant Read, Create and Edit on it in a permission set; {_LEFT_OUT}"
    made = _remedy(name, (each.name for each in look.wanted.objects), look)
    return f"The org has no object {name}, or it is hidden from the user: {made or 'create it, and grant Read on it'}; {_LEFT_OUT}"


def _unsent(path: str, look: Look, *, was_there: bool) -> str:
    """Say why a row is not sent, and the smallest thing that mends it; the rest of its step is sent."""
    object_name, _, name = path.partition(".")
    described = look.now.field(object_name, name)
    kept = "until then the row is kept and not sent."
    if described is not None:
        return f"{path} is read-only to the user: grant Edit on it, or map another field if it has become a formula; {kept}"
    if look.state is not None and look.state.field(object_name, name) is not None:
        return f"{path} is hidden from the user: grant Read and Edit on it in a permission set{_or_provision(path, look)}; {kept}"
    made = _remedy(path, (each.path for each in look.wanted.fields), look)
    if name.endswith(CUSTOM) and look.state is not None:
        lost = "was deleted" if was_there else "is not in this org"
        return f"{path} {lost}: {made or 'create it again, or map another field'}; {kept}"
    cause = "was deleted or hidden from the user" if was_there else "is not in this org, or is hidden from the user"
    return f"{path} {cause}: {made or 'grant Read and Edit on it, or map another field'}; {kept}"


def _remedy(name: str, declared: Iterable[str], look: Look) -> str:
    known = {each.lower() for each in declared}
    return f"`crosswalk provision {' '.join(look.wanted.presets)}` makes it" if name.lower() in known else ""


def _or_provision(path: str, look: Look) -> str:
    made = _remedy(path, (each.path for each in look.wanted.fields), look)
    return f" (`crosswalk provision {' '.join(look.wanted.presets)}` does)" if made else ""


def _retyped(path: str, look: Look) -> str:
    object_name, _, name = path.partition(".")
    was, is_now = look.before.field(object_name, name), look.now.field(object_name, name)
    if was is None or is_now is None or was.type == is_now.type:
        return ""
    changed = f"{path} was of type {was.type} and is now {is_now.type}"
    return f"{changed}: values are converted where that can be, and held where not; look at its row, or map another field."


def _number(place: str) -> int:
    return int(place.partition("[")[2].partition("]")[0])
