"""The stored configuration as a workspace file: no secret, only the names of variables to set before it is applied elsewhere.

A mapping that equals a preset is written as that preset, so that the file stays readable.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.mapping import document
from crosswalk.presets import loader
from crosswalk.store.configuration import Configuration, ConnectionConfig, SourceConfig, SyncConfig, SyncState
from crosswalk.store.vault import Vault
from crosswalk.workspace import schedules, state
from crosswalk.workspace.compare import HOOK_TOKEN
from crosswalk.workspace.state import Current

_WIDTH = 140


async def export(tx: AsyncConnection, vault: Vault) -> str:
    """Return everything configured as YAML; `parse` reads it back once the variables it names are set."""
    current = await state.read(tx, vault)
    configuration = current.configuration
    data = {
        "connections": [_connection(one) for one in _by_name(configuration.connections.values())],
        "sources": [_source(one, current) for one in _by_name(configuration.sources.values())],
        "syncs": [_sync(one, current) for one in configuration.syncs.values() if one.state is not SyncState.REMOVED],
    }
    return yaml.safe_dump({key: value for key, value in data.items() if value}, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _by_name(items: Iterable[Any]) -> list[Any]:
    return sorted(items, key=lambda item: str(item.name))


def _connection(stored: ConnectionConfig) -> dict[str, Any]:
    found = {
        "name": stored.name,
        "settings": dict(stored.settings),
        "secrets": _references(stored.name, stored.secrets),
        "org": stored.org,
        "key_field": stored.key_field,
        "slots": stored.slots,
        "reserve": stored.reserve,
    }
    return {key: value for key, value in found.items() if value is not None}


def _source(stored: SourceConfig, current: Current) -> dict[str, Any]:
    references = _references(stored.name, stored.secrets)
    hook_token = references.pop(HOOK_TOKEN, None)
    found = {
        "name": stored.name,
        "kind": stored.kind,
        "state": stored.state.value,
        "settings": dict(stored.settings),
        "secrets": references,
        "hook_token": hook_token,
        "retention_days": stored.retention_days,
        "silent_after_hours": stored.silent_after_hours,
        "jobs": {kind.value: schedules.shown(one) for kind, one in sorted(current.schedules.get(stored.id, {}).items())},
    }
    return {key: value for key, value in found.items() if value}


def _references(owner: str, secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: f"${{{variable(owner, name)}}}" for name in sorted(secrets)}


def variable(owner: str, name: str) -> str:
    """Return the environment variable that an exported file names for a secret of a connection or source."""
    words = re.sub(r"\W+", "_", f"{owner}_{name}", flags=re.ASCII).upper().strip("_")
    return f"CROSSWALK_{words}" if words[:1].isdigit() or not words else words


def _sync(stored: SyncConfig, current: Current) -> dict[str, Any]:
    configuration = current.configuration
    campaigns = _campaigns(stored, current)
    found = {
        "name": stored.name,
        "connection": configuration.connections[stored.connection_id].name,
        "source": configuration.sources[stored.source_id].name,
        "state": stored.state.value,
        **_mapping(stored, configuration),
        "campaigns": campaigns,
    }
    return {key: value for key, value in found.items() if value}


def _mapping(stored: SyncConfig, configuration: Configuration) -> dict[str, Any]:
    kind = configuration.sources[stored.source_id].kind
    for name in loader.names():
        preset = loader.load(name)
        if preset.kind != kind:
            continue
        for options in ((), *((option,) for option in preset.options)):
            if document.dump(document.parse(loader.load(name, options).document)) == stored.document:
                return {"preset": name, "options": list(options)}
    return {"document": dict(stored.document)}


def _campaigns(stored: SyncConfig, current: Current) -> dict[str, str]:
    """Return what an admin has bound of the sync's source and connection; the first sync of both names it.

    What rules found is left out: they find it again, and in another org another campaign.
    """
    configuration = current.configuration
    ends = (stored.connection_id, stored.source_id)
    syncs = [
        sync
        for sync in configuration.syncs.values()
        if sync.state is not SyncState.REMOVED and (sync.connection_id, sync.source_id) == ends
    ]
    if syncs[0].id != stored.id:
        return {}
    bound = [(key, campaign) for key, campaign in current.bindings.items() if key in current.picked]
    return {
        group: campaign for (source, group, owner), campaign in sorted(bound) if (source, owner) == (stored.source_id, stored.connection_id)
    }
