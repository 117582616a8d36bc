"""All problems of a mapping at once, each with its place: what `document.parse` cannot see without the catalogue and the org.

Problems with a code in `SUSPENDING` do not stop the mapping: such rows are kept, marked and never sent, which is how presets hold rows
for fields an org may lack. Every other code is a reason to refuse a save.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from crosswalk.errors import ConfigurationError, Problem
from crosswalk.mapping import campaigns, members, paths
from crosswalk.mapping.check_rows import check_match, check_rows
from crosswalk.mapping.conditions import compile_condition
from crosswalk.mapping.document import CampaignRule, Document, FieldRow, JoinEntry, Step, StepEntry
from crosswalk.mapping.nearest import did_you_mean
from crosswalk.mapping.reading import Sources
from crosswalk.mapping.rows import PERSON, Makings
from crosswalk.model import Attribute, Field, Note, ObjectType, OnMissing, OrgSchema

SUSPENDING: Final = frozenset({"not_in_org", "not_writable"})


def check(document: Document, catalogue: Sequence[Attribute], schema: OrgSchema | None, *, one_based: bool = False) -> list[Problem]:
    """Return every problem of the mapping; without a schema only those that need no org."""
    sources = Sources({attribute.key: attribute for attribute in catalogue}, document.source, one_based=one_based)
    records = {step.name: PERSON if step.person else step.name for step in document.steps}
    makings = Makings(sources, schema or OrgSchema({}), records)
    problems = list(_routing(document))
    for number, step in enumerate(document.steps):
        place = f"steps[{number}]"
        problems += _shape(step, place, document)
        problems += _references(step, place, document, number)
        problems += _condition(step, place, makings)
        target = schema.object(step.object) if schema and step.object else None
        if schema and step.object and target is None:
            problems.append(_no_object(step.object, f"{place}.object", schema))
        problems += check_match(step.match, place, target, makings)
        problems += check_rows(step, place, target, makings, org=schema is not None)
        if target is not None:
            problems += _required(step, place, target, document)
    for rule, step in zip(document.campaigns, campaigns.steps(document), strict=True):
        problems += _rule(rule, step, makings, schema)
    return problems


def refusing(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems that refuse a save."""
    return [problem for problem in problems if problem.code not in SUSPENDING]


def creates(step: Step, document: Document) -> bool:
    """Tell whether a step may create its record."""
    if step.object_from is not None:
        return True
    if not step.person:
        return step.on_missing in (None, OnMissing.CREATE)
    routing = document.person
    return routing.on_missing is OnMissing.CREATE and (routing.create or "").lower() == (step.object or "").lower()


def _routing(document: Document) -> Iterator[Problem]:
    """Check that the person's routing and the person steps name the same objects."""
    written = {(step.object or "").lower(): step for step in document.steps if step.person}
    if not written:
        return
    routing = document.person
    for number, name in enumerate(routing.search):
        if name.lower() not in written:
            yield Problem("no_person_step", f"person.search[{number}]", f"No person step writes {name}; add one or do not search there.")
    for number, step in enumerate(document.steps):
        if step.person and step.object and step.object.lower() not in {name.lower() for name in routing.search}:
            sentence = f"People are never looked for in {step.object}; add it to person.search."
            yield Problem("not_searched", f"steps[{number}].object", sentence)
    if routing.on_missing is OnMissing.CREATE and routing.create and routing.create.lower() not in written:
        yield Problem("no_person_step", "person.create", f"No person step writes {routing.create}; add one or create another object.")
    if routing.on_missing is OnMissing.CREATE and routing.create is None:
        yield Problem("contradiction", "person.create", "on_missing says create, so name the object to create or choose skip or wait.")


def _shape(step: Step, place: str, document: Document) -> Iterator[Problem]:
    """Check that a step's keys go together."""
    if (step.object is None) == (step.object_from is None):
        yield Problem("shape", place, "A step has either an object or object_from.")
        return
    if step.object_from is not None:
        yield from _named_shape(step, place, document)
    elif step.person:
        yield from _person_shape(step, place)
    else:
        yield from _record_shape(step, place)


def _person_shape(step: Step, place: str) -> Iterator[Problem]:
    if not step.match:
        yield Problem("no_match", f"{place}.match", "A person step needs a match key, such as Email.")
    for key in ("once_per", "parent", "campaign"):
        if getattr(step, key) is not None:
            yield Problem("shape", f"{place}.{key}", f"A person step has no {key}.")
    for key in ("on_missing", "on_duplicates", "on_deleted"):
        if getattr(step, key) is not None:
            yield Problem("shape", f"{place}.{key}", f"For people {key} stands once, under person.")


def _record_shape(step: Step, place: str) -> Iterator[Problem]:
    is_member = (step.object or "").lower() == "campaignmember"
    if step.campaign and not is_member:
        yield Problem("shape", f"{place}.campaign", "Only a CampaignMember step is bound to a campaign.")
    if is_member and not step.campaign:
        yield Problem("shape", f"{place}.campaign", "A CampaignMember step needs campaign: bound.")
    if is_member and not step.parent:
        yield Problem("shape", f"{place}.parent", "A CampaignMember step needs parent: person, the step that finds its person.")
    if not is_member and not step.match and step.once_per is None:
        remedy = "add a match key, or say once_per: event, entity, person or person_and_entity"
        yield Problem("no_once_per", place, f"Nothing says when two events mean the same {step.object}; {remedy}.")


