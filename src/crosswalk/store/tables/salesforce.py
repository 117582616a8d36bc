"""Stage 6: API calls, describes and sizes of calls."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table

from crosswalk.store.tables.columns import Utc, id_column, metadata, run_index

api_block = Table(
    "api_block",
    metadata,
    id_column(),
    Column("connection_id", String(36), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index(None, "connection_id", "expires_at"),
)

api_call = Table(
    "api_call",
    metadata,
    id_column(),
    Column("connection_id", String(36), nullable=False),
    Column("run_id", String(36)),
    Column("turn_id", String(36)),
    Column("purpose", String(20), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ms", Float, nullable=False),
    Column("status", Integer),  # null: no reply
    Column("rows", Integer, nullable=False, default=0),
    Column("used_seen", Integer),
    Column("request_id", String(80)),
    Index(None, "connection_id", "started_at"),
    Index(None, "turn_id"),
    run_index(),
)

describe_cache = Table(
    "describe_cache",
    metadata,
    Column("connection_id", ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    Column("object", String(80), primary_key=True),
    Column("document", JSON),  # null: the org has no such object
    Column("last_modified", String(60)),
    Column("hash", String(64), nullable=False),
    Column("at", Utc, nullable=False),
)

call_size = Table(  # the adaptive number of rows a call, per org, object and operation
    "call_size",
    metadata,
    Column("connection_id", ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True),
    Column("object", String(80), primary_key=True),
    Column("rows", Integer, nullable=False),
)
