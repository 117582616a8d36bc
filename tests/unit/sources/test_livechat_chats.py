import copy
from datetime import UTC, datetime

import pytest

from crosswalk.sources.livechat import LiveChat
from crosswalk.sources.livechat.chats import Chat, Directory

AT = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@pytest.fixture
def chat(sample):
    return sample("livechat/get_chat.json")


def fetched(content, at=AT, directory=None):
    return Chat.read(content).fetched("src-1", at, "event-1", directory or Directory.empty())


def derived(content):
    return fetched(content).payload["derived"]


def facts(event):
    return LiveChat().fingerprint(event)


def said(chat):
    return chat["thread"]["events"]


def test_a_closed_thread_is_a_chat_that_ended(chat):
    assert "chat.ended" == fetched(chat).type


def test_a_thread_that_goes_on_is_a_chat_that_changed(chat):
    chat["thread"]["active"] = True
    assert "chat.updated" == fetched(chat).type


def test_a_thread_the_plan_hides_is_no_chat_that_ended(sample):
    (hidden,) = sample("livechat/list_archives_page_2.json")["chats"]
    event = fetched(hidden)
    assert ("chat.restricted", {}) == (event.type, event.person)


def test_an_anonymous_visitor_is_known_by_id_alone(sample):
    anonymous = sample("livechat/list_archives_page_1.json")["chats"][1]
    assert {"user_id": "f20d7c1b-9b63-4c07-8a47-2f5a0d6c1e88"} == fetched(anonymous).person


@pytest.mark.shows("LC-26")
def test_an_anonymous_chat_holds_no_e_mail(sample):
    anonymous = sample("livechat/list_archives_page_1.json")["chats"][1]
    assert "email" not in fetched(anonymous).payload["derived"]


def test_the_chat_stays_as_received(chat):
    payload = fetched(chat).payload
    assert chat == {name: payload[name] for name in chat}


# --- how it went ------------------------------------------------------------------------------------------------------------------


def test_the_message_that_closes_the_thread_ends_it_and_tells_who_did(chat):
    found = derived(chat)
    assert ("2026-03-04T10:33:12+00:00", "agent", 780) == (found["ended_at"], found["ended_by"], found["duration_seconds"])


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        ("manual_archived_customer", "visitor"),
        ("archived_customer_disconnected", "visitor"),
        ("system_archived", "system"),
        ("routing.archived_inactive", "system"),
    ],
)
def test_who_closed_the_thread_is_read_from_its_message(kind, who, chat):
    said(chat)[7]["system_message_type"] = kind
    assert who == derived(chat)["ended_by"]


def test_without_a_closing_message_the_last_thing_said_ends_the_chat(chat):
    del said(chat)[7]
    assert "2026-03-04T10:31:02.551000+00:00" == derived(chat)["ended_at"]


def test_a_chat_that_goes_on_has_no_end(chat):
    chat["thread"]["active"] = True
    assert {"ended_at", "duration_seconds", "ended_by"}.isdisjoint(derived(chat))


def test_the_first_answer_by_hand_counts_and_the_greeting_does_not(chat):
    assert 153 == derived(chat)["first_response_seconds"]


def test_a_note_among_agents_answers_nobody(chat):
    said(chat)[4]["visibility"] = "agents"
    assert "first_response_seconds" not in derived(chat)


def test_messages_are_counted_by_who_said_them(chat):
    found = derived(chat)
    assert (4, 2, 2) == (found["messages_count"], found["visitor_messages_count"], found["agent_messages_count"])


# --- the transcript ---------------------------------------------------------------------------------------------------------------


def test_the_transcript_tells_who_said_what_and_when(chat):
    lines = derived(chat)["transcript"].splitlines()
    assert "[2026-03-04 10:20:58] Elin Berg: Can you ship 40 units by Friday?" in lines


def test_the_transcript_holds_forms_and_files(chat):
    text = derived(chat)["transcript"]
    assert [True, True] == [line in text for line in ("  Topics: Delivery, Invoices", "File quote-4411.pdf https://cdn.livechat.example")]


