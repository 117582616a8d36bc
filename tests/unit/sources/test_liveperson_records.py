"""What becomes of a record of LivePerson's: its transcript, what is worked out, what counts as nothing, and its logins."""

import copy
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.model import Event, Rejected
from crosswalk.sources.liveperson import LivePerson, cleaning, oauth, transcript
from crosswalk.sources.liveperson.oauth import AppKeys
from crosswalk.sources.liveperson.records import Reading
from crosswalk.sources.liveperson.settings import LivePersonSettings

NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


def read(**chosen):
    return Reading("src-1", LivePersonSettings(account_id="87412093", **chosen), NOW)


@pytest.fixture
def chat(sample):
    return copy.deepcopy(sample("liveperson/engagement_history_chat.json")["interactionHistoryRecords"][0])


@pytest.fixture
def conversation(sample):
    return copy.deepcopy(sample("liveperson/messaging_interactions_conversation.json")["conversationHistoryRecords"][0])


# --- transcripts ------------------------------------------------------------------------------------------------------------------


def test_a_chat_reads_as_it_was_said_without_markup_and_what_only_agents_saw(chat):
    assert read().chat(chat, "").payload["derived"]["transcript"].splitlines() == [
        "[2026-03-04 14:10:00] Thank you for waiting, an agent will join shortly.",
        "[2026-03-04 14:10:18] You are now chatting with Priya.",
        "[2026-03-04 14:10:24] Priya: Good afternoon, how may I help?",
        "[2026-03-04 14:11:01] Elena Marchetti: My invoice 88120 shows the old delivery address.",
        "[2026-03-04 14:13:08] Priya: Corrected. A new copy is on its way & free of charge.",
        "[2026-03-04 14:22:22] Thank you for chatting with us.",
    ]


def test_what_only_agents_saw_is_there_when_it_is_asked_for(chat):
    assert "please check twice" in read(internal_lines=True).chat(chat, "").payload["derived"]["transcript"]


def test_messaging_reads_with_names_files_and_cards_and_without_the_survey(conversation):
    assert read().messaging(conversation, "").payload["derived"]["transcript"].splitlines() == [
        "[2026-03-05 08:20:00] Davide Rossetti: Hi, the kiln shelf arrived cracked.",
        "[2026-03-05 08:21:35] Sortbot: Sorry to hear that. Could you send a photo?",
        "[2026-03-05 08:24:00] Davide Rossetti: File crack 87412093/3f0c9a52-7b1e-4c68-9a0d-51c7a2d9e4b1/photo-1.jpg",
        "[2026-03-05 08:41:50] Tomas: Replacement or refund? [Replacement]",
        "[2026-03-05 08:45:02] Davide Rossetti: Replacement",
    ]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>a</div><div>b &lt; c</div>", "a\nb < c"),
        ("one<br/>two&nbsp;three", "one\ntwo three"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<b>bold</b> <a href='x'>link</a>", "bold link"),
        ("<" * 5_000, "<" * 5_000),
    ],
)
def test_markup_becomes_text(markup, text):
    assert text == transcript.plain(markup)


# --- nothing ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"info": {"skillId": -1, "skillName": "Unassigned", "alertedMCS": -1}}, {"info": {"alertedMCS": -1}}),
        ({"info": {"endTime": "undefined", "endTimeL": -1, "agentId": "null"}}, {"info": {}}),
        ({"campaign": {"lobId": -1, "lobName": "NA", "goalName": None}}, {"campaign": {}}),
        (
            {"visitorInfo": {"country": "Namibia", "countryCode": "NA", "city": ""}},
            {"visitorInfo": {"country": "Namibia", "countryCode": "NA"}},
        ),
        (
            {"surveys": {"preChat": [{"displayName": "Size?", "value": "NA"}]}},
            {"surveys": {"preChat": [{"displayName": "Size?", "value": "NA"}]}},
        ),
        ({"transcript": {"lines": [{"text": "null"}]}}, {"transcript": {"lines": [{"text": "null"}]}}),
        ({"info": {"agentFullname": "Priya Nair", "isEnded": True}}, {"info": {"agentFullName": "Priya Nair", "ended": True}}),
        ({"info": {"agentName": "P", "agentFullName": "Priya Nair"}}, {"info": {"agentFullName": "Priya Nair"}}),
        ({"consumerParticipant": [{"email": "undefined"}]}, {"consumerParticipants": [{}]}),
    ],
)
def test_words_for_nothing_are_taken_out_and_names_have_one_spelling(block, expected):
    assert expected == cleaning.cleaned(block, newest_first=True)


def attribute(at, **fields):
    return {"customerInfo": {"customerInfo": fields}, "serverTimeStamp": str(at), "sdeType": "CUSTOMER_INFO"}


def test_the_newest_attribute_comes_first_and_takes_what_only_older_ones_say():
    record = {"sdes": {"events": [attribute(1, role="Owner", customerType="silver"), attribute(2, customerType="gold")]}}
    first, *_ = cleaning.cleaned(record, newest_first=True)["sdes"]["events"]
    assert {"customerType": "gold", "role": "Owner"} == first["customerInfo"]["customerInfo"]


