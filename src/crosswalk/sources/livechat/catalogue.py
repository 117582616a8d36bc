"""Every value of a chat that a mapping can pick, and those of one licence: its custom variables and the fields of its forms.

A value has several paths where LiveChat spells it differently by version or by the age of the chat. What belongs to the thread differs
from chat to chat; only the visitor's own values are the same in the next one.
"""

from collections.abc import Iterable, Iterator

from crosswalk.model import Attribute, SourceType
from crosswalk.sources.livechat.answers import POSTCHAT, PRECHAT
from crosswalk.sources.livechat.messages import MESSAGE
from crosswalk.sources.livechat.settings import FormField, LiveChatSettings

T = SourceType

_VISIT = ("thread.customer_visit.", "customer.visit.", "customer.last_visit.")
_MESSAGE_ONLY = frozenset({MESSAGE})
_ANSWER_TYPES = {"text": T.TEXT, "email": T.EMAIL, "select": T.SELECT, "list": T.LIST}
_FORMS = {PRECHAT: "Pre-chat answer", POSTCHAT: "Post-chat answer"}


def _visitor(key: str, label: str, kind: SourceType, *paths: str) -> Attribute:
    return Attribute(key, label, kind, paths, "Visitor")


def _visit(key: str, label: str, path: str) -> Attribute:
    return Attribute(key, label, T.TEXT, tuple(root + path for root in _VISIT), "Visit", varies=True)


def _chat(key: str, label: str, kind: SourceType, *paths: str, group: str = "Chat") -> Attribute:
    return Attribute(key, label, kind, paths, group, varies=True)


def _message(key: str, label: str, kind: SourceType, path: str) -> Attribute:
    return Attribute(key, label, kind, (path,), "Message", _MESSAGE_ONLY, varies=True)


_VISITORS = (
    _visitor("name", "Visitor name", T.TEXT, "customer.name", "derived.name"),
    _visitor("first_name", "Visitor first name", T.TEXT, "derived.first_name"),
    _visitor("last_name", "Visitor last name", T.TEXT, "derived.last_name"),
    _visitor("email", "Visitor e-mail", T.EMAIL, "customer.email", "derived.email"),
    _visitor("email_verified", "Visitor verified e-mail", T.BOOLEAN, "customer.email_verified"),
    _visitor("phone", "Visitor phone", T.PHONE, "customer.phone_number"),
    _visitor("company", "Company (custom variable of that name)", T.TEXT, "variables.company", "variables.Company"),
    _visitor("customer_id", "Visitor ID", T.TEXT, "customer.id"),
    _visitor("address", "Visitor address", T.TEXT, "customer.address.address"),
    _visitor("address_city", "Visitor address: city", T.TEXT, "customer.address.city"),
    _visitor("address_state", "Visitor address: state", T.TEXT, "customer.address.state"),
    _visitor("address_country", "Visitor address: country", T.TEXT, "customer.address.country"),
    _visitor("address_postal_code", "Visitor address: postal code", T.TEXT, "customer.address.postal_code"),
    _visitor("chats_count", "Visitor's chats", T.INTEGER, "customer.statistics.chats_count"),
    _visitor("threads_count", "Visitor's threads", T.INTEGER, "customer.statistics.threads_count"),
    _visitor("visits_count", "Visitor's visits", T.INTEGER, "customer.statistics.visits_count"),
    _visitor("page_views_count", "Visitor's page views", T.INTEGER, "customer.statistics.page_views_count"),
    _visitor("tickets_count", "Visitor's tickets", T.INTEGER, "customer.statistics.tickets_count"),
    _visitor("greetings_shown_count", "Greetings shown", T.INTEGER, "customer.statistics.greetings_shown_count"),
    _visitor("greetings_accepted_count", "Greetings accepted", T.INTEGER, "customer.statistics.greetings_accepted_count"),
)

_VISITS = (
    _visit("ip", "IP address", "ip"),
    _visit("user_agent", "User agent", "user_agent"),
    _visit("country", "Country from the IP address", "geolocation.country"),
    _visit("country_code", "Country code from the IP address", "geolocation.country_code"),
    _visit("region", "Region from the IP address", "geolocation.region"),
    _visit("city", "City from the IP address", "geolocation.city"),
    _visit("timezone", "Time zone from the IP address", "geolocation.timezone"),
    _visit("latitude", "Latitude from the IP address", "geolocation.latitude"),
    _visit("longitude", "Longitude from the IP address", "geolocation.longitude"),
    _chat("start_url", "Start page", T.URL, "thread.properties.routing.start_url", group="Visit"),
    _chat(
        "referrer",
        "Referrer",
        T.URL,
        "thread.properties.routing.referrer",
        "customer.visit.referrer",
        "customer.last_visit.referrer",
        group="Visit",
    ),
    _chat("last_pages", "Last pages", T.LIST, "derived.last_pages", group="Visit"),
)

