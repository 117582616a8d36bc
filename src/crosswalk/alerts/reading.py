"""What keeps the events of a source from arriving: reading fails, its system or its webhooks are refused, or it has fallen silent."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.alerts.causes import Cause, Kind
from crosswalk.journal import health
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig

_REGULAR = (RunKind.PULL, RunKind.PERIODIC, RunKind.DAILY)
_LOOKED_BACK = timedelta(days=2)  # the daily job comes once a day
_RUNS = 100
_IN_A_ROW = 3  # a reading that broke off comes again by itself: once is nothing
_REFUSED_LATELY = timedelta(hours=1)
_NOT_ALLOWED = (HTTPStatus.UNAUTHORIZED.value, HTTPStatus.FORBIDDEN.value)


async def of_reading(tx: AsyncConnection, source: SourceConfig, now: datetime) -> list[Cause]:
    """Return what is wrong with the arrival of a source that is on. Refused credentials are told instead of the readings they break."""
    refused = await _refused(tx, source, now)
    return [
        *(refused or await _stopped(tx, source, now)),
        *await _webhooks(tx, source, now),
        *await _silent(tx, source, now),
    ]


async def _refused(tx: AsyncConnection, source: SourceConfig, now: datetime) -> list[Cause]:
    """Tell of credentials that were refused lately, unless something was read since."""
    callout, run = tables.callout, tables.run
    last = await tx.scalar(
        select(func.max(callout.c.at)).where(
            callout.c.source_id == source.id,
            callout.c.code == "source_refused",
            callout.c.status.in_(_NOT_ALLOWED),
            callout.c.at > now - _LOOKED_BACK,
        )
    )
    if last is None:
        return []
    read = select(run.c.id).where(run.c.source_id == source.id, run.c.state == RunState.DONE.value, run.c.started_at > last)
    if (await tx.execute(read.limit(1))).first() is not None:
        return []
    sentence = "Nothing of it can be read; make new credentials there with the permissions the guide names, and enter them in its settings."
    return [Cause(Kind.SOURCE_REFUSED, source.id, f"{source.name} refuses our credentials", sentence, f"/sources/{source.id}/settings")]


async def _stopped(tx: AsyncConnection, source: SourceConfig, now: datetime) -> list[Cause]:
    run = tables.run
    ended = (
        select(run.c.stream, run.c.state)
        .where(
            run.c.source_id == source.id,
            run.c.kind.in_([one.value for one in _REGULAR]),
            run.c.ended_at > now - _LOOKED_BACK,
            run.c.stop_requested_at.is_(None),  # somebody stopped it: nothing is wrong
        )
        .order_by(run.c.id.desc())
        .limit(_RUNS)
    )
    by_stream: dict[str, list[RunState]] = {}
    for row in await tx.execute(ended):
        by_stream.setdefault(row.stream or "", []).append(RunState(row.state))
    broken = sorted(stream for stream, states in by_stream.items() if _is_broken(states))
    if not broken:
        return []
    title = f"Reading {source.name} fails ({', '.join(broken)})"
    sentence = "Its events do not arrive; open its last run, which says why, and mend that. It is read again by itself at the next start."
    return [Cause(Kind.SOURCE_STOPPED, source.id, title, sentence, f"/runs?source={source.id}")]


def _is_broken(newest_first: Iterable[RunState]) -> bool:
    newest = list(newest_first)[:_IN_A_ROW]
    return newest[0] is RunState.FAILED or (len(newest) == _IN_A_ROW and RunState.DONE not in newest)


async def _webhooks(tx: AsyncConnection, source: SourceConfig, now: datetime) -> list[Cause]:
    refusal = tables.refusal
    unproved = select(func.count()).where(
        refusal.c.source_id == source.id,
        refusal.c.status == HTTPStatus.UNAUTHORIZED.value,
        refusal.c.at > now - _REFUSED_LATELY,
    )
    if not await tx.scalar(unproved):
        return []
    title = f"Webhooks of {source.name} are refused"
    sentence = "They do not prove their sender; enter the same signing secret, user and password, or write key on both sides."
    return [Cause(Kind.WEBHOOKS_REFUSED, source.id, title, sentence, f"/sources/{source.id}/settings")]


async def _silent(tx: AsyncConnection, source: SourceConfig, now: datetime) -> list[Cause]:
    last = await health.silent_since(tx, source.id, now, source.silent_after)
    if last is None:
        return []
    title = f"No event of {source.name} since {last:%d %b, %H:%M} UTC"
    sentence = "See that it still posts and that its jobs run. Where the pause is meant, set on the Alerts page how long it may last."
    return [Cause(Kind.SOURCE_SILENT, source.id, title, sentence, f"/sources/{source.id}")]
