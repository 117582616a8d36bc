"""What the demo came to, read from where it was written down: the inbox, the journal, and the org's own count of API calls.

Nothing is carried over from the scenario but the number of items sent, against which the inbox is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import EventStatus
from crosswalk.journal import stats
from crosswalk.journal.stats import Sums
from crosswalk.reasons import Reason, State
from crosswalk.store import tables
from crosswalk.store.configuration import Configuration
from crosswalk.store.vault import Vault

_INBOX = ("events", "notices", "repeats", "rejected")


@dataclass(frozen=True, slots=True)
class Tally:
    """Every figure of the summary."""

    sent: int
    received: Mapping[str, Mapping[str, int]]  # by source: events, notices, repeats, rejected
    sums: Sums
    people: int
    api_calls: int
    seconds: float

    @property
    def calls_per_1000_people(self) -> float:
        """API calls for every thousand people."""
        return round(1000 * self.api_calls / self.people, 2) if self.people else 0.0

    def inbox(self, name: str) -> int:
        """Return a column of the inbox over all sources."""
        return sum(counts[name] for counts in self.received.values())

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
            "received": {source: counts["events"] + counts["rejected"] for source, counts in self.received.items()},
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
        received=await _received(tx, configuration),
        sums=await stats.sums(tx),
        people=await _people(tx, vault),
        api_calls=api_calls,
        seconds=seconds,
    )


async def _received(tx: AsyncConnection, configuration: Configuration) -> dict[str, dict[str, int]]:
    count = tables.received_count
    columns = [func.sum(count.c[name]).label(name) for name in _INBOX]
    rows = await tx.execute(select(count.c.source_id, *columns).group_by(count.c.source_id))
    found = {configuration.sources[row.source_id].name: {name: int(getattr(row, name)) for name in _INBOX} for row in rows}
    return dict(sorted(found.items()))


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