def _named_shape(step: Step, place: str, document: Document) -> Iterator[Problem]:
    source = step.object_from
    if source is None:
        return
    for key in ("match", "once_per", "parent", "campaign", "on_missing", "on_duplicates"):
        if getattr(step, key):
            yield Problem("shape", f"{place}.{key}", f"A step with object_from has no {key}: the event names the record.")
    if step.person:
        yield Problem("shape", f"{place}.person", "A step with object_from is no person step.")
    try:
        paths.parse(source.path)
    except ConfigurationError as error:
        yield Problem(error.code, f"{place}.object_from.path", error.sentence)
    names = {other.name for other in document.steps if other.object_from is None}
    for object_name, owner in source.rows_of.items():
        if owner not in names:
            sentence = f'There is no step "{owner}" with rows of its own.{did_you_mean(owner, names)}'
            yield Problem("unknown_step", f"{place}.object_from.rows_of.{object_name}", sentence)


def _references(step: Step, place: str, document: Document, number: int) -> Iterator[Problem]:
    """Check that parents and step entries point to earlier steps."""
    known = _records_before(document, number)
    asked = [(f"{place}.parent", step.parent)] if step.parent else []
    for row_number, row in enumerate(step.rows):
        if isinstance(row, FieldRow) and isinstance(row.entry, StepEntry | JoinEntry):
            key = "step" if isinstance(row.entry, StepEntry) else "join"
            asked.extend((f"{place}.rows[{row_number}].entry.{key}", name) for name in row.entry.steps)
    everything = {other.name for other in document.steps} | {PERSON}
    for where, name in asked:
        if name in known:
            continue
        sentence = f'The step "{name}" comes later; move it before this one.' if name in everything else f'There is no step "{name}".'
        question = "" if name in everything else did_you_mean(name, everything)
        yield Problem("step_order" if name in everything else "unknown_step", where, sentence + question)


def _records_before(document: Document, number: int) -> set[str]:
    """Return the names under which a step may speak of earlier records: all person steps are one record."""
    earlier = document.steps[:number]
    names = {step.name for step in earlier if step.object_from is None and not step.person}
    if not document.steps[number].person and any(step.person for step in earlier):
        names |= {PERSON} | {step.name for step in document.steps if step.person}
    return names


def _rule(rule: CampaignRule, step: Step, makings: Makings, schema: OrgSchema | None) -> Iterator[Problem]:
    """Check a rule for campaigns like the step that it is."""
    place = step.name
    if bool(rule.campaign) == bool(rule.match or rule.create):
        yield Problem("shape", place, "A rule names one campaign, or matches one and may create it.")
    if rule.template and not rule.create:
        yield Problem("shape", f"{place}.template", "Only a rule with create: true makes campaigns from a template.")
    yield from _condition(step, place, makings)
    target = schema.object(campaigns.OBJECT) if schema else None
    yield from check_match(step.match, place, target, makings)
    yield from check_rows(step, place, target, makings, org=schema is not None)
    if target is not None and rule.create and not any(key.field.lower() == "name" for key in rule.match):
        yield from _required(step, place, target, Document(source=makings.sources.kind, steps=(step,)))


def _condition(step: Step, place: str, makings: Makings) -> Iterator[Problem]:
    compiled = compile_condition(step.name, step.when, makings) if step.when else None
    if isinstance(compiled, Note):
        yield Problem(compiled.code, f"{place}.when", compiled.sentence)


def _no_object(name: str, place: str, schema: OrgSchema) -> Problem:
    question = did_you_mean(name, (described.name for described in schema.objects.values()))
    return Problem("not_in_org", place, f"The org has no object {name}, or the connection's user may not see it.{question}")


def _required(step: Step, place: str, target: ObjectType, document: Document) -> Iterator[Problem]:
    """Report fields a new record needs and nothing fills."""
    if not creates(step, document):
        return
    if not target.createable:
        yield Problem("not_writable", f"{place}.object", f"The connection's user may not create {target.label} records.")
        return
    for described in unfilled(step, target):
        sentence = (
            f"{target.label} needs {described.label} ({described.name}) on creation; add a row, with a placeholder if it may be absent."
        )
        yield Problem("required_field", f"{place}.rows", sentence)


def unfilled(step: Step, target: ObjectType) -> list[Field]:
    """Return the fields a new record of the step needs and nothing of it fills; a Campaign Member gets its two parents without rows."""
    filled = {row.field.lower() for row in members.rows_with_ids(step, target) if isinstance(row, FieldRow)} | {
        key.field.lower() for key in step.match
    }
    filled |= {"campaignid", "leadid", "contactid"} if target.name == "CampaignMember" else set()
    filled |= {"name"} if target.field("IsPersonAccount") and "lastname" in filled else set()  # Salesforce names people itself
    return [described for name, described in target.fields.items() if described.required and name not in filled]
