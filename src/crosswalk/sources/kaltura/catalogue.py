"""Every value of Kaltura that a mapping can pick.

A pulled event holds one attendee's profile beside the event; that of a session holds the rows of the session's reports and the polls
besides. A webhook holds a Kaltura user at most.
"""

from crosswalk.model import Attribute, SourceType

PROFILE = "profile.status"
SESSION = "session.engagement"
POLL_SLOTS = 10
POLL_PARTS = ("type", "answer", "question")

T = SourceType
_SESSION_ONLY = frozenset({SESSION})
_FORM = "profile.profileData."
_EVENT_DATA = "profile.eventData."


def _registration(key: str, label: str, member: str, *more: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (_FORM + member, *more), "Registration")


def _event_data(key: str, label: str, member: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (_EVENT_DATA + member,), "Attendance", varies=True)


def _event(key: str, label: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(f"event_{key}", label, kind, (f"event.{key}",), "Event", varies=True)


def _session(key: str, label: str, path: str, kind: SourceType = T.TEXT) -> Attribute:
    return Attribute(key, label, kind, (path,), "Session", _SESSION_ONLY, varies=True)


def _count(key: str, label: str, *columns: str) -> Attribute:
    return Attribute(key, label, T.INTEGER, tuple(f"report.{name}" for name in (key, *columns)), "Engagement", _SESSION_ONLY, varies=True)


def _figure(key: str, label: str, *columns: str) -> Attribute:
    return Attribute(key, label, T.NUMBER, tuple(f"report.{name}" for name in (key, *columns)), "Engagement", _SESSION_ONLY, varies=True)


def _poll(number: int, part: str) -> Attribute:
    return Attribute(
        f"poll_{number}_{part}", f"Poll {number} {part}", T.TEXT, (f"polls[{number - 1}].{part}",), "Polls", _SESSION_ONLY, varies=True
    )


_STATUSES = (
    Attribute("status", "Status for Campaign Members", T.SELECT, ("status.value",), "Status", varies=True),
    Attribute("status_code", "Status code", T.SELECT, ("status.code",), "Status", varies=True),
    Attribute("status_label", "Status label", T.SELECT, ("status.label",), "Status", varies=True),
)

_REGISTRATION = (
    Attribute("email", "Email", T.EMAIL, ("person.email", "object.email"), "Registration"),
    _registration("first_name", "First name", "firstName", "object.firstName"),
    _registration("last_name", "Last name", "lastName", "object.lastName"),
    _registration("company", "Company", "company", "object.company"),
    _registration("title", "Job title", "title", "object.title"),
    _registration("country", "Country", "country", "object.country"),
    _registration("role", "Role", "role"),
    _registration("industry", "Industry", "industry"),
    _registration("phone", "Phone", "phone", "profile.profileData.phoneNumber", kind=T.PHONE),
    Attribute("user", "Kaltura user ID", T.TEXT, ("person.user_id", "object.id"), "Registration"),
    Attribute("profile_id", "Profile ID", T.TEXT, ("profile.id",), "Registration", varies=True),
    Attribute("registered_at", "Profile created at", T.DATETIME, ("profile.createdAt",), "Registration", varies=True),
)

_ATTENDANCE = (
    _event_data("registration_origin", "Registration origin", "regOrigin"),
    _event_data("registration_type", "Registration type", "userRegistrationType"),
    _event_data("attendance_type", "Attendance type", "attendanceType"),
    _event_data("previous_status_code", "Previous status code", "previousAttendanceStatus"),
    _event_data("status_changed_at", "Status changed at", "statusUpdateTime", T.DATETIME),
    _event_data("first_attended_at", "First attended at", "firstAttendedStatusTime", T.DATETIME),
    Attribute("last_login_at", "Last login", T.DATETIME, ("profile.loginData.lastLoginDate",), "Attendance", varies=True),
)

_EVENTS = (
    _event("id", "Event ID"),
    _event("name", "Event name"),
    _event("startDate", "Event start", T.DATETIME),
    _event("endDate", "Event end", T.DATETIME),
    _event("timezone", "Event time zone"),
)

_SESSIONS = (
    _session("entry_id", "Entry ID", "session.id"),
    _session("entry_name", "Entry name", "session.name"),
    _session("session_start", "Session start", "session.startDate", T.DATETIME),
    _session("session_end", "Session end", "session.endDate", T.DATETIME),
)

_ENGAGEMENT = (
    _count("channel_id", "Channel ID"),
    Attribute("channel_name", "Channel name", T.TEXT, ("report.channel_name",), "Engagement", _SESSION_ONLY, varies=True),
    _count("plays", "Plays", "count_plays", "play"),
    _figure("vod_minutes_viewed", "Minutes viewed on demand", "vod_view_time"),
    _figure("live_minutes_viewed", "Minutes viewed live", "live_view_time", "sum_live_view_period"),
    _figure("total_vod_completion_rate", "On-demand completion rate", "total_completion_rate", "avg_completion_rate"),
    _figure("no_live_engagement_rate", "No live engagement: tab not in focus, muted"),
    _figure("low_live_engagement_rate", "Low live engagement: tab in focus, muted"),
    _figure("fair_live_engagement_rate", "Fair live engagement: tab not in focus, sound on"),
    _figure("good_live_engagement_rate", "Good live engagement: tab in focus, sound on"),
    _figure("high_live_engagement_rate", "High live engagement: tab in focus, full screen"),
    _count("clap_clicked_count", "Clap clicks"),
    _count("heart_clicked_count", "Heart clicks"),
    _count("think_clicked_count", "Think clicks"),
    _count("wow_clicked_count", "Wow clicks"),
    _count("smile_clicked_count", "Smile clicks"),
    _count("answered_polls", "Polls answered"),
    _count("messages_sent_group", "Group chat messages"),
    _count("qna_threads", "Q and A threads"),
    _figure("combined_live_engaged_users_play_time_ratio", "Viewing engagement (0 to 1)"),
    _count("add_to_calendar", "Add to calendar clicks"),
    _figure("mic_on", "Time the microphone was on"),
    _figure("cam_on", "Time the camera was on"),
    _count("total_reactions_activity", "Reaction clicks"),
    _count("raise_hand", "Hands raised"),
    _count("download_attachment", "Attachments downloaded"),
    Attribute("reports_left_out", "Reports that Kaltura refused", T.TEXT, ("reports_left_out",), "Engagement", _SESSION_ONLY, varies=True),
)

_POLLS = (
    *(_poll(number, part) for number in range(1, POLL_SLOTS + 1) for part in POLL_PARTS),
    Attribute("polls_left_out", "Polls beyond the ten slots", T.TEXT, ("polls_left_out",), "Polls", _SESSION_ONLY, varies=True),
)

ATTRIBUTES = _STATUSES + _REGISTRATION + _ATTENDANCE + _EVENTS + _SESSIONS + _ENGAGEMENT + _POLLS
