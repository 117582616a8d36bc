"""From YAML to a workspace, with everything that can be told without the database checked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from crosswalk.errors import ConfigurationError, Problem
from crosswalk.sources import registry
from crosswalk.sources.base import Source
from crosswalk.workspace import mistakes
from crosswalk.workspace.document import KEYS, ConnectionSpec, SourceSpec, SyncSpec, Workspace
from crosswalk.workspace.mistakes import WorkspaceError
from crosswalk.workspace.references import References

_SECRET_HOLDERS = ("connections", "sources")


def parse(text: str, environment: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> Workspace:
    """Return the workspace in a YAML text, its references looked up; raise `WorkspaceError` with every mistake and its place.

    `secrets` is what references of secrets are looked up in, where that is not the environment.
    """
    data = loaded(text)
    references = References(environment, secrets)
    try:
        workspace = Workspace.model_validate(_resolved(data, references))
    except ValidationError as error:
        raise WorkspaceError(references.problems + mistakes.of_shape(error.errors(include_url=False, include_input=False), KEYS)) from None
    problems = [*references.problems, *_names(workspace), *_connections(workspace), *_sources(workspace), *_syncs(workspace)]
    if problems:
        raise WorkspaceError(problems)
    return workspace


def loaded(text: str) -> dict[str, Any]:
    """Return what the YAML says; raise `WorkspaceError` when it is none, or no mapping."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        sentence = f"This is not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}."
        raise WorkspaceError([Problem("not_yaml", place, sentence)]) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise WorkspaceError([Problem("malformed", "the file", "The keys connections, sources and syncs were expected.")])
    return data


def _resolved(data: Mapping[str, Any], references: References) -> dict[str, Any]:
    """Return the data with references looked up wherever they may stand; what has a wrong shape is left for the model to name."""
    resolved = dict(data)
    for key in _SECRET_HOLDERS:
        listed = data.get(key)
        if isinstance(listed, list):
            resolved[key] = [
                _holder(item, f"{key}[{index}]", references) if isinstance(item, dict) else item for index, item in enumerate(listed)
            ]
    return resolved


def _holder(item: Mapping[str, Any], place: str, references: References) -> dict[str, Any]:
    resolved = dict(item)
    if isinstance(item.get("secrets"), dict):
        resolved["secrets"] = {name: references.secret(value, f"{place}.secrets.{name}") for name, value in item["secrets"].items()}
    if item.get("hook_token") is not None:
        resolved["hook_token"] = references.secret(item["hook_token"], f"{place}.hook_token")
    if isinstance(item.get("settings"), dict):
        resolved["settings"] = references.settings(item["settings"], f"{place}.settings")
    return resolved


def _names(workspace: Workspace) -> Iterator[Problem]:
    groups: tuple[tuple[str, Sequence[ConnectionSpec | SourceSpec | SyncSpec]], ...] = (
        ("connections", workspace.connections),
        ("sources", workspace.sources),
        ("syncs", workspace.syncs),
    )
    for key, specs in groups:
        counted = Counter(spec.name for spec in specs)
        for index, spec in enumerate(specs):
            if counted[spec.name] > 1:
                yield Problem("name_twice", f"{key}[{index}].name", f'"{spec.name}" stands here more than once; give each its own name.')


def _connections(workspace: Workspace) -> Iterator[Problem]:
    for index, connection in enumerate(workspace.connections):
        login = connection.settings.login
        for name in login.settings:
            if not getattr(connection.settings, name):
                yield Problem("missing", f"connections[{index}].settings.{name}", f"The login {login.value} needs it.")


def _sources(workspace: Workspace) -> Iterator[Problem]:
    for index, spec in enumerate(workspace.sources):
        try:
            kind = registry.source(spec.kind)
        except ConfigurationError as error:
            yield Problem("unknown_kind", f"sources[{index}].kind", error.sentence)
            continue
        yield from mistakes.below(f"sources[{index}]", kind.problems(spec.settings))
        yield from _unknown_secrets(kind, spec, f"sources[{index}].secrets")


def _unknown_secrets(kind: Source, spec: SourceSpec, place: str) -> Iterator[Problem]:
    known = (*kind.secret_names, *kind.optional_secret_names)
    for name in spec.secrets:
        if name not in known:
            yield Problem(
                "unknown_key", f"{place}.{name}", f"A source of the kind {spec.kind} has no such secret; it has {', '.join(known)}."
            )


def _syncs(workspace: Workspace) -> Iterator[Problem]:
    for index, sync in enumerate(workspace.syncs):
        if sync.preset is not None and sync.document is not None:
            yield Problem("preset_or_document", f"syncs[{index}]", "A sync has either a preset or a document of its own.")
        elif sync.document is not None and (sync.options or sync.override):
            yield Problem("preset_or_document", f"syncs[{index}]", "options and override change a preset; change the document itself.")
