"""What the org's objects look like to the connection's user, cached in the database for all workers.

Read whole once a day, because a change of permissions need not move Last-Modified; in between Salesforce is asked hourly whether anything
changed, and at once when an answer contradicts what we hold. Even "nothing changed" costs an API call, so many objects share one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from crosswalk.clock import Clock
from crosswalk.model import ObjectType, OrgSchema, Question
from crosswalk.salesforce import composite, lookup, object_types, soql
from crosswalk.salesforce.calls import Purpose
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.composite import SubReply, Subrequest
from crosswalk.store import statements, tables
from crosswalk.store.database import Database

FULL_REFRESH = timedelta(hours=24)
RECHECK = timedelta(hours=1)
STATUSES_SECONDS = 30.0

_NOT_MODIFIED = 304
_ABSENT = frozenset({"NOT_FOUND", "INVALID_TYPE"})


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database holds of one object."""

    hash: str
    at: datetime
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class _Request:
    """One object to be asked about; with `since`, only whether it has changed."""

    name: str
    since: str | None = None


Changed = Callable[[OrgSchema, OrgSchema], Awaitable[None]]
"""What hears of objects that are described otherwise than before, the old and the new description, before the new one is kept."""


async def _free() -> None:
    """Stand where a budget is not asked."""


async def _unheard(_before: OrgSchema, _now: OrgSchema) -> None:
    """Stand where nobody asks what has changed."""


