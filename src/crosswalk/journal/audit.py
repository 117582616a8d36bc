"""Who changed which setting, when, from what to what.

Secrets are left out by what they are, not by what they are called: a secret value arrives here as a `SecretStr` and is written as a mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import SecretBytes, SecretStr
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert
from crosswalk.store.texts import storable

HIDDEN = "(secret)"
_NAME_LENGTH = 120
_ACTION_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One action of a person (or of the command line)."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    before: Any
    after: Any


async def record(
    tx: AsyncConnection,
    ids: Ids,
    now: datetime,
    *,
    actor: str,
    action: str,
    subject: str,
    before: Any = None,
    after: Any = None,
) -> None:
    """Keep one action, in the transaction that does what it says."""
    row = {
        "id": ids.new(),
        "at": now,
        "actor": storable(actor, _NAME_LENGTH),
        "action": storable(action, _ACTION_LENGTH),
        "subject": storable(subject, _NAME_LENGTH),
        "before": shown(before),
        "after": shown(after),
    }
    await tx.execute(insert(tables.audit), [row])


@dataclass(frozen=True, slots=True)
class Filter:
    """Which actions are wanted; `thing` is what an action begins with, such as `mapping` of `mapping.change`."""

    subject: str | None = None
    actor: str | None = None
    thing: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = Filter()


async def page(tx: AsyncConnection, limit: int, after: str | None = None, wanted: Filter = ALL) -> list[Entry]:
    """Return the newest actions that the filter finds, or those of them that follow the entry `after`."""
    audit = tables.audit
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(audit.c.id < after)
    if wanted.subject is not None:
        statement = statement.where(audit.c.subject == wanted.subject)
    if wanted.actor is not None:
        statement = statement.where(audit.c.actor == wanted.actor)
    if wanted.thing is not None:
        statement = statement.where(or_(audit.c.action == wanted.thing, audit.c.action.startswith(f"{wanted.thing}.", autoescape=True)))
    if wanted.since is not None:
        statement = statement.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(audit.c.at < wanted.until)
    return [Entry(row.id, row.at, row.actor, row.action, row.subject, row.before, row.after) for row in await tx.execute(statement)]


def shown(value: Any) -> Any:
    """Return a value as JSON without the secrets in it."""
    if isinstance(value, SecretStr | SecretBytes | bytes):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(name): shown(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
