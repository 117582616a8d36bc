"""What a sync would do with some events, record by record; and exactly that, run.

A preview has a mark of everything it shows. Running names it: when the org, the mapping or the events say something else by then, nothing
runs and the new preview is shown (P8).
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from crosswalk import flow
from crosswalk.editing import lookups, samples
from crosswalk.editing.desk import Desk
from crosswalk.errors import MappingError, RequestRefused
from crosswalk.inbox import identity, routing
from crosswalk.inbox.prepare import PreparedEvent, Provenance
from crosswalk.journal import settling
from crosswalk.journal.runs import RunKind
from crosswalk.journal.settling import Replayed
from crosswalk.mapping import document, drafts, faces, trial
from crosswalk.model import Decision, Event, Priority, UpdatePolicy
from crosswalk.reasons import State
from crosswalk.store import tables
from crosswalk.store.configuration import SyncState
from crosswalk.turn.context import Engine
from crosswalk.turn.imagined import STAND_IN

MOST = 200
_MADE_UP = re.compile(rf"(?:{STAND_IN}|delivery:)[0-9a-f-]+")  # ids that a preview makes up for records and deliveries


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record: what stands there now, what would stand there after, and why."""

    name: str
    label: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class PreviewedRecord:
    """One record a run would create, update or leave. `left` names the fields an event speaks of that stay as they are."""

    person: str
    event_ids: tuple[str, ...]
    object: str
    label: str
    action: str
    record_id: str
    sentence: str
    fields: tuple[FieldChange, ...]
    left: tuple[FieldChange, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Previewed:
    """Everything a run would do. `mark` stands for all of it."""

    version: int
    is_draft: bool
    events: int
    people: int
    counts: Mapping[str, int]
    calls_at_most: int
    records: tuple[PreviewedRecord, ...]
    mark: str


async def preview(engine: Engine, desk: Desk, events: Sequence[Event], draft: Any = None) -> Previewed:
    """Show what the sync would do with the events, by its saved mapping or by a draft; raise `MappingError` for a draft with problems."""
    org = lookups.asked(desk)
    sync = replace(desk.sync, state=SyncState.ON)
    if draft is not None:
        sync = replace(sync, document=_whole(desk, draft), version=sync.version + 1)
    shown = await flow.preview(engine, org, desk.source, events, sync)
    by_id = {event.id: event for event in events}
    records = tuple(_record(desk, one, _events_of(one, shown.events), by_id) for one in shown.decisions)
    counts = dict(Counter(_counted(one) for one in shown.decisions))
    people = len({record.person for record in records})
    return Previewed(
        sync.version,
        draft is not None,
        len(events),
        people,
        counts,
        shown.calls_at_most,
        records,
        _mark(sync.version, shown.decisions, desk.connection.key_field),
    )


async def run(engine: Engine, desk: Desk, events: Sequence[Event], mark: str, actor: str) -> Replayed | Previewed:
    """Run what a preview showed, as one run; where it would no longer be the same, return the new preview instead."""
    if desk.sync.state is not SyncState.ON:
        raise RequestRefused("sync_is_off", "The sync is off. Switch it on, then run: nothing was written.", 409)
    now_shown = await preview(engine, desk, events)
    if now_shown.mark != mark:
        return now_shown
    return await queue(engine, desk, events, actor)


async def queue(engine: Engine, desk: Desk, events: Sequence[Event], actor: str, kind: RunKind = RunKind.REPLAY) -> Replayed:
    """Hand stored events to this sync alone, as one run: those it has seen again, those from before it for the first time."""
    now = engine.clock.now()
    configuration = await engine.configuration.current()
    async with engine.database.write() as tx:
        delivery = tables.delivery
        ids = [event.id for event in events]
        known = select(delivery.c.id, delivery.c.event_id).where(delivery.c.sync_id == desk.sync.id, delivery.c.event_id.in_(ids))
        found = {row.event_id: row.id for row in await tx.execute(known)}
        fresh = [event for event in events if event.id not in found]
        learnt = await identity.learn(tx, engine.vault, [(event, identity.keys(event, engine.vault)) for event in fresh])
        provenance = Provenance(desk.source.id, now, None, Priority.INTERACTIVE)
        routed = [routing.Routed(PreparedEvent(event, "", provenance), learnt.lane_keys[event.id], (desk.sync,)) for event in fresh]
        await routing.deliver(tx, routed, configuration, engine.ids, now)
        made = {row.event_id: row.id for row in await tx.execute(known)}
        return await settling.replay(tx, engine.ids, sorted(made.values()), actor, now, kind)


def _whole(desk: Desk, data: Any) -> Mapping[str, Any]:
    draft = drafts.read(data)
    found = [*drafts.problems(draft, desk.catalogue, desk.known_schema)]
    if draft.document is None or not draft.is_whole:
        raise MappingError(found)
    return document.dump(draft.document)


def _events_of(decision: Decision, told: Mapping[str, str]) -> tuple[str, ...]:
    deliveries = {origin.delivery_id for origin in decision.draft.origins} or {decision.draft.key}
    return tuple(sorted(told[one] for one in deliveries if one in told))


def _counted(decision: Decision) -> str:
    return decision.change.operation.value if decision.change else decision.state.value


def _record(desk: Desk, decision: Decision, event_ids: tuple[str, ...], events: Mapping[str, Event]) -> PreviewedRecord:
    change, name = decision.change, decision.object or ""
    found = desk.schema.object(name)
    first = events.get(event_ids[0]) if event_ids else None
    step = next((origin.step for origin in decision.draft.origins), decision.draft.step)
    is_new = change is not None and change.operation.value == "insert"
    return PreviewedRecord(
        person=samples.sample(desk, first, sees_people=True).person if first else "",
        event_ids=event_ids,
        object=name or step,
        label=found.label if found else name or step,
        action=_counted(decision),
        record_id="" if is_new else decision.record_id or "",
        sentence=decision.detail or (decision.reason.sentence if decision.reason else ""),
        fields=tuple(
            _field(desk, name, key, change.before.get(key), value, change.reasons.get(key, "")) for key, value in change.fields.items()
        )
        if change
        else (),
        left=tuple(_left(desk, decision)),
        notes=tuple(note.sentence for note in decision.notes),
    )


def _field(desk: Desk, owner: str, name: str, before: Any, after: Any, why: str) -> FieldChange:
    found = desk.schema.field(owner, name)
    words = [trial.shown(value, found) if value not in (None, "") else "" for value in (before, after)]
    return FieldChange(name, found.label if found else name, words[0], words[1], _why(why))


def _why(reason: str) -> str:
    """Say the reason without the name of its row; a policy as the editor calls it."""
    plain = reason.rpartition(" (")[0] or reason
    return faces.POLICY_WORDS[UpdatePolicy(plain)] if plain in set(UpdatePolicy) else plain[:1].upper() + plain[1:]


def _left(desk: Desk, decision: Decision) -> Iterable[FieldChange]:
    """Name the fields the events speak of and the run would leave alone."""
    target = next((one for one in decision.draft.targets if one.object == decision.object), None)
    if target is None or decision.state not in (State.WRITTEN, State.UNCHANGED):
        return
    sent = decision.change.fields if decision.change else {}
    for want in target.wants:
        if want.field in sent or want.placeholder or not isinstance(want.value, str | int | float | bool):
            continue
        found = desk.schema.field(target.object, want.field)
        why = (
            "Only set when a record is created."
            if want.update is UpdatePolicy.CREATE_ONLY
            else "Already filled or the same, so it is kept."
        )
        yield FieldChange(want.field, found.label if found else want.field, "", trial.shown(want.value, found), why)


def _mark(version: int, decisions: Iterable[Decision], key_field: str | None) -> str:
    """Return a text that is equal for equal previews, whatever ids were made up for them."""
    told = sorted(
        json.dumps(
            [
                _MADE_UP.sub("", one.draft.key) if one.draft.origins else one.draft.step,
                one.state.value,
                one.reason.value if one.reason else None,
                one.object,
                one.change.operation.value if one.change else None,
                sorted((name, _MADE_UP.sub("", str(value))) for name, value in one.change.fields.items() if name != key_field)
                if one.change
                else None,
            ]
        )
        for one in decisions
    )
    return hashlib.sha256(json.dumps([version, told]).encode()).hexdigest()
