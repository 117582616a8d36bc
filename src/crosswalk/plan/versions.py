"""Which version of which sync's mapping last decided a field.

A replay under a newer version brings the event's own time again, which alone would say "considered already". Where the same sync's newer
version asks, an overwriting row may correct what the older one made of the same event.
"""

from collections.abc import Sequence

from msgspec import structs

from crosswalk.model import Draft, FieldState, UpdatePolicy, Want
from crosswalk.plan import policies


def rule_of(draft: Draft, wants: Sequence[Want]) -> str:
    """Return who asks for the newest of the wants: `sync@version`, or nothing where only placeholders are wanted."""
    real = [want for want in wants if not want.placeholder]
    if not real:
        return ""
    delivery = policies.newest(real).delivery_id
    origin = next((origin for origin in draft.origins if origin.delivery_id == delivery), None)
    return f"{origin.sync_id}@{origin.mapping_version}" if origin else ""


def reopened(known: FieldState, wants: Sequence[Want], rule: str) -> FieldState:
    """Return what we remember of a field, as if its last event had not been considered where a newer version asks about the same one."""
    real = [want for want in wants if not want.placeholder]
    if not real or policies.governing(real).update is not UpdatePolicy.OVERWRITE:
        return known
    same_event = policies.newest(real).freshness == known.freshness
    return structs.replace(known, freshness="") if same_event and _newer(rule, known.rule) else known


def stamped(considered: FieldState, known: FieldState, rule: str) -> FieldState:
    """Return the state with the rule that made it; a late event leaves the rule of the newer one."""
    late = bool(known.rule) and considered.freshness == known.freshness and not _newer(rule, known.rule)
    return structs.replace(considered, rule=known.rule if late else rule or known.rule)


def _newer(rule: str, before: str) -> bool:
    """Whether both are versions of one sync and the first is the newer."""
    sync, _, version = rule.rpartition("@")
    known_sync, _, known_version = before.rpartition("@")
    return bool(sync) and sync == known_sync and int(version) > int(known_version)