@pytest.mark.parametrize(("name", "value"), [("visibility", "agents"), ("recipients", "agents"), ("deleted", True)])
def test_what_the_visitor_may_not_see_is_not_in_the_transcript(name, value, chat):
    event = said(chat)[2]
    event.pop("visibility")
    event[name] = value
    assert "40 units" not in derived(chat)["transcript"]


def test_a_note_among_agents_is_not_in_the_transcript(chat):
    assert "Checking stock" not in derived(chat)["transcript"]


def test_a_rich_message_is_told_by_its_texts(chat):
    elements = [{"title": "Delivery", "subtitle": "Tomorrow", "buttons": [{"text": "Fine"}]}]
    said(chat).append({"type": "rich_message", "author_id": "bot-1", "elements": elements})
    assert ["bot-1: Delivery", "Tomorrow", "[Fine]"] == derived(chat)["transcript"].splitlines()[-3:]


# --- answers, variables, agents ---------------------------------------------------------------------------------------------------


def test_every_kind_of_answer_is_flattened(chat):
    found = {field["label"]: field["answer"] for field in fetched(chat).payload["prechat"]}
    assert found == {
        "Your name:": "Elin Berg",
        "Your e-mail:": "elin.berg@nordkaj.example",
        "Are you a customer?": "Yes",
        "Topics": ["Delivery", "Invoices"],
        "Department": "Sales",
        "Order number": "",
    }


def test_an_old_form_says_its_type_in_a_property_and_its_answer_as_value(chat):
    form = {
        "type": "filled_form",
        "properties": {"lc2": {"form_type": "postchat"}},
        "fields": [{"label": "Old", "type": "textarea", "value": "x"}],
    }
    said(chat).append(form)
    assert {"label": "Old", "type": "textarea", "answer": "x"} in fetched(chat).payload["postchat"]


def test_of_a_variable_told_twice_the_last_counts(chat):
    chat["users"][0]["session_fields"] = [{"plan": "gold"}, {"plan": "silver"}]
    assert {"plan": "silver"} == fetched(chat).payload["variables"]


def test_the_form_names_a_visitor_whom_livechat_does_not_know(chat):
    for name in ("name", "email"):
        del chat["users"][0][name]
    found = fetched(chat)
    assert ("Elin Berg", "elin.berg@nordkaj.example") == (found.payload["derived"]["name"], found.person["email"])


@pytest.mark.parametrize(
    ("name", "parts"), [("Elin Berg", ("Elin", "Berg")), ("Cher", (None, "Cher")), ("Ann Mary Lee", ("Ann", "Mary Lee"))]
)
def test_a_name_has_a_first_word_and_the_rest(name, parts, chat):
    chat["users"][0]["name"] = name
    found = derived(chat)
    assert parts == (found.get("first_name"), found["last_name"])


def test_the_last_human_agent_of_the_thread_is_the_agent(chat):
    omar = "omar.said@harbor-supply.example"
    chat["users"] += [
        {"id": omar, "type": "agent", "name": "Omar Said"},
        {"id": "5c9871d5372c824cbf22d860a707a578", "type": "agent", "name": "Bot"},
    ]
    chat["thread"]["user_ids"] += [omar, "5c9871d5372c824cbf22d860a707a578"]
    assert omar == fetched(chat).payload["agent"]["email"]


def test_an_agent_of_an_earlier_thread_is_not_the_agent(chat):
    chat["thread"]["user_ids"] = chat["thread"]["user_ids"][:1]
    assert "agent" not in fetched(chat).payload


def test_variables_told_by_a_webhook_stand_in_where_the_session_is_over(chat):
    del chat["users"][0]["session_fields"]
    known = Chat.read(chat).with_session_fields([{"plan": "gold"}])
    assert {"plan": "gold"} == known.fetched("s", AT, "e", Directory.empty()).payload["variables"]


def test_variables_of_the_chat_count_before_those_of_a_webhook(chat):
    known = Chat.read(chat).with_session_fields([{"plan": "tin"}])
    assert "gold" == known.fetched("s", AT, "e", Directory.empty()).payload["variables"]["plan"]


