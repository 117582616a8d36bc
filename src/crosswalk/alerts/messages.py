"""What a channel is told, in the words of mail, JSON and chat."""

from dataclasses import dataclass
from datetime import datetime

from crosswalk.alerts.causes import Kind
from crosswalk.settings import Settings


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Its id stays the same when it is sent again; `about` is raised, cleared or test."""

    id: str
    alert_id: str
    about: str
    kind: Kind | None  # none: a test
    title: str
    sentence: str
    link: str
    raised_at: datetime
    cleared_at: datetime | None = None


def link(settings: Settings, path: str) -> str:
    """Return the address of a page, as people reach it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (settings.public_url.rstrip("/") or f"http://{host}:{settings.port}") + path


def test(settings: Settings, message_id: str, now: datetime) -> Message:
    """Return a message that only shows that a channel works."""
    sentence = "Alerts reach you here. Nothing is wrong, and nothing is to be done."
    return Message(message_id, message_id, "test", None, "A test of this channel", sentence, link(settings, "/settings/alerts"), now)


def subject(message: Message) -> str:
    """Return the line above a message."""
    return {"raised": "Alert", "cleared": "Over"}.get(message.about, "Test") + f": {message.title}"


def lines(message: Message) -> list[str]:
    """Return a message as lines of plain text."""
    if message.cleared_at:
        over = f"It lasted from {_moment(message.raised_at)} to {_moment(message.cleared_at)}. Nothing is to be done."
        return [subject(message), over, message.link]
    return [subject(message), message.sentence, f"Since {_moment(message.raised_at)}.", message.link]


def body(message: Message) -> dict[str, object]:
    """Return a message as JSON for a program."""
    return {
        "id": message.id,
        "alert_id": message.alert_id,
        "type": f"alert.{message.about}",
        "cause": message.kind,
        "title": message.title,
        "sentence": message.sentence,
        "link": message.link,
        "raised_at": message.raised_at.isoformat(),
        "cleared_at": message.cleared_at.isoformat() if message.cleared_at else None,
    }


def _moment(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"
