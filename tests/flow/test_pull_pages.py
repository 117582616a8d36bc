"""Pulls against a strict, ill-behaved vendor, on both databases: nothing lost, nothing twice."""

from datetime import timedelta
from random import Random

import pytest
from tests.vendors.asking import asking
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator

from crosswalk.engine import alive, discovery
from crosswalk.errors import ConfigurationError, SourceRefusedError
from crosswalk.inbox import expand
from crosswalk.journal import runs, stats
from crosswalk.journal.runs import RunKind, RunState
from crosswalk.sources.base import Window
from crosswalk.store import tables
from crosswalk.store.configuration import SourceConfig, SourceState

SECRETS = {"signing_secret": "example-signing-secret", "api_token": TOKEN}
PEOPLE = 60


@pytest.fixture
def clock(clock):
    return WindingClock(clock.now())


@pytest.fixture
async def webinars(database, vault, clock, ids):
    """Return an inbox beside a workspace whose one session has ended: half attended."""
    livestorm = LivestormSimulator(clock)
    async with asking(database, vault, clock, ids, livestorm, "livestorm", SECRETS) as here:
        livestorm.add_event()
        livestorm.add_session()
        for n in range(PEOPLE):
            livestorm.register(f"p{n:03}")
        clock.advance(3600)
        livestorm.end(attended={f"p{n:03}" for n in range(PEOPLE // 2)})
        clock.advance(120)
        yield here


def everybody():
    kinds = ["people.attended"] * (PEOPLE // 2) + ["people.not_attended"] * (PEOPLE // 2)
    return named(kinds)


def named(kinds):
    return [(f"session-1:p{n:03}", kind) for n, kind in enumerate(kinds)]


async def post(here, kind, record):
    body, headers = here.vendor.signed(kind, record, SECRETS["signing_secret"])
    return await here.post(body, headers)


async def test_everybody_is_pulled_once(webinars):
    await webinars.pull()
    assert await webinars.facts() == everybody()


@pytest.mark.shows("P2")
async def test_pulling_again_is_nothing_new(webinars):
    await webinars.pull()
    again = await webinars.pull()
    assert (0, everybody()) == (sum(pulled.receipt.events for pulled in again), await webinars.facts())


@pytest.mark.shows("P2")
async def test_webhooks_and_then_a_pull_are_the_same_facts(webinars):
    await post(webinars, "people.attended", webinars.vendor.find("p000"))
    await post(webinars, "people.not_attended", webinars.vendor.find(f"p{PEOPLE - 1:03}"))
    await webinars.pull("sessions")
    assert everybody() == sorted(set(await webinars.facts()))


@pytest.mark.shows("P2")
async def test_a_pull_completes_once_what_a_webhook_left_out(webinars):
    await post(webinars, "people.attended", webinars.vendor.find("p000"))
    told = [(await webinars.pull("sessions"))[0].receipt.events for _ in range(2)]
    assert [PEOPLE, 0] == told


@pytest.mark.shows("P2")
async def test_a_pull_and_then_webhooks_are_the_same_facts(webinars):
    await webinars.pull()
    assert (await post(webinars, "people.attended", webinars.vendor.find("p000"))).repeats == 1


@pytest.mark.parametrize("point", ["P1", "P2"])
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_pull_that_dies_at_any_page_goes_on_there(webinars, point, nth):
    await webinars.crash("sessions", point, nth)
    (pulled,) = await webinars.pull("sessions")
    kept = nth if point == "P2" else nth - 1
    assert (everybody(), 3 - kept) == (await webinars.facts(), pulled.pages)


async def test_the_run_of_a_pull_that_died_says_so(webinars):
    await webinars.crash("sessions", "P2")
    await webinars.pull("sessions")
    states = [(row.kind, row.state) for row in await webinars.rows(tables.run)]
    assert states == [(RunKind.PULL, RunState.STOPPED), (RunKind.PULL, RunState.DONE)]


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500, "times": 3},
        {"status": 503, "body": "<html>", "content_type": "text/html"},
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 429, "headers": {"Retry-After": "5"}},
        {"status": 429},
        {"drop": True, "times": 2},
        {"status": 500, "path": "/people", "skip": 1},
        {"status": 500, "path": "/events", "times": 2},
    ],
    ids=lambda trouble: " ".join(f"{name} {value}" for name, value in trouble.items()),
)
async def test_trouble_that_passes_is_sat_out(webinars, trouble):
    webinars.vendor.troubles.order(**trouble)
    (pulled,) = await webinars.pull("sessions")
    assert (RunState.DONE, everybody()) == (pulled.state, await webinars.facts())


