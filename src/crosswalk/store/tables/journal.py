"""Stage 7: runs, outcomes, audit, failed calls; cursors, schedules and jobs."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from crosswalk.store.tables.columns import Utc, id_column, metadata

run = Table(
    "run",
    metadata,
    id_column(),
    Column("kind", String(20), nullable=False),  # backfill, replay, pull, periodic, daily, manual, on_demand, reread, undo
    Column("sync_id", String(36)),
    Column("source_id", String(36)),
    Column("stream", String(80)),
    Column("state", String(10), nullable=False),  # running, done, stopped, failed
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("totals", JSON, nullable=False, default=dict),
    Column("progress", JSON, nullable=False, default=dict),  # of a pull: moves in the transaction of each page
    Column("stop_requested_at", Utc),
    Column("detail", Text),
    Index(None, "source_id", "kind"),
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

delivery_hour = Table(  # which hours of deliveries are counted, and whether for good
    "delivery_hour",
    metadata,
    Column("hour", Utc, primary_key=True),
    Column("counted_at", Utc, nullable=False),
    Column("is_over", Boolean, nullable=False),
)

delivery_total = Table(
    "delivery_total",
    metadata,
    Column("hour", Utc, primary_key=True),
    Column("sync_id", String(36), primary_key=True),
    Column("state", String(10), primary_key=True),
    Column("reason", String(24), primary_key=True),  # empty: none
    Column("number", Integer, nullable=False),
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
    Column("kind", String(20), nullable=False),  # periodic, daily
    Column("state", String(10), nullable=False),  # on, off
    Column("cron", String(80), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("window_seconds", Integer, nullable=False),
    Column("next_at", Utc),  # null while it is off
    UniqueConstraint("source_id", "kind"),
)

job = Table(  # work that is due once: taken by pushing its time ahead, deleted when done
    "job",
    metadata,
    id_column(),
    Column("source_id", String(36), nullable=False),
    Column("key", String(300), nullable=False),  # what makes two jobs the same work
    Column("kind", String(20), nullable=False),
    Column("stream", String(80)),
    Column("subject", String(255)),  # one session or conversation
    Column("range_start", Utc),
    Column("range_end", Utc),  # of a re-read: when the session ended
    Column("window_seconds", Integer),
    Column("due_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("source_id", "key"),
    Index(None, "due_at"),
)

callout = Table(  # calls to a source or to Salesforce that failed; no secret, no personal value
    "callout",
    metadata,
    id_column(),
    Column("at", Utc, nullable=False),
    Column("system", String(40), nullable=False),
    Column("source_id", String(36)),
    Column("connection_id", String(36)),
    Column("request", String(300), nullable=False),
    Column("status", Integer),
    Column("code", String(40), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("next_step", Text, nullable=False),
    Index(None, "at"),
)
