"""The demo's data: believable, fictional, the same every time, and exactly in the shape that the systems post."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from crosswalk.demo import people, scenario

SAMPLES = Path(__file__).parents[2] / "samples" / "livestorm"
NOW = datetime(2026, 3, 11, 9, 30, 12, tzinfo=UTC)


def played(seed=1):
    return scenario.scenario(Random(seed), NOW)


@pytest.fixture(scope="module")
def demo():
    return played()


def kind(body):
    return body["data"]["meta"]["webhook"]["event"]


def shape(value):
    """Return the members of an object, whatever their values, down to the last one."""
    return {name: shape(member) for name, member in value.items()} if isinstance(value, dict) else None


def email(body):
    return body["data"]["attributes"]["email"]


def test_the_same_random_numbers_give_the_same_scenario(demo):
    assert demo == played()


def test_other_random_numbers_give_other_people(demo):
    assert demo.webhooks != played(2).webhooks


def test_everybody_in_the_crowd_has_an_address_of_their_own():
    crowd = people.crowd(Random(3), 1_000)
    assert len({person.email for person in crowd}) == 1_000


def test_a_crowd_larger_than_the_names_is_refused():
    with pytest.raises(ValueError, match="the demo has names for"):
        people.crowd(Random(3), 100_000)


def test_every_address_is_on_a_domain_kept_free_for_examples(demo):
    told = json.dumps([demo.webhooks, [posted.body for posted in demo.posted]])
    domains = set(re.findall(r"[\w.+-]+@([\w.-]+)", told))
    assert {"example"} == {domain.rpartition(".")[2].lower() for domain in domains}


def test_five_hundred_registrations_come_in(demo):
    assert sum(kind(body) == "people.registered" for body in demo.webhooks) == 500


def test_everybody_has_come_or_stayed_away_once_it_is_over(demo):
    over = [body["data"]["id"] for body in demo.webhooks if kind(body) in {"people.attended", "people.not_attended"}]
    assert sorted(body["data"]["id"] for body in demo.webhooks if kind(body) == "people.registered") == sorted(over)


def test_some_register_twice_with_other_letters_in_their_address(demo):
    registered = [email(body) for body in demo.webhooks if kind(body) == "people.registered"]
    assert len(registered) - len({address.lower() for address in registered}) == 10
    assert len(registered) == len(set(registered))


@pytest.mark.parametrize("name", ["registered", "attended", "not_attended", "watched_replay"])
def test_a_webhook_has_the_shape_of_the_sample(demo, name):
    path = SAMPLES / f"webhook_people_{name}.json"
    sample = json.loads(path.read_text()) if path.exists() else json.loads((SAMPLES / "webhook_people_attended.json").read_text())
    made = next(body for body in demo.webhooks if kind(body) == f"people.{name}")
    assert shape(sample) == shape(made)


def test_five_hundred_calls_are_made(demo):
    assert sum(posted.calls for posted in demo.posted) == 500


def test_most_calls_ask_for_salesforce(demo):
    calls = [call for posted in demo.posted for call in posted.body.get("batch", [posted.body])]
    assert 0.85 < sum(call["integrations"].get("Salesforce") is True for call in calls) / len(calls) < 1


def test_some_requests_are_batches_and_some_of_these_are_compressed(demo):
    assert {("/v1/identify", False), ("/v1/batch", True), ("/v1/batch", False)} == {(one.path, one.zipped) for one in demo.posted}


def test_some_people_are_in_the_webinar_and_in_the_calls(demo):
    webinar = {email(body).lower() for body in demo.webhooks}
    calls = [call for posted in demo.posted for call in posted.body.get("batch", [posted.body])]
    called = {str((call.get("traits") or call["context"]["traits"]).get("email", "")).lower() for call in calls}
    assert len(webinar & called) == 31


def test_nothing_has_happened_in_the_future(demo):
    assert max(body["data"]["attributes"]["updated_at"] for body in demo.webhooks) < NOW.timestamp()