# --- repeats and news -------------------------------------------------------------------------------------------------------------


def test_archive_and_single_chat_tell_the_same_facts(chat, sample):
    archived = sample("livechat/list_archives_page_1.json")["chats"][0]
    assert facts(fetched(chat)) == facts(fetched(archived))


@pytest.mark.parametrize(
    "passing",
    [
        {"present": True},
        {"events_seen_up_to": "2026-04-01T00:00:00Z"},
        {"statistics": {"chats_count": 9}},
        {"visit": {"ip": "203.0.113.99"}},
        {"online": True},
    ],
)
def test_what_the_visitor_does_elsewhere_is_no_news(passing, chat):
    later = copy.deepcopy(chat)
    later["users"][0] |= passing
    assert facts(fetched(chat)) == facts(fetched(later))


def test_names_looked_up_beside_the_chat_are_no_news(chat):
    directory = Directory({"4": "Sales"}, {"maya.lind@harbor-supply.example": {"job_title": "Sales specialist"}})
    assert facts(fetched(chat)) == facts(fetched(chat, directory=directory))


@pytest.mark.parametrize(
    "change",
    [
        lambda chat: chat["thread"]["tags"].append("late"),
        lambda chat: chat["thread"].pop("tags"),
        lambda chat: chat["thread"]["properties"]["rating"].update(score=0),
        lambda chat: chat["thread"]["events"].append({"id": "x", "type": "filled_form", "form_type": "postchat", "fields": []}),
        lambda chat: chat["users"][0].update(email="elin@berg.example"),
        lambda chat: chat["users"][0]["session_fields"].append({"plan": "tin"}),
        lambda chat: chat["thread"]["summary"].update(text="Other"),
        lambda chat: chat["thread"].update(active=True),
    ],
    ids=["tag", "no tag", "rating", "post-chat answer", "e-mail", "variable", "summary", "reopened"],
)
def test_what_the_chat_tells_anew_is_news(change, chat):
    later = copy.deepcopy(chat)
    change(later)
    assert facts(fetched(chat)) != facts(fetched(later))


def test_a_chat_without_tags_tells_that_there_are_none(chat):
    del chat["thread"]["tags"]
    assert [] == fetched(chat).payload["derived"]["tags"]


def test_a_chat_the_plan_hides_tells_nothing_of_its_tags(sample):
    hidden = sample("livechat/list_archives_page_2.json")["chats"][0]
    assert "tags" not in fetched(hidden).payload.get("derived", {})


def test_a_tag_without_a_time_makes_the_event_fresher(chat):
    early, late = fetched(chat), fetched(chat, AT.replace(hour=19))
    assert early.freshness < late.freshness


def test_the_moment_of_the_event_is_that_of_the_last_thing_said(chat):
    assert datetime(2026, 3, 4, 10, 33, 40, 1200, tzinfo=UTC) == fetched(chat).occurred_at


def test_the_vendors_misspelt_properties_are_read(chat):
    chat["properites"] = {"rating": {"score": 0}}
    del chat["properties"]
    assert {"rating": {"score": 0}} == fetched(chat).payload["properties"]


@pytest.mark.parametrize(
    "content", [None, [], "x", {}, {"id": "C"}, {"id": "C", "thread": {}}, {"thread": {"id": "T"}}, {"id": 5.5, "thread": 1}]
)
def test_a_chat_without_a_thread_is_rejected(content):
    assert "thread_missing" == Chat.read(content).code


@pytest.mark.parametrize(
    "odd",
    [
        {"users": None},
        {"users": ["x", 5]},
        {"thread": {"id": "T", "events": "x", "user_ids": 5, "properties": [], "access": None, "tags": None}},
        {"thread": {"id": "T", "events": [{"type": "filled_form", "fields": [None, {"label": None}]}, {"type": "message", "text": 5}]}},
        {"thread": {"id": "T", "created_at": "never", "events": [{"type": "message", "created_at": 5}]}},
        {"properties": {"rating": 5}},
    ],
)
def test_oddities_break_nothing(odd, chat):
    event = fetched(chat | odd)
    assert facts(event)["is_over"] == "true"
