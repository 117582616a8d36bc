from datetime import UTC, datetime, timedelta

import pytest
from tests.vendors.clock import WindingClock
from tests.vendors.kaltura import TOKEN, KalturaSimulator

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT
from crosswalk.model import SourceType
from crosswalk.sources.base import Window
from crosswalk.sources.kaltura import Kaltura, reports
from crosswalk.sources.kaltura.settings import KalturaSettings
from crosswalk.sources.livestorm import Livestorm
from crosswalk.sources.livestorm.catalogue import CHAT_MESSAGE, QUESTION
from crosswalk.sources.livestorm.settings import PeopleAttribute
from crosswalk.sources.rudderstack import RudderStack
from crosswalk.store.configuration import SourceConfig, SourceState

NOT_IN_THE_SAMPLES = {"phone", "city", "country", "website"}  # form fields these registrations did not collect


def resolves(attribute, payload):
    return any(path.startswith("@") or paths.compile(path)(payload) is not ABSENT for path in attribute.paths)


@pytest.fixture
def pulled(sample):
    """Put a session and an event beside a person, as JSON:API includes them."""
    person = sample("livestorm/list_session_people_page.json")["data"][0]
    session = sample("livestorm/list_event_sessions_page.json")["data"][0]
    return {"data": person, "included": [session, sample("livestorm/get_event.json")["data"]]}


@pytest.fixture
def livestorm_payload(pulled, sample):
    """Return the payload of the kind of event that an attribute is about."""

    def payload(attribute):
        if not attribute.event_types <= {CHAT_MESSAGE, QUESTION} or not attribute.event_types:
            fields = pulled["data"]["attributes"]["registrant_detail"]["fields"]
            fields.extend({"id": slug, "value": "x"} for slug in NOT_IN_THE_SAMPLES)
            return pulled
        name = "chat_messages" if CHAT_MESSAGE in attribute.event_types else "questions"
        return {"data": sample(f"livestorm/list_session_{name}_page.json")["data"][0]}

    return payload


@pytest.mark.shows("LS-38", "LS-39")
@pytest.mark.parametrize("attribute", Livestorm().catalogue({}), ids=lambda attribute: attribute.key)
def test_every_livestorm_path_resolves(attribute, livestorm_payload):
    assert resolves(attribute, livestorm_payload(attribute))


@pytest.mark.parametrize("key", ["email", "first_name", "last_name"])
def test_the_author_of_a_message_is_who_its_event_is_about(key, sample):
    (attribute,) = (one for one in Livestorm().catalogue({}) if one.key == key)
    author = {"id": "p", "type": "people", "attributes": {key: "x"}}
    assert resolves(attribute, {"data": sample("livestorm/list_session_chat_messages_page.json")["data"][0], "included": [author]})


@pytest.mark.parametrize("source", [Livestorm(), Kaltura()], ids=lambda source: source.kind)
def test_every_attribute_has_a_label_a_type_and_a_group(source):
    assert [] == [
        one.key for one in source.catalogue({}) if not (one.label and one.group and one.paths and isinstance(one.type, SourceType))
    ]


# --- Kaltura ----------------------------------------------------------------------------------------------------------------------

RATES = {f"{name}_live_engagement_rate" for name in ("no", "low", "fair", "good", "high")}
COLUMNS_OF_THE_ACCOUNT = RATES | {"channel_id", "channel_name"}  # Kaltura documents no report that has them


@pytest.fixture
async def attendee(new_id):
    """Return what a pull of the samples reads of one attendee: eleven polls, and the account's own columns."""
    clock = WindingClock(datetime(2026, 3, 21, 9, tzinfo=UTC))
    kaltura = KalturaSimulator(clock)
    lucia = "lucia.ferrer@mirador.example"
    kaltura.polls += "".join(f"{lucia},poll question,Question {n},yes,2026-03-18T13:{n:02}:00Z\n" for n in range(11))
    kaltura.lacking.add("4021")
    profile = kaltura.profiles[0]
    profile["profileData"] |= {"role": "Buyer", "industry": "Retail", "phone": "+34 600 00 00 00"}
    source = SourceConfig("src-1", "summits", "kaltura", SourceState.ON, kaltura.settings, {"app_token": TOKEN})
    read, position = [], None
    window = Window(clock.now() - timedelta(days=30), clock.now())
    async with kaltura.client() as http:
        api = Kaltura().api(source, http, clock)
        for lacking in (("4021",), ()):
            kaltura.lacking = set(lacking)
            while True:
                page = await Kaltura().pull(api, source, "engagement", window, position, clock.now(), new_id)
                read += [event for event in page.accepted.events if event.person["email"] == lucia]
                position = page.position
                if position is None:
                    break
    return [event.payload for event in read]


async def test_every_kaltura_path_resolves(attendee):
    lost = [one.key for one in Kaltura().catalogue({}) if not any(resolves(one, payload) for payload in attendee)]
    assert COLUMNS_OF_THE_ACCOUNT == set(lost)


@pytest.mark.parametrize("key", sorted(COLUMNS_OF_THE_ACCOUNT))
def test_a_column_of_the_account_is_read_under_the_attribute_s_name(key):
    row = reports.renamed({"own": "0.25"}, KalturaSettings(report_columns={key: "own"}))
    (attribute,) = (one for one in Kaltura().catalogue({}) if one.key == key)
    assert resolves(attribute, {"report": row})


def test_what_a_kaltura_user_s_notification_tells_is_offered(sample):
    payload = sample("kaltura/webhook_user_created.json")
    told = {one.key for one in Kaltura().catalogue({}) if resolves(one, payload)}
    assert {"email", "first_name", "last_name", "company", "title", "country", "user"} == told


def test_engagement_means_something_in_a_session_only():
    found = {one.key: one.event_types for one in Kaltura().catalogue({}) if one.group in ("Session", "Engagement", "Polls")}
    assert {frozenset({"session.engagement"})} == set(found.values())


def test_webhooks_hold_all_but_the_values_of_session_and_event(sample):
    payload = sample("livestorm/webhook_people_attended.json")
    missing = {attribute.key for attribute in Livestorm().catalogue({}) if not resolves(attribute, payload)}
    missing |= {attribute.key for attribute in Livestorm().catalogue({}) if attribute.group == "Chat and questions"}
    others = {a.key for a in Livestorm().catalogue({}) if a.group in ("Session", "Event", "Chat and questions")}
    assert (others - {"session_id", "event_id"}) | NOT_IN_THE_SAMPLES == missing


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


@pytest.mark.parametrize("source", [Livestorm(), Kaltura(), RudderStack()], ids=lambda source: source.kind)
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
