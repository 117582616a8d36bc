"""Guessing passwords is slow: attempts are counted before they are judged, by address and by e-mail.

An attempt counts at once, so that many at the same moment cannot slip through; a success takes the count of its pair back. The limit of
one e-mail from everywhere is wide, so that a stranger cannot keep a person out for long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.access.context import folded
from crosswalk.errors import RequestRefused
from crosswalk.store import tables
from crosswalk.store.statements import insert
from crosswalk.store.vault import Vault

WINDOW = timedelta(minutes=15)
PAIR, EMAIL, ADDRESS = 5, 50, 100


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one key may try within the window."""

    key: str
    most: int


def limits(vault: Vault, what: str, address: str, email: str = "") -> list[Limit]:
    """Return the limits an attempt falls under."""
    by_address = Limit(vault.hmac(f"throttle:{what}:address:{address}"), ADDRESS)
    if not email:
        return [Limit(vault.hmac(f"throttle:{what}:alone:{address}"), PAIR), by_address]
    name = folded(email)
    pair = Limit(vault.hmac(f"throttle:{what}:pair:{address}:{name}"), PAIR)
    return [pair, Limit(vault.hmac(f"throttle:{what}:email:{name}"), EMAIL), by_address]


async def attempt(tx: AsyncConnection, counted: list[Limit], now: datetime) -> RequestRefused | None:
    """Count an attempt; return the refusal when there were too many. The caller raises it after the commit, so that it stays counted."""
    table = tables.login_throttle
    await tx.execute(delete(table).where(table.c.since <= now - WINDOW))
    refusal = None
    for limit in counted:
        statement = insert(table).values(key_hmac=limit.key, attempts=1, since=now)
        columns = [table.c.key_hmac]
        await tx.execute(statement.on_conflict_do_update(index_elements=columns, set_={"attempts": table.c.attempts + 1}))
        row = (await tx.execute(select(table.c.attempts, table.c.since).where(table.c.key_hmac == limit.key))).one()
        if row.attempts > limit.most and refusal is None:
            refusal = _too_many(row.since + WINDOW - now)
    return refusal


async def forget(tx: AsyncConnection, counted: list[Limit]) -> None:
    """Take back the count of the closest limit after a success."""
    await tx.execute(delete(tables.login_throttle).where(tables.login_throttle.c.key_hmac == counted[0].key))


def _too_many(wait: timedelta) -> RequestRefused:
    seconds = max(1, round(wait.total_seconds()))
    minutes = -(-seconds // 60)
    sentence = f"Too many attempts from here. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again."
    return RequestRefused("too_many_attempts", sentence, 429, retry_after_seconds=seconds)
