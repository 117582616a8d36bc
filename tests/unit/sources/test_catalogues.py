import pytest

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import SourceType
from crosswalk.sources.livestorm import Livestorm
from crosswalk.sources.livestorm.settings import PeopleAttribute
from crosswalk.sources.rudderstack import RudderStack

NOT_IN_THE_SAMPLES = {"phone", "city", "country", "website"}  # form fields these registrations did not collect


def resolves(attribute, payload):
    return any(path.startswith("@") or paths.compile(path)(payload) is not ABSENT for path in attribute.paths)


@pytest.fixture
def pulled(sample):
    """Put a session and an event beside a person, as JSON:API includes them."""
    person = sample("livestorm/list_session_people_page.json")["data"][0]
    session = sample("livestorm/list_event_sessions_page.json")["data"][0]
    return {"data": person, "included": [session, sample("livestorm/get_event.json")["data"]]}


@pytest.mark.shows("LS-38", "LS-39")
@pytest.mark.parametrize("attribute", Livestorm().catalogue({}), ids=lambda attribute: attribute.key)
def test_every_livestorm_path_resolves(attribute, pulled):
    fields = pulled["data"]["attributes"]["registrant_detail"]["fields"]
    fields.extend({"id": slug, "value": "x"} for slug in NOT_IN_THE_SAMPLES)
    assert resolves(attribute, pulled)


def test_webhooks_hold_all_but_the_values_of_session_and_event(sample):
    payload = sample("livestorm/webhook_people_attended.json")
    missing = {attribute.key for attribute in Livestorm().catalogue({}) if not resolves(attribute, payload)}
    related = {a.key for a in Livestorm().catalogue({}) if a.group in ("Session", "Event")} - {"session_id", "event_id"}
    assert related | NOT_IN_THE_SAMPLES == missing


def test_the_five_utms_are_offered():
    assert [attribute.key for attribute in Livestorm().catalogue({}) if attribute.group == "UTM"] == [
        "utm_source",
        "utm_medium",
        "utm_term",
        "utm_content",
        "utm_campaign",
    ]


def test_attendance_means_nothing_at_registration():
    found = {a.key: a.event_types for a in Livestorm().catalogue({})}
    keys = ["attended", "attendance_rate", "attendance_duration", "messages_count", "questions_count", "votes_count", "has_viewed_replay"]
    assert [key for key in keys if not found[key] or "people.registered" in found[key]] == []


def test_polls_answered_are_offered_as_votes():
    assert [a.label for a in Livestorm().catalogue({}) if a.key == "votes_count"] == ["Polls answered (votes count)"]


@pytest.mark.parametrize("key", ["connection_link", "utm_source", "attendance_rate", "session_status"])
def test_what_differs_by_session_is_marked(key):
    assert [attribute.varies for attribute in Livestorm().catalogue({}) if attribute.key == key] == [True]


def test_attributes_of_the_workspace_join_with_their_type(sample):
    listed = [item["attributes"] for item in sample("livestorm/list_people_attributes_page.json")["data"]]
    own = [a for a in Livestorm().catalogue({"people_attributes": listed}) if a.group == "Workspace attributes"]
    assert [(a.key, a.label, a.type) for a in own] == [("topics_of_interest", "Topics of interest", SourceType.LIST)]


def test_a_workspace_attribute_reads_its_form_field(sample):
    (attribute,) = Livestorm().catalogue({"people_attributes": [{"slug": "topics_of_interest", "type": "multiple_select"}]})[-1:]
    assert paths.compile(attribute.paths[0])(sample("livestorm/webhook_people_attended.json")) == ["reporting", "api"]


def test_people_attribute_types_all_have_a_source_type():
    types = PeopleAttribute.model_fields["type"].annotation.__args__
    attributes = [{"slug": f"own_{kind}", "type": kind} for kind in types]
    assert len(types) == len([a for a in Livestorm().catalogue({"people_attributes": attributes}) if a.key.startswith("own_")])


@pytest.mark.parametrize("source", [Livestorm(), RudderStack()], ids=lambda source: source.kind)
def test_keys_are_unique(source):
    keys = [attribute.key for attribute in source.catalogue({})]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("place", ["traits", "context"])
def test_a_trait_is_read_from_either_place(place):
    traits = {"email": "a@b.example"}
    payload = {"traits": traits} if place == "traits" else {"context": {"traits": traits}}
    email = next(attribute for attribute in RudderStack().catalogue({}) if attribute.key == "email")
    assert resolves(email, payload)


def test_traits_of_one_s_own_join_the_catalogue():
    (own,) = [a for a in RudderStack().catalogue({"traits": [{"key": "seats", "type": "integer"}]}) if a.group == "Own traits"]
    assert (own.key, own.type, own.paths) == ("seats", SourceType.INTEGER, ("traits.seats", "context.traits.seats"))
