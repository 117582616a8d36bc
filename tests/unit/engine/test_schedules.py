"""When jobs start: pure arithmetic of hours, zones and changes of the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.engine import schedules
from crosswalk.engine.jobs import JobKind
from crosswalk.engine.schedules import Wish
from crosswalk.errors import ConfigurationError

PARIS = "Europe/Paris"
PERIODIC = schedules.standard("source-1", JobKind.PERIODIC)
DAILY = schedules.changed(schedules.standard("source-1", JobKind.DAILY), Wish(hour=2, zone=PARIS))
MINUTE = PERIODIC.minute


def starts(schedule, begin, days):
    """Return every start within so many days, in UTC."""
    found, moment = [], begin
    while (moment := schedule.after(moment)) < begin + timedelta(days=days):
        found.append(moment)
    return found


def local(schedule, begin, days):
    return [f"{moment.astimezone(ZoneInfo(PARIS)):%d %H:%M}" for moment in starts(schedule, begin, days)]


@pytest.mark.shows("LP-61")
def test_the_periodic_job_starts_eight_times_a_day():
    found = starts(PERIODIC, datetime(2026, 3, 4, 9, tzinfo=UTC), 1)
    assert (8, {timedelta(hours=3)}) == (len(found), {later - earlier for earlier, later in pairwise(found)})


@pytest.mark.parametrize("day", [datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)], ids=["spring", "autumn"])
def test_a_change_of_the_clock_leaves_the_periodic_job_its_distance(day):
    found = starts(replace(PERIODIC, zone=PARIS), day, 3)
    assert (24, {timedelta(hours=3)}) == (len(found), {later - earlier for earlier, later in pairwise(found)})


@pytest.mark.shows("LP-62", "LP-70", "BX-27")
@pytest.mark.parametrize("day", [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)], ids=["spring", "autumn"])
def test_the_daily_job_keeps_the_hour_of_its_admin_through_a_change_of_the_clock(day):
    schedule = schedules.changed(DAILY, Wish(hour=7))
    assert {f"07:{MINUTE:02}"} == {moment.split()[1] for moment in local(schedule, day, 5)}


@pytest.mark.shows("LP-70")
def test_in_a_night_without_its_hour_the_daily_job_starts_when_the_hour_would_have_begun():
    assert [f"28 02:{MINUTE:02}", "29 03:00", f"30 02:{MINUTE:02}"] == local(DAILY, datetime(2026, 3, 27, 12, tzinfo=UTC), 3)


@pytest.mark.shows("LP-70")
def test_in_a_night_that_has_its_hour_twice_the_daily_job_starts_once():
    expected = [f"{day} 02:{MINUTE:02}" for day in (24, 25, 26)]
    assert expected == local(DAILY, datetime(2026, 10, 23, 12, tzinfo=UTC), 3)


def test_the_next_start_is_never_in_the_past_within_the_hour_that_comes_twice():
    between = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # 02:00 in Paris, for the second time
    assert f"26 02:{MINUTE:02}" == f"{DAILY.after(between).astimezone(ZoneInfo(PARIS)):%d %H:%M}"


@pytest.mark.parametrize(("month", "last"), [(1, 31), (2, 28), (4, 30), (12, 31)])
def test_months_end_like_any_other_day(month, last):
    found = starts(DAILY, datetime(2026, month, last - 1, 12, tzinfo=UTC), 3)
    assert {timedelta(days=1)} == {later - earlier for earlier, later in pairwise(found)}


def test_leap_days_are_days():
    assert 29 in {moment.day for moment in starts(DAILY, datetime(2028, 2, 27, 12, tzinfo=UTC), 4)}


@given(
    moment=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    zone=st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    hour=st.integers(0, 23),
)
def test_the_daily_job_starts_within_a_day_and_an_hour_and_never_in_the_past(moment, zone, hour):
    following = schedules.changed(DAILY, Wish(hour=hour, zone=zone)).after(moment)
    assert timedelta(0) < following - moment <= timedelta(hours=25)


@pytest.mark.shows("LP-68")
def test_sources_start_at_minutes_of_their_own_that_never_change():
    minutes = [schedules.minute_of(f"source-{number}") for number in range(200)]
    again = [schedules.minute_of(f"source-{number}") for number in range(200)]
    assert (again, True, True) == (minutes, len(set(minutes)) > 20, all(0 < minute < 60 for minute in minutes))


def test_jobs_are_told_in_sentences():
    told = [schedules.sentence(PERIODIC), schedules.sentence(DAILY)]
    assert [
        f"Every 3 hours, the last 6 hours. Starts a few minutes after the hour; yours is at :{MINUTE:02}.",
        f"Every day at 02:{MINUTE:02} Europe/Paris, the last 48 hours.",
    ] == told


def test_a_job_that_nobody_touched_is_off_with_the_windows_of_the_seed():
    assert (False, 3, 6, 48) == (PERIODIC.is_on, PERIODIC.every_hours, PERIODIC.window_hours, DAILY.window_hours)


@pytest.mark.parametrize(
    ("schedule", "wish", "told"),
    [
        (PERIODIC, Wish(every_hours=5), "choose one of these"),
        (PERIODIC, Wish(hour=5), "no hour of its own"),
        (DAILY, Wish(every_hours=3), "once a day"),
        (DAILY, Wish(hour=24), "from 0 to 23"),
        (DAILY, Wish(zone="Paris"), "Europe/Paris"),
        (DAILY, Wish(window_hours=12), "looks back at least as far"),
        (PERIODIC, Wish(every_hours=12), "looks back at least as far"),
        (PERIODIC, Wish(window_hours=721), "at most 720"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_can(schedule, wish, told):
    with pytest.raises(ConfigurationError, match=told):
        schedules.changed(schedule, wish)
