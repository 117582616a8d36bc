"""The four ways a conversation is told, and attributes that have a path for each.

Chat in the widget, chat in the history, messaging in the widget, messaging in the history. Where one way does not tell a value, its
attribute means nothing on the events of that way.
"""

from dataclasses import dataclass

from crosswalk.model import Attribute, SourceType
from crosswalk.sources.liveperson.records import CHAT_ENDED, CHAT_STARTED, MESSAGING_ENDED, MESSAGING_OPEN, MESSAGING_STARTED

SAME = "same"
MESSAGING_HISTORY = frozenset({MESSAGING_OPEN, MESSAGING_ENDED})
_WAYS = (
    frozenset({CHAT_STARTED}),
    frozenset({CHAT_ENDED}),
    frozenset({MESSAGING_STARTED}),
    MESSAGING_HISTORY,
)
_EVERYWHERE = frozenset().union(*_WAYS)
ENDED = frozenset({CHAT_ENDED, MESSAGING_ENDED})


@dataclass(frozen=True, slots=True)
class Group:
    """Makes the attributes of one group."""

    name: str
    varies: bool = True

    def value(self, key: str, label: str, kind: SourceType, paths: tuple[str, str, str, str]) -> Attribute:
        """Return an attribute with its four paths: chat by widget and history, messaging by widget (`same` as chat) and history."""
        widget, history, messaging_widget, messaging = paths
        whole = (widget, history, widget if messaging_widget == SAME else messaging_widget, history if messaging == SAME else messaging)
        types = frozenset().union(*(way for way, path in zip(_WAYS, whole, strict=True) if path))
        found = tuple(dict.fromkeys(path for path in whole if path))
        return Attribute(key, label, kind, found, self.name, frozenset() if types == _EVERYWHERE else types, self.varies)

    def derived(self, key: str, label: str, kind: SourceType, *, types: frozenset[str] = frozenset()) -> Attribute:
        """Return an attribute that is worked out, the same for every way."""
        return Attribute(key, label, kind, (f"derived.{key}",), self.name, types, self.varies)
