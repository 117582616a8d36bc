"""What reports say about the attendees of a session, by attendee and by column.

Three calls with three date styles. Columns are found by their header, never by their place. A report that Kaltura refuses is named and
left out, because the others still tell something.
"""

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from crosswalk.errors import SourceRefusedError
from crosswalk.sources import identifiers, moments
from crosswalk.sources.kaltura import web_api
from crosswalk.sources.kaltura.settings import KalturaSettings, Report
from crosswalk.sources.kaltura.web_api import KalturaApi

Row = dict[str, str]

_REACTIONS = "4021"
_PAGE_SIZE = 500
_TRIES, _TRY_SECONDS = 20, 3.0
_REFUSED = 403
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The session that is asked about, and from when to when."""

    event_id: str
    entry_id: str
    start: datetime
    end: datetime

    @property
    def privileges(self) -> str:
        """What a session must name for the reports of an event."""
        return f"virtualeventid:{self.event_id}"


@dataclass(frozen=True, slots=True)
class Told:
    """What the reports of a session say: rows by attendee, answers to polls.

    `refused` names the reports that Kaltura refuses, `broken` are lines whose values cannot be told apart.
    """

    rows: list[Row]
    answers: list[Row]
    refused: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def refusal(names: Iterable[str]) -> str:
    """Return the sentence about reports that are refused."""
    return (
        f"Kaltura refuses {' and '.join(names)} to this account or app token, so these figures are missing; give the token the privileges "
        "named in the documentation, or leave the report out of the source's settings."
    )


async def read(api: KalturaApi, span: Span, settings: KalturaSettings) -> Told:
    """Return what all wanted reports of a session say; raises as `VendorApi.get` does, but for a report that is refused alone."""
    refused: list[str] = []
    broken: list[str] = []
    wanted: dict[str, Callable[[], Awaitable[list[Row]]]] = {}
    if Report.REACTIONS not in settings.without_reports:
        wanted["the report of reactions (4021)"] = partial(_reactions, api, span)
    for number in settings.user_reports:
        wanted[f"the report {number}"] = partial(_table, api, span, number, broken)
    rows = [row for name, ask in wanted.items() for row in await _unless_refused(name, ask, refused)]
    answers: list[Row] = []
    if Report.POLLS not in settings.without_reports:
        answers = await _unless_refused("the report of polls (pollsActivity)", partial(_polls, api, span), refused)
    return Told(rows, answers, tuple(refused), tuple(broken))


def span_of(event: Mapping[str, Any], session: Mapping[str, Any], now: datetime) -> Span:
    """Return what to ask about a session: from the day before it began until now, so that later views count."""
    began = moments.from_iso(session.get("startDate")) or moments.from_iso(event.get("startDate")) or now
    return Span(event["id"], session["id"], began - _MARGIN, max(now, began))


async def _unless_refused(name: str, ask: Callable[[], Awaitable[list[Row]]], refused: list[str]) -> list[Row]:
    """Go without a report the account does not have; credentials that are refused are another matter."""
    try:
        return await ask()
    except SourceRefusedError as error:
        if error.status != _REFUSED:
            raise
        refused.append(name)
        return []


async def _reactions(api: KalturaApi, span: Span) -> list[Row]:
    """Return the row of each attendee who did anything."""
    params = f"from_date={_unix(span.start)};to_date={_unix(span.end)};entry_ids={span.entry_id};virtualeventid={span.event_id}"
    return _csv(await api.v3("report", "getCsvFromStringParams", {"id": _REACTIONS, "params": params}, span.privileges))


async def _table(api: KalturaApi, span: Span, report_type: int, broken: list[str]) -> list[Row]:
    """Return all rows of a report per user; a name with a separator in it breaks its line, which goes to `broken`."""
    rows: list[Row] = []
    lines, page = 0, 1
    while True:
        answer = await api.v3("report", "getTable", _table_form(span, report_type, page), span.privileges)
        answer = answer if isinstance(answer, dict) else {}
        listed = [line for line in identifiers.text(answer.get("data")).split(";") if line.strip()]
        found = list(_table_rows(identifiers.text(answer.get("header")).split("|"), listed, broken))
        rows += found
        lines += len(listed)
        total = answer.get("totalCount")
        if not listed or not isinstance(total, int) or lines >= total:
            return rows
        page += 1


async def _polls(api: KalturaApi, span: Span) -> list[Row]:
    """Return the rows of the poll report, one for each answer; `RetryLater` when Kaltura takes too long to make it."""
    parameters = {
        "entries_ids": [span.entry_id],
        "virtual_event_ids": [span.event_id],
        "from_date_id": span.start.date().isoformat(),
        "to_date_id": span.end.date().isoformat(),
    }
    request = {"reportName": "pollsActivity", "reportParameters": parameters}
    started = await api.service(web_api.REPORTS, "report/generate", request, span.privileges)
    ticket = identifiers.text(started.get("sessionId")) if isinstance(started, dict) else ""
    for _ in range(_TRIES):
        told = await api.service(web_api.REPORTS, "report/serve", {"sessionId": ticket, "statusOnly": True}, span.privileges)
        if isinstance(told, dict) and told.get("status") == "completed":
            return _csv(await api.service(web_api.REPORTS, "report/serve", {"sessionId": ticket}, span.privileges))
        await api.wait(_TRY_SECONDS)
    raise api.later("is still making a report")


def renamed(row: Row, settings: KalturaSettings) -> Row:
    """Return a row with the account's own columns under the attributes they stand for."""
    named = {attribute: row[column] for attribute, column in settings.report_columns.items() if row.get(column)}
    found = {**row, **named}
    whole, live = _number(row.get("sum_view_period")), _number(row.get("sum_live_view_period"))
    if "vod_view_time" not in row and whole is not None and live is not None:
        found["vod_view_time"] = f"{max(whole - live, 0):.4f}"
    return found


def _table_form(span: Span, report_type: int, page: int) -> dict[str, str]:
    return {
        "reportType": str(report_type),
        "reportInputFilter[objectType]": "KalturaEndUserReportInputFilter",
        "reportInputFilter[fromDate]": str(_unix(span.start)),
        "reportInputFilter[toDate]": str(_unix(span.end)),
        "reportInputFilter[timeZoneOffset]": "0",
        "reportInputFilter[entryIdIn]": span.entry_id,
        "reportInputFilter[virtualEventIdIn]": span.event_id,
        "pager[pageSize]": str(_PAGE_SIZE),
        "pager[pageIndex]": str(page),
        "responseOptions[objectType]": "KalturaReportResponseOptions",
        "responseOptions[delimiter]": "|",
    }


def _table_rows(header: Sequence[str], lines: Iterable[str], broken: list[str]) -> Iterator[Row]:
    for line in lines:
        values = line.split("|")
        if len(values) == len(header):
            yield {name: value for name, value in zip(header, values, strict=True) if value}
        else:
            broken.append(line)


def _csv(answer: Any) -> list[Row]:
    text = answer if isinstance(answer, str) else ""
    reader = csv.DictReader(io.StringIO(text))
    return [{name.strip(): value for name, value in row.items() if name and isinstance(value, str) and value} for row in reader]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
