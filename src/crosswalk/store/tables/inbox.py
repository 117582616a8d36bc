"""Stage 2: what has arrived and whose turn it is."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from crosswalk.store.tables.columns import Utc, id_column, metadata, run_index

entity = Table(
    "entity",
    metadata,
    Column("source_id", String(36), primary_key=True),
    Column("entity_id", String(255), primary_key=True),
    Column("last_hash", JSON, nullable=False),  # attribute key → the revision that told it last, and the HMAC of its value
    Column("revision", BigInteger, nullable=False, default=0),
    Column("last_event_id", String(36), nullable=False),
)

event = Table(
    "event",
    metadata,
    id_column(),
    Column("source_id", String(36), nullable=False),
    Column("message_key", String(300), nullable=False),  # m:<message id>, or e:<event id> for entity revisions
    Column("entity_id", String(255)),
    Column("revision", BigInteger),
    Column("message_id", String(255)),
    Column("group_id", String(255)),
    Column("type", String(80), nullable=False),
    Column("rank", Integer, nullable=False, default=0),
    Column("occurred_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("status", String(10), nullable=False),  # routed, unrouted, invalid
    Column("code", String(40)),  # why it is invalid
    Column("detail", Text),  # the same in a sentence
    Column("run_id", String(36)),
    Column("person_ct", LargeBinary),
    Column("payload_ct", LargeBinary),  # null after retention
    UniqueConstraint("source_id", "message_key"),
    Index(None, "source_id", "received_at"),
    run_index(),
)

identity = Table(
    "identity",
    metadata,
    Column("source_id", String(36), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("value_hmac", String(64), primary_key=True),
    Column("lane_key", String(64), nullable=False),
    Column("strong_keys_ct", LargeBinary),  # kinds → values learnt later, such as the e-mail of a user id
    Column("freshness", String(320), nullable=False, default=""),
    Index(None, "lane_key"),
)

lane = Table(
    "lane",
    metadata,
    id_column(),
    Column("org", String(36), nullable=False),  # the connection's id: the org id may not be known yet at receive
    Column("lane_key", String(64), nullable=False),
    Column("slot", Integer, nullable=False, default=0),
    Column("priority", Integer, nullable=False, default=1),
    Column("due_at", Utc),
    Column("lease_id", String(36)),
    Column("leased_until", Utc),
    UniqueConstraint("org", "lane_key"),
    Index(None, "org", "slot", "priority", "due_at"),
)

delivery = Table(
    "delivery",
    metadata,
    id_column(),
    Column("event_id", ForeignKey("event.id"), nullable=False),
    Column("sync_id", ForeignKey("sync.id"), nullable=False),
    Column("lane_id", ForeignKey("lane.id"), nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(24)),
    Column("detail", Text),
    Column("priority", Integer, nullable=False, default=1),
    Column("due_at", Utc),
    Column("deadline", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("split", Boolean, nullable=False, default=False),  # was refused inside a fold: goes alone
    Column("run_id", String(36)),
    Column("updated_at", Utc, nullable=False),
    UniqueConstraint("event_id", "sync_id"),
    Index(None, "lane_id", "state", "due_at"),
    Index(None, "sync_id", "state", "reason", "id"),  # the event log, filtered, in the order of time
    Index(None, "state", "deadline"),
    run_index(),
)

notice = Table(
    "notice",
    metadata,
    id_column(),
    Column("source_id", String(36), nullable=False),
    Column("message_key", String(300), nullable=False),
    Column("kind", String(80), nullable=False),
    Column("state", String(10), nullable=False),  # to_fetch, done, held
    Column("received_at", Utc, nullable=False),
    Column("due_at", Utc),
    Column("attempts", Integer, nullable=False, default=0),
    Column("detail", Text),
    Column("payload_ct", LargeBinary),
    UniqueConstraint("source_id", "message_key"),
    Index(None, "state", "due_at"),
)

received_count = Table(  # what reached us, by how it was taken: the left side of the sums of P7
    "received_count",
    metadata,
    Column("source_id", String(36), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("received", Integer, nullable=False, default=0),  # items, whatever became of them
    Column("events", Integer, nullable=False, default=0),
    Column("notices", Integer, nullable=False, default=0),
    Column("repeats", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
)

refusal = Table(  # the trace of a request that was answered with 4xx; no body, no secret
    "refusal",
    metadata,
    id_column(),
    Column("source_id", String(36)),
    Column("at", Utc, nullable=False),
    Column("code", String(40), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Index(None, "at"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("value_hmac", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)
