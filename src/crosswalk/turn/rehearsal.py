"""A turn without the writing: the same mapping, questions and decisions, turn after turn, as a run would take.

It reads the org and what we remember of it, not other queued events. Records that would be created get a stand-in id, so that what hangs
on them can be shown too. The bound on API calls counts the look-ups and writes of a run without faults; retries are excluded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from crosswalk.errors import CrosswalkError
from crosswalk.inbox import identity
from crosswalk.inbox.deliveries import Work
from crosswalk.inbox.lanes import Lease as Lanes
from crosswalk.ledger import changes
from crosswalk.model import Decision, Delivery, Draft, Event, Outcome, Priority, Question, Record
from crosswalk.plan import batch, fold, match
from crosswalk.plan import decide as deciding
from crosswalk.reasons import Reason, State
from crosswalk.salesforce import lookup
from crosswalk.store.configuration import Configuration, SourceConfig, SyncConfig, SyncState
from crosswalk.turn import bound, campaigns, gather, imagined, statuses, wave
from crosswalk.turn.bound import Bound
from crosswalk.turn.context import Engine, Org, Turn
from crosswalk.turn.gather import Mappings
from crosswalk.turn.imagined import Imagined

Step = tuple[str, str]  # delivery and step


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done: the decisions, and the most API calls it can take."""

    decisions: tuple[Decision, ...]
    calls_at_most: int
    events: Mapping[str, str] = field(default_factory=dict)  # the event of each delivery that was imagined

    def of(self, state: State) -> list[Decision]:
        """Return the decisions that end in one state."""
        return [decision for decision in self.decisions if decision.state is state]


async def preview(engine: Engine, org: Org, source: SourceConfig, events: Sequence[Event], only: SyncConfig | None = None) -> Preview:
    """Decide about the events as a run would, turn by turn, without claiming or writing anything.

    With `only` that sync alone is played, as it is given: with a mapping not yet saved, or switched on before it is.
    """
    configuration = await engine.configuration.current()
    wanted = [sync for sync in configuration.syncs_of(source.id) if sync.connection_id == org.connection.id]
    if only is not None:
        configuration, wanted = replace(configuration, syncs={**configuration.syncs, only.id: only}), [only]
    people = await _identified(engine, events)
    work = [_work(engine, event, sync, people) for event in events for sync in wanted if sync.takes(event.type)]
    rehearsal = _Rehearsal(engine, org, configuration, people.strong)
    for part in _turns(work, engine.settings.lanes_per_turn):
        await rehearsal.play(part)
    told = {one.delivery.id: one.event.id for one in work}
    return Preview((*rehearsal.decisions, *rehearsal.without_draft()), rehearsal.calls, told)


@dataclass(frozen=True, slots=True)
class _People:
    """What receiving the events would tell about whose they are, by event id."""

    lanes: Mapping[str, str]
    strong: Mapping[str, Mapping[str, str]]


async def _identified(engine: Engine, events: Sequence[Event]) -> _People:
    """Learn from the events as receiving them would, and forget it."""
    async with engine.database.write() as tx:
        trial = await tx.begin_nested()
        learnt = await identity.learn(tx, engine.vault, [(event, identity.keys(event, engine.vault)) for event in events])
        strong = await identity.strong_keys(tx, engine.vault, events)
        await trial.rollback()
    return _People(learnt.lane_keys, strong)


def _work(engine: Engine, event: Event, sync: SyncConfig, people: _People) -> Work:
    delivery = Delivery(
        id=engine.ids.new(),
        event_id=event.id,
        sync_id=sync.id,
        lane_id=people.lanes[event.id],
        occurred_at=event.occurred_at,
        state=State.WAITING,
        reason=Reason.QUEUED,
        due_at=None,
        deadline=None,
        attempts=0,
    )
    return Work(delivery, event, False, SyncState(sync.state), sync.position, sync.version)


def _turns(work: Sequence[Work], lanes: int) -> Iterable[list[Work]]:
    """Cut the work as turns would: so many lanes each, in the order of their oldest event."""
    by_lane: dict[str, list[Work]] = {}
    for one in sorted(work, key=lambda one: one.event.freshness):
        by_lane.setdefault(one.delivery.lane_id, []).append(one)
    queues = list(by_lane.values())
    for start in range(0, len(queues), lanes):
        yield [one for queue in queues[start : start + lanes] for one in queue]


def _nobody(org: Org) -> changes.Lease:
    return changes.Lease(org.org_id, None, "preview", "preview")


def _no_lanes(org: Org) -> Lanes:
    return Lanes("preview", org.connection.id, 0, (), Priority.INTERACTIVE)


