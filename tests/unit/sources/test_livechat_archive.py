import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.livechat import OMAR, LiveChatSimulator

from crosswalk.errors import ConfigurationError, RetryLater, SkipRecord, SourceRefusedError
from crosswalk.sources.base import Incoming, Pulling, Verdict, Window
from crosswalk.sources.livechat import LiveChat
from crosswalk.store.configuration import SourceConfig, SourceState

HOUR = timedelta(hours=1)
KIND = LiveChat()
SECRETS = {"webhook_secret": "planted-livechat-secret", "personal_access_token": "planted-livechat-token"}


class Licence:
    """A simulated licence and the source that reads it."""

    def __init__(self, new_id, **options):
        self.clock = WindingClock(datetime(2026, 3, 4, 9, tzinfo=UTC))
        self.livechat = LiveChatSimulator(self.clock, **options)
        self.new_id = new_id
        self.http = self.livechat.client()
        self.configure()

    def configure(self, secrets=SECRETS, **settings):
        merged = {**self.livechat.settings, **settings}
        self.source = SourceConfig("src-1", "chats", "livechat", SourceState.ON, merged, secrets)
        self.api = KIND.api(self.source, self.http, self.clock)

    async def page(self, position=None, window=None):
        window = window or Window(self.clock.now() - 48 * HOUR, self.clock.now())
        return await KIND.pull(self.api, self.source, "archives", window, position, self.clock.now(), self.new_id)

    async def pull(self, window=None):
        """Read all pages of a window; returns events and invalid items."""
        window = window or Window(self.clock.now() - 48 * HOUR, self.clock.now())
        events, invalid, position = [], [], None
        while True:
            page = await self.page(position, window)
            events += page.accepted.events
            invalid += page.accepted.invalid
            position = page.position
            if position is None:
                return events, invalid

    def notice(self, action="chat_deactivated"):
        """Let the last webhook of that name arrive; returns its notice."""
        body = next(raw for raw in reversed(self.livechat.posted) if json.loads(raw)["action"] == action)
        request = Incoming("POST", "/hooks/chats/t", {}, {}, body)
        return KIND.accept(request, self.source, self.clock.now(), self.new_id).notices[0]

    async def expand(self, notice):
        return await KIND.expand(self.api, self.source, notice, self.clock.now(), self.new_id)

    async def discover(self):
        return await KIND.discover(self.api, self.source)

    async def check(self):
        return await KIND.check(self.api, self.source)

    def bodies(self, method):
        return [json.loads(body) for path, body in self.livechat.calls if path.endswith(method)]


@pytest.fixture
async def licence(new_id):
    made = Licence(new_id)
    yield made
    await made.http.aclose()


@pytest.fixture
async def in_europe(new_id):
    made = Licence(new_id, region="fra")
    yield made
    await made.http.aclose()


def entities(events):
    return [event.entity_id for event in events]


def test_livechat_can_be_asked():
    assert isinstance(KIND, Pulling)


# --- pulling ----------------------------------------------------------------------------------------------------------------------


async def test_a_pull_brings_every_thread_oldest_first(licence):
    threads = [licence.livechat.whole(number) for number in range(250)]
    events, _ = await licence.pull()
    assert threads == entities(events)


async def test_a_page_holds_a_hundred_chats(licence):
    for number in range(201):
        licence.livechat.whole(number)
    await licence.pull()
    assert 3 == len(licence.bodies("list_archives"))


async def test_an_empty_archive_is_one_call(licence):
    assert (([], []), 1) == (await licence.pull(), licence.api.calls)


async def test_only_the_window_is_asked_for(licence):
    licence.livechat.whole(1)
    licence.clock.advance(3600)
    licence.livechat.whole(2)
    events, _ = await licence.pull(Window(licence.clock.now() - timedelta(minutes=5), licence.clock.now()))
    assert ["T0002"] == entities(events)


async def test_a_chat_closed_twice_by_its_visitor_returning_is_two_threads_of_one_chat(licence):
    for thread_id in ("T1", "T2"):
        licence.livechat.open(thread_id, "C1")
        licence.livechat.close(thread_id)
        licence.clock.advance(60)
    events, _ = await licence.pull()
    assert [("T1", "C1"), ("T2", "C1")] == [(event.entity_id, event.payload["id"]) for event in events]


