"""The first schema: every table of the flow."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_IN_A_RUN: dict[str, Any] = {"sqlite_where": sa.text("run_id IS NOT NULL"), "postgresql_where": sa.text("run_id IS NOT NULL")}


def upgrade() -> None:  # noqa: PLR0915 - one statement for each table and index, in order
    op.create_table(
        "api_block",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_block")),
    )
    op.create_index(op.f("ix_api_block_connection_id_expires_at"), "api_block", ["connection_id", "expires_at"], unique=False)
    op.create_table(
        "api_call",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("turn_id", sa.String(length=36), nullable=True),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("used_seen", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_call")),
    )
    op.create_index(op.f("ix_api_call_connection_id_started_at"), "api_call", ["connection_id", "started_at"], unique=False)
    op.create_index(op.f("ix_api_call_run_id_id"), "api_call", ["run_id", "id"], unique=False, **_IN_A_RUN)
    op.create_index(op.f("ix_api_call_turn_id"), "api_call", ["turn_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("turn_id", sa.String(length=36), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("operation", sa.String(length=10), nullable=False),
        sa.Column("record_id", sa.String(length=18), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("error_ct", sa.LargeBinary(), nullable=True),
        sa.Column("body_ct", sa.LargeBinary(), nullable=True),
        sa.Column("before_ct", sa.LargeBinary(), nullable=True),
        sa.Column("considered", sa.JSON(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("keyed", sa.Boolean(), nullable=False),
        sa.Column("lease_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=True),
        sa.Column("planned_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("settle_after", sa.DateTime(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_call_id"), "change", ["call_id"], unique=False)
    op.create_index(op.f("ix_change_org_record_id"), "change", ["org", "record_id"], unique=False)
    op.create_index(op.f("ix_change_org_slot_state"), "change", ["org", "slot", "state"], unique=False)
    op.create_index(op.f("ix_change_run_id_id"), "change", ["run_id", "id"], unique=False, **_IN_A_RUN)
    op.create_index(op.f("ix_change_state_settle_after"), "change", ["state", "settle_after"], unique=False)
    op.create_table(
        "claim",
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("turn_id", sa.String(length=36), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=True),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("org", "key_hmac", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_change_id"), "claim", ["change_id"], unique=False)
    op.create_index(op.f("ix_claim_turn_id"), "claim", ["turn_id"], unique=False)
    op.create_table(
        "connection",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("org", sa.String(length=18), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret_ct", sa.LargeBinary(), nullable=True),
        sa.Column("key_field", sa.String(length=80), nullable=True),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("used_seen", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.Column("limit_max", sa.Integer(), nullable=True),
        sa.Column("reserve", sa.Integer(), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("name", name=op.f("uq_connection_name")),
        sa.UniqueConstraint("org", name=op.f("uq_connection_org")),
    )
    op.create_table(
        "cursor",
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("position", sa.JSON(), nullable=True),
        sa.Column("window_end", sa.DateTime(), nullable=True),
        sa.Column("lease_id", sa.String(length=36), nullable=True),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source_id", "stream", name=op.f("pk_cursor")),
    )
    op.create_table(
        "entity",
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=False),
        sa.Column("last_hash", sa.JSON(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("last_event_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "entity_id", name=op.f("pk_entity")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("message_key", sa.String(length=300), nullable=False),
        sa.Column("entity_id", sa.String(length=255), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("group_id", sa.String(length=255), nullable=True),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("person_ct", sa.LargeBinary(), nullable=True),
        sa.Column("payload_ct", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("source_id", "message_key", name=op.f("uq_event_source_id_message_key")),
    )
    op.create_index(op.f("ix_event_run_id_id"), "event", ["run_id", "id"], unique=False, **_IN_A_RUN)
    op.create_index(op.f("ix_event_source_id_received_at"), "event", ["source_id", "received_at"], unique=False)
    op.create_table(
        "identity",
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value_hmac", sa.String(length=64), nullable=False),
        sa.Column("lane_key", sa.String(length=64), nullable=False),
        sa.Column("strong_keys_ct", sa.LargeBinary(), nullable=True),
        sa.Column("freshness", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "kind", "value_hmac", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_lane_key"), "identity", ["lane_key"], unique=False)
    op.create_table(
        "key_check",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value_hmac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_check")),
    )
    op.create_table(
        "lane",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("lane_key", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("lease_id", sa.String(length=36), nullable=True),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
        sa.UniqueConstraint("org", "lane_key", name=op.f("uq_lane_org_lane_key")),
    )
    op.create_index(op.f("ix_lane_org_slot_priority_due_at"), "lane", ["org", "slot", "priority", "due_at"], unique=False)
    op.create_table(
        "link",
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=18), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("org", "object", "key_hmac", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_org_record_id"), "link", ["org", "record_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("message_key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("payload_ct", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("source_id", "message_key", name=op.f("uq_notice_source_id_message_key")),
    )
    op.create_index(op.f("ix_notice_state_due_at"), "notice", ["state", "due_at"], unique=False)
    op.create_table(
        "received_count",
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "day", name=op.f("pk_received_count")),
    )
    op.create_table(
        "record_state",
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("record_id", sa.String(length=18), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("org", "record_id", name=op.f("pk_record_state")),
    )
    op.create_table(
        "refusal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_index(op.f("ix_refusal_at"), "refusal", ["at"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sync_id", sa.String(length=36), nullable=True),
        sa.Column("source_id", sa.String(length=36), nullable=True),
        sa.Column("stream", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("totals", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("stop_requested_at", sa.DateTime(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_source_id_kind"), "run", ["source_id", "kind"])
    op.create_table(
        "schedule",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cron", sa.String(length=80), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("source_id", "kind", name=op.f("uq_schedule_source_id_kind")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("range_start", sa.DateTime(), nullable=True),
        sa.Column("range_end", sa.DateTime(), nullable=True),
        sa.Column("window_seconds", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_job_source_id_key")),
    )
    op.create_index(op.f("ix_job_due_at"), "job", ["due_at"])
    op.create_table(
        "callout",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("system", sa.String(length=40), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=True),
        sa.Column("connection_id", sa.String(length=36), nullable=True),
        sa.Column("request", sa.String(length=300), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callout")),
    )
    op.create_index(op.f("ix_callout_at"), "callout", ["at"])
    op.create_table(
        "slot",
        sa.Column("org", sa.String(length=36), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("lease_id", sa.String(length=36), nullable=True),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("org", "n", name=op.f("pk_slot")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret_ct", sa.LargeBinary(), nullable=True),
        sa.Column("hook_token_hmac", sa.String(length=64), nullable=True),
        sa.Column("previous_hook_token_hmac", sa.String(length=64), nullable=True),
        sa.Column("write_key_hmac", sa.String(length=64), nullable=True),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("hook_token_hmac", name=op.f("uq_source_hook_token_hmac")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
        sa.UniqueConstraint("previous_hook_token_hmac", name=op.f("uq_source_previous_hook_token_hmac")),
        sa.UniqueConstraint("write_key_hmac", name=op.f("uq_source_write_key_hmac")),
    )
    op.create_table(
        "step_outcome",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("object", sa.String(length=80), nullable=True),
        sa.Column("record_id", sa.String(length=18), nullable=True),
        sa.Column("change_id", sa.String(length=36), nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "step", name=op.f("pk_step_outcome")),
    )
    op.create_index(op.f("ix_step_outcome_record_id"), "step_outcome", ["record_id"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("value_hmac", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("value_hmac", name=op.f("pk_suppression")),
    )
    op.create_table(
        "call_size",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_call_size_connection_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "object", name=op.f("pk_call_size")),
    )
    op.create_table(
        "campaign_binding",
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("campaign_id", sa.String(length=18), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_campaign_binding_connection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_campaign_binding_source_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "group_id", "connection_id", name=op.f("pk_campaign_binding")),
    )
    op.create_table(
        "change_delivery",
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("mapping_version", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_change_delivery_change_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "delivery_id", "step", name=op.f("pk_change_delivery")),
    )
    op.create_index(op.f("ix_change_delivery_delivery_id"), "change_delivery", ["delivery_id"], unique=False)
    op.create_table(
        "describe_cache",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("document", sa.JSON(), nullable=True),
        sa.Column("last_modified", sa.String(length=60), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_describe_cache_connection_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", "object", name=op.f("pk_describe_cache")),
    )
    op.create_table(
        "sync",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("source_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("current_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_sync_connection_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_sync_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync")),
        sa.UniqueConstraint("name", name=op.f("uq_sync_name")),
    )
    op.create_index(op.f("ix_sync_source_id_state"), "sync", ["source_id", "state"], unique=False)
    op.create_table(
        "token",
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("token_ct", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("refreshing_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_token_connection_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_token")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("sync_id", sa.String(length=36), nullable=False),
        sa.Column("lane_id", sa.String(length=36), nullable=False),
        sa.Column("occurred_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("deadline", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("split", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.String(length=36), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_delivery_event_id")),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("fk_delivery_lane_id")),
        sa.ForeignKeyConstraint(["sync_id"], ["sync.id"], name=op.f("fk_delivery_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("event_id", "sync_id", name=op.f("uq_delivery_event_id_sync_id")),
    )
    op.create_index(op.f("ix_delivery_lane_id_state_due_at"), "delivery", ["lane_id", "state", "due_at"], unique=False)
    op.create_index(op.f("ix_delivery_run_id_id"), "delivery", ["run_id", "id"], unique=False, **_IN_A_RUN)
    op.create_index(op.f("ix_delivery_state_deadline"), "delivery", ["state", "deadline"], unique=False)
    op.create_index(op.f("ix_delivery_sync_id_state_reason_id"), "delivery", ["sync_id", "state", "reason", "id"], unique=False)
    op.create_table(
        "delivery_hour",
        sa.Column("hour", sa.DateTime(), nullable=False),
        sa.Column("counted_at", sa.DateTime(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_delivery_hour")),
    )
    op.create_table(
        "delivery_total",
        sa.Column("hour", sa.DateTime(), nullable=False),
        sa.Column("sync_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "sync_id", "state", "reason", name=op.f("pk_delivery_total")),
    )
    op.create_table(
        "mapping_version",
        sa.Column("sync_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["sync.id"], name=op.f("fk_mapping_version_sync_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sync_id", "version", name=op.f("pk_mapping_version")),
    )
    op.create_table(
        "suspended_row",
        sa.Column("sync_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("object", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["sync.id"], name=op.f("fk_suspended_row_sync_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sync_id", "version", "object", "field", name=op.f("pk_suspended_row")),
    )
    op.create_table(
        "login_throttle",
        sa.Column("key_hmac", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_hmac", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email_hmac", sa.String(length=64), nullable=False),
        sa.Column("profile_ct", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("letter_keys", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=True),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email_hmac", name=op.f("uq_user_email_hmac")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("token_hmac", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hmac", name=op.f("uq_api_token_token_hmac")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("token_hmac", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=True),
        sa.Column("profile_ct", sa.LargeBinary(), nullable=False),
        sa.Column("email_hmac", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("connections", sa.JSON(), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_invitation_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hmac", name=op.f("uq_invitation_token_hmac")),
    )
    op.create_table(
        "oauth_attempt",
        sa.Column("state_hmac", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("draft_ct", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_oauth_attempt_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("state_hmac", name=op.f("pk_oauth_attempt")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("token_hmac", sa.String(length=64), nullable=False),
        sa.Column("client_ct", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hmac", name=op.f("uq_session_token_hmac")),
    )
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "user_connection",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_user_connection_connection_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_connection_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "connection_id", name=op.f("pk_user_connection")),
    )
    op.create_index(op.f("ix_user_connection_connection_id"), "user_connection", ["connection_id"], unique=False)