def test_attributes_stay_as_received_when_that_is_set():
    record = {"sdes": {"events": [attribute(1, customerType="silver"), attribute(2, customerType="gold")]}}
    first, *_ = cleaning.cleaned(record, newest_first=False)["sdes"]["events"]
    assert {"customerType": "silver"} == first["customerInfo"]["customerInfo"]


def test_an_authenticated_attribute_comes_before_a_newer_one_that_is_not():
    record = {"sdes": {"events": [attribute(1, customerId="C-1")]}, "unAuthSdes": {"events": [attribute(9, customerId="C-9")]}}
    first, *_ = cleaning.cleaned(record, newest_first=True)["sdes"]["events"]
    assert "C-1" == first["customerInfo"]["customerInfo"]["customerId"]


def test_attributes_without_a_type_or_one_level_higher_are_read_as_new_ones_are():
    record = {"sdes": {"events": [{"personalInfo": {"name": "Elena", "serverTimeStamp": "5"}}]}}
    (found,) = cleaning.cleaned(record, newest_first=True)["sdes"]["events"]
    assert ("PERSONAL_INFO", "Elena") == (found["sdeType"], found["personalInfo"]["personalInfo"]["name"])


# --- events -----------------------------------------------------------------------------------------------------------------------


def test_widget_and_history_tell_of_one_entity(chat, sample):
    widget = read().widget(sample("liveperson/widget_sdk_public_model_chat.json"), "")
    assert widget.entity_id == read().chat(chat, "").entity_id == "4294970118"


def test_a_chat_says_whose_it_is_and_when(chat):
    event = read().chat(chat, "")
    assert (
        "chat.ended",
        datetime(2026, 3, 4, 14, 22, 40, 250_000, tzinfo=UTC),
        {"email": "elena@marchetti.example", "phone": "+39 0546 555 019", "user_id": "C-558120", "anonymous_id": "Q2ZjE5NzA4YjU3NjQ"},
    ) == (event.type, event.occurred_at, dict(event.person))


def test_what_the_visitor_typed_wins_over_what_the_page_knew(chat):
    chat["surveys"]["preChat"][1]["value"] = "office@marchetti.example"
    assert "office@marchetti.example" == read().chat(chat, "").person["email"]


def test_the_length_of_a_conversation_is_counted_in_seconds(conversation):
    assert 5412 == read().messaging(conversation, "").payload["derived"]["duration_seconds"]


def test_a_conversation_that_goes_on_is_as_new_as_its_last_line(conversation):
    conversation["info"] |= {"status": "OPEN", "endTime": "undefined", "endTimeL": -1}
    event = read().messaging(conversation, "")
    assert ("messaging.open", datetime(2026, 3, 5, 9, 49, 58, tzinfo=UTC)) == (event.type, event.occurred_at)


def test_reading_again_tells_no_other_facts(chat, conversation):
    kind = LivePerson()
    for make, record in ((Reading.chat, chat), (Reading.messaging, conversation)):
        first, second = (kind.fingerprint(make(read(), copy.deepcopy(record), "")) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("make", [Reading.chat, Reading.messaging, Reading.widget])
@pytest.mark.parametrize("record", [None, 7, [], {}, {"info": 3}, {"info": {}}, {"chatInfo": []}, {"info": {"engagementId": None}}])
def test_what_is_no_conversation_is_refused_by_itself(make, record):
    assert isinstance(make(read(), record, ""), Rejected)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["lines", "events", "text", "value", "email"]), inner, max_size=3)
    ),
    max_leaves=12,
)
BLOCKS = [
    "transcript",
    "surveys",
    "sdes",
    "messageRecords",
    "consumerParticipants",
    "dialogs",
    "conversationSurveys",
    "chatTranscript",
    "SDE",
]


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from(BLOCKS), values, max_size=4),
    st.dictionaries(st.sampled_from(["startTimeL", "endTime", "status"]), values),
)
def test_no_record_breaks_the_reading(blocks, info):
    ids = {"engagementId": "1", "conversationId": "2"}
    made = [
        make(read(), {**blocks, "info": {**info, **ids}, "chatInfo": {"rtSessionId": "3"}}, "")
        for make in (Reading.chat, Reading.messaging, Reading.widget)
    ]
    assert [True] * 3 == [isinstance(event, Event) and LivePerson().fingerprint(event) is not None for event in made]


# --- OAuth 1.0 --------------------------------------------------------------------------------------------------------------------


def test_a_request_is_signed_as_in_rfc_5849():
    """The parameters of its section 3.4.1.1, whose base string the RFC prints; the signature over it was made with another program."""
    keys = AppKeys("9djdj82h48djs9d2", "j49sk3j29djd", "kkk9d7dh3k39sjv7", "dh893hdasih9")
    own = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    form = [("c2", ""), ("a3", "2 q")]
    signature = oauth.signature("POST", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", [*own.items(), *form], keys)
    assert "r6/TJjbCOr97/+UU0NsvSne7s5g=" == signature


def test_credentials_are_in_no_representation():
    assert re.search("secret-[12]", repr(AppKeys("key", "secret-1", "token", "secret-2"))) is None
