"""The trace of a request that was answered with an error: why, when, for which source. No body and no secret is kept."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import RequestRefused
from crosswalk.inbox import counts
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import insert
from crosswalk.store.texts import storable

_CODE_LENGTH = 40
_SENTENCE_LENGTH = 1_000


async def record(tx: AsyncConnection, refused: RequestRefused, source_id: str | None, ids: Ids, now: datetime) -> None:
    """Keep why a request was refused; it counts as one rejected item when its source is known."""
    row = {
        "id": ids.new(),
        "source_id": source_id,
        "at": now,
        "code": storable(refused.request_code, _CODE_LENGTH),
        "sentence": storable(refused.sentence, _SENTENCE_LENGTH),
        "status": refused.status,
    }
    await tx.execute(insert(tables.refusal), [row])
    if source_id is not None:
        await counts.add(tx, {source_id: counts.Count(rejected=1)}, now)
