"""This key is that record: made by matching, by creating, or by an agent, whose link wins over every look-up."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.model import Link
from crosswalk.store import tables
from crosswalk.store.repeated import Repeated
from crosswalk.store.statements import chunks, insert

_link = tables.link


def _saving() -> Repeated:
    statement = insert(_link)
    newer = {name: statement.excluded[name] for name in ("record_id", "origin", "at")}
    by_agent = (_link.c.origin != "agent") | (statement.excluded.origin == "agent")
    return Repeated(statement.on_conflict_do_update(index_elements=["org", "object", "key_hmac"], set_=newer, where=by_agent))


_SAVE = _saving()


async def load(tx: AsyncConnection, org: str, keys: Collection[str]) -> dict[str, list[Link]]:
    """Return the links of the keys (HMACs), agents' links first."""
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for part in chunks(sorted(keys)):
        query = select(_link).where((_link.c.org == org) & _link.c.key_hmac.in_(part))
        for row in await tx.execute(query.order_by(_link.c.at)):
            found[row.key_hmac].append(Link(row.object, row.record_id, row.origin))
    return {key: sorted(links, key=lambda link: link.origin != "agent") for key, links in found.items()}


async def save(tx: AsyncConnection, org: str, links: Mapping[str, Sequence[Link]], now: datetime) -> None:
    """Remember links by key (HMAC). A link an agent made is never replaced by one that we found."""
    rows = [
        {"org": org, "object": link.object, "key_hmac": key, "record_id": link.record_id, "origin": link.origin, "at": now}
        for key, several in sorted(links.items())
        for link in several
    ]
    await _SAVE.execute(tx, rows)


async def remove(tx: AsyncConnection, org: str, object_name: str, key: str) -> None:
    """Forget a link, as when an agent unlinks a conversation."""
    await tx.execute(delete(_link).where((_link.c.org == org) & (_link.c.object == object_name) & (_link.c.key_hmac == key)))
