"""LiveChat: chats, by webhook and from the archive."""

from crosswalk.sources.livechat.source import LiveChat

__all__ = ["LiveChat"]
