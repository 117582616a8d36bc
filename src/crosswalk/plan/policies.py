"""What one mapped field does to one record: the update policies, as a pure function of wants, the org's value and what we remember.

Two rules surprise at first. A value equal to what we last sent is never sent again, so a person or a trigger that changed it wins until
the source itself changes. And every want moves the field's freshness, sent or not, so that a late event cannot win afterwards.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from crosswalk.model import Field, FieldState, Ladder, UpdatePolicy, Want
from crosswalk.plan.canonical import canonical
from crosswalk.reasons import Reason

Hmac = Callable[[str], str]

_STRICTNESS = {
    UpdatePolicy.CREATE_ONLY: 0,
    UpdatePolicy.FILL_EMPTY: 1,
    UpdatePolicy.ADVANCE: 2,
    UpdatePolicy.OVERWRITE: 3,
}


_as_json = json.JSONEncoder(default=str, ensure_ascii=False).encode  # `dumps` would make an encoder for each value
_JUST_AFTER = "~"  # sorts behind every freshness it is appended to and before every later one


class FieldDecision(Struct, frozen=True):
    """Whether a field is sent, with which value, why, and what to remember of it."""

    send: bool
    value: Any
    why: str
    considered: FieldState
    held: Reason | None = None


def digest(field: Field, value: Any, hmac: Hmac) -> str:
    """Return the HMAC of a value's canonical form, as kept in `FieldState.sent`."""
    return hmac(_as_json(_normal(field, value)))


def _normal(field: Field, value: Any) -> Any:
    """Return the value as this field would hold it, rounded as Salesforce rounds."""
    whole = field.type in ("int", "long")
    scale = 0 if whole else field.scale if field.precision else None
    return canonical(field.type, value, scale)


def governing(wants: Sequence[Want]) -> Want:
    """Return the want whose policy rules the field: the first sync's, and of one sync's the stricter."""
    return wants[0] if len(wants) == 1 else min(wants, key=_governance)


def _governance(want: Want) -> tuple[int, int, str, str]:
    return want.sync_position, _STRICTNESS[want.update], want.freshness, want.row


def on_insert(wants: Sequence[Want], field: Field, hmac: Hmac) -> FieldDecision:
    """Decide a field of a record that is about to be created."""
    real = [want for want in wants if not want.placeholder]
    freshness = max((want.freshness for want in real), default="")
    if not real:
        return _placeholder(wants, field, hmac, freshness)
    policy = governing(real)
    statuses = _asked(real) if policy.update is UpdatePolicy.ADVANCE and policy.ladder else {}
    value = _first_value(real, policy, statuses)
    if value is None and policy.update is UpdatePolicy.OVERWRITE:
        return FieldDecision(False, None, "A newer event empties it", FieldState(freshness=freshness))
    if value is None:
        return _placeholder(wants, field, hmac, freshness)
    state = FieldState(freshness=freshness, sent=digest(field, value, hmac), statuses=statuses)
    return FieldDecision(send=True, value=value, why=f"New record ({policy.row})", considered=state)


def _first_value(real: Sequence[Want], policy: Want, statuses: Mapping[str, str]) -> Any:
    """Return what a new record gets, or None: a clear that is newer than every value leaves the field out."""
    if policy.update is UpdatePolicy.ADVANCE and policy.ladder:
        return reached(policy.ladder, statuses)
    if policy.update is UpdatePolicy.OVERWRITE:
        return newest(real).value
    values = [want for want in real if want.value is not None]
    return min(values, key=_order).value if values else None


def _placeholder(wants: Sequence[Want], field: Field, hmac: Hmac, freshness: str) -> FieldDecision:
    stands_in = [want for want in wants if want.placeholder]
    if not stands_in:
        return FieldDecision(False, None, "nothing to send", FieldState(freshness=freshness))
    want = min(stands_in, key=_order)
    state = FieldState(freshness=freshness, sent=digest(field, want.value, hmac), placeholder=True)
    return FieldDecision(send=True, value=want.value, why=f"Stands in for a required value ({want.row})", considered=state)


def on_update(wants: Sequence[Want], current: Any, field: Field, state: FieldState, hmac: Hmac) -> FieldDecision:
    """Decide a field of a record that stands in the org with the value `current`."""
    real = [want for want in wants if not want.placeholder]
    if not real:
        return FieldDecision(False, None, "A placeholder serves new records only", state)
    newest = max(want.freshness for want in real)
    seen = structs.replace(state, freshness=max(state.freshness, newest))
    policy = governing(real)
    if policy.update is UpdatePolicy.CREATE_ONLY:
        return FieldDecision(False, None, "Set only when the record is made", seen)
    if policy.update is UpdatePolicy.ADVANCE and policy.ladder:
        return _advance(real, policy.ladder, current, field, seen, state.freshness, hmac)
    if policy.update is UpdatePolicy.OVERWRITE:
        return _overwrite(real, current, field, seen, state.freshness, hmac)
    return _fill_empty(real, current, field, seen, hmac)


def _fill_empty(wants: Sequence[Want], current: Any, field: Field, seen: FieldState, hmac: Hmac) -> FieldDecision:
    values = [want for want in wants if want.value is not None]
    if not values:
        return FieldDecision(False, None, "The event brings no value", seen)
    if _normal(field, current) is not None and not _is_our_placeholder(current, field, seen, hmac):
        return FieldDecision(False, None, "Already filled, so it stays as it is", seen)
    want = min(values, key=_order)
    return _sent_unless_repeated(want, current, field, seen, hmac, "Fills an empty field")


