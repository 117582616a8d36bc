"""Forgetting a person, from the request to the proof: what is stored is erased, what stands in Salesforce is listed and left alone.

The proof says when, how much, and by which hash of the person; it holds nothing of the person, so it may be kept for ever.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.errors import ConfigurationError
from crosswalk.inbox import belonging, forgetting, identity
from crosswalk.journal import audit
from crosswalk.mapping import keys
from crosswalk.store import erasing, tables
from crosswalk.store.statements import chunks
from crosswalk.turn.context import Engine

_SHARED = ("Account", "Campaign", "CampaignMemberStatus")  # records that several people have in common
_FIELDS = {"email": ("Email",), "phone": ("Phone", "MobilePhone")}


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """A record in Salesforce that is, or belongs to, the person."""

    org: str
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was erased. `person` is the keyed hash that stays, `digest` proves that nobody changed the rest afterwards.

    `unsettled` is what is still needed for work under way; `scrubbed` says whether the files were rewritten too.
    """

    at: datetime
    person: str
    events: int
    notices: int
    changes: int
    identities: int
    unsettled: int
    scrubbed: bool
    records: tuple[Record, ...]

    @property
    def counts(self) -> Mapping[str, Any]:
        """Everything but the records, whose ids lead to the person as long as they stand."""
        return {name: value for name, value in asdict(self).items() if name not in ("records", "at")} | {"records": len(self.records)}

    @property
    def digest(self) -> str:
        """The SHA-256 of time and counts, as they stand in the audit trail."""
        text = json.dumps({"at": self.at.isoformat(), **self.counts}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


async def erase(engine: Engine, person: Mapping[str, str], actor: str) -> Proof:
    """Forget whoever the values name ("email", "user_id", "phone") and keep the proof in the audit trail; repeat it after an interruption.

    Raises `ConfigurationError` when no value can name anybody.
    """
    pairs = belonging.normalised(person)
    if not pairs:
        raise ConfigurationError("Nobody is named: give an e-mail address, a user id or a phone number.")
    now = engine.clock.now()
    hmacs = sorted(identity.value_hmac(engine.vault, kind, value) for kind, value in pairs)
    async with engine.database.read() as tx:
        linked = await _linked(tx, engine, pairs)
    done = await forgetting.forget(engine.database, engine.vault, person, [record.id for record in linked], now)
    async with engine.database.read() as tx:
        records = linked | await _written(tx, done.deliveries)
    scrubbed = await erasing.scrub(engine.database)
    counts = (done.events, done.notices, done.changes, done.identities, done.unsettled)
    proof = Proof(now, engine.vault.hmac(f"forgotten:{' '.join(hmacs)}"), *counts, scrubbed, tuple(sorted(records)))
    async with engine.database.write() as tx:
        after = {**proof.counts, "at": now, "digest": proof.digest}
        await audit.record(tx, engine.ids, now, actor=actor, action="person.forget", subject=f"person {proof.person}", after=after)
    return proof


async def _linked(tx: AsyncConnection, engine: Engine, pairs: Iterable[tuple[str, str]]) -> set[Record]:
    """Return the records that the person's values are known to lead to."""
    link = tables.link
    claims = {engine.vault.hmac(keys.match_claim("Lead", field, value)) for kind, value in pairs for field in _FIELDS.get(kind, ())}
    rows = await tx.execute(select(link.c.org, link.c.object, link.c.record_id).where(link.c.key_hmac.in_(claims)))
    return {Record(row.org, row.object, row.record_id) for row in rows}


async def _written(tx: AsyncConnection, deliveries: Iterable[str]) -> set[Record]:
    """Return the records that the person's events ended on, but for those that others share."""
    outcome, involved, change = tables.step_outcome, tables.change_delivery, tables.change
    found: set[Record] = set()
    for part in chunks(deliveries):
        statement = (
            select(change.c.org, outcome.c.object, outcome.c.record_id)
            .join(involved, involved.c.delivery_id == outcome.c.delivery_id)
            .join(change, change.c.id == involved.c.change_id)
            .where(outcome.c.delivery_id.in_(part), outcome.c.record_id.is_not(None), outcome.c.object.not_in(_SHARED))
            .distinct()
        )
        found.update([Record(row.org, row.object, row.record_id) for row in await tx.execute(statement)])
    return found
