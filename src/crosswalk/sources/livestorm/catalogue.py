"""Every value of a Livestorm person-in-session that a mapping can pick.

Numbers of attendance are 0, false or null until the session is over, so they mean something only from the events that follow it
(C-05). Session and event values stand in `included`, as JSON:API puts related records; webhooks bring only the ids of both. Of chat
messages and questions the author stands there, too.
"""

from collections.abc import Iterable

from crosswalk.model import Attribute, SourceType
from crosswalk.sources.livestorm.settings import PeopleAttribute

REGISTERED = "people.registered"
ATTENDED = "people.attended"
NOT_ATTENDED = "people.not_attended"
WATCHED_REPLAY = "people.watched_replay"
CHAT_MESSAGE = "chat.message"
QUESTION = "question.asked"

_AFTER_SESSION = frozenset({ATTENDED, NOT_ATTENDED, WATCHED_REPLAY})
_ABOUT_PEOPLE = frozenset({REGISTERED}) | _AFTER_SESSION
_PERSON = "data.attributes."
_DETAIL = "data.attributes.registrant_detail."
_SESSION = "included[type=sessions].attributes."
_EVENT = "included[type=events].attributes."
_AUTHOR = "included[type=people].attributes."
_SAID = "data.attributes."

T = SourceType


def _field_path(slug: str) -> str:
    return f"{_DETAIL}fields[id={slug}].value"


def _registration(key: str, label: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (_field_path(key),), "Registration")


def _detail(key: str, label: str, group: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (_DETAIL + key,), group, varies=True)


def _afterwards(key: str, label: str, root: str, kind: SourceType) -> Attribute:
    return Attribute(key, label, kind, (root + key,), "Attendance and engagement", _AFTER_SESSION, varies=True)


def _author(key: str, label: str, kind: SourceType = T.TEXT) -> Attribute:
    """Describe what tells who a person is: of the person itself, of the form, of an author."""
    return Attribute(key, label, kind, (_PERSON + key, _field_path(key), _AUTHOR + key), "Registration")


def _said(key: str, label: str, event_type: str, *members: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, tuple(_SAID + name for name in members), "Chat and questions", frozenset({event_type}), varies=True)


def _related(key: str, label: str, path: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (path,), "Session" if path.startswith(_SESSION) else "Event", varies=True)


_STATUSES = (
    Attribute(
        "session_status",
        "People status for the session",
        T.SELECT,
        ("@type",),
        "Status",
        frozenset({REGISTERED, ATTENDED, NOT_ATTENDED}),
        varies=True,
    ),
    Attribute(
        "replay_status", "People replay status for the session", T.SELECT, ("@type",), "Status", frozenset({WATCHED_REPLAY}), varies=True
    ),
)

_REGISTRATION = (
    _author("email", "Email", T.EMAIL),
    _author("first_name", "First name"),
    _author("last_name", "Last name"),
    _registration("company", "Company"),
    _registration("job_title", "Job title"),
    _registration("phone", "Phone", T.PHONE),
    _registration("city", "City"),
    _registration("country", "Country"),
    _registration("website", "Website", T.URL),
    Attribute("avatar", "Avatar", T.URL, (_PERSON + "avatar_link",), "Registration"),
    Attribute("role", "Role", T.TEXT, (_PERSON + "role",), "Registration"),
    Attribute("timezone", "Time zone", T.TEXT, (_PERSON + "timezone",), "Registration"),
    Attribute("person_id", "Person ID", T.TEXT, ("data.id",), "Registration", _ABOUT_PEOPLE),
    Attribute("registered_at", "Registered at", T.DATETIME, (_DETAIL + "created_at",), "Registration", varies=True),
    _detail("registration_type", "Registration type", "Registration"),
    _detail("password_key", "Password key", "Registration"),
)

_TECHNICAL = (
    _detail("referrer", "Referrer", "Technical", T.URL),
    _detail("browser_name", "Browser name", "Technical"),
    _detail("browser_version", "Browser version", "Technical"),
    _detail("os_name", "Operating system name", "Technical"),
    _detail("os_version", "Operating system version", "Technical"),
    _detail("screen_width", "Screen width", "Technical"),
    _detail("screen_height", "Screen height", "Technical"),
    _detail("ip_city", "City from the IP address", "Technical"),
    _detail("ip_country_code", "Country code from the IP address", "Technical"),
    _detail("ip_country_name", "Country from the IP address", "Technical"),
)

