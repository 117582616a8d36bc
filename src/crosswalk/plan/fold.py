"""Drafts that share a key become one, over all syncs and lanes of a turn.

Two drafts are the same record when they share a claim and none of their match keys disagree. Colleagues who share a phone but not an
e-mail share a claim and are not the same record: the later one waits for the next turn, so that it sees what became of the first. A
draft that the mapping holds stays by itself, so that it holds nobody else's values.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec import structs

from crosswalk.model import Draft, MatchKey, OnMissing, Target, Want

_LAST = 1_000_000  # the position of a draft that wants nothing: any other's settings rule


@dataclass(frozen=True, slots=True)
class Folded:
    """Drafts to decide now, and drafts whose keys the former hold and that come in a later turn."""

    drafts: tuple[Draft, ...]
    later: tuple[Draft, ...]


def fold(drafts: Sequence[Draft], alone: frozenset[str] = frozenset()) -> Folded:
    """Merge drafts that share a claim.

    `alone` are deliveries that were refused inside an earlier fold: they go one by one (P10). The result does not depend on the order
    of the drafts.
    """
    now = [draft for draft in drafts if draft.held]
    later: list[Draft] = []
    for group in _components([draft for draft in drafts if not draft.held]):
        if len(group) == 1:  # as most are
            now += group
            continue
        together, rest = _compatible(sorted(group, key=_age), alone)
        now.append(_merged(together))
        later.extend(rest)
    return Folded(tuple(sorted(now, key=_age)), tuple(sorted(later, key=_age)))


def _components(drafts: Sequence[Draft]) -> Iterable[list[Draft]]:
    """Group drafts that are connected through shared claims (union-find)."""
    parent = list(range(len(drafts)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    holder: dict[str, int] = {}
    for place, draft in enumerate(drafts):
        for claim in draft.claims:
            parent[root(place)] = root(holder.setdefault(claim, place))
    groups: defaultdict[int, list[Draft]] = defaultdict(list)
    for place, draft in enumerate(drafts):
        groups[root(place)].append(draft)
    return groups.values()


def _compatible(group: Sequence[Draft], alone: frozenset[str]) -> tuple[list[Draft], list[Draft]]:
    """Take the oldest draft and, as long as one is found, the oldest that shares a claim with those taken and may be the same record."""
    together, rest = [group[0]], list(group[1:])
    if _goes_alone(group[0], alone):
        return together, rest
    keys = _keys(group[0])
    claims = set(group[0].claims)
    while found := next((draft for draft in rest if claims.intersection(draft.claims) and _agrees(draft, group[0], keys, alone)), None):
        rest = [draft for draft in rest if draft is not found]
        together.append(found)
        claims.update(found.claims)
        for name, values in _keys(found).items():
            keys.setdefault(name, set()).update(values)
    return sorted(together, key=_age), rest


def _agrees(draft: Draft, oldest: Draft, keys: dict[str, set[str]], alone: frozenset[str]) -> bool:
    """Whether a draft may be the same record as the oldest and all that was taken with it."""
    if draft.record_id != oldest.record_id or _goes_alone(draft, alone):
        return False
    return all(name not in keys or keys[name] & values for name, values in _keys(draft).items())


def _goes_alone(draft: Draft, alone: frozenset[str]) -> bool:
    return any(origin.delivery_id in alone for origin in draft.origins)


def _keys(draft: Draft) -> dict[str, set[str]]:
    """Return the draft's match keys as name → values: `person:email` → `{"ann@x.example"}`."""
    keys: dict[str, set[str]] = {}
    for target in draft.targets:
        for key in target.keys:
            name, _, value = key.claim.partition("=")
            keys.setdefault(name, set()).add(value)
    return keys


def _merged(drafts: Sequence[Draft]) -> Draft:
    if len(drafts) == 1:
        return drafts[0]
    first = min(drafts, key=_precedence)
    creating = min((draft for draft in drafts if _creates(draft)), key=_precedence, default=first)
    return structs.replace(
        first,
        origins=tuple(dict.fromkeys(origin for draft in drafts for origin in draft.origins)),
        targets=_merged_targets(first, drafts),
        claims=tuple(sorted({claim for draft in drafts for claim in draft.claims})),
        create=creating.create,
        on_missing=creating.on_missing,
        notes=tuple(dict.fromkeys(note for draft in drafts for note in draft.notes)),
    )


def _creates(draft: Draft) -> bool:
    """Whether the draft may make its record: one that may not would otherwise keep another sync's from doing so."""
    return draft.create is not None and draft.on_missing is OnMissing.CREATE


def _merged_targets(first: Draft, drafts: Sequence[Draft]) -> tuple[Target, ...]:
    order = list(dict.fromkeys(target.object for draft in (first, *drafts) for target in draft.targets))
    return tuple(_merged_target(name, drafts) for name in order)


def _merged_target(name: str, drafts: Sequence[Draft]) -> Target:
    targets = [target for draft in sorted(drafts, key=_precedence) for target in draft.targets if target.object == name]
    keys: dict[tuple[str, str], MatchKey] = {}
    for target in targets:
        for key in target.keys:
            same = keys.setdefault((key.claim, key.field), key)
            keys[key.claim, key.field] = structs.replace(same, spellings=tuple(sorted({*same.spellings, *key.spellings})))
    wants: list[Want] = sorted((want for target in targets for want in target.wants), key=_want_order)
    return Target(name, targets[0].step, tuple(keys.values()), tuple(wants))


def _want_order(want: Want) -> tuple[str, int, str, str]:
    return want.freshness, want.sync_position, want.field, want.row


def _precedence(draft: Draft) -> tuple[int, str, str]:
    """Order by the admin's order of syncs: the first one's settings rule a merged draft."""
    freshness, position, name = _age(draft)
    return position, freshness, name


def _age(draft: Draft) -> tuple[str, int, str]:
    """Order by time, and drafts of one event by the order of syncs."""
    freshness, name = min((origin.freshness, f"{origin.delivery_id}{origin.step}") for origin in draft.origins)
    positions = [want.sync_position for target in draft.targets for want in target.wants]
    return freshness, min(positions, default=_LAST), name
