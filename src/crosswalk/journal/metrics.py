"""Prometheus' names, in one enum, and the figures that come from the database.

What one process counts itself (requests, seconds) lives in its registry; what all processes share is read from the database when the page
is asked for, so that it is right whichever process answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.inbox.prepare import NoticeState
from crosswalk.store import tables


class Name(StrEnum):
    """Every figure read from the database; `help` says what it is, `labels` by what it is divided."""

    RECEIVED = "crosswalk_received"
    DELIVERIES = "crosswalk_deliveries"
    RECORDS_WRITTEN = "crosswalk_records_written"
    API_CALLS = "crosswalk_api_calls"
    API_CALLS_USED = "crosswalk_api_calls_used"
    API_CALLS_LIMIT = "crosswalk_api_calls_limit"
    LANES_DUE = "crosswalk_lanes_due"
    OLDEST_DUE_SECONDS = "crosswalk_oldest_due_seconds"
    NOTICES_TO_FETCH = "crosswalk_notices_to_fetch"
    REFUSALS = "crosswalk_refusals"

    @property
    def help(self) -> str:
        """What the figure is."""
        return _EXPLAINED[self][0]

    @property
    def labels(self) -> tuple[str, ...]:
        """By what the figure is divided."""
        return _EXPLAINED[self][1]

    @property
    def is_counter(self) -> bool:
        """Whether it only grows; Prometheus then shows it with `_total`."""
        return self in _COUNTERS


_EXPLAINED: dict[Name, tuple[str, tuple[str, ...]]] = {
    Name.RECEIVED: ("Items received, by source and how they were taken.", ("source", "taken")),
    Name.DELIVERIES: ("Deliveries, by state and reason.", ("state", "reason")),
    Name.RECORDS_WRITTEN: ("Records written to Salesforce, by object and operation.", ("object", "operation")),
    Name.API_CALLS: ("Requests to Salesforce, by connection and purpose.", ("connection", "purpose")),
    Name.API_CALLS_USED: ("API calls of the last 24 hours as Salesforce counted them when last seen.", ("connection",)),
    Name.API_CALLS_LIMIT: ("API calls Salesforce allows in 24 hours.", ("connection",)),
    Name.LANES_DUE: ("Lanes with work that is due, by connection.", ("connection",)),
    Name.OLDEST_DUE_SECONDS: ("How long the oldest due work has waited, by connection.", ("connection",)),
    Name.NOTICES_TO_FETCH: ("Notices whose data is still to be fetched, by source.", ("source",)),
    Name.REFUSALS: ("Requests that were refused, by code.", ("code",)),
}
_COUNTERS = frozenset({Name.RECEIVED, Name.RECORDS_WRITTEN, Name.API_CALLS, Name.REFUSALS})


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure with its labels."""

    name: Name
    labels: tuple[str, ...]
    value: float


async def read(tx: AsyncConnection, now: datetime) -> list[Sample]:
    """Read all figures the processes share."""
    return [
        *await _received(tx),
        *await _grouped(tx, Name.DELIVERIES, tables.delivery.c.state, func.coalesce(tables.delivery.c.reason, "")),
        *await _written(tx),
        *await _connections(tx, now),
        *await _notices(tx),
        *await _grouped(tx, Name.REFUSALS, tables.refusal.c.code),
    ]


def page(registry: CollectorRegistry, samples: Sequence[Sample]) -> bytes:
    """Return what the process counted and what was read, in Prometheus' text format."""
    shared = CollectorRegistry()
    shared.register(_Read(samples))
    return generate_latest(registry) + generate_latest(shared)


class _Read(Collector):
    """Hands the read figures to Prometheus' library."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        for name in Name:
            family = (CounterMetricFamily if name.is_counter else GaugeMetricFamily)(name.value, name.help, labels=name.labels)
            for sample in self._samples:
                if sample.name is name:
                    family.add_metric(list(sample.labels), sample.value)
            yield family


async def _grouped(tx: AsyncConnection, name: Name, *columns: ColumnElement[str]) -> list[Sample]:
    rows = await tx.execute(select(*columns, func.count()).group_by(*columns))
    return [Sample(name, tuple(labels), count) for *labels, count in rows]


async def _received(tx: AsyncConnection) -> list[Sample]:
    count, source = tables.received_count, tables.source
    taken = ("events", "notices", "repeats", "rejected")
    statement = (
        select(func.coalesce(source.c.name, count.c.source_id), *(func.sum(count.c[name]) for name in taken))
        .join(source, source.c.id == count.c.source_id, isouter=True)
        .group_by(count.c.source_id, source.c.name)
    )
    return [
        Sample(Name.RECEIVED, (row[0], name), int(value))
        for row in await tx.execute(statement)
        for name, value in zip(taken, row[1:], strict=True)
    ]


async def _written(tx: AsyncConnection) -> list[Sample]:
    change = tables.change
    statement = (
        select(change.c.object, change.c.operation, func.count())
        .where(change.c.result == "written")
        .group_by(change.c.object, change.c.operation)
    )
    return [Sample(Name.RECORDS_WRITTEN, (row[0], row[1]), row[2]) for row in await tx.execute(statement)]


async def _connections(tx: AsyncConnection, now: datetime) -> list[Sample]:
    connection, call, lane = tables.connection, tables.api_call, tables.lane
    samples: list[Sample] = []
    for row in await tx.execute(select(connection)):
        calls = select(call.c.purpose, func.count()).where(call.c.connection_id == row.id).group_by(call.c.purpose)
        samples += [Sample(Name.API_CALLS, (row.name, purpose), count) for purpose, count in await tx.execute(calls)]
        due = select(func.count(), func.min(lane.c.due_at)).where(lane.c.org == row.id, lane.c.due_at <= now)
        lanes, oldest = (await tx.execute(due)).one()
        samples.append(Sample(Name.LANES_DUE, (row.name,), lanes))
        samples.append(Sample(Name.OLDEST_DUE_SECONDS, (row.name,), (now - oldest).total_seconds() if oldest else 0))
        for name, value in ((Name.API_CALLS_USED, row.used_seen), (Name.API_CALLS_LIMIT, row.limit_max)):
            if value is not None:
                samples.append(Sample(name, (row.name,), value))
    return samples


async def _notices(tx: AsyncConnection) -> list[Sample]:
    notice, source = tables.notice, tables.source
    statement = (
        select(source.c.name, func.count())
        .join(source, source.c.id == notice.c.source_id)
        .where(notice.c.state == NoticeState.TO_FETCH.value)
        .group_by(source.c.name)
    )
    return [Sample(Name.NOTICES_TO_FETCH, (row[0],), row[1]) for row in await tx.execute(statement)]