_UTM = tuple(_detail(f"utm_{part}", f"UTM {part}", "UTM") for part in ("source", "medium", "term", "content", "campaign"))

_ENGAGEMENT = (
    _afterwards("attended", "Attended", _DETAIL, T.BOOLEAN),
    _afterwards("attendance_rate", "Attendance rate (percent)", _DETAIL, T.NUMBER),
    _afterwards("attendance_duration", "Attendance duration (seconds)", _DETAIL, T.INTEGER),
    _afterwards("messages_count", "Messages count", _PERSON, T.INTEGER),
    _afterwards("questions_count", "Questions count", _PERSON, T.INTEGER),
    _afterwards("votes_count", "Polls answered (votes count)", _PERSON, T.INTEGER),
    _afterwards("up_votes_count", "Question upvotes count", _PERSON, T.INTEGER),
    _afterwards("has_viewed_replay", "Replay seen", _DETAIL, T.BOOLEAN),
    _afterwards("replay_view_detail", "Replay detail", _PERSON, T.OBJECT),
    _detail("is_highlighted", "Highlighted", "Attendance and engagement", T.BOOLEAN),
    _detail("is_guest_speaker", "Guest speaker", "Attendance and engagement", T.BOOLEAN),
    _detail("session_role", "Role in the session", "Attendance and engagement"),
)

_LINKS = (_detail("connection_link", "Connection link", "Links", T.URL),)

_RELATED = (
    Attribute("session_id", "Session ID", T.TEXT, (_DETAIL + "session_id", _SAID + "session_id"), "Session", varies=True),
    _related("session_name", "Session name", _SESSION + "name"),
    _related("session_state", "Session state", _SESSION + "status"),
    _related("session_started_at", "Session start", _SESSION + "started_at", T.DATETIME),
    _related("session_ended_at", "Session end", _SESSION + "ended_at", T.DATETIME),
    _related("session_duration", "Session duration (seconds)", _SESSION + "duration", T.INTEGER),
    _related("session_timezone", "Session time zone", _SESSION + "timezone"),
    _related("session_room_link", "Session room link", _SESSION + "room_link", T.URL),
    Attribute("event_id", "Event ID", T.TEXT, (_DETAIL + "event_id", _SAID + "event_id"), "Event", varies=True),
    _related("event_title", "Event title", _EVENT + "title"),
    _related("event_slug", "Event slug", _EVENT + "slug"),
    _related("event_registration_link", "Event registration link", _EVENT + "registration_link", T.URL),
    _related("event_owner_email", "Event owner email", _EVENT + "owner.attributes.email", T.EMAIL),
)

_SAYINGS = (
    _said("message_text", "Message", CHAT_MESSAGE, "text_content"),
    _said("message_sent_at", "Message sent at", CHAT_MESSAGE, "created_at", kind=T.DATETIME),
    _said("message_from_team", "Message is from the team", CHAT_MESSAGE, "from_team_member", kind=T.BOOLEAN),
    _said("message_from_speaker", "Message is from a guest speaker", CHAT_MESSAGE, "from_guest_speaker", kind=T.BOOLEAN),
    _said("question_text", "Question", QUESTION, "question"),
    _said("question_asked_at", "Question asked at", QUESTION, "created_at", kind=T.DATETIME),
    _said("question_response", "Answer to the question", QUESTION, "response"),
    _said("question_answered_at", "Question answered at", QUESTION, "responded_at", kind=T.DATETIME),
    _said("question_answered_orally", "Question answered orally", QUESTION, "responded_orally", "response_orally", kind=T.BOOLEAN),
)

BUILTIN = _STATUSES + _REGISTRATION + _TECHNICAL + _UTM + _ENGAGEMENT + _LINKS + _RELATED + _SAYINGS
_BUILTIN_KEYS = frozenset(attribute.key for attribute in BUILTIN)

_TYPES = {
    "text": T.TEXT,
    "email": T.EMAIL,
    "avatar": T.URL,
    "url": T.URL,
    "file": T.URL,
    "consent": T.BOOLEAN,
    "unique_select": T.SELECT,
    "multiple_select": T.LIST,
}


def attributes(workspace: Iterable[PeopleAttribute]) -> tuple[Attribute, ...]:
    """Return the built-in attributes, and those of the workspace that are not among them."""
    own = (
        Attribute(known.slug, known.name or known.slug, _TYPES[known.type], (_field_path(known.slug),), "Workspace attributes")
        for known in workspace
        if known.slug not in _BUILTIN_KEYS
    )
    return BUILTIN + tuple(own)
