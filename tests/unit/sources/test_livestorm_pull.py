from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.livestorm import TOKEN, LivestormSimulator

from crosswalk.errors import BudgetSpentError, ConfigurationError, RetryLater, SkipRecord, SourceRefusedError
from crosswalk.mapping import paths
from crosswalk.model import Notice
from crosswalk.sources.base import Pulling, Verdict, Window
from crosswalk.sources.livestorm import Livestorm
from crosswalk.store.configuration import SourceConfig, SourceState

HOUR = timedelta(hours=1)
KIND = Livestorm()
WANTED = ("people.registered", "people.attended", "people.not_attended", "people.watched_replay", "session.ended")


class Workspace:
    """A simulated workspace with one event and one session, and the source that reads it."""

    def __init__(self, new_id):
        self.clock = WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))
        self.livestorm = LivestormSimulator(self.clock)
        self.new_id = new_id
        self.http = self.livestorm.client()
        secrets = {"signing_secret": "s", "api_token": TOKEN, "hook_token": "hook-token"}
        self.source = SourceConfig("src-1", "webinars", "livestorm", SourceState.ON, self.livestorm.settings, secrets)
        self.api = KIND.api(self.source, self.http, self.clock)
        self.livestorm.add_event()
        self.livestorm.add_session()

    def window(self, hours=48):
        return Window(self.clock.now() - hours * HOUR, self.clock.now())

    async def pull(self, stream="sessions", window=None):
        """Read all pages of a window; returns events and invalid items."""
        events, invalid, position, window = [], [], None, window or self.window()
        while True:
            page = await KIND.pull(self.api, self.source, stream, window, position, self.clock.now(), self.new_id)
            events += page.accepted.events
            invalid += page.accepted.invalid
            position = page.position
            if position is None:
                return events, invalid

    async def types(self, stream="sessions"):
        events, _ = await self.pull(stream)
        return [event.type for event in events]

    def many(self, number):
        for n in range(number):
            self.livestorm.register(f"p{n:03}")

    def meanwhile(self, nth, happens):
        """Let something happen in the workspace before the nth list of people is answered."""
        passed = 0

        def pass_by(path):
            nonlocal passed
            passed += path.endswith("/people")
            if path.endswith("/people") and passed == nth:
                happens()

        self.livestorm.before_answer.append(pass_by)

    def notice(self):
        payload = self.livestorm.webhook("session.ended", self.livestorm.sessions["session-1"])
        return Notice("n-1", "src-1", "session.ended", "k", payload, self.clock.now())

    async def expand(self):
        return await KIND.expand(self.api, self.source, self.notice(), self.clock.now(), self.new_id)


@pytest.fixture
async def workspace(new_id):
    made = Workspace(new_id)
    yield made
    await made.http.aclose()


def test_livestorm_can_be_asked():
    assert isinstance(KIND, Pulling)


def test_without_a_token_it_says_what_to_do(workspace):
    bare = SourceConfig("s", "webinars", "livestorm", SourceState.ON, {}, {})
    with pytest.raises(ConfigurationError, match="api_token"):
        KIND.api(bare, workspace.http, workspace.clock)


# --- what a record stands for ----------------------------------------------------------------------------------------------------------


async def test_before_the_end_everybody_is_registered(workspace):
    workspace.many(1)
    assert await workspace.types() == ["people.registered"]


async def test_after_the_end_everybody_attended_or_did_not(workspace):
    workspace.many(2)
    workspace.livestorm.end(attended={"p001"})
    assert await workspace.types() == ["people.not_attended", "people.attended"]


async def test_who_attended_and_watched_the_replay_stands_for_two_events(workspace):
    workspace.many(1)
    workspace.livestorm.end(attended={"p000"})
    workspace.livestorm.touch(workspace.livestorm.find("p000"), has_viewed_replay=True)
    assert await workspace.types() == ["people.attended", "people.watched_replay"]


@pytest.mark.parametrize("status", ["canceled", "past_not_started", "upcoming", "live"])
async def test_nobody_stayed_away_from_a_session_that_was_not_held(workspace, status):
    workspace.many(1)
    workspace.livestorm.sessions["session-1"]["attributes"]["status"] = status
    assert await workspace.types() == ["people.registered"]


async def test_attended_needs_no_session_that_looks_over(workspace):
    workspace.many(1)
    workspace.livestorm.touch(workspace.livestorm.find("p000"), attended=True)
    assert await workspace.types() == ["people.attended"]


