"""A declaration against an org: what is missing, what has to change, and what cannot be done here and what to do instead. Pure.

Nothing that an admin has made is taken away or narrowed: a longer field, a further value, a stricter uniqueness will do as they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crosswalk.presets.needs import ObjectNeed
from crosswalk.provisioning import compare, definitions, grants
from crosswalk.provisioning.declare import CUSTOM, KEY_LENGTH, Declaration, Status
from crosswalk.provisioning.survey import State
from crosswalk.salesforce import member_statuses
from crosswalk.salesforce.xml_text import Content, listed


class Action(StrEnum):
    """What a step does."""

    ADD = "add"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to bring into the org. `type` is Metadata's word, or `Assignment` or `MemberStatus`; `content` is what to deploy."""

    action: Action
    type: str
    name: str
    sentence: str
    content: Content = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What the step is about, as one text."""
        return f"{self.type}:{self.name}".lower()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that provisioning cannot do: what it is about, and a sentence that says what to do instead."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in an order in which nothing rests on what comes later, and what is left to people."""

    steps: tuple[Step, ...]
    obstacles: tuple[Obstacle, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def deployed(self) -> tuple[Step, ...]:
        """The steps that go through the Metadata API."""
        return tuple(each for each in self.steps if each.type not in {ASSIGNMENT, MEMBER_STATUS})

    def of_type(self, type_: str) -> tuple[Step, ...]:
        """Return the steps of one type."""
        return tuple(each for each in self.steps if each.type == type_)


ASSIGNMENT, MEMBER_STATUS = "Assignment", "MemberStatus"
_STATUS_SEPARATOR = "/"


def plan(wanted: Declaration, state: State, statuses: Mapping[str, Iterable[Status]] | None = None, without: Iterable[str] = ()) -> Plan:
    """Return what is to be done. `statuses` are wanted by campaign; `without` names steps that Salesforce has refused."""
    return _Planning(wanted, state, statuses or {}, frozenset(without)).made()


def status_of(step: Step) -> tuple[str, Status]:
    """Return the campaign and the status that a step makes."""
    campaign, _, label = step.name.partition(_STATUS_SEPARATOR)
    return campaign, Status(label, bool(step.content.get("responded")))


@dataclass(slots=True)
class _Planning:
    """One planning under way."""

    wanted: Declaration
    state: State
    statuses: Mapping[str, Iterable[Status]]
    without: frozenset[str]
    steps: list[Step] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    usable: dict[str, list[str]] = field(default_factory=dict)  # by object in lower case: the wanted fields there will be

    def made(self) -> Plan:
        for each in self.wanted.objects:
            self._object(each)
        for name in dict.fromkeys(each.object for each in self.wanted.fields):
            self._fields(name)
        self._values()
        for each in self.wanted.objects:
            self._tab(each)
            self._layout(each)
        self._report_types()
        self._permissions()
        self._statuses()
        return Plan(tuple(self.steps), tuple(self.obstacles), tuple(self._hints()))

    def _add(self, step: Step) -> bool:
        """Take a step in unless Salesforce has refused it."""
        if step.key in self.without:
            return False
        self.steps.append(step)
        return True

    def _exists(self, name: str) -> bool:
        """Tell whether the org has an object, or will have it after the steps so far."""
        made = any(step.type == "CustomObject" and step.name.lower() == name.lower() for step in self.steps)
        return made or self.state.component("CustomObject", name) is not None

    def _object(self, need: ObjectNeed) -> None:
        if self.state.component("CustomObject", need.name) is None:
            sentence = f"Custom object {need.label} ({need.name}): {need.why}"
            self._add(Step(Action.ADD, "CustomObject", need.name, sentence, definitions.custom_object(need)))

    def _fields(self, object_name: str) -> None:
        if not self._exists(object_name):
            if not object_name.endswith(CUSTOM):
                sentence = f"The org has no object {object_name}; switch the feature on in Salesforce's set-up, then provision again."
                self.obstacles.append(Obstacle(object_name, sentence))
            return
        for need in self.wanted.fields_of(object_name):
            required = self.wanted.is_required(need)
            existing = self.state.field(object_name, need.field)
            if existing is None:
                sentence = f"Custom field {need.path}, {definitions.words(need, required=required)}: {need.why}"
                here = self._add(Step(Action.ADD, "CustomField", need.path, sentence, definitions.field(need, required=required)))
            else:
                found = compare.field(need, existing, required=required)
                self.obstacles += [Obstacle(need.path, sentence) for sentence in found.obstacles]
                here = found.usable
                if found.content is not None:
                    sentence = f"Custom field {need.path}: {'; '.join(found.changes)}"
                    self._add(Step(Action.CHANGE, "CustomField", need.path, sentence, found.content))
            if here:
                self.usable.setdefault(object_name.lower(), []).append(need.field)

    def _values(self) -> None:
        for need in self.wanted.values:
            existing = self.state.component("StandardValueSet", need.value_set)
            if existing is None:
                sentence = f"Add {', '.join(need.values)} to the picklist {need.object}.{need.field} in Salesforce's set-up: {need.why}"
                self.obstacles.append(Obstacle(f"{need.object}.{need.field}", sentence))
                continue
            offered = {str(each.get("fullName", "")) for each in listed(existing, "standardValue")}
            lacking = [value for value in need.values if value not in offered]
            if lacking:
                added = [{"fullName": value, "default": False, "label": value} for value in lacking]
                content = {**existing, "standardValue": [*listed(existing, "standardValue"), *added]}
                sentence = f"Values of {need.object}.{need.field}: {', '.join(lacking)}: {need.why}"
                self._add(Step(Action.CHANGE, "StandardValueSet", need.value_set, sentence, content))

    def _tab(self, need: ObjectNeed) -> None:
        if need.tab and self._exists(need.name) and self.state.component("CustomTab", need.name) is None:
            self._add(Step(Action.ADD, "CustomTab", need.name, f"Tab for {need.plural}", definitions.tab(need.tab)))

    def _layout(self, need: ObjectNeed) -> None:
        """Lay the fields out on a page nobody has touched; a page that shows one of them belongs to an admin."""
        shown = [name for name in self.usable.get(need.name.lower(), []) if name]
        fields = [each for each in self.wanted.fields_of(need.name) if each.field in shown]
        name = definitions.layout_name(need)
        existing = self.state.component("Layout", name)
        if not fields or (existing is not None and _shows(existing) & {each.lower() for each in shown}):
            return
        if existing is None and self.state.component("CustomObject", need.name) is not None:
            return  # its label, and with it its layout, was renamed
        required = [each.path for each in fields if self.wanted.is_required(each)]
        action = Action.ADD if existing is None else Action.CHANGE
        content = definitions.layout(need, fields, required)
        if existing is not None and listed(existing, "relatedLists"):
            content["relatedLists"] = listed(existing, "relatedLists")
        self._add(Step(action, "Layout", name, f"Page layout of {need.label} with its {len(fields)} fields", content))

    def _report_types(self) -> None:
        for need in self.wanted.report_types:
            if self.state.component("ReportType", need.name) is not None or not self._exists(need.object):
                continue
            fields = self.usable.get(need.object.lower(), [])
            related = tuple(each for each in need.related if each.partition(".")[0] in fields)
            content = definitions.report_type(need.model_copy(update={"related": related}), fields)
            self._add(Step(Action.ADD, "ReportType", need.name, f"Report type {need.label}: {need.why}", content))

    def _permissions(self) -> None:
        tabs = [each.name for each in self.wanted.objects if each.tab and f"customtab:{each.name}".lower() not in self.without]
        for need in grants.needed(self.wanted, self.state, self.usable, [name for name in tabs if self._exists(name)], self._exists):
            self.obstacles += [Obstacle(need.name, sentence) for sentence in need.obstacles]
            there = need.exists
            if need.content is not None:
                action = Action.CHANGE if need.exists else Action.ADD
                there = self._add(Step(action, "PermissionSet", need.name, need.sentence, need.content)) or need.exists
            if there and need.wanted and need.name not in self.state.assigned:
                self._add(Step(Action.ADD, ASSIGNMENT, need.name, f"Permission set {need.name} for the connection's own user"))

    def _statuses(self) -> None:
        for campaign, wanted in self.statuses.items():
            known = self.state.statuses.get(campaign, ())
            if not known:
                sentence = "Salesforce has no such campaign, or the connection's user may not see it; bind another one."
                self.obstacles.append(Obstacle(f"Campaign {campaign}", sentence))
                continue
            by_label = {each.label: each for each in wanted}
            for label in member_statuses.missing(known, by_label):
                content = {"responded": by_label[label].responded}
                name = f"{campaign}{_STATUS_SEPARATOR}{label}"
                self._add(Step(Action.ADD, MEMBER_STATUS, name, f'Member status "{label}" on campaign {campaign}', content))

    def _hints(self) -> Iterator[str]:
        """Say what people may want to do next with what has been added."""
        for owner in self.wanted.objects:
            if owner.name in owner.also:
                yield f"The org calls the object {owner.name}; let the sync write there: override, objects, in the workspace file."
        for name in self.wanted.unkeyed:
            yield f"{name}: make the key field on Activity by hand in Salesforce's set-up, as a Text of {KEY_LENGTH}, Unique, External ID."
        added = {step.name for step in self.steps if step.type == "CustomField" and step.action is Action.ADD}
        for owner in self.wanted.objects:
            targets = [each for each in owner.fields if each.references and each.path in added]
            targets += [
                each for each in self.wanted.fields_of(owner.name) if each.path in added and each.references and each not in targets
            ]
            if targets:
                names = ", ".join(str(each.references) for each in targets)
                yield f'To see {owner.plural} on other records, put the related list "{owner.plural}" on the page layouts of {names}.'
        standard = sorted({name.partition(".")[0] for name in added if not name.partition(".")[0].endswith(CUSTOM)})
        if standard:
            yield f"The new fields stand on no page layout yet; put those that people should see on the layouts of {', '.join(standard)}."


def _shows(layout: Content) -> set[str]:
    """Return the fields that a layout shows."""
    return {
        str(item.get("field", "")).lower()
        for section in listed(layout, "layoutSections")
        for column in listed(section, "layoutColumns")
        for item in listed(column, "layoutItems")
    }