@dataclass(slots=True)
class _Rehearsal:
    """The turns of one preview: what they have decided, and how every step would end."""

    engine: Engine
    org: Org
    configuration: Configuration
    strong: Mapping[str, Mapping[str, str]]
    calls: int = 0
    decisions: list[Decision] = field(default_factory=list)
    done: Imagined = field(default_factory=Imagined)
    ends: dict[Step, Outcome] = field(default_factory=dict)
    shown: set[Step] = field(default_factory=set)
    chosen: Bound = field(default_factory=Bound)

    async def play(self, work: Sequence[Work]) -> None:
        """Play turn after turn until nothing of the work would come again by itself."""
        for _ in range(len(work) + 1):  # each turn concludes at least one delivery
            held = await self._turn(work)
            work = _coming_again(held)
            if not work:
                return

    def without_draft(self) -> list[Decision]:
        """Show steps that would end before any draft, such as those of a call that did not opt in."""
        return [
            Decision(Draft((), step, (), (), delivery), outcome.state, outcome.reason, outcome.detail)
            for (delivery, step), outcome in self.ends.items()
            if (delivery, step) not in self.shown
        ]

    async def _turn(self, work: Sequence[Work]) -> Turn:
        held = Turn(self.engine, self.org, self.configuration, _nobody(self.org), _no_lanes(self.org), work=list(work))
        ready = await gather.mappings(self.engine, self.org, self.configuration, work)
        chosen = await self._campaigns(held, ready)
        pending: Sequence[Draft] = gather.drafts(held, ready, chosen, self.strong)
        lacking = await statuses.missing(held, pending, ready, chosen, self._statuses, self._spend)
        if lacking:
            await self._wave(held, lacking, ready)
        while pending:
            now, later = wave.ready(held, pending)
            if not now:
                wave.orphaned(held, later)
                break
            await self._wave(held, now, ready)
            pending = later
        self.ends |= held.outcomes
        return held

    async def _campaigns(self, held: Turn, ready: Mappings) -> Bound:
        """Find the campaigns as a run would; those it would make have stand-in ids."""
        chosen = await bound.load(self.engine, self.org.connection.id, [one.event for one in held.work])
        chosen.campaigns = self.chosen.campaigns | chosen.campaigns
        chosen.created |= self.chosen.created
        wanted = campaigns.unbound(held, ready, chosen, self.strong)

        async def decide(drafts: Sequence[Draft]) -> list[Decision]:
            known, found, view = await self._looked_up(held, drafts, ready)
            return [wave.decided(draft, known, found, view) for draft in drafts]

        if wanted:
            missing = await campaigns.find(chosen, wanted, decide)
            making = await campaigns.drafts(held, ready, chosen, missing, self._spend)
            if making:
                await self._wave(held, making, ready)
            campaigns.conclude(held, chosen, missing)
        self.chosen = chosen
        return chosen

    async def _statuses(self, campaign_ids: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        self.calls += 1
        return await self.org.describe.member_statuses(campaign_ids)

    async def _looked_up(self, held: Turn, drafts: Sequence[Draft], ready: Mappings) -> tuple[match.Links, lookup.Asked, deciding.View]:
        claims = {claim for draft in drafts for claim in draft.claims}
        known = self.done.links(await wave.remembered(held, drafts), claims)
        found = await self._asked(held, drafts, ready, known)
        view = await wave.viewed(held, ready.schema, found.answers)
        return known, found, replace(view, states=self.done.states(view.states, found.answers))

    async def _wave(self, held: Turn, drafts: Sequence[Draft], ready: Mappings) -> None:
        folded = fold.fold(drafts, frozenset(work.delivery.id for work in held.work if work.split))
        known, found, view = await self._looked_up(held, folded.drafts, ready)
        kept, dropped = wave.one_per_record([wave.decided(draft, known, found, view) for draft in folded.drafts])
        held.wait([*folded.later, *(decision.draft for decision in dropped)], Reason.CLAIMED, self.engine.clock.now())
        for decision in kept:
            self._conclude(held, decision)
        planned = [decision.change for decision in kept if decision.change]
        self.calls += len(batch.pack(planned, await self.org.sizes.rows(), self.engine.ids.new))

    def _conclude(self, held: Turn, decision: Decision) -> None:
        draft = decision.draft
        if decision.state is State.HELD and len(draft.deliveries) > 1:
            held.split_up(draft)
            return
        record_id = self.done.carry_out(decision)
        if record_id:
            held.found(decision, record_id)
        held.conclude(draft.origins, decision.state, decision.reason, decision.detail)
        steps = {(origin.delivery_id, origin.step) for origin in draft.origins}
        if decision.change or not steps <= self.shown:
            self.decisions.append(decision)
            self.shown |= steps

    async def _spend(self) -> None:
        await self.org.budget.reserve(1, Priority.INTERACTIVE)
        self.calls += 1

    async def _asked(self, held: Turn, drafts: Sequence[Draft], ready: Mappings, known: match.Links) -> lookup.Asked:
        fields = deciding.wanted_fields(drafts, ready.schema, self.org.connection.key_field)
        answers: dict[Question, tuple[Record, ...]] = {}
        refused: dict[Question, CrosswalkError] = {}
        for _ in range(wave.ROUNDS):
            open_questions = dict.fromkeys(question for draft in drafts for question in match.questions(draft, known, answers))
            wanted = [question for question in open_questions if question not in refused]
            if not wanted:
                break
            real = [question for question in wanted if not imagined.is_stand_in(question)]
            found = await lookup.inquire(held.org.client, real, fields, self._spend, ready.schema)
            refused |= found.refused
            answered = [question for question in wanted if question not in refused]
            answers |= self.done.answers(answered, found.answers, ready.schema, fields)
        return lookup.Asked(answers, refused)


def _coming_again(held: Turn) -> list[Work]:
    """Return the work that a run would take up again at once: what waited for another draft, and what was held together."""
    waiting = {delivery for (delivery, _), outcome in held.outcomes.items() if outcome.reason is Reason.CLAIMED}
    return [
        replace(work, split=work.split or work.delivery.id in held.split) for work in held.work if work.delivery.id in waiting | held.split
    ]