@pytest.mark.parametrize("event", ["people.registered", "people.attended", "people.not_attended", "people.watched_replay"])
async def test_a_pulled_fact_is_the_one_its_webhook_tells(workspace, event, post):
    livestorm, detail = workspace.livestorm, {"has_viewed_replay": event == "people.watched_replay"}
    record = livestorm.register("p1")
    if event != "people.registered":
        livestorm.end(attended={"p1"} - ({"p1"} if event == "people.not_attended" else set()))
    livestorm.touch(record, **detail)
    body, headers = livestorm.signed(event, record, "s")
    (told,) = KIND.accept(post("/", body, headers), workspace.source, workspace.clock.now(), workspace.new_id).events
    pulled = next(one for one in (await workspace.pull())[0] if one.type == event)
    facts = [(one.entity_id, one.revision, one.freshness, one.message_id, one.person, one.group_id) for one in (told, pulled)]
    assert (facts[0], True) == (facts[1], KIND.fingerprint(told).items() <= KIND.fingerprint(pulled).items())


@pytest.mark.shows("LS-13")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("event_title", "Spring release walkthrough"),
        ("event_owner_email", "noor.haddad@northwind-events.example"),
        ("session_state", "past"),
        ("session_ended_at", 1_772_618_400),
        ("utm_source", "newsletter"),
    ],
)
async def test_attributes_of_session_and_event_resolve_in_a_pulled_record(workspace, key, value):
    workspace.clock.advance(3600)
    workspace.many(1)
    workspace.livestorm.end()
    (event,), _ = await workspace.pull()
    (attribute,) = [one for one in KIND.catalogue({}) if one.key == key]
    assert paths.compile(attribute.paths[0])(event.payload) == value


async def test_an_event_that_is_gone_costs_only_its_own_values(workspace):
    workspace.many(1)
    workspace.livestorm.events.clear()
    (event,), _ = await workspace.pull()
    assert [one["type"] for one in event.payload["included"]] == ["sessions"]


async def test_a_made_up_address_is_blanked(workspace):
    workspace.livestorm.register("p1", email="p1@unknown.livestorm.co")
    (event,), _ = await workspace.pull()
    assert "email" not in event.person


# --- reading lists that change ---------------------------------------------------------------------------------------------------------


async def test_every_page_is_read(workspace):
    workspace.many(120)
    events, _ = await workspace.pull()
    assert len({event.entity_id for event in events}) == 120


async def test_who_leaves_the_list_takes_nobody_along(workspace):
    workspace.many(120)
    workspace.meanwhile(2, lambda: workspace.livestorm.people["session-1"].pop(0))
    events, _ = await workspace.pull()
    assert {f"session-1:p{n:03}" for n in range(120)} == {event.entity_id for event in events}


async def test_who_moves_within_the_list_is_not_lost_nor_the_others(workspace):
    workspace.many(120)
    people = workspace.livestorm.people["session-1"]
    workspace.meanwhile(2, lambda: people.append(people.pop(0)))
    events, _ = await workspace.pull()
    assert {f"session-1:p{n:03}" for n in range(120)} == {event.entity_id for event in events}


async def test_who_enters_at_the_front_is_read_too(workspace):
    workspace.many(60)
    people = workspace.livestorm.people["session-1"]

    def enter():
        workspace.livestorm.register("new")
        people.insert(0, people.pop())

    workspace.meanwhile(2, enter)
    events, _ = await workspace.pull()
    assert len({event.entity_id for event in events}) == 61


async def test_a_page_that_is_gone_ends_the_pass(workspace):
    workspace.many(51)
    workspace.meanwhile(2, workspace.livestorm.people["session-1"].pop)
    events, _ = await workspace.pull()
    assert len({event.entity_id for event in events}) == 50


async def test_a_session_deleted_meanwhile_is_passed_over(workspace):
    workspace.many(1)
    workspace.livestorm.add_session("session-2")
    workspace.livestorm.register("other", "session-2")
    workspace.livestorm.before_answer.append(lambda _: workspace.livestorm.people.pop("session-1", None))
    events, _ = await workspace.pull()
    assert [event.entity_id for event in events] == ["session-2:other"]


@pytest.mark.parametrize(
    "item",
    [None, "text", {"id": "x"}, {"type": "people", "attributes": {}}, {"id": "x", "attributes": {"registrant_detail": [1]}}],
    ids=repr,
)
async def test_an_item_that_cannot_be_read_is_invalid_and_holds_nobody_up(workspace, item):
    workspace.many(3)
    workspace.livestorm.people["session-1"].insert(1, item)
    events, invalid = await workspace.pull()
    assert (3, 1) == (len(events), len(invalid))


async def test_a_session_that_cannot_be_read_is_invalid_and_holds_nobody_up(workspace):
    workspace.many(1)
    workspace.livestorm.sessions["broken"] = {"type": "sessions", "attributes": {"updated_at": workspace.livestorm.now()}}
    events, invalid = await workspace.pull()
    assert (1, ["not_a_session"]) == (len(events), [one.code for one in invalid])


