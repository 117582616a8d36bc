"""What is raised: causes become alerts when they last, and end when they are gone for a while.

An alert is one stretch of time of one cause. The messages about it are queued in the transaction that raises or clears it, one for each
channel, so that a crash loses none and makes none twice. A cause that flaps stays one alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.alerts.causes import Cause, Kind
from crosswalk.settings import Timings
from crosswalk.store import tables
from crosswalk.store.ids import Ids
from crosswalk.store.statements import every, insert

_alert, _message, _channel = tables.alert, tables.alert_message, tables.alert_channel
_OPEN = _alert.c.cleared_at.is_(None) & (_alert.c.key > "")  # every key is: it leads along the index that holds open alerts only


class About(StrEnum):
    """What a message tells: that something is wrong, or that it is over."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that was raised; it stands until it is cleared."""

    id: str
    kind: Kind
    title: str
    sentence: str
    path: str
    raised_at: datetime
    cleared_at: datetime | None


async def update_all(tx: AsyncConnection, ids: Ids, timings: Timings, causes: Iterable[Cause], now: datetime) -> Mapping[About, int]:
    """Bring the alerts in line with the causes of this moment, queue what is to be told, and return how many were raised and cleared."""
    found = {one.key: one for one in causes}
    open_rows = {row.key: row for row in await tx.execute(select(_alert).where(_OPEN).with_for_update())}
    await _begin(tx, ids, [one for key, one in found.items() if key not in open_rows], now)
    raised, cleared = [], []
    for key, row in open_rows.items():
        if key not in found:
            cleared += await _gone(tx, row, timings, now)
        else:
            await _seen(tx, row, found[key])
    young = timedelta(seconds=timings.alert_raise)
    ripe = select(_alert).where(_OPEN, _alert.c.raised_at.is_(None), _alert.c.seen_at <= now - young)
    for row in (await tx.execute(ripe)).all():
        if row.key in found:
            await _changed(tx, row.id, raised_at=now)
            raised.append(row)
    await _queue(tx, ids, About.RAISED, raised, now)
    await _queue(tx, ids, About.CLEARED, cleared, now)
    return {About.RAISED: len(raised), About.CLEARED: len(cleared)}


async def raised(tx: AsyncConnection) -> list[Alert]:
    """Return what is raised now, the newest first."""
    rows = (await tx.execute(select(_alert).where(_OPEN, _alert.c.raised_at.is_not(None)))).all()
    return [_read(row) for row in sorted(rows, key=lambda row: str(row.id), reverse=True)]


async def cleared(tx: AsyncConnection, limit: int, after: str | None = None) -> list[Alert]:
    """Return what is over, the newest first, or what follows the alert `after`."""
    statement = select(_alert).where(_alert.c.cleared_at.is_not(None)).order_by(_alert.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(_alert.c.id < after)
    return [_read(row) for row in await tx.execute(statement)]


async def _begin(tx: AsyncConnection, ids: Ids, causes: Sequence[Cause], now: datetime) -> None:
    rows = [{"id": ids.new(), "key": one.key, "kind": one.kind.value, "seen_at": now, **_words(one)} for one in causes]
    await every(tx, insert(_alert).on_conflict_do_nothing(), rows)  # another process may have seen it first


async def _seen(tx: AsyncConnection, row: Any, cause: Cause) -> None:
    words = _words(cause)
    if row.gone_at is not None or any(getattr(row, name) != value for name, value in words.items()):
        await _changed(tx, row.id, gone_at=None, **words)


async def _gone(tx: AsyncConnection, row: Any, timings: Timings, now: datetime) -> list[Any]:
    """Note that a cause is gone; return the alert if it is over by that."""
    if row.raised_at is None:
        await tx.execute(delete(_alert).where(_alert.c.id == row.id))
        return []
    since = row.gone_at or now
    if now - since >= timedelta(seconds=timings.alert_clear):
        await _changed(tx, row.id, cleared_at=now)
        return [row]
    if row.gone_at is None:
        await _changed(tx, row.id, gone_at=now)
    return []


async def _changed(tx: AsyncConnection, alert_id: str, **values: Any) -> None:
    await tx.execute(update(_alert).where(_alert.c.id == alert_id).values(**values))


async def _queue(tx: AsyncConnection, ids: Ids, about: About, alerts: Sequence[Any], now: datetime) -> None:
    """Queue a message for each channel: an alert for those that want its kind, an all-clear for those that were told of the alert."""
    channels = (await tx.execute(select(_channel.c.id, _channel.c.causes).order_by(_channel.c.id))).all() if alerts else []
    rows = []
    for alert in alerts:
        told = await _told(tx, alert.id) if about is About.CLEARED else {one.id for one in channels if alert.kind in one.causes}
        rows += [
            {"id": ids.new(), "alert_id": alert.id, "channel_id": one.id, "about": about.value, "due_at": now}
            for one in channels
            if one.id in told
        ]
    await every(tx, insert(_message).on_conflict_do_nothing(), rows)


async def _told(tx: AsyncConnection, alert_id: str) -> set[str]:
    """Return the channels that were told of an alert, or still will be; not those that were given up."""
    hopeful = _message.c.sent_at.is_not(None) | _message.c.due_at.is_not(None)
    return set((await tx.scalars(select(_message.c.channel_id).where(_message.c.alert_id == alert_id, hopeful))).all())


def _words(cause: Cause) -> dict[str, str]:
    return {"title": cause.title, "sentence": cause.sentence, "path": cause.path}


def _read(row: Any) -> Alert:
    return Alert(row.id, Kind(row.kind), row.title, row.sentence, row.path, row.raised_at, row.cleared_at)
