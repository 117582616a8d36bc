"""Who may come in: people, their sessions, invitations and API tokens.

Passwords are stored as argon2 hashes and every token as its keyed hash alone: what is stolen from here opens nothing.
"""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from crosswalk.store.tables.columns import Utc, id_column, metadata

user = Table(
    "user",
    metadata,
    id_column(),
    Column("email_hmac", String(64), nullable=False, unique=True),
    Column("profile_ct", LargeBinary, nullable=False),  # name and e-mail
    Column("role", String(10), nullable=False),
    Column("password_hash", Text),  # null: removed
    Column("letter_keys", Boolean, nullable=False, default=True),  # whether single letters are short cuts
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc),
    Column("removed_at", Utc),
)

user_connection = Table(  # what somebody may do on one connection; owners need no row
    "user_connection",
    metadata,
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("connection_id", ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(10), nullable=False),
    Index(None, "connection_id"),
)

session = Table(
    "session",
    metadata,
    id_column(),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("token_hmac", String(64), nullable=False, unique=True),
    Column("client_ct", LargeBinary, nullable=False),  # browser and address, for whoever looks whether it is his
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

invitation = Table(
    "invitation",
    metadata,
    id_column(),
    Column("token_hmac", String(64), nullable=False, unique=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE")),  # set: a new password for somebody who is here already
    Column("profile_ct", LargeBinary, nullable=False),
    Column("email_hmac", String(64), nullable=False),
    Column("role", String(10), nullable=False),
    Column("connections", JSON, nullable=False, default=dict),  # connection id → role
    Column("invited_by", String(36), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    id_column(),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("token_hmac", String(64), nullable=False, unique=True),
    Column("role", String(10), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("last_used_at", Utc),
    Index(None, "user_id"),
)

login_throttle = Table(  # attempts to log in, by keyed hash of the e-mail or the address they came from
    "login_throttle",
    metadata,
    Column("key_hmac", String(64), primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("since", Utc, nullable=False),
)

oauth_attempt = Table(  # somebody is on his way to Salesforce's consent page and back
    "oauth_attempt",
    metadata,
    Column("state_hmac", String(64), primary_key=True),
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("draft_ct", LargeBinary, nullable=False),  # the connection to be, and the proof of the one who asked
    Column("expires_at", Utc, nullable=False),
)
