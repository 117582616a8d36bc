"""The exclusive right to decide about a key until the outcome is known.

A claim is taken before the look-up: after it, two workers that looked at the same moment would both create. A claim without a change
dies with its turn; one with a change never expires by time, only by the change's end.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

_claim = tables.claim
_TAKE = Repeated(insert(_claim).on_conflict_do_nothing())
_ATTACH = Repeated(
    update(_claim)
    .where(_claim.c.org == bindparam("of_org"), _claim.c.key_hmac == bindparam("of_key"), _claim.c.turn_id == bindparam("of_turn"))
    .values(change_id=bindparam("new_change"))
)


async def take(tx: AsyncConnection, org: str, keys: Collection[str], turn_id: str, now: datetime, until: datetime) -> set[str]:
    """Claim all keys (HMACs) that are free and return those held by others.

    A claim whose turn died before planning anything is taken over. Keys go in sorted order, so that two turns cannot lock each other.
    """
    lost: set[str] = set()
    for part in chunks(sorted(keys)):
        ours = (_claim.c.org == org) & _claim.c.key_hmac.in_(part)
        await tx.execute(delete(_claim).where(ours & _claim.c.change_id.is_(None) & (_claim.c.until < now)))
        rows = [{"org": org, "key_hmac": key, "turn_id": turn_id, "until": until} for key in part]
        await _TAKE.execute(tx, rows)
        taken = await tx.execute(select(_claim.c.key_hmac).where(ours & (_claim.c.turn_id == turn_id)))
        lost |= set(part) - set(taken.scalars())
    return lost


async def held(tx: AsyncConnection, org: str, keys: Collection[str], turn_id: str) -> set[str]:
    """Return those keys that still belong to this turn, locked until the transaction ends so that none can expire before it does."""
    mine: set[str] = set()
    for part in chunks(sorted(keys)):
        query = select(_claim.c.key_hmac).where((_claim.c.org == org) & _claim.c.key_hmac.in_(part) & (_claim.c.turn_id == turn_id))
        mine.update(await tx.scalars(query.order_by(_claim.c.key_hmac).with_for_update()))
    return mine


async def attach(tx: AsyncConnection, org: str, keys_of: Mapping[str, Sequence[str]], turn_id: str) -> None:
    """Bind the keys (HMACs) of each change to it, so that they outlive this turn's lease."""
    mine = {"of_org": org, "of_turn": turn_id}
    await _ATTACH.execute(tx, [{**mine, "of_key": key, "new_change": change_id} for change_id, keys in keys_of.items() for key in keys])


async def free(tx: AsyncConnection, org: str, keys: Collection[str], turn_id: str) -> None:
    """Give back keys of this turn that led to no change."""
    for part in chunks(sorted(keys)):
        await tx.execute(
            delete(_claim).where(
                (_claim.c.org == org) & _claim.c.key_hmac.in_(part) & (_claim.c.turn_id == turn_id) & _claim.c.change_id.is_(None)
            )
        )


async def free_turn(tx: AsyncConnection, turn_id: str) -> None:
    """Give back everything of this turn that has no change attached."""
    await tx.execute(delete(_claim).where((_claim.c.turn_id == turn_id) & _claim.c.change_id.is_(None)))


async def expire(tx: AsyncConnection, now: datetime) -> None:
    """Drop claims of turns that died before they planned anything."""
    await tx.execute(delete(_claim).where(_claim.c.change_id.is_(None) & (_claim.c.until < now)))


async def free_changes(tx: AsyncConnection, change_ids: Collection[str]) -> None:
    """Give back the claims of changes whose outcome is known or that are void."""
    for part in chunks(sorted(change_ids)):
        await tx.execute(delete(_claim).where(_claim.c.change_id.in_(part)))


async def settle_times(tx: AsyncConnection, org: str, keys: Collection[str]) -> dict[str, datetime]:
    """Return, for claimed keys, when the change that holds them settles."""
    times: dict[str, datetime] = {}
    for part in chunks(sorted(keys)):
        query = (
            select(_claim.c.key_hmac, tables.change.c.settle_after)
            .join(tables.change, tables.change.c.id == _claim.c.change_id)
            .where((_claim.c.org == org) & _claim.c.key_hmac.in_(part) & tables.change.c.settle_after.is_not(None))
        )
        times |= {row.key_hmac: row.settle_after for row in await tx.execute(query)}
    return times
