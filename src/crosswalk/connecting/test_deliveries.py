"""Test deliveries: one event, made up or past, through one sync and no other, looked at step by step.

A look writes nothing. Sending goes through inbox, lane and turn like any delivery, and writes to the org; the run it belongs to marks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from crosswalk.access.caller import Caller
from crosswalk.access.roles import Permission
from crosswalk.connecting import examples
from crosswalk.editing import opening, previews, samples
from crosswalk.editing.desk import Desk
from crosswalk.editing.sheet import StepView
from crosswalk.errors import RequestRefused
from crosswalk.inbox.commit import Commit
from crosswalk.inbox.prepare import Preparation, Provenance
from crosswalk.journal import audit, runs
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.mapping import drafts
from crosswalk.model import Accepted, Event, Priority
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import SourceState, SyncState
from crosswalk.turn.context import Engine

MADE = "made"  # stands where the id of a past event may stand


@dataclass(frozen=True, slots=True)
class Understood:
    """What the source read out of an event: whose it is, and the value of each attribute it has, by label."""

    id: str
    type: str
    person: str
    occurred_at: datetime
    received_at: datetime
    values: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MappedField:
    """One field that the event would fill, with what else is to be said about it."""

    field: str
    label: str
    source: str
    sends: str
    value: str
    remark: str


@dataclass(frozen=True, slots=True)
class MappedStep:
    """One step of the mapping with the fields the event fills; `unfilled` rows have nothing in this event, or no field to go to."""

    name: str
    object: str
    label: str
    role: str
    fields: Sequence[MappedField]
    unfilled: int
    remark: str = ""


async def chosen(engine: Engine, desk: Desk, event_id: str) -> Accepted:
    """Return the event to test with: a past one by its id, or `MADE`; raise `RequestRefused` where there is none for this sync."""
    if event_id == MADE:
        accepted = examples.made(desk.source, engine.clock.now(), engine.ids.new)
        _expect_taken(desk, accepted)
        return accepted
    found = await samples.one(engine, desk, event_id) if event_id else None
    if found is None:
        sentence = "There is no such event of this source, or its content is no longer kept; choose another one."
        raise RequestRefused("no_such_event", sentence, 404, field="event")
    _expect_taken(desk, Accepted(events=(found,)))
    return Accepted(events=(found,))


def understood(desk: Desk, event: Event, *, sees_people: bool) -> Understood:
    """Return an event as its source understands it."""
    values = samples.by_attribute(desk, event, sees_people=sees_people)
    named = [(desk.attributes[key].label, value) for key, value in values.items() if value]
    person = samples.sample(desk, event, sees_people=sees_people).person
    return Understood(event.id, event.type, person, event.occurred_at, event.received_at, named)


async def mapped(engine: Engine, desk: Desk, event: Event, *, sees_people: bool) -> Sequence[MappedStep]:
    """Return what each step of the mapping in force makes of an event, before the org is asked anything."""
    draft = drafts.read(desk.saved)
    found = []
    for number in range(len(draft.rows)):
        sheet = await opening.drawn(engine, desk, draft, event, number, sees_people=sees_people)
        shown = [*sheet.required, *sheet.others]
        fields = [
            MappedField(row.field, row.field_label, row.source_label, row.sends, row.value, row.below)
            for row in shown
            if row.sends not in ("", "nothing")
        ]
        step = sheet.steps[number]
        found.append(MappedStep(step.name, step.object, step.label, step.role, fields, len(shown) - len(fields), _remark(desk, step)))
    return found


async def send(engine: Engine, desk: Desk, caller: Caller, event_id: str) -> str:
    """Send an event through the sync as a test and return the delivery's id; raise what says why it cannot be sent."""
    caller.expect_on(desk.connection.id, Permission.CONFIGURE if event_id == MADE else Permission.OPERATE)
    if desk.sync.state is not SyncState.ON:
        raise RequestRefused("sync_is_off", "The sync is off. Switch it on, or look at the preview: nothing was sent.", 409)
    if desk.source.state is not SourceState.ON:
        raise RequestRefused("source_off", "The source is switched off; switch it on to send something through it.", 409)
    accepted = await chosen(engine, desk, event_id)
    if event_id == MADE:
        return await _arrive(engine, desk, accepted, caller.actor)
    queued = await previews.queue(engine, desk, accepted.events, caller.actor, RunKind.TEST)
    return queued.queued[0]


async def _arrive(engine: Engine, desk: Desk, accepted: Accepted, actor: str) -> str:
    """Let a made-up event arrive as others do, but for this sync alone."""
    now, fingerprint = engine.clock.now(), registry.source(desk.source.kind).fingerprint
    alone = replace(await engine.configuration.current(), by_source={desk.source.id: (desk.sync,)})
    async with engine.database.write() as tx:
        run_id = await runs.start(tx, engine.ids, RunKind.TEST, now, sync_id=desk.sync.id, source_id=desk.source.id)
        provenance = Provenance(desk.source.id, now, run_id, Priority.INTERACTIVE)
        request = Preparation(engine.vault, engine.ids).request(accepted, provenance, fingerprint)
        await Commit(engine.vault, engine.ids).write(tx, [request], alone, now)
        await runs.finish(tx, run_id, RunState.DONE, now)  # its totals go on counting what becomes of it
        delivery_id = await tx.scalar(select(tables.delivery.c.id).where(tables.delivery.c.run_id == run_id))
        if delivery_id is None:
            sentence = "The made-up person was asked to be forgotten here, so nothing is kept of it; choose a past event."
            raise RequestRefused("no_example", sentence, 409)
        after = {"run": run_id, "event": "made up"}
        await audit.record(tx, engine.ids, now, actor=actor, action="delivery.test", subject=delivery_id, after=after)
    return str(delivery_id)


def _remark(desk: Desk, step: StepView) -> str:
    if not step.object:
        return "The event itself names the object; what is sent shows under the changes."
    if desk.schema.object(step.object) is None:
        return f"The org has no object {step.object}, or the connection's user may not see it, so this step sends nothing."
    return ""


def _expect_taken(desk: Desk, accepted: Accepted) -> None:
    once_on = replace(desk.sync, state=SyncState.ON)
    told = sorted({event.type for event in accepted.events if not once_on.takes(event.type)})
    if told or not accepted.events:
        sentence = f"This sync does not take {' or '.join(told) or 'such events'}; choose an event of another type."
        raise RequestRefused("not_taken", sentence, 409, field="event")