async def test_a_long_refusal_ends_the_pull_and_the_next_one_goes_on_there(webinars):
    webinars.vendor.troubles.order(status=429, headers={"Retry-After": "7200"}, path="/people", skip=1)
    (first,) = await webinars.pull("sessions")
    webinars.clock.advance(7200)
    (second,) = await webinars.pull("sessions")
    assert (RunState.STOPPED, RunState.DONE, first.window) == (first.state, second.state, second.window)
    assert await webinars.facts() == everybody()


async def test_a_token_that_expires_midway_is_told_and_costs_nothing(webinars):
    webinars.vendor.troubles.order(status=401, path="/people", skip=1)
    (first,) = await webinars.pull("sessions")
    (second,) = await webinars.pull("sessions")
    assert (RunState.FAILED, SourceRefusedError) == (first.state, type(first.error))
    assert (RunState.DONE, everybody()) == (second.state, await webinars.facts())


async def test_an_item_that_cannot_be_read_is_kept_as_invalid_once(webinars):
    webinars.vendor.people["session-1"].insert(51, {"id": "odd", "type": "people", "attributes": {}})
    await webinars.pull()
    await webinars.pull()
    invalid = await webinars.count(tables.event, tables.event.c.status == "invalid")
    assert (1, everybody()) == (invalid, await webinars.facts())


@pytest.mark.shows("P7")
async def test_the_sums_hold_after_pulls(webinars):
    webinars.vendor.people["session-1"].insert(51, None)
    for _ in range(2):
        await webinars.pull()
    async with webinars.database.read() as tx:
        assert (await stats.sums(tx)).hold


@pytest.mark.shows("P7")
async def test_a_session_deleted_meanwhile_is_told_in_the_run(webinars):
    webinars.vendor.before_answer.append(lambda _: webinars.vendor.people.pop("session-1", None))
    (pulled,) = await webinars.pull("sessions")
    async with webinars.database.read() as tx:
        told = (await runs.get(tx, pulled.run_id)).detail
    assert (RunState.DONE, True) == (pulled.state, "Session session-1 is not at Livestorm any more" in told)


@pytest.mark.shows("P7")
async def test_a_list_that_never_stands_still_is_told_in_the_run(webinars):
    people = webinars.vendor.people["session-1"]
    webinars.vendor.before_answer.append(lambda path: path.endswith("/people") and people.pop(0))
    (pulled,) = await webinars.pull("sessions")
    assert ["changed all the while" in remark for remark in pulled.remarks] == [True]


async def test_two_pulls_of_one_stream_exclude_each_other(webinars):
    async def meanwhile(point):
        if point == "P1":
            meantime.append(await webinars.puller().pull(await webinars.source(), "sessions"))

    meantime = []
    await webinars.pull("sessions", at=meanwhile)
    assert set(meantime) == {None}


async def test_a_pull_that_was_taken_over_keeps_nothing_more(webinars):
    async def stand_still(point):
        if point == "P1" and not taken:
            webinars.clock.advance(alive.LEASE_SECONDS + 1)
            taken.append(None)
            taken[0] = (await webinars.pull("sessions"))[0]

    taken = []
    (late,) = await webinars.pull("sessions", at=stand_still)
    assert (RunState.FAILED, 0, PEOPLE) == (late.state, late.receipt.events, taken[0].receipt.events)
    assert await webinars.facts() == everybody()


async def test_a_window_begins_an_overlap_before_the_last_one_ended(webinars):
    (first,) = await webinars.pull("sessions")
    webinars.clock.advance(3 * 3600)
    (second,) = await webinars.pull("sessions")
    assert second.window.start == first.window.end - timedelta(minutes=60)


async def test_a_run_tells_its_totals(webinars):
    (pulled,) = await webinars.pull("sessions")
    async with webinars.database.read() as tx:
        run = await runs.get(tx, pulled.run_id)
    assert (RunState.DONE, PEOPLE, "sessions: 3 pages") == (run.state, run.totals.events, run.detail.partition(",")[0])


# --- ranges ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-29")
async def test_a_range_is_a_run_of_its_own_and_leaves_the_regular_pulls_alone(webinars):
    now = webinars.clock.now()
    pulled = await webinars.puller().pull_range(await webinars.source(), "sessions", Window(now - timedelta(days=2), now))
    [row] = await webinars.rows(tables.cursor)
    async with webinars.database.read() as tx:
        run = await runs.get(tx, pulled.run_id)
    assert (PEOPLE, RunKind.MANUAL, "sessions:range", None) == (pulled.receipt.events, run.kind, row.stream, row.window_end)


async def test_a_range_that_broke_off_goes_on_and_another_one_begins_anew(webinars):
    now, source = webinars.clock.now(), await webinars.source()
    asked = Window(now - timedelta(days=2), now)
    webinars.vendor.troubles.order(status=401, path="/people", skip=1)
    await webinars.puller().pull_range(source, "sessions", asked)
    again = await webinars.puller().pull_range(source, "sessions", asked)
    other = await webinars.puller().pull_range(source, "sessions", Window(now - timedelta(days=3), now))
    assert (1, 3, everybody()) == (again.pages, other.pages, await webinars.facts())


