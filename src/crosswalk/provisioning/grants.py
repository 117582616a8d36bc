"""The permission sets: what the connection's user needs to see and write, added to what they grant already.

Two of them: one for the custom objects and fields, which every org takes, and one for Salesforce's own objects, which is only made where
the user lacks a right on them. Updating a set replaces its grants, so those it has are always sent along.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from crosswalk.model import OrgSchema
from crosswalk.provisioning import definitions
from crosswalk.provisioning.declare import Declaration
from crosswalk.provisioning.survey import PERMISSION_SET, STANDARD_SET, State
from crosswalk.salesforce.xml_text import Content, listed

_OBJECTS, _FIELDS, _TABS = "objectPermissions", "fieldPermissions", "tabSettings"
_KEYS = {_OBJECTS: "object", _FIELDS: "field", _TABS: "tab"}
_KEPT = (*_KEYS, "userPermissions", "recordTypeVisibilities", "customPermissions", "applicationVisibilities", "classAccesses")
_MOST_NAMES = 8
_SENTENCES = {
    PERMISSION_SET: ("Crosswalk", "Lets Crosswalk's user, and whoever else has it, see and write what Crosswalk keeps."),
    STANDARD_SET: ("Crosswalk Standard Objects", "Lets Crosswalk's user write the people, members and cases that its syncs write."),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission set: whether it is wanted at all, whether the org has it, and what to deploy; None when it grants enough."""

    name: str
    wanted: bool
    exists: bool
    content: Content | None
    sentence: str
    obstacles: tuple[str, ...] = ()


def whole(wanted: Declaration) -> dict[str, Content]:
    """Return both permission sets with everything the declaration asks for, for an org that is not looked at."""
    fields = {name.lower(): [each.field for each in wanted.fields_of(name)] for name in wanted.surveyed}
    tabs = [each.name for each in wanted.objects if each.tab]
    parts = {PERMISSION_SET: _own(wanted, fields, tabs, lambda _name: True), STANDARD_SET: _standard(wanted.standard_rights)}
    return {name: definitions.permission_set(*_SENTENCES[name], held) for name, held in parts.items() if any(held.values())}


def needed(
    wanted: Declaration, state: State, usable: Mapping[str, list[str]], tabs: Iterable[str], exists: Callable[[str], bool]
) -> tuple[Grant, ...]:
    """Return both permission sets as they have to be; `usable` are the wanted fields there will be, by object in lower case."""
    lacking = lacking_rights(wanted, state.seen)
    own = _grant(PERMISSION_SET, _own(wanted, usable, tabs, exists), state)
    standard = _grant(STANDARD_SET, _standard(lacking), state)
    if lacking and standard.content is None and STANDARD_SET in state.assigned:
        told = tuple(
            f"The user has it and still may not {' or '.join(sorted(rights))} {name}; its licence, or a muting permission set, forbids it."
            for name, rights in lacking.items()
        )
        standard = Grant(standard.name, standard.wanted, standard.exists, None, "", told)
    return (own, standard)


def lacking_rights(wanted: Declaration, seen: OrgSchema) -> dict[str, frozenset[str]]:
    """Return what the user may not do with Salesforce's own objects, by object."""
    found = {}
    for name, rights in wanted.standard_rights.items():
        described = seen.object(name)
        missing = set(rights) if described is None else set()
        if described is not None:
            missing |= {"create"} if "create" in rights and not described.createable else set()
            missing |= {"edit"} if "edit" in rights and not described.updateable else set()
        if missing:
            found[name] = frozenset(missing)
    return found


def _own(
    wanted: Declaration, usable: Mapping[str, list[str]], tabs: Iterable[str], exists: Callable[[str], bool]
) -> dict[str, list[Content]]:
    fields = [
        definitions.field_permission(each.path)
        for each in wanted.fields
        if each.field in usable.get(each.object.lower(), []) and definitions.is_granted(each, required=wanted.is_required(each))
    ]
    objects = [definitions.object_permission(name, rights) for name, rights in wanted.rights.items() if exists(name)]
    return {_OBJECTS: objects, _FIELDS: fields, _TABS: [definitions.tab_setting(name) for name in tabs]}


def _standard(rights: Mapping[str, Iterable[str]]) -> dict[str, list[Content]]:
    return {_OBJECTS: [definitions.object_permission(name, wanted) for name, wanted in rights.items()]}


def _grant(name: str, parts: Mapping[str, list[Content]], state: State) -> Grant:
    existing = state.component("PermissionSet", name)
    granted = {key: {str(each.get(_KEYS[key], "")).lower(): each for each in listed(existing, key)} for key in _KEYS}
    lacking = {
        key: [each for each in held if not _covers(granted[key].get(str(each[_KEYS[key]]).lower()), each)] for key, held in parts.items()
    }
    count = sum(map(len, lacking.values()))
    wanted = any(parts.values())
    if not count:
        return Grant(name, wanted, existing is not None, None, "")
    merged = {key: _merged(list(granted[key].values()), lacking.get(key, ()), _KEYS[key]) for key in _KEYS}
    kept = {key: listed(existing, key) for key in _KEPT if key not in _KEYS and listed(existing, key)}
    label, description = _SENTENCES[name]
    content = definitions.permission_set(label, description, {**{key: held for key, held in merged.items() if held}, **kept})
    return Grant(name, wanted, existing is not None, content, f"Permission set {label} grants {_named(lacking)}")


def _named(lacking: Mapping[str, Iterable[Content]]) -> str:
    """Return what is granted in words: every name where they are few."""
    names = list(dict.fromkeys(str(each[_KEYS[key]]) for key, held in lacking.items() for each in held))
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"


def _covers(granted: Content | None, wanted: Content) -> bool:
    """Tell whether a grant allows all that is wanted."""
    if granted is None:
        return False
    return all(str(granted.get(name, "")).lower() == "true" for name, value in wanted.items() if value is True) and all(
        granted.get(name) == value for name, value in wanted.items() if name == "visibility"
    )


def _merged(granted: list[Content], added: Iterable[Content], key: str) -> list[Content]:
    found = {str(each[key]).lower(): dict(each) for each in granted}
    for each in added:
        old = found.get(str(each[key]).lower(), {})
        flags = {name: value or str(old.get(name, "")).lower() == "true" for name, value in each.items() if isinstance(value, bool)}
        found[str(each[key]).lower()] = {**old, **each, **flags}
    return [found[name] for name in sorted(found)]
