"""Alerts: what is or was raised, the channels that are told, and each telling."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, text

from crosswalk.store.tables.columns import Utc, id_column, metadata

_OPEN = text("cleared_at IS NULL")

alert_channel = Table(
    "alert_channel",
    metadata,
    id_column(),
    Column("name", String(120), nullable=False, unique=True),
    Column("kind", String(10), nullable=False),  # mail, webhook, chat
    Column("causes", JSON, nullable=False),  # codes of the kinds of causes it is told of
    Column("details_ct", LargeBinary, nullable=False),  # addresses of people, hosts, secrets
    Column("created_at", Utc, nullable=False),
)

alert = Table(  # one stretch of time in which a cause lasted
    "alert",
    metadata,
    id_column(),
    Column("key", String(160), nullable=False),  # what makes two sightings the same cause
    Column("kind", String(30), nullable=False),
    Column("title", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("path", String(300), nullable=False),  # the page on which it is mended
    Column("seen_at", Utc, nullable=False),
    Column("raised_at", Utc),  # null: too young to be told
    Column("gone_at", Utc),  # since when it is not seen any more, while that is too young for the all-clear
    Column("cleared_at", Utc),
    Index(None, "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

alert_message = Table(  # one telling of one channel; its id goes with it, so that a receiver can tell a repeat
    "alert_message",
    metadata,
    id_column(),
    Column("alert_id", ForeignKey("alert.id", ondelete="CASCADE"), nullable=False),
    Column("channel_id", ForeignKey("alert_channel.id", ondelete="CASCADE"), nullable=False),
    Column("about", String(10), nullable=False),  # raised, cleared
    Column("due_at", Utc),  # null once it was sent or given up
    Column("attempts", Integer, nullable=False, default=0),
    Column("sent_at", Utc),
    Column("trouble", Text),  # why the last attempt failed
    UniqueConstraint("alert_id", "channel_id", "about"),
    Index(None, "channel_id"),
    Index(None, "due_at"),
)

alert_look = Table(  # whose turn it is to look for causes: whoever moves the time on
    "alert_look",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("next_at", Utc, nullable=False),
)
