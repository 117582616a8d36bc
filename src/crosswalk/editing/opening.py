"""What a page or program gets when it opens a mapping, and when it asks what one may pick."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk.editing import drift, kept_fields, samples
from crosswalk.editing.desk import Desk, described
from crosswalk.editing.samples import Seen
from crosswalk.editing.sheet import Sheet, sheet
from crosswalk.errors import RequestRefused
from crosswalk.mapping import drafts, inputs, options, suggest
from crosswalk.mapping.drafts import Draft
from crosswalk.mapping.inputs import Control
from crosswalk.mapping.options import AttributeOption, FieldOption, Unexposed, Verdicts
from crosswalk.mapping.suggest import Suggestion
from crosswalk.mapping.targets import used_attributes
from crosswalk.model import Event, ObjectType
from crosswalk.turn.context import Engine


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the pickers of one object show, with each attribute's value in the chosen event, and the newest value it had in any."""

    object: str
    label: str
    fields: tuple[FieldOption, ...]
    controls: Mapping[str, Control]
    attributes: tuple[AttributeOption, ...]
    verdicts: Verdicts
    samples: Mapping[str, str]
    last_seen: Mapping[str, Seen]
    unexposed: tuple[Unexposed, ...]
    stale: str = ""


def opened(desk: Desk) -> Mapping[str, Any]:
    """Return the document in force with an empty row for each required field that nothing fills."""
    draft = drafts.read(desk.saved)
    if draft.document is None or desk.known_schema is None:
        return desk.saved
    return drafts.preloaded(desk.saved, draft.document, desk.schema)


async def drawn(engine: Engine, desk: Desk, draft: Draft, event: Event | None, step: int, *, sees_people: bool) -> Sheet:
    """Return one step of a draft as the editor draws it."""
    async with engine.database.read() as tx:
        dead = await drift.dead(tx, desk)
    return sheet(desk, desk.saved, draft, event, step, dead, sees_people=sees_people)


async def choices(engine: Engine, desk: Desk, object_name: str, event: Event | None, *, sees_people: bool) -> Choices:
    """Return what may be picked for an object; raise 404 when the org has none of that name."""
    found = await _object(desk, object_name)
    fields = tuple(options.field_options(kept_fields.offered(desk, found)))
    attributes = tuple(options.attribute_options(desk.catalogue))
    controls = {field.name: control for field in found.fields.values() if (control := inputs.control(field))}
    return Choices(
        object=found.name,
        label=found.label,
        fields=fields,
        controls=controls,
        attributes=attributes,
        verdicts=options.verdicts(attributes, fields),
        samples=samples.by_attribute(desk, event, sees_people=sees_people),
        last_seen=await samples.last_seen(engine, desk.source.id, desk.sources, sees_people=sees_people),
        unexposed=options.unexposed(found),
        stale=desk.stale,
    )


async def suggestions(desk: Desk, draft: Draft, step: int) -> list[Suggestion]:
    """Return rows one might want to add to a step."""
    if draft.document is None or not 0 <= step < len(draft.rows):
        return []
    whole = draft.document.steps[step]
    target = desk.schema.object(whole.object or "")
    if target is None:
        return []
    used = [row.field for row in draft.rows[step] if row.field]
    if target.name == "CampaignMember":
        used += ["CampaignId", "LeadId", "ContactId"]
    read = used_attributes([one for _, one in drafts.field_rows(draft.rows[step])], ())
    return suggest.suggestions(kept_fields.offered(desk, target), desk.catalogue, used, read, is_person=whole.person)


async def _object(desk: Desk, name: str) -> ObjectType:
    found = (await described(desk, [name])).object(name)
    if found is None:
        raise RequestRefused("no_such_object", f"The org has no object {name[:80]}, or the connection's user may not see it.", 404)
    return found