async def test_a_source_that_only_posts_cannot_be_pulled(webinars):
    with pytest.raises(ConfigurationError, match="only posts"):
        webinars.vendors.of(SourceConfig("s", "app", "rudderstack", SourceState.ON, {}, {}))


async def test_a_source_with_wrong_settings_cannot_be_pulled(webinars):
    with pytest.raises(ConfigurationError, match="api_url"):
        webinars.vendors.of(SourceConfig("s", "web", "livestorm", SourceState.ON, {"api_url": "https://x.example"}, SECRETS))


# --- all at once -----------------------------------------------------------------------------------------------------------------------

TROUBLES = [
    {"status": 500},
    {"status": 429},
    {"status": 429, "headers": {"Retry-After": "3"}},
    {"status": 429, "headers": {"Retry-After": "900"}},
    {"status": 401},
    {"status": 200, "body": "<html>", "content_type": "text/html"},
    {"drop": True},
]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_and_nothing_comes_twice_whatever_happens(webinars, seed):
    random, livestorm = Random(seed), webinars.vendor
    people = livestorm.people["session-1"]
    for n in range(PEOPLE, 2 * PEOPLE):
        livestorm.register(f"p{n:03}")

    def meanwhile(path):
        if path.endswith("/people") and random.random() < 0.3:
            record = people.pop(random.randrange(len(people)))
            livestorm.touch(record)
            people.insert(random.choice([0, len(people)]), record)

    livestorm.before_answer.append(meanwhile)
    for _ in range(6):
        livestorm.troubles.order(**random.choice(TROUBLES), skip=random.randrange(6))
        if random.random() < 0.5:
            await webinars.crash(random.choice(["sessions", "replays"]), random.choice(["P1", "P2"]), random.randrange(1, 5))
        else:
            await webinars.pull()
        webinars.clock.advance(1800)
    livestorm.before_answer.clear()
    livestorm.troubles.ordered.clear()
    await webinars.pull()
    assert await webinars.facts() == everybody() + named(["people.not_attended"] * 2 * PEOPLE)[PEOPLE:]


# --- notices ---------------------------------------------------------------------------------------------------------------------------


async def ended(here):
    """Let `session.ended` arrive."""
    await post(here, "session.ended", here.vendor.sessions["session-1"])


async def notices(here):
    return [(row.state, row.attempts) for row in await here.rows(tables.notice)]


async def test_a_notice_becomes_everybody_in_the_session(webinars):
    await ended(webinars)
    await webinars.notices().sweep()
    assert (everybody(), [("done", 1)]) == (await webinars.facts(), await notices(webinars))


async def test_a_notice_and_a_pull_are_the_same_facts(webinars):
    await ended(webinars)
    await webinars.notices().sweep()
    assert sum(pulled.receipt.events for pulled in await webinars.pull()) == 0


async def test_a_notice_outlasts_a_vendor_that_is_down(webinars):
    await ended(webinars)
    webinars.vendor.troubles.order(status=500, path="/people", skip=1)
    await webinars.notices().sweep()
    webinars.clock.advance(30)
    await webinars.notices().sweep()
    assert (everybody(), [("done", 2)]) == (await webinars.facts(), await notices(webinars))


async def test_a_notice_without_credentials_is_held_until_they_are_there(webinars):
    webinars.secrets = {"signing_secret": SECRETS["signing_secret"]}
    await webinars.configure()
    await ended(webinars)
    await webinars.notices().sweep()
    held = await notices(webinars)
    webinars.secrets = SECRETS
    await webinars.configure()
    async with webinars.database.write() as tx:
        await expand.release_source(tx, webinars.source_id, webinars.clock.now())
    await webinars.notices().sweep()
    assert ([("held", 1)], everybody()) == (held, await webinars.facts())


async def test_a_source_that_breaks_leaves_its_notice_to_come_again(webinars):
    def broken(path):
        raise RuntimeError(path)

    await ended(webinars)
    webinars.vendor.before_answer.append(broken)
    await webinars.notices().sweep()
    assert await notices(webinars) == [("to_fetch", 1)]


# --- attributes ------------------------------------------------------------------------------------------------------------------------


async def test_discovered_attributes_stand_in_the_settings(webinars):
    webinars.vendor.attributes = [{"id": "1", "attributes": {"slug": "mood", "name": "Mood", "type": "unique_select"}}]
    changed = [await discovery.refresh(webinars.engine, await webinars.vendor_of()) for _ in range(2)]
    kept = (await webinars.source()).settings["people_attributes"]
    assert ([True, False], [{"slug": "mood", "name": "Mood", "type": "unique_select"}]) == (changed, kept)
