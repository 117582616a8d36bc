"""Campaigns of an org to pick from, and what each still lacks for the members a source's syncs will make.

Asking costs two API calls: one for the campaigns, one for their member statuses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crosswalk.editing import lookups
from crosswalk.mapping import document, labels
from crosswalk.model import Priority
from crosswalk.salesforce import member_statuses, soql
from crosswalk.store.configuration import SyncConfig, SyncState
from crosswalk.turn.context import Org

_MOST = 10
_LONGEST = 100
_FIELDS = "Id, Name, Status, StartDate, IsActive"


@dataclass(frozen=True, slots=True)
class FoundCampaign:
    """One campaign. `missing` are member statuses that the syncs write and it does not have; `is_made` says that they may make them."""

    id: str
    name: str
    status: str
    starts: str
    is_active: bool
    statuses: tuple[str, ...]
    missing: tuple[str, ...]
    is_made: bool


async def found(org: Org, syncs: Iterable[SyncConfig], text: str, bound: str | None = None) -> Sequence[FoundCampaign]:
    """Return campaigns whose name holds the text, those changed last first; the one that is bound stands before them."""
    where = f"WHERE Name LIKE {soql.containing(text.strip()[:_LONGEST])} " if text.strip() else ""
    latest = f"SELECT {_FIELDS} FROM Campaign {where}ORDER BY LastModifiedDate DESC LIMIT {_MOST}"  # noqa: S608  # escaped
    rows = await lookups.rows(org, latest)
    if bound and bound not in {row["Id"] for row in rows}:
        this_one = f"SELECT {_FIELDS} FROM Campaign WHERE Id = {soql.literal(bound)}"  # noqa: S608  # escaped
        rows = [*await lookups.rows(org, this_one), *rows]
    known = await member_statuses.read(org.client, [row["Id"] for row in rows], org.budget.spender(Priority.INTERACTIVE))
    wanted, is_made = _written(syncs)
    made = [_campaign(row, [one.label for one in known.get(row["Id"], ())], wanted, is_made=is_made) for row in rows]
    return sorted(made, key=lambda one: one.id != bound)


def _written(syncs: Iterable[SyncConfig]) -> tuple[list[str], bool]:
    """Return the member statuses that syncs in use write, and whether every one of them may make those that are missing."""
    parsed = [document.parse(one.document) for one in syncs if one.state in (SyncState.ON, SyncState.PAUSED)]
    return [label for one in parsed for label in labels.written(one)], all(one.member_statuses.missing == "create" for one in parsed)


def _campaign(row: Mapping[str, Any], known: Sequence[str], wanted: Sequence[str], *, is_made: bool) -> FoundCampaign:
    return FoundCampaign(
        id=str(row["Id"]),
        name=str(row["Name"] or ""),
        status=str(row["Status"] or ""),
        starts=str(row["StartDate"] or ""),
        is_active=bool(row["IsActive"]),
        statuses=tuple(known),
        missing=member_statuses.missing(known, wanted),
        is_made=is_made,
    )
