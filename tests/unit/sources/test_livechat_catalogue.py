from datetime import UTC, datetime

import pytest

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import SourceType
from crosswalk.sources.livechat import LiveChat
from crosswalk.sources.livechat.chats import Chat, Directory

CATALOGUE = LiveChat().catalogue({})
NOT_IN_THE_SAMPLES = {"company", "address", "address_city", "address_state", "address_country", "address_postal_code"}
OF_THE_DIRECTORY = {"group_names", "agent_job_title", "agent_groups"}


def value(attribute, payload):
    found = (paths.compile(path)(payload) for path in attribute.paths)
    return next((one for one in found if one is not ABSENT), ABSENT)


@pytest.fixture
def payload(sample):
    """Return the rich sample as an event holds it, with the company, the address and the directory that it lacks."""
    chat = sample("livechat/get_chat.json")
    chat["users"][0]["session_fields"].append({"company": "Nordkaj"})
    chat["users"][0]["address"] = {"address": "Kaj 1", "city": "Malmo", "country": "Sweden", "state": "Skane", "postal_code": "211 20"}
    groups = {str(group["id"]): group["name"] for group in sample("livechat/list_groups.json")}
    agents = {agent["id"]: {"job_title": agent.get("job_title"), "groups": ["Sales"]} for agent in sample("livechat/list_agents.json")}
    return Chat.read(chat).fetched("s", datetime(2026, 3, 10, tzinfo=UTC), "e", Directory(groups, agents)).payload


@pytest.mark.shows("LC-15")
@pytest.mark.parametrize("attribute", [one for one in CATALOGUE if not one.event_types], ids=lambda one: one.key)
def test_every_livechat_path_resolves(attribute, payload):
    assert value(attribute, payload) is not ABSENT


@pytest.mark.parametrize("attribute", [one for one in CATALOGUE if one.event_types], ids=lambda one: one.key)
def test_every_value_of_a_message_resolves(attribute, sample):
    assert value(attribute, sample("livechat/webhook_incoming_event_message.json")["payload"]) is not ABSENT


def test_only_company_addresses_and_the_directory_are_not_in_the_sample_itself(sample):
    bare = Chat.read(sample("livechat/get_chat.json")).fetched("s", datetime(2026, 3, 10, tzinfo=UTC), "e", Directory.empty()).payload
    missing = {one.key for one in CATALOGUE if not one.event_types and value(one, bare) is ABSENT}
    assert NOT_IN_THE_SAMPLES | OF_THE_DIRECTORY == missing


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("city", "Malmo"),
        ("start_url", "https://harbor-supply.example/checkout"),
        ("tags", ["sales", "quote"]),
        ("rating_score", 1),
        ("group_names", ["Sales"]),
        ("agent_job_title", "Sales specialist"),
        ("queue_seconds", 7),
        ("has_sale", True),
        ("summary", "Customer asked for 40 units by Friday; agent reserved them and sent a quote."),
    ],
)
def test_a_path_leads_to_its_value(key, expected, payload):
    assert expected == value(next(one for one in CATALOGUE if one.key == key), payload)


@pytest.mark.parametrize("version", ["visit", "last_visit"])
def test_an_older_visitor_has_the_place_in_the_last_visit(version):
    payload = {"customer": {version: {"geolocation": {"city": "Malmo"}}}}
    assert "Malmo" == value(next(one for one in CATALOGUE if one.key == "city"), payload)


def test_a_rating_of_the_chat_stands_in_for_one_of_the_thread():
    rating = next(one for one in CATALOGUE if one.key == "rating_score")
    assert 0 == value(rating, {"thread": {"properties": {}}, "properties": {"rating": {"score": 0}}})


def test_keys_are_unique():
    keys = [attribute.key for attribute in CATALOGUE]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ["plan", "account number", 'quoted "x"', "dotted.name", "in [brackets]", "back\\slash"])
def test_a_custom_variable_is_found_by_its_name(name):
    (own,) = [one for one in LiveChat().catalogue({"custom_variables": [name]}) if one.group == "Custom variables"]
    assert ("gold", f"variable.{name}") == (value(own, {"variables": {name: "gold"}}), own.key)


@pytest.mark.parametrize("label", ["Topics", "Are you a customer?", "Your name:", 'Say "yes" [or no].'])
def test_an_answer_is_found_by_its_label(label):
    (own,) = LiveChat().catalogue({"prechat_fields": [{"label": label, "type": "list"}]})[len(CATALOGUE) :]
    payload = {"prechat": [{"label": "Other", "answer": "no"}, {"label": label, "answer": ["a", "b"]}]}
    assert (["a", "b"], SourceType.LIST) == (value(own, payload), own.type)


def test_a_post_chat_answer_is_not_a_pre_chat_answer():
    (own,) = LiveChat().catalogue({"postchat_fields": [{"label": "Same"}]})[len(CATALOGUE) :]
    assert value(own, {"prechat": [{"label": "Same", "answer": "x"}]}) is ABSENT


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"region": "mars"}, "settings.region"),
        ({"custom_variables": [""]}, "settings.custom_variables.0"),
        ({"prechat_fields": [{"type": "text"}]}, "settings.prechat_fields.0.label"),
        ({"overlap_minutes": -1}, "settings.overlap_minutes"),
        ({"api_url": "https://elsewhere.example"}, "settings.api_url"),
    ],
)
def test_a_wrong_setting_is_named_by_its_place(settings, place):
    assert [place] == [problem.place for problem in LiveChat().problems(settings)]
