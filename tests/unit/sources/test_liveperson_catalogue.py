"""LivePerson's predefined values: all offered, each with an address for every way a conversation is told, or marked as not told by it."""

import copy
from datetime import UTC, datetime

import pytest

from crosswalk.mapping import paths
from crosswalk.mapping.paths import ABSENT
from crosswalk.mapping.reading import Sources
from crosswalk.sources.liveperson import LivePerson
from crosswalk.sources.liveperson.records import Reading
from crosswalk.sources.liveperson.settings import LivePersonSettings

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
ACCOUNT = "87412093"

# The labels of reference/liveperson.md, section 7; where one row names several values, each has a label of its own.
PREDEFINED = """
Account ID · Engagement or Conversation ID · Chat Requested Time · Chat Start Time · Chat End Time · Duration (seconds)
Session Start Time · Chat Start URL · Chat Start Page Title · Skill · Skill ID · Is Messaging · Channel or Source · Start Reason
End Reason · Closed By · Interactive · MCS · Alerted MCS · CSAT · First Conversation · Summary · Agent Name · Agent Nickname · Agent ID
Agent Group · Agent Login Name · Agent Email (logged-in agent, or login name) · Pre-Chat Survey Visitor Name
Pre-Chat Survey Visitor Email · Pre-Chat Survey Visitor Phone · Visitor ID · Visitor Name · Device · Browser · Operating System
Country · State · City · ISP · Organization · IP Address · Visitor Time Zone · Visit Start Time · Campaign Name · Campaign ID
Campaign Description · Goal Name · Goal ID · Target Audience · Visitor Behavior · Engagement Name · Engagement ID · Engagement Type
Agent Note · Line of Business · Search Provider · Search Keywords · Customer ID · Customer Type · Customer Status · Customer Balance
Customer User Name · Customer Account Name · Customer Role · Social ID · IMEI · Company Size · Company Branch · Last Payment Date
Registration Date · Personal Name · First Name · Last Name · Personal Email · Personal Phone · Gender · Language · Personal Company
Age · Birthday · Marketing Channel · Marketing Affiliate · Marketing Campaign ID · Lead Topic · Lead Value · Lead ID · Order ID
Order Total · Cart Total · Cart Items · Viewed Product Name · Service Topic · Service Status · Service Category · Service ID
Error Message · Error Code · Authentication Level · Transcript as lines
"""
LABELS = [label.strip() for line in PREDEFINED.strip().splitlines() for label in line.split(" · ")]

MORE_SDES = [
    {"purchase": {"orderId": "88120", "total": "318.0"}, "sdeType": "PURCHASE"},
    {"viewedProduct": {"products": [{"product": {"name": "Glaze kit"}}]}, "sdeType": "VIEWED_PRODUCT"},
    {
        "serviceActivity": {"serviceActivity": {"topic": "t", "status": "0", "category": "c", "serviceId": "s"}},
        "sdeType": "SERVICE_ACTIVITY",
    },
    {"visitorError": {"visitorError": {"message": "m", "code": "c"}}, "sdeType": "VISITOR_ERROR"},
    {"searchContent": {"keywords": ["glaze"]}, "sdeType": "SEARCH_CONTENT"},
]
MORE_SDK = {
    "transaction": [{"orderId": "88120", "total": "318.0"}],
    "viewedProducts": [{"name": "Glaze kit"}],
    "serviceActivity": [{"topic": "t", "status": "0", "category": "c", "id": "s"}],
    "error": [{"message": "m", "code": "c"}],
}
NOT_IN_MESSAGING = {
    "chatInfo": ("sessionStartTime", "chatStartUrl"),
    "visitorInfo": ("country", "state", "city", "isp", "organization", "IpAddress", "visitorTimezone"),
    "visitorJourney": ("searchEngine",),
}


@pytest.fixture
def reading():
    return Reading("src-1", LivePersonSettings(account_id=ACCOUNT), NOW)


