"""Messages that are to be sent: taken, sent, tried again, given up.

Taking a message pushes its time ahead, so that two processes do not send it at once and one that dies gives it back by itself. Between
sending and noting that it was sent lies the only line on which a death sends a message twice, with the same id. An all-clear waits for
its alert, so that a channel hears both in order or neither.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.alerts import channels, messages
from crosswalk.alerts.causes import Kind
from crosswalk.alerts.channels import Channel
from crosswalk.alerts.messages import Message
from crosswalk.alerts.standing import About
from crosswalk.settings import Settings, Timings
from crosswalk.store import tables
from crosswalk.store.vault import Vault

MOST_ATTEMPTS = 12  # seven hours, with the pauses of the default settings
_TAKEN = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=1)
_alert, _message, _channel = tables.alert, tables.alert_message, tables.alert_channel


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that was taken to be sent, and how often that failed."""

    channel: Channel
    message: Message
    attempts: int


@dataclass(frozen=True, slots=True)
class Doing:
    """How a channel does: when it last took a message, how many wait, and why the newest of what was tried failed, if it did."""

    sent_at: datetime | None
    waiting: int
    trouble: str | None


async def any_due(tx: AsyncConnection, now: datetime) -> bool:
    """Tell whether a message is due."""
    return (await tx.execute(select(_message.c.id).where(_message.c.due_at <= now).limit(1))).first() is not None


async def take(tx: AsyncConnection, vault: Vault, settings: Settings, now: datetime) -> Letter | None:
    """Take the message that has waited longest; it is ours for some minutes."""
    alert_message = _message.alias("alert_message_before")
    told = select(alert_message.c.alert_id).where(
        alert_message.c.alert_id == _message.c.alert_id,
        alert_message.c.channel_id == _message.c.channel_id,
        alert_message.c.about == About.RAISED.value,
        alert_message.c.sent_at.is_not(None),
    )
    due = (
        select(_message)
        .where(_message.c.due_at <= now, (_message.c.about == About.RAISED.value) | told.exists())
        .order_by(_message.c.due_at, _message.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await tx.execute(due)).first()
    if row is None:
        return None
    await tx.execute(update(_message).where(_message.c.id == row.id).values(due_at=now + _TAKEN))
    one = (await tx.execute(select(_alert).where(_alert.c.id == row.alert_id))).one()
    channel = await channels.get(tx, vault, row.channel_id)
    message = Message(
        id=row.id,
        alert_id=one.id,
        about=row.about,
        kind=Kind(one.kind),
        title=one.title,
        sentence=one.sentence,
        link=messages.link(settings, one.path),
        raised_at=one.raised_at,
        cleared_at=one.cleared_at if row.about == About.CLEARED else None,
    )
    return Letter(channel, message, row.attempts)


async def sent(tx: AsyncConnection, letter: Letter, now: datetime) -> None:
    """Note that a message was taken by its channel."""
    values = {"due_at": None, "sent_at": now, "trouble": None}
    await tx.execute(update(_message).where(_message.c.id == letter.message.id).values(**values))


async def failed(tx: AsyncConnection, timings: Timings, letter: Letter, sentence: str, now: datetime) -> None:
    """Let a message come again later, or give it up, and then its all-clear too."""
    attempts = letter.attempts + 1
    pause = min(timedelta(seconds=timings.alert_retry) * 2**letter.attempts, _LONGEST_PAUSE)
    mine = _message.c.id == letter.message.id
    if attempts < MOST_ATTEMPTS:
        await tx.execute(update(_message).where(mine).values(due_at=now + pause, attempts=attempts, trouble=sentence))
        return
    same = (_message.c.alert_id == letter.message.alert_id) & (_message.c.channel_id == letter.channel.id)
    await tx.execute(update(_message).where(same).values(due_at=None, trouble=sentence))


async def doing(tx: AsyncConnection, channel_ids: Iterable[str]) -> Mapping[str, Doing]:
    """Return how each of these channels does."""
    return {one: await _doing(tx, one) for one in channel_ids}


async def _doing(tx: AsyncConnection, channel_id: str) -> Doing:
    mine = _message.c.channel_id == channel_id
    tried = select(_message.c.trouble).where(mine, _message.c.sent_at.is_not(None) | _message.c.trouble.is_not(None))
    trouble = await tx.scalar(tried.order_by(_message.c.id.desc()).limit(1))
    waiting = await tx.scalar(select(func.count()).select_from(_message).where(mine, _message.c.due_at.is_not(None)))
    return Doing(await tx.scalar(select(func.max(_message.c.sent_at)).where(mine)), waiting or 0, trouble)
