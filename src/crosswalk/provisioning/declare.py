"""What the chosen presets need in an org, gathered into one declaration; the org itself is not looked at here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from crosswalk.errors import ConfigurationError
from crosswalk.mapping import check, document
from crosswalk.mapping.document import AutoMatchEntry, Document, FieldRow
from crosswalk.presets import loader
from crosswalk.presets.needs import FieldNeed, ObjectNeed, ReportTypeNeed, ValuesNeed

KEY_FIELD = "Crosswalk_Key__c"
KEY_LENGTH = 80
CUSTOM = "__c"

_UNGRANTED = frozenset({"campaignmember", "campaignmemberstatus", "task", "event", "user"})
"""Objects without rights of their own: they follow the campaign, the activity settings, or the profile."""
_LEANS_ON = {"Contact": ("Account",), "Case": ("Account", "Contact"), "Opportunity": ("Account",)}
"""Reading these is refused to who may not read what they lean on."""
_MEMBER = "CampaignMember"
ACTIVITIES = frozenset({"task", "event"})
"""Objects whose custom fields are made on Activity, where they take no part in deploys of one or the other."""


@dataclass(frozen=True, slots=True)
class Status:
    """A text that Campaign Members are given, and whether it counts as a response."""

    label: str
    responded: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything wanted of an org. Rights are words such as `read` and `create`, by object."""

    presets: tuple[str, ...]
    objects: tuple[ObjectNeed, ...]
    fields: tuple[FieldNeed, ...]
    values: tuple[ValuesNeed, ...]
    report_types: tuple[ReportTypeNeed, ...]
    statuses: tuple[Status, ...]
    rights: Mapping[str, frozenset[str]]
    standard_rights: Mapping[str, frozenset[str]]
    required: frozenset[str] = frozenset()
    unkeyed: tuple[str, ...] = ()

    def fields_of(self, object_name: str) -> tuple[FieldNeed, ...]:
        """Return the fields wanted on an object."""
        return tuple(each for each in self.fields if each.object == object_name)

    def is_required(self, need: FieldNeed) -> bool:
        """Tell whether a field shall be required, the admin's choice included."""
        return need.required is True or (need.required == "ask" and need.path.lower() in self.required)

    def renamed(self, names: Mapping[str, str]) -> "Declaration":
        """Return the declaration with its own objects under other names, given by the names they are declared with."""
        objects = tuple(
            each.model_copy(update={"name": names[each.name], "fields": tuple(_moved(field, names) for field in each.fields)})
            if each.name in names
            else each
            for each in self.objects
        )
        return replace(
            self,
            objects=objects,
            fields=_unlike_fields(_moved(each, names) for each in self.fields),
            report_types=tuple(each.model_copy(update={"object": names.get(each.object, each.object)}) for each in self.report_types),
            rights={names.get(name, name): rights for name, rights in self.rights.items()},
        )

    def names_in(self, there: Iterable[str]) -> dict[str, str]:
        """Return the names under which objects are there, by those they are declared with, where these differ."""
        known = {name.lower(): name for name in there}
        found = {each.name: known[other.lower()] for each in self.objects for other in each.also if other.lower() in known}
        return {name: other for name, other in found.items() if name.lower() not in known}

    def narrowed(self, written: Iterable[str]) -> "Declaration":
        """Return what is needed by mappings that write these fields, given as `Object.Field`; objects of its own are needed whole."""
        paths = {each.lower() for each in written}
        touched = {path.partition(".")[0] for path in paths}
        objects = tuple(each for each in self.objects if each.name.lower() in touched)
        own = {each.name for each in objects}
        return replace(
            self,
            objects=objects,
            fields=tuple(each for each in self.fields if each.object in own or each.path.lower() in paths),
            values=tuple(each for each in self.values if f"{each.object}.{each.field}".lower() in paths),
            report_types=tuple(each for each in self.report_types if each.object in own),
            rights={name: rights for name, rights in self.rights.items() if name in own},
            standard_rights={},
        )

    @property
    def choices(self) -> tuple[FieldNeed, ...]:
        """The fields of which the admin says whether they are required."""
        return tuple(each for each in self.fields if each.required == "ask")

    @property
    def surveyed(self) -> tuple[str, ...]:
        """The objects that have to be looked at."""
        names = [each.name for each in self.objects] + [each.object for each in self.fields] + [each.object for each in self.values]
        return tuple(dict.fromkeys(names))