@pytest.fixture
def told(sample, reading):
    """Return one event for each way a conversation is told, with everything in it that this way can tell."""
    chat = copy.deepcopy(sample("liveperson/engagement_history_chat.json")["interactionHistoryRecords"][0])
    customer = chat["sdes"]["events"][0]["customerInfo"]["customerInfo"]
    customer |= {"socialId": "s-1", "imei": "i-1"}
    chat["campaign"]["lobName"] = "Retail"
    chat["sdes"]["events"] += MORE_SDES
    messaging = copy.deepcopy(sample("liveperson/messaging_interactions_conversation.json")["conversationHistoryRecords"][0])
    messaging["campaign"]["lobName"] = "Retail"
    messaging["consumerParticipants"][0]["phone"] = "+39 0546 555 019"
    messaging["sdes"]["events"] = copy.deepcopy(chat["sdes"]["events"])
    widget = copy.deepcopy(sample("liveperson/widget_sdk_public_model_chat.json"))
    widget["SDE"] |= MORE_SDK
    widget["SDE"]["customerDetails"][0] |= {"socialId": "s-1", "imei": "i-1"}
    widget["visitorJourney"]["searchEngine"] = {"searchProvider": "Finder", "searchKeywords": "glaze"}
    asking = copy.deepcopy(widget)
    asking["chatInfo"]["isMessaging"] = True
    asking["surveyQuestions"] = {"preChat": {kind: asking["surveyQuestions"]["preChat"][kind] for kind in ("name", "email", "phone")}}
    for block, members in NOT_IN_MESSAGING.items():
        asking[block] = {name: value for name, value in asking[block].items() if name not in members}
    made = (reading.widget(widget, ""), reading.chat(chat, ""), reading.widget(asking, ""), reading.messaging(messaging, ""))
    return {event.type: event for event in made}


@pytest.mark.shows("LP-94")
def test_every_predefined_value_is_offered():
    labels = {attribute.label for attribute in LivePerson().catalogue({})}
    assert (set(), True) == (set(LABELS) - labels, len(LABELS) > 89)


@pytest.mark.shows("LP-94")
@pytest.mark.parametrize("kind", ["chat.started", "chat.ended", "messaging.started", "messaging.ended"])
def test_every_value_is_found_or_marked_as_not_told_this_way(told, kind):
    offered = LivePerson().catalogue({})
    sources = Sources({attribute.key: attribute for attribute in offered}, "liveperson")
    values = {one.key: sources.reader(one.key)(told[kind], UTC) for one in offered}
    untold = {one.key for one in offered if one.event_types and kind not in one.event_types}
    empty = {key for key, value in values.items() if value is ABSENT or value in (None, "")}
    assert untold == empty


def test_no_value_has_more_than_four_paths():
    assert [] == [one.key for one in LivePerson().catalogue({}) if len(one.paths) > 4]


@pytest.mark.shows("LP-95")
@pytest.mark.parametrize(
    ("key", "chat", "messaging"),
    [
        ("conversation_id", "4294970118", "3f0c9a52-7b1e-4c68-9a0d-51c7a2d9e4b1"),
        ("goal_name", "Resolve order questions", "Resolve order questions"),
        ("customer_type", "gold", "gold"),
        ("last_payment_date", "2026-02-27", "2026-02-27"),
        ("birthday", "1979-08-19", "1979-08-19"),
        ("marketing_channel", "Search", "Search"),
        ("email", "elena@marchetti.example", "davide.rossetti@studio.example"),
        ("first_name", "Elena", "Davide"),
        ("last_name", "Marchetti", "Rossetti"),
        ("account_id", ACCOUNT, ACCOUNT),
    ],
)
def test_widget_and_history_tell_one_value_under_one_name(told, key, chat, messaging):
    sources = Sources({attribute.key: attribute for attribute in LivePerson().catalogue({})}, "liveperson")
    read = sources.reader(key)
    found = {kind: read(event, UTC) for kind, event in told.items()}
    assert (chat, chat, messaging) == (found["chat.started"], found["chat.ended"], found["messaging.ended"])


def test_questions_of_the_account_join_the_catalogue(told):
    settings = {"prechat_questions": ["What is your Account Number?"], "agent_questions": ["Was the customer satisfied?"]}
    offered = {one.key: one for one in LivePerson().catalogue(settings)}
    sources = Sources(offered, "liveperson")
    keys = ("prechat.What is your Account Number?", "agent_survey.Was the customer satisfied?")
    found = [sources.reader(key)(told[kind], UTC) for key in keys for kind in ("chat.started", "chat.ended")]
    assert ["C-558120", "C-558120", "Yes", "Yes"] == found


def test_the_standard_questions_may_be_called_otherwise():
    settings = {"email_question": 'Your "E-mail"?'}
    (email,) = [one for one in LivePerson().catalogue(settings) if one.key == "prechat_email"]
    asked = {"surveys": {"preChat": [{"displayName": 'Your "E-mail"?', "value": "ann@x.example"}]}}
    assert "ann@x.example" == paths.compile(email.paths[1])(asked)
