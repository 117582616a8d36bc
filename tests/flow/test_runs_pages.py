"""Runs, jobs and failed calls as a person and a program see them: what each came to, in sentences, and what one can do about it."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from tests import console
from tests.flow.test_error_table_logins import LoginsAnswered
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator
from tests.world import preset, world

from crosswalk.engine.orgs import Orgs
from crosswalk.engine.supervisor import Supervisor
from crosswalk.engine.vendors import Vendors
from crosswalk.engine.worker import Worker
from crosswalk.journal import runs
from crosswalk.journal.runs import Progress, RunKind, RunState
from crosswalk.store import tables

SECRETS = {"signing_secret": "example-signing-secret", "api_token": TOKEN}
DAY = timedelta(days=1)


@pytest.fixture
def database_url(sqlite_only):
    """Return a SQLite database: nothing here depends on which one it is."""
    return sqlite_only


@pytest.fixture
def clock():
    return WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))


class Console:
    """A world with a Livestorm source that can be asked, and the console beside it."""

    def __init__(self, here, livestorm, http):
        self.here, self.livestorm, self.http = here, livestorm, http
        self.source = self.sync = self.served = None

    @property
    def owner(self):
        return self.served.owner

    async def jobs(self):
        """Do the jobs that are due."""
        here = self.here
        await Supervisor(here.engine, here.receiver, Vendors(self.http, here.clock)).sweep()

    async def work(self):
        """Do the jobs that are due, and write what they read."""
        await self.jobs()
        await self.here.drain()

    async def begun(self, kind=RunKind.MANUAL, source=None, **progress):
        """Return a run that is under way."""
        async with self.here.database.write() as tx:
            now = self.here.clock.now()
            known = Progress(**{"start": (now - DAY).isoformat(), "end": now.isoformat(), **progress})
            return await runs.start(tx, self.here.ids, kind, now, source_id=source or self.source, stream="sessions", progress=known)

    async def advanced(self, run_id, **progress):
        """Let a run come as far as this; tells whether it is to stop."""
        async with self.here.database.write() as tx:
            return await runs.advance(tx, run_id, Progress(**progress))

    async def ended(self, run_id, state=RunState.DONE, detail=""):
        async with self.here.database.write() as tx:
            await runs.finish(tx, run_id, state, self.here.clock.now(), detail)

    async def ask(self, path="", browser=None, **query):
        return (await (browser or self.owner).api("GET", f"/api/{path}", params=query)).json()

    async def page(self, path, browser=None):
        answer = await (browser or self.owner).get(path)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))

    async def switch(self, kind="periodic", **wish):
        answer = await self.owner.api("PATCH", f"/api/jobs/{self.source}/{kind}", json={"on": True, **wish})
        assert answer.status_code == 200, answer.text
        return next(job for job in answer.json()["jobs"] if job["kind"] == kind)

    async def read(self, days=7, browser=None, **body):
        """Ask for a range that ends now."""
        now = self.here.clock.now()
        wanted = {"source_id": self.source, "start": (now - timedelta(days=days)).isoformat(), "end": now.isoformat(), **body}
        return await (browser or self.owner).api("POST", "/api/runs", json=wanted)

    async def audit(self, action):
        [entry] = await self.here.rows(tables.audit, action=action)
        return entry["actor"], entry["after"]


@pytest.fixture
async def there(database, vault, clock, ids):
    livestorm = LivestormSimulator(clock)
    livestorm.add_event()
    livestorm.add_session()
    for name in ("ann", "ben", "eve"):
        livestorm.register(name)
    async with world(database, vault, clock, ids) as here, livestorm.client() as http, console.beside(here) as served:
        made = Console(here, livestorm, http)
        made.source = await here.add_source("livestorm", {**livestorm.settings, "replay_days": 0}, SECRETS)
        made.sync = await here.add_sync(made.source, preset("livestorm"))
        made.served = served
        yield made


def column(listed, *names):
    return [tuple(one[name] for name in names) for one in listed["items"]]


# --- runs ------------------------------------------------------------------------------------------------------------------------------


async def test_a_range_is_read_and_its_run_adds_up(there):
    answer = await there.read()
    await there.work()
    [run] = (await there.ask("runs", kind="manual"))["items"]
    assert (answer.status_code, run["result"], run["events"], sum(run["deliveries"].values())) == (202, "green", 3, 3)


async def test_pages_of_runs_follow_each_other(there):
    for _ in range(3):
        await there.ended(await there.begun())
    first = await there.ask("runs", limit=2)
    second = await there.ask("runs", limit=2, after=first["next"])
    assert ([len(first["items"]), len(second["items"])], second["next"]) == ([2, 1], None)


async def test_runs_are_narrowed_by_source_kind_and_state(there):
    other = await there.here.add_source("rudderstack")
    await there.ended(await there.begun(RunKind.DAILY))
    await there.begun(source=other)
    found = [len((await there.ask("runs", **query))["items"]) for query in ({"source": other}, {"kind": "daily"}, {"state": "running"}, {})]
    assert found == [1, 1, 1, 2]


@pytest.mark.shows("LP-64")
async def test_a_long_range_is_refused_with_the_offer_to_split_and_split_when_wished(there):
    refused, split = await there.read(days=31), await there.read(days=31, split=True)
    await there.jobs()
    told = (refused.json()["code"], "split into 2 parts" in refused.json()["detail"], split.json()["parts"])
    assert (told, column(await there.ask("runs"), "kind", "state")) == (("range_too_long", True, 2), [("manual", "done")] * 2)


async def test_a_range_in_the_future_is_refused_in_a_sentence(there):
    answer = await there.read(end=(there.here.clock.now() + DAY).isoformat())
    assert (answer.status_code, "must not end in the future" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("year", ["0001", "9999"])
async def test_a_time_of_no_age_is_refused_like_any_other_mistake(there, year):
    moment, end = f"{year}-01-01T00:00:00+14:00", f"{year}-01-02T00:00:00+14:00"
    answers = [
        await there.read(start=moment, end=end),
        await there.owner.api("GET", "/api/callouts", params={"since": moment}),
        await there.owner.post("/runs/new", {"source": there.source, "start": moment[:16], "end": end[:16]}),
        await there.owner.get(f"/runs/new?source={there.source}&start={moment[:16]}&end={end[:16]}"),
    ]
    assert [422] * 4 == [one.status_code for one in answers]


async def test_one_session_is_read_by_its_id(there):
    there.livestorm.end()
    answer = await there.owner.api("POST", "/api/runs", json={"source_id": there.source, "one": "session-1"})
    await there.work()
    assert (answer.status_code, column(await there.ask("runs"), "kind", "events", "result")) == (202, [("on_demand", 3, "green")])


ESTIMATE = (
    "45 days. About 2,160 items and 540 calls of Livestorm's API, from what was read before. One run reads at most 30 days, so it is split "
    "into 2 parts, read one after the other."
)


async def test_an_estimate_follows_from_what_was_read_before(there):
    before = await there.ask("runs/estimate", source=there.source, start="2026-02-01T00:00:00Z", end="2026-02-08T00:00:00Z")
    await there.ended(await there.begun(events=48, calls=12))
    after = await there.ask("runs/estimate", source=there.source, start="2026-01-01T00:00:00Z", end="2026-02-15T00:00:00Z")
    assert ((before["items"], after["items"], after["source_calls"]), after["sentence"]) == (
        (None, 2160, 540),
        ESTIMATE,
    )


async def test_a_run_is_stopped_after_its_page_by_whoever_operates(there):
    run = await there.begun()
    answer = await there.owner.api("POST", f"/api/runs/{run}/stop")
    is_to_stop = await there.advanced(run)
    assert (answer.status_code, is_to_stop, (await there.audit("run.stop"))[0]) == (202, True, there.owner.caller.actor)


async def test_what_has_ended_cannot_be_stopped(there):
    run = await there.begun()
    await there.ended(run)
    answer = await there.owner.api("POST", f"/api/runs/{run}/stop")
    assert (answer.status_code, "has ended already" in answer.json()["detail"]) == (422, True)


async def test_a_run_is_green_only_when_every_delivery_has_its_end_and_none_needs_a_person(there):
    await there.here.fault(match={"object": "Lead"}, do="reject_row", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Score")
    await there.read()
    await there.jobs()
    waiting = column(await there.ask("runs"), "result")
    await there.here.drain()
    held = column(await there.ask("runs"), "result")
    assert (waiting, held) == ([("writing",)], [("needs_a_person",)])


async def test_the_causes_of_a_run_lead_to_its_deliveries_in_the_event_log(there):
    await there.here.fault(match={"object": "Lead"}, do="reject_row", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="Score")
    await there.read()
    await there.work()
    [(run, number)] = column(await there.ask("runs"), "id", "events")
    [cause] = (await there.ask(f"runs/{run}"))["causes"]
    href = f"/event-log?run={run}&amp;reason={cause['reason']}"
    log = (await there.ask("deliveries", run=run, reason=cause["reason"]))["items"]
    assert (cause["number"], len(log), href in (await there.owner.get(f"/runs/{run}")).text) == (number, number, True)


# --- who sees and does what --------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-31")
async def test_who_has_no_access_to_the_connections_of_a_source_sees_nothing_of_it(there):
    run = await there.begun()
    stranger = await there.served.user("admin")
    seen = [(await there.ask(path, stranger))["items"] for path in ("runs", "jobs", "callouts")]
    refused = [
        (await stranger.api("GET", f"/api/runs/{run}")).status_code,
        (await stranger.api("PATCH", f"/api/jobs/{there.source}/daily", json={"on": True})).status_code,
        (await stranger.api("POST", f"/api/runs/{run}/stop")).status_code,
        (await there.read(browser=stranger)).status_code,
    ]
    assert (seen, refused) == ([[], [], []], [403] * 4)


@pytest.mark.shows("BX-31")
async def test_a_viewer_looks_an_operator_starts_and_an_admin_changes(there):
    found = {}
    for role in ("viewer", "operator", "admin"):
        browser = await there.served.user("viewer", {there.here.connection_id: role})
        started = await there.read(browser=browser)
        changed = await browser.api("PATCH", f"/api/jobs/{there.source}/daily", json={"on": True})
        found[role] = (len((await there.ask("jobs", browser))["items"]), started.status_code, changed.status_code)
    assert found == {"viewer": (1, 403, 403), "operator": (1, 202, 403), "admin": (1, 202, 200)}


async def test_a_replay_is_seen_by_whoever_sees_its_deliveries(there):
    await there.read()
    await there.work()
    await there.owner.api("POST", "/api/deliveries/replay?state=written", json={})
    looks = await there.served.user("viewer", {there.here.connection_id: "viewer"})
    stranger = await there.served.user("viewer")
    assert [len((await there.ask("runs", one, kind="replay"))["items"]) for one in (looks, stranger)] == [1, 0]


# --- jobs --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("BX-27")
async def test_a_job_runs_at_the_hour_of_its_zone_and_says_so(there):
    job = await there.switch("daily", hour=2, zone="Europe/Paris", window_hours=72)
    minute = job["minute"]
    assert (job["sentence"], job["next_at"]) == (
        f"Every day at 02:{minute:02} Europe/Paris, the last 72 hours.",
        f"2026-03-05T01:{minute:02}:00Z",
    )


@pytest.mark.shows("BX-32")
async def test_a_change_of_a_job_stands_in_the_audit_trail(there):
    await there.switch(every_hours=6)
    actor, after = await there.audit("job.change")
    assert (actor, after["on"], after["job"][:14]) == (there.owner.caller.actor, True, "Every 6 hours,")


@pytest.mark.shows("BX-27")
async def test_a_job_tells_what_it_came_to_last_and_rests_when_it_is_switched_off(there):
    await there.switch()
    await there.owner.api("POST", f"/api/jobs/{there.source}/periodic/start")
    await there.work()
    job = (await there.ask(f"jobs/{there.source}"))["jobs"][0]
    off = await there.owner.api("PATCH", f"/api/jobs/{there.source}/periodic", json={"on": False})
    assert (job["last"]["sentence"], job["on"], off.json()["jobs"][0]["next_at"]) == ("3 read, 3 written", True, None)


WRONG = [
    ("periodic", {"every_hours": 5}, "choose one of these"),
    ("daily", {"zone": "Paris"}, "Europe/Paris"),
    ("daily", {"window_hours": 2}, "looks back at least as far"),
    ("manual", {"on": True}, "has no schedule"),
    ("daily", {}, "Say what is to be different"),
]


async def test_what_a_job_cannot_be_is_told_in_a_sentence(there):
    answers = [await there.owner.api("PATCH", f"/api/jobs/{there.source}/{kind}", json=body) for kind, body, _ in WRONG]
    assert [(422, True)] * len(WRONG) == [
        (one.status_code, told in one.json()["detail"]) for one, (_, _, told) in zip(answers, WRONG, strict=True)
    ]


@pytest.mark.shows("LP-115")
async def test_the_page_says_why_nothing_is_synced(there):
    no_job = await there.page("/jobs")
    await there.switch()
    logins = LoginsAnswered(there.here.org.transport())
    logins.answer = httpx2.Response(400, json={"error": "inactive_user", "error_description": ""})
    await there.read()
    async with httpx2.AsyncClient(transport=logins) as http:
        await there.jobs()
        await Worker(there.here.engine, Orgs(there.here.engine, http)).sweep(linger=False)
    inactive = await there.page("/jobs")
    assert ("No job is on" in no_job, "No job is on" in inactive, "user is inactive in Salesforce" in inactive) == (True, False, True)


# --- failed calls ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LP-69")
async def test_a_failing_call_of_a_source_stands_under_callout_errors(there):
    there.livestorm.troubles.order(status=401, path="/people")
    await there.read()
    await there.work()
    page = await there.page("/callouts")
    told = column(await there.ask("callouts", source=there.source), "request", "status", "code")
    assert (told, "GET sessions/session-1/people" in page, "/callouts" in (await there.owner.get("/event-log")).text) == (
        [("GET sessions/session-1/people", 401, "source_refused")],
        True,
        True,
    )


# --- pages -------------------------------------------------------------------------------------------------------------------------------


async def test_the_page_shows_what_is_under_way_and_how_earlier_runs_ended(there):
    await there.ended(await there.begun(), RunState.FAILED, "The token was refused.")
    await there.begun(events=12, repeats=4, calls=5)
    page = await there.page("/runs")
    told = ("16 read: 12 new, 4 known before, 0 unreadable", "Running", "Stop", "Earlier runs", "Failed")
    assert [text for text in told if text not in page] == []


async def test_counts_of_runs_under_way_follow_the_server(there):
    run = await there.begun(events=12, calls=5)
    asyncio.get_running_loop().call_later(0.2, there.served.services.stopping.set)
    text = (await there.owner.get(f"/runs/live?run={run}")).text
    facts = json.loads(text.removeprefix("data: "))
    assert (facts[f"{run}-calls"], facts[f"{run}-told"][:7], facts["changed"]) == ("5", "12 read", False)


async def test_a_range_is_estimated_and_then_started_from_the_page(there):
    query = f"source={there.source}&start=2026-03-01T00:00&end=2026-03-03T00:00"
    estimate = await there.page(f"/runs/new?{query}")
    form = {"source": there.source, "start": "2026-03-01T00:00", "end": "2026-03-03T00:00"}
    answer = await there.owner.post("/runs/new", form)
    queued = [(row["range_start"], row["range_end"]) for row in await there.here.rows(tables.job, stream="sessions")]
    assert ("2 days." in estimate, answer.headers["location"], queued) == (
        True,
        "/runs",
        [(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))],
    )


async def test_a_run_is_stopped_from_its_page(there):
    run = await there.begun()
    answer = await there.owner.post(f"/runs/{run}/stop")
    assert (answer.headers["location"], "Stopping" in await there.page(f"/runs/{run}")) == (f"/runs/{run}", True)


async def test_jobs_are_switched_and_changed_one_by_one_from_their_page(there):
    base = f"/jobs/{there.source}"
    await there.owner.post(f"{base}/periodic/switch", {"on": "true"})
    await there.owner.post(f"{base}/daily", {"hour": "6", "zone": "Europe/Paris", "window": "72"})
    await there.owner.post(f"{base}/daily/switch", {"on": "true"})
    await there.owner.post(f"{base}/periodic/switch", {"on": "false"})
    jobs = (await there.ask(f"jobs/{there.source}"))["jobs"]
    assert [(job["on"], job["hour"], job["zone"], job["window_hours"]) for job in jobs] == [
        (False, None, "UTC", 6.0),
        (True, 6, "Europe/Paris", 72.0),
    ]


async def test_what_cannot_be_saved_is_said_on_the_page(there):
    answer = await there.owner.post(f"/jobs/{there.source}/daily", {"zone": "Paris"})
    assert (answer.status_code, "give its name as in Europe/Paris" in answer.text) == (422, True)


async def test_a_viewer_reads_jobs_as_sentences_without_controls(there):
    viewer = await there.served.user("viewer", {there.here.connection_id: "viewer"})
    page = (await viewer.get("/jobs")).text
    assert ("Every 3 hours, the last 6 hours." in page, 'role="switch"' in page, "can change its jobs" in page) == (True, False, True)


async def test_the_home_page_leads_to_the_runs(there):
    assert '<a href="/runs">All runs</a>' in (await there.owner.get("/")).text
