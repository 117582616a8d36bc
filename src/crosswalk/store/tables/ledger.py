"""Stage 4: claims, links, freshness and changes."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from crosswalk.store.tables.columns import Utc, id_column, metadata, run_index

claim = Table(
    "claim",
    metadata,
    Column("org", String(36), primary_key=True),
    Column("key_hmac", String(64), primary_key=True),
    Column("turn_id", String(36), nullable=False),
    Column("change_id", String(36)),  # null until planned; a claim with a change never expires by time
    Column("until", Utc, nullable=False),
    Index(None, "turn_id"),
    Index(None, "change_id"),
)

link = Table(
    "link",
    metadata,
    Column("org", String(36), primary_key=True),
    Column("object", String(80), primary_key=True),
    Column("key_hmac", String(64), primary_key=True),
    Column("record_id", String(18), nullable=False),
    Column("origin", String(10), nullable=False),  # agent, matched, created
    Column("at", Utc, nullable=False),
    Index(None, "org", "record_id"),
)

record_state = Table(
    "record_state",
    metadata,
    Column("org", String(36), primary_key=True),
    Column("record_id", String(18), primary_key=True),
    Column("object", String(80), nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("fields", JSON, nullable=False, default=dict),
)

change = Table(
    "change",
    metadata,
    id_column(),
    Column("org", String(36), nullable=False),
    Column("slot", Integer),  # null: the widget
    Column("turn_id", String(36), nullable=False),
    Column("object", String(80), nullable=False),
    Column("operation", String(10), nullable=False),
    Column("record_id", String(18)),
    Column("state", String(10), nullable=False),
    Column("result", String(12)),  # written, rejected, lost, not_run, duplicate
    Column("error_ct", LargeBinary),  # code, fields and Salesforce's own words, which may quote values
    Column("body_ct", LargeBinary),
    Column("before_ct", LargeBinary),
    Column("considered", JSON),
    Column("reasons", JSON),
    Column("key_hmac", String(64), nullable=False),
    Column("keyed", Boolean, nullable=False, default=False),
    Column("lease_id", String(36), nullable=False),
    Column("call_id", String(36)),
    Column("planned_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Column("settle_after", Utc),
    Column("run_id", String(36)),
    Index(None, "state", "settle_after"),
    Index(None, "org", "slot", "state"),
    Index(None, "call_id"),
    Index(None, "org", "record_id"),
    run_index(),
)

change_delivery = Table(
    "change_delivery",
    metadata,
    Column("change_id", ForeignKey("change.id", ondelete="CASCADE"), primary_key=True),
    Column("delivery_id", String(36), primary_key=True),
    Column("step", String(80), primary_key=True),
    Column("mapping_version", Integer, nullable=False),
    Column("fields", JSON),
    Index(None, "delivery_id"),
)

slot = Table(
    "slot",
    metadata,
    Column("org", String(36), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("lease_id", String(36)),
    Column("leased_until", Utc),
)
