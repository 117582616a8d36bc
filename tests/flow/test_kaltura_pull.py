"""Pulls of a strict, ill-behaved Kaltura account through the inbox: nothing lost, nothing twice, nothing silent."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.kaltura import TOKEN, KalturaSimulator, sample

from crosswalk.errors import SourceRefusedError
from crosswalk.journal import runs, stats
from crosswalk.journal.runs import RunState
from crosswalk.sources.base import Verdict, Window
from crosswalk.sources.kaltura import Kaltura
from crosswalk.store import tables

SECRETS = {"signing_secret": "example-sign-secret", "app_token": TOKEN}
PEOPLE = 120
LUCIA = "lucia.ferrer@mirador.example"


@pytest.fixture
def database_url(sqlite_url):
    """Take one database: pages and cursors are shown on both with other sources."""
    return sqlite_url


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 21, 9, tzinfo=UTC))


@pytest.fixture
async def summit(database, vault, clock, ids):
    """Return an inbox beside the account of the samples: one event, two sessions, eleven profiles."""
    async with asking(database, vault, clock, ids, KalturaSimulator(clock), "kaltura", SECRETS) as here:
        yield here


@pytest.fixture
def crowd(summit):
    """Return the inbox beside an event with three pages of profiles, all changed at once."""
    summit.vendor.many(PEOPLE)
    return summit


def everybody():
    return [(f"508311:p{n:03}", "profile.status") for n in range(PEOPLE)]


async def detail(here, pulled):
    async with here.database.read() as tx:
        return (await runs.get(tx, pulled.run_id)).detail


def before(here, path, nth, happens):
    """Let something happen at Kaltura before the nth answer on a path."""
    passed = 0

    def pass_by(called):
        nonlocal passed
        passed += called.endswith(path)
        if called.endswith(path) and passed == nth:
            happens()

    here.vendor.before_answer.append(pass_by)


# --- profiles ---------------------------------------------------------------------------------------------------------------------


async def test_every_profile_is_pulled_once(crowd):
    await crowd.pull("profiles")
    assert everybody() == await crowd.facts()


@pytest.mark.shows("P2")
async def test_pulling_again_is_nothing_new(crowd):
    await crowd.pull()
    again = await crowd.pull()
    assert [0, 0] == [pulled.receipt.events for pulled in again]


@pytest.mark.shows("P1")
@pytest.mark.parametrize("point", ["P1", "P2"])
@pytest.mark.parametrize("nth", [1, 3, 4])
async def test_a_pull_that_dies_at_any_page_goes_on_there(crowd, point, nth):
    died = await crowd.crash("profiles", point, nth)
    await crowd.pull("profiles")
    assert (True, everybody()) == (died, await crowd.facts())


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500, "times": 3},
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 429, "headers": {"Retry-After": "5"}},
        {"status": 429},
        {"status": 200, "body": '{"status":"RateLimitReached"}'},
        {"drop": True, "times": 2},
    ],
    ids=lambda trouble: " ".join(f"{name} {value}" for name, value in trouble.items()),
)
async def test_trouble_that_passes_is_sat_out(crowd, trouble):
    crowd.vendor.troubles.order(**trouble, path="user-profile", skip=1)
    (pulled,) = await crowd.pull("profiles")
    assert (RunState.DONE, everybody()) == (pulled.state, await crowd.facts())


async def test_a_session_that_expires_midway_is_started_anew(crowd):
    before(crowd, "user-profile/list", 1, lambda: crowd.clock.advance(3601))
    (pulled,) = await crowd.pull("profiles")
    started = sum(path.endswith("apptoken/action/startSession") for path in crowd.vendor.calls)
    assert (RunState.DONE, everybody(), 2) == (pulled.state, await crowd.facts(), started)


async def test_a_session_that_is_ended_by_somebody_midway_is_started_anew(crowd):
    before(crowd, "user-profile/list", 2, crowd.vendor.end_sessions)
    (pulled,) = await crowd.pull("profiles")
    assert (RunState.DONE, everybody()) == (pulled.state, await crowd.facts())


async def test_an_app_token_that_is_deleted_midway_stops_the_pull_and_a_new_one_goes_on(crowd):
    crowd.vendor.troubles.order(path="user-profile", skip=1, status=403)
    (stopped,) = await crowd.pull("profiles")
    (done,) = await crowd.pull("profiles")
    assert (SourceRefusedError, RunState.DONE, everybody()) == (type(stopped.error), done.state, await crowd.facts())


@pytest.mark.parametrize("changed", [0, 60])
async def test_who_changes_while_pages_are_read_pushes_nobody_out_of_sight(crowd, changed):
    before(crowd, "user-profile/list", 2, lambda: crowd.vendor.change(crowd.vendor.profiles[changed]))
    await crowd.pull("profiles")
    crowd.clock.advance(600)
    await crowd.pull("profiles")
    assert {entity for entity, _ in everybody()} == {entity for entity, _ in await crowd.facts()}


async def test_a_list_that_never_stands_still_is_told(crowd):
    def change(path):
        if path.endswith("user-profile/list"):
            crowd.vendor.change(crowd.vendor.profiles.pop(0))

    crowd.vendor.before_answer.append(change)
    (pulled,) = await crowd.pull("profiles")
    assert (RunState.DONE, True) == (pulled.state, "changed all the while" in await detail(crowd, pulled))


async def test_a_change_after_the_end_of_the_window_is_left_to_the_next_one(crowd):
    crowd.vendor.change(crowd.vendor.profiles[7])
    (first,) = await crowd.pull("profiles")
    crowd.clock.advance(600)
    (second,) = await crowd.pull("profiles")
    assert (PEOPLE - 1, 1) == (first.receipt.events, second.receipt.events)


async def test_a_range_reads_what_changed_within_it_alone(summit):
    start = datetime(2026, 3, 10, tzinfo=UTC)
    asked = Window(start, start + timedelta(days=2))
    pulled = await summit.puller().pull_range(await summit.source(), "profiles", asked)
    assert 2 == pulled.receipt.events


@pytest.mark.parametrize("odd", [None, "text", {"userId": "x", "updatedAt": "2026-03-11T00:00:00.000Z", "appGuid": "APP"}], ids=repr)
async def test_an_item_that_cannot_be_read_is_held_alone_and_once(crowd, odd):
    crowd.vendor.profiles.insert(51, {**odd, "appGuid": crowd.vendor.apps[0]["id"]} if isinstance(odd, dict) else odd)
    await crowd.pull("profiles")
    await crowd.pull("profiles")
    invalid = await crowd.count(tables.event, tables.event.c.status == "invalid")
    assert (1, everybody()) == (invalid, await crowd.facts())


# --- events -----------------------------------------------------------------------------------------------------------------------


async def test_the_attendees_of_every_event_are_pulled(summit):
    summit.vendor.many_events(17)
    await summit.pull("profiles")
    assert 17 == len(await summit.facts())


async def test_an_event_deleted_while_events_are_listed_takes_no_other_along(summit):
    summit.vendor.many_events(17)
    before(summit, "events/list", 2, lambda: summit.vendor.events.pop(0))
    await summit.pull("profiles")
    assert 17 == len(await summit.facts())


async def test_an_event_deleted_once_it_was_listed_is_passed_over_and_told(summit):
    before(summit, "app-registry/list", 1, summit.vendor.events.clear)
    (pulled,) = await summit.pull("engagement")
    assert (RunState.DONE, True) == (pulled.state, "Event 508311 is not at Kaltura any more" in await detail(summit, pulled))


# --- reports ----------------------------------------------------------------------------------------------------------------------


async def test_each_attendee_in_a_report_is_one_event_for_each_session(summit):
    await summit.pull("engagement")
    told = [json.loads(payload) for payload in await summit.payloads()]
    pairs = [(entry, email) for entry in ("1_k4zq81ab", "1_m9t2w6ce") for email in ("jon.abe@tanuki-soft.example", LUCIA)]
    assert (pairs, 4) == (sorted((one["session"]["id"], one["person"]["email"]) for one in told), len(await summit.facts()))


async def test_reports_are_read_again_because_they_lag(summit):
    await summit.pull("engagement")
    summit.clock.advance(3600)
    summit.vendor.reactions = summit.vendor.reactions.replace(f"{LUCIA},0.7634,1", f"{LUCIA},0.8,2")
    await summit.configure(report_hours=96)
    (again,) = await summit.pull("engagement")
    assert 2 == again.receipt.events


async def test_after_two_days_reports_are_not_read_again(summit):
    await summit.pull("engagement")
    summit.clock.advance(3600)
    calls = len(summit.vendor.calls)
    await summit.pull("engagement")
    assert [] == [path for path in summit.vendor.calls[calls:] if "report" in path]


@pytest.mark.shows("P7")
@pytest.mark.parametrize(
    ("report", "named"), [("4021", "reactions (4021)"), ("40009", "the report 40009"), ("pollsActivity", "polls (pollsActivity)")]
)
async def test_a_report_that_is_refused_is_told_in_the_run(summit, report, named):
    summit.vendor.lacking.add(report)
    (pulled,) = await summit.pull("engagement")
    assert (RunState.DONE, 1) == (pulled.state, (await detail(summit, pulled)).count(named))


@pytest.mark.shows("P7")
async def test_events_without_a_report_say_so(summit):
    summit.vendor.lacking.add("40009")
    await summit.pull("engagement")
    told = [json.loads(payload)["reports_left_out"] for payload in await summit.payloads()]
    assert [True] * 4 == ["the report 40009" in sentence for sentence in told]


async def test_a_report_that_is_refused_takes_no_other_along(summit):
    summit.vendor.lacking.add("40009")
    await summit.pull("engagement")
    assert 4 == len(await summit.facts())


async def test_a_name_that_breaks_its_line_costs_that_line_alone(summit):
    summit.vendor.table = {**summit.vendor.table, "data": summit.vendor.table["data"].replace("Jon Abe", "Jon; Abe")}
    (pulled,) = await summit.pull("engagement")
    told = [json.loads(payload) for payload in await summit.payloads()]
    plays = [one["report"]["count_plays"] for one in told if isinstance(one, dict) and "count_plays" in one["report"]]
    assert (2, 4, ["2"]) == (pulled.receipt.invalid, pulled.receipt.events, plays)


@pytest.mark.shows("P7")
async def test_answers_under_columns_nobody_named_are_told(summit):
    summit.vendor.polls = f"attendee,poll_type,question,answer\n{LUCIA},rating scale,How was it?,5\n"
    (pulled,) = await summit.pull("engagement")
    assert (1, 4) == (pulled.receipt.invalid, pulled.receipt.events)


@pytest.mark.shows("P1")
@pytest.mark.parametrize("point", ["P1", "P2"])
@pytest.mark.parametrize("nth", [3, 4])
async def test_a_pull_of_reports_that_dies_at_any_session_goes_on_there(summit, point, nth):
    died = await summit.crash("engagement", point, nth)
    await summit.pull("engagement")
    assert (True, 4) == (died, len(await summit.facts()))


async def test_a_report_named_as_lacking_is_not_asked_for(summit):
    await summit.configure(without_reports=["polls", "reactions"], user_reports=[])
    (pulled,) = await summit.pull("engagement")
    assert (RunState.DONE, []) == (pulled.state, [path for path in summit.vendor.calls if "report" in path])


async def test_doctor_names_each_report_that_is_refused(summit):
    summit.vendor.lacking |= {"4021", "pollsActivity"}
    vendor = await summit.vendor_of()
    found = await Kaltura().check(vendor.api, vendor.source)
    assert [Verdict.OK, Verdict.WARN, Verdict.WARN] == [finding.verdict for finding in found]


async def test_doctor_is_content_with_an_account_that_has_every_report(summit):
    vendor = await summit.vendor_of()
    assert [Verdict.OK] == [finding.verdict for finding in await Kaltura().check(vendor.api, vendor.source)]


# --- notifications ----------------------------------------------------------------------------------------------------------------


async def notify(here):
    body = json.dumps({**sample("webhook_user_created.json"), "ks": "planted-ks-of-a-body"}).encode()
    return await here.post(body, Kaltura().sign(body, SECRETS["signing_secret"], here.clock.now(), {}))


@pytest.mark.shows("P2")
async def test_a_notification_posted_again_is_nothing_new(summit):
    first, second = await notify(summit), await notify(summit)
    assert (1, 0, 1) == (first.events, second.events, second.repeats)


@pytest.mark.shows("P7")
async def test_the_sums_hold_after_pulls_and_notifications(crowd):
    crowd.vendor.profiles.insert(3, None)
    await notify(crowd)
    for _ in range(2):
        await crowd.pull()
    async with crowd.database.read() as tx:
        assert (await stats.sums(tx)).hold


# --- secrets ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("KA-20")
async def test_neither_token_nor_session_is_found_in_the_journal_or_the_log(summit, capsys, caplog):
    summit.vendor.lacking.add("4021")
    before(summit, "user-profile/list", 1, summit.vendor.end_sessions)
    summit.vendor.troubles.order(path="report/serve", status=500)
    await notify(summit)
    await summit.pull()
    printed = capsys.readouterr()
    logged = printed.out + printed.err + caplog.text
    kept = [f"{name}={value}" async for name, value in stored(summit)]
    assert (True, []) == ("pull_remark" in logged, [text for text in [logged, *kept] if TOKEN in text or "planted-ks" in text])


async def stored(here):
    """Yield every value of every table but the source's own secrets as text, sealed ones opened."""
    for table in tables.metadata.sorted_tables:
        async with here.database.read() as tx:
            rows = [dict(row._mapping) for row in await tx.execute(select(table))]
        for row in rows:
            for name, value in row.items():
                if value is None or name == "secret_ct":
                    continue
                yield f"{table.name}.{name}", str(here.vault.open(value) if name.endswith("_ct") else value)
