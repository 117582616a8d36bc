"""What a turn works with: the services of the process, the org it writes to, and what it has found out so far."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.clock import Clock
from crosswalk.errors import LeaseLostError
from crosswalk.inbox import lanes
from crosswalk.inbox.deliveries import Work
from crosswalk.inbox.lanes import Lease as Lanes
from crosswalk.ledger import changes
from crosswalk.model import Call, Decision, Draft, Note, Origin, Outcome, RowResult
from crosswalk.plan.parents import Parent
from crosswalk.reasons import Reason, State
from crosswalk.salesforce.budget import Budget
from crosswalk.salesforce.calls import RecordedCalls
from crosswalk.salesforce.client import Client
from crosswalk.salesforce.describe import OrgDescribe
from crosswalk.salesforce.sizes import Sizes
from crosswalk.settings import Settings, Timings
from crosswalk.store.configuration import Configuration, ConfigurationCache, ConnectionConfig
from crosswalk.store.database import Database
from crosswalk.store.ids import Ids
from crosswalk.store.vault import Vault

At = Callable[[str], Awaitable[None]]
Write = Callable[[Client, Call], Awaitable[list[RowResult]]]


_LONGEST_PAUSE = 600  # seconds


async def nowhere(point: str) -> None:
    """Stand at a crash point and go on; tests pass something that raises or waits there."""
    del point


@dataclass(frozen=True, slots=True)
class Engine:
    """The services every turn of this process shares."""

    database: Database
    vault: Vault
    clock: Clock
    ids: Ids
    settings: Settings
    configuration: ConfigurationCache

    @property
    def timings(self) -> Timings:
        """The durations in force."""
        return self.settings.timings


@dataclass(frozen=True, slots=True)
class Org:
    """One connection, ready to be asked and written to."""

    connection: ConnectionConfig
    org_id: str
    client: Client
    describe: OrgDescribe
    budget: Budget
    sizes: Sizes
    calls: RecordedCalls


@dataclass(slots=True)
class Turn:
    """One turn's lease, work and findings; lives from leasing the lanes to releasing them."""

    engine: Engine
    org: Org
    configuration: Configuration
    lease: changes.Lease
    lanes: Lanes
    work: list[Work] = field(default_factory=list)
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    parents: dict[tuple[str, str], Parent] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    suspected: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    held_since: float = 0.0  # by the monotonic clock
    _hmacs: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Begin with a lease as taken just now."""
        self.held_since = self.engine.clock.monotonic()

    @property
    def runs(self) -> dict[str, str]:
        """The run of each delivery that belongs to one."""
        return {work.delivery.id: work.delivery.run_id for work in self.work if work.delivery.run_id}

    def hmac(self, key: str) -> str:
        """Return what stands for a key in the database; each is asked for at every stage of a turn."""
        known = self._hmacs.get(key)
        if known is None:
            known = self._hmacs[key] = self.engine.vault.hmac(key)
        return known

    def after(self, seconds: float) -> datetime:
        """Return the moment that many seconds from now."""
        return self.engine.clock.now() + timedelta(seconds=seconds)

    def tries(self, draft: Draft) -> int:
        """Return how often Salesforce has refused a draft before."""
        return max((work.delivery.attempts for work in self.work if work.delivery.id in draft.deliveries), default=0)

    def again(self, draft: Draft, pause: float) -> datetime:
        """Return when a refused draft comes again: the pause doubles with every try, up to ten minutes, and no two drafts come together."""
        spread = 1 + int(self.engine.vault.hmac(draft.key)[:4], 16) / 0xFFFF
        return self.after(min(pause * 2 ** min(self.tries(draft), 10), _LONGEST_PAUSE) * spread)

    async def hold(self, tx: AsyncConnection) -> None:
        """Extend slot and lanes inside `tx`, or raise `LeaseLostError` when a successor has them."""
        clock, seconds, slot = self.engine.clock, self.engine.timings.lease, self.lease.slot
        held = slot is None or await lanes.extend_slot(tx, self.org.connection.id, slot, self.lease.lease_id, clock.now(), seconds)
        if not held or not await lanes.extend(tx, self.lanes, seconds, clock.now()):
            raise LeaseLostError("Another worker has taken over these lanes.")
        self.held_since = clock.monotonic()

    async def spend(self) -> None:
        """Reserve one API call; raises `BudgetSpentError` when the calls left are kept in reserve.

        An old lease is extended first: where answers take long, workers would otherwise take it from one another and all ask in vain.
        """
        aged = self.engine.clock.monotonic() - self.held_since > self.engine.timings.lease / 3
        if aged and self.lanes.lane_ids:
            async with self.engine.database.write() as tx:
                await self.hold(tx)
        await self.org.budget.reserve(1, self.lanes.priority)

    def suspect(self, learnt: Iterable[Outcome]) -> None:
        """Keep what settling found to be a suspected duplicate: planning anew must not hide it."""
        self.suspected |= {(one.delivery_id, one.step): one for one in learnt if one.state is State.HELD}

    def wait(self, drafts: Iterable[Draft], reason: Reason, due: datetime, detail: str = "") -> None:
        """Let the steps behind these drafts wait."""
        for draft in drafts:
            self.conclude(draft.origins, State.WAITING, reason, detail, due_at=due)

    def split_up(self, draft: Draft) -> None:
        """Let the deliveries of a draft that was refused as a whole come again one by one (P10)."""
        self.split |= draft.deliveries
        self.wait([draft], Reason.QUEUED, self.engine.clock.now(), "refused together; goes on alone")

    def conclude(
        self,
        origins: Iterable[Origin],
        state: State,
        reason: Reason | None = None,
        detail: str = "",
        *,
        object_name: str | None = None,
        record_id: str | None = None,
        change_id: str | None = None,
        notes: tuple[Note, ...] = (),
        due_at: datetime | None = None,
    ) -> list[Outcome]:
        """Note how the step of each origin ended, and return the notes made."""
        made = [
            Outcome(
                origin.delivery_id,
                origin.step,
                state,
                reason,
                detail,
                object_name,
                record_id,
                change_id,
                origin.mapping_version,
                notes,
                due_at,
            )
            for origin in dict.fromkeys(origins)
        ]
        made = [self.suspected.get((outcome.delivery_id, outcome.step), outcome) for outcome in made]
        self.outcomes |= {(outcome.delivery_id, outcome.step): outcome for outcome in made}
        return made

    def found(self, decision: Decision, record_id: str) -> None:
        """Remember the record a step ended on, for the steps that need it."""
        parent = Parent(decision.object or "", record_id, decision.aliases, decision.became)
        for origin in decision.draft.origins:
            self.parents[origin.delivery_id, origin.step] = parent
