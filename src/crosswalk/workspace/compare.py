"""What applying a workspace would change, before anything is changed.

A plan is made of the same comparison that `apply` carries out, so what was shown is what is done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from crosswalk.errors import Problem
from crosswalk.sources import registry
from crosswalk.sources.base import Pulling
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SyncConfig
from crosswalk.workspace import campaigns, login_help, mappings, schedules
from crosswalk.workspace.campaigns import Binding
from crosswalk.workspace.document import ConnectionSpec, SourceSpec, SyncSpec, Workspace
from crosswalk.workspace.mistakes import WorkspaceError
from crosswalk.workspace.schedules import Planned
from crosswalk.workspace.state import Current

HOOK_TOKEN = "hook_token"  # noqa: S105  # the name under which it is kept
WRITE_KEY = "write_key"

_NO_DOCUMENT: Mapping[str, Any] = {}


class Action(StrEnum):
    """What applying does to one thing."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"
    REMOVE = "remove"
    LEAVE = "leave"  # not in the file: stays as it is


_IDLE = frozenset({Action.KEEP, Action.LEAVE})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing of the workspace: what is stored and what the file wants; of secrets only the names."""

    action: Action
    kind: str
    name: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of what differs."""
        keys = dict.fromkeys([*self.before, *self.after])
        return tuple(key for key in keys if self.before.get(key) != self.after.get(key)) + self.secrets


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything `apply` has to do. `documents` holds the mapping of each sync by its name."""

    workspace: Workspace
    current: Current
    differences: tuple[Difference, ...]
    documents: Mapping[str, Mapping[str, Any]]
    bindings: tuple[Binding, ...]
    jobs: tuple[Planned, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the workspace is applied already."""
        return all(difference.action in _IDLE for difference in self.differences)


def diff(workspace: Workspace, current: Current) -> Plan:
    """Compare a workspace with what is stored; raise `WorkspaceError` with every reason why it cannot be applied."""
    comparison = _Comparison(workspace, current.configuration)
    bindings, contradictions = campaigns.wanted(workspace, current)
    jobs, wrong = schedules.wanted(workspace, current)
    parts = (comparison.connections(), comparison.sources(), comparison.syncs(), map(_of_binding, bindings), map(_of_job, jobs))
    differences = tuple(difference for part in parts for difference in part)
    if comparison.problems or contradictions or wrong:
        raise WorkspaceError([*comparison.problems, *contradictions, *wrong])
    return Plan(workspace, current, differences, comparison.documents, tuple(bindings), tuple(jobs))


class _Comparison:
    """One comparison and the problems it finds."""

    def __init__(self, workspace: Workspace, current: Configuration) -> None:
        self._workspace = workspace
        self._connections = {connection.name: connection for connection in current.connections.values()}
        self._sources = {source.name: source for source in current.sources.values()}
        self._syncs = {sync.name: sync for sync in current.syncs.values()}
        self._current = current
        self.problems: list[Problem] = []
        self.documents: dict[str, Mapping[str, Any]] = {}

    def connections(self) -> Iterator[Difference]:
        for index, spec in enumerate(self._workspace.connections):
            stored = self._connections.get(spec.name)
            self._need(spec.settings.login.secrets, spec.secrets, stored, f"connections[{index}].secrets")
            if stored and stored.org and spec.org and stored.org != spec.org:
                sentence = f"The connection belongs to org {stored.org}; what is remembered is about that org. Make a new connection."
                self.problems.append(Problem("other_org", f"connections[{index}].org", sentence))
            yield _difference(
                "connection", spec.name, _shown_connection(stored), wanted_connection(spec, stored), _new(spec.secrets, stored)
            )
        yield from _left("connection", self._connections, self._workspace.connections)

    def sources(self) -> Iterator[Difference]:
        keys, hooks = self._taken(WRITE_KEY), self._taken(HOOK_TOKEN)
        for index, spec in enumerate(self._workspace.sources):
            place = f"sources[{index}]"
            stored = self._sources.get(spec.name)
            if stored and stored.kind != spec.kind:
                sentence = f"The source is of the kind {stored.kind}; give a source of another kind another name."
                self.problems.append(Problem("other_kind", f"{place}.kind", sentence))
            needed = () if spec.settings.get("unsigned") else registry.source(spec.kind).secret_names
            self._need(needed, spec.secrets, stored, f"{place}.secrets")
            write_key = spec.secrets.get(WRITE_KEY)
            if write_key and keys.setdefault(write_key, spec.name) != spec.name:
                self.problems.append(
                    Problem("write_key_twice", f"{place}.secrets.{WRITE_KEY}", "Another source has this write key already.")
                )
            if spec.hook_token and hooks.setdefault(spec.hook_token, spec.name) != spec.name:
                self.problems.append(Problem("hook_token_twice", f"{place}.{HOOK_TOKEN}", "Another source has this token already."))
            given = {**spec.secrets, **({HOOK_TOKEN: spec.hook_token} if spec.hook_token else {})}
            yield _difference("source", spec.name, _shown_source(stored), wanted_source(spec, stored), _new(given, stored))
        yield from _left("source", self._sources, self._workspace.sources)

    def _taken(self, secret: str) -> dict[str, str]:
        """Return which source has each value of a secret that finds its source."""
        return {source.secrets[secret]: name for name, source in self._sources.items() if secret in source.secrets}

    def syncs(self) -> Iterator[Difference]:
        for position, spec in enumerate(self._workspace.syncs):
            place = f"syncs[{position}]"
            stored = self._syncs.get(spec.name)
            self._references(spec, stored, place)
            self.documents[spec.name] = self._document(spec, place)
            before = self._shown_sync(stored) if stored else {}
            yield _difference("sync", spec.name, before, wanted_sync(spec, position, self.documents[spec.name]), ())
        yield from _left("sync", self._syncs, self._workspace.syncs)

    def _need(self, names: tuple[str, ...], given: Mapping[str, str], stored: ConnectionConfig | SourceConfig | None, place: str) -> None:
        for name in names:
            if not given.get(name) and not (stored and stored.secrets.get(name)):
                sentence = f"It is required; write {name}: ${{NAME}} and set NAME.{login_help.where(name)}"
                self.problems.append(Problem("missing", f"{place}.{name}", sentence))

    def _references(self, spec: SyncSpec, stored: SyncConfig | None, place: str) -> None:
        connections = {connection.name for connection in self._workspace.connections} | set(self._connections)
        sources = {source.name for source in self._workspace.sources} | set(self._sources)
        if spec.connection not in connections:
            self.problems.append(Problem("unknown_connection", f"{place}.connection", f'There is no connection "{spec.connection}".'))
        if spec.source not in sources:
            self.problems.append(Problem("unknown_source", f"{place}.source", f'There is no source "{spec.source}".'))
        if stored and (self._current.connections[stored.connection_id].name, self._current.sources[stored.source_id].name) != (
            spec.connection,
            spec.source,
        ):
            sentence = "A sync keeps its connection and source, because its deliveries belong to them; make a sync of another name."
            self.problems.append(Problem("other_ends", place, sentence))

    def _document(self, spec: SyncSpec, place: str) -> Mapping[str, Any]:
        source = next((one for one in self._workspace.sources if one.name == spec.source), None) or self._sources.get(spec.source)
        if source is None:
            return _NO_DOCUMENT
        settings = source.settings
        if isinstance(source, SourceSpec):
            settings = wanted_source(source, self._sources.get(spec.source))["settings"]
        document, problems = mappings.of(spec, place, source.kind, settings)
        self.problems += problems
        return document

    def _shown_sync(self, stored: SyncConfig) -> dict[str, Any]:
        return {
            "connection": self._current.connections[stored.connection_id].name,
            "source": self._current.sources[stored.source_id].name,
            "state": stored.state,
            "position": stored.position,
            "document": stored.document,
        }