def declaration(
    presets: Iterable[str],
    *,
    options: Iterable[str] = (),
    key_field: str | None = KEY_FIELD,
    required: Iterable[str] = (),
    lookups: Iterable[str] = (),
    documents: Iterable[Document] = (),
) -> Declaration:
    """Return what the presets need, with those options that each of them has, and what mappings made of them need besides.

    `required` are fields the admin wants required, `lookups` objects to link the preset's own to. The key field goes on every object that
    a preset or one of the `documents` writes.
    """
    loaded = _loaded(presets, tuple(options))
    own = tuple(documents)
    written = sorted({name for each in own for name in document.written(each)})
    parsed = [document.parse(each.document) for each in loaded]
    objects = _unlike([each for preset in loaded for each in preset.needs.objects])
    fields = [each for preset in loaded for each in preset.needs.every_field()]
    fields += [_lookup(one, target) for target in lookups for one in _linkable(objects)]
    if key_field:
        keyed = dict.fromkeys((*(step.object for each in parsed for step in each.steps if step.object), *written))
        fields += [_key(name, key_field) for name in keyed if name.lower() not in ACTIVITIES]
    made = Declaration(
        presets=tuple(each.name for each in loaded),
        objects=objects,
        fields=_unlike_fields(fields),
        values=tuple(dict.fromkeys(each for preset in loaded for each in preset.needs.values)),
        report_types=tuple(dict.fromkeys(each for preset in loaded for each in preset.needs.report_types)),
        statuses=statuses(loaded),
        rights={each.name: frozenset(each.rights) for each in objects},
        standard_rights=_standard_rights([*parsed, *own]),
        required=frozenset(each.lower() for each in required),
        unkeyed=tuple(name for name in written if name.lower() in ACTIVITIES),
    )
    _refuse_unknown_choices(made)
    return made


def _loaded(names: Iterable[str], options: tuple[str, ...]) -> list[loader.Preset]:
    """Load each preset with the options it has; one that none of them has is an error."""
    plain = [loader.load(name) for name in dict.fromkeys(names)]
    known = sorted({option for each in plain for option in each.options})
    unknown = next((option for option in options if option not in known), None)
    if unknown is not None:
        raise ConfigurationError(f"None of these presets has an option {unknown!r}; they have: {', '.join(known) or 'none'}.")
    return [loader.load(each.name, [option for option in options if option in each.options]) for each in plain]


def statuses(presets: Iterable[loader.Preset]) -> tuple[Status, ...]:
    """Return the member statuses of presets, each once."""
    found: dict[str, Status] = {}
    for preset in presets:
        for label in preset.member_statuses:
            found.setdefault(label.casefold(), Status(label, label in preset.responded))
    return tuple(found.values())


def _linkable(objects: tuple[ObjectNeed, ...]) -> tuple[ObjectNeed, ...]:
    found = tuple(each for each in objects if each.lookups_on_request)
    if not found:
        raise ConfigurationError("None of these presets has an object that can be given further lookups; leave --lookup out.")
    return found


def _lookup(owner: ObjectNeed, target: str) -> FieldNeed:
    plain = target.removesuffix(CUSTOM)
    return FieldNeed(
        object=owner.name,
        field=f"{plain}{CUSTOM}",
        label=plain.replace("_", " "),
        type="Lookup",
        references=target,
        relationship=owner.name.removesuffix(CUSTOM) + "s",
        relationship_label=owner.plural,
        why=f"Links records of {owner.label} to {plain.replace('_', ' ')}.",
    )


def _key(object_name: str, name: str) -> FieldNeed:
    return FieldNeed(
        object=object_name,
        field=name,
        label="Crosswalk Key",
        type="Text",
        length=KEY_LENGTH,
        unique=True,
        case_sensitive=True,
        external_id=True,
        why="Keeps a record from being made twice.",
    )


def _standard_rights(parsed: Iterable[Document]) -> dict[str, frozenset[str]]:
    """Return the smallest rights on Salesforce's own objects: what steps write they create and edit, what they look at they read."""
    found: dict[str, set[str]] = {}
    for each in parsed:
        for step in each.steps:
            if step.object and not step.object.endswith(CUSTOM):
                rights = {"read", "edit", "create"} if check.creates(step, each) else {"read", "edit"}
                found.setdefault(step.object, set()).update(rights)
            if (step.object or "").lower() == _MEMBER.lower():
                found.setdefault("Campaign", set()).add("read")
            for row in step.rows:
                if isinstance(row, FieldRow) and isinstance(row.entry, AutoMatchEntry):
                    found.setdefault(row.entry.auto_match.object, set()).add("read")
    for name in list(found):
        for other in _LEANS_ON.get(name, ()):
            found.setdefault(other, set()).add("read")
    return {name: frozenset(rights) for name, rights in found.items() if name.lower() not in _UNGRANTED and not name.endswith(CUSTOM)}


def _moved(need: FieldNeed, names: Mapping[str, str]) -> FieldNeed:
    changed = {"object": names.get(need.object, need.object), "references": names.get(need.references or "", need.references)}
    return need.model_copy(update=changed)


def _unlike(objects: Iterable[ObjectNeed]) -> tuple[ObjectNeed, ...]:
    return tuple({each.name.lower(): each for each in objects}.values())


def _unlike_fields(fields: Iterable[FieldNeed]) -> tuple[FieldNeed, ...]:
    found: dict[str, FieldNeed] = {}
    for each in fields:
        found.setdefault(each.path.lower(), each)
    return tuple(found.values())


def _refuse_unknown_choices(made: Declaration) -> None:
    known = {each.path.lower(): each.path for each in made.choices}
    unknown = sorted(made.required - known.keys())
    if unknown:
        listed = ", ".join(known.values()) or "none"
        raise ConfigurationError(f"{unknown[0]} is no field of which you can choose whether it is required; such fields are: {listed}.")
