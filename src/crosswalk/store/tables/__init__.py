"""All tables, in the order of the flow.

Secrets and personal values stand only in `_ct` (encrypted) and `_hmac` columns. Times are UTC without a zone in the database and aware
outside it. One statement text serves SQLite and PostgreSQL, so nothing here uses a type that only one of them has.
"""

from crosswalk.store.tables.access import api_token, invitation, login_throttle, oauth_attempt, session, user, user_connection
from crosswalk.store.tables.alerts import alert, alert_channel, alert_look, alert_message
from crosswalk.store.tables.columns import Utc, metadata
from crosswalk.store.tables.configured import campaign_binding, connection, key_check, mapping_version, source, suspended_row, sync, token
from crosswalk.store.tables.inbox import delivery, entity, event, identity, lane, notice, received_count, refusal, suppression
from crosswalk.store.tables.journal import audit, callout, cursor, delivery_hour, delivery_total, job, run, schedule, step_outcome
from crosswalk.store.tables.ledger import change, change_delivery, claim, link, record_state, slot
from crosswalk.store.tables.salesforce import api_block, api_call, call_size, describe_cache

__all__ = [
    "Utc",
    "alert",
    "alert_channel",
    "alert_look",
    "alert_message",
    "api_block",
    "api_call",
    "api_token",
    "audit",
    "call_size",
    "callout",
    "campaign_binding",
    "change",
    "change_delivery",
    "claim",
    "connection",
    "cursor",
    "delivery",
    "delivery_hour",
    "delivery_total",
    "describe_cache",
    "entity",
    "event",
    "identity",
    "invitation",
    "job",
    "key_check",
    "lane",
    "link",
    "login_throttle",
    "mapping_version",
    "metadata",
    "notice",
    "oauth_attempt",
    "received_count",
    "record_state",
    "refusal",
    "run",
    "schedule",
    "session",
    "slot",
    "source",
    "step_outcome",
    "suppression",
    "suspended_row",
    "sync",
    "token",
    "user",
    "user_connection",
]