async def test_a_chat_archived_while_pages_are_read_hides_none(licence):
    threads = [licence.livechat.whole(number) for number in range(150)]
    first = await licence.page()
    licence.livechat.open("T-old", "C-old")
    licence.livechat.chats["T-old"]["thread"]["created_at"] = licence.livechat.chats["T0010"]["thread"]["created_at"]
    licence.livechat.close("T-old")
    second = await licence.page(first.position)
    assert set(threads) <= set(entities([*first.accepted.events, *second.accepted.events]))


async def test_a_page_that_livechat_has_forgotten_begins_the_window_again(licence):
    threads = [licence.livechat.whole(number) for number in range(150)]
    window = Window(licence.clock.now() - 48 * HOUR, licence.clock.now())
    first = await licence.page(None, window)
    licence.clock.advance(31 * 86_400)
    again = await licence.page(first.position, window)
    once_more = await licence.page(again.position, window)
    assert ((), threads[:100]) == (again.accepted.events, entities(once_more.accepted.events))


async def test_a_page_that_is_refused_again_is_told(licence):
    with pytest.raises(SourceRefusedError):
        await licence.page({"page_id": "nonsense", "begun_again": True})


@pytest.mark.shows("P10")
@pytest.mark.parametrize("garbage", [None, "text", 5, [], {}, {"id": "C"}, {"id": "C", "thread": {"id": ""}}])
async def test_a_chat_that_cannot_be_read_stops_no_other(garbage, licence):
    licence.livechat.garbage.append(garbage)
    licence.livechat.whole(1)
    events, invalid = await licence.pull()
    assert (["T0001"], ["thread_missing"]) == (entities(events), [item.code for item in invalid])


async def test_a_chat_that_cannot_be_read_counts_once_however_often_it_is_listed(licence):
    licence.livechat.garbage.append({"id": "C"})
    keys = {invalid[0].key for _, invalid in [await licence.pull(), await licence.pull()]}
    assert [True] == [bool(key) for key in keys]


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 503},
        {"status": 502, "body": "<html>", "content_type": "text/html"},
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 200, "body": '{"chats": ['},
        {"status": 200, "body": "[]"},
        {"status": 200, "body": '{"chats": null}'},
        {"status": 429},
        {"status": 429, "headers": {"Retry-After": "600"}},
        {"drop": True},
    ],
    ids=str,
)
async def test_trouble_at_livechat_is_tried_again_later(trouble, licence):
    licence.livechat.troubles.order(**trouble)
    with pytest.raises(RetryLater):
        await licence.pull()


async def test_a_short_wait_is_sat_out(licence):
    licence.livechat.whole(1)
    licence.livechat.troubles.order(status=429, headers={"Retry-After": "2"})
    events, _ = await licence.pull()
    assert ["T0001"] == entities(events)


async def test_a_token_that_ends_in_the_middle_is_told_and_the_position_stands(licence):
    for number in range(150):
        licence.livechat.whole(number)
    first = await licence.page()
    licence.livechat.token = "another"
    with pytest.raises(SourceRefusedError):
        await licence.page(first.position)
    licence.livechat.token = "planted-livechat-token"
    assert 50 == len((await licence.page(first.position)).accepted.events)


async def test_the_wrong_data_centre_is_left_for_the_right_one(in_europe):
    in_europe.livechat.whole(1)
    events, _ = await in_europe.pull()
    assert ["T0001"] == entities(events)


async def test_the_right_data_centre_is_asked_at_once(in_europe):
    in_europe.configure(region="fra")
    await in_europe.pull()
    assert 1 == in_europe.api.calls


@pytest.mark.parametrize("secrets", [{"webhook_secret": "s"}, {"webhook_secret": "s", "personal_access_token": ""}])
def test_a_source_without_a_token_names_it(secrets, licence):
    with pytest.raises(ConfigurationError, match="personal_access_token"):
        licence.configure(secrets)


def test_a_source_without_an_account_names_it(licence):
    with pytest.raises(ConfigurationError, match="account_id"):
        licence.configure(account_id="")


async def test_names_of_groups_and_titles_of_agents_come_where_they_are_wished_for(licence):
    licence.configure(directory=True)
    licence.livechat.whole(1)
    (event,), _ = await licence.pull()
    assert (["Sales"], "Sales specialist", ["Sales"]) == (
        event.payload["derived"]["group_names"],
        event.payload["agent"]["job_title"],
        event.payload["agent"]["groups"],
    )


async def test_nobody_asks_for_names_that_are_not_wished_for(licence):
    licence.livechat.whole(1)
    await licence.pull()
    assert 1 == licence.api.calls


