"""The demo's data: believable, fictional, the same every time, and exactly in the shape that the systems post."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from crosswalk.demo import chats, people, scenario

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


def talk(demo):
    """Return what the two systems hold that are pulled."""
    held = demo.conversations
    return [demo.summit.profiles, demo.summit.views, demo.summit.reactions, demo.summit.polls, held.chats, held.messaging]


def invented(made, sample, place=""):
    """Return the members that the sample of a system does not have, by their place."""
    if isinstance(made, list) and isinstance(sample, list) and sample:
        known = [member for member in sample if isinstance(member, dict)]
        return sorted({found for one in made for found in min((invented(one, like, place) for like in known or [None]), key=len)})
    if not isinstance(made, dict) or not isinstance(sample, dict):
        return []
    unknown = [f"{place}{name}" for name in made if name not in sample]
    return unknown + [found for name in made if name in sample for found in invented(made[name], sample[name], f"{place}{name}.")]


def sampled(path):
    return json.loads((SAMPLES.parent / path).read_text("utf-8"))


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
    told = json.dumps([demo.webhooks, [posted.body for posted in demo.posted], demo.chats, *talk(demo)])
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


def test_a_chat_invents_nothing_that_livechat_does_not_have(demo):
    assert [] == invented(demo.chats, [sampled("livechat/get_chat.json")])


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("incoming_chat", "incoming_chat"),
        ("chat_deactivated", "chat_deactivated"),
        ("thread_tagged", "thread_tagged"),
        ("thread_properties_updated", "thread_properties_updated_rating"),
    ],
)
def test_a_webhook_of_livechat_invents_nothing(demo, action, name):
    posted = [body for body in chats.webhooks(demo.chats) if body["action"] == action]
    assert (True, []) == (bool(posted), invented(posted, [sampled(f"livechat/webhook_{name}.json")]))


def test_an_event_of_kaltura_invents_nothing(demo):
    lists = {"events_list": [demo.summit.event], "sessions_list": [demo.summit.session], "app_registry_list": [demo.summit.app]}
    sample = {name: sampled(f"kaltura/{name}.json") for name in lists}
    found = {name: next(value for value in sample[name].values() if isinstance(value, list)) for name in lists}
    assert [] == [place for name, made in lists.items() for place in invented(made, found[name])]


def test_a_profile_of_kaltura_invents_nothing(demo):
    assert [] == invented(demo.summit.profiles, sampled("kaltura/user_profile_list.json")["objects"])


def test_reports_of_kaltura_have_columns_that_kaltura_has(demo):
    viewed = sampled("kaltura/report_table_40009_top_users.json")["header"].split("|")
    reacted = (SAMPLES.parent / "kaltura" / "report_4021_user_reactions.csv").read_text("utf-8").splitlines()[0].split(",")
    assert (set(), set()) == (set(demo.summit.views[0]) - set(viewed), set(demo.summit.reactions[0]) - set(reacted))


def test_a_chat_of_liveperson_invents_nothing(demo):
    assert [] == invented(demo.conversations.chats, sampled("liveperson/engagement_history_chat.json")["interactionHistoryRecords"])


def test_a_messaging_conversation_of_liveperson_invents_nothing(demo):
    sample = sampled("liveperson/messaging_interactions_conversation.json")["conversationHistoryRecords"]
    assert [] == invented(demo.conversations.messaging, sample)


def test_half_of_those_who_chat_were_at_the_webinar(demo):
    registered = {email(body).lower() for body in demo.webhooks}
    assert 30 == sum(chat["users"][0]["email"] in registered for chat in demo.chats)
