"""Stage 7: runs, outcomes, audit; cursors and schedules."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from crosswalk.store.tables.columns import Utc, id_column, metadata

run = Table(
    "run",
    metadata,
    id_column(),
    Column("kind", String(20), nullable=False),  # backfill, replay, pull, manual, undo
    Column("sync_id", String(36)),
    Column("source_id", String(36)),
    Column("state", String(10), nullable=False),  # running, done, stopped, failed
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("totals", JSON, nullable=False, default=dict),
    Column("detail", Text),
)

step_outcome = Table(
    "step_outcome",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("reason", String(24)),
    Column("detail", Text),
    Column("object", String(80)),
    Column("record_id", String(18)),
    Column("change_id", String(36)),
    Column("mapping_version", Integer),
    Column("notes", JSON),
    Column("at", Utc, nullable=False),
    Index(None, "record_id"),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", Utc, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("before", JSON),
    Column("after", JSON),
    Index(None, "at"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("source_id", String(36), primary_key=True),
    Column("stream", String(80), primary_key=True),
    Column("position", JSON),
    Column("window_end", Utc),
    Column("lease_id", String(36)),
    Column("leased_until", Utc),
)

schedule = Table(
    "schedule",
    metadata,
    id_column(),
    Column("source_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("cron", String(80), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("window_seconds", Integer, nullable=False),
    Column("next_at", Utc),
    Column("lease_id", String(36)),
)