def wanted_connection(spec: ConnectionSpec, stored: ConnectionConfig | None) -> dict[str, Any]:
    """Return what is stored of a connection besides its secrets."""
    return {
        "settings": spec.settings.model_dump(mode="json", exclude_defaults=True),
        "org": spec.org or (stored.org if stored else None),
        "key_field": spec.key_field,
        "slots": spec.slots,
        "reserve": spec.reserve,
    }


_OF_SOURCE = ("retention_days", "silent_after_hours")


def wanted_source(spec: SourceSpec, stored: SourceConfig | None) -> dict[str, Any]:
    """Return what is stored of a source besides its secrets; what was discovered stays unless the file says otherwise."""
    kind = registry.source(spec.kind)
    names = kind.discovered_settings if stored and isinstance(kind, Pulling) else ()
    discovered = {name: stored.settings[name] for name in names if stored and name in stored.settings}
    settings = {**discovered, **spec.settings}
    kept = {name: getattr(spec, name) for name in _OF_SOURCE}
    return {"kind": spec.kind, "state": spec.state, "settings": settings, **kept}


def wanted_sync(spec: SyncSpec, position: int, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a sync and its mapping."""
    return {"connection": spec.connection, "source": spec.source, "state": spec.state, "position": position, "document": document}


def _shown_connection(stored: ConnectionConfig | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {name: getattr(stored, name) for name in ("settings", "org", "key_field", "slots", "reserve")}


def _shown_source(stored: SourceConfig | None) -> dict[str, Any]:
    return {} if stored is None else {name: getattr(stored, name) for name in ("kind", "state", "settings", *_OF_SOURCE)}


def _new(given: Mapping[str, str], stored: ConnectionConfig | SourceConfig | None) -> tuple[str, ...]:
    """Return the names of the secrets that are new or differ."""
    return tuple(name for name, value in sorted(given.items()) if stored is None or stored.secrets.get(name) != value)


def _difference(kind: str, name: str, before: dict[str, Any], after: dict[str, Any], secrets: tuple[str, ...]) -> Difference:
    action = Action.ADD if not before else Action.CHANGE if before != after or secrets else Action.KEEP
    return Difference(action, kind, name, before, after, secrets)


def _of_binding(binding: Binding) -> Difference:
    before = {"campaign": binding.bound_now} if binding.bound_now else {}
    after = {"campaign": binding.campaign_id} if binding.campaign_id else {}
    action = Action.KEEP if before == after else Action.REMOVE if not after else Action.CHANGE if before else Action.ADD
    return Difference(action, "campaign", binding.name, before, after)


def _of_job(planned: Planned) -> Difference:
    return _difference("job", planned.name, dict(planned.before), dict(planned.after), ())


def _left(kind: str, stored: Mapping[str, Any], named: tuple[ConnectionSpec | SourceSpec | SyncSpec, ...]) -> Iterator[Difference]:
    for name in sorted(set(stored) - {spec.name for spec in named}):
        yield Difference(Action.LEAVE, kind, name)
