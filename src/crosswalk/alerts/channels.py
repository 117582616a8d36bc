"""Channels: where alerts go. What leads to people, hosts and doors is sealed; a secret is never shown again."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx2
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.alerts.causes import Kind
from crosswalk.alerts.entered import Entered, MailIn, WebhookIn
from crosswalk.errors import ConfigurationError, MappingError, Problem, RequestRefused
from crosswalk.journal import audit
from crosswalk.store import tables
from crosswalk.store.vault import Vault
from crosswalk.turn.context import Engine

SECRET_PREFIX = "whsec_"  # noqa: S105  # how Standard Webhooks marks one
_SECRET_BYTES = 32
_table = tables.alert_channel


class ChannelKind(StrEnum):
    """By what a channel tells."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to tell. `details` are those of its kind in `entered`, and a webhook's `signing_secret`; empty when their key is lost."""

    id: str
    name: str
    kind: ChannelKind
    causes: frozenset[Kind]
    details: Mapping[str, Any] = field(repr=False)

    @property
    def place(self) -> str:
        """Where it leads, as far as that is no secret: whom mail goes to, the host of an address."""
        if self.kind is ChannelKind.MAIL:
            return ", ".join(self.details.get("recipients", ()))
        return httpx2.URL(self.details.get("url", "")).host


async def every(tx: AsyncConnection, vault: Vault) -> list[Channel]:
    """Return all channels, by name."""
    return [read(row, vault) for row in await tx.execute(select(_table).order_by(_table.c.name))]


async def get(tx: AsyncConnection, vault: Vault, channel_id: str) -> Channel:
    """Return a channel; raise `RequestRefused` when there is none of that id."""
    row = (await tx.execute(select(_table).where(_table.c.id == channel_id))).first()
    if row is None:
        raise RequestRefused("unknown_channel", "There is no channel with this id. Go back to the list of channels.", 404)
    return read(row, vault)


def read(row: Any, vault: Vault) -> Channel:
    """Return a channel as a row holds it; one whose key is lost has no details and is to be entered anew."""
    try:
        details = vault.open(row.details_ct)
    except ConfigurationError:
        details = {}
    return Channel(row.id, row.name, ChannelKind(row.kind), frozenset(Kind(one) for one in row.causes if one in set(Kind)), details)


async def add(engine: Engine, actor: str, entered: Entered) -> Channel:
    """Keep a new channel and return it; a webhook's signing secret is in its details, to be shown this once."""
    made = Channel(engine.ids.new(), entered.name, ChannelKind(entered.kind), entered.causes, _details(entered, None))
    async with engine.database.write() as tx:
        await _expect_free(tx, made)
        values = {**_values(made, engine.vault), "id": made.id, "kind": made.kind.value, "created_at": engine.clock.now()}
        await tx.execute(insert(_table).values(**values))
        await _note(tx, engine, actor, "alert_channel.add", made.id, None, made)
    return made


async def change(engine: Engine, actor: str, channel_id: str, entered: Entered) -> Channel:
    """Change a channel and return it; what was left out of secrets stays."""
    async with engine.database.write() as tx:
        stored = await get(tx, engine.vault, channel_id)
        if stored.kind != entered.kind:
            raise RequestRefused("other_kind", "A channel keeps its kind; add another one and remove this one.", 409, field="kind")
        changed = Channel(stored.id, entered.name, stored.kind, entered.causes, _details(entered, stored))
        await _expect_free(tx, changed)
        await tx.execute(update(_table).where(_table.c.id == stored.id).values(**_values(changed, engine.vault)))
        await _note(tx, engine, actor, "alert_channel.change", stored.id, stored, changed)
    return changed


async def remove(engine: Engine, actor: str, channel_id: str) -> Channel:
    """Give a channel up, with what it was still to be told, and return it as it was."""
    async with engine.database.write() as tx:
        stored = await get(tx, engine.vault, channel_id)
        await tx.execute(delete(_table).where(_table.c.id == stored.id))
        await _note(tx, engine, actor, "alert_channel.remove", stored.id, stored, None)
    return stored


def _details(entered: Entered, stored: Channel | None) -> dict[str, Any]:
    """Return what is to be kept; raise `MappingError` where a secret is needed and neither entered nor known."""
    given, known = entered.details(), stored.details if stored else {}
    if isinstance(entered, MailIn):
        return given | _password(entered, given, known)
    if "url" not in given and "url" not in known:
        raise MappingError([Problem("missing", "url", "Enter the address.")])
    made = {"url": known.get("url"), **given}
    if isinstance(entered, WebhookIn):
        made["signing_secret"] = known.get("signing_secret") or _new_secret()
    return made


def _password(entered: MailIn, given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the password that counts. A stored one is not sent to another server than the one it was entered for."""
    if not entered.username or "password" in given:
        return {}
    if "password" not in known:
        raise MappingError([Problem("missing", "password", "Enter the password of this user.")])
    same = all(known.get(name) == getattr(entered, name) for name in ("host", "port", "username", "security"))
    if not same:
        raise MappingError([Problem("missing", "password", "Enter the password again: the server or the user is another one.")])
    return {"password": known["password"]}


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _values(channel: Channel, vault: Vault) -> dict[str, Any]:
    details_ct = vault.seal(dict(channel.details))
    return {"name": channel.name, "causes": sorted(one.value for one in channel.causes), "details_ct": details_ct}


async def _expect_free(tx: AsyncConnection, channel: Channel) -> None:
    taken = await tx.scalar(select(_table.c.id).where(_table.c.name == channel.name, _table.c.id != channel.id))
    if taken:
        raise RequestRefused("name_taken", "Another channel has this name; choose another one.", 409, field="name")


async def _note(
    tx: AsyncConnection, engine: Engine, actor: str, action: str, channel_id: str, before: Channel | None, after: Channel | None
) -> None:
    told = {"before": _shown(before), "after": _shown(after)}
    await audit.record(tx, engine.ids, engine.clock.now(), actor=actor, action=action, subject=channel_id, **told)


def _shown(channel: Channel | None) -> Mapping[str, Any] | None:
    """Return what the audit trail keeps: neither addresses of people nor secrets."""
    if channel is None:
        return None
    return {"name": channel.name, "kind": channel.kind.value, "causes": sorted(one.value for one in channel.causes)}