_CHATS = (
    _chat("chat_id", "Chat ID", T.TEXT, "id", "chat_id"),
    _chat("thread_id", "Thread ID", T.TEXT, "thread.id", "thread_id"),
    _chat("started_at", "Started at", T.DATETIME, "thread.created_at"),
    _chat("ended_at", "Ended at", T.DATETIME, "derived.ended_at"),
    _chat("ended_by", "Ended by", T.SELECT, "derived.ended_by"),
    _chat("duration_seconds", "Duration (seconds)", T.INTEGER, "derived.duration_seconds"),
    _chat("first_response_seconds", "First response time (seconds)", T.INTEGER, "derived.first_response_seconds"),
    _chat("queue_seconds", "Time in the queue (seconds)", T.INTEGER, "thread.queues_duration"),
    _chat("messages_count", "Messages count", T.INTEGER, "derived.messages_count"),
    _chat("visitor_messages_count", "Messages of the visitor", T.INTEGER, "derived.visitor_messages_count"),
    _chat("agent_messages_count", "Messages of agents", T.INTEGER, "derived.agent_messages_count"),
    _chat("tags", "Tags", T.LIST, "derived.tags", "thread.tags"),
    _chat("group_ids", "Group IDs", T.LIST, "thread.access.group_ids", "access.group_ids"),
    _chat("group_names", "Group names (setting directory)", T.LIST, "derived.group_names"),
    _chat("transcript", "Transcript", T.TEXT, "derived.transcript"),
    _chat("summary", "Summary", T.TEXT, "thread.summary.text"),
    _chat("has_sale", "Led to a sale", T.BOOLEAN, "thread.properties.ecommerce.has_sale"),
    _chat("rating_score", "Rating (1 good, 0 bad)", T.INTEGER, "thread.properties.rating.score", "properties.rating.score"),
    _chat("rating_comment", "Rating comment", T.TEXT, "thread.properties.rating.comment", "properties.rating.comment"),
)

_AGENTS = (
    _chat("agent_name", "Agent name", T.TEXT, "agent.name", group="Agent"),
    _chat("agent_email", "Agent e-mail", T.EMAIL, "agent.email", group="Agent"),
    _chat("agent_id", "Agent ID", T.TEXT, "agent.id", group="Agent"),
    _chat("agent_avatar", "Agent picture", T.URL, "agent.avatar", group="Agent"),
    _chat("agent_job_title", "Agent job title (setting directory)", T.TEXT, "agent.job_title", group="Agent"),
    _chat("agent_groups", "Agent groups (setting directory)", T.LIST, "agent.groups", group="Agent"),
)

_MESSAGES = (
    _message("message_text", "Text of the message", T.TEXT, "event.text"),
    _message("message_type", "Type of the message", T.SELECT, "event.type"),
    _message("message_author", "Author of the message (ID)", T.TEXT, "event.author_id"),
    _message("message_visibility", "Who sees the message (all or agents)", T.SELECT, "event.visibility"),
    _message("message_at", "Time of the message", T.DATETIME, "event.created_at"),
)

BUILTIN = _VISITORS + _VISITS + _CHATS + _AGENTS + _MESSAGES


def attributes(settings: LiveChatSettings) -> tuple[Attribute, ...]:
    """Return the built-in attributes, then custom variables and form fields of the licence."""
    variables = (
        Attribute(f"variable.{name}", f"Custom variable {name}", T.TEXT, (f"variables[{_quoted(name)}]",), "Custom variables", varies=True)
        for name in dict.fromkeys(settings.custom_variables)
    )
    forms = {PRECHAT: settings.prechat_fields, POSTCHAT: settings.postchat_fields}
    answered = (attribute for form, fields in forms.items() for attribute in _answers(form, fields))
    return (*BUILTIN, *variables, *answered)


def _answers(form: str, fields: Iterable[FormField]) -> Iterator[Attribute]:
    for label, field in {field.label: field for field in fields}.items():
        path = f"{form}[label={_quoted(label)}].answer"
        yield Attribute(f"{form}.{label}", f'{_FORMS[form]} "{label}"', _ANSWER_TYPES[field.type], (path,), f"{_FORMS[form]}s", varies=True)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