async def test_an_answer_without_a_list_is_asked_for_again(workspace):
    workspace.livestorm.troubles.order(status=200, body="{}")
    with pytest.raises(RetryLater):
        await workspace.pull()


# --- what is asked for -----------------------------------------------------------------------------------------------------------------


async def test_of_a_session_that_goes_on_only_changes_are_read(workspace):
    workspace.many(3)
    workspace.clock.advance(48 * 3600)
    workspace.livestorm.register("late")
    workspace.livestorm.sessions["session-1"]["attributes"]["updated_at"] = workspace.livestorm.now()
    events, _ = await workspace.pull(window=workspace.window(hours=1))
    assert [event.entity_id for event in events] == ["session-1:late"]


async def test_of_a_session_that_ended_everybody_is_read(workspace):
    workspace.many(3)
    workspace.clock.advance(48 * 3600)
    workspace.livestorm.end()
    events, _ = await workspace.pull(window=workspace.window(hours=1))
    assert [event.type for event in events] == ["people.not_attended"] * 3


@pytest.mark.parametrize("status", ["past", "on_demand"])
async def test_replays_are_found_days_after_the_session(workspace, status):
    workspace.many(2)
    workspace.livestorm.end(attended={"p000"})
    workspace.livestorm.sessions["session-1"]["attributes"]["status"] = status
    workspace.clock.advance(9 * 86_400)
    workspace.livestorm.touch(workspace.livestorm.find("p000"), has_viewed_replay=True)
    events, _ = await workspace.pull("replays", workspace.window(hours=1))
    assert [event.type for event in events] == ["people.attended", "people.watched_replay"]


async def test_late_attendance_is_news(workspace):
    workspace.many(1)
    workspace.livestorm.end(attended={"p000"}, rate=0)
    ((before,), _) = await workspace.pull()
    workspace.livestorm.touch(workspace.livestorm.find("p000"), attendance_rate=86)
    ((after,), _) = await workspace.pull()
    assert KIND.fingerprint(before) != KIND.fingerprint(after)


# --- limits ----------------------------------------------------------------------------------------------------------------------------


async def test_the_burst_is_never_exceeded(workspace):
    workspace.many(900)
    await workspace.pull()
    assert workspace.livestorm.refused == 0


async def test_another_burst_that_the_headers_name_is_kept(workspace):
    workspace.many(900)
    workspace.livestorm.burst = 2
    await workspace.pull()
    assert workspace.livestorm.refused == 0


async def test_a_wider_burst_is_used(workspace):
    workspace.many(900)
    workspace.livestorm.burst = 50
    began = workspace.clock.monotonic()
    await workspace.pull()
    assert workspace.clock.monotonic() - began < 1


async def test_calls_stop_at_the_reserve(workspace):
    workspace.many(200)
    workspace.livestorm.monthly = 502
    with pytest.raises(BudgetSpentError):
        await workspace.pull()
    assert workspace.livestorm.monthly == 500


async def test_one_call_an_hour_finds_out_whether_calls_are_free_again(workspace):
    workspace.many(1)
    workspace.livestorm.monthly = 400
    with pytest.raises(BudgetSpentError):
        await workspace.pull()
    workspace.clock.advance(3600)
    workspace.livestorm.monthly = 10_000
    assert await workspace.types() == ["people.registered"]


async def test_a_used_up_allowance_waits_for_its_reset(workspace):
    workspace.livestorm.monthly = 0
    reset = workspace.clock.now() + timedelta(days=1)
    with pytest.raises(RetryLater) as caught:
        await workspace.pull()
    assert caught.value.due == reset


async def test_a_token_that_expired_is_named(workspace):
    workspace.livestorm.token = "another"
    with pytest.raises(SourceRefusedError, match="credentials"):
        await workspace.pull()


# --- notices ---------------------------------------------------------------------------------------------------------------------------


async def test_an_ended_session_is_everybody_in_it(workspace):
    workspace.many(120)
    workspace.livestorm.end(attended={"p000"})
    workspace.clock.advance(60)
    accepted = await workspace.expand()
    assert (1, 119) == tuple(sum(event.type == kind for event in accepted.events) for kind in ("people.attended", "people.not_attended"))


async def test_attendance_is_awaited_before_anybody_is_said_to_have_stayed_away(workspace):
    workspace.many(1)
    workspace.livestorm.end()
    with pytest.raises(RetryLater) as caught:
        await workspace.expand()
    assert caught.value.due == workspace.clock.now() + timedelta(minutes=1)


