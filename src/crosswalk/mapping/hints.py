"""What an admin may want to know about a mapping that is not wrong."""

from collections.abc import Iterator, Mapping, Sequence

from crosswalk.errors import Problem
from crosswalk.mapping.check import creates
from crosswalk.mapping.document import AttributeEntry, Document, FieldRow, Step
from crosswalk.mapping.rows import ONE_WAY, writability
from crosswalk.mapping.targets import used_attributes
from crosswalk.model import Attribute, Field, ObjectType, OrgSchema, SourceType, UpdatePolicy

_LONG_LINK = 200  # what a personal connection link may need


def hints(document: Document, catalogue: Sequence[Attribute], schema: OrgSchema | None) -> list[Problem]:
    """Return hints with their places; none of them refuses a save."""
    attributes = {attribute.key: attribute for attribute in catalogue}
    found: list[Problem] = []
    for number, step in enumerate(document.steps):
        found += _about_keys(step, f"steps[{number}]", attributes, schema)
        target = schema.object(step.object) if schema and step.object else None
        for row_number, row in enumerate(step.rows):
            if isinstance(row, FieldRow):
                where = f"steps[{number}].rows[{row_number}]"
                read = [attributes[key] for key in sorted(used_attributes([row], ())) if key in attributes]
                found += _about_attributes(step, row, where, read)
                found += _about_field(row, where, read, target, may_create=creates(step, document))
    return found


def _about_keys(step: Step, where: str, attributes: Mapping[str, Attribute], schema: OrgSchema | None) -> Iterator[Problem]:
    """Say of each phone key that stands alone what it cannot find."""
    for number, key in enumerate(step.match):
        described = schema.field(step.object, key.field) if schema and step.object else None
        told = [attributes[name] for name in sorted(used_attributes((), [key])) if name in attributes]
        if described.type == "phone" if described else any(attribute.type is SourceType.PHONE for attribute in told):
            sentence = (
                f"Salesforce keeps {key.field} as free text: a number is found as it is sent, as bare digits and with + or 00 before the "
                "country, but not under other groupings. Match by e-mail or an external id first."
            )
            yield Problem("phone_key", f"{where}.match[{number}]", sentence)


def _about_attributes(step: Step, row: FieldRow, where: str, read: Sequence[Attribute]) -> Iterator[Problem]:
    is_member = (step.object or "").lower() == "campaignmember"
    for attribute in read:
        if attribute.varies and step.person:
            sentence = (
                f"{attribute.label} differs from session to session, so a person with several will conflict; Campaign Member suits it."
            )
            yield Problem("varies", f"{where}.entry", sentence)
        if is_member and attribute.event_types and row.update is UpdatePolicy.FILL_EMPTY:
            sentence = f"{attribute.label} grows after the event; overwrite keeps it current, fill-empty keeps the first value."
            yield Problem("overwrite_advised", f"{where}.update", sentence)


def _about_field(row: FieldRow, where: str, read: Sequence[Attribute], target: ObjectType | None, *, may_create: bool) -> Iterator[Problem]:
    field = target.field(row.field) if target else None
    if target is None or field is None:
        return
    note = writability(where, target, row.field)
    if note and note.code in ONE_WAY:
        yield Problem(note.code, f"{where}.field", note.sentence)
    if may_create and field.required and row.placeholder is None and isinstance(row.entry, AttributeEntry):
        sentence = f"{field.label} is required on creation; without a placeholder, events that lack the value cannot make a record."
        yield Problem("placeholder_advised", f"{where}.placeholder", sentence)
    yield from (_too_short(field, attribute, where) for attribute in read if _is_short(field, attribute))


def _is_short(field: Field, attribute: Attribute) -> bool:
    return attribute.type is SourceType.URL and 0 < field.length < _LONG_LINK


def _too_short(field: Field, attribute: Attribute, where: str) -> Problem:
    sentence = (
        f"{attribute.label} is a link, which may have {_LONG_LINK} characters; {field.label} takes {field.length}. Use a longer field."
    )
    return Problem("too_short", f"{where}.field", sentence)