def _is_our_placeholder(current: Any, field: Field, seen: FieldState, hmac: Hmac) -> bool:
    """Whether a placeholder of ours stands there untouched: it counts as empty (C-04)."""
    return seen.placeholder and digest(field, current, hmac) == seen.sent


def _overwrite(wants: Sequence[Want], current: Any, field: Field, seen: FieldState, before: str, hmac: Hmac) -> FieldDecision:
    want = newest(wants)
    if want.freshness <= before:
        return FieldDecision(False, None, "A newer event was considered already", seen)
    return _sent_unless_repeated(want, current, field, seen, hmac, "Overwrites with the newest value")


def _sent_unless_repeated(want: Want, current: Any, field: Field, seen: FieldState, hmac: Hmac, why: str) -> FieldDecision:
    wanted = digest(field, want.value, hmac)
    considered = structs.replace(seen, sent=wanted, placeholder=False)
    if _normal(field, current) == _normal(field, want.value):
        return FieldDecision(False, None, "Salesforce holds this value already", considered)
    if wanted == seen.sent:
        return FieldDecision(False, None, "Sent before and changed in Salesforce since, so it is left alone", seen)
    return FieldDecision(send=True, value=want.value, why=f"{why} ({want.row})", considered=considered)


def _advance(wants: Sequence[Want], ladder: Ladder, current: Any, field: Field, seen: FieldState, before: str, hmac: Hmac) -> FieldDecision:
    stands = _normal(field, current)
    held = None if _is_our_placeholder(current, field, seen, hmac) else stands
    standing = _standing(_spelled(ladder, held), field, seen, before, hmac)
    statuses = merged(standing, [want for want in wants if want.value is not None])
    considered = structs.replace(seen, statuses=statuses)
    target = reached(ladder, statuses)
    if target is None:
        return FieldDecision(False, None, "No status of the list was asked for", considered)
    wanted = digest(field, target, hmac)
    if _same(target, stands):
        return FieldDecision(False, None, "The status stands already", structs.replace(considered, sent=wanted, placeholder=False))
    if wanted == seen.sent:
        return FieldDecision(False, None, "Changed in Salesforce since, so it is left alone", considered)
    if held is not None and _spelled(ladder, held) is None:
        return FieldDecision(False, None, f"The status {current} is not in the list", considered, held=Reason.UNKNOWN_STATUS)
    return FieldDecision(True, target, f"Moves forward to {target}", structs.replace(considered, sent=wanted, placeholder=False))


def _standing(held: str | None, field: Field, seen: FieldState, before: str, hmac: Hmac) -> Mapping[str, str]:
    """Return the dated statuses with the one that stands in the org among them, so that a climb starts from there.

    Met for the first time it is older than every event; put there by somebody since our last turn it is newer than all of ours.
    """
    if held is None:
        return seen.statuses
    if seen.sent is None:
        return {held: "", **seen.statuses}
    ours = digest(field, held, hmac) == seen.sent
    if ours and held in seen.statuses:
        return seen.statuses
    since = before + _JUST_AFTER if before and not ours else before
    return {**seen.statuses, held: max(seen.statuses.get(held, ""), since)}


def _asked(wants: Sequence[Want]) -> dict[str, str]:
    return merged({}, [want for want in wants if want.value is not None])


def merged(statuses: Mapping[str, str], wants: Sequence[Want]) -> dict[str, str]:
    """Return each status with the latest freshness that asked for it. Commutative, associative, idempotent."""
    result = dict(statuses)
    for want in wants:
        name = str(want.value)
        result[name] = max(result.get(name, ""), want.freshness)
    return dict(sorted(result.items()))


def reached(ladder: Ladder, statuses: Mapping[str, str]) -> str | None:
    """Return the status that a set of dated statuses amounts to.

    The highest rank among those newer than the latest reset, else that reset (engine.md A6 in the project's design).
    """
    resets = [(freshness, name) for name, freshness in statuses.items() if _is_reset(ladder, name)]
    since, reset = max(resets, default=(None, None))
    ranked = {name: _rank(ladder, name) for name, freshness in statuses.items() if since is None or freshness > since}
    climbed = [(rank, name) for name, rank in ranked.items() if rank is not None]
    return max(climbed)[1] if climbed else reset


def _rank(ladder: Ladder, name: str) -> int | None:
    wanted = name.casefold()
    return next((place for place, rank in enumerate(ladder.ranks) if rank.casefold() == wanted), None)


def _is_reset(ladder: Ladder, name: str) -> bool:
    wanted = name.casefold()
    return any(reset.casefold() == wanted for reset in ladder.resets)


def _spelled(ladder: Ladder, name: Any) -> str | None:
    """Return the ladder's spelling of a status, or None when it is not on the ladder."""
    wanted = str(name).casefold()
    return next((status for status in (*ladder.ranks, *sorted(ladder.resets)) if status.casefold() == wanted), None)


def _same(one: Any, other: Any) -> bool:
    return one is not None and other is not None and str(one).casefold() == str(other).casefold()


def newest(wants: Sequence[Want]) -> Want:
    """Return the newest want; of one event's the first sync's."""
    return wants[0] if len(wants) == 1 else max(wants, key=_recency)


def _recency(want: Want) -> tuple[str, int, str]:
    return want.freshness, -want.sync_position, want.row


def _order(want: Want) -> tuple[str, int, str]:
    return want.freshness, want.sync_position, want.row
