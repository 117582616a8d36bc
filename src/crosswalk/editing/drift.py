"""Rows that died after they were saved: their field is gone from the org, or Salesforce refused it and the row was suspended.

The rows a preset brings for fields the org never had are no drift: they are kept, marked and not sent. So a row is dead only when the sync
did not begin with it as it stands, or when it was put out of use on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from crosswalk.editing.desk import Desk
from crosswalk.errors import Problem
from crosswalk.mapping import drafts
from crosswalk.mapping.differences import keyed, named
from crosswalk.mapping.drafts import Draft, DraftRow
from crosswalk.store import tables

DEAD = frozenset({"gone", "suspended"})


@dataclass(frozen=True, slots=True)
class Dead:
    """What is known about dead rows of a sync."""

    desk: Desk
    suspended: Mapping[tuple[str, str], str]  # lower-case object and field → why
    first: Mapping[str, Any]  # the document of the sync's first version

    def problems(self, draft: Draft) -> list[Problem]:
        """Return a problem for each dead row of a draft: it has to be replaced or removed before the next save (LS-42)."""
        found = []
        known = self.desk.known_schema
        begun = {name: keyed(step) for name, step in named(drafts.normal(self.first)).items()}
        for rows, step in zip(draft.rows, draft.data.get("steps") or (), strict=False):
            owner = str(step.get("object") or "")
            target = known.object(owner) if known else None
            for row in rows:
                why = self.suspended.get((owner.lower(), row.field.lower()))
                gone = target is not None and bool(row.field) and target.field(row.field) is None
                is_drift = why is not None or begun.get(str(step.get("name")), {}).get(row.field.lower()) != row.data
                if gone and is_drift:
                    found.append(Problem("gone", f"{row.place}.field", _gone(row)))
                elif why is not None:
                    sentence = (
                        f"Salesforce refused this field, so the row is paused: {why} Pick another field or remove the row, then save."
                    )
                    found.append(Problem("suspended", f"{row.place}.field", sentence))
        return found


def _gone(row: DraftRow) -> str:
    return f"{row.field} no longer exists in Salesforce, so the row is paused. Pick another field or remove the row, then save."


async def dead(tx: AsyncConnection, desk: Desk) -> Dead:
    """Read what tells dead rows from rows that wait for their field."""
    suspended, version = tables.suspended_row, tables.mapping_version
    rows = await tx.execute(select(suspended).where(suspended.c.sync_id == desk.sync.id, suspended.c.version == desk.sync.version))
    first = (
        await tx.execute(select(version.c.document).where(version.c.sync_id == desk.sync.id).order_by(version.c.version).limit(1))
    ).scalar_one_or_none()
    return Dead(desk, {(row.object.lower(), row.field.lower()): row.sentence for row in rows}, first or {})
