"""What an admin configures."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from crosswalk.store.tables.columns import Utc, id_column, metadata

connection = Table(
    "connection",
    metadata,
    id_column(),
    Column("name", String(120), nullable=False, unique=True),
    Column("org", String(18), unique=True),  # 00D…, read at token time; a second connection to one org is refused
    Column("settings", JSON, nullable=False, default=dict),  # login kind, host, zone, key field, duplicate choice …
    Column("secret_ct", LargeBinary),
    Column("key_field", String(80)),  # API name of the unique key field, or null: keyless mode
    Column("slots", Integer, nullable=False, default=1),
    Column("used_seen", Integer),
    Column("used_at", Utc),
    Column("limit_max", Integer),
    Column("reserve", Integer, nullable=False, default=0),  # API calls kept for others
    Column("paused_reason", Text),
    Column("created_at", Utc, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("connection_id", ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    Column("token_ct", LargeBinary),
    Column("version", Integer, nullable=False, default=0),
    Column("refreshing_until", Utc),
)

source = Table(
    "source",
    metadata,
    id_column(),
    Column("name", String(120), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("state", String(10), nullable=False, default="on"),  # on, off
    Column("settings", JSON, nullable=False, default=dict),
    Column("secret_ct", LargeBinary),
    Column("hook_token_hmac", String(64), unique=True),
    Column("previous_hook_token_hmac", String(64), unique=True),
    Column("write_key_hmac", String(64), unique=True),
    Column("retention_days", Integer),  # how long content is kept; null: as the settings say
    Column("silent_after_hours", Integer),  # without an event for so long an alert is raised; null: longer than usual
    Column("created_at", Utc, nullable=False),
)

sync = Table(
    "sync",
    metadata,
    id_column(),
    Column("name", String(120), nullable=False, unique=True),
    Column("connection_id", ForeignKey("connection.id"), nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("state", String(10), nullable=False, default="on"),  # on, paused, off, removed
    Column("position", Integer, nullable=False, default=0),
    Column("current_version", Integer, nullable=False, default=0),
    Index(None, "source_id", "state"),
)

mapping_version = Table(
    "mapping_version",
    metadata,
    Column("sync_id", ForeignKey("sync.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("author", String(120), nullable=False, default=""),
    Column("at", Utc, nullable=False),
)

suspended_row = Table(  # a mapping row that drift has put out of use until an admin mends it
    "suspended_row",
    metadata,
    Column("sync_id", ForeignKey("sync.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("object", String(80), primary_key=True),
    Column("field", String(80), primary_key=True),
    Column("code", String(40), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

campaign_binding = Table(
    "campaign_binding",
    metadata,
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", String(255), primary_key=True),  # a session or an event of the source; "*" for all
    Column("connection_id", ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    Column("campaign_id", String(18), nullable=False),
    Column("origin", String(10), nullable=False, default="picked"),  # picked, found, created
    Column("at", Utc),
)

key_check = Table(  # whether the key file at hand is the one this database was filled with
    "key_check",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value_hmac", String(64), nullable=False),
)