class OrgDescribe:
    """The described objects of one connection; keep one per process. `before_call` runs before each API call."""

    def __init__(
        self,
        client: Client,
        database: Database,
        connection_id: str,
        clock: Clock,
        *,
        before_call: Callable[[], Awaitable[None]] = _free,
        on_change: Changed = _unheard,
    ) -> None:
        self._client = client
        self._database = database
        self._connection_id = connection_id
        self._clock = clock
        self._before_call = before_call
        self._on_change = on_change
        self._asking = asyncio.Lock()
        self._parsed: dict[str, tuple[str, ObjectType | None]] = {}  # by lower-case name: hash, object
        self._checked: dict[str, datetime] = {}
        self._stale: set[str] = set()
        self._statuses: dict[str, tuple[float, tuple[str, ...]]] = {}

    async def schema(self, objects: Iterable[str]) -> OrgSchema:
        """Return these objects as described; one the org lacks is left out."""
        names = {soql.identifier(name).lower(): name for name in objects}
        async with self._asking:
            known = await self._known(names)
            requests = [request for lower, name in names.items() if (request := self._needed(name, known.get(lower)))]
            if requests:
                await self._refresh(requests, known)
                known = await self._known(names)
            await self._parse({lower: one.hash for lower, one in known.items()})
        described = {lower: self._parsed[lower][1] for lower in known}
        return OrgSchema({lower: one for lower, one in described.items() if one})

    async def remembered(self, objects: Iterable[str]) -> OrgSchema:
        """Return these objects as they were last described, without asking the org; what was never described is left out."""
        known = await self._known(soql.identifier(name).lower() for name in objects)
        await self._parse({lower: one.hash for lower, one in known.items()})
        return OrgSchema({lower: described for lower in known if (described := self._parsed[lower][1])})

    def invalidate(self, object_name: str) -> None:
        """Read the object anew at its next use: the org has contradicted what we hold of it."""
        self._stale.add(object_name.lower())

    async def member_statuses(self, campaign_ids: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the member statuses of each campaign in their order; remembered for half a minute."""
        wanted = set(campaign_ids)
        now = self._clock.monotonic()
        self._statuses = {key: kept for key, kept in self._statuses.items() if now - kept[0] < STATUSES_SECONDS}
        missing = sorted(wanted - self._statuses.keys())
        if missing:
            asked = [Question("CampaignMemberStatus", "CampaignId", campaign_id) for campaign_id in missing]
            fields = {"CampaignMemberStatus": ("Label", "SortOrder")}
            answers = await lookup.ask(self._client, asked, fields, self._before_call, purpose=Purpose.DESCRIBE)
            for question, records in answers.items():
                ordered = sorted(records, key=lambda record: record.fields["SortOrder"] or 0)
                self._statuses[question.value] = (now, tuple(record.fields["Label"] for record in ordered))
        return {campaign_id: self._statuses[campaign_id][1] for campaign_id in wanted}

    def forget_statuses(self, campaign_ids: Iterable[str]) -> None:
        """Ask again for the member statuses of these campaigns: they are about to get more."""
        for campaign_id in campaign_ids:
            self._statuses.pop(campaign_id, None)

    def _needed(self, name: str, known: _Known | None) -> _Request | None:
        lower, now = name.lower(), self._clock.now()
        if known is None or lower in self._stale or now - known.at >= FULL_REFRESH:
            return _Request(name)
        if now - max(known.at, self._checked.get(lower, known.at)) >= RECHECK:
            return _Request(name, known.last_modified)
        return None

    async def _known(self, names: Iterable[str]) -> dict[str, _Known]:
        cache = tables.describe_cache
        wanted = select(cache.c.object, cache.c.hash, cache.c.at, cache.c.last_modified).where(
            cache.c.connection_id == self._connection_id, cache.c.object.in_(list(names))
        )
        async with self._database.read() as tx:
            return {row.object: _Known(row.hash, row.at, row.last_modified) for row in await tx.execute(wanted)}

    async def _parse(self, hashes: Mapping[str, str]) -> None:
        unread = [lower for lower, known in hashes.items() if self._parsed.get(lower, ("", None))[0] != known]
        if not unread:
            return
        cache = tables.describe_cache
        wanted = select(cache.c.object, cache.c.hash, cache.c.document).where(
            cache.c.connection_id == self._connection_id, cache.c.object.in_(unread)
        )
        async with self._database.read() as tx:
            for row in await tx.execute(wanted):
                self._parsed[row.object] = (row.hash, object_types.object_type(row.document) if row.document else None)

    async def _refresh(self, requests: Iterable[_Request], known: Mapping[str, _Known]) -> None:
        rows: list[dict[str, Any]] = []
        answered: list[str] = []
        for part in statements.chunks(requests, composite.MAX_PARTS):
            subrequests = [_subrequest(self._client, request, number) for number, request in enumerate(part)]
            await self._before_call()
            replies = await self._client.composite(subrequests, purpose=Purpose.DESCRIBE)
            for request, reply in zip(part, replies, strict=True):
                rows.extend(self._row(request, reply))
                answered.append(request.name.lower())
        await self._tell([row for row in rows if row["object"] in known and known[row["object"]].hash != row["hash"]])
        await self._keep(rows)
        self._checked |= dict.fromkeys(answered, self._clock.now())
        self._stale.difference_update(answered)

    async def _tell(self, changed: Sequence[Mapping[str, Any]]) -> None:
        """Let it be heard what has changed; whoever dies before it is kept hears of it again."""
        if not changed:
            return
        before = await self.remembered(row["object"] for row in changed)
        now = {row["object"]: object_types.object_type(row["document"]) for row in changed if row["document"]}
        await self._on_change(before, OrgSchema(now))

    def _row(self, request: _Request, reply: SubReply) -> Iterator[dict[str, Any]]:
        fault = reply.fault
        if fault and fault.code not in _ABSENT:
            raise self._client.refusal(fault, reply.status, Purpose.DESCRIBE)
        if reply.status == _NOT_MODIFIED:
            return
        document = None if fault else object_types.condensed(reply.body)
        modified = {name.lower(): value for name, value in reply.headers.items()}.get("last-modified")
        yield {
            "connection_id": self._connection_id,
            "object": request.name.lower(),
            "document": document,
            "last_modified": modified,
            "hash": object_types.digest(document),
            "at": self._clock.now(),
        }

    async def _keep(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        kept = statements.insert(tables.describe_cache)
        kept = kept.on_conflict_do_update(
            index_elements=list(tables.describe_cache.primary_key),
            set_={name: kept.excluded[name] for name in ("document", "last_modified", "hash", "at")},
        )
        async with self._database.write() as tx:
            await statements.every(tx, kept, rows)


def _subrequest(client: Client, request: _Request, number: int) -> Subrequest:
    headers = {"If-Modified-Since": request.since} if request.since else {}
    return Subrequest("GET", client.path(f"sobjects/{request.name}/describe"), f"object{number}", headers=headers)