async def test_a_notice_whose_body_is_gone_asks_for_nothing(workspace):
    notice = Notice("n", "src-1", "session.ended", "k", None, workspace.clock.now())
    with pytest.raises(SkipRecord):
        await KIND.expand(workspace.api, workspace.source, notice, workspace.clock.now(), workspace.new_id)


# --- the workspace itself --------------------------------------------------------------------------------------------------------------


async def test_a_working_token_with_all_webhooks_is_fine(workspace):
    for event in WANTED:
        workspace.livestorm.subscribe(event, "https://hooks.example/hooks/webinars/hook-token")
    assert {finding.verdict for finding in await KIND.check(workspace.api, workspace.source)} == {Verdict.OK}


async def test_webhooks_that_are_gone_are_named(workspace):
    for event in WANTED[1:]:
        workspace.livestorm.subscribe(event, "https://hooks.example/hooks/webinars/hook-token")
    workspace.livestorm.subscribe(WANTED[0], "https://hooks.example/hooks/webinars/another")
    *_, last = await KIND.check(workspace.api, workspace.source)
    assert (last.verdict, "people.registered" in last.sentence) == (Verdict.WARN, True)


async def test_a_refused_token_is_a_finding(workspace):
    workspace.livestorm.token = "another"
    assert [finding.verdict for finding in await KIND.check(workspace.api, workspace.source)] == [Verdict.FAIL]


async def test_an_unreachable_livestorm_is_a_finding(workspace):
    workspace.livestorm.troubles.order(drop=True)
    assert [finding.verdict for finding in await KIND.check(workspace.api, workspace.source)] == [Verdict.WARN]


@pytest.mark.shows("LS-14")
async def test_an_attribute_added_at_livestorm_is_offered_with_its_type(workspace, sample):
    workspace.livestorm.attributes = sample("livestorm/list_people_attributes_page.json")["data"]
    discovered = await KIND.discover(workspace.api, workspace.source)
    own = [(one.key, one.label, one.type) for one in KIND.catalogue(discovered) if one.group == "Workspace attributes"]
    assert own == [("topics_of_interest", "Topics of interest", "list")]


async def test_an_attribute_of_an_unknown_type_is_text(workspace):
    workspace.livestorm.attributes = [{"id": "1", "attributes": {"slug": "mood", "type": "hologram"}}, None, {"id": "2"}]
    assert await KIND.discover(workspace.api, workspace.source) == {"people_attributes": [{"slug": "mood", "name": "mood", "type": "text"}]}


# --- webhooks with their session -------------------------------------------------------------------------------------------------------


class Fetched:
    """What becomes of webhooks about people when their session is fetched, too."""

    def __init__(self, workspace, post):
        self.workspace, self.post = workspace, post
        settings = {**workspace.livestorm.settings, "with_session": True}
        self.source = SourceConfig("src-1", "webinars", "livestorm", SourceState.ON, settings, workspace.source.secrets)

    def notice(self, name):
        workspace = self.workspace
        body, headers = workspace.livestorm.signed("people.registered", workspace.livestorm.find(name), "s")
        (notice,) = KIND.accept(self.post("/", body, headers), self.source, workspace.clock.now(), workspace.new_id).notices
        return notice

    async def event(self, name):
        workspace = self.workspace
        notice, now = self.notice(name), workspace.clock.now()
        (event,) = (await KIND.expand(workspace.api, self.source, notice, now, workspace.new_id)).events
        return event


@pytest.fixture
def fetched(workspace, post):
    workspace.many(3)
    return Fetched(workspace, post)


async def test_a_webhook_with_its_session_is_what_a_pull_finds(fetched):
    told, pulled = await fetched.event("p000"), (await fetched.workspace.pull())[0][0]
    same = [(one.type, one.entity_id, one.revision, one.occurred_at, one.payload["included"], one.person) for one in (told, pulled)]
    assert same[0] == same[1]


async def test_one_session_is_fetched_once_for_many_webhooks(fetched):
    for name in ("p000", "p001", "p002"):
        await fetched.event(name)
    assert fetched.workspace.livestorm.calls == ["/v1/sessions/session-1", "/v1/events/event-1"]


async def test_a_session_that_is_gone_keeps_nobody_out(fetched):
    fetched.workspace.livestorm.sessions.clear()
    assert (await fetched.event("p000")).payload["included"] == []


async def test_two_changes_within_a_second_are_two_notices(fetched):
    first = fetched.notice("p000")
    fetched.workspace.livestorm.find("p000")["attributes"]["first_name"] = "Ida"
    assert first.message_key != fetched.notice("p000").message_key


async def test_a_webhook_posted_again_is_the_same_notice(fetched):
    assert fetched.notice("p000").message_key == fetched.notice("p000").message_key