def test_pulls_look_back_a_day_because_chats_are_rated_after_they_end():
    assert timedelta(days=1) == KIND.reach({}, "archives").overlap


# --- notices ----------------------------------------------------------------------------------------------------------------------


async def test_the_thread_behind_a_notice_is_fetched(licence):
    licence.livechat.open("T1", "C1", name="Elin Berg")
    licence.livechat.close("T1")
    licence.livechat.open("T2", "C1", name="Elin Berg")
    (event,) = (await licence.expand(licence.notice())).events
    assert ("T1", "chat.ended") == (event.entity_id, event.type)


async def test_a_chat_that_goes_on_is_fetched_as_it_stands(licence):
    licence.livechat.open()
    licence.livechat.transfer(OMAR)
    (event,) = (await licence.expand(licence.notice("chat_transferred"))).events
    assert ("chat.updated", OMAR) == (event.type, event.payload["agent"]["email"])


async def test_variables_set_during_the_chat_reach_the_event(licence):
    licence.livechat.open(variables={"plan": "tin"})
    licence.livechat.set_variables(plan="gold")
    notice = licence.notice("customer_session_fields_updated")
    del licence.livechat.visitor()["session_fields"]
    (event,) = (await licence.expand(notice)).events
    assert {"plan": "gold"} == event.payload["variables"]


async def test_a_thread_that_livechat_does_not_have_yet_is_asked_for_again(licence):
    licence.livechat.open()
    licence.livechat.close()
    notice = licence.notice()
    licence.livechat.chats.clear()
    with pytest.raises(RetryLater) as later:
        await licence.expand(notice)
    assert timedelta(seconds=15) == later.value.due - licence.clock.now()


async def test_the_wait_for_a_thread_grows(licence):
    licence.livechat.open()
    licence.livechat.close()
    notice = licence.notice()
    licence.livechat.chats.clear()
    licence.clock.advance(3600)
    with pytest.raises(RetryLater) as later:
        await licence.expand(notice)
    assert HOUR == later.value.due - licence.clock.now()


async def test_a_thread_that_never_comes_is_given_up(licence):
    licence.livechat.open()
    licence.livechat.close()
    notice = licence.notice()
    licence.livechat.chats.clear()
    licence.clock.advance(6 * 3600)
    with pytest.raises(SkipRecord):
        await licence.expand(notice)


async def test_a_thread_not_closed_yet_is_asked_for_again(licence):
    licence.livechat.open()
    licence.livechat.close()
    notice = licence.notice()
    licence.livechat.chats["T1"]["thread"]["active"] = True
    with pytest.raises(RetryLater):
        await licence.expand(notice)


async def test_a_later_reading_is_a_later_revision(licence):
    licence.livechat.open()
    licence.livechat.close()
    notice = licence.notice()
    (early,) = (await licence.expand(notice)).events
    licence.clock.advance(5)
    (late,) = (await licence.expand(notice)).events
    assert early.revision < late.revision


async def test_an_answer_that_is_no_chat_is_kept_as_invalid(licence):
    licence.livechat.open()
    licence.livechat.close()
    licence.livechat.troubles.order(status=200, body="{}")
    assert ["thread_missing"] == [item.code for item in (await licence.expand(licence.notice())).invalid]


# --- discovery and check ----------------------------------------------------------------------------------------------------------


@pytest.mark.shows("LC-10")
async def test_the_hundredth_latest_chat_is_looked_at_and_the_one_before_it_is_not(licence):
    licence.livechat.whole(0, variables={"only_in_the_oldest": "x"})
    licence.livechat.whole(1, variables={"in_the_hundredth": "x"})
    for number in range(2, 101):
        licence.livechat.whole(number)
    assert ["in_the_hundredth"] == (await licence.discover())["custom_variables"]


@pytest.mark.shows("LC-10")
async def test_variables_and_the_fields_of_both_forms_are_found_with_their_types(licence):
    licence.livechat.open("T1", variables={"plan": "gold"}, form={"email": "a@b.example", "Customer?": ("Yes",), "Topics": ["Delivery"]})
    licence.livechat.close("T1")
    licence.livechat.answer_postchat("T1", Solved="Partly")
    assert await licence.discover() == {
        "custom_variables": ["plan"],
        "prechat_fields": [
            {"label": "Customer?", "type": "select"},
            {"label": "Topics", "type": "list"},
            {"label": "email", "type": "email"},
        ],
        "postchat_fields": [{"label": "Solved", "type": "text"}],
    }


