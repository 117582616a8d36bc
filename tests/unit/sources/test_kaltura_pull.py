import copy
from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.kaltura import TOKEN, KalturaSimulator

from crosswalk.errors import ConfigurationError, RetryLater, SourceRefusedError
from crosswalk.sources.base import Pulling, Verdict, Window
from crosswalk.sources.kaltura import Kaltura
from crosswalk.store.configuration import SourceConfig, SourceState

KIND = Kaltura()
LUCIA = "lucia.ferrer@mirador.example"


class Account:
    """A simulated account with the event of the samples, and the source that reads it."""

    def __init__(self, new_id):
        self.clock = WindingClock(datetime(2026, 3, 21, 9, tzinfo=UTC))
        self.kaltura = KalturaSimulator(self.clock)
        self.new_id = new_id
        self.http = self.kaltura.client()
        secrets = {"signing_secret": "s", "app_token": TOKEN}
        self.source = SourceConfig("src-1", "summits", "kaltura", SourceState.ON, self.kaltura.settings, secrets)
        self.api = KIND.api(self.source, self.http, self.clock)

    async def pull(self, stream="profiles", days=30):
        """Read all pages of a window; returns the events."""
        events, position, window = [], None, Window(self.clock.now() - timedelta(days=days), self.clock.now())
        while True:
            page = await KIND.pull(self.api, self.source, stream, window, position, self.clock.now(), self.new_id)
            events += page.accepted.events
            position = page.position
            if position is None:
                return events

    def many(self, number):
        """Let there be so many profiles, the latest changed last."""
        first = self.kaltura.profiles[0]
        self.kaltura.profiles = [copy.deepcopy(first) for _ in range(number)]
        for n, profile in enumerate(self.kaltura.profiles):
            at = datetime(2026, 3, 10, tzinfo=UTC) + timedelta(seconds=n)
            profile |= {"id": f"p{n:03}", "userId": f"p{n}@x.example", "updatedAt": f"{at:%Y-%m-%dT%H:%M:%S}.000Z"}


@pytest.fixture
async def account(new_id):
    made = Account(new_id)
    yield made
    await made.http.aclose()


def test_kaltura_can_be_asked():
    assert isinstance(KIND, Pulling)


async def test_every_profile_is_one_event(account):
    assert 11 == len({event.entity_id for event in await account.pull()})


async def test_profiles_that_change_while_pages_are_read_push_nobody_out_of_sight(account):
    account.many(120)
    passed = []

    def touch(path):
        passed.append(path)
        if path.endswith("user-profile/list") and len(passed) > 5:
            account.kaltura.profiles[0]["updatedAt"] = "2026-03-20T00:00:00.000Z"

    account.kaltura.before_answer.append(touch)
    assert 120 == len({event.entity_id for event in await account.pull()})


async def test_reports_of_a_session_are_joined_by_attendee(account):
    found = {event.person["email"]: event for event in await account.pull("engagement") if "1_k4zq81ab" in event.entity_id}
    report = found[LUCIA].payload["report"]
    assert ("5", "2", "5.3300") == (report["clap_clicked_count"], report["count_plays"], report["vod_view_time"])


async def test_polls_are_told_in_time_order_and_those_beyond_ten_are_counted(account):
    lines = [f"{LUCIA},poll question,Question {n},yes,2026-03-18T13:{n:02}:00Z\n" for n in range(12, 0, -1)]
    account.kaltura.polls += "".join(lines)
    (event, *_) = [one for one in await account.pull("engagement") if one.person["email"] == LUCIA]
    told = (event.payload["polls"][0]["question"], len(event.payload["polls"]), event.payload["polls_left_out"])
    assert ("Question 1", 10, "2 polls beyond the ten slots") == told


async def test_a_session_that_ends_midway_is_started_anew(account):
    account.kaltura.before_answer.append(
        lambda path: account.kaltura.end_sessions() if path.endswith("app-registry/list") and len(account.kaltura.calls) < 6 else None
    )
    found = {event.entity_id for event in await account.pull()}
    assert (11, True) == (len(found), sum(path.endswith("action/startSession") for path in account.kaltura.calls) > 1)


async def test_a_wrong_app_token_is_told_and_not_repeated(account):
    source = SourceConfig("src-1", "summits", "kaltura", SourceState.ON, account.kaltura.settings, {"app_token": "wrong-planted"})
    (finding,) = await KIND.check(KIND.api(source, account.http, account.clock), source)
    assert (Verdict.FAIL, False) == (finding.verdict, "wrong-planted" in finding.sentence)


@pytest.mark.parametrize("trouble", [{"status": 503}, {"drop": True}, {"status": 200, "body": "<html>", "content_type": "text/html"}])
async def test_trouble_is_asked_again_later(account, trouble):
    account.kaltura.troubles.order(path="user-profile", **trouble)
    with pytest.raises(RetryLater):
        await account.pull()


async def test_an_exception_with_status_200_is_a_refusal(account):
    body = '{"objectType":"KalturaAPIException","code":"SERVICE_FORBIDDEN","message":"secret words"}'
    account.kaltura.troubles.order(path="user-profile", status=200, body=body)
    with pytest.raises(SourceRefusedError) as refused:
        await account.pull()
    assert "secret words" not in refused.value.sentence


def test_what_is_needed_to_ask_is_named():
    with pytest.raises(ConfigurationError, match="partner_id"):
        KIND.api(SourceConfig("src-1", "summits", "kaltura", SourceState.ON, {}, {}), None, None)
