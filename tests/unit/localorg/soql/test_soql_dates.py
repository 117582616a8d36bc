"""Relative dates as spans of days."""

from datetime import date

import pytest

from localorg.soql.dates import span

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("name", "count", "start", "end"),
    [
        ("YESTERDAY", None, "2026-11-19", "2026-11-20"),
        ("TODAY", None, "2026-11-20", "2026-11-21"),
        ("TOMORROW", None, "2026-11-21", "2026-11-22"),
        ("LAST_WEEK", None, "2026-11-08", "2026-11-15"),
        ("THIS_WEEK", None, "2026-11-15", "2026-11-22"),
        ("NEXT_WEEK", None, "2026-11-22", "2026-11-29"),
        ("LAST_MONTH", None, "2026-10-01", "2026-11-01"),
        ("THIS_MONTH", None, "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", None, "2026-12-01", "2027-01-01"),
        ("LAST_90_DAYS", None, "2026-08-22", "2026-11-21"),
        ("NEXT_90_DAYS", None, "2026-11-21", "2027-02-19"),
        ("LAST_QUARTER", None, "2026-07-01", "2026-10-01"),
        ("THIS_QUARTER", None, "2026-10-01", "2027-01-01"),
        ("NEXT_QUARTER", None, "2027-01-01", "2027-04-01"),
        ("LAST_YEAR", None, "2025-01-01", "2026-01-01"),
        ("THIS_YEAR", None, "2026-01-01", "2027-01-01"),
        ("NEXT_YEAR", None, "2027-01-01", "2028-01-01"),
        ("THIS_FISCAL_QUARTER", None, "2026-10-01", "2027-01-01"),
        ("LAST_FISCAL_YEAR", None, "2025-01-01", "2026-01-01"),
        ("LAST_N_DAYS", 7, "2026-11-13", "2026-11-21"),
        ("NEXT_N_DAYS", 7, "2026-11-21", "2026-11-28"),
        ("N_DAYS_AGO", 7, "2026-11-13", "2026-11-14"),
        ("LAST_N_WEEKS", 2, "2026-11-01", "2026-11-15"),
        ("NEXT_N_WEEKS", 2, "2026-11-22", "2026-12-06"),
        ("N_WEEKS_AGO", 2, "2026-11-01", "2026-11-08"),
        ("LAST_N_MONTHS", 12, "2025-11-01", "2026-11-01"),
        ("NEXT_N_MONTHS", 2, "2026-12-01", "2027-02-01"),
        ("N_MONTHS_AGO", 11, "2025-12-01", "2026-01-01"),
        ("LAST_N_QUARTERS", 4, "2025-10-01", "2026-10-01"),
        ("NEXT_N_QUARTERS", 1, "2027-01-01", "2027-04-01"),
        ("N_QUARTERS_AGO", 3, "2026-01-01", "2026-04-01"),
        ("LAST_N_YEARS", 2, "2024-01-01", "2026-01-01"),
        ("NEXT_N_YEARS", 2, "2027-01-01", "2029-01-01"),
        ("N_YEARS_AGO", 2, "2024-01-01", "2025-01-01"),
        ("N_FISCAL_QUARTERS_AGO", 1, "2026-07-01", "2026-10-01"),
        ("NEXT_N_FISCAL_YEARS", 1, "2027-01-01", "2028-01-01"),
    ],
)
def test_a_relative_date_spans(name, count, start, end):
    found = span(name, count, FRIDAY)
    assert (start, end) == (found.start.isoformat(), found.end.isoformat())


def test_a_week_begins_on_sunday():
    sunday = date(2026, 11, 15)
    assert sunday == span("THIS_WEEK", None, sunday).start


@pytest.mark.parametrize("name", ["LAST_N_DAYS", "LAST_90_DAYS"])
def test_the_last_days_end_now(name):
    assert span(name, 3 if "N" in name.split("_") else None, FRIDAY).to_now


@pytest.mark.parametrize(
    ("name", "count"), [("LAST_N_DAYS", 999_999_999), ("NEXT_N_YEARS", 9_000), ("N_MONTHS_AGO", 99_999), ("NEXT_N_WEEKS", 10**8)]
)
def test_a_date_no_calendar_holds_raises(name, count):
    with pytest.raises((OverflowError, ValueError)):
        span(name, count, FRIDAY)
