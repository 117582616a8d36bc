"""What the demo came to, read from where it was written down: the inbox, the journal, and the org's own count of API calls.

Nothing is carried over from the scenario but the number of items sent, against which the inbox is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import EventStatus, NoticeState
from crosswalk.journal import stats
from crosswalk.journal.stats import Sums
from crosswalk.model import Operation
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration
from crosswalk.store.vault import Vault

_INBOX = ("events", "notices", "repeats", "rejected")
_COUNTED = {Operation.INSERT.value: "inserted", Operation.UPDATE.value: "updated"}
_WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class OfSource:
    """What one source came to. A record that two sources wrote together counts for both."""

    received: Mapping[str, int]  # events, notices, repeats, rejected
    deliveries: Mapping[str, int]  # by state
    records: Mapping[str, Mapping[str, int]]  # by object: inserted, updated

    def as_json(self) -> dict[str, Any]:
        """Return its part of the summary."""
        return {**self.received, "deliveries": self.deliveries, "records": self.records}


@dataclass(frozen=True, slots=True)
class Tally:
    """Every figure of the summary."""

    sent: int
    sources: Mapping[str, OfSource]
    sums: Sums
    unfetched: int  # notices that still wait or are held
    people: int
    api_calls: int
    seconds: float

    @property
    def calls_per_1000_people(self) -> float:
        """API calls for every thousand people."""
        return round(1000 * self.api_calls / self.people, 2) if self.people else 0.0

    def inbox(self, name: str) -> int:
        """Return a column of the inbox over all sources."""
        return sum(one.received[name] for one in self.sources.values())

    @property
    def outcomes(self) -> Mapping[tuple[State, Reason | None], int]:
        """How many deliveries ended, or wait, in which state for which reason."""
        found: dict[tuple[State, Reason | None], int] = {}
        for name, number in self.sums.by_reason.items():
            found[Reason(name).state, Reason(name)] = number
        for state, number in self.sums.by_state.items():
            unexplained = number - sum(explained for (of, _), explained in found.items() if of is state)
            if unexplained:
                found[state, None] = unexplained
        return found

    def problems(self) -> list[str]:
        """Return what is wrong: a delivery that still waits, or a sum that does not hold."""
        sums, waiting = self.sums, self.sums.by_state[State.WAITING]
        accounted = sum(self.inbox(name) for name in _INBOX)
        routed = sums.events[EventStatus.ROUTED]
        checks = (
            (not waiting, f"{waiting} deliveries still wait"),
            (not self.unfetched, f"{self.unfetched} notices have not been fetched"),
            (self.sent == accounted, f"{self.sent} items were sent, but events, notices, repeats and rejected add up to {accounted}"),
            (sums.received.holds, "what was received is not events, notices, repeats and rejected together"),
            (sums.events_hold, "the events are not routed, unrouted and invalid ones together"),
            (sums.deliveries_hold, "the deliveries are not those of all states together"),
            (sums.deliveries == routed, f"{routed} events are wanted by one sync each, but there are {sums.deliveries} deliveries"),
        )
        return [sentence for holds, sentence in checks if not holds]

    def as_json(self) -> dict[str, Any]:
        """Return the summary for programs."""
        return {
            "sources": {name: one.as_json() for name, one in self.sources.items()},
            "sent": self.sent,
            "events": {status.value: number for status, number in self.sums.events.items()},
            "notices": self.inbox("notices"),
            "repeats": self.inbox("repeats"),
            "rejected": self.inbox("rejected"),
            "deliveries": {state.value: number for state, number in self.sums.by_state.items()},
            "records": {one.object: {"inserted": one.created, "updated": one.updated} for one in self.sums.records},
            "people": self.people,
            "api_calls": self.api_calls,
            "calls_per_1000_people": self.calls_per_1000_people,
            "seconds": round(self.seconds, 2),
        }


async def tally(tx: AsyncConnection, vault: Vault, configuration: Configuration, *, sent: int, api_calls: int, seconds: float) -> Tally:
    """Read the figures."""
    return Tally(
        sent=sent,
        sources=await _by_source(tx, configuration),
        sums=await stats.sums(tx),
        unfetched=await _unfetched(tx),
        people=await _people(tx, vault),
        api_calls=api_calls,
        seconds=seconds,
    )


async def _by_source(tx: AsyncConnection, configuration: Configuration) -> dict[str, OfSource]:
    received, states, records = await _received(tx), await _states(tx), await _records(tx)
    return {
        source.name: OfSource(received.get(source.id, dict.fromkeys(_INBOX, 0)), states.get(source.id, {}), records.get(source.id, {}))
        for source in sorted(configuration.sources.values(), key=lambda source: source.name)
    }


async def _received(tx: AsyncConnection) -> dict[str, dict[str, int]]:
    count = tables.received_count
    columns = [func.sum(count.c[name]).label(name) for name in _INBOX]
    rows = await tx.execute(select(count.c.source_id, *columns).group_by(count.c.source_id))
    return {row.source_id: {name: int(getattr(row, name)) for name in _INBOX} for row in rows}


async def _states(tx: AsyncConnection) -> dict[str, dict[str, int]]:
    event, delivery = tables.event, tables.delivery
    columns = (event.c.source_id, delivery.c.state)
    joined = select(*columns, func.count()).join(delivery, delivery.c.event_id == event.c.id)
    found: dict[str, dict[str, int]] = {}
    for source_id, state, number in await tx.execute(joined.group_by(*columns).order_by(*columns)):
        found.setdefault(source_id, {})[state] = number
    return found


async def _records(tx: AsyncConnection) -> dict[str, dict[str, dict[str, int]]]:
    """Count the records that were written for deliveries of each source."""
    event, delivery, outcome, change = tables.event, tables.delivery, tables.step_outcome, tables.change
    columns = (event.c.source_id, change.c.object, change.c.operation)
    joined = (
        select(*columns, func.count(change.c.id.distinct()))
        .join(delivery, delivery.c.event_id == event.c.id)
        .join(outcome, outcome.c.delivery_id == delivery.c.id)
        .join(change, change.c.id == outcome.c.change_id)
        .where(change.c.result == _WRITTEN, change.c.operation.in_(_COUNTED))
    )
    found: dict[str, dict[str, dict[str, int]]] = {}
    for source_id, name, operation, number in await tx.execute(joined.group_by(*columns).order_by(*columns)):
        found.setdefault(source_id, {}).setdefault(name, dict.fromkeys(_COUNTED.values(), 0))[_COUNTED[operation]] = number
    return found


async def _unfetched(tx: AsyncConnection) -> int:
    notice = tables.notice
    return await tx.scalar(select(func.count()).select_from(notice).where(notice.c.state != NoticeState.DONE.value)) or 0


async def _people(tx: AsyncConnection, vault: Vault) -> int:
    """Count the different addresses in deliveries that were not skipped: in the demo the address is the match key."""
    event, delivery = tables.event, tables.delivery
    rows = await tx.scalars(
        select(event.c.person_ct)
        .join(delivery, delivery.c.event_id == event.c.id)
        .where(delivery.c.state != State.SKIPPED.value, event.c.person_ct.is_not(None))
    )
    people = (vault.open(sealed) for sealed in rows)
    return len({person["email"].strip().lower() for person in people if person.get("email")})
