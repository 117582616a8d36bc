"""LivePerson: chats and messaging conversations, from the history APIs, by webhook and as the agent's widget sees them."""

from crosswalk.sources.liveperson.source import LivePerson

__all__ = ["LivePerson"]