async def test_what_was_found_once_stays_offered(licence):
    licence.configure(custom_variables=["rare"], prechat_fields=[{"label": "Old", "type": "list"}])
    licence.livechat.whole(1, variables={"plan": "gold"})
    found = await licence.discover()
    assert (["plan", "rare"], [{"label": "Old", "type": "list"}]) == (found["custom_variables"], found["prechat_fields"])


async def test_what_a_scan_finds_are_settings_that_the_catalogue_takes(licence):
    licence.livechat.whole(1, variables={"plan": "gold"}, form={"Topics": ["Delivery"]})
    keys = [attribute.key for attribute in KIND.catalogue(dict(await licence.discover()))]
    assert ["variable.plan", "prechat.Topics"] == keys[-2:]


async def test_an_empty_archive_has_nothing_to_offer(licence):
    assert {"custom_variables": [], "prechat_fields": [], "postchat_fields": []} == await licence.discover()


async def test_a_working_token_is_found_to_work(licence):
    assert [Verdict.OK] == [finding.verdict for finding in await licence.check()]


@pytest.mark.parametrize(
    ("trouble", "verdict"), [({"status": 401}, Verdict.FAIL), ({"status": 403}, Verdict.FAIL), ({"status": 500}, Verdict.WARN)]
)
async def test_trouble_with_the_token_is_a_finding(trouble, verdict, licence):
    licence.livechat.troubles.order(**trouble)
    assert [verdict] == [finding.verdict for finding in await licence.check()]


async def test_a_directory_that_may_not_be_read_is_a_finding(licence):
    licence.configure(directory=True)
    licence.livechat.troubles.order(status=403, path="list_agents")
    assert [Verdict.FAIL] == [finding.verdict for finding in await licence.check()]


async def test_the_wrong_data_centre_is_a_finding_that_names_the_right_one(in_europe):
    findings = await in_europe.check()
    assert ([Verdict.OK, Verdict.WARN], True) == ([finding.verdict for finding in findings], "'fra'" in findings[1].sentence)


@pytest.mark.shows("P12")
async def test_no_error_repeats_the_token(licence):
    licence.livechat.token = "another"
    with pytest.raises(SourceRefusedError) as caught:
        await licence.pull()
    assert "planted" not in f"{caught.value!r} {caught.value.facts} {licence.source!r} {licence.api!r}"


# --- the samples ------------------------------------------------------------------------------------------------------------------


async def test_the_sample_pages_are_read_to_the_end(licence, sample_bytes):
    for number in (1, 2):
        licence.livechat.troubles.order(status=200, body=sample_bytes(f"livechat/list_archives_page_{number}.json").decode())
    events, invalid = await licence.pull()
    expected = [("SK4VT9QX3N", "chat.ended"), ("SK50AAB7C1", "chat.ended"), ("RJ9ZZQ11AB", "chat.restricted")]
    assert (expected, []) == ([(event.entity_id, event.type) for event in events], invalid)


async def test_the_sample_page_is_followed_by_its_id_alone(licence, sample_bytes):
    licence.livechat.troubles.order(status=200, body=sample_bytes("livechat/list_archives_page_1.json").decode())
    with pytest.raises(SourceRefusedError):  # the simulator did not give this id out
        await licence.page((await licence.page()).position | {"begun_again": True})
    assert {"page_id": "MTc3MjYxODgxMDUwMA=="} == licence.bodies("list_archives")[-1]


async def test_the_sample_directory_names_group_and_job(licence, sample_bytes):
    licence.configure(directory=True)
    for name in ("list_archives_page_1", "list_groups", "list_agents"):
        licence.livechat.troubles.order(status=200, body=sample_bytes(f"livechat/{name}.json").decode())
    agent = (await licence.page()).accepted.events[0].payload["agent"]
    assert ("Sales specialist", ["Sales"]) == (agent["job_title"], agent["groups"])


async def test_the_sample_of_too_many_requests_is_tried_again_later(licence, sample_bytes):
    licence.livechat.troubles.order(status=429, body=sample_bytes("livechat/error_too_many_requests.json").decode())
    with pytest.raises(RetryLater):
        await licence.pull()


async def test_the_sample_of_a_misdirected_request_leads_to_the_other_data_centre(licence, sample_bytes):
    licence.configure(region="fra")
    licence.livechat.troubles.order(status=421, body=sample_bytes("livechat/error_misdirected_request.json").decode())
    await licence.pull()
    assert 2 == licence.api.calls
