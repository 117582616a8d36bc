"""Rows of the inbox back as the nouns they were."""

from dataclasses import replace
from typing import Any

from crosswalk.model import Delivery, Event
from crosswalk.reasons import Reason, State
from crosswalk.sources import bodies
from crosswalk.store.vault import Vault


def event(row: Any, event_id: str, vault: Vault) -> Event:
    """Return an event; its payload is None when retention has blanked it. Raise `ConfigurationError` when it cannot be opened."""
    body = b"" if row.payload_ct is None else vault.open(row.payload_ct)
    return replace(
        without_content(row, event_id),
        payload=bodies.read(body) if body else None,
        body=body,
        person={} if row.person_ct is None else vault.open(row.person_ct),
    )


def without_content(row: Any, event_id: str) -> Event:
    """Return an event as far as it is known without opening anything."""
    return Event(
        id=event_id,
        source_id=row.source_id,
        type=row.type,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        payload=None,
        entity_id=row.entity_id,
        revision=row.revision,
        message_id=row.message_id,
        group_id=row.group_id,
        rank=row.rank,
    )


def delivery(row: Any) -> Delivery:
    """Return a delivery."""
    return Delivery(
        id=row.id,
        event_id=row.event_id,
        sync_id=row.sync_id,
        lane_id=row.lane_id,
        occurred_at=row.occurred_at,
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
        due_at=row.due_at,
        deadline=row.deadline,
        attempts=row.attempts,
        run_id=row.run_id,
    )
