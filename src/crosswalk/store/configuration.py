"""What an admin configured, as frozen data for those who act on it.

Loaded whole: it is small, and one picture of it serves one commit or one turn. Mapping documents never change once saved, so a refresh
reads only those it has not seen. `ConfigurationCache` may be up to a second old in other processes; whoever saves calls `forget`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.clock import Clock
from crosswalk.errors import ConfigurationError
from crosswalk.store import tables
from crosswalk.store.database import Database
from crosswalk.store.vault import Vault

_MAX_AGE_SECONDS = 1.0


class SourceState(StrEnum):
    """Whether a source takes requests and is pulled."""

    ON = "on"
    OFF = "off"


class SyncState(StrEnum):
    """Whether a sync takes events and writes them."""

    ON = "on"
    PAUSED = "paused"
    OFF = "off"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """Credentials and settings for one Salesforce org."""

    id: str
    name: str
    org: str | None
    settings: Mapping[str, Any]
    key_field: str | None
    slots: int
    reserve: int
    limit_max: int | None = None
    paused_reason: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One configured engagement system."""

    id: str
    name: str
    kind: str
    state: SourceState
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    retention_days: int | None = None
    silent_after_hours: int | None = None

    @property
    def silent_after(self) -> timedelta | None:
        """How long the source may be without an event; None is what is unusual for it."""
        return None if self.silent_after_hours is None else timedelta(hours=self.silent_after_hours)


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """Which events of a source go to which connection, by which mapping; no events named means all."""

    id: str
    name: str
    connection_id: str
    source_id: str
    state: SyncState
    position: int
    version: int
    document: Mapping[str, Any]
    events: frozenset[str]

    def takes(self, event_type: str) -> bool:
        """Tell whether events of that type become deliveries of this sync: `on` and `paused` syncs take them, others do not."""
        return self.state in (SyncState.ON, SyncState.PAUSED) and (not self.events or event_type in self.events)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything configured, at one moment."""

    connections: Mapping[str, ConnectionConfig]
    sources: Mapping[str, SourceConfig]
    syncs: Mapping[str, SyncConfig]
    by_hook_token: Mapping[str, str] = field(repr=False)
    by_write_key: Mapping[str, str] = field(repr=False)
    by_source: Mapping[str, tuple[SyncConfig, ...]]

    def source_of_hook(self, token_hmac: str) -> SourceConfig | None:
        """Return the source whose hook address holds that token; the previous token counts too while it is kept."""
        return self.sources.get(self.by_hook_token.get(token_hmac, ""))

    def source_of_write_key(self, key_hmac: str) -> SourceConfig | None:
        """Return the source with that write key."""
        return self.sources.get(self.by_write_key.get(key_hmac, ""))

    def source_named(self, name: str) -> SourceConfig | None:
        """Return the source of that name."""
        return next((source for source in self.sources.values() if source.name == name), None)

    def syncs_of(self, source_id: str) -> tuple[SyncConfig, ...]:
        """Return the syncs of a source in the order admins see."""
        return self.by_source.get(source_id, ())

    def syncs_into(self, connection_id: str) -> tuple[SyncConfig, ...]:
        """Return the syncs of a connection in the order admins see."""
        return tuple(sync for sync in self.syncs.values() if sync.connection_id == connection_id)


async def load(tx: AsyncConnection, vault: Vault, known: Configuration | None = None) -> Configuration:
    """Read the configuration; mapping documents that `known` already holds are not read again."""
    connections = {row.id: _connection(row, vault) for row in await tx.execute(select(tables.connection))}
    rows = (await tx.execute(select(tables.source))).all()
    syncs = await _syncs(tx, known)
    return Configuration(
        connections=connections,
        sources={row.id: _source(row, vault) for row in rows},
        syncs={sync.id: sync for sync in syncs},
        by_hook_token={hmac: row.id for row in rows for hmac in (row.previous_hook_token_hmac, row.hook_token_hmac) if hmac},
        by_write_key={row.write_key_hmac: row.id for row in rows if row.write_key_hmac},
        by_source={source: tuple(sync for sync in syncs if sync.source_id == source) for source in {sync.source_id for sync in syncs}},
    )


class ConfigurationCache:
    """The configuration in force, read again when it is a second old or was forgotten."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._current: Configuration | None = None
        self._fresh = False
        self._loaded_at = 0.0
        self._reading = asyncio.Lock()

    async def current(self) -> Configuration:
        """Return the configuration, at most a second old."""
        if (known := self._in_force()) is not None:
            return known
        async with self._reading:  # a hundred requests that find it too old read it once
            return self._in_force() or await self._read()

    def _in_force(self) -> Configuration | None:
        young = self._fresh and self._clock.monotonic() - self._loaded_at < _MAX_AGE_SECONDS
        return self._current if young else None

    async def _read(self) -> Configuration:
        loaded_at = self._clock.monotonic()
        self._fresh = True  # a `forget` while we read makes the next caller read again
        try:
            async with self._database.read() as tx:
                self._current = await load(tx, self._vault, self._current)
        except BaseException:
            self._fresh = False
            raise
        self._loaded_at = loaded_at
        return self._current

    def forget(self) -> None:
        """Read again at the next use; whoever saves configuration calls this after the commit."""
        self._fresh = False


def _connection(row: Any, vault: Vault) -> ConnectionConfig:
    return ConnectionConfig(
        id=row.id,
        name=row.name,
        org=row.org,
        settings=row.settings,
        key_field=row.key_field,
        slots=row.slots,
        reserve=row.reserve,
        limit_max=row.limit_max,
        paused_reason=row.paused_reason,
        secrets=_secrets(row.secret_ct, vault),
    )


def _source(row: Any, vault: Vault) -> SourceConfig:
    return SourceConfig(
        id=row.id,
        name=row.name,
        kind=row.kind,
        state=SourceState(row.state),
        settings=row.settings,
        secrets=_secrets(row.secret_ct, vault),
        retention_days=row.retention_days,
        silent_after_hours=row.silent_after_hours,
    )


def _secrets(sealed: bytes | None, vault: Vault) -> Mapping[str, str]:
    """Open the secrets; one whose key is lost counts as not entered: its source refuses and says so, the others go on."""
    if sealed is None:
        return {}
    try:
        opened = vault.open(sealed)
    except ConfigurationError:
        return {}
    return opened if isinstance(opened, dict) else {}


async def _syncs(tx: AsyncConnection, known: Configuration | None) -> list[SyncConfig]:
    sync = tables.sync
    rows = (await tx.execute(select(sync).order_by(sync.c.position, sync.c.name))).all()
    documents = {(old.id, old.version): old.document for old in known.syncs.values()} if known else {}
    wanted = [(row.id, row.current_version) for row in rows if (row.id, row.current_version) not in documents]
    documents |= await _documents(tx, wanted)
    return [_sync(row, documents.get((row.id, row.current_version), {})) for row in rows]


async def _documents(tx: AsyncConnection, wanted: list[tuple[str, int]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    if not wanted:
        return {}
    version = tables.mapping_version
    statement = select(version.c.sync_id, version.c.version, version.c.document).where(
        tuple_(version.c.sync_id, version.c.version).in_(wanted)
    )
    return {(row.sync_id, row.version): row.document for row in await tx.execute(statement)}


def _sync(row: Any, document: Mapping[str, Any]) -> SyncConfig:
    return SyncConfig(
        id=row.id,
        name=row.name,
        connection_id=row.connection_id,
        source_id=row.source_id,
        state=SyncState(row.state),
        position=row.position,
        version=row.current_version,
        document=document,
        events=frozenset(document.get("events") or ()),
    )
