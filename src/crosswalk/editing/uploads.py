"""A file of events, previewed by a sync and then run by it, and by no other.

A preview keeps nothing: whoever runs it hands the same file in again. What the file holds that has been received before is left out of
both, so that the preview is what the run will be. Larger files are for `crosswalk preview` and `crosswalk run`.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.editing import previews
from crosswalk.editing.desk import Desk
from crosswalk.editing.previews import Previewed
from crosswalk.engine.files import bodies
from crosswalk.engine.files.bodies import Form
from crosswalk.errors import RequestRefused
from crosswalk.inbox.commit import Commit
from crosswalk.inbox.prepare import Preparation, Provenance
from crosswalk.journal import audit, runs
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.journal.settling import Replayed
from crosswalk.model import Accepted, Event, Priority, Rejected
from crosswalk.sources import registry
from crosswalk.store import tables
from crosswalk.store.configuration import SourceState, SyncState
from crosswalk.turn.context import Engine

MOST_BYTES = 500_000  # a form carries it back as one field, which may have a million bytes
MOST_ROWS = 500
_LARGER = "preview a part of it here, or all of it by `crosswalk preview` and `crosswalk run --file`"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in; its name tells whether it is a table."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: new events that the sync takes, and how many other rows there are."""

    rows: int
    events: tuple[Event, ...]
    repeats: int
    notices: int
    not_taken: int
    invalid: tuple[Rejected, ...]
    remarks: tuple[str, ...]


async def read(engine: Engine, desk: Desk, upload: Upload) -> Read:
    """Read a file as if its bodies had been posted; raise `RequestRefused` (`file_too_large`, `empty_file` and those of its heading)."""
    if len(upload.content) > MOST_BYTES:
        raise RequestRefused("file_too_large", f"The file is larger than {MOST_BYTES // 1_000:,} kB: {_LARGER}.", 413, field="file")
    opened = bodies.read(io.BytesIO(upload.content), Form.of(upload.name), desk.source, engine.settings.max_body_bytes)
    items = list(islice(opened.items, MOST_ROWS + 1))
    if not items:
        told = "The file holds no row: it must hold one JSON body a line, as the source posts it, or a table with a heading and rows."
        raise RequestRefused("empty_file", told, 422, field="file")
    if len(items) > MOST_ROWS:
        raise RequestRefused("file_too_large", f"The file holds more than {MOST_ROWS} rows: {_LARGER}.", 413, field="file")
    accepted = bodies.accepted(desk.source, items, engine.clock.now(), engine.ids.new)
    taken = [event for event in accepted.events if replace(desk.sync, state=SyncState.ON).takes(event.type)]
    new = await _new(engine, desk, taken)
    return Read(
        rows=len(items),
        events=tuple(new),
        repeats=len(taken) - len(new),
        notices=len(accepted.notices),
        not_taken=len(accepted.events) - len(taken),
        invalid=accepted.invalid,
        remarks=opened.remarks,
    )


async def run(engine: Engine, desk: Desk, upload: Upload, mark: str, actor: str) -> Replayed | Previewed:
    """Run what the preview of a file showed; where it would no longer be the same, return the new preview instead."""
    if desk.sync.state is not SyncState.ON:
        raise RequestRefused("sync_is_off", "The sync is off. Switch it on, then run: nothing was written.", 409)
    if desk.source.state is not SourceState.ON:
        raise RequestRefused("source_off", "The source is switched off; switch it on to send something through it.", 409)
    found = await read(engine, desk, upload)
    now_shown = await previews.preview(engine, desk, found.events)
    if now_shown.mark != mark:
        return now_shown
    now, delivery = engine.clock.now(), tables.delivery
    async with engine.database.write() as tx:
        run_id = await runs.start(tx, engine.ids, RunKind.BACKFILL, now, sync_id=desk.sync.id, source_id=desk.source.id)
        await _keep(tx, engine, desk, found.events, run_id)
        await runs.finish(tx, run_id, RunState.DONE, now)  # its totals go on counting what becomes of it
        queued = (await tx.scalars(select(delivery.c.id).where(delivery.c.run_id == run_id).order_by(delivery.c.id))).all()
        after = {"run": run_id, "rows": found.rows, "queued": len(queued)}
        await audit.record(tx, engine.ids, now, actor=actor, action="preview.run", subject=desk.sync.name, after=after)
    return Replayed(run_id, tuple(queued), len(found.events) - len(queued))


async def _new(engine: Engine, desk: Desk, events: Sequence[Event]) -> list[Event]:
    """Return the events that keeping them would not find known, or of people who asked to be forgotten; nothing of it is kept."""
    async with engine.database.write() as tx:
        trial = await tx.begin_nested()
        await _keep(tx, engine, desk, events, None)
        ids = [event.id for event in events]
        kept = set((await tx.scalars(select(tables.event.c.id).where(tables.event.c.id.in_(ids), tables.event.c.code.is_(None)))).all())
        await trial.rollback()
    return [event for event in events if event.id in kept]


async def _keep(tx: AsyncConnection, engine: Engine, desk: Desk, events: Sequence[Event], run_id: str | None) -> None:
    """Keep events as if they had arrived, but for this sync alone."""
    now, fingerprint = engine.clock.now(), registry.source(desk.source.kind).fingerprint
    on = replace(desk.sync, state=SyncState.ON)
    alone = replace(await engine.configuration.current(), by_source={desk.source.id: (on,)})
    provenance = Provenance(desk.source.id, now, run_id, Priority.INTERACTIVE)
    request = Preparation(engine.vault, engine.ids).request(Accepted(events=tuple(events)), provenance, fingerprint)
    await Commit(engine.vault, engine.ids).write(tx, [request], alone, now)
